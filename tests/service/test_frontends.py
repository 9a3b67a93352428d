"""What the frontends that read citations make of a stream: their rules, replayed.

Open WebUI 0.12.4, backend/open_webui/utils/middleware.py, and components/chat/Messages/Citations.svelte for numbers;
LobeHub, packages/model-runtime/src/core/streams/openai/openai.ts and packages/fetch-sse/src/fetchSSE.ts.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

QUESTIONS = ["what was said about INF", "外空武器化", "外空軍備競賽", "Что сказано о ДНЯО?", "红烧鱼怎么做"]


def unescaped(text: str) -> str:
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)


def body(client: TestClient, path: str, **asked: Any) -> str:
    reply = client.post(path, json={"model": "yinju", "stream": True, **asked})
    assert reply.status_code == 200
    return reply.text


def chat(client: TestClient, question: str) -> str:
    return body(client, "/v1/chat/completions", messages=[{"role": "user", "content": question}])


def data(stream: str) -> Iterator[Any]:
    """Open WebUI splits at every line break and drops what is no JSON."""
    for line in stream.split("\n"):
        if line.startswith("data:") and "[DONE]" not in line:
            yield json.loads(line[5:])


def open_webui(stream: str) -> tuple[str, list[Any]]:
    """The text and the sources that it keeps with a message."""
    text, sources = "", []
    for chunk in data(stream):
        if chunk.get("event", {}).get("type") == "source":
            sources.append(chunk["event"]["data"])
        if str(chunk.get("type", "")).startswith("response."):
            text += chunk["delta"] if chunk["type"] == "response.output_text.delta" else ""
        for choice in chunk.get("choices", []):
            text += choice["delta"].get("content") or ""
            for note in choice["delta"].get("annotations") or []:
                cited = note["url_citation"]
                sources.append(
                    {
                        "source": {"name": cited["title"], "url": cited["url"]},
                        "document": [cited["title"]],
                        "metadata": [{"source": cited["url"], "name": cited["title"]}],
                    }
                )
    return text.strip(), sources


def chips(sources: list[Any]) -> list[tuple[str, str, str]]:
    """What `[n]` opens, in order: address, name and first text; sources are one if their metadata say so."""
    held: dict[str, tuple[str, str, str]] = {}
    for source in sources:
        for document, described in zip(source["document"], source["metadata"], strict=True):
            address = described["source"]
            shown = address if address.startswith("http") and not described.get("external") else described["name"]
            held.setdefault(address, (address, shown, document))
    return list(held.values())


def lobehub(stream: str) -> tuple[str, list[Any]]:
    """The text and the citations that it shows; later citations take the place of earlier ones."""
    text, seen = "", False
    citations: list[Any] = []
    for block in stream.split("\n\n"):
        if not block.startswith("data: {"):
            continue
        chunk = json.loads(block.removeprefix("data: "))
        if not chunk["choices"]:
            continue
        (choice,) = chunk["choices"]
        content, notes = choice["delta"].get("content"), choice["delta"].get("annotations")
        if choice["finish_reason"] and not content:
            citations = [note["url_citation"] for note in notes or []] or citations
        elif isinstance(content, str):
            text += content
            if "search_results" in chunk and not seen:
                citations, seen = chunk["search_results"], True
    return text, [(cited["title"], cited["url"]) for cited in citations]


@pytest.mark.parametrize("question", QUESTIONS)
def test_open_webui_shows_each_quote_under_its_number(client: TestClient, question: str) -> None:
    answer = client.post("/api/ask", json={"question": question}).json()
    for stream in (chat(client, question), body(client, "/v1/responses", input=question)):
        text, sources = open_webui(stream)
        opened = chips(sources)
        assert [(address, unescaped(shown)) for address, _, shown in opened] == [
            (quote["url"], quote["text"].replace("\n", " ")) for quote in answer["quotes"]
        ]
        # Not the address, for which it would ask a third party for an icon.
        assert not any(name.startswith("http") for _, name, _ in opened)
        assert [int(n) for n in re.findall(r"^> \[(\d+)\] ", text, re.MULTILINE)] == list(range(1, len(opened) + 1))
        assert text == whole(client, question)


@pytest.mark.parametrize("question", QUESTIONS)
def test_lobehub_lists_the_sources_in_the_order_of_their_numbers(client: TestClient, question: str) -> None:
    answer = client.post("/api/ask", json={"question": question}).json()
    text, citations = lobehub(chat(client, question))
    assert text == whole(client, question)
    assert [url for _, url in citations] == [quote["url"] for quote in answer["quotes"]]
    assert all(f"{number}. [{title}]({url})" in text for number, (title, url) in enumerate(citations, 1))


def test_nothing_in_a_stream_is_taken_for_something_else(client: TestClient) -> None:
    """Dify's plugin stops at `event:` lines; Open WebUI obeys other events and cuts out what looks like thinking."""
    for question in QUESTIONS:
        stream = chat(client, question)
        assert all(line.startswith("data: ") for line in stream.split("\n") if line) and "\r" not in stream
        assert {chunk["event"]["type"] for chunk in data(stream) if "event" in chunk} <= {"source"}
        assert not re.search(r"<(?:think|reason|thought)\w*>", stream)
        finished = [choice["finish_reason"] for chunk in data(stream) for choice in chunk["choices"]]
        assert finished[:-1] == [None] * (len(finished) - 1) and finished[-1] == "stop"


def whole(client: TestClient, question: str) -> str:
    asked = {"model": "yinju", "messages": [{"role": "user", "content": question}]}
    said: str = client.post("/v1/chat/completions", json=asked).json()["choices"][0]["message"]["content"]
    return said
