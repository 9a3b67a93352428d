"""The threads that look after an index outlive whatever goes wrong in them, and say what it was."""

import threading
import time
from pathlib import Path

import pytest

from corpus.jobs import Job
from corpus.store import Store
from service.indexing import Indexing, State


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (OSError("no room"), "no room"),
        (SystemError("never heard of"), "this is a fault of the service, not of the document; see its log"),
    ],
)
def test_a_fault_is_told_and_the_next_change_is_indexed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, fault: Exception, said: str
) -> None:
    store, reached, turns = Store(tmp_path / "store.sqlite3"), 0, list[str]()
    tidied = threading.Semaphore(0)

    def renew() -> None:
        nonlocal reached
        turns.append("renew")
        if turns.count("renew") == 1:
            raise fault
        reached = store.last().number

    def tidy(told: object) -> bool:
        tidied.release()
        raise fault

    def scrub() -> None:
        raise fault

    def put() -> None:
        with store.changing():
            store.changes.note(["a"])
            jobs.append(store.jobs.add("a", None))

    def come_to(*wanted: tuple[State, str | None]) -> None:
        deadline = time.monotonic() + 10
        while tuple(map(indexing.progress, jobs)) != wanted:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    jobs: list[Job] = []
    put()
    indexing = Indexing(store.jobs, lambda: reached, renew, tidy, scrub)
    indexing.start()
    try:
        come_to((State.FAILED, said))
        assert tidied.acquire(timeout=10)
        put()
        indexing.wake()
        come_to((State.DONE, None), (State.DONE, None))
        assert tidied.acquire(timeout=10)
    finally:
        indexing.close()
    unheard = {"a change could not be indexed", "the index could not be looked after"}
    assert {record.getMessage() for record in caplog.records} == (unheard if isinstance(fault, SystemError) else set())
