"""The index in use: whoever asks gets the newest that is open, and one of those who ask opens the next."""

import threading
from collections.abc import Hashable
from time import monotonic

from embeddings.index import Index
from embeddings.publication import IndexUnusable
from service.engine import Engine

_RETRY = 1.0  # seconds


class Snapshot:
    """Safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        """`engine` opens what is published there."""
        self._engine = engine
        self._opening = threading.Lock()
        self._seen: Hashable = None
        self._next_try = 0.0  # to open one that could not be opened, by the monotonic clock
        self.held: Index | None = None

    def index(self) -> Index:
        """The newest that is open; an earlier one as long as the next can't be opened, or is just being.

        Raises IndexUnusable if none is open and none can be.
        """
        held = self.held
        if held is None:
            return self.newest()
        if self._is_outdated() and monotonic() >= self._next_try and self._opening.acquire(blocking=False):
            try:
                self._open()
            finally:
                self._opening.release()
        return self.held or held

    def newest(self) -> Index:
        """The one that is published, however long it takes to open; else as `index`."""
        with self._opening:
            if self.held is None or self._is_outdated(fresh=True):
                self._open()
            assert self.held, "it was opened, or opening it has raised"
            return self.held

    def forget(self) -> None:
        """Let go of what is open: it must not be answered from any more."""
        with self._opening:
            self.held, self._seen, self._next_try = None, None, 0.0

    def _is_outdated(self, fresh: bool = False) -> bool:
        return self._engine.mark(fresh) not in (None, self._seen)

    def _open(self) -> None:
        try:
            published = self._engine.mark(fresh=True)
            self.held, self._seen, self._next_try = self._engine.opened(self.held), published, 0.0
        except IndexUnusable:
            self._next_try = monotonic() + _RETRY
            if self.held is None:
                raise
