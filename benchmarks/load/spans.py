"""How much of the time of a question is not search: a service that says how long it has searched for the last one."""

import json
import socket
from collections.abc import Sequence
from contextlib import closing
from functools import wraps
from http.client import HTTPConnection
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import perf_counter, sleep
from typing import Any

import uvicorn

from benchmarks.first_byte import is_ready
from embeddings.index import Index
from service.app import create_app
from service.collection import Collection
from service.settings import Settings


def overhead(data: Path, questions: Sequence[str]) -> dict[str, float]:
    """Medians in ms: a question as a client sees it, what of it is search, the rest, and GET /livez; and the ratio.

    Search is Index.search with the encoding of the question in it. The questions come one after the other on one
    connection, each after one GET /livez.
    """
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    process = get_context("spawn").Process(target=_serve, args=(data, port))
    process.start()
    try:
        while not is_ready(port):
            assert process.is_alive()
            sleep(0.1)
        with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
            for question in questions[:20]:
                _timed(connection, question)
            taken = [_timed(connection, question) for question in questions]
    finally:
        process.terminate()
        process.join()
    whole, search, rest, livez = (median(held) for held in zip(*taken, strict=True))
    return {"question": whole, "search": search, "rest": rest, "livez": livez, "ratio": rest / livez}


def _timed(connection: HTTPConnection, question: str) -> tuple[float, float, float, float]:
    livez, _ = _exchanged(connection, "GET", "/livez")
    whole, _ = _exchanged(connection, "POST", "/api/ask", {"question": question})
    _, search = _exchanged(connection, "GET", "/searched")
    return whole, search, whole - search, livez


def _exchanged(connection: HTTPConnection, method: str, path: str, body: Any = None) -> tuple[float, Any]:
    sent = json.dumps(body).encode()
    begun = perf_counter()
    connection.request(method, path, sent, {"content-type": "application/json"})
    reply = connection.getresponse()
    held = reply.read()
    assert reply.status == 200
    return (perf_counter() - begun) * 1000, json.loads(held)


def _serve(data: Path, port: int) -> None:
    """What is measured is the product as it is, but that its search leaves its time behind."""
    times: list[float] = []
    search = Index.search

    @wraps(search)
    def timed(*given: Any, **named: Any) -> Any:
        begun = perf_counter()
        try:
            return search(*given, **named)
        finally:
            times.append((perf_counter() - begun) * 1000)

    async def searched() -> float:
        """Since this was asked last."""
        held = sum(times)
        times.clear()
        return held

    Index.search = timed  # type: ignore[method-assign]
    app = create_app(Collection(Settings(data=data, port=port)))
    app.add_api_route("/searched", searched)
    uvicorn.run(app, port=port, log_level="warning")
