"""Text reuse: which wording two sets of texts share, and what is left over.

Greedy string tiling (Wise 1993) on the words of wording.py, so that script, case and punctuation make no difference.
A run of words is weighed: a Han character weighs 1, any other word 2, about what a Chinese word has in characters.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import accumulate
from typing import NamedTuple

from corpus.document import Span
from corpus.folding import HAN
from corpus.wording import Wording, wording

LEAST = 8  # the weight of 不扩散核武器条约, a name; 双方重申, 国际社会应 and "the two sides" are no reuse
SCRAP = 6  # what is left over and lighter than this says nothing by itself

_SCRAP_AT_EDGE = 2  # so light a word, cut off by punctuation, is the end of something else: 性、有效性
_HAN_WORD = re.compile(rf"[{HAN}]")
_CLAUSE = re.compile(r"[，。；：！？…,;!?—]|[.:](?=\s|$)|\n\s*\n")
_CLOSERS = {
    "《": "》",
    "〈": "〉",
    "“": "”",
    "‘": "’",
    "「": "」",
    "『": "』",
    "【": "】",
    "（": "）",
    "(": ")",
    "[": "]",
    "«": "»",
}
_PAIRS = {opener + closer for opener, closer in _CLOSERS.items()}
_OPENERS = {closer: opener for opener, closer in _CLOSERS.items()}


class Stretch(NamedTuple):
    """Whole words of one of several texts: the text's place among them, and a span of it."""

    place: int
    span: Span


@dataclass(frozen=True, slots=True)
class Tile:
    """One wording that stands on both sides."""

    first: Stretch
    second: Stretch


def weight(words: Iterable[str]) -> int:
    """How much a run of words says: its Han characters, and 2 for every other word."""
    return sum(1 if _HAN_WORD.match(word) else 2 for word in words)


def tiles(first: Sequence[str], second: Sequence[str], least: int = LEAST) -> tuple[Tile, ...]:
    """The wordings that both sides share, from `least` weight on, in the order of the first side.

    The heaviest is taken first, then the earliest; no word is used twice; none goes on past the end of a text.
    A Han character that punctuation cuts off at an edge counts, but is not in the span; brackets around it are.
    """
    sides = _Side.of(first, "\n"), _Side.of(second, "\r")
    taken = sorted(_tiled(*sides, least))
    trimmed = (_without_scraps(*sides, *tile) for tile in taken)
    return tuple(Tile(sides[0].stretch(i, length), sides[1].stretch(j, length)) for i, j, length in trimmed)


def repeated(first: Sequence[str], second: Sequence[str], least: int = LEAST) -> tuple[Stretch, ...]:
    """Where in the first side wording of at least `least` weight stands that also stands somewhere in the second."""
    sides = _Side.of(first, "\n"), _Side.of(second, "\r")
    covered = bytearray(len(sides[0].words))
    for grams in (_Side.forward, _Side.backward):  # the one leaves out a light end of a run, the other its start
        held = {sides[1].words[start:end] for start, end in grams(sides[1], least)}
        for start, end in grams(sides[0], least):
            if sides[0].words[start:end] in held:
                covered[start:end] = b"\1" * (end - start)
    return tuple(sides[0].stretch(start, end - start) for start, end in _runs(covered))


def rest(
    texts: Sequence[str],
    covered: Iterable[Stretch],
    least: int = SCRAP,
    units: Callable[[str], Iterable[Span]] = lambda text: (),
) -> tuple[Stretch, ...]:
    """What `covered` leaves of the texts: runs of whole words inside a clause, from `least` weight on, in order.

    A number says enough by itself, for 2020 may have become 2026.
    `units` says what in a text is better not torn: such a span is left whole if at least half of it is left.
    """
    spans: dict[int, list[Span]] = defaultdict(list)
    for place, span in covered:
        spans[place].append(span)
    found = []
    for place, text in enumerate(texts):
        said = wording(text)
        free = _free(len(text), spans[place], units(text))
        for start, end in _clauses(text, said, free):
            run = said.words[start:end]
            if weight(run) >= least or any(word[-1].isdigit() for word in run):
                found.append(Stretch(place, _closed(text, said.span(start, end))))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Side:
    """The words of several texts on end, each text followed by a word that stands nowhere on the other side."""

    texts: tuple[str, ...]
    wordings: tuple[Wording, ...]
    words: tuple[str, ...]
    places: tuple[tuple[int, int], ...]
    reach: tuple[int, ...]

    @classmethod
    def of(cls, texts: Sequence[str], between: str) -> "_Side":
        wordings = tuple(wording(text) for text in texts)
        words = tuple(word for said in wordings for word in (*said.words, between))
        places = tuple((at, word) for at, said in enumerate(wordings) for word in range(len(said.words) + 1))
        return cls(tuple(texts), wordings, words, places, (0, *accumulate(weight([word]) for word in words)))

    def weight(self, start: int, length: int) -> int:
        return self.reach[start + length] - self.reach[start]

    def forward(self, least: int) -> Iterator[tuple[int, int]]:
        """From every word on, the shortest run of at least `least` weight; it is the same wherever the words are."""
        end = 0
        for start in range(len(self.words)):
            while end < len(self.words) and self.reach[end] - self.reach[start] < least:
                end += 1
            if self.reach[end] - self.reach[start] >= least:
                yield start, end

    def backward(self, least: int) -> Iterator[tuple[int, int]]:
        """Up to every word, the shortest such run."""
        start = 0
        for end in range(1, len(self.words) + 1):
            while self.reach[end] - self.reach[start + 1] >= least:
                start += 1
            if self.reach[end] - self.reach[start] >= least:
                yield start, end

    def stretch(self, start: int, length: int) -> Stretch:
        place, word = self.places[start]
        return Stretch(place, _closed(self.texts[place], self.wordings[place].span(word, word + length)))

    def is_cut(self, at: int) -> bool:
        """Whether punctuation stands between the word at `at` and the one before it, in the same text."""
        place, word = self.places[at]
        spans = self.wordings[place].spans
        return bool(self.texts[place][spans[word - 1].end : spans[word].start].strip())


def _tiled(first: _Side, second: _Side, least: int) -> Iterator[tuple[int, int, int]]:
    """The tiles, as the first word on each side and the number of words."""
    used = bytearray(len(first.words)), bytearray(len(second.words))
    waiting = [(-first.weight(i, length), i, j, length) for i, j, length in _shared(first, second, least)]
    heapify(waiting)
    while waiting:
        _, i, j, length = heappop(waiting)
        free = [not (a or b) for a, b in zip(used[0][i : i + length], used[1][j : j + length], strict=True)]
        if all(free):
            used[0][i : i + length] = used[1][j : j + length] = b"\1" * length
            yield i, j, length
            continue
        for start, end in _runs(free):
            heavy = first.weight(i + start, end - start)
            if heavy >= least:
                heappush(waiting, (-heavy, i + start, j + start, end - start))


def _shared(first: _Side, second: _Side, least: int) -> Iterator[tuple[int, int, int]]:
    """Every run of words on both sides that can't be made longer, from `least` weight on."""
    where: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for j, end in second.forward(least):
        where[second.words[j:end]].append(j)
    for i, end in first.forward(least):
        for j in where.get(first.words[i:end], ()):
            if i and j and first.words[i - 1] == second.words[j - 1]:
                continue
            length = end - i
            while first.words[i + length] == second.words[j + length]:  # ends at the latest where a text does
                length += 1
            yield i, j, length


def _without_scraps(first: _Side, second: _Side, i: int, j: int, length: int) -> tuple[int, int, int]:
    def is_scrap(word: int, edge: int) -> bool:
        return first.weight(i + word, 1) < _SCRAP_AT_EDGE and (first.is_cut(i + edge) or second.is_cut(j + edge))

    if length <= _SCRAP_AT_EDGE:
        return i, j, length
    if is_scrap(length - 1, length - 1):
        length -= 1
    return (i + 1, j + 1, length - 1) if is_scrap(0, 1) else (i, j, length)


def _runs(wanted: Iterable[object]) -> Iterator[tuple[int, int]]:
    """The ranges of indices over which `wanted` is true."""
    start = None
    for at, held in enumerate([*wanted, False]):
        if held and start is None:
            start = at
        elif not held and start is not None:
            yield start, at
            start = None


def _free(length: int, covered: Iterable[Span], units: Iterable[Span]) -> bytearray:
    """For every code point whether it is left over."""
    free = bytearray(b"\1" * length)
    for start, end in covered:
        free[start:end] = bytes(end - start)
    for start, end in [span for span in units if 2 * sum(free[span.start : span.end]) >= span.end - span.start]:
        free[start:end] = b"\1" * (end - start)
    return free


def _clauses(text: str, said: Wording, free: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Ranges of the words that are left over, cut where a clause ends."""
    for first, last in _runs(any(free[start:end]) for start, end in said.spans):
        gaps = ((at, said.spans[at - 1].end, said.spans[at].start) for at in range(first + 1, last))
        cuts = [at for at, *gap in gaps if _CLAUSE.search(text, *gap)]
        yield from zip([first, *cuts], [*cuts, last], strict=True)


def _closed(text: str, span: Span) -> Span:
    """`span`, widened by brackets and quotation marks right beside it: a half whose other half is inside, or a pair."""
    opened: list[str] = []
    closed: list[str] = []
    for char in span.of(text):
        if char in _CLOSERS:
            opened.append(char)
        elif opened and opened[-1] == _OPENERS.get(char):
            opened.pop()
        elif char in _OPENERS:
            closed.append(char)
    start, end = span
    for char in closed:
        start -= text[:start].endswith(_OPENERS[char])
    for char in reversed(opened):
        end += text.startswith(_CLOSERS[char], end)
    around = text[start - 1 : start] + text[end : end + 1] in _PAIRS
    return Span(start - around, end + around)
