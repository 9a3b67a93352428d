"""The tokens of every passage, sentence by sentence, mapped from disk: what late interaction needs of a row.

An encoder whose token vectors don't depend on their neighbours has them in its own table already; then four bytes a
token are enough. Of any other encoder the vectors themselves are kept, in half precision.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.document import Span
from corpus.sentences import sentences
from embeddings.encoder import Ids, Tokens, Vectors
from embeddings.glossary import Mention

_TOKENS, _SENTENCES, _ROWS, _NAMED, _CONCEPTS = (
    "tokens.bin",
    "sentences.npy",
    "row-sentences.npy",
    "named.npy",
    "concepts.json",
)


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
class Sentence:
    """One sentence of a passage: where it stands, which of the passage's tokens are in it, what it names."""

    span: Span
    tokens: tuple[int, ...]
    concepts: frozenset[str]


def cut(text: str, tokens: Tokens, mentions: Sequence[Mention]) -> Iterator[Sentence]:
    """The sentences of a passage that hold any token."""
    for span in sentences(text) or (Span(0, len(text)),):
        held = tuple(at for at, token in enumerate(tokens.spans) if span.start <= token.start < span.end)
        if held:
            named = frozenset(m.concept.id for m in mentions if span.start <= m.span.start < span.end)
            yield Sentence(span, held, named)


def unit(vectors: Vectors) -> Vectors:
    """Every row of length 1; a row of zeros stays one."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Vectors = (vectors / np.maximum(lengths, 1e-9)).astype(np.float32)
    return scaled


@contextmanager
def writing_tokens(folder: Path) -> Iterator[Callable[[str, Tokens, Sequence[Mention], Tokens], None]]:
    """Gives what adds a passage, as text, tokens, mentions and its title's tokens; the i-th becomes row i."""
    numbers: dict[str, int] = {}
    table: list[tuple[int, int, int, int]] = []
    rows, named, count = [0], list[int](), 0
    with (folder / _TOKENS).open("wb") as file:

        def keep(tokens: Tokens, held: Sequence[int]) -> None:
            nonlocal count
            count += len(held)
            at = list(held)
            kept = unit(tokens.vectors[at]).astype(np.float16) if tokens.ids is None else tokens.ids[at]
            file.write(kept.tobytes())

        def add(text: str, tokens: Tokens, mentions: Sequence[Mention], title: Tokens) -> None:
            for sentence in cut(text, tokens, mentions):
                table.append((sentence.span.start, sentence.span.end, count, len(named)))
                named.extend(numbers.setdefault(name, len(numbers)) for name in sorted(sentence.concepts))
                keep(tokens, sentence.tokens)
            if title.spans:
                table.append((0, 0, count, len(named)))
                keep(title, range(len(title.spans)))
            rows.append(len(table))

        yield add
    table.append((0, 0, count, len(named)))
    np.save(folder / _SENTENCES, np.array(table, np.int64))
    np.save(folder / _ROWS, np.array(rows, np.int64))
    np.save(folder / _NAMED, np.array(named, np.uint32))
    (folder / _CONCEPTS).write_text(json.dumps(list(numbers)), "utf-8")


class TokenStore:
    """Units by row number. `table` looks token vectors up that are not kept here."""

    def __init__(self, folder: Path, dimension: int, table: Callable[[Ids], Vectors] | None) -> None:
        """Open what was written by `writing_tokens` with the same encoder's tokens."""
        self._table = table
        self._dimension = dimension
        self._concepts: list[str] = json.loads((folder / _CONCEPTS).read_text("utf-8"))
        # (start, end, first token, first name) of each sentence, and one more row that ends the last
        self._sentences = np.load(folder / _SENTENCES)
        self._rows = np.load(folder / _ROWS)
        self._named = np.load(folder / _NAMED).tolist()
        kept = np.uint32 if table else np.float16
        # An empty file can't be mapped.
        mapped = np.memmap(folder / _TOKENS, kept, "r") if (folder / _TOKENS).stat().st_size else np.zeros(0, kept)
        self._tokens: NDArray[Any] = mapped if table else mapped.reshape(-1, dimension)

    def units(self, rows: Sequence[int]) -> Units:
        """What `rows` are made of, in order; a row without a word has one sentence, of no length."""
        tables = [self._sentences[self._rows[row] : self._rows[row + 1] + 1] for row in rows]
        tokens = [self._tokens[table[0, 2] : table[-1, 2]] for table in tables]
        firsts = np.cumsum([0, *(len(held) + 1 for held in tokens)])
        starts, titles, edges = list[int](), list[bool](), [0]
        for table, first in zip(tables, firsts.tolist(), strict=False):
            begun = (table[:-1, 2] - table[0, 2] + 1 + first).tolist()
            is_title = (table[:-1, 0] == table[:-1, 1]).tolist()
            # The token of zeros is the first sentence's, or all of it.
            worded = bool(is_title) and not is_title[0]
            starts += [first, *begun[worded:]]
            titles += [False, *is_title[worded:]]
            edges.append(len(starts))
        vectors, places = self._looked_up(tokens, firsts)
        cuts = [list(self._cut(table)) or [(Span(0, 0), frozenset[str]())] for table in tables]
        return Units(
            vectors,
            places,
            np.array(starts, np.int64),
            np.array(titles, np.bool_),
            np.array(edges, np.int64),
            tuple(tuple(span for span, _ in held) for held in cuts),
            tuple(tuple(names for _, names in held) for held in cuts),
        )

    def _looked_up(
        self, tokens: Sequence[NDArray[Any]], firsts: NDArray[np.int64]
    ) -> tuple[Vectors, NDArray[np.int64]]:
        """The distinct vectors of the tokens of some passages, zeros first, and the place of each token among them."""
        held = np.concatenate([self._tokens[:0], *tokens])
        places = np.arange(len(held))
        if self._table:
            held, places = np.unique(held, return_inverse=True)
        vectors = unit(self._table(held) if self._table else held.astype(np.float32))
        worded = np.ones(int(firsts[-1]), np.bool_)
        worded[firsts[:-1]] = False
        found = np.zeros(len(worded), np.int64)
        found[worded] = places + 1
        return np.concatenate([np.zeros((1, self._dimension), np.float32), vectors]), found

    def _cut(self, table: NDArray[np.int64]) -> Iterator[tuple[Span, frozenset[str]]]:
        """The sentences of a passage with what they name; its table has a row for each, for its title, and an end."""
        for (start, end, _, name), (*_, following) in pairwise(table.tolist()):
            if start < end:
                yield Span(start, end), frozenset(self._concepts[at] for at in self._named[name:following])
