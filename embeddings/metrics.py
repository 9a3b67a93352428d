"""Figures of ranked retrieval, pure: `ranked` is what came back, best first, and `gold` what should."""

from collections.abc import Collection, Sequence


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
