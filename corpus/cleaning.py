"""Raw text → the characters worth keeping. A rule sees the text that the rules before it left and names what to delete.

Rules can only delete, so a character that the file does not hold can't appear. What they may delete inside a passage
is short: white space, control characters, soft hyphens, whole lines of page furniture, and pinyin glosses.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from corpus.document import Span
from corpus.folding import HAN


class Rule(Protocol):
    """What is to be deleted of a text, in order; its name is what it is reported by."""

    __name__: str

    def __call__(self, text: str, /) -> Iterator[Span]: ...


LINE_BREAK = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")

_INVISIBLE = re.compile(
    r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b\ufeff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+"
)
_FURNITURE = re.compile(
    r"[-–—]\s?\d{1,4}\s?[-–—]|第\s?\d{1,4}\s?页(?:[\s，,/]*共\s?\d{1,4}\s?页)?"
    r"|page\s\d{1,4}(?:\sof\s\d{1,4})?|(?:стр\.|страница)\s?\d{1,4}(?:\sиз\s\d{1,4})?",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d{1,3}")
_DIGITS = re.compile(r"\d+|\b[ivxlc]+\b", re.IGNORECASE)
_EDGE = 2  # lines at either edge of a page that may be a running head
_REPEATED, _USUAL = 3, 0.4  # pages, and share of the pages: on so many it stands
_OPENING = 5  # lines of a document that may be its title
_NAMING, _TELLING = 6, 20  # characters of a title; of the beginning of one
_GAP = re.compile(r"\s{3,}")
_GLOSS = re.compile(rf"(?<=([{HAN}]))[(（]([a-zA-ZüÜ\u00c0-\u01dc\u0300-\u030c]{{1,7}})[)）]")
_GLOSSED = 8  # so many glosses make a glossed document; fewer may be anything, and stay


def control_characters(text: str) -> Iterator[Span]:
    """Characters without a shape: controls, soft hyphens, zero-width spaces, byte order marks, bidi controls."""
    return (Span(*match.span()) for match in _INVISIBLE.finditer(text))


def page_furniture(text: str) -> Iterator[Span]:
    """Whole lines that only number the page: `- 3 -`, 第3页, `Page 3 of 10`, «стр. 3»; a bare 3 beside a form feed."""
    for line, following in _lines(text):
        said = line.of(text).strip()
        if _FURNITURE.fullmatch(said) or (_NUMBER.fullmatch(said) and _at_page_edge(text, *line)):
            yield Span(line.start, following)


def running_heads(text: str) -> Iterator[Span]:
    """Whole lines at the top or the foot of a page that stand, but for their digits, at that edge of many pages.

    On all left pages, or all right ones, two are many. What repeats one of the first lines of all is the title's head.
    """
    pages = list(_pages(text))
    edges = [(key, at, span) for at, page in enumerate(pages) for key, span in _edges(page, text)]
    seen: dict[tuple[str, ...], set[int]] = {}
    for key, at, _ in edges:
        seen.setdefault(key, set()).add(at)
    opening = [_plain(line.of(text)) for line, _ in pages[0][:_OPENING]]
    yield from sorted(
        {
            span
            for key, at, span in edges
            if _is_usual(seen[key], len(pages)) or (at and len(key) == 2 and _repeats(text, span, opening))
        }
    )


def _is_usual(seen: set[int], pages: int) -> bool:
    """Whether a line that was seen on these of so many pages is a head; the first page may go without."""
    side = set(range(min(seen) % 2, pages, 2)) - {0}
    return len(seen) >= max(_USUAL * pages, min(_REPEATED, pages), 2) or (len(seen) >= 2 and side == seen - {0})


def _repeats(text: str, span: Span, opening: Sequence[str]) -> bool:
    """Whether a part of the line is a line of the opening, or what is sure to be the beginning of one."""
    parts = [_plain(part) for part in _GAP.split(span.of(text).strip())]
    return any(
        (line == part and len(part) >= _NAMING) or (line.startswith(part) and len(part) >= _TELLING)
        for part in parts
        for line in opening
    )


def _plain(line: str) -> str:
    """A line but for its digits, its case and the width of its gaps."""
    return _DIGITS.sub("0", " ".join(line.split())).casefold()


def _pages(text: str) -> Iterator[list[tuple[Span, int]]]:
    """The lines of each page that are not blank."""
    page = []
    for line, following in _lines(text):
        if line.of(text).strip():
            page.append((line, following))
        if text.startswith("\f", line.end):
            yield page
            page = []
    yield page


def _edges(page: Sequence[tuple[Span, int]], text: str) -> Iterator[tuple[tuple[str, ...], Span]]:
    """The lines at a page's edges, each as what it says after those nearer the edge, its digits aside."""
    depth = min(_EDGE, (len(page) - 1) // 2)  # something has to be between them
    for edge, lines in (("top", page[:depth]), ("foot", page[::-1][:depth])):
        said = [edge]
        for line, following in lines:
            said.append(_plain(line.of(text)))
            yield tuple(said), Span(line.start, following)


def _lines(text: str) -> Iterator[tuple[Span, int]]:
    """Each line, and where what follows it begins: after its line break, but before a form feed, which ends a page."""
    start = 0
    for edge in [*LINE_BREAK.finditer(text), None]:
        stop, following = edge.span() if edge else (len(text), len(text))
        yield Span(start, stop), stop if text[stop:following] == "\f" else following
        start = following


def _at_page_edge(text: str, start: int, end: int) -> bool:
    before, after = text[max(0, start - 8) : start].rstrip(" \t\r\n"), text[end : end + 8].lstrip(" \t\r\n")
    return before.endswith("\f") or after.startswith("\f")


def pinyin_glosses(text: str) -> Iterator[Span]:
    """Brackets that give the reading of the character before them, in a document that has many."""
    glosses = readings_in_brackets(text)
    return (gloss for gloss in glosses if len(glosses) >= _GLOSSED)


def readings_in_brackets(text: str) -> list[Span]:
    """Brackets that give the reading of the character before them: 的(de), 北(běi)."""
    return [Span(*match.span()) for match in _GLOSS.finditer(text) if _is_reading(match[1], match[2])]


def _is_reading(char: str, reading: str) -> bool:
    from pypinyin import Style, pinyin

    return _toneless(reading) in {_toneless(known) for known in pinyin(char, style=Style.TONE, heteronym=True)[0]}


def _toneless(reading: str) -> str:
    decomposed = unicodedata.normalize("NFD", reading.lower())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def white_space(paragraph: str) -> Iterator[Span]:
    """All but one character of each run of white space; all of it where a line break falls beside a wide character."""
    for match in re.finditer(r"\s+", paragraph):
        start, end = match.span()
        if start == 0 or end == len(paragraph) or _joins(paragraph, start, end):
            yield Span(start, end)
            continue
        kept = start + match[0].index(next((char for char in " \n" if char in match[0]), match[0][0]))
        yield from (span for span in (Span(start, kept), Span(kept + 1, end)) if span.start < span.end)


def _joins(text: str, start: int, end: int) -> bool:
    """Whether the text on both sides is one word: a wrapped Han line, or a hyphen at the line's end."""
    if not LINE_BREAK.search(text, start, end):
        return False
    before, after = text[start - 1], text[end]
    hyphenated = before in "-\u2010" and text[start - 2 : start - 1].isalpha() and after.islower()
    return hyphenated or any(unicodedata.east_asian_width(char) in "WF" for char in (before, after))


DOCUMENT_RULES: tuple[Rule, ...] = (control_characters, pinyin_glosses)
FURNITURE_RULES: tuple[Rule, ...] = (running_heads, page_furniture)
PARAGRAPH_RULES: tuple[Rule, ...] = (white_space,)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is left of a raw text: `text`, and for each of its characters the position in the raw text."""

    text: str
    positions: Sequence[int]

    @classmethod
    def all_of(cls, raw: str) -> "Kept":
        return cls(raw, range(len(raw)))

    def part(self, start: int, end: int) -> "Kept":
        return Kept(self.text[start:end], self.positions[start:end])

    @classmethod
    def joined(cls, parts: Sequence["Kept"]) -> "Kept":
        """One after the other."""
        return cls("".join(part.text for part in parts), [at for part in parts for at in part.positions])

    def without(self, rules: Sequence[Rule], deleted: "Counter[str] | None" = None) -> "Kept":
        """Apply `rules` in order; `deleted` counts how many characters each has taken away."""
        kept = self
        for rule in rules:
            left = kept._less(list(rule(kept.text)))
            if deleted is not None and len(left.text) < len(kept.text):
                deleted[rule.__name__] += len(kept.text) - len(left.text)
            kept = left
        return kept

    def _less(self, deletions: list[Span]) -> "Kept":
        if not deletions:
            return self
        gone = {at for span in deletions for at in range(span.start, span.end)}
        left = [at for at in range(len(self.text)) if at not in gone]
        return Kept("".join(self.text[at] for at in left), [self.positions[at] for at in left])

    def spans(self) -> tuple[Span, ...]:
        """The kept positions as maximal runs."""
        runs: list[Span] = []
        for at in self.positions:
            if runs and runs[-1].end == at:
                runs[-1] = Span(runs[-1].start, at + 1)
            else:
                runs.append(Span(at, at + 1))
        return tuple(runs)
