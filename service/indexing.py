"""Jobs: each change of the store is brought into the index, in a thread of its own, one build for all that wait."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import uuid4

from corpus.document import CorpusError
from corpus.store import Outcome
from embeddings.encoder import EncoderError
from embeddings.publication import IndexUnusable

_KEPT = 1000  # jobs that are remembered


class State(StrEnum):
    """Where a job is. The document is stored, or withdrawn, before there is a job."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Job:
    """One change, on its way into the index. `outcome` is None for a withdrawal; `problem` says why it failed."""

    id: str
    document: str
    outcome: Outcome | None
    state: State = State.WAITING
    problem: str | None = None


class Indexing:
    """Safe to share between threads. A job that fails leaves the index as it was; the next one makes up for it."""

    def __init__(self, build: Callable[[], bool]) -> None:
        """`build` brings the index up to date with the store."""
        self._build = build
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._changed = threading.Condition()
        self._is_closing = True
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name="indexing")
        self._thread.start()

    def close(self) -> None:
        """Let the build that runs come to its end; what waits is done by the next start."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        if self._thread:
            self._thread.join()

    def add(self, document: str, outcome: Outcome | None) -> Job:
        """A job for a change that is in the store already."""
        job = Job(uuid4().hex, document, outcome)
        with self._changed:
            self._jobs[job.id] = job
            while len(self._jobs) > _KEPT:
                self._jobs.popitem(last=False)
            self._changed.notify()
        return job

    def job(self, name: str) -> Job | None:
        with self._changed:
            return self._jobs.get(name)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_closing or self._waiting())
                if self._is_closing:
                    return
                taken = self._waiting()
            problem = self._built()
            with self._changed:
                for job in taken:
                    done = replace(job, state=State.FAILED if problem else State.DONE, problem=problem)
                    self._jobs.update({job.id: done} if job.id in self._jobs else {})

    def _waiting(self) -> list[Job]:
        return [job for job in self._jobs.values() if job.state is State.WAITING]

    def _built(self) -> str | None:
        """Why the index could not be built; None if it was."""
        try:
            self._build()
        except (CorpusError, EncoderError, IndexUnusable, OSError) as error:
            return str(error)
        return None
