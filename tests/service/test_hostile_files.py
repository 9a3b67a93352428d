"""Files made to hang or fill whoever reads them: each is named, the others are taken in, and the service goes on."""

import hashlib
import io
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import service.doors.documents_api
import service.ingestion
from benchmarks.files.formats import docx_file, pdf
from corpus.confinement import Confinement
from corpus.store import Store
from service.app import create_app
from service.collection import Collection
from service.ingestion import ingest
from service.keys import Keys
from service.settings import Settings

PROSE = "The delegations spoke of the harbour and of the railway, and asked for a report on each of them."
MEMORY = 512 << 20
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
OVERDUE = "takes more than 8 s to read; split it, or save it anew in another format"
FULL = "needs more than 0.5 GiB of memory to be read; split it, or save it anew in another format"


def endless() -> bytes:
    """4,000 pages that are one and the same."""
    kids = " ".join(["7 0 R"] * 4000)
    return pdf([[PROSE] * 3000]).replace(b"/Count 1 /Kids [7 0 R]", f"/Count 4000 /Kids [{kids}]".encode())


def filling() -> bytes:
    """Millions of empty paragraphs, which take twenty times as much memory as room in the file."""
    made, body = io.BytesIO(), b"<w:p/>" * (5 << 20)
    with zipfile.ZipFile(io.BytesIO(docx_file([PROSE], "Title"))) as before, zipfile.ZipFile(made, "w") as after:
        for name in before.namelist():
            part = before.read(name)
            after.writestr(name, part.replace(b"</w:body>", body + b"</w:body>"))
    return made.getvalue()


@pytest.fixture
def limited(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """So that nobody has to wait for minutes."""
    monkeypatch.setattr(service.ingestion, "Confinement", partial(Confinement, 8, MEMORY))
    with Confinement(8, MEMORY) as confinement:
        monkeypatch.setattr(service.doors.documents_api, "_confinement", confinement)
        yield


def test_what_hangs_or_fills_its_reader_is_named_and_the_rest_is_in(limited: None, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    files = {"a.txt": PROSE.encode(), "b.pdf": endless(), "c.docx": filling(), "d.docx": docx_file([PROSE], "Title")}
    for name, data in files.items():
        (folder / name).write_bytes(data)
    with zipfile.ZipFile(folder / "e.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("f.pdf", files["b.pdf"])
        archive.writestr("g.txt", PROSE)
    reports = ingest(Store(tmp_path / "store.sqlite3"), [folder])
    assert [(report.document, report.problem) for report in reports] == [
        ("a", None),
        (None, f"{folder}/b.pdf: {OVERDUE}"),
        (None, f"{folder}/c.docx: {FULL}"),
        ("d", None),
        (None, f"{folder}/e.zip!f.pdf: {OVERDUE}"),
        ("e-g", None),
    ]


def test_a_service_says_so_and_takes_the_next_file_in(limited: None, tmp_path: Path) -> None:
    made = Collection(Settings(data=tmp_path, ingest_keys=Keys((hashlib.sha256(b"sesame").hexdigest(),))))
    with TestClient(create_app(made), base_url="http://127.0.0.1:8000") as http:

        def put(name: str, kind: str, data: bytes) -> tuple[int, str | None]:
            headers = {"authorization": "Bearer sesame", "content-type": kind}
            reply = http.put(f"/api/documents/{name}", content=data, headers=headers)
            return reply.status_code, reply.json().get("detail")

        assert put("good", "text/plain", PROSE.encode()) == (201, None)
        assert put("endless", "application/pdf", endless()) == (422, f"endless.pdf: {OVERDUE}")
        assert put("filling", WORD, filling()) == (422, f"filling.docx: {FULL}")
        assert put("better", WORD, docx_file([PROSE], "Title")) == (201, None)
        assert {member.document for member in made.store.members()} == {"good", "better"}
