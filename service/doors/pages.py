"""The reading page: a document in full, one paragraph of it marked, and the same paragraph in the other witnesses.

Plain HTML: no script, no inline style. What comes from a document or a request only ever passes through Jinja's
autoescape, and an address from a document is a link only if it is http or https.
"""

import datetime
import hashlib
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from corpus.citation import in_language, title
from corpus.document import CorpusError, Document, Passage, Span, Work
from corpus.formats import FORMATS
from corpus.styles import apa_7, gbt_7714_2025, gost_7_0_5
from service.collection import Collection
from service.lookup import Cited, Witness

router = APIRouter(include_in_schema=False)

_WEB = Path(__file__).parent / "web"
_STRINGS: Mapping[str, Mapping[str, Any]] = tomllib.loads((_WEB / "strings.toml").read_text("utf-8"))
_DEFAULT = "en"
_TRADITIONAL = re.compile(r"zh-(?:hant|tw|hk|mo)\b")
_ADDRESS = re.compile(r"https?://[^\s\x00-\x1f]+", re.IGNORECASE)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
# Each format's name to a reader; the styles among them are written out on the page.
_LABELS = {
    "gbt-7714-2025": "GB/T 7714-2025",
    "gbt-7714-2015": "GB/T 7714-2015",
    "gost-7.0.5": "ГОСТ Р 7.0.5-2008",
    "apa-7": "APA 7",
    "bibtex": "BibTeX",
    "ris": "RIS",
    "csl-json": "CSL-JSON",
    "web-annotation": "Web Annotation",
    "markdown": "Markdown",
}
_STYLES = {"gbt-7714-2025": gbt_7714_2025, "gost-7.0.5": gost_7_0_5, "apa-7": apa_7}
_ALTERNATES = ("bibtex", "ris", "csl-json")


@dataclass(frozen=True, slots=True)
class View:
    """What a page is made of: a status, a template and what the template shows."""

    status: int
    template: str
    shown: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses as the outside sees them; a language that the reader chose is carried along."""

    base: str
    chosen: str | None

    def page(self, kind: str, name: str) -> str:
        """`kind` is "p" or "documents"."""
        return self.permanent(kind, name) + (f"?lang={self.chosen}" if self.chosen else "")

    def permanent(self, kind: str, name: str) -> str:
        return f"{self.base}/{kind}/{quote(name, safe='/')}"

    def api(self, kind: str, name: str, rest: str = "") -> str:
        return f"{self.base}/api/{kind}/{quote(name, safe='/')}{rest}"

    def static(self, name: str) -> str:
        """Without the host: a page opened under another name of the same host must still find its style sheet."""
        return f"{urlsplit(self.base).path}/static/{name}"


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
    try:
        with collection.store.reading():
            made = view(collection, name)
    except CorpusError:
        made = View(503, "missing.html", {"kind": "unready"})
    chosen = request.query_params.get("lang")
    links = Links(collection.settings.base_url, chosen if chosen in _STRINGS else None)
    language = links.chosen or spoken(request.headers.get("accept-language", ""))
    body = _rendered(made, links, language)
    headers = {
        "Content-Language": language,
        "Vary": "Accept-Language",
        "Cache-Control": "public, no-cache",
        "Content-Security-Policy": _POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
    if made.status == 200:
        headers["ETag"] = f'"{hashlib.sha256(body).hexdigest()}"'
        if _is_held(request.headers.get("if-none-match", ""), headers["ETag"]):
            return Response(status_code=304, headers=headers)
    return Response(body, made.status, headers, "text/html; charset=utf-8")  # the server sends no body after HEAD


def _is_held(condition: str, tag: str) -> bool:
    """Whether an If-None-Match names the tag; W/ makes no difference there (RFC 9110, 13.1.2)."""
    return condition.strip() == "*" or tag in re.findall(r'"[^"]*"', condition)


def spoken(accepted: str) -> str:
    """The language of the interface that an Accept-Language header prefers."""
    ranked: list[tuple[float, int, str]] = []
    for place, item in enumerate(accepted.lower().split(",")):
        tag, _, rest = item.strip().partition(";")
        weight = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", rest)
        ranked.append((-float(weight[1]) if weight else -1.0, place, tag.strip()))
    known = (_interface(tag) for weight, _, tag in sorted(ranked) if weight < 0)
    return next((language for language in known if language), _DEFAULT)


def _interface(tag: str) -> str | None:
    if _TRADITIONAL.match(tag):
        return "zh-Hant"
    return {"zh": "zh-Hans", "en": "en", "ru": "ru"}.get(tag.partition("-")[0])


def _document(collection: Collection, name: str) -> View:
    held = collection.store.document(name)
    return View(200, "reading.html", _reading(collection, held)) if held else _missing(collection, name)


def _passage(collection: Collection, name: str) -> View:
    cited = collection.lookup().passage(name)
    current = collection.store.document(cited.document.id) if cited else None
    if cited is None or current is None:
        return _missing(collection, name.rpartition("/")[0])
    return View(200, "reading.html", _reading(collection, current) | {"marked": _marked(collection, cited)})


def _missing(collection: Collection, name: str) -> View:
    """A document that was withdrawn, or nothing; for a number that a document lacks, a way to the document."""
    since = collection.store.withdrawn(name)
    if since:
        return View(410, "missing.html", {"kind": "withdrawn", "since": since})
    return View(404, "missing.html", {"kind": "missing", "document": name if collection.store.document(name) else None})


def _reading(collection: Collection, held: Document) -> dict[str, Any]:
    store = collection.store
    work = store.works()[held.work]
    kin = [member for member in store.members() if member.work == held.work and member.document != held.id]
    others = [_described(work, other) for member in kin if (other := store.document(member.document))]
    language = held.language.partition("-")[0]
    return {
        "about": _described(work, held),
        "witnesses": [other for other in others if other["document"].language.partition("-")[0] == language],
        "translations": [other for other in others if other["document"].language.partition("-")[0] != language],
        "text": [(role.name.lower(), list(run)) for role, run in groupby(store.passages(held.id), lambda p: p.role)],
        "marked": None,
    }


def _described(work: Work, held: Document) -> dict[str, Any]:
    """A document's facts; the language of a title or place that is borrowed from another language stands beside it."""
    named, place = title(work, held), in_language(work.places, held.language)
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
    languages = {member.document: member.language for member in collection.store.members()}
    return {
        "cited": cited,
        "passage": passage,
        "superseded": cited.is_superseded,
        "previous": cited.previous,
        "next": cited.next,
        "lines": {name: style(cited.citation) for name, style in _STYLES.items()},
        "witnesses": [
            _compared(passage, other, languages[other.passage_id.rpartition("/")[0]]) for other in cited.witnesses
        ],
    }


def _compared(base: Passage, other: Witness, language: str) -> Mapping[str, Any]:
    return {
        "witness": other,
        "language": language,
        "likeness": "differs" if other.variants else "same" if other.text == base.text else "respelt",
        "here": list(pieces(base.text, [variant.base for variant in other.variants])),
        "there": list(pieces(other.text, [variant.witness for variant in other.variants])),
    }


def pieces(text: str, spans: Sequence[Span]) -> Iterator[tuple[str, bool]]:
    """`text` cut at `spans`, each piece with whether it is in one; an empty span gives an empty piece."""
    at = 0
    for start, end in spans:
        if start < at or end < start:
            continue  # two letters of one character differ: it is marked already
        if at < start:
            yield text[at:start], False
        yield text[start:end], True
        at = end
    if at < len(text):
        yield text[at:], False


def _rendered(view: View, links: Links, language: str) -> bytes:
    strings = _STRINGS[language]
    shown = {"t": strings, "language": language, "languages": _STRINGS, "links": links, "labels": _LABELS}
    shown |= {"day": lambda date: _day(date, strings), "head": _head(view, links)}
    return _TEMPLATES.get_template(view.template).render(shown | dict(view.shown)).encode()


def _day(date: datetime.date, strings: Mapping[str, Any]) -> str:
    pattern: str = strings["day"]
    return pattern.format(year=date.year, number=date.month, month=strings["months"][date.month - 1], day=date.day)


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


def web_address(url: str | None) -> str | None:
    """`url` if it is an http or https address, so that a `javascript:` one never becomes a link."""
    return url if url and _ADDRESS.fullmatch(url) else None


def visible(text: str) -> str:
    """`text` without control characters: what a title says can't turn the line around."""
    return _CONTROLS.sub("", text)


_TEMPLATES = Environment(
    loader=FileSystemLoader(_WEB), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_TEMPLATES.filters |= {"visible": visible, "web_address": web_address}
