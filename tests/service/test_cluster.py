"""A process that keeps nothing answers from Milvus just as one that has the store beside its index."""

import hashlib
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from service.app import create_app
from service.collection import Collection
from service.doors.cli import app as command
from service.evaluation import read_cases
from service.ingestion import BUILT_IN, ingest
from service.keys import Keys
from service.settings import Settings, SettingsError

KEYS = Keys((hashlib.sha256(b"sesame").hexdigest(),))
KEY = {"authorization": "Bearer sesame", "content-type": "text/plain"}
TEXT = "The lunar post takes parcels of five pounds.\n\nIt is closed at full moon, and letters wait until it wanes.\n"
ASKED = {"question": "lunar post parcels"}


def url(folder: Path) -> str:
    return f"milvus+file://{folder}/milvus.db"


def keeping(folder: Path) -> Collection:
    return Collection(Settings(data=folder / "data", index=url(folder), ingest_keys=KEYS))


def reading(folder: Path) -> Collection:
    return Collection(Settings(data=None, index=url(folder), ingest_keys=KEYS))


def served(collection: Collection) -> TestClient:
    return TestClient(create_app(collection), base_url="http://127.0.0.1:8000")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built-in statements in a cluster."""
    folder = tmp_path_factory.mktemp("cluster")
    collection = keeping(folder)
    ingest(collection.store, [BUILT_IN])
    assert collection.build_index() and not collection.build_index() and collection.growth.is_current()
    return folder


@pytest.fixture(scope="module")
def reader(filled: Path) -> Iterator[TestClient]:
    with served(reading(filled)) as client:
        yield client


def test_the_same_is_answered(collection: Collection, filled: Path) -> None:
    cases = read_cases(Path(__file__).parents[1] / "quality")
    questions = random.Random(4).sample([case.question for case in cases if not case.history], 30)
    here, there = collection.answerer(), reading(filled).answerer()
    answered = 0
    for question in questions:
        one, other = here.ask(question), there.ask(question)
        assert replace(one, took_ms=0.0) == replace(other, took_ms=0.0), question
        answered += one.answered
    assert 10 < answered < 30


PATHS = (
    "/api/documents",
    "/api/documents/un-cd-2019",
    "/api/documents/hant-2022/text",
    "/api/passages/un-cd-2019/8",
    "/api/passages/peoples-daily-2025/19?format=bibtex",
    "/api/passages/no-such/1",
    "/api/passages/un-cd-2019/999",
    "/api/timeline?q=NPT",
    "/p/un-cd-2019/8",
    "/p/hant-2022",
    "/p/no-such/8",
    "/",
    "/verify?q=AUKUS",
    "/v1/models",
)


def test_every_door_says_the_same(client: TestClient, reader: TestClient) -> None:
    for path in PATHS:
        one, other = client.get(path), reader.get(path)
        assert one.status_code == other.status_code and one.content == other.content, path
    states = [to.get("/readyz").json() for to in (client, reader)]
    assert [held["paragraphs"] for held in states] == [112, 112] and states[0]["index"] != states[1]["index"]
    quotation = "中俄两国主张条约当事方通过对话与磋商解决分歧，恢复条约活力"
    for text in (quotation, quotation.replace("主张", "反对"), "not in any of them at all", "恢复条约……防止事态"):
        one, other = (to.post("/api/verify", json={"text": text}).json() for to in (client, reader))
        assert one == other and "verdict" in one, text


def test_documents_are_taken_in_elsewhere(reader: TestClient, filled: Path) -> None:
    for reply in (
        reader.put("/api/documents/lunar", content=TEXT, headers=KEY),
        reader.delete("/api/documents/un-cd-2019", headers=KEY),
        reader.get("/api/jobs/1", headers=KEY),
    ):
        assert reply.status_code == 409 and "YINJU_DATA is set too" in reply.json()["detail"]
    with pytest.raises(SettingsError, match="not taken in here"):
        _ = reading(filled).store


def test_what_comes_and_goes_is_seen_by_all(tmp_path: Path) -> None:
    with ExitStack() as stack:
        reader = stack.enter_context(served(reading(tmp_path)))
        unready = reader.get("/readyz")
        assert unready.status_code == 503 and "no index yet" in unready.text
        assert reader.post("/api/ask", json=ASKED).status_code == 503
        writer = stack.enter_context(served(keeping(tmp_path)))
        job = writer.put("/api/documents/lunar", content=TEXT, headers=KEY).json()["job"]
        settle(writer, job)
        eventually(reader, ["The lunar post takes parcels of five pounds."])
        assert reader.get("/api/passages/lunar/1").json()["text"].endswith("five pounds.")
        job = writer.put("/api/documents/lunar", content=TEXT.replace("five", "nine"), headers=KEY).json()["job"]
        settle(writer, job)
        assert writer.post("/api/ask", json=ASKED).json()["quotes"][0]["text"].endswith("nine pounds.")
        eventually(reader, ["The lunar post takes parcels of nine pounds."])
        settle(writer, writer.delete("/api/documents/lunar", headers=KEY).json())
        eventually(reader, [])
        assert reader.get("/api/passages/lunar/1").status_code == 410


def settle(client: TestClient, job: dict[str, Any]) -> None:
    """A job that fails is tried again after half a minute."""
    for _ in range(1500):
        if job["state"] == "done":
            return
        time.sleep(0.05)
        job = client.get(f"/api/jobs/{job['id']}", headers=KEY).json()
    raise AssertionError(job)


def eventually(client: TestClient, texts: list[str]) -> None:
    """Wait until the best quote is this one, or there is none; a poll of the cluster is a second away at most."""
    for _ in range(600):
        reply = client.post("/api/ask", json=ASKED)
        if reply.status_code == 200 and [quote["text"] for quote in reply.json()["quotes"]][:1] == texts:
            return
        time.sleep(0.1)
    raise AssertionError(reply.text)


def test_the_terminal(filled: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("YINJU_INDEX", url(filled))
    run = CliRunner()
    asked = run.invoke(command, ["ask", "what was said about INF"])
    assert asked.exit_code == 0 and "un-cd-2019/8" in asked.stdout
    doctor = run.invoke(command, ["doctor"])
    assert doctor.exit_code == 0 and "5 documents, 159 passages: 0 problems" in doctor.stderr
    refused = run.invoke(command, ["withdraw", "un-cd-2019"])
    assert refused.exit_code == 1 and isinstance(refused.exception, SettingsError)
    monkeypatch.setenv("YINJU_INDEX", "milvus+http://127.0.0.1:9")
    away = run.invoke(command, ["ask", "what was said about INF"])
    assert away.exit_code == 1 and "check YINJU_INDEX" in str(away.exception)
