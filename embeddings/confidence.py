"""Evidence → the probability that a passage answers, by logistic regression; below the threshold nothing is quoted.

The features carry over to other collections: each is either absolute by construction or measured against the
collection's own background. `yinju evaluate --calibrate` refits the figures below from questions with known answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

Figure = TypeVar("Figure", float, NDArray[np.float64])

FITTED_ON = 112  # paragraphs
_RIDGE = 1.0  # penalty on the weights: the questions are few
_STEPS = 50


class Evidence(NamedTuple, Generic[Figure]):
    """What speaks for one passage, or, as arrays, for several.

    `late` is MaxSim in 0…1 and `best` that of the best candidate; `dense_margin` is in standard deviations above the
    collection's background, less what more passages than the weights were fitted on reach by chance; `lexical` is the
    share of the best possible BM25 score; `named` is 1 if the question names a concept; `described` and
    `described_late` say how well it fits the description of a concept in the passage; `breadth` is the share of the
    passage that matches as well as the best candidate does.
    """

    late: Figure
    best: Figure
    dense_margin: Figure
    lexical: Figure
    named: Figure
    described: Figure
    described_late: Figure
    breadth: Figure

    @property
    def features(self) -> tuple[Any, ...]:
        """What is weighed: a description counts where it fits in words too, and less where the passage itself does."""
        held: Any = self
        return (
            *(held.late, held.best, held.dense_margin, held.lexical, held.named, held.described),
            *(held.described * held.described_late, held.best * held.described_late),
            *(held.described * held.dense_margin, held.breadth),
        )


@dataclass(frozen=True, slots=True)
class Confidence:
    """A fitted model: one weight for each of the evidence's features, and a bias.

    A question is answered if the probability of some passage reaches `threshold`; in its company, what reaches
    `company` is quoted too.
    """

    weights: tuple[float, ...]
    bias: float
    threshold: float
    company: float

    def probability(self, evidence: Evidence[Figure]) -> Figure:
        """The probability that the passage behind `evidence` answers its question."""
        probability: Figure = 1 / (1 + np.exp(-np.clip(self.odds(evidence), -30.0, 30.0)))
        return probability

    def odds(self, evidence: Evidence[Figure]) -> Figure:
        """The logarithm of its odds."""
        odds: Figure = self.bias + sum(map(mul, self.weights, evidence.features))
        return odds


def fit(evidence: Sequence[Evidence[float]], answers: Sequence[bool], threshold: float, company: float) -> Confidence:
    """Ridge logistic regression by Newton's method; the bias is not penalised."""
    held = np.array([one.features for one in evidence])
    scale = np.maximum(held.std(axis=0), 1e-9)  # a ridge is only fair among features of one size
    features = np.column_stack([held / scale, np.ones(len(held))])
    labels = np.array(answers, dtype=np.float64)
    penalty = np.diag([_RIDGE] * len(scale) + [0.0])
    weights: NDArray[np.float64] = np.zeros(features.shape[1])
    for _ in range(_STEPS):
        predicted = 1 / (1 + np.exp(-features @ weights))
        gradient = features.T @ (predicted - labels) + penalty @ weights
        curvature = (features * (predicted * (1 - predicted))[:, None]).T @ features + penalty
        weights = weights - np.linalg.solve(curvature, gradient)
    fitted = tuple(round(float(weight), 3) for weight in weights[:-1] / scale)
    return Confidence(fitted, round(float(weights[-1]), 3), threshold, company)


CALIBRATED = Confidence(
    weights=(7.177, -1.549, 1.635, 2.099, -1.304, 0.599, 1.188, -5.602, -0.209, 0.448),
    bias=-8.073,
    threshold=0.39,
    company=0.1,
)
