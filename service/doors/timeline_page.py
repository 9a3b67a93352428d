"""The timeline page: a topic by date, as a picture that opens the quotes, and what its wording became."""

import datetime
from collections.abc import Iterator, Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from corpus.document import Work
from service.answer import Quote
from service.collection import Collection
from service.doors import card
from service.doors.chat_page import notes
from service.doors.holdings import named
from service.doors.interface import Interface, Page, page
from service.doors.message import words_in
from service.doors.problems import EXPECTED, problem
from service.question import LONGEST
from service.timeline import Change, Entry, Extract, Timeline, timeline

router = APIRouter(include_in_schema=False, route_class=Page)

_EDGE = 9  # percent of the picture's width left free on each side
_APART = 9  # percent between two years written below the line
_TALL = 8  # quotes drawn above one date; the others are counted
_STEP, _GAP, _FOOT = 28, 6, 46  # pixels from one quote to the next, from the line to the first, and below the line


@router.api_route("/timeline", methods=["GET", "HEAD"])
def topic(request: Request, q: str = "") -> Response:
    """The page of a topic; without one only the form."""
    collection: Collection = request.app.state.collection
    interface = Interface.of(request)
    shown: dict[str, Any] = {"asked": q, "longest": LONGEST, "problem": "", "held": None}
    status = 200
    if q.strip():
        try:
            shown["held"] = _shown(collection, timeline(collection, q), interface)
        except EXPECTED as error:
            status, shown["problem"] = problem(error).status, problem(error).detail
    return page(request, interface, "timeline.html", shown | card.furniture(interface), status)


def _shown(collection: Collection, held: Timeline, interface: Interface) -> dict[str, Any]:
    with collection.library.reading():
        works = {member.work for member in collection.library.members()}
        dated = [work for name, work in collection.library.works().items() if name in works and work.date]
    changes = {change.after: _change(change, held.entries, interface) for change in held.changes}
    return {
        "picture": _picture(dated, held.entries, interface),
        "entries": [_entry(entry, interface) | {"change": changes.get(entry.work.id)} for entry in held.entries],
        "first": held.first and interface.day(held.first.date),
        "last": held.last and interface.day(held.last.date),
        "notes": notes(held.interpreted, interface),
        "nothing": "" if held.answered else words_in(interface.language)["nothing"],
        "nearest": [card.of_quote(quote, interface) for quote in held.nearest],
    }


def _entry(entry: Entry, interface: Interface) -> dict[str, Any]:
    return {
        "work": entry.work.id,
        "title": named(entry.work, interface),
        "date": interface.day(entry.work.date) if entry.work.date else interface.words["undated"],
        "cards": [_numbered(card.of_quote(quote, interface), quote) for quote in entry.quotes],
    }


def _numbered(held: dict[str, Any], quote: Quote) -> dict[str, Any]:
    """With the paragraph's number, as in the picture."""
    return held | {"seal": quote.citation.ordinal}


def _change(change: Change, entries: Sequence[Entry], interface: Interface) -> dict[str, Any]:
    days = {entry.work.id: interface.day(entry.work.date) for entry in entries if entry.work.date}
    languages = {quote.passage_id: quote.citation.language for entry in entries for quote in entry.quotes}

    def shown(extracts: Sequence[Extract]) -> list[dict[str, str]]:
        return [
            {
                "text": extract.text,
                "language": languages[extract.passage_id],
                "id": extract.passage_id,
                "href": interface.links.page("p", extract.passage_id),
            }
            for extract in extracts
        ]

    return {
        "name": interface.words["change"].format(before=days[change.before], after=days[change.after]),
        "kinds": [
            ("stayed", "=", shown([kept.after for kept in change.stayed])),
            ("went", "−", shown(change.went)),
            ("came", "+", shown(change.came)),
        ],
    }


def _picture(dated: Sequence[Work], entries: Sequence[Entry], interface: Interface) -> dict[str, Any] | None:
    """Where each date with a statement stands on a line of time, in percent, with its quotes above it, in pixels."""
    if not dated or not any(entry.work.date for entry in entries):
        return None
    quoted: dict[datetime.date, list[tuple[Entry, Quote]]] = {work.date: [] for work in dated if work.date}
    for entry in entries:
        if entry.work.date:
            quoted[entry.work.date] += [(entry, quote) for quote in entry.quotes]
    tallest = max(min(len(quotes), _TALL + 1) for quotes in quoted.values())
    line = tallest * _STEP + 12
    columns = [
        {"x": round(x, 2), "day": interface.day(date), "year": year, **_column(quoted[date], line, interface)}
        for date, x, year in _places(sorted(quoted))
    ]
    return {"height": line + _FOOT, "line": line, "columns": columns}


def _places(dates: Sequence[datetime.date]) -> Iterator[tuple[datetime.date, float, str]]:
    """Each date, of which there are some in order, with its place, and its year where there is room to write it."""
    first, days = dates[0], (dates[-1] - dates[0]).days
    written = -100.0
    for date in dates:
        x = _EDGE + (100 - 2 * _EDGE) * (date - first).days / days if days else 50.0
        year = str(date.year) if x - written >= _APART else ""
        written = x if year else written
        yield date, x, year


def _column(quotes: Sequence[tuple[Entry, Quote]], line: int, interface: Interface) -> dict[str, Any]:
    others = quotes[_TALL:]
    return {
        "blocks": [
            {
                "y": line - _GAP - _STEP * (place + 1),
                "id": quote.passage_id,
                "text": quote.citation.ordinal,
                "name": interface.words["paragraph"].format(n=quote.citation.ordinal),
                "best": quote is entry.best,
            }
            for place, (entry, quote) in enumerate(quotes[:_TALL])
        ],
        "others": len(others),
        "rest": others[0][1].passage_id if others else "",
        "top": line - _GAP - _STEP * (_TALL + 1),
    }
