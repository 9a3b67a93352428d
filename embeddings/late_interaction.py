"""MaxSim of question tokens over passage tokens, after ColBERT (Khattab & Zaharia 2020), with a soft idf.

A passage's mean vector drowns the clause that answers; here each part of the question looks for its own best place.
A part that names a concept may be matched by any name of that concept. The same figures, taken sentence by sentence,
say which sentence answers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import Vectors, unit
from embeddings.rows import Places
from embeddings.tokens import Units

Scores = NDArray[np.float64]

_TITLE = 0.7  # what a match in the title counts, beside one in the passage itself
_REMEMBERED = 10_000  # tokens, of which a sample keeps one figure each
_BLOCK = 8
_SMOOTHING = 0.05  # keeps a token that nothing resembles from outweighing all others


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a question: its weighted token vectors in one or more wordings, and the concept it names, if any."""

    wordings: tuple[Vectors, ...]
    concept: str | None = None


def soft_idf(tokens: Vectors, common: NDArray[np.floating]) -> Scores:
    """What each token weighs: its length, and more the less the texts resemble it; `common` is how much they do."""
    return np.asarray(np.linalg.norm(tokens, axis=1) / (common + _SMOOTHING), np.float64)


class Sample:
    """Passages that stand for a collection. Safe to share between threads."""

    def __init__(self, passages: Units) -> None:
        self._passages = passages
        self._known = dict[bytes, float]()

    def common(self, tokens: Vectors, keys: Sequence[bytes]) -> Scores:
        """How much they resemble each of `tokens` (of length 1; by its key), on average; names come again and again."""
        known = self._known if len(self._known) < _REMEMBERED else {}
        new = {key: at for at, key in enumerate(keys) if key not in known}
        if new and len(self._passages):
            unknown = tokens[[*new.values()]]
            best = _in_blocks(unknown, lambda block: similarity(block, self._passages).passages).mean(axis=0)
            known = self._known = {**known, **dict(zip(new, best.tolist(), strict=True))}
        return np.array([known.get(key, 0.0) for key in keys])


@dataclass(frozen=True, slots=True)
class Similarity:
    """The best cosine of each token, 0 at least: (units of all passages, tokens), (passages, tokens).

    A match in a title counts less for its passage.
    """

    units: Scores
    passages: Scores


def similarity(tokens: Vectors, passages: Units) -> Similarity:
    """Hold tokens, of length 1, against passages."""
    if not len(tokens) or not len(passages):
        return Similarity(np.zeros((len(passages.starts), len(tokens))), np.zeros((len(passages), len(tokens))))
    cosines = np.zeros((len(passages.vectors) + 1, len(tokens)), np.float32)  # nothing is like the last
    np.matmul(passages.vectors, tokens.T, out=cosines[:-1])
    of_tokens = cosines.take(passages.places, axis=0)
    best = np.maximum(np.maximum.reduceat(of_tokens, passages.starts), 0.0).astype(np.float64)
    titled = np.where(passages.titles[:, None], best * _TITLE, best)
    return Similarity(best, np.maximum.reduceat(titled, passages.edges[:-1]))


def _in_blocks(tokens: Vectors, held: Callable[[Vectors], Scores]) -> Scores:
    """What `held` says of each token, (…, tokens), where others must not matter: products of one size add up alike."""
    padded = np.zeros((-(-len(tokens) // _BLOCK) * _BLOCK, tokens.shape[1]), np.float32)
    padded[: len(tokens)] = tokens
    found = [held(padded[start : start + _BLOCK]) for start in range(0, len(padded), _BLOCK)]
    return np.concatenate(found, axis=1)[:, : len(tokens)]


class LateInteraction:
    """One question, ready to be held against passages."""

    def __init__(self, parts: Sequence[Part]) -> None:
        worded = [part for part in parts if any(map(len, part.wordings))]
        wordings = [[wording for wording in part.wordings if len(wording)] for part in worded]
        self._vectors = np.concatenate([one for held in wordings for one in held] or [np.zeros((0, 1), np.float32)])
        self._tokens = unit(self._vectors)
        self._keys = [blake2b(token, digest_size=16).digest() for token in self._tokens]
        # Where the wordings of each part begin, and the tokens of each wording.
        self._parts = np.cumsum([0, *map(len, wordings)])[:-1]
        self._wordings = np.cumsum([0, *(len(one) for held in wordings for one in held)])[:-1]
        self._concepts = [(at, part.concept) for at, part in enumerate(worded) if part.concept is not None]

    def similarity(self, passages: Units) -> Similarity:
        return similarity(self._tokens, passages)

    def weights(self, sample: Sample) -> Scores:
        """What each token weighs in a collection that `sample` stands for."""
        return soft_idf(self._vectors, sample.common(self._tokens, self._keys))

    def named(self, passages: Units) -> list[tuple[int, Places]]:
        """The parts whose concept some units name, each with those units."""
        numbers = {name: number for number, name in enumerate(passages.concepts)} if self._concepts else {}
        held = [(part, numbers[concept]) for part, concept in self._concepts if concept in numbers]
        return [(part, passages.named[passages.named[:, 1] == number, 0]) for part, number in held]

    def score(self, similarity: Scores, weights: Scores, named: Sequence[tuple[int, Places]]) -> Scores:
        """MaxSim in 0…1 of each row of `similarity`. A part is matched by the best of its wordings, or by its name."""
        if not len(self._parts):
            return np.zeros(len(similarity))
        wordings = np.add.reduceat(weights, self._wordings)
        matched = np.add.reduceat(weights * similarity**2, self._wordings, axis=1) / np.maximum(wordings, 1e-9)
        best, weight = np.maximum.reduceat(matched, self._parts, axis=1), np.maximum.reduceat(wordings, self._parts)
        for part, rows in named:
            best[rows, part] = 1.0
        scores: Scores = best @ weight / max(float(weight.sum()), 1e-9)
        return scores
