"""The assembly: a collection → doors, one error table, the life of the process."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from corpus.document import CorpusError
from embeddings.encoder import EncoderError
from embeddings.publication import IndexUnusable
from service.collection import Collection
from service.doors import api, pages
from service.doors.schemas import ProblemOut
from service.question import BadQuestion
from service.verification import BadQuotation
from service.version import version

LARGEST_BODY = 1 << 20  # bytes

_STATIC = Path(__file__).parent / "doors" / "web" / "static"
_STATUS: Mapping[type[Exception], tuple[int, str]] = {
    BadQuestion: (422, "Bad question"),
    BadQuotation: (422, "Bad quotation"),
    IndexUnusable: (503, "Not ready"),
    EncoderError: (503, "Not ready"),
    CorpusError: (503, "Not ready"),
}


def create_app(collection: Collection) -> FastAPI:
    """The service over `collection`; its index is opened at start, and a start without one serves 503s."""
    app = FastAPI(
        title="Yinju 引据",
        summary="Answers in the documents' own words, quoted and cited. Nothing is generated.",
        version=version(),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a redirect would be built from the Host header
        servers=[{"url": collection.settings.base_url}],
        lifespan=_open_index,
    )
    app.state.collection = collection
    app.add_middleware(RequestBodyLimitMiddleware, max_body_size=LARGEST_BODY)
    app.add_middleware(_DeclaredLength)
    app.include_router(api.router)
    app.include_router(pages.router)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    app.add_api_route("/docs", _docs, include_in_schema=False)
    app.add_api_route("/", _front, include_in_schema=False)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected)
    for error, (status, title) in _STATUS.items():
        app.add_exception_handler(error, _problem_for(status, title))
    return app


@asynccontextmanager
async def _open_index(app: FastAPI) -> AsyncIterator[None]:
    try:
        app.state.collection.index()
    except (IndexUnusable, EncoderError):
        pass  # /readyz says why; a fixed index is picked up without a restart
    yield


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


def _problem(status: int, title: str, detail: str, errors: list[dict[str, str]] | None = None) -> JSONResponse:
    body = ProblemOut(title=title, status=status, detail=detail, errors=errors or [])
    return JSONResponse(body.model_dump(), status, media_type="application/problem+json")


def _problem_for(status: int, title: str) -> Callable[[Request, Exception], Awaitable[JSONResponse]]:
    async def handle(_: Request, error: Exception) -> JSONResponse:
        return _problem(status, title, str(error))

    return handle


async def _unexpected(_: Request, __: Exception) -> JSONResponse:
    """Starlette still raises what happened, for the log and for tests; the caller is told no more than this."""
    return _problem(500, "Internal Server Error", "this is a fault of the service, not of the request; see its log")


async def _http_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == 413:
        return _too_large()
    return _problem(error.status_code, HTTPStatus(error.status_code).phrase, str(error.detail))


def _too_large() -> JSONResponse:
    return _problem(413, "Content Too Large", f"the body is over {LARGEST_BODY} bytes, the most that is taken")


class _DeclaredLength:
    """Refuses a body that says it is too large before any of it is read; starlette's own limit then counts the rest."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        declared = Headers(scope=scope).get("content-length", "") if scope["type"] == "http" else ""
        refused = declared.isascii() and declared.isdigit() and int(declared) > LARGEST_BODY
        await (_too_large() if refused else self._app)(scope, receive, send)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    """Which field is wrong and how; never what was sent, which may not even be printable."""
    assert isinstance(error, RequestValidationError)
    errors = [
        {"pointer": "/" + "/".join(str(part) for part in item["loc"][1:]), "detail": item["msg"]}
        for item in error.errors()
    ]
    detail = "; ".join(f"{item['pointer']}: {item['detail']}" for item in errors)
    return _problem(422, "Bad request", detail, errors)
