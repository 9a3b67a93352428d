"""The pinned floors, on all questions, with the real model and index."""

import re
from pathlib import Path

import pytest

from service.collection import Collection
from service.evaluation import PARTS, Figures, below_floor, compare, evaluate, read_cases


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


def test_readme_states_what_each_part_of_the_ranking_does(collection: Collection, quality: Path) -> None:
    """To within the rounding and one question."""
    cases = [case for case in read_cases(quality) if case.group.endswith("/topic")]
    figures = compare(collection.index(), cases)
    readme = (quality.parents[1] / "README.md").read_text("utf-8")
    for part in PARTS:
        (row,) = re.findall(rf"^\| {part} \| ([\d. |]+) \|$", readme, re.MULTILINE)
        for language, stated in zip(("zh-Hans", "zh-Hant", "en", "ru"), row.split(" | "), strict=True):
            held = [parts[part] for group, parts in figures.items() if group.endswith(f" {language}/topic")]
            count = sum(group.count for group in held)
            right = sum(group.means["success@1"] * group.count for group in held)
            assert abs(right / count - float(stated)) <= 1 / count + 0.005


def test_there_are_enough_questions_and_their_ids_are_unique(quality: Path) -> None:
    cases = read_cases(quality)
    assert len({case.id for case in cases}) == len(cases) > 300
