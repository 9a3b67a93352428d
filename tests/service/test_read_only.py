"""A folder that can't be written to: what is there answers, and what can't be done says so."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from corpus.document import CorpusError
from service.app import create_app
from service.collection import Collection
from service.doctor import examined, repaired
from service.ingestion import BUILT_IN, ingest
from service.settings import Settings
from tests.service.disks import Disk, mounted

ROOT = Path(__file__).parents[2]


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Disk]:
    with mounted(tmp_path / "mount") as made:
        yield made


def settings(mount: Disk) -> Settings:
    return Settings(data=mount.path / "data")


def filled(mount: Disk) -> Collection:
    collection = Collection(settings(mount))
    ingest(collection.store, [BUILT_IN])
    collection.build_index()
    return collection


def yinju(mount: Disk, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", "from service.doors.cli import main; main()", *arguments]
    environ = {**os.environ, "YINJU_DATA": str(settings(mount).data), "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


def test_a_finished_collection_answers(mount: Disk) -> None:
    collection = filled(mount)
    expected = collection.answerer().ask("what was said about INF").quotes
    collection.store.close()
    mount.seal()
    fresh = Collection(settings(mount), create=False)
    assert fresh.answerer().ask("what was said about INF").quotes == expected != ()
    assert create_app(fresh) and list(examined(settings(mount))) == [] == list(repaired(settings(mount)))
    asked = yinju(mount, "ask", "--json", "what was said about INF")
    assert asked.returncode == 0 and len(json.loads(asked.stdout)["quotes"]) == len(expected)
    doctor = yinju(mount, "doctor")
    assert (doctor.returncode, doctor.stdout) == (0, "") and "5 documents, 159 passages: 0 problems" in doctor.stderr


def test_what_would_have_to_be_written_says_so(mount: Disk, tmp_path: Path) -> None:
    filled(mount).store.close()
    mount.seal()
    file = tmp_path / "moon.txt"
    file.write_text("The lunar post takes parcels of five pounds, and letters wait until the moon wanes.", "utf-8")
    done = yinju(mount, "ingest", str(file))
    assert done.returncode == 1 and "check that the folder and the files in it may be written to" in done.stderr
    withdrawn = yinju(mount, "withdraw", "hant-2022")
    assert withdrawn.returncode == 1 and "may be written to" in withdrawn.stderr
    assert "Traceback" not in done.stderr + withdrawn.stderr


def test_what_stands_in_the_log_alone_is_not_passed_over(mount: Disk) -> None:
    collection = filled(mount)
    collection.store.withdraw("hant-2022", collection.store.documents()[0].accessed)
    log = settings(mount).store.with_name("store.sqlite3-wal")
    copied = mount.path / "copied"
    copied.mkdir()
    held = [(path.name, path.read_bytes()) for path in (settings(mount).store, log)]
    collection.store.close()
    for name, data in held:
        (copied / name).write_bytes(data)
    mount.seal()
    with pytest.raises(CorpusError, match="its log has to be; open it once where it can"):
        Collection(Settings(data=copied))
    assert any("open it once where it can" in line for line in examined(Settings(data=copied)))


def test_an_empty_folder_says_so(mount: Disk) -> None:
    settings(mount).folder.mkdir()
    mount.seal()
    served = yinju(mount, "serve", "--port", "1")
    assert served.returncode == 1 and "check the path, and that the folder may be written to" in served.stderr
