"""OpenAI's chat completions: https://platform.openai.com/docs/api-reference/chat.

The citations go along in every form that a frontend reads: `annotations` as OpenAI has them, `search_results` as
Perplexity and LobeChat do, and Open WebUI's `source` events, which are `sources` where there is no stream.
"""

import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse, Response

from service.doors.conversation import MODEL, replying
from service.doors.message import Message, Source, escaped
from service.doors.openai_schemas import ChatIn
from service.doors.problems import Problem, UnknownModel
from service.doors.streaming import STREAMED, event, streamed

router = APIRouter(prefix="/v1")

_MODEL = {"id": MODEL, "object": "model", "created": int(time.time()), "owned_by": "yinju", "name": "Yinju 引据"}
_USAGE = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}  # nothing is generated


@router.get("/models", operation_id="models", summary="The one model that answers")
def models() -> dict[str, Any]:
    return {"object": "list", "data": [_MODEL]}


@router.get("/models/{model_id}", operation_id="model", summary="A model", responses={404: {}})
def model(model_id: Annotated[str, Path(examples=[MODEL])]) -> dict[str, Any]:
    if model_id != MODEL:
        raise UnknownModel(f"there is no such model; the one here is {MODEL!r}")
    return _MODEL


@router.post(
    "/chat/completions",
    operation_id="chat",
    summary="Ask as in a chat; OpenAI's chat completions",
    response_model=dict[str, Any],
    responses={**STREAMED, 404: {}},
)
def chat(request: Request, asked: ChatIn) -> Response:
    made = replying(request.app.state.collection, asked.model, [held.turn for held in asked.messages])
    head = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": MODEL}
    if not asked.stream:
        return JSONResponse(_completion(head, made()))
    with_usage = bool(asked.stream_options and asked.stream_options.include_usage)
    return streamed(_chunks({**head, "object": "chat.completion.chunk"}, made, with_usage), _failed)


def _completion(head: Mapping[str, Any], made: Message) -> dict[str, Any]:
    said = {"role": "assistant", "content": made.text, "refusal": None, "annotations": _annotations(made)}
    return {
        **head,
        "object": "chat.completion",
        "choices": [{"index": 0, "message": said, "finish_reason": "stop", "logprobs": None}],
        "usage": _USAGE,
        "search_results": _search_results(made),
        "sources": [_source(source) for source in made.sources],
    }


def _chunks(head: Mapping[str, Any], making: Callable[[], Message], with_usage: bool) -> Iterator[str]:
    """The first one goes out before anything is searched. No chunk has content beside what makes clients drop it."""

    def chunk(delta: Mapping[str, Any], beside: Mapping[str, Any], finish: str | None = None) -> str:
        return event({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **beside})

    yield chunk({"role": "assistant", "content": ""}, {})
    made = making()
    for source in made.sources:
        yield event({**head, "choices": [], "event": source_event(source)})
    found = {"search_results": _search_results(made)} if made.sources else {}
    for piece in made.pieces:
        yield chunk({"content": piece}, found)
        found = {}  # once is enough for LobeChat
    yield chunk({"annotations": _annotations(made)} if made.sources else {}, {}, "stop")
    if with_usage:
        yield event({**head, "choices": [], "usage": _USAGE})
    yield "data: [DONE]\n\n"


def _failed(problem: Problem) -> Iterable[str]:
    return event({"error": problem.error}), "data: [DONE]\n\n"


def _annotations(made: Message) -> list[dict[str, Any]]:
    return [{"type": "url_citation", "url_citation": url_citation(source)} for source in made.sources]


def url_citation(source: Source) -> dict[str, Any]:
    """Where a quote stands in the message, in code points, end-exclusive, and where it is from."""
    return {
        "start_index": source.start,
        "end_index": source.end,
        "url": source.quote.url,
        "title": source.label,
    }


def _search_results(made: Message) -> list[dict[str, Any]]:
    return [
        {"title": source.label, "url": source.quote.url, "date": _day(source), "snippet": source.quote.text}
        for source in made.sources
    ]


def source_event(source: Source) -> dict[str, Any]:
    """What Open WebUI takes out of any chunk and keeps with the message."""
    return {"type": "source", "data": _source(source)}


def _source(source: Source) -> dict[str, Any]:
    """Open WebUI shows `document` as Markdown, counts by `metadata.source`, and takes a distance for a score.

    Without `external` it shows the address in the title's place, and asks a third party for an icon of it.
    """
    quote = source.quote
    described = {"source": quote.url, "name": source.label, "external": True, "date": _day(source)}
    return {
        "source": {"id": quote.url, "name": source.label, "url": quote.url},
        "document": [escaped(quote.text)],
        "metadata": [{**described, "passage_id": quote.passage_id, "language": quote.citation.language}],
        "distances": [quote.score],
    }


def _day(source: Source) -> str | None:
    date = source.quote.citation.date
    return date.isoformat() if date else None
