"""The same for all entrants, in turns: passages, a fresh start, questions. Every time another one is the first."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Protocol

from rich.console import Console
from rich.progress import track

from benchmarks.peers.passage import Passage, Reply
from benchmarks.peers.worker import Worker

BLOCK = 24  # questions that one entrant is asked before it is the next one's turn
_PROGRESS = Console(stderr=True)


class Answering(Protocol):
    """A process with a collection open."""

    def ask(self, questions: Sequence[str]) -> list[Reply]: ...
    def peak(self) -> float: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Entrant:
    """A row of the table: `worker` starts what takes passages in, below `folder`; `answering`, what answers."""

    name: str
    folder: Path
    worker: Callable[[], Worker] | None = None
    answering: Callable[[], Answering] | None = None


@dataclass(frozen=True, slots=True)
class Ingested:
    """What took the passages in, and its seconds in each round."""

    versions: Mapping[str, str]
    seconds: Sequence[float]


@dataclass(frozen=True, slots=True)
class Asked:
    """Replies of each round, in the order of the questions, and the megabytes that the process has had at most."""

    rounds: Sequence[Sequence[Reply]]
    peak: float


def ingested(entrants: Sequence[Entrant], passages: Sequence[Passage], rounds: int) -> dict[str, Ingested]:
    """Each round makes a folder, called by its number, in that of the entrant. Round 0 warms up."""
    seconds: dict[str, list[float]] = {entrant.name: [] for entrant in entrants if entrant.worker}
    with ExitStack() as stack:
        workers = {
            entrant.name: stack.enter_context(closing(entrant.worker())) for entrant in entrants if entrant.worker
        }
        for turn, entrant in _turns([held for held in entrants if held.worker], rounds + 1, "taking in"):
            taken = workers[entrant.name].ingest(passages, entrant.folder / f"{turn}")
            seconds[entrant.name] += [taken] if turn else []
        return {name: Ingested(held.versions(), seconds[name]) for name, held in workers.items()}


def started(entrants: Sequence[Entrant], question: str, rounds: int) -> dict[str, list[float]]:
    """Seconds from the start of a process to its first answer, in each round."""
    seconds: dict[str, list[float]] = {entrant.name: [] for entrant in entrants if entrant.answering}
    for _, entrant in _turns([held for held in entrants if held.answering], rounds, "starting"):
        assert entrant.answering
        begun = perf_counter()
        with closing(entrant.answering()) as answering:
            answering.ask([question])
            seconds[entrant.name].append(perf_counter() - begun)
    return seconds


def asked(entrants: Sequence[Entrant], questions: Sequence[str], rounds: int) -> dict[str, Asked]:
    """All are open at once, but only one has something to do at a time. A block of questions before all warms up."""
    replies: dict[str, list[Reply]] = {entrant.name: [] for entrant in entrants if entrant.answering}
    blocks = [questions[at : at + BLOCK] for at in range(0, len(questions), BLOCK)]
    with ExitStack() as stack:
        opened = {
            entrant.name: stack.enter_context(closing(entrant.answering())) for entrant in entrants if entrant.answering
        }
        for held in opened.values():
            held.ask(blocks[0])
        answering = [entrant for entrant in entrants if entrant.answering]
        for turn, entrant in _turns(answering, rounds * len(blocks), "asking"):
            replies[entrant.name] += opened[entrant.name].ask(blocks[turn % len(blocks)])
        return {name: Asked(_parts(replies[name], len(questions)), held.peak()) for name, held in opened.items()}


def _turns(entrants: Sequence[Entrant], count: int, doing: str) -> Iterator[tuple[int, Entrant]]:
    """Every entrant `count` times; each time another one is the first."""
    for turn in track(range(count), doing, console=_PROGRESS):
        first = turn % len(entrants)
        yield from ((turn, entrant) for entrant in (*entrants[first:], *entrants[:first]))


def _parts(replies: Sequence[Reply], size: int) -> list[Sequence[Reply]]:
    return [replies[at : at + size] for at in range(0, len(replies), size)]
