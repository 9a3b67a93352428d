"""Server-sent events: JSON as it is, CJK unescaped, and a failure said within the stream."""

import json
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from typing import Any

from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from service.doors.problems import EXPECTED, Problem, problem

STREAMED: Mapping[int | str, dict[str, Any]] = {200: {"content": {"text/event-stream": {}}}}  # as OpenAPI says it
_HEADERS = {"cache-control": "no-cache", "x-accel-buffering": "no"}  # no proxy may keep the first words back
_BREAKS = "\x85\u2028\u2029"
_log = logging.getLogger(__name__)


def event(data: Mapping[str, Any], name: str | None = None) -> str:
    """One event as it goes over the wire; its data are one line also to those who break more than they should."""
    named = f"event: {name}\n" if name else ""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for char in _BREAKS:
        text = text.replace(char, f"\\u{ord(char):04x}")
    return f"{named}data: {text}\n\n"


def streamed(events: Iterator[str], failed: Callable[[Problem], Iterable[str]]) -> StreamingResponse:
    """`events` as they are made; what goes wrong meanwhile ends them with `failed`, for the status is sent already."""

    def guarded() -> Iterator[str]:
        try:
            yield from events
        except Exception as error:
            if not isinstance(error, EXPECTED):
                _log.exception("a reply broke off")
            yield from failed(problem(error))

    async def sent() -> AsyncIterator[str]:
        """The first event, and then the others as they are there: each time in a thread there may be a wait for one."""
        made = guarded()
        yield await run_in_threadpool(next, made, "")
        for held in await run_in_threadpool(list, made):
            yield held

    return StreamingResponse(sent(), media_type="text/event-stream", headers=_HEADERS)
