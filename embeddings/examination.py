"""A close look at candidates: their token vectors against the question's, each language against its own background.

A passage in the question's own language shares whole words with it, one in another language never does: only against
passages of the same language does either stand out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus.document import Span
from embeddings.dense import DenseIndex
from embeddings.encoder import Vectors
from embeddings.fusion import Background, standardised
from embeddings.late_interaction import LateInteraction, Part
from embeddings.tokens import TokenStore, Units

_BACKGROUND = 256  # rows that stand for the passages of a language
# Measured with the built-in model over the questions and paragraphs of tests/quality.
_TYPICAL = Background(0.11, 0.08)


@dataclass(frozen=True, slots=True)
class Look:
    """What the vectors say of one row.

    `late` is MaxSim in 0…1; `dense_margin` is in standard deviations above the background; the sentences have their
    own MaxSim; `concepts` are all that the passage names.
    """

    row: int
    late: float
    dense_margin: float
    sentences: tuple[tuple[Span, float], ...]
    concepts: frozenset[str]

    def breadth(self, best: float) -> float:
        """The share of the passage, by length, that matches as well as `best`: what treats a topic has more of it."""
        lengths = [max(1, span.end - span.start) for span, _ in self.sentences]
        shares = [min(score / max(best, 1e-9), 1.0) for _, score in self.sentences]
        return float(np.average(shares, weights=lengths))


class Examiner:
    """The rows of an index, ready to be looked at. `languages` has a number for the language of each row."""

    def __init__(self, languages: NDArray[np.uint8], tokens: TokenStore, dense: DenseIndex) -> None:
        self._languages = languages
        self._tokens = tokens
        self._dense = dense
        self._samples = {int(language): self._sample(language) for language in np.unique(languages)}

    def _sample(self, language: np.uint8) -> tuple[list[Units], Vectors]:
        rows = np.flatnonzero(self._languages == language)
        held = rows[np.unique(np.linspace(0, len(rows) - 1, min(len(rows), _BACKGROUND)).astype(int))].tolist()
        return self._tokens.units(held), self._dense.vectors(held)

    def look(self, parts: Sequence[Part], vector: Vectors, rows: Sequence[int]) -> list[Look]:
        """Look at `rows` for a question, given as the parts of its wording and its vector; in any order."""
        by_language: Mapping[int, list[int]] = {language: [] for language in self._samples}
        for row in rows:
            by_language[int(self._languages[row])].append(row)
        return [
            look for language, held in by_language.items() if held for look in self._of(language, parts, vector, held)
        ]

    def _of(self, language: int, parts: Sequence[Part], vector: Vectors, rows: Sequence[int]) -> list[Look]:
        units, vectors = self._samples[language]
        passages = self._tokens.units(rows)
        late = LateInteraction(parts, units).score(passages)
        margins = standardised(self._dense.vectors(rows) @ vector, vectors @ vector, _TYPICAL)
        return [
            Look(
                row,
                float(late.passages[at]),
                float(margins[at]),
                tuple(zip(passages[at].sentences, map(float, late.sentences[at]), strict=True)),
                frozenset().union(*passages[at].concepts),
            )
            for at, row in enumerate(rows)
        ]
