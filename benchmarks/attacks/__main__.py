"""What does a running service do while somebody means it ill?

    python -m benchmarks.attacks DATA [--seconds 20] [--json FILE]

DATA is a data folder with an index in it, of which a copy is served by `yinju serve` on 127.0.0.1; every part but the
first pair has a service of its own. The attackers run on the same machine and share its cores with the service. All the
while a healthy client asks the questions of `benchmarks.load` at a constant rate of 10 a second, and another one asks
/livez 10 times a second: median and 99th percentile in ms since a question was due, alone, during the attack, and after
it. What grows is the service's memory: the peak during the attack less what it held before, in MiB.

slow          900 connections: a third sends nothing, a third a byte of the head a second, a third a byte of the body
deaf          100 connections that ask for /openapi.json 200 times and read none of it
bodies        300 MiB in one request, with Content-Length and chunked, sent on whatever is replied
keys          16 connections that ask with a wrong key, again as soon as they are refused
files         400 silent connections to a service that may have 256 files open: seconds until a new client is answered

Each figure that has a goal is printed beside it. Exit code 1 if one is missed.
"""

import argparse
import gc
import hashlib
import json
import resource
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

from benchmarks.attacks.bodies import too_large
from benchmarks.attacks.keys import wrong
from benchmarks.attacks.memory import growth
from benchmarks.attacks.slow import Kind, slow
from benchmarks.first_byte import serving
from benchmarks.load.__main__ import asked
from benchmarks.load.client import alive, at_a_rate, at_once, request
from benchmarks.machine import described
from benchmarks.times import spread

RATE = 10.0  # a second, of the healthy clients
SLOW, DEAF, FILES = 900, 100, 256
KEY = "benchmark"

_CUT = 15.0  # seconds until the last of the slow clients is cut
_USUAL, _LATE = 1.5, 50.0  # no later than so many times as late as alone, or than so many ms
_REFUSED, _GROWTH = 100.0, 16.0  # ms, MiB


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure that should be at most so much; it is None if what it counts has not happened."""

    what: str
    figure: float | None
    most: float

    @property
    def is_met(self) -> bool:
        return self.figure is not None and self.figure <= self.most

    def __str__(self) -> str:
        figure = "never" if self.figure is None else f"{self.figure:.1f}"
        return f"{'ok    ' if self.is_met else 'MISSED'}  {self.what:44}{figure:>10}  at most {self.most:.1f}"


@dataclass(frozen=True, slots=True)
class Attacked:
    """A service, and processes beside it that attack it and ask after it."""

    port: int
    pid: int
    beside: ProcessPoolExecutor
    questions: Sequence[str]
    key: str | None = None

    def healthy(self, seconds: float) -> dict[str, float]:
        """What healthy clients see for so long."""
        probing = self.beside.submit(alive, self.port, int(seconds * RATE), 1 / RATE)
        replies = at_a_rate(self.port, self.questions, RATE, seconds, self.key)
        answers = [reply.ms for reply in replies if reply.status == 200]
        return {
            **spread("ask", answers),
            **spread("livez", probing.result()),
            "unanswered": len(replies) - len(answers),
        }

    def under(self, attack: Callable[..., Any], *given: Any, seconds: float) -> dict[str, Any]:
        """What healthy clients see before an attack that takes so long, meanwhile and afterwards."""
        alone = self.healthy(seconds / 2)

        def meanwhile() -> tuple[dict[str, float], Any]:
            attacking: Future[Any] = self.beside.submit(attack, self.port, *given)
            return self.healthy(seconds), attacking.result()

        (during, came_of_it), grown = growth(self.pid, meanwhile)
        sleep(1)
        return {
            "alone": alone,
            "during": during,
            "after": self.healthy(seconds / 2),
            "attack": came_of_it,
            "growth_mib": grown,
        }


@contextmanager
def attacked(data: Path, questions: Sequence[str], key: str | None = None) -> Iterator[Attacked]:
    """A service that has been asked for a while already; where there is a key, only for those who have it."""
    settings = {"YINJU_READ_KEYS": hashlib.sha256(key.encode()).hexdigest()} if key else {}
    with serving(data, **settings) as (port, pid), ProcessPoolExecutor(2, get_context("spawn")) as beside:
        at_once(port, questions, 2, 5, key)
        yield Attacked(port, pid, beside, questions, key)


def measured(data: Path, seconds: float) -> dict[str, Any]:
    questions = asked()
    gc.freeze()  # no pause of the client's is to be taken for one of the service's
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(shutil.copytree(data, Path(scratch) / "data"))
        with attacked(copy, questions) as service:
            half_open = service.under(slow, (Kind.SILENT, Kind.HEAD, Kind.BODY), SLOW, seconds, seconds=seconds)
            deaf = service.under(slow, (Kind.DEAF,), DEAF, seconds, seconds=seconds)
        with attacked(copy, questions) as service:
            bodies = {name: _body(service, name == "chunked") for name in ("content-length", "chunked")}
        with attacked(copy, questions, KEY) as service:
            keys = service.under(wrong, questions, seconds, seconds=seconds)
        with attacked(copy, questions) as service:
            files = _beyond_files(service, seconds)
    return {"slow": half_open, "deaf": deaf, "bodies": bodies, "keys": keys, "files": files}


def _body(service: Attacked, chunked: bool) -> dict[str, Any]:
    told, grown = growth(service.pid, lambda: too_large(service.port, chunked))
    return {**told, "growth_mib": grown}


def _beyond_files(service: Attacked, seconds: float) -> dict[str, Any]:
    """What a new client sees when there is no file left to take it in with."""
    before = resource.prlimit(service.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(service.pid, resource.RLIMIT_NOFILE, (FILES, before[1]))
    attacking = service.beside.submit(slow, service.port, (Kind.SILENT,), 400, seconds)
    sleep(1)
    begun = perf_counter()
    while not (is_answered := _is_answered(service.port)) and not attacking.done():
        sleep(0.1)
    taken = 1 + perf_counter() - begun
    return {"attack": attacking.result(), "answered_s": taken if is_answered else None}


def _is_answered(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(request("GET", "/livez"))
            return connection.recv(1 << 16).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def goals(figures: Mapping[str, Any]) -> Iterator[Goal]:
    for name in ("slow", "deaf", "keys"):
        part = figures[name]
        for when in ("during", "after"):
            for door in ("ask", "livez"):
                usual = part["alone"][f"{door}_p99_ms"]
                late = part[when][f"{door}_p99_ms"]
                yield Goal(f"{name}: healthy {door} p99, {when}, ms", late, max(_LATE, _USUAL * usual))
        yield Goal(f"{name}: healthy unanswered", part["during"]["unanswered"] + part["after"]["unanswered"], 0)
    for name in ("slow", "deaf"):
        came_of_it = figures[name]["attack"]
        yield Goal(f"{name}: left open, of {came_of_it['connections']}", sum(came_of_it["left_open"].values()), 0)
        yield Goal(f"{name}: last one cut, s", came_of_it["last_cut_s"], _CUT)
    for name, body in figures["bodies"].items():
        yield Goal(f"{name}: refused, ms", body["refused_ms"] if body["status"] == 413 else None, _REFUSED)
        yield Goal(f"{name}: growth, MiB", body["growth_mib"], _GROWTH)
    yield Goal("keys: growth, MiB", figures["keys"]["growth_mib"], _GROWTH)
    yield Goal("files: a new client is answered, s", figures["files"]["answered_s"], _CUT)


def main(data: Path, seconds: float, out: Path | None) -> int:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))  # which the service and the attackers inherit
    figures = measured(data, seconds)
    held = list(goals(figures))
    sys.stdout.write(json.dumps(figures, indent=1) + "\n" + "\n".join(map(str, held)) + "\n")
    if out:
        out.write_text(json.dumps({"machine": described(), **figures}, indent=1) + "\n", "utf-8")
    return 0 if all(goal.is_met for goal in held) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    sys.exit(main(arguments.data, arguments.seconds, arguments.json))
