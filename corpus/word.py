"""DOCX: paragraphs and rows of tables in order, headings marked, and the footnotes after them."""

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from corpus.archive import oversize
from corpus.document import CorpusError, Origin, Role
from corpus.reading import Reading, joined, library, row, with_version

_HEADING = re.compile(r"title|subtitle|heading \d", re.IGNORECASE)
_NOTES = ("footnotes", "endnotes")
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_WHITE = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "\u2011"}
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"  # says the same once more


def read_docx(name: str, data: bytes) -> Reading:
    """Raises CorpusError if it unpacks to more than may be taken."""
    docx = library("docx", "docx")
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        for part in parts.infolist():
            if problem := oversize(part):
                raise CorpusError(f"{name}: its part {part.filename} {problem}")
    document = docx.Document(io.BytesIO(data))
    text, marks = joined([*_blocks(document), *_notes(document)])
    properties = document.core_properties
    origin = Origin(properties.title.strip() or None)
    return Reading(
        name, data, text, with_version("python-docx"), marks, origin, properties.language.strip() or None, True
    )


def _blocks(container: Any) -> Iterator[tuple[str, Role | None]]:
    for item in container.iter_inner_content():
        if hasattr(item, "rows"):
            for held in item.rows:
                yield from row([list(_blocks(cell)) for cell in _cells(held)])
        else:
            yield _text(item._p), Role.HEADING if _HEADING.fullmatch(_style(item)) else None


def _cells(held: Any) -> list[Any]:
    """Each once: a merged cell is given for every column that it spans."""
    return list({id(cell._tc): cell for cell in held.cells}.values())


def _style(paragraph: Any) -> str:
    return str(paragraph.style.name) if paragraph.style is not None else ""


def _notes(document: Any) -> Iterator[tuple[str, Role | None]]:
    for relation in document.part.rels.values():
        if relation.reltype.rpartition("/")[2] in _NOTES and not relation.is_external:
            notes = library("lxml.etree", "docx").fromstring(relation.target_part.blob)
            for note in notes:
                yield from ((_text(paragraph), Role.NOTE) for paragraph in note.iter(f"{_W}p"))


def _text(paragraph: Any) -> str:
    """What a paragraph says with all its changes accepted."""
    return "".join(_said(paragraph))


def _said(element: Any) -> Iterator[str]:
    for child in element:
        if child.tag == f"{_W}t":
            yield child.text or ""
        elif child.tag in _WHITE:
            yield _WHITE[child.tag]
        elif child.tag not in (_FALLBACK, f"{_W}pPr", f"{_W}rPr"):
            yield from _said(child)
