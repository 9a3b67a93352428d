"""What a quote carries so that anyone can check it: where it stands, in which file, and how to cite it.

Selectors follow the W3C Web Annotation Data Model; `csl` is a CSL-JSON item, the input of every citation processor.
"""

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from corpus.document import Document, Origin, Passage, Span, Work
from corpus.folding import HAN

_CONTEXT = 32  # characters before and after an exact quote that tell it from its repetitions
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
WEB_PAGE = re.compile(r"https?://\S+")
_HAN = re.compile(rf"[{HAN}]")


@dataclass(frozen=True, slots=True)
class Citation:
    """`spans` and `selectors` index the text of record; None means that the source does not state it.

    `page` is the outlet's, such as a newspaper's, `file_page` that of a file with pages, from 1, on which the passage
    begins. `source_quote_url` opens the outlet's web page at the quote.
    """

    document: str
    title: str | None
    titles: Mapping[str, str]
    date: datetime.date | None
    published: datetime.date | None
    place: str | None
    outlet: str | None
    page: str | None
    source_url: str | None
    source_quote_url: str | None
    accessed: datetime.date | None
    language: str
    paragraph: int | None
    part: int | None
    file_page: int | None
    sha256: str
    text_sha256: str | None
    spans: tuple[Span, ...]
    selectors: tuple[Mapping[str, Any], ...]
    csl: Mapping[str, Any]

    @property
    def heading(self) -> str:
        """The title on one line; where none is stated, the document's name in the brackets of a supplied title."""
        return _heading(self.title, self.document)

    @property
    def ordinal(self) -> str:
        """The paragraph as it is cited: 8, or 8.1 for the first part of a long one."""
        return f"{self.paragraph}" + (f".{self.part}" if self.part else "")

    @property
    def issued(self) -> datetime.date | None:
        """The page's date, else the day on which the statement was made."""
        return self.published or self.date


def cite(work: Work, document: Document, passage: Passage) -> Citation:
    """The citation of one passage of one witness of a work."""
    origin = document.origin
    return Citation(
        document=document.id,
        title=title(work, document.language, origin),
        titles=work.titles,
        date=work.date,
        published=origin.published,
        place=in_language(work.places, document.language),
        outlet=origin.outlet,
        page=origin.page,
        source_url=origin.url,
        source_quote_url=text_fragment(origin.url, passage.text),
        accessed=document.accessed if origin.url else None,
        language=document.language,
        paragraph=passage.ordinal,
        part=passage.part,
        file_page=file_page(document.raw, passage.spans),
        sha256=document.sha256,
        text_sha256=document.text_sha256,
        spans=passage.spans,
        selectors=selectors(document.raw, passage.spans),
        csl=csl(work, document, passage),
    )


def title(work: Work, language: str, origin: Origin) -> str | None:
    """A document's title in its own language, else as it states it itself, else in any language."""
    return work.titles.get(language) or origin.title or in_language(work.titles, language)


def in_language(texts: Mapping[str, str], language: str) -> str | None:
    """The text in `language`, else in the same language's other script, else the first there is."""
    kin = [text for tag, text in texts.items() if tag.split("-")[0] == language.split("-")[0]]
    return texts.get(language) or next(iter([*kin, *texts.values()]), None)


def file_page(raw: str, spans: Sequence[Span]) -> int | None:
    """The page on which the first span begins, in a text whose pages form feeds part."""
    return raw.count("\f", 0, spans[0].start) + 1 if "\f" in raw else None


def one_line(text: str) -> str:
    """`text` with each run of line breaks and control characters as one space."""
    return _BREAKS.sub(" ", text).strip()


def _heading(stated: str | None, document: str) -> str:
    return one_line(stated or "") or f"[{document}]"


def text_fragment(url: str | None, text: str) -> str | None:
    """`url` with a text directive that scrolls to `text`; None where there is no web page or it has a directive."""
    if url is None or ":~:" in url or not WEB_PAGE.fullmatch(url):
        return None
    words = " ".join(text.split())
    least = 12 if _HAN.search(words) else 30
    ends = [_start(words, least), _start(words[::-1], least)[::-1]]
    if len(words) <= 4 * least or sum(map(len, ends)) >= len(words):
        ends = [words]
    # A bare hyphen would mark a prefix or suffix.
    directive = ",".join(quote(end, safe="").replace("-", "%2D") for end in ends)
    return f"{url}{'' if '#' in url else '#'}:~:text={directive}"


def _start(words: str, least: int) -> str:
    """At least `least` characters, up to a space or sign: browsers match only what ends where a word ends."""
    match = re.match(rf".{{{least},}}?(?=\W)", words)
    return match[0] if match else words[:least]


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
    """A CSL-JSON item. `issued` is the page's date, with `original-date` the day the statement was made, or that day.

    The paragraph stands in `note`: an item has no field for a place within it, only a single citation has (`locator`).
    """
    origin = document.origin
    item = {
        "id": passage.id,
        "type": "article-newspaper" if origin.page else "webpage" if origin.url else "document",
        "title": _heading(title(work, document.language, origin), document.id),
        "container-title": origin.outlet,
        "issued": _date_parts(origin.published or work.date),
        "original-date": _date_parts(original_date(work.date, origin.published)),
        "event-place": in_language(work.places, document.language),
        "page": origin.page,
        "URL": origin.url,
        "accessed": _date_parts(document.accessed) if origin.url else None,
        "language": document.language,
        "note": _note(document, passage),
    }
    return {key: value for key, value in item.items() if value is not None}


def original_date(made: datetime.date | None, published: datetime.date | None) -> datetime.date | None:
    """The day on which a statement was made, where the page that has it states another."""
    return made if published and published != made else None


def _note(document: Document, passage: Passage) -> str:
    page = file_page(document.raw, passage.spans)
    return f"page {page}, paragraph {passage.place}" if page else f"paragraph {passage.place}"


def _date_parts(date: datetime.date | None) -> Mapping[str, Any] | None:
    return {"date-parts": [[date.year, date.month, date.day]]} if date else None
