"""The tokens of every passage, sentence by sentence, mapped from disk: what late interaction needs of a row.

An encoder whose token vectors don't depend on their neighbours has them in its own table already; then four bytes a
token are enough. Of any other encoder the vectors themselves are kept, in half precision.
"""

import json
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.document import Span
from corpus.sentences import sentences
from embeddings.arrays import mapped
from embeddings.encoder import Ids, Tokens, Vectors, unit
from embeddings.glossary import Mention
from embeddings.rows import Places

_TOKENS, _SENTENCES, _ROWS, _NAMED, _CONCEPTS = (
    "tokens.bin",
    "sentences.npy",
    "row-sentences.npy",
    "named.npy",
    "concepts.json",
)
Table = Callable[[Ids], Vectors]  # looks token vectors up

_NOTHING = frozenset[str]()
_COLUMNS = 4  # (start, end, first token, first name) of each sentence


@dataclass(frozen=True, slots=True)
class Units:
    """Passages cut into sentences, each followed by the title of its document, if it has one.

    `vectors` (distinct tokens, dimension; length 1) are looked up once for all the passages: token t is
    `vectors[places[t]]`. Each passage begins with a token that is like nothing, in place -1, so that none is empty.
    Unit u, a sentence or, where it has no length and is not the first of its passage, a title, is the characters
    `spans[u]` and begins with token `starts[u]`; passage p begins with unit `edges[p]`, and the last number there is
    that of all units. Each row of `named` is (unit, concept), the concept by its place in `concepts`.
    """

    vectors: Vectors
    places: Places
    starts: Places
    spans: Places
    edges: Places
    named: Places
    concepts: Sequence[str]

    def __len__(self) -> int:
        return len(self.edges) - 1

    @property
    def titles(self) -> NDArray[np.bool_]:
        """Which units are titles."""
        empty: NDArray[np.bool_] = self.spans[:, 0] == self.spans[:, 1]
        empty[self.edges[:-1]] = False
        return empty

    @property
    def owners(self) -> Places:
        """The passage of each unit."""
        return np.repeat(np.arange(len(self)), np.diff(self.edges))

    @classmethod
    def joined(cls, held: Sequence["Units"]) -> "Units":
        """All their passages, in order, and nothing of what they name; there must be some."""
        tokens = np.cumsum([0, *(len(units.places) for units in held)])
        firsts = np.cumsum([0, *(len(units.vectors) for units in held)])
        edges = np.cumsum([0, *(len(units.starts) for units in held)])
        return cls(
            np.concatenate([units.vectors for units in held]),
            np.concatenate([_moved(units.places, first) for units, first in zip(held, firsts, strict=False)]),
            np.concatenate([units.starts + token for units, token in zip(held, tokens, strict=False)]),
            np.concatenate([units.spans for units in held]),
            np.concatenate([*(units.edges[:-1] + edge for units, edge in zip(held, edges, strict=False)), edges[-1:]]),
            np.zeros((0, 2), np.int64),
            (),
        )


@dataclass(frozen=True, slots=True)
class Piece:
    """One sentence of a passage, or its title, which has no span: its tokens as they are kept, and what it names."""

    span: Span
    tokens: NDArray[Any]
    concepts: frozenset[str] = frozenset()


def pieces(text: str, tokens: Tokens, mentions: Sequence[Mention], title: Tokens) -> tuple[Piece, ...]:
    """The sentences of a passage that hold any token, then its title if that does."""
    held = list(_sentences(text, tokens, mentions))
    if title.spans:
        held.append(Piece(Span(0, 0), _kept(title, range(len(title.spans)))))
    return tuple(held)


def _sentences(text: str, tokens: Tokens, mentions: Sequence[Mention]) -> Iterator[Piece]:
    starts = [token.start for token in tokens.spans]
    for span in sentences(text) or (Span(0, len(text)),):
        held = range(bisect_left(starts, span.start), bisect_left(starts, span.end))
        if held:
            named = frozenset(m.concept.id for m in mentions if span.start <= m.span.start < span.end)
            yield Piece(span, _kept(tokens, held), named)


def _kept(tokens: Tokens, places: range) -> NDArray[Any]:
    """Ids if the encoder has a table of them, else the vectors, of length 1, in half precision."""
    at = slice(places.start, places.stop)
    return unit(tokens.vectors[at]).astype(np.float16) if tokens.ids is None else tokens.ids[at]


def units_of(passages: Sequence[Sequence[Piece]], dimension: int, table: Table | None) -> Units:
    """What some passages are made of, each given in pieces; `table` looks token vectors up that are not in these."""
    held = [piece for passage in passages for piece in passage]
    empty = np.zeros(0, np.uint32) if table else np.zeros((0, dimension), np.float16)
    numbers: dict[str, int] = {}
    named = [numbers.setdefault(name, len(numbers)) for piece in held for name in sorted(piece.concepts)]
    pieces = _Pieces(
        counts=np.array([len(passage) for passage in passages], np.int64),
        spans=np.array([piece.span for piece in held], np.int64).reshape(-1, 2),
        lengths=np.array([len(piece.tokens) for piece in held], np.int64),
        tokens=np.concatenate([empty, *(piece.tokens for piece in held)]),
        names=np.array([len(piece.concepts) for piece in held], np.int64),
        named=np.array(named, np.int64),
    )
    return pieces.units(list(numbers), table)


@dataclass(frozen=True, slots=True)
class _Pieces:
    """The pieces of some passages in a row: how many each passage has; how many tokens and names each piece has."""

    counts: Places
    spans: Places
    lengths: Places
    tokens: NDArray[Any]
    names: Places
    named: Places

    def units(self, concepts: Sequence[str], table: Table | None) -> Units:
        begun = self._begun()
        edges = _edges(begun.counts)
        lengths = begun.lengths.copy()
        lengths[edges[:-1]] += 1  # the token that is like nothing
        starts = _edges(lengths)
        worded = np.ones(starts[-1], np.bool_)
        worded[starts[edges[:-1]]] = False
        places = np.full(len(worded), -1, np.int64)
        vectors, places[worded] = _looked_up(self.tokens, table)
        owners = np.repeat(np.arange(len(lengths)), begun.names)
        return Units(vectors, places, starts[:-1], begun.spans, edges, np.column_stack([owners, self.named]), concepts)

    def _begun(self) -> "_Pieces":
        """A passage without a word gets one sentence, of no length: each begins with a sentence."""
        firsts, is_title = _edges(self.counts)[:-1], np.append(self.spans[:, 0] == self.spans[:, 1], True)
        wordless = is_title[firsts] | (self.counts == 0)
        if not wordless.any():
            return self
        return replace(
            self,
            counts=self.counts + wordless,
            spans=np.insert(self.spans, firsts[wordless], 0, axis=0),
            lengths=np.insert(self.lengths, firsts[wordless], 0),
            names=np.insert(self.names, firsts[wordless], 0),
        )


def _edges(counts: Places) -> Places:
    """Where each of so many begins, and where the last one ends."""
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _ranges(starts: Places, ends: Places, count: int) -> Places:
    """All numbers from each start up to its end. Raises ValueError if those are no parts of so many things."""
    edges = _edges(ends - starts)
    if not 0 <= edges[-1] <= count or (ends < starts).any():
        raise ValueError(f"{edges[-1]} of {count}")
    return np.arange(edges[-1]) + np.repeat(starts - edges[:-1], ends - starts)


def _moved(places: Places, first: int) -> Places:
    return np.where(places < 0, places, places + first)


def _looked_up(tokens: NDArray[Any], table: Table | None) -> tuple[Vectors, Places]:
    """The distinct vectors of some tokens, and the place of each token among them."""
    if table is None:
        return unit(tokens.astype(np.float32)), np.arange(len(tokens))
    distinct, places = np.unique(tokens, return_inverse=True)
    return table(distinct), places


@contextmanager
def writing_tokens(folder: Path) -> Iterator[Callable[[Sequence[Piece]], None]]:
    """Gives what adds a passage, in pieces; the i-th becomes row i."""
    numbers: dict[str, int] = {}
    table, rows, named, count = array("q"), array("q", [0]), array("I"), 0
    with (folder / _TOKENS).open("wb") as file:

        def add(held: Sequence[Piece]) -> None:
            nonlocal count
            for piece in held:
                table.extend((piece.span.start, piece.span.end, count, len(named)))
                named.extend(numbers.setdefault(name, len(numbers)) for name in sorted(piece.concepts))
                count += len(piece.tokens)
                file.write(piece.tokens.tobytes())
            rows.append(len(table) // _COLUMNS)

        yield add
    table.extend((0, 0, count, len(named)))
    np.save(folder / _SENTENCES, np.frombuffer(table, np.int64).reshape(-1, _COLUMNS))
    np.save(folder / _ROWS, np.frombuffer(rows, np.int64))
    np.save(folder / _NAMED, np.array(named, np.uint32))
    (folder / _CONCEPTS).write_text(json.dumps(list(numbers)), "utf-8")


class TokenStore:
    """Units by row number. `table` looks token vectors up that are not kept here."""

    def __init__(self, folder: Path, dimension: int, table: Table | None) -> None:
        """Open what was written by `writing_tokens` with the same encoder's tokens."""
        self._table = table
        self._concepts: list[str] = json.loads((folder / _CONCEPTS).read_text("utf-8"))
        # (start, end, first token, first name) of each sentence, and one more row that ends the last
        self._sentences, self._rows = mapped(folder / _SENTENCES), mapped(folder / _ROWS)
        self._named = mapped(folder / _NAMED)
        kept = np.uint32 if table else np.float16
        # An empty file can't be mapped.
        held = np.memmap(folder / _TOKENS, kept, "r") if (folder / _TOKENS).stat().st_size else np.zeros(0, kept)
        self._tokens: NDArray[Any] = np.asarray(held if table else held.reshape(-1, dimension))

    def pieces(self, row: int) -> tuple[Piece, ...]:
        """What a passage was added in."""
        table = self._sentences[self._rows[row] : self._rows[row + 1] + 1]
        return tuple(
            Piece(Span(start, end), np.array(self._tokens[token:stop]), self._names(name, following))
            for (start, end, token, name), (_, _, stop, following) in pairwise(table.tolist())
        )

    def units(self, rows: Sequence[int]) -> Units:
        """What `rows` are made of, in order."""
        chosen = np.asarray(rows, np.int64)
        firsts, ends = self._rows[chosen], self._rows[chosen + 1]
        at = _ranges(firsts, ends, len(self._sentences))
        tokens, names = self._sentences[:, 2], self._sentences[:, 3]
        pieces = _Pieces(
            counts=ends - firsts,
            spans=self._sentences[at, :2],
            lengths=tokens[at + 1] - tokens[at],
            tokens=self._tokens[_ranges(tokens[firsts], tokens[ends], len(self._tokens))],
            names=names[at + 1] - names[at],
            named=self._named[_ranges(names[firsts], names[ends], len(self._named))].astype(np.int64),
        )
        return pieces.units(self._concepts, self._table)

    def _names(self, start: int, end: int) -> frozenset[str]:
        return frozenset(self._concepts[at] for at in self._named[start:end].tolist()) if start < end else _NOTHING
