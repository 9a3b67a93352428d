"""Files that can't be taken in: each is named with what to do, and all that is good beside them is in."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import pypdf
import pytest
from typer.testing import CliRunner

from benchmarks.files.formats import docx_file, pdf, repacked
from corpus.store import Store
from service.doors.cli import app

PROSE = "The delegations spoke of the harbour and of the railway, and asked for a report on each of them."


def locked() -> bytes:
    writer, file = pypdf.PdfWriter(io.BytesIO(pdf([[PROSE]]))), io.BytesIO()
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(file)
    return file.getvalue()


def zipped(*members: tuple[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return file.getvalue()


def saved(document: "docx.document.Document") -> bytes:
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


BAD: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "0 bytes": ("empty.txt", lambda: b"", "holds no text"),
    "white space": ("blank.md", lambda: b" \n\t\n", "holds no text"),
    "a picture called txt": ("picture.txt", lambda: b"\x89PNG\r\n\x1a\n\0" + bytes(range(256)), "convert it to UTF-8"),
    "a program called txt": ("program.txt", lambda: b"\x7fELF\x02\x01" + bytes(500), "convert it to UTF-8 first"),
    "a NUL": ("nul.txt", lambda: f"{PROSE}\0".encode(), "it holds NUL characters, as binary files do"),
    "a text called pdf": ("text.pdf", lambda: PROSE.encode(), "not a readable PDF"),
    "a text called docx": ("text.docx", lambda: PROSE.encode(), "not a readable DOCX"),
    "a text called zip": ("text.zip", lambda: PROSE.encode(), "not a readable ZIP"),
    "0 bytes of pdf": ("empty.pdf", lambda: b"", "not a readable PDF"),
    "a broken pdf": ("broken.pdf", lambda: pdf([[PROSE]])[:200], "not a readable PDF"),
    "a locked pdf": ("locked.pdf", locked, "is encrypted; save it without its password first"),
    "a pdf of pictures": ("scan.pdf", lambda: pdf([[], []]), "only pictures of it; run text recognition on it first"),
    "10,000 pages": ("endless.pdf", lambda: pdf([["x"]] * 10_000), "10000 pages, and 5000 are read at most; split it"),
    "half a docx": ("half.docx", lambda: docx_file([PROSE], "Title")[:9_000], "not a readable DOCX"),
    "a bomb in docx": (
        "bomb.docx",
        lambda: repacked(saved(docx.Document()), {"word/document.xml": bytes(48 << 20)}),
        "its part word/document.xml unpacks to 50331648 bytes, too many to be taken",
    ),
    "billions of laughs": (
        "laughs.docx",
        lambda: repacked(
            saved(docx.Document()),
            {
                "word/document.xml": b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "'
                + b"&a;" * 5000
                + b'"><!ENTITY c "'
                + b"&b;" * 5000
                + b'">]><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
                b"<w:body><w:p><w:r><w:t>&c;</w:t></w:r></w:p></w:body></w:document>"
            },
        ),
        "",
    ),
    "an empty page": ("page.html", lambda: b"<html><script>alert(1)</script></html>", "holds no text"),
    "nothing that reads like prose": ("title.txt", lambda: b"Minutes", "no paragraph in it reads like body text"),
    "a bomb in a zip": ("bomb.zip", lambda: zipped(("a.txt", bytes(48 << 20))), "bomb.zip!a.txt: unpacks to 50331648"),
}


@pytest.fixture(scope="module")
def taken_in(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, dict[str, str], Store]:
    """Exit code, problem by file name, and the store, of all of them in one folder with some good ones."""
    folder, data = tmp_path_factory.mktemp("in"), tmp_path_factory.mktemp("data")
    for name, make, _ in BAD.values():
        (folder / name).write_bytes(make())
    (folder / "good.txt").write_text(PROSE, "utf-8")
    (folder / "marked.txt").write_text(f"\ufeff{PROSE}\u202e <script>alert(1)</script>", "utf-8")
    (folder / "climbing.zip").write_bytes(
        zipped(("../../climbed.txt", PROSE.encode()), ("/etc/rooted.txt", PROSE.encode()))
    )
    (folder / "outside.txt").symlink_to("/etc/hostname")
    (folder / "around").symlink_to(folder, target_is_directory=True)
    done = CliRunner().invoke(app, ["ingest", str(folder), "--json"], env={"YINJU_DATA": str(data)})
    assert done.exception is None or isinstance(done.exception, SystemExit)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    problems = {Path(line["path"].partition("!")[0]).name: line["problem"] for line in told if line["problem"]}
    assert not list(folder.parent.rglob("climbed.txt")) and not Path("/etc/rooted.txt").exists()
    return done.exit_code, problems, Store(data / "store.sqlite3")


@pytest.mark.parametrize(("name", "problem"), [(name, said) for name, _, said in BAD.values()], ids=BAD)
def test_what_cannot_be_read_is_named(taken_in: tuple[int, dict[str, str], Store], name: str, problem: str) -> None:
    code, problems, _ = taken_in
    assert code == 1 and name in problems[name] and problem in problems[name]


def test_all_that_is_good_is_in_and_nothing_else(taken_in: tuple[int, dict[str, str], Store]) -> None:
    _, problems, store = taken_in
    documents = {member.document for member in store.members()}
    assert documents == {"good", "marked", "climbing-climbed", "climbing-etc-rooted"}
    assert problems.keys() == {name for name, _, _ in BAD.values()}
