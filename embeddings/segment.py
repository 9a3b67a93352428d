"""Segment: some rows of an index with all that finds them, wherever it is kept."""

from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import Vectors
from embeddings.preparation import Batch
from embeddings.rows import Row
from embeddings.tokens import Units


@dataclass(frozen=True, slots=True)
class Limits:
    """Which rows may be found: those of one of `documents`, if they are given, that belong to none of `without`."""

    documents: frozenset[str] | None = None
    without: frozenset[str] = frozenset()


Order = tuple[str, int, int]


class Segment(Protocol):
    """Rows by number. It never changes. Safe to share between threads."""

    @property
    def name(self) -> str:
        """Differs where its rows may differ."""

    @property
    def seen(self) -> tuple[int, int] | None:
        """What was seen of its folder when it was opened; None if it has none."""

    @property
    def is_checked(self) -> bool:
        """Whether all of it was compared with what was written, before it was opened."""

    @property
    def tags(self) -> Sequence[str]:
        """The languages of its rows, without the script."""

    @property
    def documents(self) -> Set[str]:
        """All documents that have rows in it."""

    def __len__(self) -> int: ...

    def size(self, limits: Limits) -> int:
        """How many rows are admitted."""

    def paragraphs(self, limits: Limits) -> int:
        """How many of them are bases."""

    def near(self, vector: Vectors, k: int, limits: Limits) -> set[int]:
        """The `k` rows, out of those admitted, whose vectors are nearest."""

    def frequency(self, term: str) -> int:
        """In how many rows `term` occurs, admitted or not."""

    def scores(self, terms: Mapping[str, float], k: int, limits: Limits) -> dict[int, float]:
        """The `k` best rows, out of those admitted, for weighted `terms`: row → BM25 score."""

    def holding(self, words: Sequence[str], terms: Collection[str], limits: Limits) -> set[int]:
        """The rows, out of those admitted, in which `words` stand on end, or which have one of `terms`."""

    def of(self, document: str) -> list[int]:
        """The rows that hold a passage of `document`, in order."""

    def row(self, row: int) -> Row: ...

    def order(self, row: int) -> Order:
        """What rows that are equally good come by."""

    def paragraph(self, row: int) -> tuple[int, bool]:
        """A number for the paragraph that a row is a wording of, and whether its base has this wording."""

    def tag(self, row: int) -> str:
        """The language of a row, without the script."""

    def of_language(self, tag: str, limits: Limits) -> NDArray[np.int64]:
        """The admitted rows of one language, in order, or as many of them, by chance, as stand for all."""

    def look(self, rows: Sequence[int]) -> tuple[Units, Vectors]:
        """The tokens and the vectors of `rows`."""

    def batches(self, limits: Limits) -> Iterator[Batch]:
        """The rows that are admitted, in order, as they were prepared."""
