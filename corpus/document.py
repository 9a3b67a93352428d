"""Document and Passage: what the collection is made of, and the slice invariant that ties them together.

Offsets everywhere are code points, end-exclusive, into `Document.raw`, the text of record, which is never changed.
"""

import datetime
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

_ID = re.compile(r"(.*)/([1-9][0-9]{0,8})(?:\.([1-9][0-9]{0,8}))?")


class CorpusError(Exception):
    """A file, catalogue or store that can't be used; the message says which and what to do."""


class Span(NamedTuple):
    """Code points `start` (inclusive) to `end` (exclusive) of some text."""

    start: int
    end: int

    def of(self, text: str) -> str:
        return text[self.start : self.end]

    def moved(self, by: int) -> "Span":
        return Span(self.start + by, self.end + by)


class Role(StrEnum):
    """What a paragraph is in its document. Only `BODY` is indexed and quoted."""

    FRONT = "front matter"
    HEADING = "heading"
    BODY = "body"
    NOTE = "note"
    FURNITURE = "furniture"
    CLOSING = "closing"
    UNRELATED = "unrelated"


class Mark(NamedTuple):
    """What a file's format says of a stretch of the text of record."""

    span: Span
    role: Role


def parted(id_: str) -> tuple[str, int, int | None] | None:
    """The document, the number and the part that a passage's id is made of; None if it is no passage's."""
    match = _ID.fullmatch(id_)
    return (match[1], int(match[2]), int(match[3]) if match[3] else None) if match else None


def slices(raw: str, spans: Iterable[Span]) -> str:
    """The text that `spans` select: the one way in which a quote is ever made."""
    return "".join(span.of(raw) for span in spans)


@dataclass(frozen=True, slots=True)
class Passage:
    """One paragraph, or one `part` of a long one, from 1.

    `number` is the paragraph's stable name within the document (body only), `ordinal` its place now.
    """

    document: str
    role: Role
    spans: tuple[Span, ...]
    text: str
    number: int | None = None
    ordinal: int | None = None
    part: int | None = None

    @property
    def id(self) -> str:
        return f"{self.document}/{self.number}" + (f".{self.part}" if self.part else "")

    @property
    def place(self) -> str:
        """Which paragraph it is now: 8, or 8.1 for the first part of a long one."""
        return f"{self.ordinal}" + (f".{self.part}" if self.part else "")

    def is_slice_of(self, raw: str) -> bool:
        """The invariant: ordered, disjoint spans inside `raw` that spell the text."""
        edges = [edge for span in self.spans for edge in span]
        inside = bool(edges) and edges[0] >= 0 and edges[-1] <= len(raw)
        ordered = edges == sorted(edges) and all(span.start < span.end for span in self.spans)
        return inside and ordered and slices(raw, self.spans) == self.text


@dataclass(frozen=True, slots=True)
class Work:
    """What was said once, however many files witness it. Titles and places are keyed by language tag."""

    id: str
    titles: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    date: datetime.date | None = None
    base: str | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a file says that it comes from. What it does not say is None: an outlet or a url is never guessed."""

    title: str | None = None
    outlet: str | None = None
    published: datetime.date | None = None
    page: str | None = None
    url: str | None = None


class Member(NamedTuple):
    """Which work a document witnesses, and in which language."""

    document: str
    work: str
    language: str


class Place(NamedTuple):
    """A paragraph by its position among all of its document, from 0."""

    document: str
    position: int


@dataclass(frozen=True, slots=True)
class Document:
    """One version of one file. `text_sha256` is None where the text of record is the file itself."""

    id: str
    work: str
    language: str
    origin: Origin
    raw: str
    sha256: str
    text_sha256: str | None
    reader: str
    accessed: datetime.date
    version: int = 1
