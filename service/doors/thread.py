"""A conversation as an address: `?q=…&work=…&q=…`. A turn begins at its `q`, and what follows belongs to it."""

import datetime
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from service.doors.interface import typed
from service.question import INTERPRETATIONS, BadQuestion, Filters

_YEAR = re.compile(r"(?!0+$)[0-9]{1,4}")
_MOST = 10  # turns in an address; a question leans on the five before it
_WORKS = 10  # that a question can be limited to


@dataclass(frozen=True, slots=True)
class Turn:
    """A question with what its reader limits it to. `start` and `end` are years as written, "" for none."""

    question: str
    works: tuple[str, ...] = ()
    start: str = ""
    end: str = ""
    without: tuple[str, ...] = ()

    @property
    def filters(self) -> Filters:
        """Raises BadQuestion if a year is none, or there are too many works."""
        if len(self.works) > _WORKS:
            raise BadQuestion(f"at most {_WORKS} statements can be chosen; choose fewer, or none for all")
        return Filters(self.works, (), _day(self.start, 1, 1), _day(self.end, 12, 31))

    @property
    def interpret(self) -> tuple[str, ...]:
        return tuple(name for name in INTERPRETATIONS if name not in self.without)


def _day(year: str, month: int, day: int) -> datetime.date | None:
    if not year:
        return None
    if not _YEAR.fullmatch(year):
        raise BadQuestion(f"{year[:20]!r} is no year; write one as in 2019")
    return datetime.date(int(year), month, day)


def turns(pairs: Iterable[tuple[str, str]]) -> tuple[Turn, ...]:
    """The turns of a query string, oldest first, at most the last ten; names that mean nothing here are passed over."""
    read: list[Turn] = []
    for name, value in pairs:
        if name == "q":
            read.append(Turn(typed(value)))
        elif read and value:
            read[-1] = _told(read[-1], name, value)
    return tuple([turn for turn in read if turn.question.strip()][-_MOST:])


def _told(turn: Turn, name: str, value: str) -> Turn:
    match name:
        case "work":
            is_new = value not in turn.works and len(turn.works) <= _WORKS
            return replace(turn, works=(*turn.works, value)) if is_new else turn
        case "from":
            return replace(turn, start=value)
        case "to":
            return replace(turn, end=value)
        case "without":
            is_new = value in INTERPRETATIONS and value not in turn.without
            return replace(turn, without=(*turn.without, value)) if is_new else turn
    return turn


def query(held: Sequence[Turn]) -> list[tuple[str, str]]:
    """The query string that reads as these turns."""
    return [pair for turn in held for pair in _pairs(turn)]


def _pairs(turn: Turn) -> list[tuple[str, str]]:
    single = [("q", turn.question), *(("work", work) for work in turn.works), ("from", turn.start), ("to", turn.end)]
    return [(name, value) for name, value in (*single, *(("without", name) for name in turn.without)) if value]
