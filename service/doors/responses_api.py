"""OpenAI's Responses: https://platform.openai.com/docs/api-reference/responses. Nothing is stored."""

import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from service.doors.conversation import MODEL, replying
from service.doors.message import Message, Source
from service.doors.openai_api import source_event, url_citation
from service.doors.openai_schemas import ResponsesIn
from service.doors.problems import NothingStored, Problem
from service.doors.streaming import STREAMED, event, streamed

router = APIRouter(prefix="/v1")

_USAGE = {
    "input_tokens": 0,
    "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
    "output_tokens": 0,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 0,
}


@router.post(
    "/responses",
    operation_id="respond",
    summary="Ask as in a chat; OpenAI's Responses",
    response_model=dict[str, Any],
    responses={**STREAMED, 404: {}},
)
def respond(request: Request, asked: ResponsesIn) -> Response:
    if asked.previous_response_id is not None:
        raise NothingStored("no earlier response is kept here; leave previous_response_id out and send all turns")
    made = replying(request.app.state.collection, asked.model, asked.turns)
    stream = _Stream(uuid.uuid4().hex)
    if asked.stream:
        return streamed(stream.events(made), stream.failed)
    return JSONResponse(stream.response("completed", made()))


class _Stream:
    """One response in the making: its ids, and the numbers of its events."""

    def __init__(self, name: str) -> None:
        self._id, self._item, self._created = f"resp_{name}", f"msg_{name}", int(time.time())
        self._numbers = count()

    def response(self, status: str, made: Message | None = None, problem: Problem | None = None) -> dict[str, Any]:
        """The whole response; without a message none of its output is there yet."""
        return {
            "id": self._id,
            "object": "response",
            "created_at": self._created,
            "model": MODEL,
            "status": status,
            "output": [self._message("completed", [_part(made, made.text)])] if made else [],
            "usage": _USAGE if made else None,
            "error": {"code": "server_error", "message": problem.detail} if problem else None,
            "incomplete_details": None,
            "instructions": None,
            "metadata": {},
            "parallel_tool_calls": False,
            "previous_response_id": None,
            "store": False,
            "temperature": None,
            "text": {"format": {"type": "text"}},
            "tool_choice": "none",
            "tools": [],
            "top_p": None,
        }

    def events(self, making: Callable[[], Message]) -> Iterator[str]:
        """The first two go out, together, before anything is searched."""
        item = {"item_id": self._item, "output_index": 0, "content_index": 0}
        created = self._event("response.created", response=self.response("in_progress"))
        yield created + self._event("response.in_progress", response=self.response("in_progress"))
        made = making()
        yield self._event("response.output_item.added", output_index=0, item=self._message("in_progress", []))
        yield self._event("response.content_part.added", **item, part=_part(None, ""))
        for piece in made.pieces:
            yield self._event("response.output_text.delta", **item, delta=piece, logprobs=[])
        for index, source in enumerate(made.sources):
            yield self._event(
                "response.output_text.annotation.added",
                **item,
                annotation_index=index,
                annotation=_annotation(source),
                event=source_event(source),
            )
        whole = _part(made, made.text)
        yield self._event("response.output_text.done", **item, text=made.text, logprobs=[])
        yield self._event("response.content_part.done", **item, part=whole)
        yield self._event("response.output_item.done", output_index=0, item=self._message("completed", [whole]))
        yield self._event("response.completed", response=self.response("completed", made))

    def failed(self, problem: Problem) -> Iterable[str]:
        return (
            self._event("error", **problem.error, error=problem.error),  # where it stands depends on the client's age
            self._event("response.failed", response=self.response("failed", problem=problem)),
        )

    def _event(self, type_: str, **more: Any) -> str:
        return event({**more, "type": type_, "sequence_number": next(self._numbers)}, type_)

    def _message(self, status: str, content: list[dict[str, Any]]) -> dict[str, Any]:
        return {"id": self._item, "type": "message", "role": "assistant", "status": status, "content": content}


def _part(made: Message | None, text: str) -> dict[str, Any]:
    held = [_annotation(source) for source in made.sources] if made else []
    return {"type": "output_text", "text": text, "annotations": held, "logprobs": []}


def _annotation(source: Source) -> dict[str, Any]:
    return {"type": "url_citation", **url_citation(source)}
