"""Late interaction against the formula written out with loops."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from corpus.document import Span
from embeddings.encoder import unit
from embeddings.late_interaction import LateInteraction, Part, Sample
from embeddings.tokens import Units

RANDOM = np.random.default_rng(3)


@dataclass
class Passage:
    """Sentences of some vectors, what each names, and a title."""

    sentences: list[np.ndarray]
    concepts: tuple[frozenset[str], ...] = ()
    title: np.ndarray | None = None

    @property
    def vectors(self) -> np.ndarray:
        return np.concatenate(self.sentences)


def passage(*lengths: int, concepts: tuple[frozenset[str], ...] = ()) -> Passage:
    """A passage of sentences with so many tokens each."""
    drawn = (RANDOM.normal(size=(length, 4)).astype(np.float32) for length in lengths)
    return Passage([unit(vectors) for vectors in drawn], concepts or (frozenset(),) * len(lengths))


def units(passages: list[Passage]) -> Units:
    """As a TokenStore gives them, but that no vector is shared."""
    vectors, starts, titles, edges = [np.zeros((1, 4), np.float32)], list[int](), list[bool](), [0]
    for held in passages:
        if len(starts):
            vectors.append(np.zeros((1, 4), np.float32))
        starts.append(sum(map(len, vectors)) - 1)
        for at, part in enumerate([*held.sentences, *([held.title] if held.title is not None else [])]):
            if at:
                starts.append(sum(map(len, vectors)))
            vectors.append(part)
            titles.append(at == len(held.sentences))
        edges.append(len(starts))
    stacked = np.concatenate(vectors)
    spans = tuple(tuple(Span(at, at + 1) for at in range(len(held.sentences))) for held in passages)
    concepts = tuple(held.concepts for held in passages)
    kinds = np.array(starts, np.int64), np.array(titles, np.bool_), np.array(edges, np.int64)
    return Units(stacked, np.arange(len(stacked)), *kinds, spans, concepts)


PASSAGES = [passage(3, 2), passage(4), passage(1, 1, 1)]
SAMPLE = units(PASSAGES)
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
    interaction = LateInteraction([Part((token[None, :],)) for token in QUESTION], Sample(SAMPLE)).score(SAMPLE)
    assert interaction.passages == pytest.approx([by_hand(held.vectors) for held in PASSAGES], abs=1e-5)
    for scores, held in zip(interaction.sentences, PASSAGES, strict=True):
        assert scores == pytest.approx([by_hand(vectors) for vectors in held.sentences], abs=1e-5)


def test_a_part_takes_its_best_wording_or_its_concept() -> None:
    wording = PASSAGES[1].vectors[:1] * 2
    one = LateInteraction([Part((QUESTION[:1], wording), "inf")], Sample(SAMPLE))
    assert one.score(units([PASSAGES[1]])).passages == pytest.approx([1.0], abs=1e-5)
    named = passage(2, 2, concepts=(frozenset(), frozenset({"inf"})))
    scored = one.score(units([named]))
    assert scored.passages == pytest.approx([1.0]) and scored.sentences[0][1] == pytest.approx(1.0)
    assert scored.sentences[0][0] < 1


def test_a_match_in_the_title_counts_for_the_passage_but_for_no_sentence_and_less() -> None:
    plain = PASSAGES[1]
    titled = replace(plain, title=unit(QUESTION[:1]))
    held = units([plain, titled])
    one = LateInteraction([Part((QUESTION[:1],))], Sample(held)).score(held)
    match = best(unit(QUESTION[:1])[0], plain.vectors)
    assert one.passages == pytest.approx([match**2, max(match, 0.7) ** 2], abs=1e-5)
    assert one.sentences[0] == pytest.approx(one.sentences[1], abs=1e-6) and len(one.sentences[1]) == 1


def test_nothing_asked_or_nothing_held_scores_zero() -> None:
    assert list(LateInteraction([], Sample(SAMPLE)).score(SAMPLE).passages) == [0, 0, 0]
    empty = units([Passage([np.zeros((0, 4), np.float32)], (frozenset(),))])
    assert list(LateInteraction([Part((QUESTION,))], Sample(SAMPLE)).score(empty).passages) == [0]
    none = units([])
    assert list(LateInteraction([Part((QUESTION,))], Sample(none)).score(none).passages) == []
