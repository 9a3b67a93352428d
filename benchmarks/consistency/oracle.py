"""Of which generation is an answer? A quiet copy of the service goes through the same changes and says what it must be.

An answer is made of one state of the store and one index, which follows the store: what was withdrawn is gone at once,
while the scores, and the paragraphs of a document that was changed, are still those of the index. So a reading has to
be, byte by byte, what the copy replies with the store as of a generation and an index that was published, where

- the generation was acknowledged before the question was asked, or begun before the reply was there;
- the index is of no later generation, nor of one before that which was told to be in the index;
- the same reader has seen no later generation and no later index before.

Each index has to hold just the paragraphs of one generation. One that is whole, which is what each is tidied up to, is
made anew by the copy from its own store, and takes the place of the one that was published.
"""

from bisect import bisect
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fastapi.testclient import TestClient

from benchmarks.consistency.changes import QUESTIONS, Change
from benchmarks.consistency.trial import Reading, Seen, timeless
from benchmarks.freshness import KEY
from corpus.store import Store
from embeddings.growth import Growth
from embeddings.publication import State, current
from embeddings.rows import Row
from service.app import create_app
from service.collection import Collection
from service.contents import Contents
from service.settings import Settings

Moment = tuple[int, int]  # a generation of the store, and the number of an index
Reply = tuple[int, bytes]
Held = frozenset[Row]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The moments that a reading may be of; `expected` are all that came into question, with what would be replied."""

    reading: Reading
    moments: tuple[Moment, ...]
    expected: dict[Moment, Reply]


class Oracle:
    """A copy of the service, which goes through all changes of a trial."""

    def __init__(self, settings: Settings, kept: Path, seen: Seen) -> None:
        """`settings` name a copy of the data that the service began with, without the index, and admit the writer."""
        self._kept, self._seen = kept, seen
        self._collection = Collection(settings)
        self._http = TestClient(create_app(self._collection))
        names = sorted((path.name for path in kept.iterdir() if path.name.isdigit()), key=int)
        self._states = [current(kept / name) for name in names]
        self._begun = [bisect(seen.begun, (kept / name).stat().st_mtime) for name in names]  # when it was published
        self._numbers: list[int] = []  # of the store's last change, by generation
        self._rows: list[Held] = []  # by generation
        self._held: dict[int, Held] = {}  # by index
        self._anew: dict[str, Path] = {}  # indexes of one segment, by that one's name
        self._expected: dict[tuple[Moment, int], Reply] = {}
        self._replay()

    @property
    def anew(self) -> int:
        """How many indexes the copy has made itself, each for all that hold the same."""
        return len(self._anew)

    def _replay(self) -> None:
        readings = defaultdict[int, list[Reading]](list)
        for reading in self._seen.readings:
            for generation in range(reading.stored, reading.begun + 1):
                readings[generation].append(reading)
        for generation in range(len(self._seen.changes) + 1):
            if generation:
                self._change(self._seen.changes[generation - 1])
            self._numbers.append(self._store.last().number)
            self._rows.append(frozenset(Contents(self._store).rows()))
            for at, state in enumerate(self._states):
                if state.change.number == self._numbers[generation]:
                    self._take_in(at)
            self._answer(generation, readings[generation])

    @property
    def _store(self) -> Store:
        return self._collection.store

    def _change(self, change: Change) -> None:
        headers = {"authorization": f"Bearer {KEY}", "content-type": "text/plain"}
        self._http.request(*change.request, content=change.text, headers=headers).raise_for_status()

    def _take_in(self, at: int) -> None:
        """Note what an index holds, and make it anew if it is whole."""
        name = whole(self._states[at])
        if name and name not in self._anew:
            folder = self._kept / f"anew-{at}"
            Growth(folder, Contents(self._store), self._collection.encoder, self._collection.glossary).grow()
            if whole(current(folder)) == name:
                self._anew[name] = folder
        self._open(at)
        index = self._collection.index()
        self._held[at] = frozenset(row for batch in index.batches(range(len(index.segments))) for row in batch.rows)

    def _open(self, at: int) -> None:
        name, indexes = whole(self._states[at]), self._collection.settings.indexes
        indexes.unlink(missing_ok=True)
        indexes.symlink_to(self._anew.get(name or "", self._kept / str(at)))
        assert self._collection.index().state.segments == self._states[at].segments

    def _answer(self, generation: int, readings: Sequence[Reading]) -> None:
        wanted = defaultdict[int, set[int]](set)
        for reading in readings:
            for _, at in self._moments(reading, generation):
                wanted[at].add(reading.question)
        for at, questions in wanted.items():
            self._open(at)
            for question in questions:
                reply = self._http.post("/api/ask", json=dict(QUESTIONS[question]))
                self._expected[(generation, at), question] = reply.status_code, timeless(reply.content)

    def _moments(self, reading: Reading, generation: int) -> Iterator[Moment]:
        """Those of a generation that come into question for a reading."""
        is_late = False
        for at, state in enumerate(self._states):
            is_late |= state.change.number >= self._numbers[reading.indexed]
            if is_late and state.change.number <= self._numbers[generation]:
                yield generation, at

    def verdicts(self, readings: Sequence[Reading]) -> Iterator[Verdict]:
        """Of readings of the trial, each reader's in order."""
        before: dict[int, Sequence[Moment]] = {}
        for reading in readings:
            expected = {
                moment: self._expected[moment, reading.question]
                for generation in range(reading.stored, reading.begun + 1)
                for moment in self._moments(reading, generation)
            }
            alike = [moment for moment, reply in expected.items() if reply == (reading.status, reading.body)]
            earlier = before.get(reading.reader, [(0, 0)])
            moments = tuple(moment for moment in alike if any(is_before(one, moment) for one in earlier))
            if moments:
                before[reading.reader] = moments
            yield Verdict(reading, moments, expected)

    def is_pure(self, moment: Moment) -> bool:
        """Whether the index is whole and holds just the generation."""
        generation, at = moment
        return bool(whole(self._states[at])) and self._held[at] == self._rows[generation]

    @property
    def indexes(self) -> int:
        """How many were published."""
        return len(self._states)

    def torn(self) -> Iterator[str]:
        """Which of them hold what no generation does that was there by then."""
        for at, (state, begun) in enumerate(zip(self._states, self._begun, strict=True)):
            if state.change.number not in self._numbers:
                yield f"index {at}: stops within a change"
            elif self._held[at] not in self._rows[self._numbers.index(state.change.number) : begun + 1]:
                yield f"index {at}: holds what no generation up to {begun} does"


def whole(state: State) -> str | None:
    """The name of the one segment of an index; None if there are several, or not all of it counts."""
    return state.segments[0].name if len(state.segments) == 1 and not state.segments[0].without else None


def is_before(one: Moment, other: Moment) -> bool:
    return one[0] <= other[0] and one[1] <= other[1]
