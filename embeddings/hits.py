"""What a search finds. Most questions are answered from the first few of all that is ranked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar, overload

from corpus.document import Span
from embeddings.confidence import Evidence
from embeddings.rows import Row

Rank = TypeVar("Rank")


@dataclass(frozen=True, slots=True)
class Hit:
    """A row found: the probability that it answers, why, and its sentences with their share of the match."""

    row: Row
    score: float
    evidence: Evidence[float]
    sentences: tuple[tuple[Span, float], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """Hits, best first, and the phrases that were not required after all because no row holds them with the others."""

    hits: Sequence[Hit]
    dropped: tuple[str, ...] = ()


class Hits(Sequence[Hit], Generic[Rank]):
    """What was ranked, each `read` when it is asked for."""

    def __init__(self, read: Callable[[Rank], Hit], ranks: Sequence[Rank]) -> None:
        self._read, self._ranks = read, ranks

    def __len__(self) -> int:
        return len(self._ranks)

    @overload
    def __getitem__(self, at: int) -> Hit: ...
    @overload
    def __getitem__(self, at: slice) -> "Hits[Rank]": ...
    def __getitem__(self, at: int | slice) -> "Hit | Hits[Rank]":
        return Hits(self._read, self._ranks[at]) if isinstance(at, slice) else self._read(self._ranks[at])
