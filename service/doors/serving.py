"""One process that answers over HTTP, or several behind one address."""

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import uvicorn

from service.app import alone
from service.collection import Collection
from service.doors import log, metrics
from service.doors.deadlines import Deadlines

# There are no web sockets here: their handshake would pass by the deadlines.
HTTP: Mapping[str, Any] = {"http": Deadlines, "ws": "none", "server_header": False, "log_config": None}

_START = 60  # seconds without a word after which a worker is taken for dead: it has to import everything first
_END = 10  # seconds that replies under way have to end, once the service is told to


def run(collection: Collection) -> bool:
    """Serve until a signal ends it; whether it could. Several workers read their settings from the environment."""
    settings = collection.settings
    log.configure(settings.log)
    try:
        with nullcontext() if settings.workers == 1 else metrics.together():
            uvicorn.run(
                alone(collection) if settings.workers == 1 else "service.app:from_environ",
                factory=settings.workers > 1,
                host=settings.host,
                port=settings.port,
                workers=settings.workers,
                proxy_headers=bool(settings.proxies),
                forwarded_allow_ips=list(settings.proxies),
                timeout_worker_healthcheck=_START,
                timeout_graceful_shutdown=_END,
                **HTTP,
            )
    except SystemExit as stopped:
        return not stopped.code
    return True
