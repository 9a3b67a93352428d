"""A keeper's own example questions: read whole or refused, and shown on the page in place of those that are found."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from service.app import create_app
from service.collection import Collection
from service.own_questions import asked_in, load
from service.settings import Settings, SettingsError


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "examples.toml"
    path.write_text(text, "utf-8")
    return path


def test_questions_come_by_language(tmp_path: Path) -> None:
    held = load(write(tmp_path, 'en = ["Why bees?", "And wasps?"]\nzh-Hans = ["为什么是蜜蜂？"]\nru = []\n'))
    assert asked_in(held, "en") == ("Why bees?", "And wasps?")
    assert asked_in(held, "zh-Hans") == asked_in(held, "zh-Hant") == ("为什么是蜜蜂？",)
    assert asked_in(held, "ru") == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("en = 'Why?'", "en: it holds lists of questions by language"),
        ("fr = ['Pourquoi ?']", "languages are zh-Hans, zh-Hant, en, ru"),
        ("en = ['…']", "'…': the question is empty"),
        ("en = [1]", "1: the question is empty"),
        ("en = ['Why?'", "as in en = "),
        (f"en = ['{'x' * 2001}']", "has 2001 characters"),
    ],
)
def test_what_can_be_no_question_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=f"YINJU_EXAMPLES: {tmp_path}.*{re.escape(message)}"):
        load(write(tmp_path, text))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="YINJU_EXAMPLES: .*No such file"):
        Collection(Settings.from_environ({"YINJU_DATA": str(tmp_path), "YINJU_EXAMPLES": str(tmp_path / "none")}))


def test_the_page_shows_them(tmp_path: Path, collection: Collection) -> None:
    path = write(tmp_path, 'en = ["What of <b>INF</b>?"]\n')
    with TestClient(create_app(Collection(replace(collection.settings, examples=path)))) as client:
        shown = [client.get("/", headers={"accept-language": tag}).text for tag in ("en", "ru")]
    assert "What of &lt;b&gt;INF&lt;/b&gt;?" in shown[0] and "What was said about" not in shown[0]
    assert "что сказано?" in shown[1]
