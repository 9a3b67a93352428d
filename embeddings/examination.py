"""A close look at candidates: their token vectors against the question's, each language against its own background.

A passage in the question's own language shares whole words with it, one in another language never does: only against
passages of the same language does either stand out.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import mul

import numpy as np
from numpy.typing import NDArray

from corpus.document import Span
from embeddings.encoder import Vectors
from embeddings.fusion import Background, standardised
from embeddings.late_interaction import LateInteraction, Part, Sample
from embeddings.segment import Limits, Segment
from embeddings.tokens import Units

_BACKGROUND = 256  # rows that stand for the passages of a language
# Measured with the built-in model over the questions and paragraphs of tests/quality.
_TYPICAL = Background(0.11, 0.08)


@dataclass(frozen=True, slots=True)
class Look:
    """What the vectors say of one row, by its segment and its number there.

    `late` is MaxSim in 0…1; `dense_margin` is in standard deviations above the background; the sentences have their
    own MaxSim; `concepts` are all that the passage names.
    """

    place: tuple[int, int]
    late: float
    dense_margin: float
    sentences: tuple[tuple[Span, float], ...]
    concepts: frozenset[str]

    def breadth(self, best: float) -> float:
        """The share of the passage, by length, that matches as well as `best`: what treats a topic has more of it."""
        lengths = [max(1, span.end - span.start) for span, _ in self.sentences]
        shares = [min(score / max(best, 1e-9), 1.0) for _, score in self.sentences]
        return float(sum(map(mul, lengths, shares))) / sum(lengths)


class Examiner:
    """The rows of an index, ready to be looked at, each by its segment and its number there."""

    def __init__(self, segments: Sequence[Segment], limits: Sequence[Limits]) -> None:
        """`limits` say of each segment which rows count."""
        self._segments, self._limits = tuple(segments), tuple(limits)
        self._samples = dict[str, tuple[Sample, Vectors]]()

    def _sample(self, tag: str) -> tuple[Sample, Vectors]:
        """Rows of one language, evenly out of all of them together; drawn when they are first asked for."""
        if tag not in self._samples:
            held = zip(self._segments, self._limits, strict=True)
            self._samples[tag] = self._drawn([segment.of_language(tag, limits) for segment, limits in held])
        return self._samples[tag]

    def _drawn(self, rows: Sequence[NDArray[np.int64]]) -> tuple[Sample, Vectors]:
        edges = np.cumsum([0, *map(len, rows)])
        count = min(int(edges[-1]), _BACKGROUND)
        chosen = np.unique(np.linspace(0, max(edges[-1] - 1, 0), count).astype(int))
        looks = [
            segment.look(held[chosen[(chosen >= start) & (chosen < end)] - start].tolist())
            for segment, held, start, end in zip(self._segments, rows, edges, edges[1:], strict=False)
        ]
        return Sample(Units.joined([units for units, _ in looks])), np.concatenate([vectors for _, vectors in looks])

    def look(self, parts: Sequence[Part], vector: Vectors, places: Iterable[tuple[int, int]]) -> Iterator[Look]:
        """Look at rows for a question, given as the parts of its wording and its vector; in any order."""
        rows: dict[tuple[int, str], list[int]] = {}
        for at, row in places:
            rows.setdefault((at, self._segments[at].tag(row)), []).append(row)
        backgrounds = {
            tag: (LateInteraction(parts, sample), vectors @ vector)
            for tag in {tag for _, tag in rows}
            for sample, vectors in [self._sample(tag)]
        }
        for (at, tag), held in rows.items():
            yield from self._of(at, *backgrounds[tag], vector, held)

    def _of(
        self, at: int, late: LateInteraction, background: Vectors, vector: Vectors, rows: Sequence[int]
    ) -> Iterator[Look]:
        passages, vectors = self._segments[at].look(rows)
        scores = late.score(passages)
        margins = standardised(vectors @ vector, background, _TYPICAL)
        for number, row in enumerate(rows):
            cuts = tuple(zip(passages.sentences[number], map(float, scores.sentences[number]), strict=True))
            named = frozenset[str]().union(*passages.concepts[number])
            yield Look((at, row), float(scores.passages[number]), float(margins[number]), cuts, named)
