"""What stands before every door: the size of an address and of a body, who may come in, and how often."""

import base64
from collections.abc import Collection
from dataclasses import replace
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.doors.problems import Problem
from service.keys import Keys
from service.rate import Rate

LONGEST_ADDRESS = 60_000  # bytes; from 65,536 on uvicorn can't read one, and says no more than that
LARGEST_BODY = 4 << 20  # bytes; a thread of some hundred answers
LARGEST_FILE = 64 << 20  # bytes of a document that is taken in

_MOST_HELD = 256 << 20  # bytes
_FULL = f"the bodies of requests are {_MOST_HELD} bytes in all by now, the most that is held; send this one again later"
_NETWORK = 64  # bits
_HERE = (".localhost", ".local", ".internal")
_ELSEWHERE = Problem(
    421,
    "Misdirected Request",
    "this service is not called that; if it is, list the name in YINJU_HOSTS",
)
_OPEN = ("/livez", "/readyz")
_CHALLENGE = {"www-authenticate": 'Bearer, Basic realm="Yinju", charset="UTF-8"'}
_UNKNOWN = Problem(
    401, "Invalid API key", "a key is needed: as `Authorization: Bearer KEY`, or in a browser as the password"
)
_LONG = Problem(
    414,
    "URI Too Long",
    f"the address is over {LONGEST_ADDRESS} bytes, the most that is read; put less into it",
)
_CLOSED = Problem(403, "Forbidden", "documents are not taken in over HTTP here; set YINJU_INGEST_KEYS to allow it")


class Bodies:
    """Refuses an address that is too long, and a body that is too large.

    A body that says so is refused before any of it is read, any other when it gets there.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._limited = {limit: RequestBodyLimitMiddleware(app, limit) for limit in (LARGEST_BODY, LARGEST_FILE)}
        self._held = 0  # bytes of all bodies that are not replied to yet

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        declared = Headers(scope=scope).get("content-length", "") if scope["type"] == "http" else ""
        if scope["type"] == "http" and len(scope["raw_path"]) + len(scope["query_string"]) > LONGEST_ADDRESS:
            await _LONG.reply(scope["path"])(scope, receive, send)
        elif declared.isascii() and declared.isdigit() and int(declared) > _largest(scope):
            await too_large(scope).reply(scope["path"])(scope, receive, send)
        else:
            await self._read(scope, receive, send)

    async def _read(self, scope: Scope, receive: Receive, send: Send) -> None:
        held = 0

        async def counted() -> Message:
            nonlocal held
            message = await receive()
            size = len(message.get("body", b""))
            held, self._held = held + size, self._held + size
            if self._held > _MOST_HELD:
                raise HTTPException(503, _FULL, {"retry-after": "10"})
            return message

        try:
            await self._limited[_largest(scope)](scope, counted, send)
        finally:
            self._held -= held


def too_large(scope: Scope) -> Problem:
    """What the sender of too large a body is told."""
    return Problem(413, "Content Too Large", f"the body is over {_largest(scope)} bytes, the most that is taken")


def _largest(scope: Scope) -> int:
    return LARGEST_FILE if _changes(scope) else LARGEST_BODY


def _changes(scope: Scope) -> bool:
    """Whether a request changes the collection, or asks after such a change."""
    path, method = scope.get("path", ""), scope.get("method", "")
    return path.startswith("/api/jobs/") or (path.startswith("/api/documents/") and method in ("PUT", "DELETE"))


class Callers:
    """Refuses callers without a key, and those who ask too often; who asks whether the service is well is neither.

    Without a key to `read` everybody may, without one to `ingest` nobody; who may ingest may read too. A caller is
    known by its key, else by its address.
    """

    def __init__(self, app: ASGIApp, read: Keys, ingest: Keys, rate: int | None = None) -> None:
        self._app = app
        self._ingest = ingest
        self._known = Keys((*read.digests, *ingest.digests))
        self._read = self._known if read.digests else read
        self._rate = Rate(rate) if rate else None
        self._often = Problem(429, "Too Many Requests", f"at most {rate} requests a minute are answered for one caller")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or is_open(scope["path"]):
            await self._app(scope, receive, send)
            return
        given = key(Headers(scope=scope).get("authorization", ""))
        if wait := self._wait(scope, given):
            headers = {"retry-after": str(ceil(wait))}
            await self._often.reply(scope["path"], headers)(scope, receive, send)
        elif refused := self._refused(scope, given):
            headers = {} if refused is _CLOSED else _CHALLENGE
            await refused.reply(scope["path"], headers)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _wait(self, scope: Scope, given: str | None) -> float:
        return self._rate.wait(self._known.known(given) or address(scope)) if self._rate else 0.0

    def _refused(self, scope: Scope, given: str | None) -> Problem | None:
        if _changes(scope):
            return _CLOSED if not self._ingest.digests else None if self._ingest.admit(given) else _UNKNOWN
        if self._read.admit(given):
            return None
        # Dify takes a new endpoint for good unless it says 403 or 404.
        return replace(_UNKNOWN, status=403) if scope["path"].strip("/") == "retrieval" else _UNKNOWN


def address(scope: Scope) -> str:
    """Where a request is from; of an IPv6 address the network, for who has one has 2⁶⁴."""
    host = (scope.get("client") or ("",))[0]
    try:
        found = ip_address(host)
    except ValueError:  # it came over a socket of this machine
        return str(host)
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or ip_network((found, _NETWORK), strict=False))
    return str(found)


class Named:
    """Refuses what is sent to another name.

    A site that has its own name lead here could else read an open service through the browser of whoever visits that
    site. Addresses, and names that are not of the public DNS, are nobody's name elsewhere.
    """

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        self._app = app
        self._names = frozenset(map(_without_port, names))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = Headers(scope=scope).get("host", "") if scope["type"] == "http" else ""
        if self._is_ours(host.lower()):
            await self._app(scope, receive, send)
        else:
            await _ELSEWHERE.reply(scope["path"])(scope, receive, send)

    def _is_ours(self, host: str) -> bool:
        name = _without_port(host)
        is_address = name.rpartition(".")[2].isdigit()
        return is_address or "." not in name or name.endswith(_HERE) or name in self._names


def _without_port(host: str) -> str:
    name, _, port = host.rpartition(":")
    return name if port.isdigit() or port == "*" else host


def is_open(path: str) -> bool:
    """Whether nobody needs a key for it, and it isn't counted."""
    return path in _OPEN or path.startswith("/static/")


def key(authorization: str) -> str | None:
    """The key in an Authorization header: a Bearer token, or the password of Basic under any name."""
    scheme, _, credentials = authorization.strip().partition(" ")
    try:
        # Headers are read as Latin-1, whatever was meant.
        if scheme.lower() == "bearer":
            return credentials.strip().encode("latin-1").decode("utf-8")
        if scheme.lower() == "basic":
            return base64.b64decode(credentials.strip(), validate=True).decode("utf-8").partition(":")[2]
    except ValueError:
        pass
    return None
