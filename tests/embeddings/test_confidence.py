"""Logistic regression: that it recovers what made the data, and what it says of evidence."""

import numpy as np
import pytest

from embeddings.confidence import CALIBRATED, Confidence, Evidence, fit
from embeddings.fusion import Background, standardised
from embeddings.metrics import precision, recall_at, reciprocal_rank, success_at_1


def test_fit_recovers_the_weights_that_made_the_answers() -> None:
    random = np.random.default_rng(11)
    truth = Confidence((2.0, -1.0, 0.5, 3.0, 1.0), -1.0, 0.5)
    evidence = [Evidence(*map(float, row)) for row in random.normal(size=(4000, 5))]
    answers = [bool(random.random() < truth.probability(item)) for item in evidence]
    found = fit(evidence, answers, 0.5)
    assert (*found.weights, found.bias) == pytest.approx((*truth.weights, truth.bias), abs=0.25)


def test_probabilities_are_probabilities_and_more_evidence_never_counts_less() -> None:
    weak, strong = Evidence(0.1, 0.1, 0, 0, 0), Evidence(0.9, 0.8, 4, 4, 0.8)
    assert 0 < CALIBRATED.probability(weak) < CALIBRATED.threshold < CALIBRATED.probability(strong) < 1
    assert all(weight >= 0 for weight in CALIBRATED.weights)
    assert 0 <= CALIBRATED.probability(Evidence(1e9, 1e9, 1e9, 1e9, 1e9)) <= 1


def test_standardised_scores_are_those_of_the_sample_and_sixteen_typical_passages() -> None:
    typical = Background(0.1, 0.2)
    sixteen = np.array([-0.1, 0.3] * 8)
    sample = np.random.default_rng(2).normal(0.4, 0.1, 50)
    pooled = np.concatenate([sample, sixteen])
    scores = np.array([0.9, 0.1])
    assert standardised(scores, sample, typical) == pytest.approx((scores - pooled.mean()) / pooled.std())
    assert standardised(scores, np.array([]), typical) == pytest.approx([4.0, 0.0])


def test_metrics_by_hand() -> None:
    ranked, gold = ["a", "b", "c", "d"], {"b", "d", "e"}
    assert (success_at_1(ranked, gold), success_at_1(ranked, {"a"}), success_at_1([], gold)) == (0, 1, 0)
    assert recall_at(2, ranked, gold) == 0.5 and recall_at(5, ranked, gold) == pytest.approx(2 / 3)
    assert reciprocal_rank(ranked, gold) == 0.5 and reciprocal_rank(ranked, {"x"}) == 0
    assert precision(ranked, gold) == 0.5 and precision([], gold) == 0
