"""What every reply tells the browser that gets it: to guess no types, to tell no one where it was, to load nothing."""

from collections.abc import Mapping

from fastapi import Request
from fastapi.routing import iter_route_contexts
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# A page has a policy of its own, which lets it load our files, and stand in the frames that it may stand in.
HEADERS: Mapping[str, str] = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",  # which asks nothing of those that CORS lets in
}


def allowed(request: Request) -> str:
    """The methods with which the path of a request is served, for Allow; each route knows only its own."""
    routes = iter_route_contexts(request.app.routes)
    found = [route.methods or () for route in routes if route.path_regex.match(request.scope["path"])]
    return ", ".join(sorted({method for methods in found for method in methods}))


class Headed:
    """Adds the HEADERS that a reply does not set itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, headed)
