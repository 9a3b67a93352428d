"""The draft of a catalogue: what is read with it is what is read without it."""

import tomllib
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.files.formats import html
from corpus.catalogue import load
from corpus.document import Origin
from corpus.store import Store
from service.doors.cli import app
from service.ingestion import ingest

PROSE = "The Parties agreed on point {} of the agenda, and asked the secretariat to report on it in good time."


@pytest.fixture
def folder(tmp_path: Path, statements: dict[str, str]) -> Path:
    folder = tmp_path / "in"
    (folder / "声明").mkdir(parents=True)
    for name, text in statements.items():
        (folder / "声明" / f"{name}.txt").write_bytes(text.encode())
    page = html(
        [PROSE.format(n) for n in range(5)], "Minutes, “first” part", "en", "2024-03-02", "https://example.org/1"
    )
    (folder / "minutes.html").write_bytes(page)
    (folder / "list!.txt").write_text("Agenda\n\nRice.\nWheat.\nMaize.\nRye.\n", "utf-8")
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        archive.writestr("2023/a.txt", "\n\n".join(PROSE.format(n) for n in "xyz"))
    return folder


def drafted(folder: Path) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["catalogue", str(folder)])
    return done.exit_code, done.stderr


def read_as(store: Store) -> list[object]:
    """Everything but the works, to whose titles and dates the catalogue adds nothing."""
    return [
        (member.document, member.language, origin, store.passages(member.document))
        for member, origin in store.origins()
    ]


def test_what_is_read_with_it_is_what_is_read_without_it(folder: Path, tmp_path: Path) -> None:
    before, after = Store(tmp_path / "before.sqlite3"), Store(tmp_path / "after.sqlite3")
    ingest(before, [folder])
    code, said = drafted(folder)
    assert code == 0 and f"{folder}/catalogue.toml: 8 documents; edit it, then `yinju ingest {folder}`" in said
    assert len(load(folder).entries) == 8
    assert [report.problem for report in ingest(after, [folder])] == [None] * 8
    assert read_as(before) == read_as(after)
    dates = [{work.id: work.date for work in store.works().values()} for store in (before, after)]
    assert dates[0] == dates[1] and len(dates[0]) == 5
    for passage in before.body("声明-un-cd-2019"):
        assert before.group(passage.id) == after.group(passage.id)


def test_what_it_says(folder: Path) -> None:
    drafted(folder)
    table = tomllib.loads((folder / "catalogue.toml").read_text("utf-8"))
    minutes = table["documents"]["minutes"]
    assert minutes | {"first": "", "last": ""} == {
        **{"file": "minutes.html", "work": "minutes", "language": "en", "title": "Minutes, “first” part"},
        **{"url": "https://example.org/1", "published": load(folder).entries["minutes.html"].origin.published},
        **{"first": "", "last": ""},
    }
    assert PROSE.format(0).startswith(minutes["first"]) and minutes["last"] == PROSE.format(4)[: len(minutes["last"])]
    assert not any(PROSE.format(n).startswith(minutes["last"]) for n in range(4))
    assert table["documents"]["more-2023-a"]["file"] == "more/2023/a.txt"
    assert "first" not in table["documents"]["list"]  # lines of a list are no paragraphs
    pair = {name for name, entry in table["documents"].items() if entry["work"] == "声明-hant-glossed-2019"}
    assert pair == {"声明-un-cd-2019", "声明-hant-glossed-2019"}
    assert table["works"]["声明-hant-glossed-2019"]["base"] in pair


def test_an_existing_one_and_what_is_no_folder_are_left_alone(folder: Path) -> None:
    (folder / "catalogue.toml").write_text("")
    done = CliRunner().invoke(app, ["catalogue", str(folder)])
    assert "is there already; edit it" in str(done.exception) and (folder / "catalogue.toml").read_text() == ""
    assert drafted(folder / "minutes.html")[0] == 2


def test_what_cannot_be_read_is_named_and_the_rest_is_in(folder: Path) -> None:
    (folder / "broken.pdf").write_bytes(b"%PDF")
    code, said = drafted(folder)
    assert code == 1 and "skipped: " in said and "broken.pdf" in said
    assert len(load(folder).entries) == 8 and load(folder).entries["minutes.html"].origin != Origin()
