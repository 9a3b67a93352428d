"""Raw text → paragraphs with roles; each is a slice of the raw text.

A line is a paragraph, unless the file is hard-wrapped: then lines join, and a paragraph starts at an indent, after a
gap larger than the usual one, or after a line that ends well before the margin.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count, pairwise
from statistics import median, quantiles

from corpus.cleaning import DOCUMENT_RULES, LINE_BREAK, PARAGRAPH_RULES, Kept
from corpus.document import CorpusError, Passage, Role

_FULL = 0.8  # a line that reaches this share of the margin was broken by the margin
_WRAPPED = 0.15  # so large a share of margin-broken lines makes a hard-wrapped file
_HANDFUL = 4  # lines
_MARGINS = range(40, 141)  # columns; longer lines are paragraphs, shorter ones a list or a poem
_SENTENCE_END = re.compile(r"[。！？.!?…；;：:][”’」』）)》\"'»]*$")
_ITEM = re.compile(r"[-*•·–—|]\s|\d{1,3}[.)、]\s|[（(]\d{1,3}[)）]")
_HEADER = re.compile(r"^\s*\w[\w ]{0,15}[:：]\s*\S")
_HEADING = 40  # letters; a longer paragraph without a final stop is still body


@dataclass(frozen=True, slots=True)
class Extent:
    """Where the body of a document stands, each given by how a paragraph's cleaned text starts.

    `first` and `last` body paragraph; `close`, the last paragraph that belongs to the document at all.
    """

    first: str | None = None
    last: str | None = None
    close: str | None = None


EVERYTHING = Extent()


def split(document: str, raw: str, extent: Extent = EVERYTHING) -> tuple[Passage, ...]:
    """The paragraphs of `raw` in order, body paragraphs numbered from 1.

    Raises CorpusError if `extent` names a paragraph that isn't there.
    """
    kept = Kept.all_of(raw).without(DOCUMENT_RULES)
    paragraphs = [part.without(PARAGRAPH_RULES) for part in _parts(kept)]
    roles = _roles(document, [part.text for part in paragraphs], extent)
    numbers = iter(range(1, len(paragraphs) + 1))
    return tuple(
        _passage(document, part, role, next(numbers) if role is Role.BODY else None)
        for part, role in zip(paragraphs, roles, strict=True)
    )


def numbered(passages: Sequence[Passage], known: Iterable[tuple[str, int]]) -> list[Passage]:
    """The passages with their lasting numbers: the one that `known` has for a text, else one that was never used."""
    free: dict[str, list[int]] = defaultdict(list)
    last = 0
    for text, number in known:
        free[text].append(number)
        last = max(last, number)
    unused = count(last + 1)
    return [
        passage if passage.ordinal is None else replace(passage, number=_taken(free[passage.text], unused))
        for passage in passages
    ]


def _taken(free: list[int], unused: Iterator[int]) -> int:
    return free.pop(0) if free else next(unused)


def _passage(document: str, part: Kept, role: Role, number: int | None) -> Passage:
    return Passage(document, role, part.spans(), part.text, number, number)


# Layout: which lines make a paragraph.


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
    edges = [0, *(edge for match in LINE_BREAK.finditer(text) for edge in match.span()), len(text)]
    gap = 0
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        if text[start:end].strip():
            yield _Line(start, end, text[start:end], gap)
            gap = 0
        else:
            gap += 1


def _parts(kept: Kept) -> Iterator[Kept]:
    lines = list(_lines(kept.text))
    for group in _grouped(lines):
        yield kept.part(group[0].start, group[-1].end)


def _grouped(lines: Sequence[_Line]) -> Iterator[list[_Line]]:
    margin = _margin(lines)
    if margin is None:
        yield from ([line] for line in lines)
        return
    # Lines that the margin broke are sure to go on, so the gap after them is the gap inside a paragraph.
    usual_gap = median(line.gap for before, line in pairwise(lines) if _is_broken(before, margin))
    indents_start = sum(line.indent > 0 for line in lines) < len(lines) / 2
    group = [lines[0]]
    for before, line in pairwise(lines):
        indented = line.indent > (0 if indents_start else before.indent)
        apart = line.gap > usual_gap and not (_is_broken(before, margin) and line.goes_on)
        if indented or apart or _ITEM.match(line.text.lstrip()) or _ends_early(before, line, margin):
            yield group
            group = []
        group.append(line)
    yield group


def _margin(lines: Sequence[_Line]) -> int | None:
    """The column at which this file wraps its lines; None if it doesn't."""
    if len(lines) < 2:
        return None
    margin = round(quantiles((line.width for line in lines), n=10, method="inclusive")[-1])
    broken = [following for line, following in pairwise(lines) if _is_broken(line, margin)]
    # In a handful of lines a full one may well be a title; one that goes on in lower case is not.
    sure = len(lines) >= _HANDFUL or any(line.goes_on for line in broken)
    return margin if sure and margin in _MARGINS and len(broken) >= max(1, _WRAPPED * len(lines)) else None


def _is_broken(line: _Line, margin: int) -> bool:
    """Whether the margin, not its writer, ended this line."""
    return line.width >= _FULL * margin and not _SENTENCE_END.search(line.text.rstrip())


def _ends_early(line: _Line, following: _Line, margin: int) -> bool:
    """Whether the next line's first word would have fitted: the margin did not break this line."""
    words = following.text.split(maxsplit=1)[0]
    word = words[:1] if unicodedata.east_asian_width(words[0]) in "WF" else words
    return line.width + 1 + _columns(word) < _FULL * margin


# Roles: what a paragraph is.


def _roles(document: str, texts: Sequence[str], extent: Extent) -> list[Role]:
    first, last = _body_range(document, texts, extent)
    close = _place(document, texts, extent.close, last) if extent.close else len(texts) - 1
    return [_role(at, text, first, last, close) for at, text in enumerate(texts)]


def _role(at: int, text: str, first: int, last: int, close: int) -> Role:
    if at < first:
        return Role.FRONT
    if at <= last:
        return Role.HEADING if _is_heading(text) else Role.BODY
    return Role.CLOSING if at <= close else Role.UNRELATED


def _body_range(document: str, texts: Sequence[str], extent: Extent) -> tuple[int, int]:
    """First and last body paragraph: as the extent says, else from the first to the last that reads like prose."""
    prose = [at for at, text in enumerate(texts) if not _is_heading(text) and not _is_header(at, text)]
    first = _place(document, texts, extent.first, 0) if extent.first else min(prose, default=len(texts))
    last = _place(document, texts, extent.last, first) if extent.last else max(prose, default=-1)
    return first, last


def _place(document: str, texts: Sequence[str], opening: str, start: int) -> int:
    places: Iterable[int] = (at for at in range(start, len(texts)) if texts[at].startswith(opening))
    found = next(iter(places), None)
    if found is None:
        raise CorpusError(
            f"{document}: no paragraph starts with {opening!r}; correct first, last or close in its catalogue entry"
        )
    return found


def _is_heading(text: str) -> bool:
    """Whether a paragraph is a title rather than prose: short, without a final stop, and no item of a list or table."""
    return not _ITEM.match(text) and sum(map(str.isalnum, text)) <= _HEADING and not _SENTENCE_END.search(text)


def _is_header(at: int, text: str) -> bool:
    return at < 8 and bool(_HEADER.match(text)) and len(text) < 200 and not text.rstrip().endswith(("。", "."))
