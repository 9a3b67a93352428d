"""Chat completions through Vercel's AI SDK, on which Chatbox and many web applications are built.

It needs node, and once `npm install --prefix tests/service/ai_sdk`; without them it is skipped, or fails if
CI_REQUIRES_NODE is set.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from corpus.database import Database
from service.collection import Collection
from service.ingestion import ingest

SDK = Path(__file__).parent / "ai_sdk"
MARKED_UP = (
    "The lunar post 🚀 takes parcels of 5*5*5 cm, marked <fragile> or `live`, with __two__ stamps [see 1] at $12 & up; "
    "\\ask at https://moon.example.org/a_b."
)
QUESTIONS = (
    "what was said about INF",
    "外空军备竞赛",
    "中導條約",
    "Договор о нераспространении ядерного оружия",
    "Which parcels does the lunar post take?",
)

Serving = Callable[[Collection], AbstractContextManager[str]]


@pytest.fixture(scope="module")
def node() -> str:
    """The path of node, with the SDK installed beside the script."""
    found = shutil.which("node")
    if found and (SDK / "node_modules").is_dir():
        return found
    missing = "no SDK: run `npm install --prefix tests/service/ai_sdk`" if found else "no node: install Node.js"
    if os.environ.get("CI_REQUIRES_NODE"):
        pytest.fail(missing)
    pytest.skip(missing)


def copied(collection: Collection, folder: Path) -> Collection:
    shutil.copytree(collection.settings.folder, folder)
    return Collection(replace(collection.settings, data=folder))


@pytest.fixture(scope="module")
def address(collection: Collection, serving: Serving, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The statements, and a paragraph that is full of markup, behind a real server."""
    folder = tmp_path_factory.mktemp("lunar")
    (folder / "lunar.txt").write_text(f"{MARKED_UP}\n\nIt is closed at full moon, every month.\n", "utf-8")
    enlarged = copied(collection, folder / "data")
    assert [report.problem for report in ingest(enlarged.store, [folder / "lunar.txt"])] == [None]
    assert enlarged.build_index()
    with serving(enlarged) as address:
        yield address


def ask(address: str, question: str) -> dict[str, Any]:
    reply = httpx.post(f"{address}/api/ask", json={"question": question}, trust_env=False)
    answer: dict[str, Any] = reply.raise_for_status().json()
    return answer


def chat(address: str, question: str) -> str:
    body = {"model": "yinju", "messages": [{"role": "user", "content": question}]}
    reply = httpx.post(f"{address}/v1/chat/completions", json=body, trust_env=False)
    text: str = reply.raise_for_status().json()["choices"][0]["message"]["content"]
    return text


def through_the_sdk(node: str, address: str, question: str) -> dict[str, Any]:
    command = [node, str(SDK / "chat.mjs"), f"{address}/v1", question]
    done = subprocess.run(command, capture_output=True, timeout=60)
    assert (done.returncode, done.stderr.decode()) == (0, "")
    got: dict[str, Any] = json.loads(done.stdout)
    return got


def quotes(text: str) -> list[str]:
    """What the message quotes, in order, its backslashes dropped."""
    marked = re.findall(r"^> \[\d+\] (.+)$", text, re.MULTILINE)
    return [re.sub(r"\\(.)", r"\1", quote) for quote in marked]


@pytest.mark.parametrize("question", QUESTIONS)
def test_both_ways_give_the_message_byte_for_byte(node: str, address: str, question: str) -> None:
    answer, message, got = ask(address, question), chat(address, question), through_the_sdk(node, address, question)
    whole, parts = got["whole"], got["parts"]
    assert answer["answered"]
    assert [part["type"] for part in parts] == [
        *("start", "start-step", "text-start"),
        *["text-delta"] * (len(answer["quotes"]) + 2),  # what comes before the quotes, and their sources
        *("text-end", "finish-step", "finish"),
    ]
    streamed = "".join(part["text"] for part in parts if part["type"] == "text-delta")
    assert whole["text"].encode() == streamed.encode() == message.encode()
    assert quotes(streamed) == [quote["text"] for quote in answer["quotes"]]
    assert whole["finishReason"] == parts[-1]["finishReason"] == parts[-1]["rawFinishReason"] == "stop"
    for usage in (whole["usage"], parts[-1]["totalUsage"]):
        assert (usage["inputTokens"], usage["outputTokens"], usage["totalTokens"]) == (0, 0, 0)


def test_the_paragraph_that_is_full_of_markup_comes_unharmed(node: str, address: str) -> None:
    text = through_the_sdk(node, address, QUESTIONS[-1])["whole"]["text"]
    assert MARKED_UP not in text and MARKED_UP in quotes(text)


def test_a_refusal_is_a_message_too(node: str, address: str) -> None:
    question = "What is the best recipe for borscht?"
    assert not ask(address, question)["answered"]
    got = through_the_sdk(node, address, question)
    deltas = [part["text"] for part in got["parts"] if part["type"] == "text-delta"]
    assert deltas == [got["whole"]["text"]] == [chat(address, question)]
    assert got["whole"]["finishReason"] == got["parts"][-1]["finishReason"] == "stop"


def test_an_unknown_model_is_told_in_our_words(node: str, address: str) -> None:
    got = through_the_sdk(node, address, QUESTIONS[0])["unknown"]
    error = {
        "class": "AI_APICallError",
        "status": 404,
        "message": "there is no such model; the one here is 'yinju'",
    }
    assert got == {"whole": {"error": error}, "parts": [{"type": "start"}, {"type": "error", "error": error}]}


def test_what_fails_within_the_stream_arrives_as_an_error(
    node: str, collection: Collection, serving: Serving, tmp_path: Path
) -> None:
    broken = copied(collection, tmp_path / "data")
    changed = "UPDATE passages SET text = text || '!' WHERE document = 'un-cd-2019' AND number = 8 RETURNING 1"
    assert len(Database(broken.settings.store).rows(changed)) == 1
    with serving(broken) as address:
        got = through_the_sdk(node, address, QUESTIONS[0])
    message = "un-cd-2019/8 has another text in the store than in the index; run `yinju ingest`"
    assert got["whole"] == {"error": {"class": "AI_APICallError", "status": 503, "message": message}}
    assert [part["type"] for part in got["parts"]] == ["start", "start-step", "error", "finish-step", "finish"]
    assert got["parts"][2]["error"] == {
        "class": "AI_StreamProviderError",
        "type": "server_error",
        "code": "not_ready",
        "message": message,
    }
    assert got["parts"][-1]["finishReason"] == "error"
