"""README says only what is true: its commands, settings, routes, files and figures."""

import os
import re
import subprocess
import sys
from pathlib import Path

import docx
import pytest
from fastapi.testclient import TestClient
from typer.main import get_command

from corpus.formats import FORMATS
from corpus.proof import proof
from corpus.readers import suffixes
from corpus.store import Store
from service.collection import Collection
from service.doors.cli import app
from service.ingestion import BUILT_IN, ingest
from service.question import INTERPRETATIONS
from service.settings import PREFIX, Settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def test_every_setting_and_no_other_is_there() -> None:
    settings = {PREFIX + name.upper() for name in Settings.__dataclass_fields__}
    assert set(re.findall(r"YINJU_[A-Z]+(?:_[A-Z]+)*", README)) == settings
    assert "| `YINJU_DATA` | `data` |" in README and Settings().data == Path("data")
    assert f"`{Settings().host}`, `{Settings().port}`" in README


def test_every_command_and_option_and_no_other_is_there() -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    rows = dict(re.findall(r"^\| `yinju (\w+)[^`]*` \| (.*) \|$", README, re.MULTILINE))
    assert rows.keys() == commands.keys()
    for name, command in commands.items():
        options = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
        assert set(re.findall(r"`(--[\w-]+)`", rows[name])) == options - {"--help"}


def test_every_route_and_no_other_is_there(client: TestClient) -> None:
    routes = set(re.findall(r"`((?:GET|POST|PUT|DELETE) /[^`]*)`", README))
    served = {
        f"{method.upper()} {path}"
        for path, methods in client.get("/openapi.json").json()["paths"].items()
        for method in methods
    }
    assert "\n| `/mcp` |" in README and client.post("/mcp").status_code == 400
    pages = {"GET /", "GET /timeline", "GET /verify", "GET /p/{passage_id}", "GET /documents/{document_id}"}
    unlisted = pages | {"GET /embed.js", "GET /docs", "GET /openapi.json"}
    assert routes == served | unlisted
    ids = {"passage_id": "hant-2022/1", "document_id": "hant-2022"}
    assert all(client.get(route.removeprefix("GET ").format(**ids)).is_success for route in unlisted)


def test_every_file_of_the_map_exists_and_every_module_is_on_it() -> None:
    linked = {link for link in re.findall(r"\]\(([^)#:]+)\)", README)}
    assert [link for link in linked if not (ROOT / link).exists()] == []
    modules = {
        str(path.relative_to(ROOT))
        for room in ("corpus", "embeddings", "service")
        for path in (ROOT / room).rglob("*.py")
        if path.name != "__init__.py" and "training" not in path.parts
    }
    assert modules <= linked


def test_formats_and_interpretations_are_those_of_the_code() -> None:
    (listed,) = re.findall(r"\((\.txt [^)]*)\)", README)
    assert set(listed.split()) == suffixes()
    assert all(f"`{name}`" in README for name in INTERPRETATIONS)


@pytest.mark.parametrize("target", ["serve", "test"])
def test_the_two_commands_are_targets(target: str) -> None:
    assert f"\nmake {target}\n" in README
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


@pytest.fixture(scope="module")
def check(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The script that checks a proof, as it stands in README."""
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(code.splitlines()) <= 30
    script = tmp_path_factory.mktemp("check") / "check.py"
    script.write_text(code, "utf-8")
    return script


def checked(script: Path, made: str, file: Path) -> subprocess.CompletedProcess[str]:
    """The script's verdict, far from this project and its libraries."""
    (script.parent / "proof.json").write_text(made, "utf-8")
    command = [sys.executable, "-I", "-S", str(script), "proof.json", str(file)]
    return subprocess.run(command, capture_output=True, text=True, cwd=script.parent)


def test_a_proof_is_checked_with_the_file_alone(collection: Collection, check: Path) -> None:
    for name in ("un-cd-2019/8", "hant-glossed-2019/8", "xinhua-2025/8"):
        found = collection.lookup().passage(name)
        assert found
        made, file = proof(found.document, found.passage), BUILT_IN / f"{found.document.id}.txt"
        assert checked(check, made, file).stdout == f"proved: {name}\n"
        assert len(made) < 4000
        for wrong, other, told in (
            (made, BUILT_IN / "hant-2022.txt", "another file"),
            (made.replace("。", "！", 1), file, "the quote is not what stands there"),
            (made.replace('"spans": [\n  [\n   ', '"spans": [\n  [\n   -'), file, "the spans are out of order"),
        ):
            told_so = checked(check, wrong, other)
            assert told_so.returncode == 1 and told_so.stderr.startswith(told)


def test_a_proof_holds_the_text_of_record_where_it_is_not_the_file(tmp_path: Path, check: Path) -> None:
    text = "双方一致认为，应当共同维护全球战略稳定，反对单边主义。"
    (tmp_path / "wide.txt").write_bytes(text.encode("utf-16"))
    (tmp_path / "page.html").write_text(
        f"<html><body><article><p>{text}</p><p>{text * 3}</p></article></body></html>", "utf-8"
    )
    written = docx.Document()
    written.add_paragraph(text)
    written.save(str(tmp_path / "minutes.docx"))
    store = Store(tmp_path / "store.sqlite3")
    assert [
        report.problem
        for report in ingest(store, [tmp_path / "wide.txt", tmp_path / "page.html", tmp_path / "minutes.docx"])
    ] == [None] * 3
    for file in ("wide.txt", "page.html", "minutes.docx"):
        held = store.passage(f"{Path(file).stem}/1")
        assert held
        made = proof(*held)
        assert checked(check, made, tmp_path / file).stdout == f"proved: {held[1].id}\n"
        changed = made.replace("反对", "支持")
        assert checked(check, changed, tmp_path / file).stderr == "the text of record has been changed\n"


def shown(heading: str) -> list[str]:
    """The lines of the example that follows `heading`."""
    (block,) = re.findall(rf"{re.escape(heading)}.*?```\n(.*?)```", README, re.DOTALL)
    lines: list[str] = block.splitlines()
    return lines


def test_the_examples_show_what_the_terminal_shows(collection: Collection) -> None:
    def printed(*command: str) -> str:
        called = [sys.executable, "-c", "from service.doors.cli import main; main()", *command]
        environ = {**os.environ, "YINJU_DATA": str(collection.settings.folder)}
        return subprocess.run(called, cwd=ROOT, env=environ, capture_output=True, text=True).stdout

    topic, seen = "", set()
    for line in shown("**Follow it.**"):
        if " · " in line:
            topic = line.rpartition(" · ")[2]
            there = printed("timeline", topic).splitlines()
        elif "→" not in line:
            assert line in there
            seen.add(topic)
    assert seen == {"NPT", "外空", "INF"}
    (quotation,) = re.findall(r"`yinju verify \"(.*?)\"`", README)
    output = printed("verify", quotation).splitlines()
    assert [line for line in output if line][:3] == shown("**Check a quotation.**")
    assert printed("export", "peoples-daily-2025/8").startswith(shown("**Cite it.**")[0].removesuffix("…"))
    assert all(f"`{name}`" in README for name in FORMATS)
