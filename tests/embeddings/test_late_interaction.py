"""Late interaction against the formula written out with loops."""

import numpy as np
import pytest

from corpus.document import Span
from embeddings.encoder import Tokens
from embeddings.late_interaction import LateInteraction, Part, Units, units

RANDOM = np.random.default_rng(3)


def passage(*lengths: int, concepts: tuple[frozenset[str], ...] = ()) -> Units:
    """A passage of sentences with so many tokens each."""
    vectors = RANDOM.normal(size=(sum(lengths), 4))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    starts = tuple(int(start) for start in np.cumsum([0, *lengths[:-1]]))
    spans = tuple(Span(at, at + 1) for at in range(len(lengths)))
    return Units(vectors.astype(np.float32), starts, spans, concepts or (frozenset(),) * len(lengths))


PASSAGES = [passage(3, 2), passage(4), passage(1, 1, 1)]
QUESTION = RANDOM.normal(size=(3, 4)).astype(np.float32)


def best(token: np.ndarray, vectors: np.ndarray) -> float:
    return max(0.0, *(float(token @ vector / np.linalg.norm(token)) for vector in vectors))


def by_hand(vectors: np.ndarray) -> float:
    weights = [
        float(np.linalg.norm(token)) / (np.mean([best(token, held.vectors) for held in PASSAGES]) + 0.05)
        for token in QUESTION
    ]
    matched = [best(token, vectors) ** 2 for token in QUESTION]
    return float(np.dot(weights, matched) / np.sum(weights))


def test_passages_and_sentences_score_as_by_hand() -> None:
    interaction = LateInteraction([Part((token[None, :],)) for token in QUESTION], PASSAGES).score(PASSAGES)
    assert interaction.passages == pytest.approx([by_hand(held.vectors) for held in PASSAGES], abs=1e-5)
    assert interaction.sentences[0] == pytest.approx(
        [by_hand(PASSAGES[0].vectors[:3]), by_hand(PASSAGES[0].vectors[3:])], abs=1e-5
    )


def test_a_part_takes_its_best_wording_or_its_concept() -> None:
    wording = PASSAGES[1].vectors[:1] * 2
    one = LateInteraction([Part((QUESTION[:1], wording), "inf")], PASSAGES)
    assert one.score([PASSAGES[1]]).passages == pytest.approx([1.0], abs=1e-5)
    named = passage(2, 2, concepts=(frozenset(), frozenset({"inf"})))
    scored = one.score([named])
    assert scored.passages == pytest.approx([1.0]) and scored.sentences[0][1] == pytest.approx(1.0)
    assert scored.sentences[0][0] < 1


def test_breadth_is_the_share_of_a_passage_that_matches_as_well_as_the_best() -> None:
    wide, narrow = (
        passage(1, 1, concepts=(frozenset({"x"}),) * 2),
        passage(1, 1, concepts=(frozenset({"x"}), frozenset())),
    )
    scored = LateInteraction([Part((QUESTION[:1],), "x")], PASSAGES).score([wide, narrow])
    assert list(scored.passages) == [1, 1] and scored.breadths[0] == 1
    assert scored.breadths[1] == pytest.approx((1 + scored.sentences[1][1]) / 2)


def test_nothing_asked_or_nothing_held_scores_zero() -> None:
    assert list(LateInteraction([], PASSAGES).score(PASSAGES).passages) == [0, 0, 0]
    empty = units("", Tokens(np.zeros((0, 4), np.float32), ()), [])
    assert list(LateInteraction([Part((QUESTION,))], PASSAGES).score([empty]).passages) == [0]


def test_units_follow_the_sentences() -> None:
    text = "双方强调。双方反对！"
    tokens = Tokens(np.eye(4, dtype=np.float32) * 3, (Span(0, 2), Span(2, 4), Span(5, 7), Span(7, 9)))
    cut = units(text, tokens, [("oppose", Span(7, 9))])
    assert (cut.starts, cut.sentences) == ((0, 2), (Span(0, 5), Span(5, 10)))
    assert cut.concepts == (frozenset(), frozenset({"oppose"}))
    assert np.allclose(cut.vectors, np.eye(4))
