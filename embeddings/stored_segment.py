"""A segment in a folder that never changes once it is written."""

import hashlib
import json
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from functools import lru_cache
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings.arrays import mapped
from embeddings.dense import DenseIndex, DenseWriter, Kind
from embeddings.encoder import Encoder, Vectors
from embeddings.lexical import LexicalIndex, writing_terms
from embeddings.preparation import Batch
from embeddings.publication import is_large, seen
from embeddings.rows import Row, Rows, writing_rows
from embeddings.segment import Limits, Order
from embeddings.tokens import TokenStore, Units, writing_tokens

Mask = NDArray[np.bool_]

_BATCH = 1024
_LIMITS = 16  # that are remembered: most questions have none
_DENSE, _LEXICAL, _LANGUAGES, _TAGS = "dense.faiss", "lexical", "row-languages.npy", "languages.json"
_ABOUT = "about.json"


class StoredSegment:
    """Rows by number, from 0. Safe to share between threads."""

    def __init__(self, folder: Path, encoder: Encoder) -> None:
        """Open what `write` wrote with the same encoder; the caller has checked the files."""
        self.name, self.seen, self.is_checked = folder.name, seen(folder), not is_large(folder)
        self.rows = Rows(folder)
        self.dense = DenseIndex(folder / _DENSE)
        self.lexical = LexicalIndex(folder / _LEXICAL)
        self.tags: tuple[str, ...] = tuple(json.loads((folder / _TAGS).read_text("utf-8")))
        self._tokens = TokenStore(folder, encoder.dimension, encoder.table)
        self._languages: NDArray[np.uint8] = mapped(folder / _LANGUAGES)  # the place of each row's language in `tags`
        self._admitted = lru_cache(_LIMITS)(self._mask)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def documents(self) -> Set[str]:
        return self.rows.documents

    def _mask(self, limits: Limits) -> Mask | None:
        """Which rows are admitted; None if all are."""
        mask = ~self._holders(limits.without)
        if limits.documents is not None:
            mask &= self._holders(limits.documents)
        return None if mask.all() else mask

    def _holders(self, documents: Collection[str]) -> Mask:
        mask = np.zeros(len(self), np.bool_)
        for document in documents if len(documents) < len(self.documents) else self.documents & {*documents}:
            mask[self.rows.of(document)] = True
        return mask

    def admitted(self, limits: Limits) -> Mask:
        mask = self._admitted(limits)
        return np.ones(len(self), np.bool_) if mask is None else mask

    def size(self, limits: Limits) -> int:
        return int(self.admitted(limits).sum())

    def paragraphs(self, limits: Limits) -> int:
        return int((self.rows.is_base & self.admitted(limits)).sum())

    def near(self, vector: Vectors, k: int, limits: Limits) -> set[int]:
        return {*self.dense.search(vector, k, self._admitted(limits))}

    def frequency(self, term: str) -> int:
        return self.lexical.frequency(term)

    def scores(self, terms: Mapping[str, float], k: int, limits: Limits) -> dict[int, float]:
        return self.lexical.search(terms, k, limits.documents, limits.without)

    def holding(self, words: Sequence[str], terms: Collection[str], limits: Limits) -> set[int]:
        found, admitted = self.lexical.holding(words, terms), self._admitted(limits)
        return found if admitted is None else {row for row in found if admitted[row]}

    def of(self, document: str) -> list[int]:
        held: list[int] = self.rows.of(document).tolist()
        return held

    def row(self, row: int) -> Row:
        return self.rows[row]

    def order(self, row: int) -> Order:
        return "", row, 0

    def paragraph(self, row: int) -> tuple[int, bool]:
        return int(self.rows.keys[row]), bool(self.rows.is_base[row])

    def tag(self, row: int) -> str:
        return self.tags[int(self._languages[row])]

    def of_language(self, tag: str, limits: Limits) -> NDArray[np.int64]:
        if tag not in self.tags:
            return np.zeros(0, np.int64)
        return np.flatnonzero((self._languages == self.tags.index(tag)) & self.admitted(limits))

    def look(self, rows: Sequence[int]) -> tuple[Units, Vectors]:
        return self._tokens.units(rows), self.dense.vectors(rows)

    def batches(self, limits: Limits) -> Iterator[Batch]:
        live, texts = self.admitted(limits), self.lexical.texts()
        places, terms = np.flatnonzero(live), (held for held, is_live in zip(texts, live, strict=True) if is_live)
        for start in range(0, len(places), _BATCH):
            yield self._batch(places[start : start + _BATCH], list(islice(terms, _BATCH)))

    def _batch(self, places: NDArray[np.int64], texts: Sequence[tuple[str, str]]) -> Batch:
        return Batch(
            rows=tuple(self.rows[place] for place in places.tolist()),
            vectors=self.dense.vectors(places.tolist()),
            pieces=tuple(self._tokens.pieces(place) for place in places.tolist()),
            terms=tuple(terms for terms, _ in texts),
            words=tuple(words for _, words in texts),
            tags=tuple(map(self.tag, places.tolist())),
        )


def write(
    folder: Path,
    batches: Iterable[Batch],
    count: int,
    dimension: int,
    told: Callable[[Sequence[Row]], None] = lambda rows: None,
) -> str:
    """Fill the empty `folder` with about `count` rows; returns a digest of them.

    `told` hears of each batch's when they are done. Of all rows at once only the vectors are in memory.
    """
    sha256, tags, languages = hashlib.sha256(), dict[str, int](), array("B")
    vectors = DenseWriter(dimension, kind := Kind.of(count))
    with (
        writing_rows(folder) as add_row,
        writing_tokens(folder) as add_tokens,
        writing_terms(folder / _LEXICAL) as add_terms,
    ):
        for batch in batches:
            vectors.add(batch.vectors)
            for row, held, terms, words in zip(batch.rows, batch.pieces, batch.terms, batch.words, strict=True):
                sha256.update(row.line.encode())
                add_row(row)
                add_tokens(held)
                add_terms(terms, words, row.documents)
            languages.extend(tags.setdefault(tag, len(tags)) for tag in batch.tags)
            told(batch.rows)
    vectors.save(folder / _DENSE)
    np.save(folder / _LANGUAGES, np.frombuffer(languages, np.uint8))
    (folder / _TAGS).write_text(json.dumps(list(tags)), "utf-8")
    (folder / _ABOUT).write_text(json.dumps({"rows": len(languages), "dense": kind}), "utf-8")
    return sha256.hexdigest()
