"""What is known of the request at hand: what its time was spent on, and what came of it, for whoever keeps a log."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any


@dataclass(slots=True)
class Journal:
    """`spent` are seconds by stage, none of which is part of another."""

    spent: dict[str, float] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)


_KEPT: ContextVar[Journal | None] = ContextVar("journal", default=None)


@contextmanager
def keeping() -> Iterator[Journal]:
    """What is done inside, in threads that go by this context too, is written down."""
    journal = Journal()
    token = _KEPT.set(journal)
    try:
        yield journal
    finally:
        _KEPT.reset(token)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """The time that passes inside is spent on this."""
    journal, begun = _KEPT.get(), perf_counter()
    try:
        yield
    finally:
        if journal:
            journal.spent[name] = journal.spent.get(name, 0.0) + perf_counter() - begun


def note(**facts: Any) -> None:
    """What was asked, or came of it."""
    if journal := _KEPT.get():
        journal.facts |= facts
