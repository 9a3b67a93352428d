"""The pinned floors, on all questions, with the real model and index."""

import re
from pathlib import Path

import pytest

from service.collection import Collection
from service.evaluation import Figures, below_floor, evaluate, read_cases


@pytest.fixture(scope="module")
def figures(collection: Collection, quality: Path) -> dict[str, Figures]:
    return evaluate(collection.answerer(), read_cases(quality))[0]


def test_no_figure_is_below_its_floor(figures: dict[str, Figures], quality: Path) -> None:
    assert below_floor(quality, figures) == []


def test_readme_states_the_figures_that_are_measured(figures: dict[str, Figures], quality: Path) -> None:
    """To within the rounding and one question: the last float may differ between machines."""
    readme = (quality.parents[1] / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| `([\w-]+)` \((\d+)\)[^|]*\| ([\d. |]+)\|$", readme, re.MULTILINE)
    assert [name for name, *_ in rows] == ["dev", "own", "held-out"]
    for name, count, stated in rows:
        groups = [figures[f"{name} {language}/topic"] for language in ("zh-Hans", "zh-Hant", "en", "ru")]
        assert sum(group.count for group in groups) == int(count)
        for group, figure in zip(groups, stated.split("|"), strict=True):
            assert abs(group.means["success@1"] - float(figure)) <= 1 / group.count + 0.005


def test_there_are_enough_questions_and_their_ids_are_unique(quality: Path) -> None:
    cases = read_cases(quality)
    assert len({case.id for case in cases}) == len(cases) > 300
