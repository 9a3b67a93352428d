"""Text → the stretches of it that are paragraphs, by how its lines are laid out.

A line is a paragraph, unless the text is hard-wrapped: then lines join, and a paragraph starts at an indent, after a
gap larger than the usual one, or after a line that ends well before the margin. The lines of an item below its first
word belong to it.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median, quantiles

from corpus.cleaning import LINE_BREAK
from corpus.document import Span

_FULL = 0.8  # a line that reaches this share of the margin was broken by the margin
_WRAPPED = 0.15  # so large a share of margin-broken lines makes a hard-wrapped file
_HANDFUL = 4  # lines
_MARGINS = range(40, 141)  # columns; longer lines are paragraphs, shorter ones a list or a poem

SENTENCE_END = re.compile(r"[。！？.!?…；;：:][”’」』）)》\"'»]*$")
ITEM = re.compile(r"[-*•·–—|]\s|\d{1,3}[.)、]\s|[^\W\d_]\)\s|[（(]\d{1,3}[)）]")


def blocks(text: str, is_wrapped: bool) -> Iterator[Span]:
    """The paragraphs of `text`, in order. Without `is_wrapped` each line is one, however the lines look."""
    lines = list(_lines(text))
    groups = _grouped(lines, _margin(lines)) if lines and is_wrapped else ([line] for line in lines)
    for group in groups:
        yield Span(group[0].start, group[-1].end)


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    text: str
    gap: int  # blank lines before it

    @property
    def indent(self) -> int:
        return _columns(self.text) - _columns(self.text.lstrip())

    @property
    def goes_on(self) -> bool:
        """Whether it starts in lower case: the sentence before it has not ended."""
        return self.text.lstrip()[0].islower()

    @property
    def width(self) -> int:
        return _columns(self.text.rstrip())


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _lines(text: str) -> Iterator[_Line]:
    start = gap = 0
    for edge in [*LINE_BREAK.finditer(text), None]:
        end, following = edge.span() if edge else (len(text), len(text))
        if text[start:end].strip():
            yield _Line(start, end, text[start:end], gap)
            gap = 0
        elif text[end:following] != "\f":  # what ends a page ends no paragraph
            gap += 1
        start = following


def _grouped(lines: Sequence[_Line], margin: int | None) -> Iterator[list[_Line]]:
    # Lines that the margin broke are sure to go on, so the gap after them is the gap inside a paragraph.
    usual_gap = median(line.gap for before, line in pairwise(lines) if _is_broken(before, margin)) if margin else 0
    indents_start = sum(line.indent > 0 for line in lines) < len(lines) / 2
    group = [lines[0]]
    for before, line in pairwise(lines):
        goes_on = _is_broken(before, margin) and line.goes_on
        hangs = line.gap <= usual_gap and _hangs(group[0], before, line, margin)
        indented = line.indent > (0 if indents_start else before.indent) and not goes_on
        apart = line.gap > usual_gap and not goes_on
        ends = margin is None or indented or apart or _ends_early(before, line, margin)
        if ITEM.match(line.text.lstrip()) or ends and not hangs:
            yield group
            group = []
        group.append(line)
    yield group


def _hangs(first: _Line, before: _Line, line: _Line, margin: int | None) -> bool:
    """Whether a line goes on with the item that `first` begins: it is indented as far as the item's own first word."""
    item = ITEM.match(first.text.lstrip())
    if not item or not first.indent < line.indent <= first.indent + _columns(item.group()):
        return False
    return line.goes_on or (margin is not None and not _ends_early(before, line, margin))


def _margin(lines: Sequence[_Line]) -> int | None:
    """The column at which this file wraps its lines; None if it doesn't."""
    if len(lines) < 2:
        return None
    margin = round(quantiles((line.width for line in lines), n=10, method="inclusive")[-1])
    broken = [following for line, following in pairwise(lines) if _is_broken(line, margin)]
    # In a handful of lines a full one may well be a title; one that goes on in lower case is not.
    sure = len(lines) >= _HANDFUL or any(line.goes_on for line in broken)
    return margin if sure and margin in _MARGINS and len(broken) >= max(1, _WRAPPED * len(lines)) else None


def _is_broken(line: _Line, margin: int | None) -> bool:
    """Whether the margin, not its writer, ended this line."""
    return margin is not None and line.width >= _FULL * margin and not SENTENCE_END.search(line.text.rstrip())


def _ends_early(line: _Line, following: _Line, margin: int) -> bool:
    """Whether the next line's first word would have fitted: the margin did not break this line."""
    words = following.text.split(maxsplit=1)[0]
    word = words[:1] if unicodedata.east_asian_width(words[0]) in "WF" else words
    return line.width + 1 + _columns(word) < _FULL * margin
