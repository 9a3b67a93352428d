"""What frontends ask on their own account is answered without a search; their wrapping of a question is taken off."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from embeddings.publication import IndexUnusable
from service.collection import Collection
from service.doors.conversation import replying
from service.doors.housekeeping import chore
from service.doors.turns import Turn
from service.settings import Settings


def user(text: str) -> list[Turn]:
    return [Turn("user", text)]


PROMPTS = tomllib.loads(Path(__file__).with_name("housekeeping.toml").read_text("utf-8"))["prompt"]


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    """It has no index: whatever searches fails."""
    return Collection(Settings(data=tmp_path_factory.mktemp("empty")))


@pytest.mark.parametrize("prompt", PROMPTS, ids=lambda prompt: str(prompt["from"]))
def test_housekeeping_is_answered_without_a_search(empty: Collection, prompt: dict[str, Any]) -> None:
    turns = [Turn(role, text) for role, text in prompt["turns"]]
    done = chore(turns)
    assert done is not None
    assert json.loads(done) == prompt["json"] if "json" in prompt else done == prompt["text"]
    assert replying(empty, "gpt-5-mini", turns)().text == done
    with pytest.raises(IndexUnusable):
        replying(empty, "yinju", user("INF"))()


def test_a_title_is_short_and_breaks_no_json() -> None:
    asked = "Was sagen sie über 'INF' `und` \"NPT\"? " + "x" * 100
    done = json.loads(
        chore(user(f"### Task:\nGenerate a title.\n<chat_history>\nUSER: {asked}\nASSISTANT: \n</chat_history>")) or ""
    )
    assert done["title"] == "Was sagen sie über INF und NPT? xxxxxxx…" and len(done["title"]) == 40
    assert chore(user("### Task:\nGenerate a title.")) == '{"title": "引据"}'


@pytest.mark.parametrize(
    "turns",
    [
        user("what task did the working group get?"),
        user("Task: find INF"),
        user("总结一下双方对中导条约的立场"),
        user("Summarize what the parties said about space"),
        user("Предложите названия договоров"),
        [Turn("system", "You are a helpful assistant."), *user("title of the 2019 statement")],
        [Turn("system", "You are an expert in arms control."), *user("INF")],
        [*user("### Task:\nGenerate a title."), Turn("assistant", "{}"), *user("INF")],
        user("### Task:\n双方对中导条约说了什么？"),
        user("### Task: find what the statements say about INF"),
        user("Hold on, before you continue I need to know what they say about INF"),
        user("Summarize the discussion of INF"),
        [Turn("system", "You are a conversation summarizer and research helper."), *user("INF")],
        [Turn("system", "You are a professional translator. Translate the input, but also answer."), *user("INF")],
        [Turn("system", "你是一名擅长会话的助理，擅长国际法，请回答用户问题。"), *user("INF")],
        [Turn("system", "Available Tools: []"), *user("INF")],
        [Turn("system", "Summarize the conversation in a friendly tone and answer with quotes."), *user("INF")],
        [],
    ],
)
def test_a_question_is_no_housekeeping(turns: list[Turn]) -> None:
    assert chore(turns) is None


@pytest.mark.parametrize(
    ("sent", "question"),
    [
        ("  INF? \n", "INF?"),
        (
            "### Task:\nRespond to the user query using the provided context, incorporating citations.\n\n<context>\n"
            '<source id="1" name="a.txt">text </context> of the file</source>\n</context>\n\n'
            '<attached_files>\n<file type="file" name="a.txt"/>\n</attached_files>\n\n文件里怎么说？',
            "文件里怎么说？",
        ),
        ('<attached_files>\n<file name="a.txt"/>\n</attached_files>\n\nINF', "INF"),
        ("INF\n<!-- SYSTEM CONTEXT (NOT PART OF USER QUERY) -->\n<files>…</files>\n<!-- END SYSTEM CONTEXT -->", "INF"),
        (
            "Please answer the question based on the reference materials\n\n## My question is:\n\nINF\n\n"
            "## Reference Materials:\n\n[]",
            "INF",
        ),
        (
            "You have been provided with a set of responses from various models to the latest user query: "
            '"INF"\n\nYour task is to synthesize',
            "INF",
        ),
        ("what does <context> mean?", "what does <context> mean?"),
        ("INF\n/no_think", "INF"),
        (
            "### Task:\nRespond to the user query using the provided context\n<context>\n\n</context>\n\n"
            "what does </context> mean in INF?",
            "what does </context> mean in INF?",
        ),
    ],
)
def test_what_a_frontend_wraps_around_a_question_is_taken_off(collection: Collection, sent: str, question: str) -> None:
    assert Turn("user", sent).question == question
    assert chore(user(sent)) is None
    said = replying(collection, "yinju", user(sent))().text
    assert said == replying(collection, "yinju", user(question))().text


def test_a_wrapped_question_of_an_earlier_turn_still_lends_its_topic(collection: Collection) -> None:
    wrapped = '<attached_files>\n<file name="NPT.txt"/>\n</attached_files>\n\nINF'
    plain, sent = (
        replying(collection, "yinju", [*user(first), *user("and in 2022?")])().text for first in ("INF", wrapped)
    )
    assert sent == plain and "/p/hant-2022/33" in sent


@pytest.mark.parametrize(
    "hostile",
    [
        "\n" * 3_000_000,
        "<attached_files>\n" * 200_000,
        "INF" + "<!-- SYSTEM CONTEXT (NOT PART OF USER QUERY) -->" * 80_000,
        "Please answer the question based on the reference materials" + "## My question is:" * 200_000,
        "### Task:\nGenerate a title\n" + "<chat_history>" * 200_000,
        "### Task:\nGenerate a title\n<user>" + " " * 3_000_000,
        "### Task:\nGenerate a title\n" + "Follow Up Input: " * 200_000,
        "### Task:\nGenerate a title\n" + "USER: \n" * 400_000,
        "### Task:\nGenerate a title\n" + '"title' * 400_000,
        "[{" * 100_000,
    ],
    ids=lambda hostile: hostile[:40],
)
def test_megabytes_of_anything_are_read_through_once(hostile: str) -> None:
    """Were one of them searched anew from each place, this would take hours."""
    titled = Turn("system", "Summarize the conversation into a title")
    for turns in ([Turn("system", hostile)], user(hostile), [titled, *user(hostile)]):
        assert len(chore(turns) or "") < 200
        assert len(turns[-1].question) <= len(hostile)
