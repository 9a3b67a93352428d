"""One Answer behind every door: the same questions give equal quotes, numbers and ids, and links for the outside."""

import json
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from fastapi.testclient import TestClient
from mcp.client import Client
from typer.testing import CliRunner

from service.app import create_app
from service.collection import Collection
from service.doors.cli import app as command
from service.doors.mcp_server import server
from service.evaluation import read_cases

Quotes = list[tuple[int, str, str]]  # number, id, text on one line
BASE = "http://127.0.0.1:8000"


def questions() -> list[str]:
    """Thirty of the project's own, among them some that nothing answers."""
    cases = read_cases(Path(__file__).parents[1] / "quality")
    alone = [case.question for case in cases if not case.history]
    return random.Random(6).sample(alone, 30)


def on_one_line(text: str) -> str:
    return re.sub(r"[\r\n]", " ", text)


def in_message(text: str, annotations: list[Any]) -> Quotes:
    """The blockquotes of a message, the ids out of its list of sources, and the annotations beside them."""
    quoted = dict(re.findall(r"^> \[(\d+)\] (.*)$", text, re.MULTILINE))
    listed = re.findall(rf"^(\d+)\. \[.*?\]\({BASE}/p/([^)]+)\)", text, re.MULTILINE)
    assert list(quoted) == [number for number, _ in listed]
    held = [(int(number), name, re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", quoted[number])) for number, name in listed]
    noted = [(note["url"], text[note["start_index"] : note["end_index"]]) for note in annotations]
    assert noted == [(f"{BASE}/p/{name}", quoted[number]) for number, name in listed]
    return held


def by_http(client: TestClient, question: str) -> Quotes:
    answer = client.post("/api/ask", json={"question": question}).json()
    return [(quote["number"], quote["passage_id"], on_one_line(quote["text"])) for quote in answer["quotes"]]


def by_chat(client: TestClient, question: str) -> Quotes:
    asked = {"model": "yinju", "messages": [{"role": "user", "content": question}]}
    made = client.post("/v1/chat/completions", json=asked).json()["choices"][0]["message"]
    return in_message(made["content"], [note["url_citation"] for note in made["annotations"]])


def by_chat_stream(client: TestClient, question: str) -> Quotes:
    asked = {"model": "yinju", "messages": [{"role": "user", "content": question}], "stream": True}
    deltas = [
        choice["delta"]
        for chunk in events(client.post("/v1/chat/completions", json=asked).text)
        for choice in chunk["choices"]
    ]
    notes = [note["url_citation"] for delta in deltas for note in delta.get("annotations", [])]
    return in_message("".join(delta.get("content", "") for delta in deltas), notes)


def by_responses(client: TestClient, question: str) -> Quotes:
    made = client.post("/v1/responses", json={"model": "yinju", "input": question}).json()
    (part,) = made["output"][0]["content"]
    return in_message(part["text"], part["annotations"])


def by_responses_stream(client: TestClient, question: str) -> Quotes:
    held = list(events(client.post("/v1/responses", json={"model": "yinju", "input": question, "stream": True}).text))
    text = "".join(event["delta"] for event in held if event["type"] == "response.output_text.delta")
    notes = [event["annotation"] for event in held if event["type"] == "response.output_text.annotation.added"]
    return in_message(text, notes)


def by_dify(client: TestClient, question: str) -> Quotes:
    asked = {"knowledge_id": "yinju", "query": question, "retrieval_setting": {"top_k": 5, "score_threshold": 0}}
    records = client.post("/retrieval", json=asked).json()["records"]
    return [
        (record["metadata"]["number"], record["metadata"]["passage_id"], on_one_line(record["content"]))
        for record in records
    ]


def by_mcp(collection: Collection, question: str) -> Quotes:
    async def called() -> Quotes:
        async with Client(server(collection)) as mcp:
            found: Any = (await mcp.call_tool("search", {"query": question})).structured_content
            fetched: list[Any] = [
                (await mcp.call_tool("fetch", {"id": result["id"]})).structured_content for result in found["results"]
            ]
        assert [result["url"] for result in found["results"]] == [held["url"] for held in fetched]
        return [(number, held["id"], on_one_line(held["text"])) for number, held in enumerate(fetched, 1)]

    return anyio.run(called)


def by_cli(collection: Collection, question: str) -> Quotes:
    environ = {"YINJU_DATA": str(collection.settings.folder)}
    shown = CliRunner().invoke(command, ["ask", "--", question], env=environ).stdout
    quoted = re.findall(r"^\[(\d+)\] (.*)\n(?:    read with: .*\n)?    — .*? · (\S+/p/\S+)", shown, re.MULTILINE)
    return [(int(number), url.removeprefix(f"{BASE}/p/"), text) for number, text, url in quoted]


def events(stream: str) -> Iterator[Any]:
    return (json.loads(line[6:]) for line in stream.splitlines() if line.startswith("data: {"))


@pytest.mark.parametrize("question", questions())
def test_every_door_gives_the_same_quotes(client: TestClient, collection: Collection, question: str) -> None:
    quotes = by_http(client, question)
    for door in (by_chat, by_chat_stream, by_responses, by_responses_stream, by_dify):
        assert door(client, question) == quotes, door
    assert by_mcp(collection, question) == quotes
    assert by_cli(collection, question) == quotes


def test_the_thirty_are_of_every_kind(client: TestClient) -> None:
    answered = [bool(by_http(client, question)) for question in questions()]
    assert len(answered) == 30 and 15 <= sum(answered) < 30


def test_every_link_is_absolute_and_below_the_public_address(collection: Collection) -> None:
    public = "https://example.org/docs/yinju"
    settings = replace(collection.settings, public_url=public, host="0.0.0.0", port=9999)
    behind = Collection(settings)
    chat = {"model": "yinju", "messages": [{"role": "user", "content": "美国金穹计划"}]}
    silent = {"model": "yinju", "messages": [{"role": "user", "content": "红烧鱼怎么做"}]}
    with TestClient(create_app(behind), base_url="http://127.0.0.1:9999") as client:
        said = [
            client.post("/api/ask", json={"question": "美国金穹计划"}).text,
            client.post("/v1/chat/completions", json=chat).text,
            client.post("/v1/chat/completions", json=silent).text,
            client.post("/v1/chat/completions", json=chat | {"stream": True}).text,
            client.post("/v1/responses", json={"model": "yinju", "input": "美国金穹计划"}).text,
            client.post("/retrieval", json={"query": "美国金穹计划"}).text,
        ]

    async def called() -> list[str]:
        async with Client(server(behind)) as mcp:
            calls = [
                ("search", {"query": "金穹"}),
                ("fetch", {"id": "xinhua-2025/8"}),
                ("verify_quote", {"text": "外空武器化并使之成为武装对抗场所"}),
            ]
            return [json.dumps((await mcp.call_tool(name, given)).structured_content) for name, given in calls]

    for text in (*said, *anyio.run(called)):
        links = re.findall(r"(\S{0,40})/p/(?:peoples-daily|xinhua|un-cd|hant)", text)
        assert links and all(link.endswith(public) for link in links), text
        assert "127.0.0.1" not in text and "0.0.0.0" not in text and ":9999" not in text


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/yinju", "/readyz"])
def test_a_door_opens_under_any_host_name(client: TestClient, path: str) -> None:
    assert client.get(path, headers={"host": "elsewhere.example"}).is_success
