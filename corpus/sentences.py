"""Sentence boundaries for Chinese, English and Russian, as spans of the text.

A full stop ends a sentence only before white space and a capital, and not after a known abbreviation or an initial;
。！？ always do. Closing quotes and brackets belong to the sentence that they close.
"""

import re
from collections.abc import Iterator

from corpus.document import Span

_CLOSERS = "”’」』）)》〉】]\"'»"
_END = re.compile(rf"(?:[。！？!?…]+|\.+(?=[{re.escape(_CLOSERS)}]*(?:\s|$)))[{re.escape(_CLOSERS)}]*")
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|No|Nos|Art|Arts|para|vol|St|vs|etc|cf|e\.g|i\.e|Inc|U\.S|U\.N"
    r"|г|гг|в|вв|ул|д|стр|ст|п|пп|им|см|ср|т\.е|т\.д|т\.п|т\.к|др|пр|тыс|млн|млрд|руб)|\b\w)\.$",
    re.IGNORECASE,
)
_LONGEST_ABBREVIATION = 8
"""Letters: the longest of them, its full stop, and the one before that must not belong to the word."""
_VISIBLE = re.compile(r"\S")


def sentences(text: str) -> tuple[Span, ...]:
    """The sentences of `text`, in order, without the white space around them; together they hold every letter."""
    return tuple(_trimmed(text))


def _trimmed(text: str) -> Iterator[Span]:
    start = 0
    for end in [*_ends(text), len(text)]:
        piece = text[start:end]
        if piece.strip():
            first = start + len(piece) - len(piece.lstrip())
            yield Span(first, first + len(piece.strip()))
        start = end


def _ends(text: str) -> Iterator[int]:
    for match in _END.finditer(text):
        if not (match[0].startswith(".") and (_abbreviated(text, match.start() + 1) or _goes_on(text, match.end()))):
            yield match.end()


def _abbreviated(text: str, end: int) -> bool:
    # Only the last letters are looked at: a document may be one paragraph of megabytes.
    return bool(_ABBREVIATION.search(text[max(0, end - _LONGEST_ABBREVIATION) : end]))


def _goes_on(text: str, end: int) -> bool:
    following = _VISIBLE.search(text, end)
    return following is not None and following[0].islower()
