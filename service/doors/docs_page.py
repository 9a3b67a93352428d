"""The API's documentation: Swagger UI from our own files, for the usual page loads it from a CDN."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from service.doors.documentation import Documented
from service.doors.interface import Interface, page

router = APIRouter(include_in_schema=False)

# Swagger UI writes markup of its own, so that trusted types can't be asked for; what it shows is our own schema.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


@router.api_route("/docs", methods=["GET", "HEAD"])
def docs(request: Request) -> Response:
    reply = page(request, Interface.of(request), "docs.html", {})
    reply.headers["Content-Security-Policy"] = _POLICY
    return reply


@router.api_route("/openapi.json", methods=["GET", "HEAD"])
async def description(request: Request) -> Response:
    app: Documented = request.app
    return Response(app.written, media_type="application/json")
