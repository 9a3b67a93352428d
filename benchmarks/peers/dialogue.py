"""A contestant's side of the dialogue: a JSON command on each line of stdin, its reply on a line of stdout."""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol

from benchmarks.peers.passage import Passage, Reply


class Contestant(Protocol):
    """A product behind one face."""

    @property
    def packages(self) -> Sequence[str]:
        """Whose versions say which product this is."""

    def ingest(self, passages: Sequence[Passage], folder: Path) -> None:
        """Make everything that answering takes, on disk, in a folder that does not exist yet."""

    def open(self, folder: Path) -> None:
        """Be ready to answer from what `ingest` left there."""

    def ask(self, question: str) -> Reply:
        """Up to five passages, their text and what it takes to cite them among it."""


def converse(contestant: Contestant) -> None:
    """Do what stdin says until it ends."""
    # Libraries print on stdout; it becomes stderr for them, and a copy of it is for replies alone.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as replies:
        os.dup2(2, 1)
        for line in sys.stdin:
            replies.write(f"{json.dumps(_done(contestant, json.loads(line)), ensure_ascii=False)}\n")
            replies.flush()


def _done(contestant: Contestant, command: Mapping[str, Any]) -> object:
    match command["do"]:
        case "describe":
            return {name: version(name) for name in contestant.packages}
        case "ingest":
            passages = [Passage(**held) for held in command["passages"]]
            begun = perf_counter()
            contestant.ingest(passages, Path(command["folder"]))
            return perf_counter() - begun
        case "open":
            contestant.open(Path(command["folder"]))
            return None
        case "ask":
            return [asdict(reply) for reply in _timed(contestant, command["questions"])]
    raise ValueError(command)


def _timed(contestant: Contestant, questions: Sequence[str]) -> Iterator[Reply]:
    for question in questions:
        begun = perf_counter()
        reply = contestant.ask(question)
        yield replace(reply, ms=(perf_counter() - begun) * 1000)
