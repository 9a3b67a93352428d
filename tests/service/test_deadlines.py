"""Clients that send slowly, or never take what they asked for: they are cut, and those that go on are not."""

import gc
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from urllib.parse import urlsplit

import pytest

from service.collection import Collection
from service.doors import deadlines
from service.doors.deadlines import LARGEST_HEAD, Deadlines

Serving = Callable[[Collection], AbstractContextManager[str]]
Opened = Callable[..., socket.socket]

ASK = b'{"question": "INF"}'
HEAD = b"POST /api/ask HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
WHOLE = HEAD + b"content-length: %d\r\n\r\n" % len(ASK) + ASK
LIVEZ = b"GET /livez HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"


@pytest.fixture
def opened(collection: Collection, serving: Serving, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    """Connections to a service that is less patient than usual, each with the bytes sent already."""
    monkeypatch.setattr(deadlines, "PATIENCE", 1.0)
    with serving(collection) as address, ExitStack() as stack:
        host, _, port = urlsplit(address).netloc.partition(":")

        def opened(sent: bytes = b"", buffer: int = 0) -> socket.socket:
            made = stack.enter_context(socket.socket())
            made.settimeout(30)
            if buffer:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
            made.connect((host, int(port)))
            made.sendall(sent)
            return made

        yield opened


def rest(connection: socket.socket) -> bytes:
    """All that comes until the server ends the connection."""
    held = b""
    try:
        while data := connection.recv(1 << 16):
            held += data
    except ConnectionResetError:
        pass
    return held


def dripped(connections: Sequence[socket.socket], data: bytes) -> set[int]:
    """Those that the server has ended while a byte at a time is sent on each."""
    ended = set[int]()
    for byte in data:
        for at, connection in enumerate(connections):
            try:
                connection.sendall(bytes([byte]))
            except OSError:
                ended.add(at)
        if len(ended) == len(connections):
            break
        time.sleep(0.1)
    return ended


def test_who_sends_nothing_or_half_a_request_is_cut_and_told(opened: Opened) -> None:
    silent, head = opened(), opened(b"GET /livez HTTP/1.1\r\nhost:")
    body, chunked = opened(WHOLE[:-3]), opened(HEAD + b'transfer-encoding: chunked\r\n\r\n4\r\n{"qu\r\n')
    second = opened(LIVEZ + b"GET /live")
    assert rest(silent) == b""
    for connection in (head, body, chunked):
        told = rest(connection)
        assert told.startswith(b"HTTP/1.1 408 Request Timeout\r\n") and told.endswith(b"send it anew")
    first, _, told = rest(second).partition(b'{"status":"alive"}')
    assert first.startswith(b"HTTP/1.1 200 OK") and told.startswith(b"HTTP/1.1 408 ")


def test_a_byte_now_and_then_is_not_enough(opened: Opened) -> None:
    slow = [opened(b"GET /livez HTTP/1.1\r\nx: "), opened(HEAD + b"content-length: 9000\r\n\r\n"), opened()]
    assert dripped(slow, b"\r\n" * 150) == {0, 1, 2}


def test_who_goes_on_is_waited_for(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "RATE", 200)
    slow, body = opened(HEAD + b"content-length: 1200\r\n\r\n"), ASK.ljust(1200)
    for at in range(0, 1200, 60):
        slow.sendall(body[at : at + 60])
        time.sleep(0.1)  # twice as long in all as a request may take that does not go on
    assert slow.recv(1 << 16).startswith(b"HTTP/1.1 200 OK")


def test_the_connection_of_a_whole_request_stays(opened: Opened) -> None:
    connection = opened()
    for _ in range(3):
        connection.sendall(LIVEZ)
        assert connection.recv(1 << 16).endswith(b'{"status":"alive"}')
        time.sleep(0.6)
    connection.sendall(LIVEZ * 5)
    held = b""
    while held.count(b'{"status":"alive"}') < 5:
        held += connection.recv(1 << 16)


CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        (b"GET /" + b"x" * (1 << 16), 414, "; put less into it"),
        (b"GET / HTTP/1.1\r\nx: " + b"x" * LARGEST_HEAD, 431, "; shorten its address or headers"),
        (b"GET / HTTP/1.1\r\n" + b"x: 1\r\n" * 202, 431, "; send fewer"),
        (CHUNKED + b"1;" + b"x" * 8 * LARGEST_HEAD, 431, "; shorten its address or headers"),
        (CHUNKED + b"0\r\n" + b"x: 1\r\n" * 202, 431, "; send fewer"),
        (
            CHUNKED + b"80000\r\n" + bytes(1 << 19) + b"\r\n0\r\n" + b"x" * 8 * LARGEST_HEAD,
            431,
            "; shorten its address or headers",
        ),
        (b"\r\n" * LARGEST_HEAD, None, ""),
        (
            HEAD + b"connection: upgrade\r\nupgrade: h2c\r\ncontent-length: 99\r\n\r\n" + LIVEZ,
            501,
            "; send it without Upgrade, as HTTP/1.1",
        ),
        (
            CHUNKED.replace(b"\r\n\r\n", b"\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n") + LIVEZ,
            501,
            "without Upgrade, as HTTP/1.1",
        ),
    ],
)
def test_a_head_has_an_end(opened: Opened, sent: bytes, status: int | None, said: str) -> None:
    told = rest(opened(sent))
    assert told.count(b"HTTP/1.1 ") == (status is not None)
    assert (
        told == b"" or told.startswith(f"HTTP/1.1 {status} ".encode()) and said.encode() in told.split(b"\r\n\r\n")[1]
    )


def test_an_upgrade_that_is_only_offered_changes_nothing(opened: Opened) -> None:
    offered = LIVEZ.replace(b"\r\n\r\n", b"\r\nconnection: upgrade, http2-settings\r\nupgrade: h2c\r\n\r\n")
    told = rest(opened(offered + LIVEZ))
    assert told.startswith(b"HTTP/1.1 200 OK") and told.count(b"HTTP/1.1 ") == 1


def test_requests_that_come_ahead_of_replies_are_only_so_many(opened: Opened) -> None:
    assert rest(opened(LIVEZ * 17 + LIVEZ[:9])).count(b"HTTP/1.1 200 OK") == 17
    assert b"HTTP/1.1 200 OK" not in rest(opened(LIVEZ * 30))


def test_who_takes_no_reply_is_cut(opened: Opened, caplog: pytest.LogCaptureFixture) -> None:
    request = LIVEZ.replace(b"/livez", b"/static/swagger-ui/swagger-ui-bundle.js")
    connection = opened(request * 16, 4096)  # more than the system's buffers hold
    time.sleep(0.5)
    assert open_connections() == 1
    deadline = time.monotonic() + 60
    while open_connections():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert len(rest(connection)) < 10 << 20
    assert caplog.records == []  # nothing was written to what is closed


def open_connections() -> int:
    """How many connections the server has whose clients are in this process."""
    return sum(isinstance(held, Deadlines) and not held.transport.is_closing() for held in gc.get_objects())
