"""What reaches a terminal: nothing that it would obey, whatever documents, file names and questions hold."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from corpus.context import Context
from corpus.document import Span
from service.answer import Quote
from service.collection import Collection
from service.doors import terminal
from service.doors.cli import app
from service.doors.terminal import on_one_line, plain
from service.question import Note
from service.timeline import timeline

ROOT = Path(__file__).parents[2]
EVIL = "\x1b[31mred\x1b]0;title\x07 \x9b31m \x85 \x08\x7f \u202eevil\u2066 \u200f\u061c"
OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
PROSE = "The lunar post takes parcels {} of five pounds, and letters wait until the moon wanes again."


@given(st.text() | st.text(st.sampled_from(EVIL + "a\t\n")))
def test_no_character_that_is_obeyed_is_left(text: str) -> None:
    assert not OBEYED.search(plain(text)) and len(plain(text)) == len(text)
    assert len(on_one_line(text)) == len(text) and len(on_one_line(text).splitlines()) <= 1
    assert plain("a\tb\nc\x1b[31m字") == "a\tb\nc␛[31m字"


def yinju(data: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, arguments, env={"YINJU_DATA": str(data)})


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two statements that say as much in what they hold, their names, titles and outlets."""
    folder = tmp_path_factory.mktemp("hostile")
    for year in (2019, 2022):
        lines = [f"Title: Post {year} {EVIL}", f"Source: Outlet {EVIL}", f"Date: {year}-01-02", "", PROSE.format(EVIL)]
        (folder / f"post-{year}\x1b[31m.txt").write_text("\n".join(lines), "utf-8")
    (folder / "empty\x1b]0;x\x07\u202e.txt").write_bytes(b"")
    return folder


@pytest.fixture(scope="module")
def data(hostile: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


def expect_plain(run: Result, code: int) -> None:
    assert run.exit_code == code, run.stderr
    assert not OBEYED.search(run.stdout) and not OBEYED.search(run.stderr)


def test_what_files_and_quotations_hold(hostile: Path, data: Path) -> None:
    tried = yinju(data, "ingest", "--dry-run", str(hostile))
    expect_plain(tried, 1)
    assert "Post 2019" in tried.stdout and "empty␛]0;x␇�.txt" in tried.stdout
    expect_plain(yinju(data, "ingest", str(hostile)), 1)
    checked = yinju(data, "verify", f"The lunar post takes parcels {EVIL} of six pounds")
    expect_plain(checked, 3)
    assert "The lunar post takes parcels" in checked.stdout
    expect_plain(yinju(data, "doctor"), 0)


def test_what_an_answer_and_a_timeline_hold(collection: Collection, capsys: pytest.CaptureFixture[str]) -> None:
    answer, topic = collection.answerer().ask("INF"), timeline(collection, "INF")

    def spoiled(quote: Quote) -> Quote:
        leaning = Context("anaphor", Span(0, 1), None, f"earlier {EVIL}", Span(0, 1))
        citation = replace(quote.citation, titles={"en": f"Title\n{EVIL}"}, outlet=f"Outlet\n{EVIL}")
        return replace(quote, text=f"Text\n{EVIL}", highlights=(Span(2, 9),), citation=citation, leans_on=leaning)

    asked = replace(answer.interpreted, notes=(Note("follow_up", f"searched as {EVIL}"),))
    quotes, nearest = (spoiled(answer.quotes[0]),), (spoiled(answer.quotes[1]),)
    terminal.answer(replace(answer, interpreted=asked, quotes=quotes))
    terminal.answer(replace(answer, interpreted=asked, quotes=(), nearest=nearest))
    entries = tuple(
        replace(entry, work=replace(entry.work, titles={"en": f"Work\n{EVIL}"}), quotes=quotes)
        for entry in topic.entries
    )
    terminal.timeline(replace(topic, interpreted=asked, entries=entries))
    out, err = capsys.readouterr()
    assert not OBEYED.search(out) and not OBEYED.search(err)
    assert out.count("[1] Text ␛[31mred␛]0;title␇ �31m") == 1 + len(entries) and "Work ␛[31mred" in out
    assert err.count("searched as ␛[31mred") == 3 and "— Title ␛[31mred" in err


@pytest.mark.parametrize("arguments", [("verify", "no such words", "--work", EVIL), ("verify", "INF INF\x1b[31m")])
def test_what_a_command_is_given(hostile: Path, data: Path, arguments: tuple[str, ...]) -> None:
    """All of it, from outside."""
    command = [sys.executable, "-c", "from service.doors.cli import main; main()", *arguments]
    environ = {**os.environ, "YINJU_DATA": str(data)}
    run = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)
    assert run.returncode and not OBEYED.search(run.stdout + run.stderr)
