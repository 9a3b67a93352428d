"""Putting scores of different kinds on one scale: standardised against a sample of the collection itself.

Reciprocal rank fusion was measured to lose against sums of standardised scores, and ranks say nothing of how good the
best one is.
"""

from dataclasses import dataclass
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

_PRIOR = 16  # as many passages as the typical background counts for: it decides where a collection is tiny


def chance(count: int) -> float:
    """What the best of `count` unrelated passages reaches, in standard deviations above their mean.

    The expected maximum of as many independent normal variables grows like this, after Fisher & Tippett (1928).
    """
    return sqrt(2 * log(max(count, 1)))


@dataclass(frozen=True, slots=True)
class Background:
    """Mean and standard deviation of the scores of passages that have nothing to do with a question."""

    mean: float
    spread: float


def standardised(
    scores: NDArray[np.floating], sample: NDArray[np.floating], typical: Background
) -> NDArray[np.floating]:
    """`scores` in standard deviations above the mean of the collection's `sample`, shrunk towards `typical`."""
    count = len(sample) + _PRIOR
    mean = (sample.sum() + _PRIOR * typical.mean) / count
    squares = ((sample - mean) ** 2).sum() + _PRIOR * (typical.spread**2 + (typical.mean - mean) ** 2)
    margins: NDArray[np.floating] = (scores - mean) / np.sqrt(squares / count)
    return margins
