"""Rows → all that finds them, batch by batch. Nothing depends on other rows, so that many are prepared on all cores."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from corpus.folding import fold
from corpus.language import language_of
from corpus.parallel import CORES, in_order
from embeddings.encoder import Encoder, Vectors, unit
from embeddings.glossary import Glossary
from embeddings.rows import Row
from embeddings.terms import VERSION
from embeddings.tokens import Piece, pieces

_TITLE = 0.3  # of a title's vector, added to the passage's
_BATCH = 256
_MANY = 4_000  # passages, from which on it is worth a process or two that takes seconds to begin


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows: `vectors` (rows, dimension), and what else finds each.

    `terms` and `words` are parted by spaces; `tags` are languages without the script.
    """

    rows: tuple[Row, ...]
    vectors: Vectors
    pieces: tuple[tuple[Piece, ...], ...]
    terms: tuple[str, ...]
    words: tuple[str, ...]
    tags: tuple[str, ...]


class Preparation:
    """With one encoder and one glossary."""

    def __init__(self, encoder: Encoder, glossary: Glossary) -> None:
        self._encoder, self._glossary = encoder, glossary
        self.dimension, self.table = encoder.dimension, encoder.table

    def batches(self, rows: Iterable[Row], count: int) -> Iterator[Batch]:
        """All of `rows`, in order, which hold about `count` passages.

        A model without a table is not copied to each core: torch runs it on all of them.
        """
        if count < _MANY:
            return map(self.batch, _batches(rows))
        if CORES == 1 or self._encoder.table is None:
            self._glossary.analyser.read_whole()
            return map(self.batch, _batches(rows))
        return in_order(_prepared, _batches(rows), _begin, (self._encoder, self._glossary))

    def batch(self, rows: Sequence[Row]) -> Batch:
        texts, titles = [row.text for row in rows], [row.title for row in rows]
        titled = np.array([[_TITLE if title else 0.0] for title in titles], np.float32)
        mentions = [self._glossary.mentions(text, nested=True) for text in texts]
        encoded = zip(
            texts, self._encoder.encode_tokens(texts), mentions, self._encoder.encode_tokens(titles), strict=True
        )
        terms = self._glossary.analyser.terms
        return Batch(
            rows=tuple(rows),
            vectors=unit(self._encoder.encode_document(texts) + titled * self._encoder.encode_document(titles)),
            pieces=tuple(pieces(*one) for one in encoded),
            terms=tuple(
                " ".join([*terms(row.title), *terms(row.text), *(concept_term(m.concept.id) for m in named)])
                for row, named in zip(rows, mentions, strict=True)
            ),
            words=tuple(" ".join(words_of(text)) for text in texts),
            tags=tuple(map(language_tag, texts)),
        )


_here: Preparation


def _begin(encoder: Encoder, glossary: Glossary) -> None:
    """In each process: what the batches that come to it are prepared with."""
    global _here
    glossary.analyser.read_whole()
    _here = Preparation(encoder, glossary)


def _prepared(rows: Sequence[Row]) -> Batch:
    return _here.batch(rows)


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    left = iter(rows)
    while batch := list(islice(left, _BATCH)):
        yield batch


def words_of(text: str) -> list[str]:
    """The words of a text as phrases are looked for: folded, Han characters one by one."""
    return fold(text).words()


def concept_term(concept: str) -> str:
    """The term of a concept that a row names."""
    return f"§{concept}"


def language_tag(text: str) -> str:
    """Without the script: names and backgrounds are those of a language in either."""
    return language_of(text).split("-")[0]


def made_with(encoder: Encoder, glossary: Glossary) -> Mapping[str, Any]:
    """What an index depends on besides its rows."""
    return {
        "model": encoder.name,
        "dimension": encoder.dimension,
        "analyser": VERSION,
        "glossary": glossary.digest,
    }
