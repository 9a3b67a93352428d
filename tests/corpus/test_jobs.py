"""Jobs: found by whoever has the store open, also after a restart; the last ones are kept."""

from datetime import date
from pathlib import Path

import pytest

from corpus.jobs import KEPT
from corpus.store import Store
from service.ingestion import draft_of
from service.sources import Source, sources

TODAY = date(2026, 1, 1)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store.sqlite3")


def put(store: Store, tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name}.txt").write_text(f"The delegation of {name} spoke of the harbour and of the railway.", "utf-8")
    (source,) = sources([tmp_path / f"{name}.txt"])
    assert isinstance(source, Source)
    store.put(draft_of(source), TODAY)


def test_a_job_is_found_by_all_and_waits_for_its_change(store: Store, tmp_path: Path) -> None:
    put(store, tmp_path, "corfu")
    first = store.jobs.add("corfu", "added")
    put(store, tmp_path, "elba")
    second = store.jobs.add("elba", "added")
    store.withdraw("elba", TODAY)
    third = store.jobs.add("elba", None)
    assert 0 < first.change < second.change < third.change == store.changes.last().number
    there = Store(tmp_path / "store.sqlite3").jobs
    assert [there.job(job.id) for job in (first, second, third)] == [first, second, third]
    assert there.job("none") is None
    assert there.waiting(0) == [first, second, third] and there.waiting(first.change) == [second, third]
    assert there.waiting(third.change) == []


def test_a_job_that_fails_waits_no_more_and_says_why(store: Store, tmp_path: Path) -> None:
    put(store, tmp_path, "corfu")
    jobs = [store.jobs.add("corfu", "added") for _ in range(3)]
    store.jobs.fail(jobs[:2], "no space")
    assert store.jobs.waiting(0) == jobs[2:]
    assert [getattr(store.jobs.job(job.id), "problem", "") for job in jobs] == ["no space", "no space", None]


def test_what_is_done_and_asked_after_is_done_as_a_whole(store: Store, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), store.changing():
        put(store, tmp_path, "corfu")
        held = store.jobs.add("corfu", "added")
        1 / 0  # noqa: B018
    assert store.members() == [] and store.jobs.job(held.id) is None


def test_the_last_ones_are_kept(store: Store) -> None:
    with store.changing():
        jobs = [store.jobs.add(f"d-{number}", "added") for number in range(KEPT + 5)]
    assert [store.jobs.job(job.id) is None for job in jobs] == [True] * 5 + [False] * KEPT
    assert store.jobs.waiting(-1) == jobs[5:]
