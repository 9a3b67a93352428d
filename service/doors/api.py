"""Our own HTTP routes: ask, look up, and the state of the service."""

from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Path, Query, Request
from fastapi.responses import PlainTextResponse, Response
from pydantic import BaseModel

from corpus.citation import title
from corpus.document import Document, Passage, Role
from corpus.formats import FORMATS, Format
from embeddings.journal import stage
from service.collection import Collection
from service.doors import citing, schemas
from service.question import INTERPRETATIONS, LONGEST
from service.timeline import timeline as make_timeline
from service.verification import Claim
from service.version import version

_SHOWN = 80  # characters of a name that nothing has
_VERSIONS = 2**31 - 1
_REFERENCES: dict[str, Any] = {written.media_type.partition(";")[0]: {} for written in FORMATS.values()}

DocumentId = Annotated[str, Path(examples=["un-cd-2019"])]
PassageId = Annotated[str, Path(examples=["un-cd-2019/8"])]

router = APIRouter()


def _collection(request: Request) -> Collection:
    collection: Collection = request.app.state.collection
    return collection


def _missing(collection: Collection, document: str, detail: str) -> HTTPException:
    """410 if the document has been withdrawn, else 404."""
    withdrawn = collection.library.withdrawn(document)
    if withdrawn:
        return HTTPException(410, f"{document} was withdrawn on {withdrawn.isoformat()}")
    return HTTPException(404, f"{detail}; see /api/documents")


def _reply(model: BaseModel) -> Response:
    """FastAPI would check what was just made once more, and first wait until a thread can do that."""
    with stage("write"):
        return Response(model.model_dump_json(by_alias=True), media_type="application/json")


@router.post(
    "/api/ask",
    operation_id="ask",
    summary="Ask; get verbatim paragraphs with citations",
    response_model=schemas.AnswerOut,
)
def ask(request: Request, asked: schemas.AskIn) -> Response:
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
    return _reply(schemas.AnswerOut.model_validate(answer))


@router.get(
    "/api/passages/{passage_id:path}",
    operation_id="passage",
    summary="One passage with its citation, witnesses and neighbours, or as a reference in one of the formats",
    response_model=citing.PassageOut,
    responses={200: {"content": _REFERENCES}, 400: {}, 404: {}, 410: {}},
)
def passage(
    request: Request,
    passage_id: PassageId,
    format: Annotated[str | None, Query(description=", ".join(FORMATS))] = None,
) -> Response:
    collection = _collection(request)
    wanted = None if format is None else _format(format)
    found = collection.lookup().passage(passage_id)
    if found is None:
        document = passage_id.rpartition("/")[0]
        raise _missing(collection, document, f"no passage {passage_id[:_SHOWN]!r}; ids are document/number")
    if wanted is None:
        return _reply(citing.PassageOut.of(found))
    file = quote(f"{found.passage.id.replace('/', '-')}{wanted.suffix}")
    headers = {"content-disposition": f"inline; filename*=UTF-8''{file}"}
    return Response(wanted.render(found.reference), media_type=wanted.media_type, headers=headers)


def _format(name: str) -> Format:
    if name not in FORMATS:
        raise HTTPException(400, f"no format {name[:_SHOWN]!r}; there are {', '.join(FORMATS)}")
    return FORMATS[name]


@router.post(
    "/api/verify",
    operation_id="verify",
    summary="Check a quotation: does it stand in the collection, and are its words the source's?",
    response_model=citing.VerificationOut,
)
def verify(request: Request, given: citing.VerifyIn) -> Response:
    claimed = Claim(given.claimed.work, given.claimed.document) if given.claimed else None
    return _reply(citing.VerificationOut.of(_collection(request).verifier().verify(given.text, claimed)))


@router.get(
    "/api/timeline",
    operation_id="timeline",
    summary="A topic by date, and what wording came, went and stayed",
    response_model=citing.TimelineOut,
)
def timeline(
    request: Request,
    q: Annotated[
        str,
        Query(
            description=f"A question or a topic, at most {LONGEST} characters.",
            examples=["NPT"],
            json_schema_extra=schemas.text_of(1, LONGEST),
        ),
    ],
) -> Response:
    return _reply(citing.TimelineOut.model_validate(make_timeline(_collection(request), q)))


@router.get("/api/documents", operation_id="documents", summary="The collection")
def documents(request: Request) -> schemas.DocumentsOut:
    collection = _collection(request)
    held = [_document(collection, document) for document in collection.library.documents()]
    return schemas.DocumentsOut.model_validate({"documents": held})


@router.get(
    "/api/documents/{document_id}",
    operation_id="document",
    summary="A whole document, each paragraph with its role",
    responses={404: {}, 410: {}},
)
def document(request: Request, document_id: DocumentId) -> schemas.WholeDocumentOut:
    collection = _collection(request)
    found = collection.library.document(document_id)
    if found is None:
        raise _missing(collection, document_id, f"no document {document_id[:_SHOWN]!r}")
    text = [_paragraph(passage) for passage in collection.library.passages(document_id)]
    return schemas.WholeDocumentOut.model_validate({**_document(collection, found), "text": text})


@router.get(
    "/api/documents/{document_id}/text",
    operation_id="text",
    summary="The text of record, which the spans of every citation index",
    response_class=PlainTextResponse,
    responses={404: {}, 410: {}},
)
def text(
    request: Request, document_id: DocumentId, version: Annotated[int | None, Query(ge=1, le=_VERSIONS)] = None
) -> PlainTextResponse:
    collection = _collection(request)
    found = collection.library.document(document_id, version)
    if found is None:
        raise _missing(collection, document_id, f"no document {document_id[:_SHOWN]!r} of that version")
    return PlainTextResponse(found.raw)


def _document(collection: Collection, document: Document) -> dict[str, Any]:
    work = collection.library.works()[document.work]
    return {
        "id": document.id,
        "work": document.work,
        "version": document.version,
        "language": document.language,
        "title": title(work, document.language, document.origin),
        "date": work.date,
        "outlet": document.origin.outlet,
        "published": document.origin.published,
        "source_url": document.origin.url,
        "sha256": document.sha256,
        "text_sha256": document.text_sha256,
        "reader": document.reader,
        "paragraphs": len(collection.library.body(document.id)),
    }


def _paragraph(passage: Passage) -> dict[str, Any]:
    return {
        "role": passage.role.value,
        "passage_id": passage.id if passage.role is Role.BODY else None,
        "text": passage.text,
        "spans": passage.spans,
    }


@router.get("/livez", operation_id="livez", summary="Is the process alive?")
async def livez() -> dict[str, str]:
    return {"status": "alive"}


@router.get("/readyz", operation_id="readyz", summary="Can it answer?")
def readyz(request: Request) -> dict[str, str | int]:
    index = _collection(request).checked()
    return {"status": "ready", "index": index.name, "paragraphs": index.paragraphs}


@router.get("/version", operation_id="version", summary="Which code, model and index answer")
def version_(request: Request) -> dict[str, str]:
    collection = _collection(request)
    return {"version": version(), "model": collection.encoder.name, "index": collection.index().name}
