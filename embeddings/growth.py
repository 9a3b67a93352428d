"""How an index follows its store: what changed becomes a new segment at once, small segments are merged later.

A segment never changes. When a document does, the segments that hold it are told not to count it any more, and its rows
go into a new one; that takes as long as the change is large, however large the index is. What is more than one segment
should take in goes into several, each published when it is done: whoever is interrupted goes on from there. Segments
are merged so that each is at least twice as large as all that came after it, as in O'Neil et al., "The log-structured
merge-tree" (1996), up to a size that memory can bear; a small index is made anew from the store instead, so that it is
the same however it came about.
"""

import hashlib
import json
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Protocol

from corpus.changes import NONE, Change
from embeddings.descriptions import Descriptions
from embeddings.encoder import Encoder
from embeddings.glossary import Glossary
from embeddings.index import Index
from embeddings.preparation import Batch, Preparation, made_with
from embeddings.publication import (
    IndexUnusable,
    IndexUnwritable,
    SegmentState,
    State,
    building,
    current,
    publish,
    sound,
    write_folder,
)
from embeddings.rows import Row
from embeddings.stored_segment import write

_SMALL = 2_000  # rows; so many are indexed in a second or two
_GROWTH = 2  # how much larger a segment is than all after it together
_WORN = 0.75  # share of its rows that count; with fewer, a segment is merged
STEP = 50_000  # passages of a new segment, about: a minute's work or two
_LARGEST = 1_000_000  # rows of a merged segment: their vectors are in memory while it is written

Told = Callable[[int, int], None]
Heard = Callable[[Sequence[Row]], None]


class Source(Protocol):
    """What is to be indexed, and what has changed in it."""

    def reading(self) -> AbstractContextManager[None]:
        """What is read inside, by the same thread, is one state of it."""

    def last(self) -> Change:
        """Its last change."""

    def knows(self, change: Change) -> bool:
        """Whether it has come through that change."""

    def since(self, change: Change, most: int) -> tuple[frozenset[str], Change]:
        """Some documents with other rows than before it, with all that share rows with them, and the change that is.

        After that change none of them has other rows any more than the source has now. They have about `most` passages;
        fewer are all that there are.
        """

    def rows(self, documents: Collection[str] | None = None) -> Iterator[Row]:
        """All rows, or those of `documents`."""

    def count(self, documents: Collection[str] | None = None) -> int:
        """How many passages those are."""


class FixedRows:
    """A source that never changes."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows
        self._only = Change(1, hashlib.sha256("".join(row.line for row in rows).encode()).hexdigest())

    def reading(self) -> AbstractContextManager[None]:
        return nullcontext()

    def last(self) -> Change:
        return self._only

    def knows(self, change: Change) -> bool:
        return change == self._only

    def since(self, change: Change, most: int) -> tuple[frozenset[str], Change]:
        return frozenset(), self._only

    def rows(self, documents: Collection[str] | None = None) -> Iterator[Row]:
        return iter(self._rows)

    def count(self, documents: Collection[str] | None = None) -> int:
        return sum(len(row.members) for row in self._rows)


class Growth:
    """The indexes below a folder, made of one source with one encoder and one glossary."""

    def __init__(self, folder: Path, source: Source, encoder: Encoder, glossary: Glossary) -> None:
        self._folder, self._source, self._encoder, self._glossary = folder, source, encoder, glossary
        self._preparation = Preparation(encoder, glossary)

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
        held, is_grown = self._opened(held), False
        heard = counted(told, self._left(held))
        while True:
            with _writable(self._folder), building(self._folder), self._source.reading():
                held = self._opened(held)
                state = self._next(held, heard)
                if state is None:
                    return is_grown
                publish(self._folder, state)
                is_grown = True

    def _left(self, index: Index | None) -> int:
        """How many passages an index lacks."""
        return self._source.count(self._source.since(index.state.change, sys.maxsize)[0] if index else None)

    def merge(self, held: Index | None = None, told: Told = lambda done, total: None) -> bool:
        """Publish the current index with fewer segments, if it has too many; whether it was done.

        Others may grow it meanwhile, and what they add stays.
        """
        index = self._opened(held)
        chosen = _chosen(index) if index else range(0)
        if index is None or not chosen:
            return False
        with _writable(self._folder), self._source.reading():
            return self._replaced(index, chosen, counted(told, sum(index.sizes[chosen.start : chosen.stop])))

    def _replaced(self, index: Index, chosen: range, heard: Heard) -> bool:
        if index.size > _SMALL:
            for segment in index.state.segments[chosen.start : chosen.stop]:
                sound(self._folder / segment.name, is_in_full=True)  # what is damaged must not be sealed anew
            merged = self._segment(index.batches(chosen), sum(index.sizes[chosen.start : chosen.stop]), heard)
        elif index.state.change == self._source.last():
            merged = self._prepared(None, heard)
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
        """The current index, if the source has come through what is in it."""
        try:
            index = Index.open(self._folder, self._encoder, self._glossary, held)
        except IndexUnusable:
            return None
        return index if self._source.knows(index.state.change) else None

    def _next(self, index: Index | None, heard: Heard) -> State | None:
        """The state that follows from an index, or the first one; None if it has all."""
        if index and index.state.change == self._source.last():
            return None
        before = index.state if index else self._empty()
        touched, change = self._source.since(before.change, STEP)
        is_all = index is None and change == self._source.last()
        segments = _without(index, touched) if index else []
        return replace(before, change=change, segments=(*segments, *self._prepared(None if is_all else touched, heard)))

    def _empty(self) -> State:
        made = made_with(self._encoder, self._glossary)
        return State(made, NONE, write_folder(self._folder, "descriptions", self._describe), ())

    def _describe(self, path: Path) -> str:
        Descriptions.build(path, self._glossary, self._encoder)
        return self._digest("")

    def _prepared(self, documents: Collection[str] | None, heard: Heard) -> tuple[SegmentState, ...]:
        """A new segment of all rows of the source, or of some documents'."""
        count = self._source.count(documents)
        return (
            self._segment(self._preparation.batches(self._source.rows(documents), count), count, heard) if count else ()
        )

    def _segment(self, batches: Iterable[Batch], count: int, heard: Heard) -> tuple[SegmentState, ...]:
        """A new segment of about so many rows; none if there are none."""
        left = iter(batches)
        first = next(left, None)
        if first is None:
            return ()

        def fill(path: Path) -> str:
            return self._digest(write(path, chain([first], left), count, self._encoder.dimension, heard))

        return (SegmentState(write_folder(self._folder, "segment", fill)),)

    def _digest(self, of: str) -> str:
        made = json.dumps(made_with(self._encoder, self._glossary), sort_keys=True)
        return hashlib.sha256(f"{made}{of}".encode()).hexdigest()


def counted(told: Told, total: int) -> Heard:
    """What counts the passages of rows that are done, and tells how many out of `total`."""
    done = 0

    def heard(rows: Sequence[Row]) -> None:
        nonlocal done
        done += sum(len(row.members) for row in rows)
        told(done, max(done, total))

    return heard


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
    """Segments next to each other that should be one: all of a small index that is not as if made anew."""
    sizes, whole = index.sizes, [len(segment) for segment in index.segments]
    if sum(sizes) <= _SMALL:
        return range(len(sizes) if len(sizes) > 1 or sizes != whole else 0)
    # A segment that is as large as may be stays as it is, and so does what stands before it.
    full = [at for at, size in enumerate(sizes) if size > _LARGEST // _GROWTH and size >= _WORN * whole[at]]
    start, after = len(sizes), 0
    for at in reversed(range(full[-1] + 1 if full else 0, len(sizes))):
        if sizes[at] < max(_GROWTH * after, _WORN * whole[at]):
            start = at
        after += sizes[at]
    end = start
    while end < len(sizes) and sum(sizes[start : end + 1]) <= _LARGEST:
        end += 1
    return range(start, end)


def _without(index: Index, documents: frozenset[str]) -> list[SegmentState]:
    """The segments of an index, these documents not counted any more."""
    return [
        state.less(documents & segment.documents)
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
