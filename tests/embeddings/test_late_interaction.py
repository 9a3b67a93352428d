"""Late interaction against the formula written out with loops."""

from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
import pytest

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
    """As a TokenStore gives them, but that no vector is shared, and the token that is like nothing is one of zeros."""
    vectors, starts, spans, edges = [np.zeros((1, 4), np.float32)], list[int](), list[tuple[int, int]](), [0]
    names, named = list[str](), list[tuple[int, int]]()
    for held in passages:
        if len(starts):
            vectors.append(np.zeros((1, 4), np.float32))
        starts.append(sum(map(len, vectors)) - 1)
        for at, part in enumerate([*held.sentences, *([held.title] if held.title is not None else [])]):
            if at:
                starts.append(sum(map(len, vectors)))
            vectors.append(part)
            named += [(len(spans), len(names) + place) for place, _ in enumerate(chain(*held.concepts[at : at + 1]))]
            names += chain(*held.concepts[at : at + 1])
            spans.append((at, at + (at < len(held.sentences))))
        edges.append(len(starts))
    stacked = np.concatenate(vectors)
    kept = (np.array(starts, np.int64), np.array(spans, np.int64).reshape(-1, 2), np.array(edges, np.int64))
    return Units(stacked, np.arange(len(stacked)), *kept, np.array(named, np.int64).reshape(-1, 2), names)


def scored(parts: list[Part], sample: Units, held: Units) -> tuple[np.ndarray, list[list[float]]]:
    """What late interaction says of passages, and of their sentences."""
    late = LateInteraction(parts)
    similarity, weights, named = late.similarity(held), late.weights(Sample(sample)), late.named(held)
    of_passages = late.score(similarity.passages, weights, [(part, held.owners[units]) for part, units in named])
    of_units = late.score(similarity.units, weights, named)
    edges = zip(held.edges.tolist(), held.edges.tolist()[1:], strict=False)
    return of_passages, [of_units[start:end][~held.titles[start:end]].tolist() for start, end in edges]


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
    passages, sentences = scored([Part((token[None, :],)) for token in QUESTION], SAMPLE, SAMPLE)
    assert passages == pytest.approx([by_hand(held.vectors) for held in PASSAGES], abs=1e-5)
    for scores, held in zip(sentences, PASSAGES, strict=True):
        assert scores == pytest.approx([by_hand(vectors) for vectors in held.sentences], abs=1e-5)


def test_a_part_takes_its_best_wording_or_its_concept() -> None:
    wording = PASSAGES[1].vectors[:1] * 2
    one = [Part((QUESTION[:1], wording), "inf")]
    assert scored(one, SAMPLE, units([PASSAGES[1]]))[0] == pytest.approx([1.0], abs=1e-5)
    named = passage(2, 2, concepts=(frozenset(), frozenset({"inf"})))
    passages, ((first, second),) = scored(one, SAMPLE, units([named]))
    assert passages == pytest.approx([1.0]) and second == pytest.approx(1.0) and first < 1


def test_a_match_in_the_title_counts_for_the_passage_but_for_no_sentence_and_less() -> None:
    plain = PASSAGES[1]
    titled = replace(plain, title=unit(QUESTION[:1]))
    held = units([plain, titled])
    passages, sentences = scored([Part((QUESTION[:1],))], held, held)
    match = best(unit(QUESTION[:1])[0], plain.vectors)
    assert passages == pytest.approx([match**2, max(match, 0.7) ** 2], abs=1e-5)
    assert sentences[0] == pytest.approx(sentences[1], abs=1e-6) and len(sentences[1]) == 1


def test_nothing_asked_or_nothing_held_scores_zero() -> None:
    assert list(scored([], SAMPLE, SAMPLE)[0]) == [0, 0, 0]
    empty = units([Passage([np.zeros((0, 4), np.float32)], (frozenset(),))])
    assert list(scored([Part((QUESTION,))], SAMPLE, empty)[0]) == [0]
    none = units([])
    assert list(scored([Part((QUESTION,))], none, none)[0]) == []


def test_what_a_token_weighs_does_not_depend_on_those_asked_with_it() -> None:
    tokens = RANDOM.normal(size=(20, 4)).astype(np.float32)
    together = LateInteraction([Part((token[None, :],)) for token in tokens]).weights(Sample(SAMPLE))
    alone = [LateInteraction([Part((token[None, :],))]).weights(Sample(SAMPLE))[0] for token in tokens]
    assert together.tolist() == alone
