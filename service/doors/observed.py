"""Every request gets an id, is counted and timed, and leaves a line in the log."""

import re
from time import perf_counter
from typing import Any
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from embeddings.journal import Journal, keeping
from service.doors import log, metrics
from service.doors.gates import address, is_open, key
from service.keys import Keys
from service.settings import Log

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_HEADER = "x-request-id"
_SHOWN = 200  # characters of a path


class Observed:
    """It stands outermost. The id is the caller's own, if that looks like one, and goes back with the reply.

    A caller is logged as the beginning of its key's digest, else as its address.
    """

    def __init__(self, app: ASGIApp, keys: Keys, kept: Log) -> None:
        self._app, self._keys = app, keys
        self._with_words = kept is Log.QUESTIONS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(_HEADER, "")
        name = given if _ID.fullmatch(given) else uuid4().hex
        scope.setdefault("state", {})[_HEADER] = name
        begun, status = perf_counter(), 0

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message).update(named(scope))
            await send(message)

        with keeping() as journal, metrics.INSIDE.track_inprogress():
            try:
                await self._app(scope, receive, sent)
            except Exception as error:  # which is logged, and replied to, further outside
                status = status or 500
                journal.facts["fault"] = type(error).__name__
                raise
            finally:
                self._tell(scope, name, status, perf_counter() - begun, journal)

    def _tell(self, scope: Scope, name: str, status: int, seconds: float, journal: Journal) -> None:
        """`status` is 0 where the client had gone before there was one."""
        route = _route(scope)
        metrics.REQUESTS.labels(route, scope["method"], status).inc()
        metrics.SECONDS.labels(route).observe(seconds)
        for stage, spent in journal.spent.items():
            metrics.STAGES.labels(stage).observe(spent)
        facts = dict(journal.facts)
        question = facts.pop("question", None)
        if "answered" in facts:
            metrics.ANSWERS.labels("quoted" if facts["answered"] else "refused").inc()
        if (is_open(scope["path"]) or route == "/metrics") and 0 < status < 400:
            return  # what asks all the time
        if self._with_words and question is not None:
            facts["question"] = question
        log.request(
            {"request_id": name, **self._said(scope, route), "status": status, **_times(seconds, journal), **facts}
        )

    def _said(self, scope: Scope, route: str) -> dict[str, Any]:
        known = self._keys.known(key(Headers(scope=scope).get("authorization", "")))
        caller = f"key {known[:8]}" if known else address(scope)
        return {"caller": caller, "method": scope["method"], "route": route, "path": scope["path"][:_SHOWN]}


def named(scope: Scope) -> dict[str, str]:
    """The header with the id of a request."""
    return {_HEADER: scope.get("state", {}).get(_HEADER, "")}


def _times(seconds: float, journal: Journal) -> dict[str, Any]:
    stages = {name: round(spent * 1000, 2) for name, spent in journal.spent.items()}
    return {"ms": round(seconds * 1000, 2), **({"stages": stages} if stages else {})}


def _route(scope: Scope) -> str:
    """As README lists it: a label has few values, whatever is asked for."""
    path: str = scope["path"]
    if path.startswith("/static/"):
        return "/static"
    found = getattr(scope.get("route"), "path", None) or ("/mcp" if path == "/mcp" else None)
    return found.replace(":path}", "}") if found else "none"
