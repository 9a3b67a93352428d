"""The assembly: a collection → doors, one error table, the life of the process."""

import gc
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from importlib.util import find_spec
from pathlib import Path

from anyio import CapacityLimiter
from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware

from embeddings.encoder import EncoderError
from embeddings.publication import IndexUnusable
from service.collection import Collection
from service.doors import (
    api,
    chat_page,
    dify_api,
    docs_page,
    documents_api,
    log,
    metrics,
    openai_api,
    reading_page,
    responses_api,
    timeline_page,
    verify_page,
)
from service.doors.capacity import THREADS, THREADS_OF_BATCHES, Capacity
from service.doors.documentation import Documented
from service.doors.gates import Bodies, Callers, Named, too_large
from service.doors.headers import HEADERS, Headed, allowed
from service.doors.mcp_door import McpDoor
from service.doors.observed import Observed, named
from service.doors.problems import EXPECTED, problem
from service.indexing import Indexing
from service.keys import Keys
from service.settings import Settings
from service.version import version

_STATIC = Path(__file__).parent / "doors" / "web" / "static"


def from_environ() -> FastAPI:
    """The service over what the environment names: each of several processes makes its own."""
    settings = Settings.from_environ(os.environ)
    log.configure(settings.log)
    return alone(Collection(settings))


def alone(collection: Collection) -> FastAPI:
    """The service as all that its process does: what is there by now stays, and is not looked through for garbage.

    That would stop everything for a tenth of a second now and then.
    """
    app = create_app(collection)
    gc.freeze()
    return app


def create_app(collection: Collection) -> FastAPI:
    """The service over `collection`; its index is opened at start, and a start without one serves 503s."""
    mcp = McpDoor(collection) if find_spec("mcp") else None
    indexing = _indexing(collection) if collection.keeps_store else None
    app = Documented(
        title="Yinju 引据",
        summary="Answers in the documents' own words, quoted and cited. Nothing is generated.",
        version=version(),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a redirect would be built from the Host header
        servers=[{"url": collection.settings.base_url}],
        lifespan=_life(collection, indexing, mcp),
    )
    app.state.collection, app.state.indexing = collection, indexing
    app.state.reading = CapacityLimiter(1)  # files that are taken in
    _gates(app, collection)
    pages = (chat_page, timeline_page, verify_page, reading_page, docs_page)
    for door in (api, metrics, documents_api, openai_api, responses_api, dify_api, *pages):
        app.include_router(door.router)
    app.router.routes.extend([mcp.route] if mcp else [])
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    for error in (*EXPECTED, Exception):
        app.add_exception_handler(error, _failed)
    return app


def _indexing(collection: Collection) -> Indexing:
    return Indexing(
        collection.store.jobs, collection.reached, collection.renew, collection.tidy_index, collection.scrub_index
    )


def _life(
    collection: Collection, indexing: Indexing | None, mcp: McpDoor | None
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        try:
            collection.index()
        except (IndexUnusable, EncoderError):
            pass  # /readyz says why; a fixed index is picked up without a restart
        current_default_thread_limiter().total_tokens = _threads(collection)
        if indexing:
            indexing.start()
        async with mcp.life() if mcp else nullcontext():
            yield
        if indexing:
            await run_in_threadpool(indexing.close)

    return life


def _threads(collection: Collection) -> int:
    try:
        return THREADS if collection.encoder.table else THREADS_OF_BATCHES
    except EncoderError:  # then no question is answered
        return THREADS


def _gates(app: FastAPI, collection: Collection) -> None:
    """The last one stands outermost: other sites' scripts may read a refusal, and ask beforehand without a key."""
    settings = collection.settings
    app.add_middleware(Bodies)
    app.add_middleware(Capacity)
    read = settings.read_keys or Keys()
    app.add_middleware(Callers, read=read, ingest=settings.ingest_keys, rate=settings.rate)
    if settings.hosts:
        app.add_middleware(Named, names=settings.own_hosts)
    if settings.origins:
        app.add_middleware(
            CORSMiddleware, allow_origins=settings.origins, allow_methods=["*"], allow_headers=["*"], max_age=86400
        )
    app.add_middleware(Headed)
    keys = Keys((*read.digests, *settings.ingest_keys.digests))
    app.add_middleware(Observed, keys=keys, kept=settings.log)


async def _failed(request: Request, error: Exception) -> JSONResponse:
    """What is not expected starlette raises all the same, for the log and for tests."""
    if isinstance(error, HTTPException) and error.status_code == 413:
        return too_large(request.scope).reply(request.scope["path"])
    if isinstance(error, HTTPException) and error.status_code == 405:
        methods = allowed(request)
        error = HTTPException(405, f"{request.method} is not taken here, but {methods}", {"allow": methods})
    # A fault is told outside of all gates.
    headers = error.headers if isinstance(error, HTTPException) else {**HEADERS, **named(request.scope)}
    return problem(error).reply(request.scope["path"], headers)
