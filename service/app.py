"""The assembly: a collection → doors, one error table, the life of the process."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute

from embeddings.encoder import EncoderError
from embeddings.publication import IndexUnusable
from service.collection import Collection
from service.doors import api, dify_api, openai_api, pages, responses_api
from service.doors.gates import LARGEST_BODY, TOO_LARGE, DeclaredLength, Keyed
from service.doors.problems import EXPECTED, problem
from service.version import version

_Life = Callable[[], AbstractAsyncContextManager[None]]

_STATIC = Path(__file__).parent / "doors" / "web" / "static"


def create_app(collection: Collection) -> FastAPI:
    """The service over `collection`; its index is opened at start, and a start without one serves 503s."""
    mcp_routes, mcp_life = _mcp(collection)
    app = FastAPI(
        title="Yinju 引据",
        summary="Answers in the documents' own words, quoted and cited. Nothing is generated.",
        version=version(),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a redirect would be built from the Host header
        servers=[{"url": collection.settings.base_url}],
        lifespan=_life(collection, mcp_life),
    )
    app.state.collection = collection
    _gates(app, collection)
    for door in (api, openai_api, responses_api, dify_api, pages):
        app.include_router(door.router)
    app.router.routes.extend(mcp_routes)  # a mounted app would answer POST /mcp with a redirect
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    app.add_api_route("/docs", _docs, include_in_schema=False)
    app.add_api_route("/", _front, include_in_schema=False)
    for error in (*EXPECTED, Exception):
        app.add_exception_handler(error, _failed)
    return app


def _mcp(collection: Collection) -> tuple[list[BaseRoute], _Life]:
    """The routes of /mcp, and what has to be open while they are served; none without the extra."""
    if find_spec("mcp") is None:
        return [], nullcontext
    made: tuple[list[BaseRoute], _Life] = import_module("service.doors.mcp_server").over_http(collection)
    return made


def _life(collection: Collection, mcp_life: _Life) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        try:
            collection.index()
        except (IndexUnusable, EncoderError):
            pass  # /readyz says why; a fixed index is picked up without a restart
        async with mcp_life():
            yield

    return life


def _gates(app: FastAPI, collection: Collection) -> None:
    """The last one stands outermost: other sites' scripts may read a refusal, and ask beforehand without a key."""
    settings = collection.settings
    app.add_middleware(RequestBodyLimitMiddleware, max_body_size=LARGEST_BODY)
    app.add_middleware(DeclaredLength)
    app.add_middleware(Keyed, keys=settings.read_keys)
    if settings.origins:
        app.add_middleware(
            CORSMiddleware, allow_origins=settings.origins, allow_methods=["*"], allow_headers=["*"], max_age=86400
        )


def _docs() -> HTMLResponse:
    """Swagger UI from our own files: the usual page loads it from a CDN."""
    return get_swagger_ui_html(
        openapi_url="openapi.json",
        title="Yinju 引据: API",
        swagger_js_url="static/swagger-ui/swagger-ui-bundle.js",
        swagger_css_url="static/swagger-ui/swagger-ui.css",
        swagger_favicon_url="data:,",
    )


def _front(request: Request) -> RedirectResponse:
    return RedirectResponse(f"{request.app.state.collection.settings.base_url}/docs")


async def _failed(request: Request, error: Exception) -> JSONResponse:
    """What is not expected starlette raises all the same, for the log and for tests."""
    if isinstance(error, HTTPException) and error.status_code == 413:
        return TOO_LARGE.reply(request.scope["path"])
    headers = error.headers if isinstance(error, HTTPException) else None
    return problem(error).reply(request.scope["path"], headers)
