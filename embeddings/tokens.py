"""The tokens of every passage, sentence by sentence, mapped from disk: what late interaction needs of a row.

An encoder whose token vectors don't depend on their neighbours has them in its own table already; then four bytes a
token are enough. Of any other encoder the vectors themselves are kept, in half precision.
"""

import json
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.document import Span
from corpus.sentences import sentences
from embeddings.arrays import mapped
from embeddings.encoder import Ids, Tokens, Vectors, unit
from embeddings.glossary import Mention

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
    `vectors[places[t]]`. Each passage begins with a token of zeros, which is like nothing, so that none is empty.
    Unit u, a sentence or, where `titles[u]`, a title, begins with token `starts[u]`; passage p begins with unit
    `edges[p]`, and the last number there is that of all units.
    """

    vectors: Vectors
    places: NDArray[np.int64]
    starts: NDArray[np.int64]
    titles: NDArray[np.bool_]
    edges: NDArray[np.int64]
    sentences: tuple[tuple[Span, ...], ...]
    concepts: tuple[tuple[frozenset[str], ...], ...]

    def __len__(self) -> int:
        return len(self.sentences)

    @classmethod
    def joined(cls, held: Sequence["Units"]) -> "Units":
        """All their passages, in order; there must be some."""
        tokens = np.cumsum([0, *(len(units.places) for units in held)])
        firsts = np.cumsum([0, *(len(units.vectors) for units in held)])
        edges = np.cumsum([0, *(len(units.starts) for units in held)])
        return cls(
            np.concatenate([units.vectors for units in held]),
            np.concatenate([units.places + first for units, first in zip(held, firsts, strict=False)]),
            np.concatenate([units.starts + token for units, token in zip(held, tokens, strict=False)]),
            np.concatenate([units.titles for units in held]),
            np.concatenate([*(units.edges[:-1] + edge for units, edge in zip(held, edges, strict=False)), edges[-1:]]),
            tuple(spans for units in held for spans in units.sentences),
            tuple(names for units in held for names in units.concepts),
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
    empty = np.zeros(0, np.uint32) if table else np.zeros((0, dimension), np.float16)
    tokens = [np.concatenate([empty, *(piece.tokens for piece in held)]) for held in passages]
    cuts = [[(piece.span, piece.concepts) for piece in held if piece.span.start < piece.span.end] for held in passages]
    return _units([_table(held) for held in passages], [empty, *tokens], cuts, dimension, table)


def _table(held: Sequence[Piece]) -> list[tuple[int, ...]]:
    firsts = [0, *accumulate(len(piece.tokens) for piece in held)]
    return [*((*piece.span, first) for piece, first in zip(held, firsts, strict=False)), (0, 0, firsts[-1])]


def _units(
    tables: Sequence[Sequence[Sequence[int]]],
    tokens: Sequence[NDArray[Any]],
    cuts: Sequence[Iterable[tuple[Span, frozenset[str]]]],
    dimension: int,
    table: Table | None,
) -> Units:
    """`tables` have (start, end, first token) of each piece of a passage, and of its end.

    `tokens` begin with an array of none. A passage without a word has one sentence, of no length.
    """
    firsts = np.cumsum([0, *(len(held) + 1 for held in tokens[1:])])
    starts, titles, edges = list[int](), list[bool](), [0]
    for rows, first in zip(tables, firsts.tolist(), strict=False):
        begun = [token - rows[0][2] + 1 + first for _, _, token, *_ in rows[:-1]]
        is_title = [start == end for start, end, *_ in rows[:-1]]
        # The token of zeros is the first sentence's, or all of it.
        worded = bool(is_title) and not is_title[0]
        starts += [first, *begun[worded:]]
        titles += [False, *is_title[worded:]]
        edges.append(len(starts))
    vectors, places = _looked_up(np.concatenate(tokens), firsts, dimension, table)
    sentences_of = [list(held) or [(Span(0, 0), _NOTHING)] for held in cuts]
    return Units(
        vectors,
        places,
        np.array(starts, np.int64),
        np.array(titles, np.bool_),
        np.array(edges, np.int64),
        tuple(tuple(span for span, _ in held) for held in sentences_of),
        tuple(tuple(names for _, names in held) for held in sentences_of),
    )


def _looked_up(
    held: NDArray[Any], firsts: NDArray[np.int64], dimension: int, table: Table | None
) -> tuple[Vectors, NDArray[np.int64]]:
    """The distinct vectors of the tokens of some passages, zeros first, and the place of each token among them."""
    places = np.arange(len(held))
    if table:
        held, places = np.unique(held, return_inverse=True)
    vectors = table(held) if table else unit(held.astype(np.float32))
    worded = np.ones(int(firsts[-1]), np.bool_)
    worded[firsts[:-1]] = False
    found = np.zeros(len(worded), np.int64)
    found[worded] = places + 1
    return np.concatenate([np.zeros((1, dimension), np.float32), vectors]), found


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
        self._dimension = dimension
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
        tables = [self._sentences[self._rows[row] : self._rows[row + 1] + 1].tolist() for row in rows]
        tokens = [self._tokens[:0], *(self._tokens[table[0][2] : table[-1][2]] for table in tables)]
        return _units(tables, tokens, [self._cut(table) for table in tables], self._dimension, self._table)

    def _cut(self, table: Sequence[Sequence[int]]) -> Iterator[tuple[Span, frozenset[str]]]:
        """The sentences of a passage with what they name; its table has a row for each, for its title, and an end."""
        for (start, end, _, name), (*_, following) in pairwise(table):
            if start < end:
                yield Span(start, end), self._names(name, following)

    def _names(self, start: int, end: int) -> frozenset[str]:
        return frozenset(self._concepts[at] for at in self._named[start:end].tolist()) if start < end else _NOTHING
