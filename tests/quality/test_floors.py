"""The pinned floors, on all questions and three collections, with the real model; README states the figures."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from embeddings.confidence import CALIBRATED
from service.calibration import Judged, ablation, curve, judge
from service.collection import Collection
from service.evaluation import (
    Figures,
    Outcome,
    below_floor,
    evaluate,
    grouped,
    highlights,
    overall,
    read_cases,
)
from service.ingestion import ingest
from service.settings import Settings

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
LANGUAGES = ("zh-Hans", "zh-Hant", "en", "ru")
OTHERS = ("second", "archive")  # collections beside the statements, as README's columns have them


@dataclass(frozen=True)
class Other:
    column: int
    folder: Path
    collection: Collection


@pytest.fixture(scope="module")
def outcomes(collection: Collection, quality: Path) -> list[Outcome]:
    return evaluate(collection.answerer(), read_cases(quality))


@pytest.fixture(scope="module")
def judged(collection: Collection, quality: Path) -> list[Judged]:
    return judge(collection.index(), read_cases(quality))


@pytest.fixture(scope="module", params=OTHERS)
def other(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, quality: Path) -> Other:
    folder = quality / request.param
    built = Collection(Settings(data=tmp_path_factory.mktemp(request.param)))
    assert all(report.problem is None for report in ingest(built.store, [folder / "documents"]))
    assert built.build_index()
    return Other(OTHERS.index(request.param), folder, built)


def states(figures: Figures, name: str, stated: str) -> bool:
    """Whether a rounded figure is the measured one, give or take one question: the last float differs by machine."""
    return abs(figures.means[name] - float(stated)) <= 1 / figures.count + 0.005


def test_no_figure_is_below_its_floor(outcomes: list[Outcome], quality: Path) -> None:
    assert below_floor(quality, grouped(outcomes)) == []


def test_readme_states_the_figures_that_are_measured(outcomes: list[Outcome]) -> None:
    every = overall(outcomes)
    held = overall([outcome for outcome in outcomes if outcome.case.is_held_out])
    rows = re.findall(r"^\| (\w+) \((\d+), (\d+) held out\) \| ([\w@ ]+) \| ([\d. |]+) \|$", README, re.MULTILINE)
    assert {kind for kind, *_ in rows} == {outcome.case.kind for outcome in outcomes}
    for kind, count, held_out, name, figures in rows:
        *by_language, total, unseen = figures.split(" | ")
        assert (every[kind].count, held[kind].count) == (int(count), int(held_out))
        assert states(every[kind], name, total) and states(held[kind], name, unseen), kind
        for language, stated in zip(LANGUAGES, by_language, strict=True):
            assert states(every[f"{kind} {language}"], name, stated), (kind, language)


def test_readme_states_what_each_part_of_the_ranking_is_worth(judged: list[Judged]) -> None:
    for part, kinds in ablation(judged).items():
        (row,) = re.findall(rf"^\| {part} \| ([\d. |]+) \|$", README, re.MULTILINE)
        cells = iter(row.split(" | "))
        for kind in ("topic", "paraphrase"):
            assert states(kinds[kind], "success@1", next(cells)) and states(kinds[kind], "recall@5", next(cells)), part


def test_readme_states_the_thresholds_and_how_far_scores_can_be_trusted(judged: list[Judged]) -> None:
    assert f"reaches {CALIBRATED.threshold};" in README and f"reaches {CALIBRATED.company} is quoted" in README
    held_out = [held for held in judged if held.case.is_held_out]
    seen = [held for held in judged if not held.case.is_held_out]
    (stated,) = re.findall(r"off by ([\d.]+) on average .* fitted to, by ([\d.]+) on those", README)
    assert [curve(seen).error, curve(held_out).error] == pytest.approx([float(error) for error in stated], abs=0.015)


def test_highlights_are_as_good_as_readme_says(collection: Collection, quality: Path) -> None:
    found = highlights(collection.index(), quality)["all"]
    (stated,) = re.findall(r"right ones by (\d+) % in precision and (\d+) % in recall, .* on (\d+)\s", README)
    assert found.count == int(stated[2])
    assert states(found, "precision", f"0.{stated[0]}") and states(found, "recall", f"0.{stated[1]}")


def test_other_collections_fare_as_readme_says(other: Other) -> None:
    cases = read_cases(other.folder)
    outcomes = evaluate(other.collection.answerer(), cases)
    assert below_floor(other.folder, grouped(outcomes)) == []
    every = overall(outcomes)
    rows = re.findall(r"^\| (\w+) \((\d+); (\d+)\) \| ([\w@ ]+) \| ([\d.]+) \| ([\d.]+) \|$", README, re.MULTILINE)
    assert {kind for kind, *_ in rows} == {"all", *(case.kind for case in cases)}
    for kind, *counts, name, first, second in rows:
        count, stated = int(counts[other.column]), (first, second)[other.column]
        if kind == "all":
            assert count == len(cases) and name == "calibration error"
            assert curve(judge(other.collection.index(), cases)).error == pytest.approx(float(stated), abs=0.015)
        else:
            assert every[kind].count == count and states(every[kind], name, stated), (kind, name)


def test_there_are_enough_questions_and_their_ids_are_unique(quality: Path) -> None:
    cases = read_cases(quality)
    assert len({case.id for case in cases}) == len(cases)
    answerable = [case for case in cases if case.gold]
    assert len(answerable) >= 150 and len(cases) - len(answerable) >= 150
    assert 0.25 < sum(case.is_held_out for case in cases) / len(cases) < 0.4
