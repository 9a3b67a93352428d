"""Logistic regression: that it recovers what made the data, and what it says of evidence."""

import numpy as np
import pytest

from embeddings.confidence import CALIBRATED, Confidence, Evidence, fit
from embeddings.fusion import Background, chance, standardised
from embeddings.metrics import (
    bootstrap,
    calibration_error,
    ndcg_at,
    precision,
    recall_at,
    reciprocal_rank,
    reliability,
    success_at_1,
)


def drawn(random: np.random.Generator) -> Evidence[float]:
    late, best, lexical, described_late = map(float, random.random(4))
    margin, described = float(random.normal(1, 2)), float(random.random() * 6)
    named, breadth = float(random.integers(2)), float(random.random())
    return Evidence(late, max(late, best), margin, lexical, named, described, described_late, breadth)


def test_fit_recovers_the_weights_that_made_the_answers() -> None:
    random = np.random.default_rng(11)
    truth = Confidence((3.0, -1.0, 0.5, 3.0, -1.0, 0.3, 0.5, -2.0, 0.1, 1.0), -2.0, 0.5, 0.1)
    evidence = [drawn(random) for _ in range(30_000)]
    answers = [bool(random.random() < truth.probability(item)) for item in evidence]
    found = fit(evidence, answers, 0.5, 0.1)
    assert (*found.weights, found.bias) == pytest.approx((*truth.weights, truth.bias), abs=0.35)
    assert (found.threshold, found.company) == (0.5, 0.1)


def test_what_is_weighed_of_evidence() -> None:
    evidence = Evidence(0.5, 0.8, 2.0, 0.3, 1.0, 4.0, 0.25, 0.6)
    assert evidence.features == pytest.approx((0.5, 0.8, 2.0, 0.3, 1.0, 4.0, 4.0 * 0.25, 0.8 * 0.25, 4.0 * 2.0, 0.6))


def test_probabilities_are_probabilities_and_a_better_match_counts_more() -> None:
    weak, strong = Evidence(0.1, 0.9, 0, 0, 0, 0, 0, 0.1), Evidence(0.9, 0.9, 4, 0.8, 1, 0, 0, 0.9)
    assert 0 < CALIBRATED.probability(weak) < CALIBRATED.company < CALIBRATED.threshold
    assert CALIBRATED.threshold < CALIBRATED.probability(strong) < 1
    for name in ("late", "dense_margin", "lexical", "breadth"):
        assert CALIBRATED.probability(strong) > CALIBRATED.probability(strong._replace(**{name: 0.1}))
    described = strong._replace(late=0.2, best=0.2, described=6.0, described_late=0.6)
    assert CALIBRATED.probability(described) > CALIBRATED.probability(described._replace(described=0, described_late=0))
    assert 0 <= CALIBRATED.probability(Evidence(*[1e9] * 8)) <= 1


def test_standardised_scores_are_those_of_the_sample_and_sixteen_typical_passages() -> None:
    typical = Background(0.1, 0.2)
    sixteen = np.array([-0.1, 0.3] * 8)
    sample = np.random.default_rng(2).normal(0.4, 0.1, 50)
    pooled = np.concatenate([sample, sixteen])
    scores = np.array([0.9, 0.1])
    assert standardised(scores, sample, typical) == pytest.approx((scores - pooled.mean()) / pooled.std())
    assert standardised(scores, np.array([]), typical) == pytest.approx([4.0, 0.0])


def test_chance_grows_as_the_best_of_so_many_unrelated_scores_does() -> None:
    scores = np.random.default_rng(3).normal(size=(2000, 1000))
    grown = scores.max(axis=1).mean() - scores[:, :100].max(axis=1).mean()
    assert chance(1000) - chance(100) == pytest.approx(grown, rel=0.1)
    assert chance(0) == chance(1) == 0


def test_metrics_by_hand() -> None:
    ranked, gold = ["a", "b", "c", "d"], {"b", "d", "e"}
    assert (success_at_1(ranked, gold), success_at_1(ranked, {"a"}), success_at_1([], gold)) == (0, 1, 0)
    assert recall_at(2, ranked, gold) == 0.5 and recall_at(5, ranked, gold) == pytest.approx(2 / 3)
    assert reciprocal_rank(ranked, gold) == 0.5 and reciprocal_rank(ranked, {"x"}) == 0
    assert precision(ranked, gold) == 0.5 and precision([], gold) == 0
    assert ndcg_at(10, ranked, {"a"}) == 1 and ndcg_at(10, ranked, {"x"}) == 0
    assert ndcg_at(10, ranked, {"b", "c"}) == pytest.approx((1 / np.log2(3) + 1 / 2) / (1 + 1 / np.log2(3)))


def test_a_bootstrap_interval_holds_the_mean_and_narrows_with_more_values() -> None:
    few, many = [0.0, 1.0] * 10, [0.0, 1.0] * 1000
    low, high = bootstrap(few)
    assert low < 0.5 < high and bootstrap(few) == (low, high)
    # The spread of a mean of n coins is 0.5/√n; 95 % lie within 1.96 of it.
    assert bootstrap(many) == pytest.approx((0.5 - 1.96 * 0.5 / 2000**0.5, 0.5 + 1.96 * 0.5 / 2000**0.5), abs=0.003)
    assert bootstrap([1.0, 1.0]) == (1.0, 1.0)


def test_calibration_is_the_gap_between_what_is_said_and_what_comes_true() -> None:
    said, came = [0.95, 0.9, 0.15, 0.1, 0.1, 1.0], [True, False, False, False, True, True]
    assert [value for row in reliability(said, came) for value in row] == pytest.approx(
        [*(0.35 / 3, 1 / 3, 3), *(2.85 / 3, 2 / 3, 3)]
    )
    assert calibration_error(said, came) == pytest.approx((abs(0.35 / 3 - 1 / 3) + abs(2.85 / 3 - 2 / 3)) / 2)
    assert calibration_error([], []) == 0
