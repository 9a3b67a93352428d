"""OpenAI's doors, through OpenAI's own client: shapes, streams, citations, errors, bad input."""

import json
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from fastapi.testclient import TestClient
from openai import OpenAI
from openai.types.responses import Response

from corpus.database import Database
from service.collection import Collection
from service.doors.gates import LARGEST_BODY
from service.settings import Settings

Serving = Callable[[Collection], AbstractContextManager[str]]
ASKED: Any = [{"role": "user", "content": "what was said about INF"}]


@pytest.fixture(scope="module")
def ai(served: str) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{served}/v1", api_key="any", max_retries=0) as client:
        yield client


def unescaped(text: str) -> str:
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)


def lines(body: str) -> list[Any]:
    return [json.loads(line[6:]) for line in body.splitlines() if line.startswith("data: ") and line != "data: [DONE]"]


def stream(client: TestClient, **body: Any) -> str:
    reply = client.post("/v1/chat/completions", json={"model": "yinju", "messages": ASKED, "stream": True, **body})
    assert reply.headers["content-type"].startswith("text/event-stream")
    assert (reply.headers["cache-control"], reply.headers["x-accel-buffering"]) == ("no-cache", "no")
    return reply.text


def test_there_is_one_model(ai: OpenAI) -> None:
    (model,) = ai.models.list().data
    assert (model.id, model.object, model.owned_by) == ("yinju", "model", "yinju")
    assert ai.models.retrieve("yinju").id == "yinju" and model.created > 1_700_000_000


def test_a_chat_completion_quotes_what_ask_quotes(ai: OpenAI, client: TestClient) -> None:
    answer: Any = client.post("/api/ask", json={"question": ASKED[0]["content"]}).json()
    made: Any = ai.chat.completions.create(model="yinju", messages=ASKED, temperature=0.7, max_tokens=5, n=1, seed=1)
    (choice,) = made.choices
    assert (made.object, choice.finish_reason, choice.message.role) == ("chat.completion", "stop", "assistant")
    content, annotations = choice.message.content, choice.message.annotations
    assert content and annotations and made.usage and made.usage.total_tokens == 0
    extra = made.model_extra or {}
    for quote, annotation, found, source in zip(
        answer["quotes"], annotations, extra["search_results"], extra["sources"], strict=True
    ):
        cited = annotation.url_citation
        text = content[cited.start_index : cited.end_index]
        assert unescaped(text) == quote["text"].replace("\n", " ") == unescaped(source["document"][0])
        assert f"> [{quote['number']}] {text}\n" in content
        assert cited.url == found["url"] == source["source"]["url"] == source["metadata"][0]["source"] == quote["url"]
        assert cited.title == found["title"] == source["source"]["name"] == source["metadata"][0]["name"]
        assert (found["snippet"], source["distances"]) == (quote["text"], [quote["score"]])
        assert (found["date"], source["metadata"][0]["passage_id"]) == (quote["citation"]["date"], quote["passage_id"])
        assert f"\n{quote['number']}. [{cited.title}]({cited.url})" in content


def test_a_stream_says_what_the_whole_says(ai: OpenAI) -> None:
    whole = ai.chat.completions.create(model="yinju", messages=ASKED)
    with ai.chat.completions.create(
        model="yinju",
        messages=ASKED,
        stream=True,
        stream_options={"include_usage": True},
    ) as chunks:
        held: Any = list(chunks)
    deltas = [chunk.choices[0] for chunk in held if chunk.choices]
    assert "".join(choice.delta.content or "" for choice in deltas) == whole.choices[0].message.content
    assert [choice.finish_reason for choice in deltas] == [None] * (len(deltas) - 1) + ["stop"]
    assert deltas[0].delta.role == "assistant" and {chunk.id for chunk in held} == {held[0].id}
    annotations = whole.choices[0].message.annotations or []
    assert deltas[-1].delta.annotations == [note.model_dump() for note in annotations]
    events = [chunk.event["data"] for chunk in held if "event" in (chunk.model_extra or {})]
    assert events == (whole.model_extra or {})["sources"]
    results = [chunk.search_results for chunk in held if "search_results" in (chunk.model_extra or {})]
    assert results == [(whole.model_extra or {})["search_results"]]
    assert [chunk.usage.total_tokens for chunk in held if chunk.usage] == [0] and held[-1].usage


def test_every_chunk_has_what_strict_clients_want(client: TestClient) -> None:
    body = stream(client)
    assert body.endswith("data: [DONE]\n\n") and "\\u" not in body
    for chunk in lines(body):
        assert {"id", "object", "created", "model", "choices"} <= chunk.keys() and isinstance(chunk["choices"], list)
        assert chunk["object"] == "chat.completion.chunk" and "usage" not in chunk
        assert not (chunk["choices"] and "event" in chunk)
    usage = lines(stream(client, stream_options={"include_usage": True}))[-1]
    assert usage["choices"] == [] and usage["usage"]["total_tokens"] == 0


def test_earlier_questions_drive_a_follow_up(ai: OpenAI, client: TestClient) -> None:
    history: Any = [*ASKED, {"role": "assistant", "content": "…"}]
    followed = ai.chat.completions.create(
        model="yinju",
        messages=[*history, {"role": "user", "content": [{"type": "text", "text": "and in 2022?"}]}],
    )
    answer: Any = client.post("/api/ask", json={"question": "and in 2022?", "history": history}).json()
    assert (followed.model_extra or {})["search_results"][0]["url"] == answer["quotes"][0]["url"]
    assert answer["quotes"][0]["passage_id"] == "hant-2022/33"
    assert "Searched with the earlier question in mind: INF" in (followed.choices[0].message.content or "")


def test_responses_give_the_same_message(ai: OpenAI) -> None:
    chat = ai.chat.completions.create(model="yinju", messages=ASKED)
    made = ai.responses.create(model="yinju", input="what was said about INF", instructions="Be brief.")
    Response.model_validate(made.model_dump(), strict=True)
    assert (made.status, made.output_text) == ("completed", chat.choices[0].message.content)
    (item,) = made.output
    assert item.type == "message"
    (part,) = item.content
    assert part.type == "output_text"
    notes = chat.choices[0].message.annotations or []
    assert [note.model_dump() for note in part.annotations] == [
        {"type": "url_citation", **note.url_citation.model_dump()} for note in notes
    ]
    turns: Any = [*ASKED, {"role": "assistant", "content": "…"}, {"role": "user", "content": "and in 2022?"}]
    followed = ai.responses.create(model="yinju", input=turns)
    assert "/p/hant-2022/33" in followed.output_text


def annotated(response: Response) -> Any:
    return response.model_dump()["output"][0]["content"][0]["annotations"]


def test_a_response_streams_in_openais_order(ai: OpenAI) -> None:
    whole = ai.responses.create(model="yinju", input="外空武器化")
    with ai.responses.stream(model="yinju", input="外空武器化") as events:
        held = list(events)
        final = events.get_final_response()
    assert final.output_text == whole.output_text and final.status == "completed"
    assert annotated(final) == annotated(whole) != []
    kinds = [event.type for event in held]
    runs = [kind for at, kind in enumerate(kinds) if at == 0 or kind != kinds[at - 1]]
    assert runs == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.annotation.added",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert [event.sequence_number for event in held] == list(range(len(held)))


def test_nothing_is_quoted_where_nothing_answers(ai: OpenAI, client: TestClient) -> None:
    asked: Any = [{"role": "user", "content": "红烧鱼怎么做"}]
    made = ai.chat.completions.create(model="yinju", messages=asked)
    assert made.choices[0].message.annotations == [] and (made.model_extra or {})["sources"] == []
    assert not any("event" in chunk or "search_results" in chunk for chunk in lines(stream(client, messages=asked)))


@pytest.mark.parametrize(
    ("body", "code", "told"),
    [
        ({"messages": []}, "bad_question", "no message of the user's"),
        ({"messages": [{"role": "system", "content": "be brief"}]}, "bad_question", "no message of the user's"),
        ({"messages": [{"role": "user", "content": None}]}, "bad_question", "holds no text"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}]},
            "bad_question",
            "images and files can't be read",
        ),
        ({"messages": [{"role": "user", "content": "？！"}]}, "bad_question", "ask with at least one letter"),
        ({"messages": [{"role": "user", "content": "x" * 2001}]}, "bad_question", "at most 2000 are allowed"),
        ({"messages": [{"role": "user", "content": {"text": "x"}}]}, "bad_request", "/messages/0/content"),
        ({"messages": "what"}, "bad_request", "/messages"),
        ({"model": None}, "bad_request", "/model"),
        ({}, "bad_request", "/messages"),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
def test_bad_input_is_a_400_that_says_what_to_change(
    served: str, body: dict[str, Any], code: str, told: str, streamed: bool
) -> None:
    reply = httpx.post(f"{served}/v1/chat/completions", json={"model": "yinju", "stream": streamed, **body})
    error = reply.json()["error"]
    assert (reply.status_code, error["code"], error["type"]) == (400, code, "invalid_request_error")
    assert told in error["message"] and error.keys() == {"message", "type", "param", "code"}


def test_the_client_raises_the_class_that_fits(ai: OpenAI, collection: Collection, serving: Serving) -> None:
    with pytest.raises(openai.NotFoundError, match="the one here is 'yinju'") as unknown:
        ai.chat.completions.create(model="gpt-5", messages=ASKED)
    assert (unknown.value.code, unknown.value.param) == ("model_not_found", "model")
    with pytest.raises(openai.NotFoundError, match="the one here is 'yinju'"):
        ai.models.retrieve("gpt-5")
    with pytest.raises(openai.NotFoundError, match="no earlier response is kept"):
        ai.responses.create(model="yinju", input="INF", previous_response_id="resp_1")
    with pytest.raises(openai.BadRequestError, match="images and files can't be read"):
        ai.responses.create(model="yinju", input=[{"role": "user", "content": []}])
    with pytest.raises(openai.NotFoundError):
        ai.embeddings.create(model="yinju", input="INF")
    keyed = Settings.from_environ({"YINJU_DATA": str(collection.settings.folder), "YINJU_READ_KEYS": "0" * 64})
    with serving(Collection(keyed)) as address, pytest.raises(openai.AuthenticationError) as refused:
        OpenAI(base_url=f"{address}/v1", api_key="wrong", max_retries=0).models.list()
    assert refused.value.code == "invalid_api_key"


def test_what_steers_a_generation_is_ignored_and_pictures_beside_text_too(ai: OpenAI) -> None:
    plain = ai.chat.completions.create(model="yinju", messages=ASKED)
    tool: Any = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}
    asked: Any = [
        {"role": "system", "content": "Answer in verse."},
        {"role": "assistant", "content": None, "tool_calls": []},
        {"role": "tool", "content": "{}", "tool_call_id": "1"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "what was said about INF"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
            ],
        },
    ]
    steered = ai.chat.completions.create(
        model="yinju",
        messages=asked,
        tools=[tool],
        tool_choice="required",
        temperature=2,
        stop=["条约"],
    )
    assert steered.choices[0].message.content == plain.choices[0].message.content
    assert steered.choices[0].finish_reason == "stop" and not steered.choices[0].message.tool_calls


def test_a_thread_of_500_messages_is_answered_and_one_over_the_cap_refused(ai: OpenAI) -> None:
    long = [{"role": "user", "content": "外空"}, {"role": "assistant", "content": "字" * 2000}] * 250
    asked: Any = [*long[:499], *ASKED]
    made = ai.chat.completions.create(model="yinju", messages=asked)
    assert "/p/un-cd-2019/8" in (made.choices[0].message.content or "")
    with pytest.raises(openai.APIStatusError) as refused:
        ai.chat.completions.create(model="yinju", messages=[{"role": "user", "content": "x" * LARGEST_BODY}])
    assert refused.value.status_code == 413 and "the most that is taken" in refused.value.message


def spoiled(collection: Collection, folder: Path) -> Collection:
    """A copy whose store has another text than its index, which is found out while a passage is being quoted."""
    shutil.copytree(collection.settings.folder, folder)
    Database(folder / "store.sqlite3").rows("UPDATE passages SET text = replace(text, '中导', '中程')")
    return Collection(Settings(data=folder))


def test_a_failure_in_the_middle_of_a_stream_is_said_in_it(
    collection: Collection, serving: Serving, tmp_path: Path
) -> None:
    with serving(spoiled(collection, tmp_path / "data")) as address:
        ai = OpenAI(base_url=f"{address}/v1", api_key="any", max_retries=0)
        with pytest.raises(openai.InternalServerError) as refused:
            ai.chat.completions.create(model="yinju", messages=ASKED)
        assert (refused.value.status_code, refused.value.code) == (503, "not_ready")
        chunks: Any = ai.chat.completions.create(model="yinju", messages=ASKED, stream=True)
        assert next(chunks).choices[0].delta.role == "assistant"
        with pytest.raises(openai.APIError, match="run `yinju ingest`") as broken:
            next(chunks)
        assert (broken.value.code, broken.value.type) == ("not_ready", "server_error")
        with pytest.raises(openai.APIError, match="run `yinju ingest`"):
            list(ai.responses.create(model="yinju", input="INF", stream=True))
        body = httpx.post(f"{address}/v1/responses", json={"model": "yinju", "input": "INF", "stream": True}).text
        assert [line["type"] for line in lines(body)][-2:] == ["error", "response.failed"]
        assert OpenAI(base_url=f"{address}/v1", api_key="any").models.list().data


def test_a_client_that_goes_away_leaves_nothing_behind(served: str, caplog: pytest.LogCaptureFixture) -> None:
    body = {"model": "yinju", "messages": ASKED, "stream": True}

    def leave() -> None:
        with httpx.stream("POST", f"{served}/v1/chat/completions", json=body) as reply:
            assert next(reply.iter_bytes())

    leave()
    threads, descriptors = threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(100):
        leave()
    assert httpx.post(f"{served}/v1/chat/completions", json=body).text.endswith("[DONE]\n\n")
    assert threading.active_count() <= threads + 40  # the workers of the one pool
    assert len(list(Path("/proc/self/fd").iterdir())) <= descriptors + 10
    assert [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")] == []
