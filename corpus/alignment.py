"""Two sequences held against each other: the fewest edits between them, and where one stands best inside the other."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from corpus.document import Span

Costs = NDArray[np.int64]

_EDIT = 1 << 16  # what an edit costs: far more than all that may be added to choose between equals
_REPLACEMENT = _EDIT + 1  # two words left out are better than two replaced: more of the text is kept
_AT_EDGE = 2  # but a first or last word replaces another rather than being put before or after all


def edits(source: Sequence[Hashable], target: Sequence[Hashable]) -> list[tuple[Span, Span]]:
    """The fewest edits that make `target` out of `source`, as the ranges that differ, neighbouring ones joined."""
    found: list[tuple[Span, Span]] = []
    for op in Levenshtein.opcodes(source, target):
        if op.tag == "equal":
            continue
        ranges = Span(op.src_start, op.src_end), Span(op.dest_start, op.dest_end)
        if found and (found[-1][0].end, found[-1][1].end) == (ranges[0].start, ranges[1].start):
            before = found.pop()
            ranges = Span(before[0].start, ranges[0].end), Span(before[1].start, ranges[1].end)
        found.append(ranges)
    return found


def carried(places: Sequence[int], source: Sequence[Hashable], target: Sequence[Hashable]) -> list[int]:
    """Places of `source`, counted in `target`."""
    ops = Levenshtein.opcodes(source, target)
    return [
        next(
            (min(op.dest_start + at - op.src_start, op.dest_end) for op in ops if op.src_start <= at < op.src_end),
            ops.dest_len,
        )
        for at in places
    ]


@dataclass(frozen=True, slots=True)
class Infix:
    """Where in a text a query stands best: the range of the text, and the edits that it takes there."""

    range: Span
    distance: int


def infix_distances(query: Sequence[str], text: Sequence[str]) -> tuple[Costs, Costs]:
    """The fewest edits from each prefix of `query` to any range of `text`, and from all of it to a range with each end.

    Arrays of len(query) + 1 and of len(text) + 1 edits. Sellers' algorithm (1980), row by row.
    """
    lowest, ends = _costs(query, text)
    return lowest // _EDIT, ends // _EDIT


def infix(query: Sequence[str], text: Sequence[str]) -> Infix:
    """The range of `text` that takes the fewest edits to become `query`; of equals one that keeps most words."""
    _, ends = _costs(query, text)
    end = int(ends.argmin())
    distance = int(ends[end]) // _EDIT
    first = max(0, end - len(query) - distance)
    _, starts = _costs(query[::-1], text[first:end][::-1])
    range_ = Span(end - int(starts.argmin()), end)
    apart = edits(text[range_.start : range_.end], query)
    before = _short_by(apart[0]) if apart and apart[0][1].start == 0 else 0
    after = _short_by(apart[-1]) if apart and apart[-1][1].end == len(query) else 0
    return Infix(Span(max(0, range_.start - before), min(len(text), end + after)), distance)


def _short_by(edit: tuple[Span, Span]) -> int:
    """How many words more than it replaces an edit at the edge has: then it may replace those beside them as well."""
    was, said = edit
    return max(0, (said.end - said.start) - (was.end - was.start)) if was.start < was.end else 0


def _costs(query: Sequence[str], text: Sequence[str]) -> tuple[Costs, Costs]:
    codes = {word: code for code, word in enumerate(dict.fromkeys([*text, *query]))}
    written = np.array([codes[word] for word in text], dtype=np.int64)
    steps = np.arange(len(text) + 1) * _EDIT
    row = np.zeros(len(text) + 1, dtype=np.int64)
    lowest = [0]
    for at, word in enumerate(query, 1):
        insertion = _EDIT + (_AT_EDGE if at in (1, len(query)) else 0)
        below = np.minimum(row[:-1] + (written != codes[word]) * _REPLACEMENT, row[1:] + insertion)
        row = np.minimum.accumulate(np.concatenate([row[:1] + insertion, below]) - steps) + steps
        lowest.append(int(row.min()))
    return np.array(lowest), row
