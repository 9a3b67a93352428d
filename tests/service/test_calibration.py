"""Calibration: learned from the questions that may be looked at, and told as it is."""

from pathlib import Path

import pytest

from embeddings.confidence import CALIBRATED, Evidence
from service.calibration import PARTS, Judged, ablation, curve, judge, refit
from service.collection import Collection
from service.evaluation import read_cases


@pytest.fixture(scope="module")
def judged(collection: Collection, quality: Path) -> list[Judged]:
    some = [case for case in read_cases(quality) if case.group.endswith(("en/topic", "en/none", "en/dated"))]
    return judge(collection.index(), some)


def test_every_candidate_is_judged_but_not_for_dated_questions(judged: list[Judged]) -> None:
    assert {held.case.kind for held in judged} == {"topic", "none"}
    topic = next(held for held in judged if held.case.id == "q001")
    assert any(topic.answers) and len(topic.hits) == len(topic.answers) > 30
    assert not any(any(held.answers) for held in judged if held.case.kind == "none")


def test_a_refit_does_not_see_the_questions_held_out(judged: list[Judged]) -> None:
    seen = [held for held in judged if not held.case.group.startswith("held-out")]
    assert len(seen) < len(judged) and refit(judged) == refit(seen)
    assert (refit(seen).threshold, refit(seen).company) == (CALIBRATED.threshold, CALIBRATED.company)


def test_evidence_left_out_weighs_nothing(judged: list[Judged]) -> None:
    names = [name for part in PARTS.values() for name in part]
    without = refit(judged, ["described", "described_late"])
    assert without.weights[5:9] == pytest.approx([0.0] * 4) and refit(judged).weights[5] != 0
    assert sorted(names) == sorted({*Evidence._fields} - {"named"})


def test_the_ablation_has_all_parts_each_one_left_out_and_each_one_alone(judged: list[Judged]) -> None:
    rows = ablation(judged)
    assert len(rows) == 1 + 2 * len(PARTS)
    every = rows["all parts"]["topic"].means
    assert every["success@1"] > 0.9
    assert all(kinds["topic"].means["success@1"] <= every["success@1"] + 0.03 for kinds in rows.values())
    assert rows["passage vectors alone"]["topic"].means["success@1"] < every["success@1"]


def test_the_curve_counts_every_question_once(judged: list[Judged]) -> None:
    told = curve(judged)
    assert told.questions == len(judged) == sum(count for _, _, count in told.reliability)
    refused = [row[1] for row in told.thresholds]
    wrongly = [row[2] for row in told.thresholds]
    right = [row[3] for row in told.thresholds]
    assert refused == sorted(refused) and wrongly == sorted(wrongly) and right == sorted(right, reverse=True)
    assert 0 <= told.error < 0.15
