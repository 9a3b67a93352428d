"""Segment: some rows of an index with all that finds them, in a folder that never changes once it is written."""

import hashlib
import json
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings.arrays import mapped
from embeddings.dense import DenseIndex, DenseWriter, Kind
from embeddings.encoder import Encoder, Vectors
from embeddings.lexical import LexicalIndex, writing_terms
from embeddings.preparation import Batch
from embeddings.rows import Row, Rows, writing_rows
from embeddings.tokens import TokenStore, writing_tokens

Mask = NDArray[np.bool_]

_BATCH = 1024
_SEVERAL = 4  # sentences that a paragraph has, about
_DENSE, _SENTENCES, _OWNERS = "dense.faiss", "sentences.faiss", "sentence-rows.npy"
_LANGUAGES, _TAGS, _KINDS = "row-languages.npy", "languages.json", "kinds.json"
_LEXICAL = "lexical"


class Segment:
    """Rows by number, from 0. Safe to share between threads."""

    def __init__(self, folder: Path, encoder: Encoder) -> None:
        """Open what `write` wrote with the same encoder; the caller has checked the files."""
        self.name = folder.name
        self.rows = Rows(folder)
        self.dense = DenseIndex(folder / _DENSE)
        self.lexical = LexicalIndex(folder / _LEXICAL)
        self.tokens = TokenStore(folder, encoder.dimension, encoder.table)
        # A number for the language of each row, and what the numbers stand for.
        self.languages: NDArray[np.uint8] = mapped(folder / _LANGUAGES)
        self.tags: tuple[str, ...] = tuple(json.loads((folder / _TAGS).read_text("utf-8")))
        self._sentences = DenseIndex(folder / _SENTENCES)
        self._owners: NDArray[np.int64] = mapped(folder / _OWNERS)  # the row of each sentence

    def holders(self, documents: Collection[str]) -> Mask:
        """Which rows hold a passage of one of `documents`."""
        mask = np.zeros(len(self.rows), np.bool_)
        for document in documents:
            mask[self.rows.of(document)] = True
        return mask

    def near(self, vector: Vectors, k: int, admitted: Mask | None) -> set[int]:
        """Rows, out of those admitted, whose vector, or that of one of their sentences, is near."""
        owned = None if admitted is None else admitted[self._owners]
        found = self._sentences.search(vector, k, owned)
        return {*self.dense.search(vector, k, admitted), *(int(self._owners[at]) for at in found)}

    def batches(self, live: Mask) -> Iterator[Batch]:
        """The rows that are `live`, in order, as they were prepared."""
        places, texts = np.flatnonzero(live), self.lexical.texts()
        terms = (held for held, is_live in zip(texts, live, strict=True) if is_live)
        for start in range(0, len(places), _BATCH):
            yield self._batch(places[start : start + _BATCH], list(islice(terms, _BATCH)))

    def _batch(self, places: NDArray[np.int64], texts: Sequence[tuple[str, str]]) -> Batch:
        # The owners stand in the order of their rows.
        cut = [range(*np.searchsorted(self._owners, [place, place + 1]).tolist()) for place in places]
        return Batch(
            rows=tuple(self.rows[place] for place in places.tolist()),
            vectors=self.dense.vectors(places.tolist()),
            cut=self._sentences.vectors(at for held in cut for at in held),
            owners=np.repeat(np.arange(len(places)), [len(held) for held in cut]),
            pieces=tuple(self.tokens.pieces(place) for place in places.tolist()),
            terms=tuple(terms for terms, _ in texts),
            words=tuple(words for _, words in texts),
            tags=tuple(self.tags[self.languages[place]] for place in places),
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
    sha256, owners, tags, languages, done = hashlib.sha256(), array("q"), dict[str, int](), array("B"), 0
    kinds = {_DENSE: Kind.of(count), _SENTENCES: Kind.of(count * _SEVERAL)}
    vectors, cut = (DenseWriter(dimension, kind) for kind in kinds.values())
    with (
        writing_rows(folder) as add_row,
        writing_tokens(folder) as add_tokens,
        writing_terms(folder / _LEXICAL) as add_terms,
    ):
        for batch in batches:
            vectors.add(batch.vectors)
            cut.add(batch.cut)
            owners.extend((batch.owners + done).tolist())
            for row, held, terms, words in zip(batch.rows, batch.pieces, batch.terms, batch.words, strict=True):
                sha256.update(row.line.encode())
                add_row(row)
                add_tokens(held)
                add_terms(terms, words, row.documents)
            languages.extend(tags.setdefault(tag, len(tags)) for tag in batch.tags)
            done += len(batch.rows)
            told(batch.rows)
    vectors.save(folder / _DENSE)
    cut.save(folder / _SENTENCES)
    np.save(folder / _OWNERS, np.frombuffer(owners, np.int64))
    np.save(folder / _LANGUAGES, np.frombuffer(languages, np.uint8))
    (folder / _TAGS).write_text(json.dumps(list(tags)), "utf-8")
    (folder / _KINDS).write_text(json.dumps(kinds), "utf-8")
    return sha256.hexdigest()
