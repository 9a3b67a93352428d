"""Putting scores of different kinds on one scale: standardised against a sample of the collection itself.

Reciprocal rank fusion was measured to lose against sums of standardised scores, and ranks say nothing of how good the
best one is.
"""

import numpy as np
from numpy.typing import NDArray

_LEAST_SPREAD = 1e-6  # a collection in which every passage scores alike tells nothing apart


def standardised(scores: NDArray[np.floating], background: NDArray[np.floating]) -> NDArray[np.floating]:
    """`scores` in standard deviations above the mean of `background`; 0 where the background has no spread."""
    spread = float(background.std()) if background.size else 0.0
    if spread < _LEAST_SPREAD:
        return np.zeros_like(scores)
    margins: NDArray[np.floating] = (scores - background.mean()) / spread
    return margins
