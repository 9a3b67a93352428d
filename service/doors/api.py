"""Our own HTTP routes: ask, look up, and the state of the service."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import PlainTextResponse, RedirectResponse

from corpus.citation import title
from corpus.document import Document, Passage, Role
from service.collection import Collection
from service.doors import schemas
from service.question import INTERPRETATIONS
from service.version import version

_problem: dict[str, Any] = {"model": schemas.ProblemOut, "content": {"application/problem+json": {}}}

router = APIRouter(responses={422: _problem, 503: _problem})


def _collection(request: Request) -> Collection:
    collection: Collection = request.app.state.collection
    return collection


@router.post(
    "/api/ask", operation_id="ask", summary="Ask; get verbatim paragraphs with citations", responses={413: _problem}
)
def ask(request: Request, asked: schemas.AskIn) -> schemas.AnswerOut:
    interpret: Sequence[str] = asked.interpret if isinstance(asked.interpret, list) else INTERPRETATIONS
    answer = (
        _collection(request)
        .answerer()
        .ask(
            asked.question,
            asked.top_k,
            asked.filters.filters(),
            [turn.content for turn in asked.history if turn.role == "user"],
            interpret if asked.interpret is not False else (),
        )
    )
    return schemas.AnswerOut.model_validate(answer)


@router.get(
    "/api/passages/{passage_id:path}",
    operation_id="passage",
    summary="One passage with its citation, witnesses and neighbours",
    responses={404: _problem},
)
def passage(request: Request, passage_id: str) -> schemas.PassageOut:
    answerer = _collection(request).answerer()
    found = answerer.look_up(passage_id)
    if found is None:
        raise HTTPException(404, f"no passage {passage_id!r}; ids are document/number, see /api/documents")
    held, citation, witnesses = found
    body = _collection(request).store.body(held.document)
    places = [other.id for other in body]
    at = places.index(held.id) if held.id in places else None
    return schemas.PassageOut.model_validate(
        {
            "passage_id": held.id,
            "text": held.text,
            "superseded": at is None,
            "citation": citation,
            "witnesses": witnesses,
            "neighbours": {
                "previous": places[at - 1] if at else None,
                "next": places[at + 1] if at is not None and at + 1 < len(places) else None,
            },
            "url": answerer.url(held.id),
        }
    )


@router.get("/p/{passage_id:path}", include_in_schema=False)
def open_passage(request: Request, passage_id: str) -> RedirectResponse:
    """Where the `url` of a quote leads."""
    return RedirectResponse(f"{_collection(request).settings.base_url}/api/passages/{passage_id}")


@router.get("/api/documents", operation_id="documents", summary="The collection")
def documents(request: Request) -> schemas.DocumentsOut:
    collection = _collection(request)
    held = [_document(collection, document) for document in collection.store.documents()]
    return schemas.DocumentsOut.model_validate({"documents": held})


@router.get(
    "/api/documents/{document_id}",
    operation_id="document",
    summary="A whole document, each paragraph with its role",
    responses={404: _problem},
)
def document(request: Request, document_id: str) -> schemas.WholeDocumentOut:
    collection = _collection(request)
    found = collection.store.document(document_id)
    if found is None:
        raise HTTPException(404, f"no document {document_id!r}; see /api/documents")
    text = [_paragraph(passage) for passage in collection.store.passages(document_id)]
    return schemas.WholeDocumentOut.model_validate({**_document(collection, found), "text": text})


@router.get(
    "/api/documents/{document_id}/text",
    operation_id="text",
    summary="The text of record, which the spans of every citation index",
    response_class=PlainTextResponse,
    responses={404: _problem},
)
def text(request: Request, document_id: str, version: int | None = None) -> PlainTextResponse:
    found = _collection(request).store.document(document_id, version)
    if found is None:
        raise HTTPException(404, f"no document {document_id!r} of that version; see /api/documents")
    return PlainTextResponse(found.raw)


def _document(collection: Collection, document: Document) -> dict[str, Any]:
    work = collection.store.works()[document.work]
    return {
        "id": document.id,
        "work": document.work,
        "version": document.version,
        "language": document.language,
        "title": title(work, document),
        "date": work.date,
        "outlet": document.origin.outlet,
        "published": document.origin.published,
        "source_url": document.origin.url,
        "sha256": document.sha256,
        "text_sha256": document.text_sha256,
        "reader": document.reader,
        "paragraphs": len(collection.store.body(document.id)),
    }


def _paragraph(passage: Passage) -> dict[str, Any]:
    return {
        "role": passage.role.value,
        "passage_id": passage.id if passage.role is Role.BODY else None,
        "text": passage.text,
        "spans": passage.spans,
    }


@router.get("/livez", operation_id="livez", summary="Is the process alive?")
def livez() -> dict[str, str]:
    return {"status": "alive"}


@router.get("/readyz", operation_id="readyz", summary="Can it answer?")
def readyz(request: Request) -> dict[str, str | int]:
    index = _collection(request).index()
    return {"status": "ready", "index": index.name, "paragraphs": sum(row.is_base for row in index.rows)}


@router.get("/version", operation_id="version", summary="Which code, model and index answer")
def version_(request: Request) -> dict[str, str]:
    collection = _collection(request)
    return {"version": version(), "model": collection.encoder.name, "index": collection.index().name}
