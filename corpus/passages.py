"""Raw text → paragraphs with roles; each is a slice of the raw text.

A block of the text is one passage, but a long one is cut into parts between its sentences, and a run of very short
ones, as in a list or a dialogue, is one passage together.
"""

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count, groupby

from corpus.cleaning import DOCUMENT_RULES, FURNITURE_RULES, LINE_BREAK, PARAGRAPH_RULES, Kept
from corpus.document import CorpusError, Mark, Passage, Role, Span
from corpus.layout import ITEM, SENTENCE_END, blocks
from corpus.reading import CELL, Reading
from corpus.sentences import sentences

_LONG = 600  # letters; a longer block is cut
_SHORT, _RUN = 15, 3  # letters and blocks: so many shorter ones on end belong together
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


@dataclass(frozen=True, slots=True)
class Split:
    """The paragraphs of a text in order, and how many characters each cleaning rule has left out of them."""

    passages: tuple[Passage, ...]
    deleted: Mapping[str, int]


def split(
    document: str, raw: str, extent: Extent = EVERYTHING, marks: Sequence[Mark] = (), is_wrapped: bool = True
) -> Split:
    """The paragraphs of `raw`, body paragraphs numbered from 1. A block within a mark has the mark's role.

    Without `is_wrapped` each line is a paragraph. Raises CorpusError if `extent` names a paragraph that isn't there.
    """
    deleted: Counter[str] = Counter()
    kept = Kept.all_of(raw).without(DOCUMENT_RULES, deleted)
    furniture = []
    for rule in FURNITURE_RULES:
        furniture += [kept.part(*span) for span in rule(kept.text)]
        kept = kept.without([rule], deleted)
    found = _found(document, kept, extent, marks, is_wrapped, deleted)
    made = [*_named(document, found), *_set_apart(document, furniture, deleted)]
    return Split(tuple(sorted(made, key=lambda passage: passage.spans)), deleted)


def split_file(document: str, reading: Reading, extent: Extent = EVERYTHING) -> Split:
    """The paragraphs of a file as read. Raises CorpusError as `split` does."""
    return split(document, reading.text, extent, reading.marks, not reading.has_blocks)


def numbered(passages: Sequence[Passage], known: Mapping[int, tuple[str, ...]]) -> list[Passage]:
    """The passages with their lasting numbers: the one whose parts have these texts in `known`, else an unused one."""
    free: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number in sorted(known):
        free[known[number]].append(number)
    unused, found = count(max(known, default=0) + 1), list[Passage]()
    for ordinal, held in groupby(passages, key=lambda passage: passage.ordinal):
        block = list(held)
        if ordinal is not None:
            same = free[tuple(passage.text for passage in block)]
            number = same.pop(0) if same else next(unused)
            block = [replace(passage, number=number) for passage in block]
        found += block
    return found


def _named(document: str, found: Iterable[tuple[Kept, Role]]) -> Iterator[Passage]:
    numbers = count(1)
    for block, role in found:
        number = next(numbers) if role is Role.BODY else None
        parts = list(_parts(block)) if role is Role.BODY else [block]
        for at, part in enumerate(parts, 1):
            place = at if len(parts) > 1 else None
            yield Passage(document, role, part.spans(), part.text, number, number, place)


def _set_apart(document: str, furniture: Iterable[Kept], deleted: Counter[str]) -> Iterator[Passage]:
    for line in furniture:
        shown = line.without(PARAGRAPH_RULES, deleted)
        yield Passage(document, Role.FURNITURE, shown.spans(), shown.text)


# Length: what is too long for one passage, and what is too short.


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))


def _parts(block: Kept) -> Iterator[Kept]:
    """A long block cut between sentences, into as few parts of about one length as do; one sentence is never cut."""
    whole = _letters(block.text)
    wanted = whole / -(-whole // _LONG) if whole > _LONG else whole
    held = sentences(block.text)
    start, letters = 0, 0
    for span, following in zip(held, [*held[1:], None], strict=True):
        letters += _letters(span.of(block.text))
        then = _letters(following.of(block.text)) if following else 0
        if following and (letters >= wanted or letters + then > _LONG):
            yield block.part(start, span.end)
            start, letters = following.start, 0
    yield block.part(start, len(block.text))


def _together(kept: Kept, spans: Sequence[Span], cleaned: Sequence[Kept]) -> Kept:
    """Short blocks as one, a line break kept between them."""
    parts = [cleaned[0]]
    for before, span, part in zip(spans, spans[1:], cleaned[1:], strict=False):
        *_, gap = LINE_BREAK.finditer(kept.text, before.end, span.start)
        parts += kept.part(gap.end() - 1, gap.end()), part
    return Kept.joined(parts)


# Roles: what a paragraph is.


def _found(
    document: str, kept: Kept, extent: Extent, marks: Sequence[Mark], is_wrapped: bool, deleted: Counter[str]
) -> Iterator[tuple[Kept, Role]]:
    spans = list(blocks(kept.text, is_wrapped))
    parts = [kept.part(*span) for span in spans]
    marked = [_marked(part, marks) for part in parts]
    cleaned = [part.without(PARAGRAPH_RULES, deleted) for part in parts]
    texts = [part.text for part in cleaned]
    roles = _roles(document, texts, marked, extent)
    within = [role in (Role.BODY, Role.HEADING) and not mark for role, mark in zip(roles, marked, strict=True)]
    short = [inside and _letters(text) < _SHORT for inside, text in zip(within, texts, strict=True)]
    for is_short, places in groupby(range(len(texts)), key=short.__getitem__):
        held = list(places)
        if is_short and len(held) >= _RUN:
            yield _together(kept, [spans[at] for at in held], [cleaned[at] for at in held]), Role.BODY
        else:
            yield from ((cleaned[at], roles[at]) for at in held)


def _marked(part: Kept, marks: Sequence[Mark]) -> Role | None:
    """The role that the file's own format gives to a block."""
    first = part.positions[0]
    at = bisect_right(marks, first, key=lambda mark: mark.span.start) - 1
    return marks[at].role if at >= 0 and first < marks[at].span.end else None


def _roles(document: str, texts: Sequence[str], marked: Sequence[Role | None], extent: Extent) -> list[Role]:
    first, last = _body_range(document, texts, marked, extent)
    close = _place(document, texts, extent.close, last) if extent.close else len(texts) - 1
    return [marked[at] or _role(at, text, first, last, close) for at, text in enumerate(texts)]


def _role(at: int, text: str, first: int, last: int, close: int) -> Role:
    if at < first:
        return Role.FRONT
    if at <= last:
        return Role.HEADING if _is_heading(text) else Role.BODY
    return Role.CLOSING if at <= close else Role.UNRELATED


def _body_range(document: str, texts: Sequence[str], marked: Sequence[Role | None], extent: Extent) -> tuple[int, int]:
    """First and last body paragraph: as the extent says, else from the first to the last that reads like prose."""
    prose = [
        at for at, text in enumerate(texts) if not marked[at] and not _is_heading(text) and not _is_header(at, text)
    ]
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
    return not ITEM.match(text) and CELL not in text and _letters(text) <= _HEADING and not SENTENCE_END.search(text)


def _is_header(at: int, text: str) -> bool:
    return at < 8 and bool(_HEADER.match(text)) and len(text) < 200 and not text.rstrip().endswith(("。", "."))
