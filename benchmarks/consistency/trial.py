"""A running service whose collection changes while others read, and all that was seen of it."""

import json
import random
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from itertools import count, cycle
from time import perf_counter, sleep, time

from benchmarks.consistency.changes import QUESTIONS, Change, walk
from benchmarks.freshness import request

READERS = 4
JSON = {"content-type": "application/json"}
_TIME = re.compile(rb'"took_ms":[0-9.]+,')
_PATIENCE = 60.0  # seconds
_WAITS, _RESTS, _REST = 0.6, 0.15, 1.0  # how often the index is waited for, and how often and long there is quiet


@dataclass(frozen=True, slots=True)
class Reading:
    """A reply, and which generations it may be of: they are counted, and 0 is the collection before any change.

    All up to `stored` were acknowledged before it was asked, all up to `indexed` had been told to be in the index, and
    none after `begun` was so much as sent before it was there.
    """

    reader: int
    question: int
    stored: int
    indexed: int
    begun: int
    status: int
    body: bytes


@dataclass(slots=True)
class Seen:
    """What came of a trial; `begun` is when each change was sent, by the clock of files."""

    changes: list[Change] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    begun: list[float] = field(default_factory=list)
    followed_s: list[float] = field(default_factory=list)  # from an acknowledgement until the index had it


@dataclass(slots=True)
class _Progress:
    stored: int = 0
    indexed: int = 0
    begun: int = 0


def tried(port: int, seconds: float, seed: int) -> Seen:
    """Change and read for so long."""
    seen, progress = Seen(), _Progress()
    with _meanwhile(*(_reading(port, number, progress, seen) for number in range(READERS))):
        _write(port, random.Random(seed), progress, seen, seconds)
        sleep(1)  # the last index is tidied up, and read from
    return seen


@contextmanager
def _meanwhile(*work: Callable[[threading.Event], None]) -> Iterator[None]:
    """Threads that go on until the context ends. What one of them raises is raised."""
    ended, failures = threading.Event(), list[BaseException]()

    def run(one: Callable[[threading.Event], None]) -> None:
        try:
            one(ended)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    for failure in failures:
        raise failure


def _reading(port: int, reader: int, progress: _Progress, seen: Seen) -> Callable[[threading.Event], None]:
    known: dict[bytes, bytes] = {}

    def read(ended: threading.Event) -> None:
        with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
            for question in cycle([*range(reader, len(QUESTIONS)), *range(reader)]):
                if ended.is_set():
                    return
                stored, indexed = progress.stored, progress.indexed
                connection.request("POST", "/api/ask", json.dumps(QUESTIONS[question]), JSON)
                reply = connection.getresponse()
                body = timeless(reply.read())
                body = known.setdefault(body, body)
                seen.readings.append(Reading(reader, question, stored, indexed, progress.begun, reply.status, body))

    return read


def timeless(body: bytes) -> bytes:
    """A reply without the time that it took."""
    return _TIME.sub(b"", body)


def _write(port: int, rng: random.Random, progress: _Progress, seen: Seen, seconds: float) -> None:
    """Change what is there for so long, sometimes before the change before is in the index."""
    ends = perf_counter() + seconds
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        for number, change in zip(count(1), walk(rng), strict=False):
            if perf_counter() > ends:
                return
            progress.begun = number
            seen.changes.append(change)
            seen.begun.append(time())
            status, told = request(connection, *change.request, change.text)
            assert status in (200, 201), told
            progress.stored, acknowledged = number, perf_counter()
            if rng.random() < _WAITS:
                job = told["job"] if change.text else told
                while request(connection, "GET", f"/api/jobs/{job['id']}")[1]["state"] != "done":
                    assert perf_counter() - acknowledged < _PATIENCE, f"{job} is not in the index"
                    sleep(0.005)
                progress.indexed = number
                seen.followed_s.append(perf_counter() - acknowledged)
            if rng.random() < _RESTS:
                sleep(_REST)
