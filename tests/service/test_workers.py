"""Several processes behind one address: whichever is asked, a change is known, its job is found, and it is answered."""

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from service.collection import Collection
from service.ingestion import BUILT_IN, ingest
from service.settings import Settings

ROOT = Path(__file__).parents[2]
TEXT = "The lunar post, number {}, takes parcels of five pounds, and letters wait until the moon wanes."
PATIENCE = 120  # seconds


class Service:
    """`yinju serve` with two workers, in a process group of its own."""

    def __init__(self, data: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port: int = probe.getsockname()[1]
        environ = {
            **os.environ,
            "YINJU_DATA": str(data),
            "YINJU_PORT": str(self.port),
            "YINJU_INGEST_KEYS": hashlib.sha256(b"sesame").hexdigest(),
        }
        command = [sys.executable, "-c", "from service.doors.cli import main; main()", "serve", "--workers", "2"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=environ, start_new_session=True)

    def request(self, method: str, path: str, body: str | Mapping[str, Any] = "") -> tuple[int, Any]:
        """Status and parsed body, over a connection of its own; a text is a document, all else JSON."""
        is_text = isinstance(body, str)
        sent = body if isinstance(body, str) else json.dumps(body)
        headers = {"authorization": "Bearer sesame", "content-type": "text/plain" if is_text else "application/json"}
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as connection:
            connection.request(method, path, sent.encode(), headers)
            reply = connection.getresponse()
            return reply.status, json.loads(reply.read())

    def is_ready(self) -> bool:
        try:
            return self.request("GET", "/readyz")[0] == 200
        except OSError:
            return False

    def counted(self) -> float:
        """The questions that have been answered, as whichever process is asked counts them."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as connection:
            connection.request("GET", "/metrics")
            told = connection.getresponse().read().decode()
        return sum(float(line.split()[-1]) for line in told.splitlines() if line.startswith("yinju_answers_total{"))

    def quoted(self) -> set[str]:
        _, answer = self.request("POST", "/api/ask", {"question": "lunar post parcels", "top_k": 50})
        return {quote["passage_id"] for quote in answer["quotes"]}

    def workers(self) -> list[int]:
        """Those of its processes that answer, as long as they are alive."""
        return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if self._is_worker(pid)]

    def _is_worker(self, pid: int) -> bool:
        try:
            state, _, group = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(") ")[2].split()[:3]
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:  # it has just ended
            return False
        return int(group) == self.process.pid and state != "Z" and b"spawn_main" in command


def until(condition: Any) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    made = Collection(Settings(data=tmp_path / "data"))
    ingest(made.store, [BUILT_IN])
    made.build_index()
    running = Service(tmp_path / "data")
    try:
        until(running.is_ready)
        until(lambda: len(running.workers()) == 2)
        yield running
    finally:
        if running.process.poll() is None:
            os.killpg(running.process.pid, signal.SIGKILL)
        running.process.wait()


def finished(service: Service, job: Mapping[str, Any]) -> Mapping[str, Any]:
    until(lambda: service.request("GET", f"/api/jobs/{job['id']}")[1]["state"] != "waiting")
    _, held = service.request("GET", f"/api/jobs/{job['id']}")
    assert isinstance(held, dict)
    return held


def test_whichever_worker_is_asked_knows_of_every_change_and_job(service: Service) -> None:
    jobs = []
    for number in range(12):
        status, stored = service.request("PUT", f"/api/documents/moon-{number}", TEXT.format(number))
        assert status == 201
        jobs.append(stored["job"])
        found = [service.request("GET", f"/api/jobs/{job['id']}") for job in jobs for _ in range(3)]
        assert {status for status, _ in found} == {200}
        assert {held["state"] for _, held in found} <= {"waiting", "done"}
    assert [finished(service, job) for job in jobs] == [{**job, "state": "done"} for job in jobs]
    expected = {f"moon-{number}/1" for number in range(12)}
    until(lambda: all(service.quoted() == expected for _ in range(20)))  # each connection is some worker's
    _, gone = service.request("DELETE", "/api/documents/moon-3")
    assert all(service.quoted() == expected - {"moon-3/1"} for _ in range(20))
    assert finished(service, gone)["state"] == "done"


def test_what_all_workers_do_is_counted_together(service: Service) -> None:
    for _ in range(12):
        service.quoted()
    assert {service.counted() for _ in range(8)} == {12.0}
    os.kill(service.workers()[0], signal.SIGKILL)
    until(lambda: len(service.workers()) == 2)
    until(service.is_ready)
    assert {service.counted() for _ in range(8)} == {12.0}


def test_a_worker_that_dies_is_replaced_and_its_jobs_are_done(service: Service) -> None:
    _, stored = service.request("PUT", "/api/documents/moon-1", TEXT.format(1))
    before = service.workers()
    os.kill(before[0], signal.SIGKILL)
    until(lambda: len(service.workers()) == 2 and service.workers() != before)
    until(service.is_ready)

    def is_done() -> bool:
        try:
            return bool(service.request("GET", f"/api/jobs/{stored['job']['id']}")[1]["state"] == "done")
        except OSError:  # of connections that the dead one had taken
            return False

    until(is_done)
    until(lambda: service.quoted() == {"moon-1/1"})


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_one_signal_ends_all(service: Service, sent: signal.Signals) -> None:
    workers = service.workers()
    if sent is signal.SIGINT:
        os.killpg(service.process.pid, sent)  # as a terminal does
    else:
        service.process.send_signal(sent)
    assert service.process.wait(PATIENCE) == 0
    assert len(workers) == 2 and service.workers() == []
    with pytest.raises(OSError):
        service.request("GET", "/livez")
