"""A close look at candidates: their token vectors against the question's, each language against its own background.

A passage in the question's own language shares whole words with it, one in another language never does: only against
passages of the same language does either stand out.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from corpus.document import Span
from embeddings.descriptions import Fits
from embeddings.encoder import Vectors
from embeddings.fusion import Background, standardised
from embeddings.late_interaction import LateInteraction, Part, Sample, Scores
from embeddings.segment import Limits, Segment
from embeddings.tokens import Units

Place = tuple[int, int]  # a segment and a row in it

# Rows that stand for the passages of a language, by their vectors and, which takes longer, by their words.
_BACKGROUND, _WORDED = 256, 128
# Measured with the built-in model over the questions and paragraphs of tests/quality.
_TYPICAL = Background(0.11, 0.08)


@dataclass(frozen=True, slots=True)
class Looks:
    """What the vectors say of rows of one segment.

    `passages` is what they are made of. `late` (rows) is MaxSim in 0…1, `units` the same of each of their units;
    `dense_margin` (rows) is in standard deviations above the background.
    """

    places: Sequence[Place]
    passages: Units
    late: Scores
    units: Scores
    dense_margin: Scores

    def breadth(self, best: float) -> Scores:
        """The share of each passage, by length, that matches as well as `best`: what treats a topic has more of it."""
        starts, is_sentence = self.passages.edges[:-1], ~self.passages.titles
        lengths = np.maximum(np.diff(self.passages.spans)[:, 0], 1) * is_sentence
        shares = np.minimum(self.units / max(best, 1e-9), 1.0)
        return np.asarray(np.add.reduceat(lengths * shares, starts) / np.add.reduceat(lengths, starts), np.float64)

    def fits(self, likeness: Fits) -> Scores:
        """How well the question fits what each passage names, at best: (rows, 2), margin and MaxSim."""
        best = np.zeros((len(self.places), 2))
        units, concepts = self.passages.named.T
        np.maximum.at(best, self.passages.owners[units], likeness.of(self.passages.concepts)[concepts])
        return best

    def sentences(self, number: int) -> tuple[tuple[Span, float], ...]:
        """The sentences of one passage, each with its MaxSim."""
        held = slice(*self.passages.edges[number : number + 2].tolist())
        spans, titles = self.passages.spans[held].tolist(), self.passages.titles[held].tolist()
        found = zip(spans, self.units[held].tolist(), titles, strict=True)
        return tuple((Span(*span), score) for span, score, is_title in found if not is_title)


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
            rows = [segment.of_language(tag, limits) for segment, limits in held]
            units, vectors = zip(*self._drawn(rows, _BACKGROUND), strict=True)
            if sum(map(len, rows)) > _WORDED:
                units, _ = zip(*self._drawn(rows, _WORDED), strict=True)
            self._samples[tag] = Sample(Units.joined(units)), np.concatenate(vectors)
        return self._samples[tag]

    def _drawn(self, rows: Sequence[NDArray[np.int64]], most: int) -> Iterator[tuple[Units, Vectors]]:
        """At most so many rows, segment by segment."""
        edges = np.cumsum([0, *map(len, rows)])
        chosen = np.unique(np.linspace(0, max(edges[-1] - 1, 0), min(int(edges[-1]), most)).astype(int))
        for segment, held, start, end in zip(self._segments, rows, edges, edges[1:], strict=False):
            yield segment.look(held[chosen[(chosen >= start) & (chosen < end)] - start].tolist())

    def look(self, parts: Sequence[Part], vector: Vectors, places: Iterable[Place]) -> Iterator[Looks]:
        """Look at rows for a question, given as the parts of its wording and its vector; segment by segment."""
        rows: dict[int, list[int]] = {}
        for at, row in places:
            rows.setdefault(at, []).append(row)
        late = LateInteraction(parts)
        backgrounds = cache(partial(self._background, late, vector))
        for at, held in rows.items():
            yield self._of(at, held, late, vector, backgrounds)

    def _background(self, late: LateInteraction, vector: Vectors, tag: str) -> tuple[Scores, Vectors]:
        """What the tokens weigh in a language, and how near its passages are."""
        sample, vectors = self._sample(tag)
        return late.weights(sample), vectors @ vector

    def _of(
        self,
        at: int,
        rows: Sequence[int],
        late: LateInteraction,
        vector: Vectors,
        backgrounds: Callable[[str], tuple[Scores, Vectors]],
    ) -> Looks:
        passages, vectors = self._segments[at].look(rows)
        similarity, near = late.similarity(passages), vectors @ vector
        named = late.named(passages)
        by_passage = [(part, passages.owners[units]) for part, units in named]
        tags = np.array([self._segments[at].tag(row) for row in rows])
        of_passages, of_units, margins = np.zeros(len(rows)), np.zeros(len(passages.starts)), np.zeros(len(rows))
        for tag in dict.fromkeys(tags.tolist()):
            weights, background = backgrounds(tag)
            spoken = tags == tag
            in_units = spoken[passages.owners]
            of_passages[spoken] = late.score(similarity.passages, weights, by_passage)[spoken]
            of_units[in_units] = late.score(similarity.units, weights, named)[in_units]
            margins[spoken] = standardised(near[spoken], background, _TYPICAL)
        return Looks([(at, row) for row in rows], passages, of_passages, of_units, margins)
