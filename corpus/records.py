"""What stands in a row of the store ↔ what it means."""

import datetime
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from corpus.catalogue import Entry
from corpus.document import Document, Origin, Passage, Role, Span, Work
from corpus.fulltext import Findable
from corpus.reading import Reading


class Row(Protocol):
    """Columns by name."""

    def __getitem__(self, name: str, /) -> Any: ...


@dataclass(frozen=True, slots=True)
class Draft:
    """A file read and split, ready to be stored.

    `source` is the path that its name was made of; None where a catalogue names it. `deleted` is how many characters
    each cleaning rule has left out. `findable` takes a while to make, so that who reads files makes it.
    """

    reading: Reading
    entry: Entry
    language: str
    passages: Sequence[Passage]
    findable: Findable
    work: Work | None = None
    source: str | None = None
    deleted: Mapping[str, int] = field(default_factory=dict)


def dump(value: Any) -> str:
    """JSON, always spelt the same way, so that equal values are equal text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def draft_columns(draft: Draft) -> dict[str, Any]:
    """What the store keeps of a draft, by column: everything but version, work and access date."""
    entry, reading = draft.entry, draft.reading
    return {
        "id": entry.document,
        "language": draft.language,
        "origin": dump(asdict(entry.origin)),
        "extent": dump(asdict(entry.extent)),
        "file": reading.name,
        "source": draft.source,
        "data": reading.data,
        "sha256": reading.sha256,
        "text": reading.text,
        "text_sha256": reading.text_sha256,
        "reader": reading.reader,
    }


def document_columns(document: Document) -> dict[str, Any]:
    """What a document is made from again, but for its text, by column."""
    held = {
        key: getattr(document, key) for key in ("id", "work", "language", "sha256", "text_sha256", "reader", "version")
    }
    return {**held, "origin": dump(asdict(document.origin)), "accessed": document.accessed.isoformat()}


def passage_columns(passage: Passage) -> dict[str, Any]:
    return {
        "document": passage.document,
        "role": passage.role,
        "spans": dump(passage.spans),
        "text": passage.text,
        "number": passage.number,
        "ordinal": passage.ordinal,
        "part": passage.part,
    }


def work_columns(work: Work) -> dict[str, Any]:
    return {
        "id": work.id,
        "titles": dump(work.titles),
        "places": dump(work.places),
        "date": work.date and work.date.isoformat(),
        "base": work.base,
    }


def _date(text: str | None) -> datetime.date | None:
    return datetime.date.fromisoformat(text) if text else None


def work_of(row: Row) -> Work:
    return Work(row["id"], json.loads(row["titles"]), json.loads(row["places"]), _date(row["date"]), row["base"])


def origin_of(text: str) -> Origin:
    facts: dict[str, Any] = json.loads(text)
    return Origin(**facts | {"published": _date(facts["published"])})


def document_of(row: Row) -> Document:
    return Document(
        id=row["id"],
        work=row["work"],
        language=row["language"],
        origin=origin_of(row["origin"]),
        raw=row["text"],
        sha256=row["sha256"],
        text_sha256=row["text_sha256"],
        reader=row["reader"],
        accessed=datetime.date.fromisoformat(row["accessed"]),
        version=row["version"],
    )


def passage_of(row: Row) -> Passage:
    spans = tuple(Span(*span) for span in json.loads(row["spans"]))
    return Passage(row["document"], Role(row["role"]), spans, row["text"], row["number"], row["ordinal"], row["part"])
