"""Where a training batch comes from: pairs, neighbours in a document, questions, parts of a passage.

A batch holds pairs of one source, so that the other pairs are negatives of the same kind. ICT is the inverse cloze
task (Lee, Chang & Toutanova 2019): a part of a text has to find the rest, here also across languages.
"""

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from embeddings.training.switching import Lexicon
from embeddings.training.texts import Numbers, Texts

Random = np.random.Generator

DROPOUT = 0.15  # of tokens, so that no single one can carry a match
PAIRS, LONG_PAIRS = 1024, 512  # in a batch; fewer where passages are long
MONOLINGUAL = 0.25  # of the document batches, where thinning is all that parts the query from its sentence
SHORTEST_WINDOW, LONGEST_WINDOW = 3, 7  # sentences read as a passage


@dataclass(frozen=True)
class Batch:
    left: Texts
    right: Texts
    meanings: Numbers  # row of the teacher's view of the pair, −1 for none
    translated: bool  # the sides are in two languages, so that texts beside a text in its own language are negatives


class Source(Protocol):
    def batch(self, rng: Random) -> Batch: ...


@dataclass(frozen=True)
class Switch:
    """A lexicon and how much of a text it may replace."""

    lexicon: Lexicon
    share: float = 0.0

    def __call__(self, texts: Texts, rng: Random) -> Texts:
        return self.lexicon.switch(texts, self.share, rng) if self.share else texts


@dataclass(frozen=True)
class Pairs:
    """Sentences or words and their translations; in a batch words of one side are switched, never of both."""

    left: Texts
    right: Texts
    meanings: Numbers
    switch: tuple[Switch, Switch]

    def batch(self, rng: Random) -> Batch:
        rows = rng.choice(len(self.left), min(PAIRS, len(self.left)), replace=False)
        left, right = self.left.take(rows), self.right.take(rows)
        if rng.random() < 0.5:
            left = self.switch[0](left, rng)
        else:
            right = self.switch[1](right, rng)
        return Batch(left.thin(1 - DROPOUT, rng), right.thin(1 - DROPOUT, rng), self.meanings[rows], translated=True)


@dataclass(frozen=True)
class Questions:
    """Questions and the passages that answer them; one question per passage, lest a batch contradict itself."""

    questions: Texts
    passages: Texts
    answers: Numbers  # for each question, its passage
    switch_question: Switch

    def batch(self, rng: Random) -> Batch:
        shuffled = rng.permutation(len(self.questions))
        _, first = np.unique(self.answers[shuffled], return_index=True)
        rows = rng.permutation(shuffled[first])[:LONG_PAIRS]
        asked = self.switch_question(self.questions.take(rows), rng)
        passages = self.passages.take(self.answers[rows])
        return Batch(asked.thin(1 - DROPOUT, rng), passages.thin(1 - DROPOUT, rng), none(rows), translated=False)


@dataclass(frozen=True)
class Neighbours:
    """ICT over documents in two languages: a thinned part of one sentence finds the sentences around it."""

    left: Texts
    right: Texts
    switch: tuple[Switch, Switch]  # of the query, when it is of the left side or of the right

    def batch(self, rng: Random) -> Batch:
        first, last, asked = windows(len(self.left), rng)
        query, passage = self.left, self.right
        switch, other_switch = self.switch
        if rng.random() < 0.5:
            query, passage, switch = passage, query, other_switch
        if rng.random() < MONOLINGUAL:
            passage = query
        queries, passages = switch(part(query.take(asked), rng), rng), passage.join(first, last)
        return Batch(queries, passages.thin(1 - DROPOUT, rng), none(asked), translated=query is not passage)


@dataclass(frozen=True)
class Spans:
    """ICT within passages: a stretch of words finds the rest of its passage."""

    passages: Texts

    def batch(self, rng: Random) -> Batch:
        rows = rng.choice(len(self.passages), min(LONG_PAIRS, len(self.passages)), replace=False)
        taken = self.passages.take(rows)
        inside = stretches(taken, rng, least=0.05, most=0.3)
        rest = taken.keep(~inside).thin(1 - DROPOUT, rng)
        return Batch(taken.keep(inside), rest, none(rows), translated=False)


def windows(length: int, rng: Random) -> tuple[Numbers, Numbers, Numbers]:
    """Stretches of a document that do not overlap, and one sentence in each."""
    begins = np.arange(rng.integers(LONGEST_WINDOW), length - LONGEST_WINDOW, LONGEST_WINDOW)
    first = rng.permutation(begins)[:LONG_PAIRS]
    sizes = rng.integers(SHORTEST_WINDOW, LONGEST_WINDOW + 1, len(first))
    return first, first + sizes, first + rng.integers(0, sizes)


def part(texts: Texts, rng: Random) -> Texts:
    """Half of the time scattered words, half of the time one stretch."""
    if rng.random() < 0.5:
        shares = rng.uniform(0.35, 0.7, len(texts))
        return texts.thin(np.repeat(shares, texts.lengths), rng)
    return texts.keep(stretches(texts, rng, least=0.3, most=0.7))


def stretches(texts: Texts, rng: Random, least: float, most: float) -> NDArray[np.bool_]:
    """Marks one run of tokens in each text, of a random share of its length."""
    sizes = np.ceil(rng.uniform(least, most, len(texts)) * texts.lengths)
    begins = np.floor(rng.random(len(texts)) * (texts.lengths - sizes + 1))
    places = np.arange(len(texts.tokens)) - np.repeat(texts.offsets[:-1], texts.lengths)
    marked: NDArray[np.bool_] = (places >= begins[texts.owners]) & (places < (begins + sizes)[texts.owners])
    return marked


def none(rows: Numbers) -> Numbers:
    return np.full(len(rows), -1, dtype=np.int64)


def without_empty(batch: Batch) -> Batch:
    """Thinning can leave nothing of a short text; such pairs teach nothing."""
    rows = np.flatnonzero((batch.left.lengths > 0) & (batch.right.lengths > 0))
    return replace(batch, left=batch.left.take(rows), right=batch.right.take(rows), meanings=batch.meanings[rows])
