"""What stands before every door: the size of a body, and who may come in."""

import base64
from dataclasses import replace

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from service.doors.problems import Problem
from service.keys import Keys

LARGEST_BODY = 4 << 20  # bytes; a thread of some hundred answers

_OPEN = ("/livez", "/readyz")
_CHALLENGE = {"www-authenticate": 'Bearer, Basic realm="Yinju", charset="UTF-8"'}
_UNKNOWN = Problem(
    401, "Invalid API key", "a key is needed: as `Authorization: Bearer KEY`, or in a browser as the password"
)
TOO_LARGE = Problem(413, "Content Too Large", f"the body is over {LARGEST_BODY} bytes, the most that is taken")


class DeclaredLength:
    """Refuses a body that says it is too large before any of it is read; starlette's own limit then counts the rest."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        declared = Headers(scope=scope).get("content-length", "") if scope["type"] == "http" else ""
        refused = declared.isascii() and declared.isdigit() and int(declared) > LARGEST_BODY
        await (TOO_LARGE.reply(scope["path"]) if refused else self._app)(scope, receive, send)


class Keyed:
    """Refuses callers without one of the `keys`, but to those who ask whether the service is well."""

    def __init__(self, app: ASGIApp, keys: Keys) -> None:
        self._app, self._keys = app, keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = Headers(scope=scope).get("authorization", "") if scope["type"] == "http" else ""
        if scope["type"] != "http" or _is_open(scope["path"]) or self._keys.admit(key(given)):
            await self._app(scope, receive, send)
            return
        # Dify takes a new endpoint for good unless it says 403 or 404.
        problem = replace(_UNKNOWN, status=403) if scope["path"].strip("/") == "retrieval" else _UNKNOWN
        await problem.reply(scope["path"], _CHALLENGE)(scope, receive, send)


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
