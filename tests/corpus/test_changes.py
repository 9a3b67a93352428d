"""What a store says has changed since when: just the documents whose paragraphs, titles or witnesses may be others."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from corpus.changes import NONE, Change
from corpus.document import Work
from corpus.store import Outcome, Store
from service.ingestion import draft_of
from service.sources import Source, sources

TODAY = date(2026, 1, 1)
LONG = "The delegations exchanged views on the harbour, the railway and the post of the island {}, and agreed to meet."
ONE = "\n\n".join(LONG.format(name) for name in ("Aland", "Bornholm", "Corfu", "Djerba"))
OTHER = "\n\n".join(f"Nothing of this was said about the mines and quarries of {name}." for name in ("Elba", "Faial"))
THIRD = "\n\n".join(f"The {name} of the valley was mended in spring, after long rain." for name in ("dam", "mill"))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "data" / "store.sqlite3")


def put(store: Store, tmp_path: Path, name: str, text: str, work: Work | None = None) -> Outcome:
    (tmp_path / f"{name}.txt").write_text(text, "utf-8")
    (source,) = sources([tmp_path / f"{name}.txt"])
    assert isinstance(source, Source)
    return store.put(draft_of(replace(source, work=work)), TODAY)


def since(store: Store, change: Change) -> frozenset[str]:
    documents, last = store.changes.since(change, 1000)
    assert last == store.changes.last()
    return documents


def test_what_comes_changes_and_goes_is_told_with_its_witnesses(store: Store, tmp_path: Path) -> None:
    assert store.changes.last() == NONE and since(store, NONE) == frozenset()
    put(store, tmp_path, "one", ONE)
    first = store.changes.last()
    put(store, tmp_path, "other", OTHER)
    second = store.changes.last()
    assert since(store, NONE) == {"one", "other"} and since(store, first) == {"other"}
    assert put(store, tmp_path, "other", OTHER) is Outcome.UNCHANGED
    assert store.changes.last() == second and since(store, second) == frozenset()
    put(store, tmp_path, "witness", ONE)  # of the work of "one"
    assert since(store, second) == {"one", "witness"}
    third = store.changes.last()
    store.withdraw("one", TODAY)
    assert since(store, third) == {"one", "witness"}
    fourth = store.changes.last()
    put(store, tmp_path, "one", ONE)
    assert since(store, fourth) == {"one", "witness"}


def test_much_that_has_changed_comes_in_steps(store: Store, tmp_path: Path) -> None:
    for name, text in (("one", ONE), ("other", OTHER), ("third", THIRD), ("fourth", ONE)):
        put(store, tmp_path, name, text)
    # "fourth" is a witness of "one", and so both are part of the last change.
    steps, last = list[frozenset[str]](), NONE
    while last != store.changes.last():
        documents, last = store.changes.since(last, 2)
        steps.append(documents)
        assert store.changes.knows(last)
    assert steps == [{"other"}, {"third"}, {"fourth", "one"}]


def test_another_title_of_a_work_is_a_change_of_its_documents(store: Store, tmp_path: Path) -> None:
    put(store, tmp_path, "one", ONE, Work("w", {"en": "First"}))
    put(store, tmp_path, "other", OTHER)
    before = store.changes.last()
    assert put(store, tmp_path, "one", ONE, Work("w", {"en": "First"})) is Outcome.UNCHANGED
    assert store.changes.last() == before
    put(store, tmp_path, "one", ONE, Work("w", {"en": "Second"}))
    assert since(store, before) == {"one"}


def test_a_store_knows_only_the_changes_that_it_went_through(store: Store, tmp_path: Path) -> None:
    put(store, tmp_path, "one", ONE)
    backup = (tmp_path / "backup.sqlite3").as_posix()
    store._database.rows(f"VACUUM INTO '{backup}'")
    shared = store.changes.last()
    put(store, tmp_path, "other", OTHER)
    restored = Store(tmp_path / "backup.sqlite3")
    put(restored, tmp_path, "third", OTHER)
    assert restored.changes.last().number == store.changes.last().number
    assert restored.changes.knows(shared) and restored.changes.knows(NONE)
    assert not restored.changes.knows(store.changes.last())
    assert not restored.changes.knows(Change(shared.number, "other"))
