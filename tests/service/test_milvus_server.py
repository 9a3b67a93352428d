"""A real Milvus, of the version that PyPI carries: two services over it, and what they do when it is killed."""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx2
import pytest

from benchmarks.cluster.server import Server, free_port
from service.collection import Collection

KEY = {"authorization": "Bearer sesame", "content-type": "text/plain"}
TEXT = "The lunar post takes parcels of five pounds.\n\nIt is closed at full moon, and letters wait until it wanes.\n"
LUNAR = {"question": "lunar post parcels"}
QUESTIONS = ("what was said about INF", "外空武器化", "биологическое оружие", "AUKUS", "Is there a casino on the moon?")

pytestmark = pytest.mark.milvus


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Without the package what needs it is skipped, or fails if CI_REQUIRES_MILVUS is set."""
    if find_spec("milvus") is None:
        missing = "no Milvus server: pip install milvus==2.3.5, which there is for Linux on x86-64"
        if os.environ.get("CI_REQUIRES_MILVUS"):
            pytest.fail(missing)
        pytest.skip(missing)
    started = Server(tmp_path_factory.mktemp("milvus"))
    yield started
    started.stop()


def yinju(environ: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("yinju")), *arguments]
    return subprocess.run(command, env={**os.environ, **environ}, capture_output=True, text=True, timeout=120)


@contextmanager
def serving(environ: dict[str, str]) -> Iterator[str]:
    """`yinju serve` on a free port, once it is ready; its address."""
    port = free_port()
    given = {**os.environ, **environ, "YINJU_PORT": str(port)}
    process = subprocess.Popen([Path(sys.executable).with_name("yinju"), "serve"], env=given)
    try:
        address = f"http://127.0.0.1:{port}"
        until(lambda: httpx2.get(f"{address}/readyz").status_code == 200)
        yield address
    finally:
        process.terminate()
        process.wait()


def until(met: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while True:
        try:
            if met():
                return
        except httpx2.TransportError:
            pass
        assert time.monotonic() < end
        time.sleep(0.1)


def ask(address: str, **asked: Any) -> Any:
    reply = httpx2.post(f"{address}/api/ask", json=asked, timeout=60)
    assert reply.status_code == 200, reply.text
    return reply.json()


def quoted(answer: Any) -> list[tuple[str, str]]:
    return [(quote["passage_id"], quote["text"]) for quote in answer["quotes"]]


def test_two_services_a_killed_server_and_recovery(server: Server, collection: Collection, tmp_path: Path) -> None:
    index = {"YINJU_INDEX": f"milvus+http://127.0.0.1:{server.port}/tested"}
    digest = hashlib.sha256(b"sesame").hexdigest()
    kept = {**index, "YINJU_DATA": str(tmp_path / "data"), "YINJU_INGEST_KEYS": digest}
    ingested = yinju(kept, "ingest", "--builtin")
    assert ingested.returncode == 0, ingested.stderr
    with ExitStack() as stack:
        keeper, *readers = (stack.enter_context(serving(environ)) for environ in (kept, index, index))
        here = collection.answerer()
        for question in QUESTIONS:
            expected = [(quote.passage_id, quote.text) for quote in here.ask(question).quotes]
            assert [quoted(ask(reader, question=question)) for reader in readers] == [expected] * 2, question
        for filters in ({"documents": ["peoples-daily-2025"]}, {"works": ["cn-ru-2019"]}, {"languages": ["zh-Hant"]}):
            held = [quoted(ask(reader, question="核武器", filters=filters)) for reader in readers]
            assert held[0] == held[1] and held[0], filters
        comes_and_goes(keeper, readers)
        put = httpx2.put(f"{keeper}/api/documents/lunar", content=TEXT, headers=KEY)
        assert put.status_code in (200, 201)
        settle(keeper, put.json()["job"])
        server.kill()
        for reader in readers:
            lost = httpx2.post(f"{reader}/api/ask", json={"question": "лунная почта, спутниковая"}, timeout=60)
            assert lost.status_code == 503 and "check YINJU_INDEX" in lost.json()["detail"]
            assert httpx2.get(f"{reader}/livez").status_code == 200
            assert httpx2.get(f"{reader}/readyz").status_code == 503
        server.start_again()
        for reader in readers:
            until(lambda reader=reader: found(reader) == [TEXT.partition("\n")[0]], 180)  # type: ignore[misc]
        assert quoted(ask(readers[0], question=QUESTIONS[0])) == quoted(ask(keeper, question=QUESTIONS[0]))
        gone = httpx2.delete(f"{keeper}/api/documents/lunar", headers=KEY)
        settle(keeper, gone.json())
        until(lambda: [found(reader) for reader in readers] == [[], []])
        refused = httpx2.post(f"{readers[0]}/api/verify", json={"text": "双方将就此保持密切对话"})
        assert refused.status_code == 503 and "no full-text search" in refused.json()["detail"]
    doctor = yinju(kept, "doctor")
    assert doctor.returncode == 0 and "5 documents, 159 passages: 0 problems" in doctor.stderr, doctor.stdout


def comes_and_goes(keeper: str, readers: list[str]) -> None:
    put = httpx2.put(f"{keeper}/api/documents/lunar", content=TEXT, headers=KEY)
    assert put.status_code == 201
    settle(keeper, put.json()["job"])
    until(lambda: [found(reader) for reader in readers] == [[TEXT.partition("\n")[0]]] * 2)
    settle(keeper, httpx2.delete(f"{keeper}/api/documents/lunar", headers=KEY).json())
    until(lambda: [found(reader) for reader in readers] == [[], []])
    assert [httpx2.get(f"{reader}/api/passages/lunar/1").status_code for reader in readers] == [410, 410]


def found(reader: str) -> list[str]:
    reply = httpx2.post(f"{reader}/api/ask", json=LUNAR, timeout=60)
    return [quote["text"] for quote in reply.json()["quotes"]][:1] if reply.status_code == 200 else ["nothing yet"]


def settle(keeper: str, job: Any) -> None:
    held = [job]

    def is_done() -> bool:
        held.append(httpx2.get(f"{keeper}/api/jobs/{job['id']}", headers=KEY).json())
        return bool(held[-1]["state"] == "done")

    until(is_done)
