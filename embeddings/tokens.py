"""The tokens of every passage, sentence by sentence, mapped from disk: what late interaction needs of a row.

An encoder whose token vectors don't depend on their neighbours has them in its own table already; then four bytes a
token are enough. Of any other encoder the vectors themselves are kept, in half precision.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
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
    """A passage cut into sentences. `starts` are the sentences' first rows in `vectors` (n, dimension; length 1).

    After those of the sentences come those of the title of the passage's document, from row `title` on, if it has one.
    """

    vectors: Vectors
    starts: tuple[int, ...]
    sentences: tuple[Span, ...]
    concepts: tuple[frozenset[str], ...]
    title: int | None = None


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

    def units(self, rows: Sequence[int]) -> list[Units]:
        """What each of `rows` is made of."""
        firsts = [(int(self._rows[row]), int(self._rows[row + 1])) for row in rows]
        ranges = [(int(self._sentences[start, 2]), int(self._sentences[end, 2])) for start, end in firsts]
        held = np.concatenate([self._tokens[start:end] for start, end in ranges]) if rows else self._tokens[:0]
        vectors = unit(self._table(held) if self._table else held.astype(np.float32))
        edges = np.cumsum([0, *(end - start for start, end in ranges)])
        return [
            self._units(first, last, vectors[start:end])
            for (first, last), start, end in zip(firsts, edges[:-1], edges[1:], strict=True)
        ]

    def _units(self, first: int, last: int, vectors: Vectors) -> Units:
        if first == last:
            return Units(np.zeros((1, self._dimension), np.float32), (0,), (Span(0, 0),), (frozenset(),))
        table = self._sentences[first : last + 1].tolist()
        cut = [held for held in table[:-1] if held[0] < held[1]]
        title = table[len(cut)][2] - table[0][2] if len(cut) < len(table) - 1 else None
        return Units(
            vectors,
            tuple(token - table[0][2] for _, _, token, _ in cut),
            tuple(Span(start, end) for start, end, _, _ in cut),
            tuple(
                frozenset(self._concepts[name] for name in self._named[this[3] : following[3]])
                for this, following in zip(cut, table[1:], strict=False)
            ),
            title,
        )
