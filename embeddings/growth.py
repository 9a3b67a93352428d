"""How an index follows its store: what changed becomes a new segment at once, small segments are merged later.

A segment never changes. When a document does, the segments that hold it are told not to count it any more, and its rows
go into a new one; that takes as long as the change is large, however large the index is. Segments are merged so that
each is at least twice as large as all that came after it, as in O'Neil et al., "The log-structured merge-tree" (1996);
a small index is made anew from the store instead, so that it is the same however it came about.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from corpus.changes import Change
from embeddings.descriptions import Descriptions
from embeddings.encoder import Encoder
from embeddings.glossary import Glossary
from embeddings.index import Index, made_with
from embeddings.publication import (
    IndexUnusable,
    IndexUnwritable,
    SegmentState,
    State,
    building,
    current,
    publish,
    write_folder,
)
from embeddings.rows import Row
from embeddings.segment import write

_SMALL = 2_000  # rows; so many are indexed in a second or two
_GROWTH = 2  # how much larger a segment is than all after it together
_WORN = 0.75  # share of its rows that count; with fewer, a segment is merged

Told = Callable[[int, int], None]


class Source(Protocol):
    """What is to be indexed, and what has changed in it."""

    def last(self) -> Change:
        """Its last change."""

    def knows(self, change: Change) -> bool:
        """Whether it has come through that change."""

    def since(self, change: Change) -> frozenset[str]:
        """The documents with other rows than before it, and all that share rows with them."""

    def rows(self, documents: Collection[str] | None = None) -> Iterator[Row]:
        """All rows, or those of `documents`."""

    def count(self, documents: Collection[str] | None = None) -> int:
        """How many passages those are."""


class FixedRows:
    """A source that never changes."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows
        self._only = Change(1, hashlib.sha256("".join(row.line for row in rows).encode()).hexdigest())

    def last(self) -> Change:
        return self._only

    def knows(self, change: Change) -> bool:
        return change == self._only

    def since(self, change: Change) -> frozenset[str]:
        return frozenset()

    def rows(self, documents: Collection[str] | None = None) -> Iterator[Row]:
        return iter(self._rows)

    def count(self, documents: Collection[str] | None = None) -> int:
        return sum(len(row.members) for row in self._rows)


class Growth:
    """The indexes below a folder, made of one source with one encoder and one glossary."""

    def __init__(self, folder: Path, source: Source, encoder: Encoder, glossary: Glossary) -> None:
        self._folder, self._source, self._encoder, self._glossary = folder, source, encoder, glossary

    def is_current(self) -> bool:
        """Whether the index has all that the source has."""
        try:
            state = current(self._folder)
        except IndexUnusable:
            return False
        return state.made_with == made_with(self._encoder, self._glossary) and state.change == self._source.last()

    def grow(self, held: Index | None = None, told: Told = lambda done, total: None) -> bool:
        """Publish an index of what the source has now; whether there was anything to do.

        One that can't be used is made anew. What `held` has open is not checked again. `told` hears how many passages
        are done, and of how many.
        """
        with _writable(self._folder), building(self._folder):
            index, last = self._opened(held), self._source.last()
            if index and self._source.knows(index.state.change):
                if index.state.change == last:
                    return False
                publish(self._folder, self._grown(index, last, told))
            else:
                publish(self._folder, self._anew(last, told))
            return True

    def merge(self, held: Index | None = None, told: Told = lambda done, total: None) -> bool:
        """Publish the current index with fewer segments, if it has too many; whether it was done.

        Others may grow it meanwhile, and what they add stays.
        """
        index = self._opened(held)
        chosen = _chosen(index) if index else range(0)
        if index is None or not chosen:
            return False
        with _writable(self._folder):
            return self._replaced(index, chosen, told)

    def _replaced(self, index: Index, chosen: range, told: Told) -> bool:
        if index.size > _SMALL:
            count = sum(len(row.members) for row in index.rows(chosen))
            merged = self._segment(index.rows(chosen), count, told)
        elif index.state.change == self._source.last():
            merged = self._segment(self._source.rows(), self._source.count(), told)
        else:
            return False
        with building(self._folder):
            state = _put_in_place(merged, chosen, index.state, current(self._folder))
            # What is in no published state, another process may have cleared away.
            is_whole = state is not None and all((self._folder / name).exists() for name in state.folders)
            if state and is_whole:
                publish(self._folder, state)
            return is_whole

    def _opened(self, held: Index | None) -> Index | None:
        try:
            return Index.open(self._folder, self._encoder, self._glossary, held)
        except IndexUnusable:
            return None

    def _anew(self, last: Change, told: Told) -> State:
        made = made_with(self._encoder, self._glossary)
        segments = self._segment(self._source.rows(), self._source.count(), told)
        return State(made, last, write_folder(self._folder, "descriptions", self._describe), segments)

    def _describe(self, path: Path) -> str:
        Descriptions.build(path, self._glossary, self._encoder)
        return self._digest("")

    def _grown(self, index: Index, last: Change, told: Told) -> State:
        touched = self._source.since(index.state.change)
        segments = _without(index, touched)
        added = self._segment(self._source.rows(touched), self._source.count(touched), told)
        return replace(index.state, change=last, segments=(*segments, *added))

    def _segment(self, rows: Iterator[Row], count: int, told: Told) -> tuple[SegmentState, ...]:
        """A new segment of so many passages; none if there are none."""
        done = 0

        def heard(batch: Sequence[Row]) -> None:
            nonlocal done
            done += sum(len(row.members) for row in batch)
            told(done, max(done, count))

        def fill(path: Path) -> str:
            return self._digest(write(path, rows, self._encoder, self._glossary, heard))

        return (SegmentState(write_folder(self._folder, "segment", fill)),) if count else ()

    def _digest(self, of: str) -> str:
        made = json.dumps(made_with(self._encoder, self._glossary), sort_keys=True)
        return hashlib.sha256(f"{made}{of}".encode()).hexdigest()


@contextmanager
def _writable(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise IndexUnwritable(
            f"{folder}: the index can't be written ({error}); free some space or check its permissions, then run "
            "`yinju ingest`; the one before still answers"
        ) from error


def build(folder: Path, rows: Sequence[Row], encoder: Encoder, glossary: Glossary) -> bool:
    """Publish an index of just these rows, unless the current one is; whether it was done."""
    return Growth(folder, FixedRows(rows), encoder, glossary).grow()


def _chosen(index: Index) -> range:
    """The last segments that should be one: all of a small index that is not as if made anew."""
    sizes, whole = index.sizes, [len(segment.rows) for segment in index.segments]
    if sum(sizes) <= _SMALL:
        return range(len(sizes) if len(sizes) > 1 or sizes != whole else 0)
    start, after = len(sizes), 0
    for at in reversed(range(len(sizes))):
        if sizes[at] < max(_GROWTH * after, _WORN * whole[at]):
            start = at
        after += sizes[at]
    return range(start, len(sizes))


def _without(index: Index, documents: frozenset[str]) -> list[SegmentState]:
    """The segments of an index, these documents not counted any more."""
    return [
        state.less(documents & segment.rows.documents)
        for state, segment in zip(index.state.segments, index.segments, strict=True)
    ]


def _put_in_place(merged: tuple[SegmentState, ...], chosen: range, then: State, now: State) -> State | None:
    """`now` with `merged` for the segments chosen `then`; None if it does not have them any more."""
    places = slice(chosen.start, chosen.stop)
    before, held = then.segments[places], now.segments[places]
    if [segment.name for segment in held] != [segment.name for segment in before]:
        return None
    since = frozenset(
        document for one, other in zip(held, before, strict=True) for document in {*one.without} - {*other.without}
    )
    made = (segment.less(since) for segment in merged)
    return replace(now, segments=(*now.segments[: chosen.start], *made, *now.segments[chosen.stop :]))
