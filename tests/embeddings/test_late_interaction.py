"""Late interaction against the formula written out with loops."""

import numpy as np
import pytest

from corpus.document import Span
from embeddings.late_interaction import LateInteraction, Part
from embeddings.tokens import Units, unit

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


def test_a_match_in_the_title_counts_for_the_passage_but_for_no_sentence_and_less() -> None:
    plain = PASSAGES[1]
    titled = Units(np.concatenate([plain.vectors, unit(QUESTION[:1])]), (0,), plain.sentences, plain.concepts, title=4)
    token = unit(QUESTION[:1])[0]
    one = LateInteraction([Part((QUESTION[:1],))], [plain, titled]).score([plain, titled])
    held = best(token, plain.vectors)
    assert one.passages == pytest.approx([held**2, max(held, 0.7) ** 2], abs=1e-5)
    assert one.sentences[0] == pytest.approx(one.sentences[1], abs=1e-6) and len(one.sentences[1]) == 1


def test_nothing_asked_or_nothing_held_scores_zero() -> None:
    assert list(LateInteraction([], PASSAGES).score(PASSAGES).passages) == [0, 0, 0]
    empty = Units(np.zeros((1, 4), np.float32), (0,), (Span(0, 0),), (frozenset(),))
    assert list(LateInteraction([Part((QUESTION,))], PASSAGES).score([empty]).passages) == [0]
