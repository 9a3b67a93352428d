"""Documents in and out over HTTP, for callers with an ingest key, and what became of them."""

import datetime
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import fastapi
from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response

from corpus.catalogue import Entry, slug
from corpus.confinement import Confinement
from corpus.document import CorpusError, Origin, Work
from corpus.jobs import KEPT, Job
from corpus.store import Outcome, Store
from service.collection import Collection
from service.doors import schemas
from service.doors.intake import FileOut, JobOut, StoredOut
from service.indexing import Indexing, State
from service.ingestion import Report, confined_draft
from service.sources import Source

router = APIRouter(responses={409: {}})

_SUFFIXES = {
    "text/plain": ".txt",
    "text/markdown": ".md",
    "text/html": ".html",
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
}


_confinement = Confinement()  # a child is only started for the first file


async def _body(request: Request) -> bytes:
    return await request.body()


_Text = Annotated[str | None, Query(max_length=1000)]
_LONGEST_NAME = 200  # characters
_Taken = Annotated[str, fastapi.Path(examples=["minutes-2026"])]
_EXAMPLE = "The delegations spoke of the harbour and of the railway, and asked for a report on each of them."
_BODIES: dict[str, Any] = {kind: {} for kind in _SUFFIXES} | {"text/plain": {"example": _EXAMPLE}}


@router.put(
    "/api/documents/{document_id}",
    operation_id="put_document",
    summary="Take a document in: the file as the body, its format as the Content-Type",
    status_code=201,
    responses={200: {"model": StoredOut}, 415: {}},
    openapi_extra={"requestBody": {"required": True, "content": _BODIES}},
)
async def put_document(
    request: Request,
    response: Response,
    document_id: _Taken,
    body: Annotated[bytes, Depends(_body)],
    title: _Text = None,
    outlet: _Text = None,
    url: Annotated[str | None, Query(pattern=r"^https?://\S+$", max_length=2000)] = None,
    published: schemas.Day | None = None,
    language: Annotated[str | None, Query(pattern=r"^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*$", max_length=100)] = None,
    work: _Text = None,
    date: schemas.Day | None = None,
) -> StoredOut:
    """It is stored when this replies: 201 if it is new, 200 if not. The job says when it can be found.

    What the parameters leave out is taken from the file.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _SUFFIXES:
        raise HTTPException(415, f"Content-Type {kind[:80]!r} can't be read; there are {', '.join(_SUFFIXES)}")
    for name in filter(None, (document_id, work)):
        if len(name) > _LONGEST_NAME:
            raise HTTPException(422, f"a name of {len(name)} characters; it may have {_LONGEST_NAME}")
        if slug(name) != name:
            raise HTTPException(422, f"{name[:80]!r} can't be a name; {slug(name)[:80]!r} could")
    entry = Entry(document_id, work, language, Origin(title, outlet, published, None, url))
    file = f"{document_id}{_SUFFIXES[kind]}"
    source = Source(file, Path(file), entry, None, True, data=body)
    collection: Collection = request.app.state.collection
    # A file may take long to read: no question should have to wait for its thread.
    taking = partial(_taken_in, collection.store, source, date)
    report, job = await run_sync(taking, limiter=request.app.state.reading)
    _indexing(request).wake()
    response.status_code = 201 if report.outcome is Outcome.ADDED else 200
    response.headers["Location"] = f"{collection.settings.base_url}/api/jobs/{job.id}"
    return StoredOut(**FileOut.of(report).model_dump(exclude={"passages"}), job=_told(job, State.WAITING))


def _taken_in(store: Store, source: Source, date: datetime.date | None) -> tuple[Report, Job]:
    entry = source.entry
    declared = _work(store, entry, date) if entry.work or date else None
    try:
        draft = confined_draft(_confinement, replace(source, work=declared))
    except CorpusError as error:
        raise HTTPException(422, str(error)) from error
    with store.changing():
        outcome = store.put(draft, datetime.date.today())
        job = store.jobs.add(entry.document, outcome)
    return Report(entry.document, entry.document, outcome, draft=draft), job


def _work(store: Store, entry: Entry, date: datetime.date | None) -> Work:
    """The work that is named, or one of the document's own, with what is known of it already."""
    name = entry.work or entry.document
    known = store.work(name) or Work(name)
    titles = {entry.language: entry.origin.title} if entry.language and entry.origin.title else {}
    return Work(name, {**known.titles, **titles}, known.places, date or known.date, known.base)


@router.delete(
    "/api/documents/{document_id}",
    operation_id="delete_document",
    summary="Withdraw a document: it is gone from every answer at once, and its ids reply 410",
    responses={404: {}, 410: {}},
)
def delete_document(request: Request, document_id: _Taken) -> JobOut:
    store: Store = request.app.state.collection.store
    with store.changing():
        if withdrawn := store.withdrawn(document_id):
            raise HTTPException(410, f"{document_id} was withdrawn on {withdrawn.isoformat()}")
        if store.member(document_id) is None:
            raise HTTPException(404, f"no document {document_id[:80]!r}; see /api/documents")
        store.withdraw(document_id, datetime.date.today())
        job = store.jobs.add(document_id, None)
    _indexing(request).wake()
    return _told(job, State.WAITING)


@router.get(
    "/api/jobs/{job_id}",
    operation_id="job",
    summary="Whether a change is in the index yet",
    responses={404: {}},
)
def job(request: Request, job_id: str) -> JobOut:
    collection: Collection = request.app.state.collection
    found = collection.store.jobs.job(job_id)
    if found is None:
        raise HTTPException(404, f"no such job; only the last {KEPT} are remembered")
    return _told(found, *_indexing(request).progress(found))


def _told(job: Job, state: State, problem: str | None = None) -> JobOut:
    return JobOut(id=job.id, document=job.document, outcome=job.outcome, state=state, problem=problem)


def _indexing(request: Request) -> Indexing:
    indexing: Indexing = request.app.state.indexing
    return indexing
