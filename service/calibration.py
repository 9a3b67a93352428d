"""Questions with known answers → the confidence fitted to them, what its threshold does, what each part is worth."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings.confidence import CALIBRATED, Confidence, Evidence, fit
from embeddings.hits import Hit
from embeddings.index import Index
from embeddings.metrics import calibration_error, recall_at, reliability, success_at_1
from embeddings.query import Query
from service.evaluation import TOP_K, Case, Figures, means
from service.question import understand

# The evidence that comes from each part of the search.
PARTS: Mapping[str, tuple[str, ...]] = {
    "passage vectors": ("dense_margin",),
    "BM25": ("lexical",),
    "late interaction": ("late", "best", "breadth"),
    "descriptions": ("described", "described_late"),
}


@dataclass(frozen=True, slots=True)
class Judged:
    """A case with all candidates for its question, and which of them answer it."""

    case: Case
    hits: tuple[Hit, ...]
    answers: tuple[bool, ...]


def judge(index: Index, cases: Sequence[Case]) -> list[Judged]:
    """Every candidate of each case, without follow-ups and dated questions: they test the understanding."""
    judged = []
    for case in cases:
        if not case.history and case.kind != "dated":
            asked = understand(case.question, (), {}, index.glossary)
            hits = tuple(index.search(Query(asked.text, asked.mentions, asked.phrases), index.size).hits)
            judged.append(Judged(case, hits, tuple(bool(case.gold & set(hit.row.paragraph)) for hit in hits)))
    return judged


def refit(judged: Sequence[Judged], without: Sequence[str] = ()) -> Confidence:
    """The confidence that fits these questions best, but for those held out, with some evidence left out."""
    learned = [held for held in judged if not held.case.is_held_out]
    evidence = [_muted(hit.evidence, without) for held in learned for hit in held.hits]
    answers = [answer for held in learned for answer in held.answers]
    return fit(evidence, answers, CALIBRATED.threshold, CALIBRATED.company)


def _muted(evidence: Evidence[float], without: Sequence[str]) -> Evidence[float]:
    return evidence._replace(**dict.fromkeys(without, 0.0))


def ablation(judged: Sequence[Judged]) -> dict[str, dict[str, Figures]]:
    """How well the candidates rank by all evidence, without one part's, and by one part's alone: row → kind → figures.

    Each row is fitted anew, so that the other parts may make up for what is missing; no threshold is applied.
    """
    every = {name for part in PARTS.values() for name in part}
    muted = {"all parts": set[str]()}
    muted |= {f"without {part}": set(names) for part, names in PARTS.items()}
    muted |= {f"{part} alone": every - set(names) for part, names in PARTS.items()}
    return {row: _ranked(judged, refit(judged, sorted(names)), sorted(names)) for row, names in muted.items()}


def _ranked(judged: Sequence[Judged], confidence: Confidence, without: Sequence[str]) -> dict[str, Figures]:
    rows: dict[str, list[Mapping[str, float]]] = defaultdict(list)
    for held in judged:
        if held.case.gold:
            # Ties by name: the hits come in the order of all parts together.
            order = {hit: -confidence.odds(_muted(hit.evidence, without)) for hit in held.hits}
            ordered = sorted(held.hits, key=lambda hit: (order[hit], hit.row.members))[:TOP_K]
            ranked = [next(iter(held.case.gold & set(hit.row.paragraph)), hit.row.paragraph[0]) for hit in ordered]
            gold = held.case.gold
            figures = {"success@1": success_at_1(ranked, gold), "recall@5": recall_at(5, ranked, gold)}
            rows[held.case.kind].append(figures)
    return {kind: means(figures) for kind, figures in sorted(rows.items())}


@dataclass(frozen=True, slots=True)
class Curve:
    """What a confidence says and what is true, of one set of questions.

    `reliability` has rows of mean probability, share that answers and count; `error` is the expected calibration error
    of the first candidate of each question. `thresholds` has, for each threshold, the share of unanswerable questions
    refused, of answerable ones wrongly refused, and of those that get a right first quote.
    """

    questions: int
    error: float
    reliability: list[tuple[float, float, int]]
    thresholds: list[tuple[float, float, float, float]]


def curve(judged: Sequence[Judged], confidence: Confidence = CALIBRATED) -> Curve:
    """How far `confidence` can be trusted on these questions."""
    first = []
    for held in judged:
        scores = [confidence.probability(hit.evidence) for hit in held.hits] or [0.0]
        at = int(np.argmax(scores))
        first.append((scores[at], bool(held.answers) and held.answers[at], bool(held.case.gold)))
    said, true, answerable = (np.array(column) for column in zip(*first, strict=True))
    return Curve(
        len(first),
        calibration_error(said.tolist(), true.tolist()),
        reliability(said.tolist(), true.tolist()),
        [
            (
                threshold,
                _share(said[~answerable] < threshold),
                _share(said[answerable] < threshold),
                _share((said >= threshold)[answerable] & true[answerable]),
            )
            for threshold in (0.1, 0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7)
        ],
    )


def _share(held: NDArray[np.bool_]) -> float:
    return float(held.mean()) if len(held) else 0.0
