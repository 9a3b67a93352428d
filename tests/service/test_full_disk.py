"""A disk that fills up: what was acknowledged stays, what was published answers, and with more room all goes on."""

import datetime
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from corpus.audit import audit
from corpus.database import Database
from corpus.document import CorpusError
from embeddings.publication import IndexUnwritable
from service import built_in
from service.collection import Collection
from service.doctor import examined, repaired
from service.doors import cli
from service.ingestion import BUILT_IN, ingest
from service.settings import Settings
from tests.service.disks import Disk, mounted

PROSE = "The {}th delegation spoke of the harbour, the railway and the post, and asked for a report on each of them. "


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with mounted(tmp_path / "disk") as made:
        yield made


def write(folder: Path, count: int) -> Path:
    folder.mkdir(exist_ok=True)
    for number in range(count):
        text = "\n\n".join(PROSE.format(f"{number}-{at}") * 3 for at in range(4 + number % 3))
        (folder / f"{number:03}.txt").write_text(text, "utf-8")
    return folder


def test_what_was_stored_before_stays_and_the_rest_follows(disk: Disk, tmp_path: Path) -> None:
    files = write(tmp_path / "in", 60)
    collection = Collection(Settings(data=disk.path / "data"))
    disk.resize(1_500)
    reports = ingest(collection.store, [files])
    stored = {report.document for report in reports if report.outcome}
    refused = [report.problem or "" for report in reports if not report.outcome]
    assert 0 < len(stored) < 60 and len(stored) + len(refused) == 60
    assert all("free some space and try again; what was stored before is safe" in problem for problem in refused)
    again = Collection(collection.settings)
    assert {member.document for member in again.store.members()} == stored
    assert list(audit(again.store)) == []
    disk.resize(64_000)
    outcomes = [report.outcome for report in ingest(again.store, [files])]
    assert None not in outcomes and len(again.store.members()) == 60 and list(audit(again.store)) == []


def test_the_index_before_still_answers_and_the_next_comes_with_more_room(disk: Disk, tmp_path: Path) -> None:
    files = write(tmp_path / "in", 3)
    collection = Collection(Settings(data=disk.path / "data"))
    ingest(collection.store, [files])
    collection.build_index()
    held, (quote, *_) = collection.index(), collection.answerer().ask("harbour railway delegation").quotes
    write(tmp_path / "in", 30)
    ingest(collection.store, [files])
    filler = disk.fill()
    folders = sorted(path.name for path in collection.settings.indexes.iterdir())
    for build in (collection.build_index, Collection(collection.settings).build_index):
        with pytest.raises(
            IndexUnwritable, match="can't be written .* free some space .* the one before still answers"
        ):
            build()
    assert sorted(path.name for path in collection.settings.indexes.iterdir()) == folders
    assert collection.index() is held
    fresh = Collection(collection.settings)
    assert fresh.index().name == held.name and fresh.index_problems() == []
    assert quote in fresh.answerer().ask("harbour railway delegation").quotes
    filler.unlink()
    assert collection.build_index() and collection.growth.is_current()
    assert len(collection.index().documents) == 30


def test_a_full_disk_says_so_at_once(disk: Disk, tmp_path: Path) -> None:
    disk.fill()
    with pytest.raises(CorpusError, match="full|disk I/O error|No space left"):
        Collection(Settings(data=disk.path / "data"))
    shutil.rmtree(disk.path / "data", ignore_errors=True)


def test_wherever_publishing_runs_out_of_room_the_index_before_answers(disk: Disk, tmp_path: Path) -> None:
    files = write(tmp_path / "in", 3)
    collection = Collection(Settings(data=disk.path / "data"))
    ingest(collection.store, [files])
    collection.build_index()
    write(tmp_path / "in", 12)
    ingest(collection.store, [files])
    filler, outcomes = disk.fill(), list[bool]()
    for spared in (4, 12, 24, 48, 100, 200, 260, 300, 340, 400, 1_000):  # kilobytes: segment, pointer, merged segment
        filler.write_bytes(b"")
        disk.fill()
        with filler.open("r+b") as file:
            file.truncate(filler.stat().st_size - (spared << 10))
        try:
            collection.build_index()
            outcomes.append(True)
        except IndexUnwritable:
            outcomes.append(False)
        fresh = Collection(collection.settings)
        assert fresh.index_problems() == [] and fresh.answerer().ask("harbour railway delegation").answered
        fresh.store.close()
    assert outcomes[0] is False and outcomes[-1] is True and collection.growth.is_current()


def test_a_change_that_does_not_fit_is_refused_as_a_whole(disk: Disk, tmp_path: Path) -> None:
    collection = Collection(Settings(data=disk.path / "data"))
    ingest(collection.store, [write(tmp_path / "in", 30)])
    store, filler = collection.store, disk.fill()
    for name in [member.document for member in store.members()]:
        before = store.members(), store.last()
        try:
            with store.changing():
                store.withdraw(name, datetime.date(2026, 1, 2))
                job = store.jobs.add(name, None)
        except CorpusError as error:
            assert "free some space and try again; what was stored before is safe" in str(error)
            break
        assert store.jobs.job(job.id) == job
    else:
        pytest.fail("the disk was not full")
    again = Collection(collection.settings)
    assert (again.store.members(), again.store.last()) == before and list(audit(again.store)) == []
    filler.unlink()
    store.withdraw(name, datetime.date(2026, 1, 2))
    assert store.withdrawn(name) and list(audit(store)) == []


def test_what_is_only_noted_may_be_missing(disk: Disk) -> None:
    collection = Collection(Settings(data=disk.path / "data"))
    ingest(collection.store, [BUILT_IN])
    mark = disk.path / "data" / "built-in.sha256"
    disk.fill()
    built_in.taken_in(mark)
    assert built_in.is_wanted(collection.store, mark)


def test_a_catalogue_is_written_whole_or_not_at_all(disk: Disk) -> None:
    folder = write(disk.path / "in", 3)
    filler = disk.fill()
    with pytest.raises(CorpusError, match="catalogue.toml: can't be written .* make room"):
        cli.catalogue(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["000.txt", "001.txt", "002.txt"]
    filler.unlink()
    cli.catalogue(folder)
    assert (folder / "catalogue.toml").stat().st_size > 100


def test_a_repair_that_does_not_fit_leaves_the_store_as_it_was(disk: Disk, tmp_path: Path) -> None:
    collection = Collection(Settings(data=disk.path / "data"))
    ingest(collection.store, [write(tmp_path / "in", 12)])
    collection.build_index()
    collection.store.close()
    database = Database(collection.settings.store)
    database.rows("UPDATE passages SET text = 'nothing' WHERE document = '003' AND position = 1")
    database.close()
    before, filler = collection.settings.store.read_bytes(), disk.fill()
    with pytest.raises(CorpusError, match="full|No space left"):
        list(repaired(collection.settings))
    assert collection.settings.store.read_bytes() == before
    filler.unlink()
    assert list(repaired(collection.settings)) == [] == list(examined(collection.settings))
