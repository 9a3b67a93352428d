"""The last change of a store that was acknowledged, kept beside it.

SQLite passes over a damaged log from where it is damaged, and a file put back from a backup lacks what came after: the
store alone would not know that anything is missing.
"""

import os
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from corpus.changes import Change

_LENGTH = 80  # always, so that it is written over in place, on a full disk too


class Watermark:
    """Safe to share between threads and processes: of two that write at once, either one stays."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def set(self, change: Change) -> None:
        """Call it after the change is durable. Where it can't be written it stays as it was: weaker, not wrong."""
        told = f"{change.number} {change.token}"
        with suppress(OSError):
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o644)
            try:
                os.pwrite(descriptor, f"{told} {_digest(told)}".ljust(_LENGTH - 1).encode() + b"\n", 0)
            finally:
                os.close(descriptor)

    def change(self) -> Change | None:
        """None if there is none, or none that can be read."""
        try:
            number, token, digest = self.path.read_text("ascii").split()
            return Change(int(number), token) if digest == _digest(f"{number} {token}") else None
        except (OSError, ValueError):
            return None

    @property
    def is_damaged(self) -> bool:
        return self.path.exists() and self.change() is None


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=8).hexdigest()
