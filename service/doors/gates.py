"""What stands before every door: the size of a body, and who may come in."""

import base64
from dataclasses import replace

from starlette.datastructures import Headers
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from service.doors.problems import Problem
from service.keys import Keys

LARGEST_BODY = 4 << 20  # bytes; a thread of some hundred answers
LARGEST_FILE = 64 << 20  # bytes of a document that is taken in

_OPEN = ("/livez", "/readyz")
_CHALLENGE = {"www-authenticate": 'Bearer, Basic realm="Yinju", charset="UTF-8"'}
_UNKNOWN = Problem(
    401, "Invalid API key", "a key is needed: as `Authorization: Bearer KEY`, or in a browser as the password"
)
_CLOSED = Problem(403, "Forbidden", "documents are not taken in over HTTP here; set YINJU_INGEST_KEYS to allow it")


class Bodies:
    """Refuses a body that is too large: one that says so before any of it is read, any other when it gets there."""

    def __init__(self, app: ASGIApp) -> None:
        self._limited = {limit: RequestBodyLimitMiddleware(app, limit) for limit in (LARGEST_BODY, LARGEST_FILE)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        declared = Headers(scope=scope).get("content-length", "") if scope["type"] == "http" else ""
        if declared.isascii() and declared.isdigit() and int(declared) > _largest(scope):
            await too_large(scope).reply(scope["path"])(scope, receive, send)
        else:
            await self._limited[_largest(scope)](scope, receive, send)


def too_large(scope: Scope) -> Problem:
    """What the sender of too large a body is told."""
    return Problem(413, "Content Too Large", f"the body is over {_largest(scope)} bytes, the most that is taken")


def _largest(scope: Scope) -> int:
    return LARGEST_FILE if _changes(scope) else LARGEST_BODY


def _changes(scope: Scope) -> bool:
    """Whether a request changes the collection, or asks after such a change."""
    path, method = scope.get("path", ""), scope.get("method", "")
    return path.startswith("/api/jobs/") or (path.startswith("/api/documents/") and method in ("PUT", "DELETE"))


class Keyed:
    """Refuses callers without a key, but to those who ask whether the service is well; who may ingest may read too.

    Without a key to `read` everybody may, without one to `ingest` nobody.
    """

    def __init__(self, app: ASGIApp, read: Keys, ingest: Keys) -> None:
        self._app = app
        self._ingest = ingest
        self._read = Keys((*read.digests, *ingest.digests)) if read.digests else read

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = self._refused(scope) if scope["type"] == "http" else None
        if refused is None:
            await self._app(scope, receive, send)
        else:
            await refused.reply(scope["path"], None if refused is _CLOSED else _CHALLENGE)(scope, receive, send)

    def _refused(self, scope: Scope) -> Problem | None:
        given = key(Headers(scope=scope).get("authorization", ""))
        if _changes(scope):
            return _CLOSED if not self._ingest.digests else None if self._ingest.admit(given) else _UNKNOWN
        if _is_open(scope["path"]) or self._read.admit(given):
            return None
        # Dify takes a new endpoint for good unless it says 403 or 404.
        return replace(_UNKNOWN, status=403) if scope["path"].strip("/") == "retrieval" else _UNKNOWN


def _is_open(path: str) -> bool:
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
