"""The door at /mcp, which the first who knocks opens: what stands behind it takes half a second and 20 MB to import."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module

from anyio import CancelScope, Lock, create_task_group, sleep_forever
from anyio.abc import TaskGroup, TaskStatus
from anyio.to_thread import run_sync
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from service.collection import Collection


class McpDoor:
    """An ASGI application."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._lock = Lock()
        self._tasks: TaskGroup | None = None
        self._app: ASGIApp | None = None

    @property
    def route(self) -> Route:
        # A mounted app would answer POST /mcp with a redirect; and without a session there is nothing to wait for with
        # GET, and nothing to end with DELETE.
        return Route("/mcp", endpoint=self, methods=["POST"])

    @asynccontextmanager
    async def life(self) -> AsyncIterator[None]:
        """As long as it can be opened, and is open."""
        async with create_task_group() as self._tasks:
            yield
            self._tasks.cancel_scope.cancel()
        self._app = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._lock:
            if self._app is None:
                assert self._tasks, "requests come after the start"
                with CancelScope(shield=True):  # it is for all, also if the first who knocks has gone
                    await self._tasks.start(self._open)
        assert self._app
        await self._app(scope, receive, send)

    async def _open(self, *, task_status: TaskStatus[None]) -> None:
        server = await run_sync(import_module, "service.doors.mcp_server")
        self._app, run = server.over_http(self._collection)
        async with run():
            task_status.started()
            await sleep_forever()
