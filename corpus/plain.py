"""Text files, Markdown among them: the text of record is the decoded file, without newline translation."""

import re
from collections.abc import Iterator

from corpus.decoding import decode
from corpus.document import Mark, Role, Span
from corpus.reading import Reading

_MARKDOWN_LINE = re.compile(r"^(?:(?P<fence>```|~~~)|(?P<heading> {0,3}#{1,6}[ \t].*))", re.MULTILINE)


def read_text(name: str, data: bytes) -> Reading:
    text, encoding = decode(name, data)
    return Reading(name, data, text, encoding)


def read_markdown(name: str, data: bytes) -> Reading:
    """Its `#` headings are marked; all else of the markup is the author's text."""
    text, encoding = decode(name, data)
    return Reading(name, data, text, encoding, tuple(_headings(text)))


def _headings(text: str) -> Iterator[Mark]:
    is_code = False
    for line in _MARKDOWN_LINE.finditer(text):
        if line["fence"]:
            is_code = not is_code
        elif not is_code:
            yield Mark(Span(*line.span("heading")), Role.HEADING)
