"""Evidence → the probability that a passage answers, by logistic regression; below the threshold nothing is quoted.

The features carry over to other collections: each is either absolute by construction or measured against the
collection's own background. `yinju evaluate --calibrate` refits the figures below from questions with known answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_RIDGE = 1.0  # penalty on the weights: the questions are few
_STEPS = 50


class Evidence(NamedTuple):
    """What speaks for one passage.

    `late` is MaxSim in 0…1, `breadth` the share of the passage that matches so, `lexical` the share of the best
    possible BM25 score; the margins are in standard deviations above the collection's background.
    """

    late: float
    breadth: float
    late_margin: float
    dense_margin: float
    lexical: float


@dataclass(frozen=True, slots=True)
class Confidence:
    """A fitted model: one weight for each feature of `Evidence`, and a bias."""

    weights: tuple[float, ...]
    bias: float
    threshold: float

    def probability(self, evidence: Evidence) -> float:
        """The probability that the passage behind `evidence` answers its question."""
        odds = self.bias + float(np.dot(self.weights, evidence))
        return float(1 / (1 + np.exp(-np.clip(odds, -30, 30))))


def fit(evidence: Sequence[Evidence], answers: Sequence[bool], threshold: float) -> Confidence:
    """Ridge logistic regression by Newton's method; the bias is not penalised."""
    features = np.column_stack([np.array(evidence), np.ones(len(evidence))])
    labels = np.array(answers, dtype=np.float64)
    penalty = np.diag([_RIDGE] * (features.shape[1] - 1) + [0.0])
    weights: NDArray[np.float64] = np.zeros(features.shape[1])
    for _ in range(_STEPS):
        predicted = 1 / (1 + np.exp(-features @ weights))
        gradient = features.T @ (predicted - labels) + penalty @ weights
        curvature = (features * (predicted * (1 - predicted))[:, None]).T @ features + penalty
        weights = weights - np.linalg.solve(curvature, gradient)
    return Confidence(
        tuple(round(float(weight), 3) for weight in weights[:-1]), round(float(weights[-1]), 3), threshold
    )


CALIBRATED = Confidence(weights=(1.477, 1.31, 0.618, 1.034, 2.975), bias=-7.457, threshold=0.21)
