"""Each change of the store is brought into the index, in a thread of its own, all that wait together.

Another thread tidies the index up when there is time. Several processes may do so for one store.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum

from corpus.document import CorpusError
from corpus.jobs import Job, Jobs
from embeddings.encoder import EncoderError
from embeddings.publication import IndexUnusable

_AGAIN = 30.0  # seconds after which what failed is tried again: a disk has room by then, or a cluster is back
_OWN_FAULT = "this is a fault of the service, not of the document; see its log"
_FAULTS = (CorpusError, EncoderError, IndexUnusable, OSError)

_log = logging.getLogger(__name__)


class _Closing(Exception):
    """The service is about to end."""


class State(StrEnum):
    """Where a job is. The document is stored, or withdrawn, before there is a job."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class Indexing:
    """Safe to share between threads. A job that fails leaves the index as it was, and is tried again."""

    def __init__(
        self,
        jobs: Jobs,
        reached: Callable[[], int],
        renew: Callable[[], None],
        tidy: Callable[[Callable[[int, int], None]], bool],
        scrub: Callable[[], object],
    ) -> None:
        """`reached` is the number of the store's change that answers are of; after `renew` it is that of the last one.

        `tidy` makes the index faster to search. What it is given it calls now and then; an exception out of that ends
        the tidying. `scrub` finds what is damaged, and is called once after each start.
        """
        self._jobs, self._reached, self._renew, self._tidy, self._scrub = jobs, reached, renew, tidy, scrub
        self._problems: dict[str, str] = {}  # by job, of the last time that it was tried here
        self._changed = threading.Condition()
        self._is_closing = self._is_behind = self._is_untidy = False
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Go on where the process before left off."""
        self._is_closing, self._is_behind, self._is_untidy = False, True, True
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

    def wake(self) -> None:
        """There is a new job."""
        with self._changed:
            self._is_behind = True
            self._changed.notify_all()

    def progress(self, job: Job) -> tuple[State, str | None]:
        """Where a job is, as whoever asks here now would find, and why it failed if it did."""
        if self._reached() >= job.change:
            return State.DONE, None
        problem = job.problem or self._problems.get(job.id)
        return State.FAILED if problem else State.WAITING, problem

    def _indexing(self) -> None:
        has_failed = False
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_closing or self._is_behind, _AGAIN if has_failed else None)
                if self._is_closing:
                    return
                self._is_behind = False
            has_failed = not self._index(has_failed)
            with self._changed:
                self._is_untidy = True
                self._changed.notify_all()

    def _index(self, again: bool) -> bool:
        """Whether the index has all that is waiting, and `again` what has failed before."""
        waiting = list[Job]()
        try:
            waiting = self._jobs.waiting(self._reached())
            if waiting or again:  # else another process has done it
                self._renew()
                self._problems = {}
        except Exception as error:
            problem = str(error)
            if not isinstance(error, _FAULTS):
                _log.exception("a change could not be indexed")
                problem = _OWN_FAULT
            self._problems |= {job.id: problem for job in waiting}  # for a full disk takes no note of it
            with suppress(CorpusError):  # which whoever asks after a job is told
                self._jobs.fail(waiting, problem)
            return False
        return True

    def _tidying(self) -> None:
        with _going_on():
            self._scrub()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_closing or self._is_untidy)
                if self._is_closing:
                    return
                self._is_untidy = False
            with _going_on():  # the next change gives another chance
                while self._tidy(self._go_on):
                    pass

    def _go_on(self, done: int, total: int) -> None:
        if self._is_closing:
            raise _Closing


@contextmanager
def _going_on() -> Iterator[None]:
    """What goes wrong inside ends what is done there, and nothing else: whoever asks is told of what is known to."""
    try:
        yield
    except (_Closing, *_FAULTS):
        pass
    except Exception:
        _log.exception("the index could not be looked after")
