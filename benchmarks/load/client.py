"""A client that asks over many connections at once, on raw sockets: it has to share the cores with what it measures."""

import asyncio
import json
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count, cycle
from time import perf_counter, sleep

_IDLE = 3.0  # seconds; the service closes a connection that is idle for five
_LONGEST = 120.0  # seconds for one reply


@dataclass(frozen=True, slots=True)
class Reply:
    """When the request was due, in seconds since the load began; how long its reply took from then on, in ms."""

    due: float
    ms: float
    status: int
    retry_after: str | None


class Connection:
    """One connection to 127.0.0.1, opened when it is needed."""

    def __init__(self, port: int, key: str | None = None) -> None:
        self._port, self._key, self._used = port, key, 0.0
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, question: str) -> tuple[int, str | None]:
        """Status and Retry-After of the reply to a question, which is read as a whole."""
        if self._streams and perf_counter() - self._used > _IDLE:
            await self.close()
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(request("POST", "/api/ask", json.dumps({"question": question}).encode(), self._key))
        head = await reader.readuntil(b"\r\n\r\n")
        status, headers = parsed(head)
        await reader.readexactly(int(headers["content-length"]))
        self._used = perf_counter()
        return status, headers.get("retry-after")

    async def close(self) -> None:
        if self._streams:
            self._streams[1].close()
            with suppress(OSError):
                await self._streams[1].wait_closed()
        self._streams = None


def request(method: str, path: str, body: bytes = b"", key: str | None = None) -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
    allowed = f"authorization: Bearer {key}\r\n" if key else ""
    return f"{head}{allowed}content-length: {len(body)}\r\n\r\n".encode() + body


def parsed(head: bytes) -> tuple[int, dict[str, str]]:
    """Status and headers, their names in lower case."""
    first, *lines = head.decode("latin-1").rstrip().split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return int(first.split()[1]), {name.lower(): value.strip() for name, _, value in pairs}


def at_once(
    port: int, questions: Sequence[str], connections: int, seconds: float, key: str | None = None
) -> list[Reply]:
    """Each of so many connections asks for so long, the next question as soon as the one before has its reply."""

    async def client(begun: float, which: int) -> list[Reply]:
        held, replies = Connection(port, key), []
        for question in cycle([*questions[which:], *questions[:which]]):
            due = perf_counter() - begun
            if due > seconds:
                break
            replies.append(await _reply(held, question, begun, due))
        await held.close()
        return replies

    async def all_of_them() -> list[Reply]:
        begun = perf_counter()
        places = (at * len(questions) // connections for at in range(connections))
        held = await asyncio.gather(*(client(begun, which) for which in places))
        return [reply for replies in held for reply in replies]

    return asyncio.run(all_of_them())


def at_a_rate(port: int, questions: Sequence[str], rate: float, seconds: float, key: str | None = None) -> list[Reply]:
    """So many questions a second, each when it is due, whatever has become of those before it."""
    free: list[Connection] = []

    async def client(begun: float, due: float, question: str) -> Reply:
        held = free.pop() if free else Connection(port, key)
        reply = await _reply(held, question, begun, due)
        free.append(held)
        return reply

    async def all_of_them() -> list[Reply]:
        begun, tasks = perf_counter(), []
        for number, question in zip(count(), cycle(questions), strict=False):
            due = number / rate
            if due > seconds:
                break
            await asyncio.sleep(max(0.0, begun + due - perf_counter()))
            tasks.append(asyncio.create_task(client(begun, due, question)))
        replies = await asyncio.gather(*tasks)
        for held in free:
            await held.close()
        return replies

    return asyncio.run(all_of_them())


async def _reply(held: Connection, question: str, begun: float, due: float) -> Reply:
    async with asyncio.timeout(_LONGEST):
        status, retry_after = await held.ask(question)
    return Reply(due, (perf_counter() - begun - due) * 1000, status, retry_after)


def alive(port: int, times: int, gap: float = 0.005) -> list[float]:
    """How long GET /livez takes, in ms, so many times one after the other, with `gap` seconds in between."""
    asked, taken = request("GET", "/livez"), []
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(times):
            begun, held = perf_counter(), b""
            connection.sendall(asked)
            while not held.endswith(b'{"status":"alive"}'):
                piece = connection.recv(1 << 16)
                assert piece, "the service has closed the connection"
                held += piece
            taken.append((perf_counter() - begun) * 1000)
            sleep(gap)
    return taken
