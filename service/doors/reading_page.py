"""The reading page: a document in full, one paragraph of it marked, and the same paragraph in the other witnesses.

It needs no script, and an address from a document is a link only if it is http or https.
"""

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from corpus.citation import in_language, title
from corpus.document import Document, Work
from corpus.formats import FORMATS
from service.collection import Collection
from service.doors.card import LABELS, STYLES, compared
from service.doors.interface import Interface, Links, Page, page, web_address
from service.lookup import Cited

router = APIRouter(include_in_schema=False, route_class=Page)

_ALTERNATES = ("bibtex", "ris", "csl-json")


@dataclass(frozen=True, slots=True)
class View:
    """What a page is made of: a status, a template and what the template shows."""

    status: int
    template: str
    shown: Mapping[str, Any]


@router.api_route("/p/{passage_id:path}", methods=["GET", "HEAD"])
def passage(request: Request, passage_id: str) -> Response:
    """One paragraph with its citation and its witnesses, and the whole document below it."""
    return _served(request, _passage, passage_id)


@router.api_route("/documents/{document_id:path}", methods=["GET", "HEAD"])
def document(request: Request, document_id: str) -> Response:
    """A whole document."""
    return _served(request, _document, document_id)


def _served(request: Request, view: Callable[[Collection, str], View], name: str) -> Response:
    collection: Collection = request.app.state.collection
    with collection.library.reading():
        made = view(collection, name)
    interface = Interface.of(request)
    shown = {"labels": LABELS, "head": _head(made, interface.links), **made.shown}
    return page(request, interface, made.template, shown, made.status)


def _document(collection: Collection, name: str) -> View:
    held = collection.library.document(name)
    return View(200, "reading.html", _reading(collection, held)) if held else _missing(collection, name)


def _passage(collection: Collection, name: str) -> View:
    cited = collection.lookup().passage(name)
    current = collection.library.document(cited.document.id) if cited else None
    if cited is None or current is None:
        return _missing(collection, name.rpartition("/")[0])
    return View(200, "reading.html", _reading(collection, current) | {"marked": _marked(collection, cited)})


def _missing(collection: Collection, name: str) -> View:
    """A document that was withdrawn, or nothing; for a number that a document lacks, a way to the document."""
    since = collection.library.withdrawn(name)
    if since:
        return View(410, "missing.html", {"kind": "withdrawn", "since": since})
    document = name if collection.library.document(name) else None
    return View(404, "missing.html", {"kind": "missing", "document": document})


def _reading(collection: Collection, held: Document) -> dict[str, Any]:
    library = collection.library
    work = library.works()[held.work]
    kin = [member for member in library.members() if member.work == held.work and member.document != held.id]
    others = [_described(work, other) for member in kin if (other := library.document(member.document))]
    language = held.language.partition("-")[0]
    return {
        "about": _described(work, held),
        "witnesses": [other for other in others if other["document"].language.partition("-")[0] == language],
        "translations": [other for other in others if other["document"].language.partition("-")[0] != language],
        "text": [(role.name.lower(), list(run)) for role, run in groupby(library.passages(held.id), lambda p: p.role)],
        "marked": None,
    }


def _described(work: Work, held: Document) -> dict[str, Any]:
    """A document's facts; the language of a title or place that is borrowed from another language stands beside it."""
    named, place = title(work, held.language, held.origin), in_language(work.places, held.language)
    return {
        "document": held,
        "work": work,
        "title": named,
        "title_language": _language(work.titles, named, held.language),
        "place": place,
        "place_language": _language(work.places, place, held.language),
    }


def _language(texts: Mapping[str, str], text: str | None, otherwise: str) -> str:
    return otherwise if texts.get(otherwise) == text else next((tag for tag in texts if texts[tag] == text), otherwise)


def _marked(collection: Collection, cited: Cited) -> Mapping[str, Any]:
    passage = cited.passage
    return {
        "cited": cited,
        "passage": passage,
        "superseded": cited.is_superseded,
        "previous": cited.previous,
        "next": cited.next,
        "lines": {name: style(cited.citation) for name, style in STYLES.items()},
        "witnesses": [compared(passage.text, other) for other in cited.witnesses],
    }


def _head(view: View, links: Links) -> Mapping[str, Any]:
    """The page's own address, and Highwire tags: only what the source states."""
    if view.status != 200:
        return {}
    about, marked = view.shown["about"], view.shown["marked"]
    held: Document = about["document"]
    whole = links.permanent("documents", held.id)
    canonical = links.permanent("p", marked["passage"].id) if marked else whole
    tags = {
        "citation_title": about["title"],
        "citation_date": _slashed(about["work"].date),
        "citation_publication_date": _slashed(held.origin.published),
        "citation_publisher": held.origin.outlet,
        "citation_firstpage": held.origin.page,
        "citation_language": held.language,
        "citation_public_url": canonical,
        "citation_fulltext_html_url": whole,
        "dcterms.source": web_address(held.origin.url),
    }
    return {
        "canonical": canonical,
        "tags": {name: content for name, content in tags.items() if content},
        "alternates": {name: FORMATS[name].media_type.partition(";")[0] for name in _ALTERNATES if marked},
    }


def _slashed(date: datetime.date | None) -> str | None:
    return f"{date.year}/{date.month:02}/{date.day:02}" if date else None
