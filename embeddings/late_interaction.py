"""MaxSim of question tokens over passage tokens, after ColBERT (Khattab & Zaharia 2020), with a soft idf.

A passage's mean vector drowns the clause that answers; here each part of the question looks for its own best place.
A part that names a concept may be matched by any name of that concept. The same figures, taken sentence by sentence,
say which sentence answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import Vectors, unit
from embeddings.tokens import Units

Scores = NDArray[np.float64]

_TITLE = 0.7  # what a match in the title counts, beside one in the passage itself
_REMEMBERED = 10_000  # tokens, of which a sample keeps one figure each
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


class Sample:
    """Passages that stand for a collection. Safe to share between threads."""

    def __init__(self, passages: Units) -> None:
        self._passages = passages
        self._known = dict[bytes, float]()

    def common(self, tokens: Vectors) -> Scores:
        """How much they resemble each of `tokens` (of length 1), on average; names are asked for again and again."""
        keys = [blake2b(token, digest_size=16).digest() for token in tokens]
        known = self._known if len(self._known) < _REMEMBERED else {}
        new = {key: at for at, key in enumerate(keys) if key not in known}
        if new and len(self._passages):
            best = similarity(tokens[[*new.values()]], self._passages)[1].mean(axis=1)
            known = self._known = {**known, **dict(zip(new, best.tolist(), strict=True))}
        return np.array([known.get(key, 0.0) for key in keys])


class LateInteraction:
    """One question, ready to be held against passages; `sample` stands for the collection."""

    def __init__(self, parts: Sequence[Part], sample: Sample) -> None:
        self._parts = tuple(parts)
        wordings = [wording for part in self._parts for wording in part.wordings]
        stacked = np.concatenate(wordings) if wordings else np.zeros((0, 1), np.float32)
        self._tokens = unit(stacked)
        self._weights = soft_idf(stacked, sample.common(self._tokens))

    def score(self, passages: Units) -> Interaction:
        """Hold the question against `passages`."""
        by_sentence, by_passage = similarity(self._tokens, passages)
        of_passages = self._total(by_passage, [frozenset[str]().union(*held) for held in passages.concepts])
        of_sentences = self._total(by_sentence, [names for held in passages.concepts for names in held])
        edges = np.cumsum([0, *map(len, passages.sentences)])
        cut = tuple(of_sentences[start:end] for start, end in zip(edges[:-1], edges[1:], strict=True))
        return Interaction(of_passages, cut)

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


def similarity(tokens: Vectors, passages: Units) -> tuple[Scores, Scores]:
    """The best cosine of each token, 0 at least: (tokens, sentences of all passages), (tokens, passages)."""
    if not len(tokens) or not len(passages):
        return np.zeros((len(tokens), int((~passages.titles).sum()))), np.zeros((len(tokens), len(passages)))
    cosines = (tokens @ passages.vectors.T)[:, passages.places]
    best = np.maximum(np.maximum.reduceat(cosines, passages.starts, axis=1), 0.0).astype(np.float64)
    titled = np.where(passages.titles, best * _TITLE, best)
    return best[:, ~passages.titles], np.maximum.reduceat(titled, passages.edges[:-1], axis=1)
