"""How long a client may take to send a request and to take its reply, and how long a head it may send."""

import asyncio
from http import HTTPStatus
from typing import Any, NoReturn

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from service.doors import metrics
from service.doors.gates import LONGEST_ADDRESS

PATIENCE = 10.0  # seconds in which a request has to be there
RATE = 32 << 10  # bytes of it, or of a reply, for which a client has another second
LARGEST_HEAD = 128 << 10  # bytes; twice the longest address that is read
_MOST_HEADERS = 200
_MOST_AHEAD = 16  # requests on one connection that wait for the reply to the one before
_LONGEST_URL = (1 << 16) - 1  # bytes that httptools can read

_SLOW = (
    f"the request was not there within {PATIENCE:.0f} seconds and one more for every {RATE} bytes of it; send it anew"
)
_LONG = f"the head of the request is over {LARGEST_HEAD} bytes, the most that is taken; shorten its address or headers"
_MANY = f"there are over {_MOST_HEADERS} headers, the most that is taken; send fewer"
_FAR = f"the address is over {LONGEST_ADDRESS} bytes, the most that is read; put less into it"
_AHEAD = f"over {_MOST_AHEAD} requests are ahead of their replies; wait for some"
_UPGRADE = "a body can't come with an upgrade to another protocol; send it without Upgrade, as HTTP/1.1"


class Deadlines(HttpToolsProtocol):
    """uvicorn's protocol, which alone would wait for ever, and hold a head of any length.

    What counts is how long a whole request takes: who sends a byte now and then is no better than who sends none.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._due: asyncio.TimerHandle | None = None  # while a request is on its way
        self._stuck: asyncio.TimerHandle | None = None  # while a reply waits for its client
        self._since, self._received, self._beside = 0.0, 0, 0
        self._answered: RequestResponseCycle | None = None
        self._rejection: tuple[HTTPStatus, str] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        self._expected()
        self._taken()
        if self._answered:  # of several requests that came at once, uvicorn only tells the last one
            self._answered.disconnected = True
            self._answered.message_event.set()
        super().connection_lost(exc)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._answered = cycle
        super()._start_asgi_task(cycle, app)

    # What a client sends.

    def data_received(self, data: bytes) -> None:
        if self._due is None and (self.cycle is None or self.cycle.response_complete):
            self._expect()
        self._received += len(data)
        self._beside += len(data)
        super().data_received(data)
        if self._beside > LARGEST_HEAD and not self.transport.is_closing():
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, _LONG)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._due is None:
            self._expect()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > _LONGEST_URL:
            self._reject(HTTPStatus.REQUEST_URI_TOO_LONG, _FAR)

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        if len(self.headers) > _MOST_HEADERS:
            self._reject(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, _MANY)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._beside = 0
        if len(self.pipeline) > _MOST_AHEAD:
            self._reject(HTTPStatus.TOO_MANY_REQUESTS, _AHEAD)
        if self.parser.should_upgrade():  # which httptools takes to be the end: what follows would be another request
            self.cycle.keep_alive = False
            if any(name in (b"content-length", b"transfer-encoding") for name, _ in self.headers):
                self._reject(HTTPStatus.NOT_IMPLEMENTED, _UPGRADE)

    def on_body(self, body: bytes) -> None:
        self._beside = max(0, self._beside - 2 * len(body))  # what stands between chunks may be as long as they are
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._expected()
        super().on_message_complete()

    def _expect(self) -> None:
        self._since, self._received, self._beside = self.loop.time(), 0, 0
        self._due = self.loop.call_later(PATIENCE, self._look)

    def _expected(self) -> None:
        if self._due:
            self._due.cancel()
        self._due = None

    def _look(self) -> None:
        """It is the service that is waited for while it takes nothing in."""
        left = PATIENCE if self.flow.read_paused else self._since + PATIENCE + self._received / RATE - self.loop.time()
        if left > 0:
            self._due = self.loop.call_later(left, self._look)
        else:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, _SLOW)

    def _reject(self, status: HTTPStatus, detail: str) -> NoReturn:
        """Let the parser stop at what it reads."""
        self._rejection = status, detail
        raise ValueError(detail)

    def send_400_response(self, msg: str) -> None:
        if self._rejection:
            self._refuse(*self._rejection)
        else:
            super().send_400_response(msg)

    def _unsupported_upgrade_warning(self) -> None:
        """That a client offers another protocol is nothing to be warned of."""

    def _refuse(self, status: HTTPStatus, detail: str) -> None:
        """Close the connection, and say why where that can't be taken for the reply to something else."""
        if self.transport.is_closing():
            return
        metrics.CUT.labels(status.phrase.lower()).inc()
        is_idle = self.cycle is None or self.cycle.response_complete
        if self.scope and (is_idle or not (self.pipeline or self.cycle.response_started)):
            head = f"HTTP/1.1 {status} {status.phrase}\r\ncontent-type: text/plain; charset=utf-8\r\n"
            if self.cycle:
                self.cycle.disconnected = True  # what is replied to it now would come second
            self.transport.write(f"{head}content-length: {len(detail)}\r\nconnection: close\r\n\r\n{detail}".encode())
            self.transport.close()
        else:
            self.transport.abort()

    # What it takes.

    def pause_writing(self) -> None:
        super().pause_writing()
        self._offer()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._taken()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.pipeline:  # as long as there are some, no more are read
            self.flow.pause_reading()
        if self.transport.get_write_buffer_size():  # for which closing would wait
            self._offer()

    def _offer(self) -> None:
        if self._stuck is None:
            patience = PATIENCE + self.transport.get_write_buffer_size() / RATE
            self._stuck = self.loop.call_later(patience, self._drop)

    def _taken(self) -> None:
        if self._stuck:
            self._stuck.cancel()
        self._stuck = None

    def _drop(self) -> None:
        self._stuck = None
        if self.transport.get_write_buffer_size():
            metrics.CUT.labels("reply not taken").inc()
            self.transport.abort()
