"""Which files paths name, what is known of them beforehand, and what becomes of many read on all cores."""

import datetime
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from service.collection import Collection
from service.ingestion import ingest, prepare
from service.settings import Settings
from service.sources import Source, Unreadable, other_formats, sources

PROSE = "The parties agree on number {} of the measures, and they will carry it out together next year.\n"


def put(folder: Path, name: str, number: int = 0) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(PROSE.format(number), "utf-8")
    return path


def labels(*paths: Path) -> list[str]:
    return [held.label for held in sources(paths)]


def test_folders_patterns_and_archives_are_looked_through(tmp_path: Path) -> None:
    for name in ("b/one.txt", "b/two.md", "b/three.exe", "c/one.txt"):
        put(tmp_path, name)
    (tmp_path / "b" / "link.txt").symlink_to(tmp_path / "c" / "one.txt")
    with zipfile.ZipFile(tmp_path / "b" / "held.zip", "w") as archive:
        archive.writestr("inner/four.txt", PROSE)
    base = f"{tmp_path}/b"
    assert labels(tmp_path / "b") == [f"{base}/held.zip!inner/four.txt", f"{base}/one.txt", f"{base}/two.md"]
    assert labels(tmp_path / "*" / "one.*") == [f"{base}/one.txt", f"{tmp_path}/c/one.txt"]
    assert labels(tmp_path / "b" / "one.txt", tmp_path / "b" / "*.txt") == [f"{base}/one.txt", f"{base}/link.txt"]
    assert labels(tmp_path / "none.txt") == [f"{tmp_path}/none.txt"]


def test_what_is_known_beforehand_stands_beside_the_file_or_in_the_nearest_catalogue(tmp_path: Path) -> None:
    for name in ("a.txt", "in/b.txt", "in/deep/c.txt", "in/deep/d.txt"):
        put(tmp_path, name)
    (tmp_path / "in" / "catalogue.toml").write_text(
        '[works.w]\ndate = 2020-01-02\n[documents.named-b]\nfile = "b.txt"\nwork = "w"\n'
        '[documents.named-c]\nfile = "deep/c.txt"\n',
        "utf-8",
    )
    (tmp_path / "in" / "deep" / "d.txt.toml").write_text(
        'title = "D"\nurl = "https://example.org/d"\n[work]\ndate = 2021-03-04\n[work.titles]\nen = "The D"\n', "utf-8"
    )
    held = {source.file.name: source for source in sources([tmp_path]) if isinstance(source, Source)}
    assert {name: source.entry.document for name, source in held.items()} == {
        "a.txt": "a",
        "b.txt": "named-b",
        "c.txt": "named-c",
        "d.txt": "d",
    }
    assert held["b.txt"].work and held["b.txt"].work.date == datetime.date(2020, 1, 2)
    work = held["d.txt"].work
    assert work and (work.id, work.date, work.titles) == ("d", datetime.date(2021, 3, 4), {"en": "The D"})
    assert held["d.txt"].entry.origin.url == "https://example.org/d"
    assert (held["a.txt"].named_after, held["c.txt"].named_after) == (str(tmp_path / "a.txt"), None)


def test_a_table_that_cannot_be_read_skips_its_file_alone(tmp_path: Path) -> None:
    put(tmp_path, "a.txt")
    put(tmp_path, "b.txt", 1)
    (tmp_path / "a.txt.toml").write_text("title = 3", "utf-8")
    bad, good = sources([tmp_path])
    assert isinstance(bad, Unreadable) and "a.txt.toml: a: title = 3 is no text" in bad.problem
    assert isinstance(good, Source)


def test_a_catalogue_that_cannot_be_used_is_told_once_and_an_entry_without_a_file_too(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        put(tmp_path, name)
    (tmp_path / "catalogue.toml").write_text('[documents.a]\nfile = "a.txt"\npage = 3', "utf-8")
    first, second = sources([tmp_path])
    assert isinstance(first, Unreadable) and "catalogue.toml: a: page = 3 is no text" in first.problem
    assert isinstance(second, Unreadable) and second.problem == f"{tmp_path}/b.txt: can't be read either; see above"
    (tmp_path / "catalogue.toml").write_text('[documents.x]\nfile = "x.txt"\n[documents.b]\nfile = "b.txt"', "utf-8")
    *found, lost = sources([tmp_path])
    assert all(isinstance(held, Source) for held in found) and len(found) == 2
    assert isinstance(lost, Unreadable) and "x names the file 'x.txt', which is not there" in lost.problem


def test_what_systems_leave_behind_is_no_document(tmp_path: Path) -> None:
    for name in ("a.txt", ".hidden.txt", ".git/a.txt", "~$a.docx", "__MACOSX/._a.txt"):
        put(tmp_path / "in", name)
    with zipfile.ZipFile(tmp_path / "in" / "b.zip", "w") as archive:
        for name in ("b.txt", "__MACOSX/._b.txt", "deep/.b.txt"):
            archive.writestr(name, PROSE)
    assert labels(tmp_path / "in") == [f"{tmp_path}/in/a.txt", f"{tmp_path}/in/b.zip!b.txt"]


def test_many_files_read_on_all_cores_come_in_order_and_are_the_same(tmp_path: Path) -> None:
    for number in range(60):
        put(tmp_path / "in", f"{number:02}.txt", number)
    (tmp_path / "in" / "07.txt").write_text("", "utf-8")
    many = list(prepare([tmp_path / "in"]))
    assert [Path(held.path).name for held in many] == [f"{number:02}.txt" for number in range(60)]
    assert [held.problem for held in many if held.problem] == ["07.txt: holds no text"]
    for held in (many[0], many[41]):
        (alone,) = prepare([Path(held.path)])
        assert held.draft and alone.draft and held.draft.passages == alone.draft.passages


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    put(tmp_path / "in", "good.txt")
    put(tmp_path / "in", "empty.txt").write_text("", "utf-8")
    return tmp_path / "in"


def yinju(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from service.doors.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env={"YINJU_DATA": str(data)}, timeout=120)


def test_json_tells_of_each_file(folder: Path, tmp_path: Path) -> None:
    done = yinju(tmp_path / "data", "ingest", str(folder), "--json")
    empty, good = map(json.loads, done.stdout.splitlines())
    assert done.returncode == 1 and "1 skipped, 1 added" in done.stderr
    assert (empty["path"], empty["problem"]) == (f"{folder}/empty.txt", "empty.txt: holds no text")
    assert (good["document"], good["outcome"], good["reader"], good["paragraphs"]) == ("good", "added", "utf-8", 1)


def test_other_formats_are_left_aside_and_counted(folder: Path, tmp_path: Path) -> None:
    (folder / "empty.txt").unlink()
    for name in ("old.doc", "deep/older.DOC", "budget.xlsx", "good.txt.toml", ".DS_Store"):
        put(folder, name).write_text("", "utf-8")
    assert other_formats([folder]) == other_formats([tmp_path / "i*"]) == {".doc": 2, ".xlsx": 1}
    done = yinju(tmp_path / "data", "ingest", "--dry-run", str(folder))
    assert done.returncode == 0 and "these formats are not read: 2 .doc, 1 .xlsx" in done.stderr


def test_a_trial_shows_the_paragraphs_and_stores_nothing(folder: Path, tmp_path: Path) -> None:
    (folder / "good.txt").write_text(f"Title: Own\n\n{PROSE.format(1)}\n- 3 -\n", "utf-8")
    shown = yinju(tmp_path / "data", "ingest", str(folder), "--dry-run")
    assert shown.returncode == 1 and not (tmp_path / "data").exists()
    lines = [line.split(maxsplit=1) for line in shown.stdout.splitlines() if line]
    assert ["furniture", "- 3 -"] in lines and ["1", PROSE.format(1).strip()] in lines
    (good,) = [
        json.loads(line)
        for line in yinju(tmp_path, "ingest", str(folder / "good.txt"), "--dry-run", "--json").stdout.splitlines()
    ]
    assert good["title"] == "Own" and good["deleted"]["page_furniture"] == 6
    assert [(held["role"], held.get("number")) for held in good["passages"]] == [
        ("front matter", None),
        ("body", "1"),
        ("furniture", None),
    ]


def test_a_file_that_states_its_date_is_found_by_it(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(f"Date: 2014-05-06\n\n{PROSE}", "utf-8")
    made = Collection(Settings(data=tmp_path / "data"))
    ingest(made.store, [tmp_path / "a.txt"])
    assert [work.date for work in made.store.works().values()] == [datetime.date(2014, 5, 6)]
