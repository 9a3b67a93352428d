"""More requests than can be answered: some are told to come back, the others are answered, and then all are again."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

import pytest

from service.answer import Answerer
from service.collection import Collection
from service.doors.capacity import MOST, THREADS

Serving = Callable[[Collection], AbstractContextManager[str]]

TOLD = f"{MOST} requests are being answered or wait already; send this one again in a second"


class Held(Collection):
    """A real collection whose answers are held back until they may come."""

    def __init__(self, built: Collection) -> None:
        super().__init__(built.settings)
        self.may, self.asked = threading.Event(), 0

    def answerer(self) -> Answerer:
        self.asked += 1
        assert self.may.wait(60)
        return super().answerer()


class Service:
    def __init__(self, address: str, collection: Held, stack: ExitStack) -> None:
        self.host, self.collection = urlsplit(address).netloc, collection
        self._stack = stack

    def connection(self) -> HTTPConnection:
        return self._stack.enter_context(closing(HTTPConnection(self.host, timeout=60)))

    def post(self, path: str, body: Any) -> HTTPConnection:
        """A request that is sent, to be read later."""
        made = self.connection()
        made.request("POST", path, json.dumps(body), {"content-type": "application/json"})
        return made

    def ask(self, count: int) -> list[HTTPConnection]:
        return [self.post("/api/ask", {"question": f"what was said about INF in {2000 + at}"}) for at in range(count)]

    def is_alive(self) -> bool:
        """After so many replies it has also taken in what was sent before."""
        made = self.connection()
        for _ in range(50):
            made.request("GET", "/livez")
            reply = made.getresponse()
            assert (reply.status, reply.read()) == (200, b'{"status":"alive"}')
        return True


@pytest.fixture
def service(collection: Collection, serving: Serving) -> Iterator[Service]:
    held = Held(collection)
    with serving(held) as address, ExitStack() as stack:
        try:
            yield Service(address, held, stack)
        finally:
            held.may.set()


def replies(connections: Sequence[HTTPConnection]) -> list[HTTPResponse]:
    return [made.getresponse() for made in connections]


def statuses(connections: Sequence[HTTPConnection]) -> Counter[int]:
    return Counter(reply.status for reply in replies(connections))


def test_what_would_wait_too_long_is_told_to_come_back_and_the_rest_is_answered(service: Service) -> None:
    waiting = service.ask(MOST)
    assert service.is_alive()
    for reply in replies(service.ask(8)):
        assert (reply.status, reply.headers["retry-after"]) == (503, "1")
        assert reply.headers["content-type"] == "application/problem+json"
        body = json.loads(reply.read())
        assert (body["status"], body["title"], body["detail"]) == (503, "Service Unavailable", TOLD)
    chat = {"model": "yinju", "messages": [{"role": "user", "content": "INF"}], "stream": True}
    for path, body in (("/v1/chat/completions", chat), ("/v1/responses", {"model": "yinju", "input": "INF"})):
        (reply,) = replies([service.post(path, body)])
        assert (reply.status, reply.headers["retry-after"]) == (503, "1")
        error = json.loads(reply.read())["error"]
        assert (error["code"], error["type"], error["message"]) == ("service_unavailable", "server_error", TOLD)
    assert service.is_alive()
    service.collection.may.set()
    assert statuses(waiting) == {200: MOST}
    assert statuses(service.ask(MOST)) == {200: MOST}


def test_streams_take_places_until_they_end(service: Service) -> None:
    chat = {"model": "yinju", "messages": [{"role": "user", "content": "INF"}], "stream": True}
    streams = [service.post("/v1/chat/completions", chat) for _ in range(MOST)]
    assert service.is_alive() and statuses(service.ask(1)) == {503: 1}
    service.collection.may.set()
    ended = [reply.read() for reply in replies(streams)]
    assert all(body.endswith(b"data: [DONE]\n\n") for body in ended)
    assert statuses(service.ask(1)) == {200: 1}


def test_who_has_gone_takes_no_place_and_nothing_is_computed_for_them(service: Service) -> None:
    for made in service.ask(MOST):
        made.close()
    assert service.is_alive()
    waiting = service.ask(MOST - THREADS)
    assert service.is_alive() and service.collection.asked == THREADS
    service.collection.may.set()
    assert statuses(waiting) == {200: MOST - THREADS}
    assert service.collection.asked == MOST


def test_who_sends_slowly_takes_no_place(service: Service) -> None:
    slow = [service.connection() for _ in range(MOST + 8)]
    body = json.dumps({"question": "INF"}).encode()
    for made in slow:
        made.putrequest("POST", "/api/ask")
        made.putheader("content-type", "application/json")
        made.putheader("content-length", str(len(body)))
        made.endheaders(body[:5])
    assert service.is_alive()
    waiting = service.ask(MOST)
    assert service.is_alive()
    for made in slow:
        made.send(body[5:])
    assert statuses(slow) == {503: MOST + 8}  # by the time that their bodies are there the places are taken
    service.collection.may.set()
    assert statuses(waiting) == {200: MOST}


def test_a_burst_is_answered_or_refused_and_leaves_nothing_behind(service: Service) -> None:
    service.collection.may.set()
    for _ in range(3):
        burst = statuses(service.ask(3 * MOST))
        assert burst.keys() <= {200, 503} and burst[200] >= MOST
    assert statuses(service.ask(MOST)) == {200: MOST}
