"""A disk that fills up: what was acknowledged stays, what was published answers, and with more room all goes on."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from corpus.audit import audit
from corpus.document import CorpusError
from embeddings.publication import IndexUnwritable
from service.collection import Collection
from service.ingestion import ingest
from service.settings import Settings

PROSE = "The {}th delegation spoke of the harbour, the railway and the post, and asked for a report on each of them. "


class Disk:
    """A file system of its own, of so many kilobytes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def mount(self, kilobytes: int) -> None:
        self._run("mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(self.path))

    def resize(self, kilobytes: int) -> None:
        self._run("mount", "-o", f"remount,size={kilobytes}k", str(self.path))

    def fill(self) -> Path:
        """Leave no room."""
        with (self.path / "filler").open("wb", buffering=0) as file:
            try:
                while file.write(bytes(1 << 16)):
                    pass
            except OSError:
                pass
        return self.path / "filler"

    def _run(self, *command: str) -> None:
        subprocess.run(command, check=True, capture_output=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    made = Disk(tmp_path / "disk")
    made.path.mkdir()
    try:
        made.mount(64_000)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no file system can be mounted here ({error})")
    yield made
    subprocess.run(["umount", "--lazy", str(made.path)], check=True)


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
