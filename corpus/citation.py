"""What a quote carries so that anyone can check it: where it stands, in which file, and how to cite it.

Selectors follow the W3C Web Annotation Data Model; `csl` is a CSL-JSON item, the input of every citation processor.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from corpus.document import Document, Passage, Span, Work

_CONTEXT = 32  # characters before and after an exact quote that tell it from its repetitions


@dataclass(frozen=True, slots=True)
class Citation:
    """`spans` and `selectors` index the text of record; None means that the source does not state it."""

    title: str | None
    titles: Mapping[str, str]
    date: datetime.date | None
    published: datetime.date | None
    place: str | None
    outlet: str | None
    source_url: str | None
    language: str
    paragraph: int | None
    sha256: str
    text_sha256: str | None
    spans: tuple[Span, ...]
    selectors: tuple[Mapping[str, Any], ...]
    csl: Mapping[str, Any]


def cite(work: Work, document: Document, passage: Passage) -> Citation:
    """The citation of one passage of one witness of a work."""
    origin = document.origin
    return Citation(
        title=title(work, document),
        titles=work.titles,
        date=work.date,
        published=origin.published,
        place=in_language(work.places, document.language),
        outlet=origin.outlet,
        source_url=origin.url,
        language=document.language,
        paragraph=passage.ordinal,
        sha256=document.sha256,
        text_sha256=document.text_sha256,
        spans=passage.spans,
        selectors=selectors(document.raw, passage.spans),
        csl=csl(work, document, passage),
    )


def title(work: Work, document: Document) -> str | None:
    """The title in the document's own language, else as the document states it, else in any language."""
    return work.titles.get(document.language) or document.origin.title or in_language(work.titles, document.language)


def in_language(texts: Mapping[str, str], language: str) -> str | None:
    """The text in `language`, else in the same language's other script, else the first there is."""
    kin = [text for tag, text in texts.items() if tag.split("-")[0] == language.split("-")[0]]
    return texts.get(language) or next(iter([*kin, *texts.values()]), None)


def selectors(raw: str, spans: tuple[Span, ...]) -> tuple[Mapping[str, Any], ...]:
    """One position and one quote selector for the range from the first span's start to the last one's end."""
    start, end = spans[0].start, spans[-1].end
    return (
        {"type": "TextPositionSelector", "start": start, "end": end},
        {
            "type": "TextQuoteSelector",
            "exact": raw[start:end],
            "prefix": raw[max(0, start - _CONTEXT) : start],
            "suffix": raw[end : end + _CONTEXT],
        },
    )


def csl(work: Work, document: Document, passage: Passage) -> Mapping[str, Any]:
    """A CSL-JSON item. `issued` is the page's date, `original-date` the day the statement was made."""
    origin = document.origin
    item = {
        "id": passage.id,
        "type": "article-newspaper" if origin.page else "webpage" if origin.url else "document",
        "title": title(work, document),
        "container-title": origin.outlet,
        "issued": _date_parts(origin.published),
        "original-date": _date_parts(work.date),
        "event-place": in_language(work.places, document.language),
        "page": origin.page,
        "URL": origin.url,
        "accessed": _date_parts(document.accessed) if origin.url else None,
        "language": document.language,
        "note": f"paragraph {passage.ordinal}",
    }
    return {key: value for key, value in item.items() if value is not None}


def _date_parts(date: datetime.date | None) -> Mapping[str, Any] | None:
    return {"date-parts": [[date.year, date.month, date.day]]} if date else None
