"""Documents in and out over HTTP: for ingest keys alone, stored when it replies, found as soon as the job is done."""

import datetime
import hashlib
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient

import service.indexing
from service.app import create_app
from service.collection import Collection
from service.doors.gates import LARGEST_FILE
from service.ingestion import BUILT_IN, ingest
from service.keys import Keys
from service.settings import Settings

TEXT = "The lunar post takes parcels of five pounds.\n\nIt is closed at full moon, and letters wait until it wanes.\n"
KEY = {"authorization": "Bearer sesame", "content-type": "text/plain"}
ASKED = "lunar post parcels"


@pytest.fixture
def http(tmp_path: Path) -> Iterator[TestClient]:
    digest = hashlib.sha256(b"sesame").hexdigest()
    made = Collection(Settings(data=tmp_path / "data", ingest_keys=Keys((digest,))))
    ingest(made.store, [BUILT_IN])
    made.build_index()
    with TestClient(create_app(made), base_url="http://127.0.0.1:8000") as client:
        yield client


def put(http: TestClient, name: str, text: str | bytes = TEXT, **parameters: str) -> httpx2.Response:
    return http.put(f"/api/documents/{name}", content=text, headers=KEY, params=parameters)


def finished(http: TestClient, job: dict[str, Any]) -> dict[str, Any]:
    while job["state"] == "waiting":
        time.sleep(0.02)
        job = http.get(f"/api/jobs/{job['id']}", headers=KEY).raise_for_status().json()
    return job


def asked(http: TestClient) -> list[str]:
    answer = http.post("/api/ask", json={"question": ASKED}).json()
    assert "quotes" in answer, answer
    return [quote["passage_id"] for quote in answer["quotes"]]


def test_a_document_is_stored_found_changed_and_withdrawn(http: TestClient) -> None:
    assert asked(http) == []
    reply = put(http, "moon", title="Moon post", date="2024-01-02", url="https://example.org/moon", language="en")
    made = reply.json()
    assert (reply.status_code, made["outcome"], made["paragraphs"]) == (201, "added", 2)
    assert reply.headers["location"] == f"http://127.0.0.1:8000/api/jobs/{made['job']['id']}"
    assert finished(http, made["job"]) == {**made["job"], "state": "done"}
    assert asked(http) == ["moon/1"]
    held = http.get("/api/documents/moon").json()
    assert (held["title"], held["date"], held["source_url"]) == ("Moon post", "2024-01-02", "https://example.org/moon")
    again = put(http, "moon", title="Moon post", date="2024-01-02", url="https://example.org/moon", language="en")
    assert (again.status_code, again.json()["outcome"]) == (200, "unchanged")
    changed = put(http, "moon", TEXT.replace("five", "six"), title="Moon post", language="en")
    assert (changed.status_code, changed.json()["outcome"]) == (200, "new version")
    finished(http, changed.json()["job"])
    assert asked(http) == ["moon/3"]
    gone = http.delete("/api/documents/moon", headers=KEY)
    assert gone.status_code == 200 and asked(http) == []  # before the job is done
    finished(http, gone.json())
    for path in ("/api/documents/moon", "/p/moon/1", "/documents/moon", "/api/passages/moon/3"):
        assert http.get(path).status_code == 410, path
    today = datetime.date.today()
    assert http.delete("/api/documents/moon", headers=KEY).json()["detail"] == f"moon was withdrawn on {today}"
    assert put(http, "moon").status_code == 201


@pytest.mark.parametrize(
    ("name", "kind", "body", "parameters", "status", "detail"),
    [
        ("Moon Post", "text/plain", TEXT, {}, 422, "'Moon Post' can't be a name; 'moon-post' could"),
        ("moon", "image/png", TEXT, {}, 415, "Content-Type 'image/png' can't be read; there are text/plain"),
        ("moon", "application/pdf", TEXT, {}, 422, "moon.pdf: not a readable PDF"),
        ("moon", "text/plain", "", {}, 422, "moon.txt: holds no text"),
        ("moon", "text/plain", TEXT, {"url": "javascript:1"}, 422, "/url: "),
        ("moon", "text/plain", TEXT, {"date": "soon"}, 422, "/date: "),
        ("moon", "text/plain", TEXT, {"work": "A b"}, 422, "'A b' can't be a name"),
    ],
)
def test_what_cannot_be_taken_in_says_what_to_change(
    http: TestClient, name: str, kind: str, body: str, parameters: dict[str, str], status: int, detail: str
) -> None:
    reply = http.put(f"/api/documents/{name}", content=body, headers={**KEY, "content-type": kind}, params=parameters)
    assert reply.status_code == status and reply.json()["detail"].startswith(detail)
    assert reply.headers["content-type"] == "application/problem+json"
    assert http.get("/api/documents/moon").status_code == 404


def test_only_an_ingest_key_opens(http: TestClient) -> None:
    for headers in ({}, {"authorization": "Bearer wrong"}):
        assert http.put("/api/documents/moon", content=TEXT, headers=headers).status_code == 401
        assert http.delete("/api/documents/un-cd-2019", headers=headers).status_code == 401
        assert http.get("/api/jobs/x", headers=headers).status_code == 401
    assert http.get("/api/documents/un-cd-2019").status_code == 200
    assert http.get("/api/jobs/x", headers=KEY).status_code == 404
    assert http.delete("/api/documents/nothing", headers=KEY).status_code == 404


def test_without_an_ingest_key_nothing_is_taken_in(client: TestClient) -> None:
    for reply in (
        client.put("/api/documents/moon", content=TEXT, headers=KEY),
        client.delete("/api/documents/hant-2022"),
    ):
        assert reply.status_code == 403 and "set YINJU_INGEST_KEYS" in reply.json()["detail"]


def test_a_file_may_be_larger_than_a_question_and_not_too_large(http: TestClient) -> None:
    large = "The post of the moon goes on and on, and nobody knows where it will end at last. " * 60_000
    reply = put(http, "large", large)
    assert len(large) > 4 << 20 and reply.status_code == 201 and reply.json()["paragraphs"] == 1
    refused = http.put("/api/documents/vast", content=b"", headers={**KEY, "content-length": str(LARGEST_FILE + 1)})
    assert refused.status_code == 413 and str(LARGEST_FILE) in refused.json()["detail"]


def test_a_job_outlives_the_process_that_was_to_do_it(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data", ingest_keys=Keys((hashlib.sha256(b"sesame").hexdigest(),)))
    made = Collection(settings)
    ingest(made.store, [BUILT_IN])
    made.build_index()
    before = TestClient(create_app(made))  # not entered: nothing is indexed
    job = put(before, "moon").raise_for_status().json()["job"]
    assert job["state"] == "waiting" and before.get(f"/api/jobs/{job['id']}", headers=KEY).json() == job
    with TestClient(create_app(Collection(settings))) as after:
        assert finished(after, job) == {**job, "state": "done"}
        assert asked(after) == ["moon/1"]
    with TestClient(create_app(Collection(settings))) as later:
        assert later.get(f"/api/jobs/{job['id']}", headers=KEY).json()["state"] == "done"


def put_in_the_way(folder: Path) -> Path:
    """A file where the indexes were, which are `away`; a thread that tidies up may make their folder anew."""
    indexes = folder / "data" / "indexes"
    indexes.rename(folder / "away")
    while not indexes.is_file():
        shutil.rmtree(indexes, ignore_errors=True)
        with suppress(IsADirectoryError):
            indexes.write_text("in the way", "utf-8")
    return indexes


def test_a_job_that_fails_says_why_and_the_next_makes_up_for_it(http: TestClient, tmp_path: Path) -> None:
    indexes = put_in_the_way(tmp_path)
    failed = finished(http, put(http, "moon").raise_for_status().json()["job"])
    assert failed["state"] == "failed" and "the index can't be written" in failed["problem"]
    indexes.unlink()
    (tmp_path / "away").rename(indexes)
    other = finished(http, put(http, "sun", TEXT.replace("lunar", "solar")).raise_for_status().json()["job"])
    assert other["state"] == "done"
    assert finished(http, {**failed, "state": "waiting"}) == {**failed, "state": "done", "problem": None}
    assert asked(http)[0] == "moon/1"


def test_what_failed_is_tried_again(http: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service.indexing, "_AGAIN", 0.05)
    indexes = put_in_the_way(tmp_path)
    job = finished(http, put(http, "moon").raise_for_status().json()["job"])
    assert job["state"] == "failed"
    indexes.unlink()
    (tmp_path / "away").rename(indexes)
    for _ in range(1000):
        if job["state"] == "done":
            break
        time.sleep(0.02)
        job = http.get(f"/api/jobs/{job['id']}", headers=KEY).json()
    assert (job["state"], job["problem"]) == ("done", None) and asked(http) == ["moon/1"]


def test_questions_never_fail_while_documents_come_and_go(http: TestClient) -> None:
    def change(number: int) -> None:
        job = put(http, f"moon-{number}", TEXT.replace("five", f"{number}")).raise_for_status().json()["job"]
        assert finished(http, job)["state"] == "done"
        http.delete(f"/api/documents/moon-{number}", headers=KEY).raise_for_status()

    with ThreadPoolExecutor(4) as threads:
        changes = [threads.submit(change, number) for number in range(4)]
        while not all(held.done() for held in changes):
            assert {name.rpartition("/")[0] for name in asked(http)} <= {f"moon-{number}" for number in range(4)}
        assert [held.result() for held in changes] == [None] * 4
    assert asked(http) == []
