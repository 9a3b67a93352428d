"""How many requests are answered at once, how many wait for it, and what is told to those that would wait too long."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from anyio import CancelScope, sleep
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.doors.problems import Problem

# Questions are computed under Python's one lock: more of them at once take as long, and keep the loop that takes
# requests in from its turn. Those to a transformer mostly wait for its batches.
THREADS, THREADS_OF_BATCHES = 2, 16
MOST = 66  # requests of a process that are answered or wait; the last one waits for a second or two

_LIGHT = ("/livez", "/readyz", "/version", "/docs", "/openapi.json", "/embed.js")
_PAUSE = 0.25  # seconds before a refusal: clients who ask again at once would leave no time to answer the others
_LATER: Mapping[str, str] = {"retry-after": "1"}  # seconds
_FULL = Problem(
    503, "Service Unavailable", f"{MOST} requests are being answered or wait already; send this one again in a second"
)


class Capacity:
    """A gate that refuses a request beyond those MOST, before its body is read, and drops one whose client has gone.

    A request does not count while it waits for its own client, to send the body or to take the reply: those that are
    slow at that take nobody's place. It may find the places taken when its body is there at last.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.count = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _is_light(scope["path"]):
            await self._app(scope, receive, send)
        elif self.is_full:
            await sleep(_PAUSE)
            await _FULL.reply(scope["path"], _LATER)(scope, receive, send)
        else:
            with self.changed(1):
                await _Exchange(self, scope, receive, send).answered_by(self._app)

    @property
    def is_full(self) -> bool:
        return self.count >= MOST

    @contextmanager
    def changed(self, by: int) -> Iterator[None]:
        """So many more count inside."""
        self.count += by
        try:
            yield
        finally:
            self.count -= by


def _is_light(path: str) -> bool:
    """Whether nothing has to be computed for it."""
    return path in _LIGHT or path.startswith("/static/")


class _Exchange:
    """One request and its reply."""

    def __init__(self, capacity: Capacity, scope: Scope, receive: Receive, send: Send) -> None:
        self._capacity, self._scope, self._receive, self._send = capacity, scope, receive, send
        self._is_whole = scope["method"] in ("GET", "HEAD")  # for there is no body
        self._answering = CancelScope()
        self._watching: asyncio.Task[None] | None = None

    async def answered_by(self, app: ASGIApp) -> None:
        try:
            with self._answering:
                if self._is_whole:
                    self._watch()
                await app(self._scope, self._received, self._sent)
        finally:
            if self._watching:
                self._watching.cancel()

    def _watch(self) -> None:
        """From now on all that can come from the client is that it has gone."""
        self._watching = asyncio.create_task(self._drop_when_gone())

    async def _drop_when_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._answering.cancel()

    async def _received(self) -> Message:
        if self._is_whole:
            return await self._receive()
        with self._capacity.changed(-1):
            message = await self._receive()
            if self._capacity.is_full:
                raise HTTPException(_FULL.status, _FULL.detail, _LATER)
        if not message.get("more_body", False):
            self._is_whole = True
            self._watch()
        return message

    async def _sent(self, message: Message) -> None:
        with self._capacity.changed(-1):
            await self._send(message)
