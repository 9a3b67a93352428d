"""Breadth: how much of a passage matches as well as the best one."""

import numpy as np
import pytest

from corpus.document import Span
from embeddings.examination import Looks
from embeddings.tokens import Units


def looks(spans: list[tuple[int, int]], scores: list[float]) -> Looks:
    """One passage of some units that have these scores."""
    nothing, starts = np.zeros((0, 2), np.int64), np.arange(len(spans))
    units = Units(np.zeros((0, 4), np.float32), starts, starts, np.array(spans), np.array([0, len(spans)]), nothing, ())
    return Looks([(0, 0)], units, np.array([0.8]), np.array(scores), np.zeros(1))


@pytest.mark.parametrize(
    ("scores", "breadth"),
    [((0.8, 0.8), 1.0), ((0.8, 0.0), 0.25), ((0.4, 0.2), 0.5 * 0.25 + 0.25 * 0.75), ((1.6, 0.0), 0.25)],
)
def test_breadth_counts_sentences_by_their_length(scores: tuple[float, float], breadth: float) -> None:
    held = looks([(0, 10), (10, 40), (0, 0)], [*scores, 0.7])
    assert held.breadth(0.8) == pytest.approx([breadth])
    assert held.sentences(0) == ((Span(0, 10), scores[0]), (Span(10, 40), scores[1]))  # without the title


def test_nothing_matches_where_nothing_is_best() -> None:
    held = looks([(0, 0)], [0.0])
    assert held.breadth(0.0) == [0] and held.sentences(0) == ((Span(0, 0), 0.0),)
