"""HTML: a page's main content, a line for each of its blocks, and what its own metadata state."""

import datetime
import re
from collections.abc import Iterator
from typing import Any

from corpus.decoding import decode
from corpus.document import Origin, Role
from corpus.reading import Reading, joined, library, row, with_version

_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?([\w-]{2,40})""", re.IGNORECASE)
_CHARSET_WITHIN = 2048  # bytes
_BLOCKS = {"head", "p", "item", "quote", "cell", "row", "table", "list", "code", "body"}  # of trafilatura's own tree
_AS_STATED = {"extensive_search": False, "original_date": True}  # of a date: none is made up of the text's


def read_page(name: str, data: bytes) -> Reading:
    trafilatura = library("trafilatura", "html")
    stated = _CHARSET.search(data[:_CHARSET_WITHIN])
    text, encoding = decode(name, data, stated[1].decode("ascii") if stated else None)
    reader = f"{with_version('trafilatura')}, {encoding}"
    tree = trafilatura.load_html(text)
    if tree is None:
        return Reading(name, data, "", reader)
    language, outlet = _stated(tree, "/html/@lang"), _stated(tree, "//meta[@property='og:site_name']/@content")
    page = trafilatura.bare_extraction(
        tree, with_metadata=True, include_comments=False, date_extraction_params=_AS_STATED
    )
    if page is None:
        return Reading(name, data, "", reader)
    origin = Origin(page.title or None, outlet, _date(page.date), url=page.url or None)
    text, marks = joined(_blocks(page.body))
    return Reading(name, data, text, reader, marks, origin, language, True)


def _stated(tree: Any, path: str) -> str | None:
    return next((value.strip() for value in tree.xpath(path) if value.strip()), None)


def _date(text: str | None) -> datetime.date | None:
    return datetime.date.fromisoformat(text) if text else None


def _blocks(element: Any) -> Iterator[tuple[str, Role | None]]:
    """The text between the edges of block elements, in order."""
    held = ""
    for piece, edge in _pieces(element):
        held += piece
        if edge:
            yield held, Role.HEADING if edge == "head" else None
            held = ""


def _pieces(element: Any) -> Iterator[tuple[str, str | None]]:
    """Stretches of text; with one that ends a block, the tag of what it stands in."""
    is_block = element.tag in _BLOCKS
    yield "\n" if element.tag == "lb" else element.text or "", None
    for child in element:
        if child.tag in _BLOCKS:
            yield "", element.tag
        if child.tag == "row":
            yield from (
                (text, "head" if role else "row") for text, role in row([list(_blocks(cell)) for cell in child])
            )
        else:
            yield from _pieces(child)
        yield child.tail or "", None
    if is_block:
        yield "", element.tag
