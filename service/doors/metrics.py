"""What Prometheus reads at /metrics; of several processes together, whichever is asked."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)
from prometheus_client.exposition import generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from embeddings.encoder import EncoderError
from embeddings.publication import IndexUnusable
from service.collection import Collection

_TOGETHER = "PROMETHEUS_MULTIPROC_DIR"  # of prometheus_client, which reads it when it is imported

_SHORT = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1)  # seconds
_LONG = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

disable_created_metrics()  # type: ignore[no-untyped-call]

REQUESTS = Counter("yinju_requests", "Requests by route, method and status.", ["route", "method", "status"])
SECONDS = Histogram("yinju_request_seconds", "From a request's head to the end of its reply.", ["route"], buckets=_LONG)
STAGES = Histogram("yinju_stage_seconds", "What the time of a question is spent on.", ["stage"], buckets=_SHORT)
ANSWERS = Counter("yinju_answers", "Questions by what came of them: quoted, or refused.", ["outcome"])
CUT = Counter("yinju_connections_cut", "Connections of clients that were too slow or sent too long a head.", ["reason"])
INSIDE = Gauge("yinju_requests_inside", "Requests that wait or are answered now.", multiprocess_mode="livesum")

_PRESENT: Final = "livemostrecent"
_CHANGE = Gauge("yinju_index_change", "The store's change that answers are of.", multiprocess_mode=_PRESENT)
_LAST = Gauge("yinju_store_change", "The store's last change.", multiprocess_mode=_PRESENT)
_WAITING = Gauge(
    "yinju_jobs_waiting", "Changes that were asked for and wait for the index.", multiprocess_mode=_PRESENT
)
_PARAGRAPHS = Gauge("yinju_index_paragraphs", "Paragraphs that are searched.", multiprocess_mode=_PRESENT)
_READY = Gauge("yinju_ready", "Whether questions can be answered.", multiprocess_mode=_PRESENT)

router = APIRouter()


@contextmanager
def together() -> Iterator[None]:
    """The processes that are started meanwhile are counted together."""
    with TemporaryDirectory(prefix="yinju-metrics-") as folder:
        os.environ[_TOGETHER] = folder
        yield


@router.get(
    "/metrics",
    operation_id="metrics",
    summary="What is counted, for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}}},
)
def metrics(request: Request) -> Response:
    _look(request.app.state.collection)
    return Response(generate_latest(_registry()), media_type=CONTENT_TYPE_LATEST)


def _look(collection: Collection) -> None:
    """The state of the index as this process sees it."""
    try:
        index = collection.index()
    except (IndexUnusable, EncoderError):
        _READY.set(0)
        return
    _READY.set(1)
    _CHANGE.set(index.state.change.number)
    _PARAGRAPHS.set(index.paragraphs)
    if collection.keeps_store:
        _LAST.set(collection.store.last().number)
        _WAITING.set(len(collection.store.jobs.waiting(collection.reached())))


def _registry() -> CollectorRegistry:
    folder = os.environ.get(_TOGETHER)
    if folder is None:
        return REGISTRY
    for file in Path(folder).glob("gauge_live*_*.db"):
        pid = int(file.stem.rpartition("_")[2])
        if not _is_alive(pid):
            mark_process_dead(pid)  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
