"""How long until the first words are there, through each door that speaks a chat's or an agent's protocol?

    python -m benchmarks.first_byte DATA

DATA is a data folder with an index in it; `yinju serve` serves it on 127.0.0.1 in a process of its own. Questions of
tests/quality, 15 in each language, none of them a follow-up, are asked one after the other on one kept-alive
connection, each through every door before the next one. They go round three times; every time another door is the
first. Times are in ms from before the request is sent; what arrived is only read after the clock has stopped.

first byte    of the body
first quote   the event that holds the first quote is there as a whole; only of questions that are answered
whole         the body is there as a whole

Ratios are to the whole of `POST /api/ask` for the same questions. If two doors do not say the same, the run fails.
"""

import argparse
import json
import os
import random
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, sleep
from typing import Any

from rich.console import Console
from rich.progress import track

from service.evaluation import Case, read_cases
from service.settings import Settings

LANGUAGES, EACH, ROUNDS, WARMING = ("en", "ru", "zh-Hans", "zh-Hant"), 15, 3, 8
QUALITY = Path(__file__).parents[1] / "tests" / "quality"
BASE = ("POST /api/ask", "whole")

Times = dict[tuple[str, str], float]  # by door and measure, ms


@dataclass(frozen=True, slots=True)
class Reply:
    """A body in the pieces in which it arrived, each with its time, and when its end was known, ms."""

    pieces: Sequence[tuple[float, bytes]]
    end: float

    @property
    def first(self) -> float:
        return self.pieces[0][0]

    @property
    def json(self) -> Any:
        return json.loads(b"".join(piece for _, piece in self.pieces))


def main(data: Path) -> None:
    questions = [case.question for case in sampled(read_cases(QUALITY))]
    turns = [(number + around, asked) for around in range(ROUNDS) for number, asked in enumerate(questions)]
    with served(data) as port, closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        for number, question in enumerate(questions[::WARMING]):
            through_every_door(connection, question, number)
        console = Console(stderr=True)
        taken = [through_every_door(connection, asked, at) for at, asked in track(turns, "asking", console=console)]
    sys.stdout.write(f"{len(questions)} questions, {ROUNDS} rounds, {os.cpu_count()} cores\n{table(taken)}\n")


def sampled(cases: Sequence[Case]) -> list[Case]:
    """Of each language as many, always the same, in an order that mixes them."""
    alone = [case for case in cases if not case.history]
    rng = random.Random(0)
    chosen = []
    for language in LANGUAGES:
        chosen += rng.sample([case for case in alone if f" {language}/" in case.group], EACH)
    return rng.sample(chosen, len(chosen))


@contextmanager
def served(data: Path, **settings: str) -> Iterator[int]:
    """The port of a service over `data` that is ready; `settings` are more of its environment."""
    with serving(data, **settings) as (port, _):
        yield port


@contextmanager
def serving(data: Path, **settings: str) -> Iterator[tuple[int, int]]:
    """The same, with the id of its process."""
    if not Settings(data=data).store.exists():
        sys.exit(f"{data}: no collection here")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    environ = {**os.environ, **settings, "YINJU_DATA": str(data), "YINJU_HOST": "127.0.0.1", "YINJU_PORT": str(port)}
    process = subprocess.Popen([Path(sys.executable).with_name("yinju"), "serve"], env=environ)
    try:
        while not is_ready(port):
            if process.poll() is not None:
                sys.exit("the service did not start")
            sleep(0.1)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def is_ready(port: int) -> bool:
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False


def through_every_door(connection: HTTPConnection, question: str, turn: int) -> Times:
    """The times of one question; `turn` says which door is the first."""
    times, said = Times(), dict[str, set[object]]()
    for door in DOORS[turn % len(DOORS) :] + DOORS[: turn % len(DOORS)]:
        taken, kind, held = door(connection, question)
        times |= taken
        said.setdefault(kind, set()).add(held)
    assert all(len(held) == 1 for held in said.values()), f"two doors differ on {question!r}: {said}"
    return times


def ask(connection: HTTPConnection, question: str) -> tuple[Times, str, object]:
    reply = exchanged(connection, "/api/ask", {"question": question})
    found = tuple(quote["passage_id"] for quote in reply.json["quotes"])
    return {(BASE[0], "first byte"): reply.first, BASE: reply.end}, "passages", found


def search(connection: HTTPConnection, question: str) -> tuple[Times, str, object]:
    call = {"name": "search", "arguments": {"query": question}}
    reply = exchanged(connection, "/mcp", {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call})
    found = tuple(held["id"] for held in reply.json["result"]["structuredContent"]["results"])
    return {("POST /mcp, tools/call search", "whole"): reply.end}, "passages", found


def chat(connection: HTTPConnection, question: str) -> tuple[Times, str, object]:
    body = {"model": "yinju", "messages": [{"role": "user", "content": question}]}
    reply = exchanged(connection, "/v1/chat/completions", body)
    return {("POST /v1/chat/completions", "whole"): reply.end}, "text", reply.json["choices"][0]["message"]["content"]


def chat_streamed(connection: HTTPConnection, question: str) -> tuple[Times, str, object]:
    body = {"model": "yinju", "messages": [{"role": "user", "content": question}], "stream": True}
    return streamed("POST /v1/chat/completions, streamed", exchanged(connection, "/v1/chat/completions", body), _delta)


def respond_streamed(connection: HTTPConnection, question: str) -> tuple[Times, str, object]:
    body = {"model": "yinju", "input": question, "stream": True}
    return streamed("POST /v1/responses, streamed", exchanged(connection, "/v1/responses", body), _output)


DOORS = (ask, chat, chat_streamed, respond_streamed, search)


def exchanged(connection: HTTPConnection, path: str, body: Mapping[str, Any]) -> Reply:
    """Post `body` and read the reply as it comes."""
    sent = json.dumps(body).encode()
    headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
    begun = perf_counter()
    connection.request("POST", path, sent, headers)
    pieces = []
    with connection.getresponse() as response:
        while piece := response.read1():
            pieces.append(((perf_counter() - begun) * 1000, piece))
        end = (perf_counter() - begun) * 1000
    assert response.status == 200, (response.status, pieces)
    return Reply(pieces, end)


def streamed(door: str, reply: Reply, text_of: Callable[[Mapping[str, Any]], str]) -> tuple[Times, str, object]:
    """The times of a stream of events, each of which holds a piece of the text or none."""
    times, arrived, quoted = {(door, "first byte"): reply.first}, b"", None
    for at, piece in reply.pieces:
        arrived += piece
        if quoted is None and any(text.startswith("> ") for text in texts(arrived, text_of)):
            quoted = times[door, "first quote"] = at
    return {**times, (door, "whole"): reply.end}, "text", "".join(texts(arrived, text_of))


def texts(arrived: bytes, text_of: Callable[[Mapping[str, Any]], str]) -> list[str]:
    """The pieces of text in the events that are there as a whole."""
    events = arrived.rpartition(b"\n\n")[0].decode().split("\n\n")
    data = [event.rpartition("data: ")[2] for event in events]
    return [text_of(json.loads(held)) for held in data if held not in ("", "[DONE]")]


def _delta(event: Mapping[str, Any]) -> str:
    return "".join(choice["delta"].get("content", "") for choice in event["choices"])


def _output(event: Mapping[str, Any]) -> str:
    return str(event["delta"]) if event["type"] == "response.output_text.delta" else ""


def table(taken: Sequence[Times]) -> str:
    lines = [f"{'':38}{'':13}{'n':>5}{'median':>9}{'p95':>9}{'ratio':>8}{'ratio of p95':>14}"]
    for door, measure in sorted({name: None for times in taken for name in times}):
        held = [times for times in taken if (door, measure) in times]
        (middle, late), (usual, usual_late) = (
            spread([times[name] for times in held]) for name in ((door, measure), BASE)
        )
        figures = f"{len(held):5}{middle:9.1f}{late:9.1f}{middle / usual:8.2f}{late / usual_late:14.2f}"
        lines.append(f"{door:38}{measure:13}{figures}")
    return "\n".join(lines)


def spread(values: Sequence[float]) -> tuple[float, float]:
    """Median and 95th percentile."""
    return median(values), quantiles(values, n=20, method="inclusive")[-1]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    main(parser.parse_args().data)
