"""What a service tells its keepers: an id and a line for each request, what is counted, and nothing that is secret."""

import base64
import hashlib
import io
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from service.app import create_app
from service.collection import Collection
from service.doors import log
from service.keys import Keys
from service.settings import Log, Settings, SettingsError

HERE = "http://127.0.0.1:8000"
KEY, WRONG = "a-reader's-key-1f2e3d", "a-guess-9a8b7c"
QUESTION, UNANSWERED = "what was said about INF", "What is the best recipe for borscht?"
Written = Callable[[Log], Any]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Written:
    """Lets the log be written as it is in a service, and gives what is."""

    @contextmanager
    def written(kept: Log) -> Iterator[io.StringIO]:
        root, requests = logging.getLogger(), logging.getLogger("yinju.requests")
        handlers, level, before = root.handlers[:], root.level, requests.level
        stream = io.StringIO()
        monkeypatch.setattr("sys.stderr", stream)
        log.configure(kept)
        try:
            yield stream
        finally:
            root.handlers[:] = handlers
            root.setLevel(level)
            requests.setLevel(before)

    return written


def keyed(collection: Collection, kept: Log = Log.REQUESTS) -> FastAPI:
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    return create_app(Collection(Settings(data=collection.settings.folder, read_keys=Keys((digest,)), log=kept)))


def asked(client: TestClient) -> None:
    """A question by every door, with a key and with a wrong one, in the header and where it should not be."""
    for key in (KEY, WRONG):
        basic = base64.b64encode(f":{key}".encode()).decode()
        for given in (f"Bearer {key}", f"Basic {basic}"):
            head = {"authorization": given}
            client.post("/api/ask", json={"question": QUESTION}, headers=head)
            client.get("/", params={"q": QUESTION}, headers=head)
            client.get("/api/timeline", params={"q": QUESTION, "key": key}, headers=head)
            chat = {"model": "yinju", "messages": [{"role": "user", "content": QUESTION}], "stream": True}
            client.post("/v1/chat/completions", json=chat, headers=head)
            client.post("/v1/responses", json={"model": "yinju", "input": QUESTION}, headers=head)
            client.post("/retrieval", json={"query": QUESTION}, headers=head)
            client.post("/api/verify", json={"text": QUESTION}, headers=head)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_says_who_asked_what_and_how_long_it_took(collection: Collection, written: Written) -> None:
    with written(Log.REQUESTS) as stream, TestClient(keyed(collection), base_url=HERE) as client:
        head = {"authorization": f"Bearer {KEY}", "x-request-id": "from-outside_1.2"}
        client.post("/api/ask", json={"question": QUESTION}, headers=head)
        made = client.get("/p/un-cd-2019/8", headers={"x-request-id": "not an id"})
        client.get("/livez")
        client.get("/static/page.css")
    answered, refused = lines(stream)
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    assert answered["request_id"] == "from-outside_1.2" and answered["caller"] == f"key {digest[:8]}"
    assert (answered["route"], answered["status"], answered["answered"]) == ("/api/ask", 200, True)
    assert answered["stages"].keys() == {"understand", "encode", "retrieve", "examine", "cite", "write"}
    assert 0 < sum(answered["stages"].values()) <= answered["ms"]
    assert (refused["path"], refused["status"], refused["caller"]) == ("/p/un-cd-2019/8", 401, "testclient")
    assert refused["request_id"] == made.headers["x-request-id"] != "not an id" and len(refused["request_id"]) == 32


@pytest.mark.parametrize("kept", list(Log))
def test_no_key_is_ever_logged_and_a_question_only_if_that_was_said(
    collection: Collection, written: Written, kept: Log
) -> None:
    with written(kept) as stream, TestClient(keyed(collection, kept), base_url=HERE) as client:
        asked(client)
    told = stream.getvalue()
    for secret in (KEY, WRONG, *(base64.b64encode(f":{key}".encode()).decode() for key in (KEY, WRONG))):
        assert secret not in told
    assert (QUESTION in told) == (kept is Log.QUESTIONS)
    assert (told == "") == (kept is Log.ERRORS)
    if kept is Log.QUESTIONS:
        assert {line["route"] for line in lines(stream) if line.get("question") == QUESTION} == {
            "/",
            "/api/ask",
            "/api/timeline",
            "/retrieval",
            "/v1/chat/completions",
            "/v1/responses",
        }


@pytest.mark.parametrize("kept", list(Log))
def test_a_fault_is_logged_by_its_place_and_its_words_only_if_that_was_said(
    collection: Collection, written: Written, kept: Log
) -> None:
    app = keyed(collection, kept)

    def faulty() -> None:
        try:
            raise OSError(28, "No space left on device")
        except OSError as error:
            raise ValueError(f"nobody thought of {QUESTION}") from error

    app.add_api_route("/livez/faulty", faulty)
    with written(kept) as stream, TestClient(app, base_url=HERE, raise_server_exceptions=False) as client:
        reply = client.get("/livez/faulty", headers={"authorization": f"Bearer {KEY}"})
        logging.getLogger("asgi").error("Exception in ASGI application\n", exc_info=caught(faulty))
    assert reply.status_code == 500 and QUESTION not in reply.text
    *asked, line = lines(stream)
    if kept is not Log.ERRORS:
        told = asked[-1]
        assert (told["status"], told["fault"], told["request_id"]) == (500, "ValueError", reply.headers["x-request-id"])
    assert (line["level"], line["event"]) == ("error", "Exception in ASGI application")
    assert line["error"]["type"] == "builtins.ValueError" and line["error"]["at"][-1].endswith(" faulty")
    assert line["error"]["because"]["says"] == "[Errno 28] No space left on device"
    assert (QUESTION in stream.getvalue()) == (kept is Log.QUESTIONS)


def caught(faulty: Callable[[], None]) -> Exception:
    with pytest.raises(ValueError) as found:
        faulty()
    return found.value


def counted(client: TestClient) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    reply = client.get("/metrics")
    assert reply.headers["content-type"].startswith("text/plain; version=")
    families = text_string_to_metric_families(reply.text)
    return {
        (held.name, tuple(sorted(held.labels.items()))): held.value for family in families for held in family.samples
    }


def test_what_happens_is_counted(collection: Collection) -> None:
    with TestClient(create_app(collection), base_url=HERE) as client:
        before = counted(client)
        for question in (QUESTION, QUESTION, UNANSWERED):
            assert client.post("/api/ask", json={"question": question}).status_code == 200
        assert client.post("/api/ask", json={"question": ""}).status_code == 422
        assert client.get("/api/passages/un-cd-2019/8").status_code == 200
        assert client.get("/never/heard/of").status_code == 404
        after = counted(client)

    def more(name: str, **labels: str) -> float:
        key = name, tuple(sorted(labels.items()))
        return after[key] - before.get(key, 0.0)

    assert more("yinju_requests_total", route="/api/ask", method="POST", status="200") == 3
    assert more("yinju_requests_total", route="/api/ask", method="POST", status="422") == 1
    assert more("yinju_requests_total", route="/api/passages/{passage_id}", method="GET", status="200") == 1
    assert more("yinju_requests_total", route="none", method="GET", status="404") == 1
    assert more("yinju_request_seconds_count", route="/api/ask") == 4
    assert more("yinju_answers_total", outcome="quoted") == 2 and more("yinju_answers_total", outcome="refused") == 1
    for stage in ("understand", "encode", "retrieve", "examine", "cite", "write"):
        assert more("yinju_stage_seconds_count", stage=stage) >= 3
    here = {name: value for (name, labels), value in after.items() if not labels}
    assert here["yinju_index_change"] == here["yinju_store_change"] == collection.store.last().number
    assert (here["yinju_ready"], here["yinju_jobs_waiting"], here["yinju_index_paragraphs"]) == (1, 0, 112)
    assert here["yinju_requests_inside"] == 1  # the one that asks


def test_why_it_is_not_ready_is_said_and_counted(tmp_path: Path) -> None:
    with TestClient(create_app(Collection(Settings(data=tmp_path / "data"))), base_url=HERE) as client:
        reply = client.get("/readyz")
        assert reply.status_code == 503
        assert reply.json()["detail"].endswith("indexes: no index yet; run `yinju ingest` to build it")
        assert counted(client)["yinju_ready", ()] == 0


def test_the_setting_has_three_values() -> None:
    assert Settings.from_environ({"YINJU_LOG": "Questions"}).log is Log.QUESTIONS
    with pytest.raises(SettingsError, match="YINJU_LOG is 'all'; it must be one of errors, requests, questions"):
        Settings.from_environ({"YINJU_LOG": "all"})
