"""The pinned floors, on all questions, with the real model and index."""

from pathlib import Path

from service.collection import Collection
from service.evaluation import below_floor, evaluate, read_cases


def test_no_figure_is_below_its_floor(collection: Collection, quality: Path) -> None:
    figures, _ = evaluate(collection.answerer(), read_cases(quality))
    assert below_floor(quality, figures) == []


def test_there_are_enough_questions_and_their_ids_are_unique(quality: Path) -> None:
    cases = read_cases(quality)
    assert len({case.id for case in cases}) == len(cases) > 300
