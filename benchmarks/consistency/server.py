"""The service as it is, but that it leaves every index behind that it publishes."""

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from time import sleep

from benchmarks.first_byte import is_ready
from embeddings import growth
from embeddings.publication import State, current, publish
from service.collection import Collection
from service.doors.serving import run
from service.settings import Settings


@contextmanager
def serving(settings: Settings, kept: Path) -> Iterator[int]:
    """The port of a service that is ready. Indexes are kept in `kept`, in folders called 0, 1, … as they are published.

    The first is the one that is there already.
    """
    kept.mkdir()
    keep(settings.indexes, kept)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    process = get_context("spawn").Process(target=_serve, args=(settings, port, kept))
    process.start()
    try:
        while not is_ready(port):
            assert process.is_alive()
            sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.join()


def keep(indexes: Path, kept: Path) -> None:
    """Its files never change, so that links to them do; one process at a time publishes."""
    aside = kept / "aside"
    for folder in {*current(indexes).folders}:  # one may be in use twice
        shutil.copytree(indexes / folder, aside / folder, copy_function=os.link)
    os.link(indexes / "current", aside / "current")
    aside.rename(kept / str(len(list(kept.iterdir())) - 1))


def _serve(settings: Settings, port: int, kept: Path) -> None:
    def keeping(folder: Path, state: State) -> None:
        publish(folder, state)
        keep(folder, kept)

    growth.publish = keeping  # type: ignore[attr-defined]
    run(Collection(replace(settings, port=port)))
