"""Figures of ranked retrieval, pure: `ranked` is what came back, best first, and `gold` what should."""

from collections.abc import Collection, Sequence
from math import log2

import numpy as np

_RESAMPLES = 2000


def success_at_1(ranked: Sequence[str], gold: Collection[str]) -> float:
    """1 if the first one is gold."""
    return float(bool(ranked) and ranked[0] in gold)


def recall_at(k: int, ranked: Sequence[str], gold: Collection[str]) -> float:
    """The share of the gold among the first `k`, of as many as could stand there. `gold` is not empty."""
    return len(set(ranked[:k]) & set(gold)) / min(k, len(set(gold)))


def reciprocal_rank(ranked: Sequence[str], gold: Collection[str]) -> float:
    """1 / the place of the first gold one; 0 if there is none."""
    return next((1 / place for place, item in enumerate(ranked, 1) if item in gold), 0.0)


def precision(ranked: Sequence[str], gold: Collection[str]) -> float:
    """The share of gold in what came back; 0 if nothing did."""
    return sum(item in gold for item in ranked) / len(ranked) if ranked else 0.0


def ndcg_at(k: int, ranked: Sequence[str], gold: Collection[str]) -> float:
    """Discounted gain of the gold among the first `k`, as a share of the best possible (Järvelin & Kekäläinen 2002).

    `gold` is not empty; each is worth the same.
    """
    gained = sum(1 / log2(place + 1) for place, item in enumerate(ranked[:k], 1) if item in gold)
    return gained / sum(1 / log2(place + 1) for place in range(1, min(k, len(set(gold))) + 1))


def bootstrap(values: Sequence[float], share: float = 0.95) -> tuple[float, float]:
    """Where the mean of `values` lies in the middle `share` of resamples (Efron 1979); the same every time."""
    drawn = np.random.default_rng(0).choice(np.asarray(values, np.float64), (_RESAMPLES, len(values)))
    low, high = np.quantile(drawn.mean(axis=1), [(1 - share) / 2, (1 + share) / 2])
    return float(low), float(high)


def reliability(
    probabilities: Sequence[float], outcomes: Sequence[bool], bins: int = 10
) -> list[tuple[float, float, int]]:
    """Mean probability, share that came true, and count, for each of `bins` equal ranges that holds anything."""
    forecast, true = np.asarray(probabilities, np.float64), np.asarray(outcomes, np.float64)
    place = np.minimum((forecast * bins).astype(int), bins - 1)
    held = [place == at for at in range(bins)]
    return [(float(forecast[at].mean()), float(true[at].mean()), int(at.sum())) for at in held if at.any()]


def calibration_error(probabilities: Sequence[float], outcomes: Sequence[bool], bins: int = 10) -> float:
    """The expected calibration error (Naeini, Cooper & Hauskrecht 2015): the mean gap in `reliability`, by count."""
    table = reliability(probabilities, outcomes, bins)
    return sum(abs(said - came) * count for said, came, count in table) / max(1, sum(count for *_, count in table))
