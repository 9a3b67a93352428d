"""Connections that are kept open with as little work as can be, and when the service has cut each of them."""

import socket
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from enum import StrEnum
from itertools import cycle, islice
from math import isnan, nan
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

from benchmarks.load.client import request

_LOOK = 0.25  # seconds
_DRIP = 1.0  # seconds
_ESTABLISHED = "01"
_REPLIES = 200  # of 40 kB, which is more than the buffers of two sockets hold


class Kind(StrEnum):
    """What a client is slow at."""

    SILENT = "sends nothing"
    HEAD = "a byte of the head a second"
    BODY = "a byte of the body a second"
    DEAF = "never reads the replies"


_OPENING = {
    Kind.SILENT: b"",
    Kind.HEAD: b"GET /livez HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: ",
    Kind.BODY: b"POST /api/ask HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
    b'content-length: 100000\r\n\r\n{"question": "',
    Kind.DEAF: request("GET", "/openapi.json") * _REPLIES,
}


class _Client:
    """One connection, and how many seconds after it was opened the service let go of it; nan while it has not."""

    def __init__(self, port: int, kind: Kind) -> None:
        self.kind, self.cut, self._opened = kind, nan, perf_counter()
        self.socket = socket.socket()
        if kind is Kind.DEAF:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setblocking(False)
        self.port: int = self.socket.getsockname()[1]
        self._send(_OPENING[kind])

    @property
    def is_open(self) -> bool:
        return isnan(self.cut)

    def drip(self) -> None:
        if self.kind in (Kind.HEAD, Kind.BODY):
            self._send(b"a")

    def _send(self, data: bytes) -> None:
        with suppress(OSError):  # it is full, or cut
            self.socket.send(data)

    def look(self, open_: frozenset[int]) -> None:
        if self.is_open and self.port not in open_:
            self.cut = perf_counter() - self._opened


def slow(port: int, kinds: Sequence[Kind], count: int, seconds: float) -> dict[str, Any]:
    """Open `count` connections, as many of each kind, and keep them open for so long if the service lets them be."""
    with ExitStack() as stack:
        clients = [_Client(port, kind) for kind in islice(cycle(kinds), count)]
        for client in clients:
            stack.enter_context(client.socket)
        begun = dripped = perf_counter()
        while (now := perf_counter()) - begun < seconds:
            if now - dripped >= _DRIP:
                dripped = now
                for client in clients:
                    client.drip()
            held = _served(port)
            for client in clients:
                client.look(held)
            sleep(_LOOK)
    cut = [client.cut for client in clients if not client.is_open]
    return {
        "connections": count,
        "cut": len(cut),
        "last_cut_s": max(cut, default=None),
        "left_open": dict(Counter(client.kind.value for client in clients if client.is_open)),
    }


def _served(port: int) -> frozenset[int]:
    """From which ports there are connections that the service has not closed.

    A client that reads nothing would not see it: the end of the stream waits behind what was not read.
    """
    ports = set()
    for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]:
        _, local, remote, state = line.split()[:4]
        if state == _ESTABLISHED and int(local.rpartition(":")[2], 16) == port:
            ports.add(int(remote.rpartition(":")[2], 16))
    return frozenset(ports)
