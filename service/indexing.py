"""Jobs: each change of the store is brought into the index, in a thread of its own, all that wait together.

Another thread tidies the index up when there is time.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import uuid4

from corpus.document import CorpusError
from corpus.store import Outcome
from embeddings.encoder import EncoderError
from embeddings.publication import IndexUnusable

_KEPT = 1000  # jobs that are remembered
_FAULTS = (CorpusError, EncoderError, IndexUnusable, OSError)


class _Closing(Exception):
    """The service is about to end."""


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

    def __init__(self, renew: Callable[[], None], tidy: Callable[[Callable[[int, int], None]], bool]) -> None:
        """After `renew` answers are those of the store as it was then; `tidy` makes the index faster to search.

        What `tidy` is given it calls now and then; an exception out of it ends the tidying.
        """
        self._renew, self._tidy = renew, tidy
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._changed = threading.Condition()
        self._is_closing = self._is_untidy = False
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        self._is_closing, self._is_untidy = False, True
        self._threads = [threading.Thread(target=run, name=run.__name__) for run in (self._indexing, self._tidying)]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Let the change that is being made come to its end; what waits is done by the next start."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def add(self, document: str, outcome: Outcome | None) -> Job:
        """A job for a change that is in the store already."""
        job = Job(uuid4().hex, document, outcome)
        with self._changed:
            self._jobs[job.id] = job
            while len(self._jobs) > _KEPT:
                self._jobs.popitem(last=False)
            self._changed.notify_all()
        return job

    def job(self, name: str) -> Job | None:
        with self._changed:
            return self._jobs.get(name)

    def _indexing(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_closing or self._waiting())
                if self._is_closing:
                    return
                taken = self._waiting()
            problem = self._renewed()
            with self._changed:
                for job in taken:
                    done = replace(job, state=State.FAILED if problem else State.DONE, problem=problem)
                    self._jobs.update({job.id: done} if job.id in self._jobs else {})
                self._is_untidy = True
                self._changed.notify_all()

    def _waiting(self) -> list[Job]:
        return [job for job in self._jobs.values() if job.state is State.WAITING]

    def _renewed(self) -> str | None:
        """Why the index could not be brought up to date; None if it was."""
        try:
            self._renew()
        except _FAULTS as error:
            return str(error)
        return None

    def _tidying(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_closing or self._is_untidy)
                if self._is_closing:
                    return
                self._is_untidy = False
            with suppress(_Closing, *_FAULTS):  # the next change gives another chance
                while self._tidy(self._go_on):
                    pass

    def _go_on(self, done: int, total: int) -> None:
        if self._is_closing:
            raise _Closing
