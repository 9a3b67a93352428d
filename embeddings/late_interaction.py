"""MaxSim of question tokens over passage tokens, after ColBERT (Khattab & Zaharia 2020), with a soft idf.

A passage's mean vector drowns the clause that answers; here each part of the question looks for its own best place.
A part that names a concept may be matched by any name of that concept. The same figures, taken sentence by sentence,
say which sentence answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import Vectors
from embeddings.tokens import Units, unit

Scores = NDArray[np.float64]

_TITLE = 0.7  # what a match in the title counts, beside one in the passage itself
_SMOOTHING = 0.05  # keeps a token that nothing resembles from outweighing all others


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a question: its weighted token vectors in one or more wordings, and the concept it names, if any."""

    wordings: tuple[Vectors, ...]
    concept: str | None = None


@dataclass(frozen=True, slots=True)
class Interaction:
    """Scores in 0…1: one for each passage, and for each passage one for each of its sentences."""

    passages: Scores
    sentences: tuple[Scores, ...]


def soft_idf(tokens: Vectors, common: NDArray[np.floating]) -> Scores:
    """What each token weighs: its length, and more the less the texts resemble it; `common` is how much they do."""
    return np.asarray(np.linalg.norm(tokens, axis=1) / (common + _SMOOTHING), np.float64)


class LateInteraction:
    """One question, ready to be held against passages; `sample` stands for the collection."""

    def __init__(self, parts: Sequence[Part], sample: Sequence[Units]) -> None:
        self._parts = tuple(parts)
        wordings = [wording for part in self._parts for wording in part.wordings]
        stacked = np.concatenate(wordings) if wordings else np.zeros((0, 1), np.float32)
        self._tokens = unit(stacked)
        by_passage = self._similarity(sample)[1]
        self._weights = soft_idf(stacked, by_passage.mean(axis=1) if sample else np.zeros(len(stacked)))

    def score(self, passages: Sequence[Units]) -> Interaction:
        """Hold the question against `passages`."""
        by_sentence, by_passage = self._similarity(passages)
        of_passages = self._total(by_passage, _named(passages))
        of_sentences = self._total(by_sentence, [held for passage in passages for held in passage.concepts])
        edges = np.cumsum([0, *(len(passage.starts) for passage in passages)])
        cut = tuple(of_sentences[start:end] for start, end in zip(edges[:-1], edges[1:], strict=True))
        return Interaction(of_passages, cut)

    def _similarity(self, passages: Sequence[Units]) -> tuple[Scores, Scores]:
        """The best cosine of each token, 0 at least: (tokens, sentences of all passages), (tokens, passages)."""
        count = sum(len(passage.starts) for passage in passages)
        if not len(self._tokens) or not passages:
            return np.zeros((len(self._tokens), count)), np.zeros((len(self._tokens), len(passages)))
        cosines = self._tokens @ np.concatenate([passage.vectors for passage in passages]).T
        starts, is_title, offset = [], [], 0
        for passage in passages:
            held = [*passage.starts, *([passage.title] if passage.title is not None else ())]
            starts += [offset + start for start in held]
            is_title += [start == passage.title for start in held]
            offset += len(passage.vectors)
        best = np.maximum(np.maximum.reduceat(cosines, starts, axis=1), 0.0).astype(np.float64)
        titles = np.array(is_title)
        edges = np.cumsum([0, *(len(passage.starts) + (passage.title is not None) for passage in passages)])[:-1]
        return best[:, ~titles], np.maximum.reduceat(np.where(titles, best * _TITLE, best), edges, axis=1)

    def _total(self, similarity: Scores, concepts: Sequence[frozenset[str]]) -> Scores:
        """The parts' matches, weighted: (units,). A part is matched by the best of its wordings or by its concept."""
        total, weight_of_all, row = np.zeros(similarity.shape[1]), 0.0, 0
        for part in self._parts:
            best, weight = np.zeros(similarity.shape[1]), 0.0
            for wording in part.wordings:
                weights = self._weights[row : row + len(wording)]
                matched = weights @ similarity[row : row + len(wording)] ** 2 / max(weights.sum(), 1e-9)
                best, weight = np.maximum(best, matched), max(weight, float(weights.sum()))
                row += len(wording)
            if part.concept is not None:
                best = np.maximum(best, [part.concept in held for held in concepts])
            total, weight_of_all = total + weight * best, weight_of_all + weight
        return total / max(weight_of_all, 1e-9)


def _named(passages: Sequence[Units]) -> list[frozenset[str]]:
    return [frozenset().union(*passage.concepts) for passage in passages]
