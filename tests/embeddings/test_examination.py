"""Breadth: how much of a passage matches as well as the best one."""

import pytest

from corpus.document import Span
from embeddings.examination import Look


@pytest.mark.parametrize(
    ("scores", "breadth"),
    [((0.8, 0.8), 1.0), ((0.8, 0.0), 0.25), ((0.4, 0.2), 0.5 * 0.25 + 0.25 * 0.75), ((1.6, 0.0), 0.25)],
)
def test_breadth_counts_sentences_by_their_length(scores: tuple[float, float], breadth: float) -> None:
    first, second = scores
    look = Look((0, 0), 0.8, 0.0, ((Span(0, 10), first), (Span(10, 40), second)), frozenset())
    assert look.breadth(0.8) == pytest.approx(breadth)


def test_nothing_matches_where_nothing_is_best() -> None:
    assert Look((0, 0), 0.0, 0.0, ((Span(0, 0), 0.0),), frozenset()).breadth(0.0) == 0
