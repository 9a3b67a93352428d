"""README says only what is true: its commands, settings, routes, files and figures."""

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.main import get_command

from corpus.readers import suffixes
from service.doors.cli import app
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
    routes = set(re.findall(r"`((?:GET|POST) /[^`]*)`", README))
    served = {
        f"{method.upper()} {path}"
        for path, methods in client.get("/openapi.json").json()["paths"].items()
        for method in methods
    }
    unlisted = {"GET /docs", "GET /openapi.json", "GET /p/{passage_id}"}
    assert routes == served | unlisted
    assert all(
        client.get(route.removeprefix("GET ").replace("{passage_id}", "hant-2022/1")).is_success for route in unlisted
    )


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
    (listed,) = re.findall(r"\((\.txt [^;]*);", README)
    assert set(listed.split()) == suffixes()
    assert all(f"`{name}`" in README for name in INTERPRETATIONS)


@pytest.mark.parametrize("target", ["serve", "test"])
def test_the_two_commands_are_targets(target: str) -> None:
    assert f"\nmake {target}\n" in README
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


def test_the_check_of_a_quote_runs(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    quotes = client.post("/api/ask", json={"question": "INF in 2019", "top_k": 1}).json()["quotes"]
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    monkeypatch.chdir(ROOT)
    exec(code, {"quote": quotes[0]})
