"""How soon does a running service answer from a document that was put in, while others ask?

    python -m benchmarks.freshness DATA [--clients 4] [--rounds 10]

DATA is a data folder with an index in it, of which a copy is served. Clients ask questions of tests/quality one after
the other. Meanwhile a document comes in over HTTP, changes, and is withdrawn again. What is timed is from the reply, by
when it is safe in the store, to the first answer that quotes it, quotes its new wording, or does not quote it any more.
"""

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
import threading
from collections import Counter
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from time import perf_counter, sleep
from typing import Any

from rich.console import Console
from rich.progress import track

from benchmarks.first_byte import QUALITY, sampled, served
from service.evaluation import read_cases

KEY = "benchmark"
STEPS = ("put: found", "changed: found", "withdrawn: gone")
ASKED = "lunar post parcels"
TEXT = "The lunar post, number {}, takes parcels of {} pounds, and letters wait until the moon wanes."


class Clients:
    """Threads that ask until they are stopped; `statuses` counts what they got, `times` are seconds."""

    def __init__(self, port: int, count: int) -> None:
        self.statuses: Counter[int] = Counter()
        self.times: list[float] = []
        self._stopped = threading.Event()
        questions = [case.question for case in sampled(read_cases(QUALITY))]
        self._threads = [threading.Thread(target=self._ask, args=(port, questions[at::count])) for at in range(count)]
        for thread in self._threads:
            thread.start()

    def _ask(self, port: int, questions: list[str]) -> None:
        with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
            while not self._stopped.is_set():
                for question in questions:
                    begun = perf_counter()
                    status, _ = request(connection, "POST", "/api/ask", {"question": question})
                    self.statuses[status] += 1
                    self.times.append(perf_counter() - begun)

    def stop(self) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()


def request(connection: HTTPConnection, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Status and parsed body of a request with the key; a text is sent as a document, all else as JSON."""
    is_text = isinstance(body, str)
    headers = {"authorization": f"Bearer {KEY}", "content-type": "text/plain" if is_text else "application/json"}
    connection.request(method, path, body.encode() if is_text else json.dumps(body), headers)
    reply = connection.getresponse()
    return reply.status, json.loads(reply.read())


def until(connection: HTTPConnection, words: str, quoted: bool) -> float:
    """Seconds until `words` stand in the quotes for the document's topic, or don't."""
    begun = perf_counter()
    while True:
        _, answer = request(connection, "POST", "/api/ask", {"question": ASKED})
        if quoted == any(words in quote["text"] for quote in answer["quotes"]):
            return perf_counter() - begun
        sleep(0.01)


def main(data: Path, clients: int, rounds: int) -> int:
    taken: dict[str, list[float]] = {step: [] for step in STEPS}
    keys = hashlib.sha256(KEY.encode()).hexdigest()
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(shutil.copytree(data, Path(scratch) / "data"))
        with served(copy, YINJU_INGEST_KEYS=keys) as port, closing(HTTPConnection("127.0.0.1", port)) as connection:
            _, ready = request(connection, "GET", "/readyz")
            asking = Clients(port, clients)
            for number in track(range(rounds), "changing", console=Console(stderr=True)):
                path = f"/api/documents/moon-{number}"
                for step, pounds in zip(STEPS, (5, 7), strict=False):
                    status, _ = request(connection, "PUT", path, TEXT.format(number, pounds))
                    assert status in (200, 201)
                    taken[step].append(until(connection, f"number {number}, takes parcels of {pounds} pounds", True))
                assert request(connection, "DELETE", path)[0] == 200
                taken[STEPS[2]].append(until(connection, f"number {number},", False))
            asking.stop()
    failed = {status: count for status, count in asking.statuses.items() if status != 200}
    sys.stdout.write(
        f"{ready['paragraphs']} paragraphs, {clients} clients, {rounds} rounds; seconds, median and most\n"
    )
    for step, times in taken.items():
        sys.stdout.write(f"{step:18}{median(times):8.2f}{max(times):8.2f}\n")
    sys.stdout.write(
        f"meanwhile {asking.statuses.total()} questions, {median(asking.times):.2f} s each, failed: {failed}\n"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=10)
    arguments = parser.parse_args()
    sys.exit(main(arguments.data, arguments.clients, arguments.rounds))
