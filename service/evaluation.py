"""Questions with known answers, asked like any other → figures by question file, language and kind; pinned floors.

A quality folder holds `questions/*.tsv` (id, language, kind, question, gold keys or "-"), `questions/*.jsonl`
(follow-ups), `passages.tsv` (gold key → passage id) and `floors.toml`.
"""

import hashlib
import json
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from corpus.document import CorpusError
from embeddings.confidence import Confidence, Evidence, fit
from embeddings.index import Hit, Index, Query
from embeddings.metrics import precision, recall_at, reciprocal_rank, success_at_1
from service.answer import Answer, Answerer
from service.question import understand

TOP_K = 10
HELD_OUT = "held-out"  # questions in the file of this name are measured, and never shown or learned from
# What each part says of a hit, in one table for `compare`.
PARTS: Mapping[str, Callable[[Hit], float]] = {
    "dense": lambda hit: hit.evidence.dense_margin,
    "lexical": lambda hit: hit.evidence.lexical,
    "late interaction": lambda hit: hit.evidence.late,
    "all": lambda hit: hit.score,
}
_LOOKED_AT = 40  # candidates of a question that calibration learns from


@dataclass(frozen=True, slots=True)
class Case:
    """A question with the ids of the passages that answer it; none if nothing does."""

    id: str
    group: str
    question: str
    gold: frozenset[str]
    history: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Figures:
    """Means of one group of cases."""

    count: int
    means: Mapping[str, float]


def read_cases(folder: Path) -> list[Case]:
    """Every case of a quality folder. Raises CorpusError if a file is missing or names an unknown gold key."""
    try:
        passages = dict(_fields(folder / "passages.tsv"))
        cases = [
            Case(row[0], f"{file.stem} {row[1]}/{row[2]}", row[3], _gold(passages, row[4]))
            for file in sorted((folder / "questions").glob("*.tsv"))
            for row in _fields(file)
        ]
        return cases + [
            case for file in sorted((folder / "questions").glob("*.jsonl")) for case in _followups(file, passages)
        ]
    except (OSError, IndexError, KeyError, ValueError) as error:
        raise CorpusError(f"{folder}: not a readable quality folder ({error!r})") from error


def _fields(path: Path) -> Iterator[list[str]]:
    for line in path.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


def _gold(passages: Mapping[str, str], keys: str) -> frozenset[str]:
    return frozenset(passages[key] for key in keys.split() if key != "-")


def _followups(path: Path, passages: Mapping[str, str]) -> Iterator[Case]:
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        *history, question = row["turns"]
        gold = _gold(passages, row["gold"])
        group = f"{path.stem} {row['lang']}/{'followup' if gold else 'none'}"
        yield Case(row["id"], group, question, gold, tuple(history))


def evaluate(answerer: Answerer, cases: Sequence[Case]) -> tuple[dict[str, Figures], list[str]]:
    """The figures of each group, and a line for each question whose first quote is wrong or that should be refused."""
    rows: dict[str, list[Mapping[str, float]]] = defaultdict(list)
    misses = []
    for case in cases:
        answer = answerer.ask(case.question, TOP_K, history=case.history)
        row = _judge(answer, case.gold)
        rows[case.group].append(row)
        if row.get("success@1", row.get("refused")) == 0 and not case.group.startswith(HELD_OUT):
            got = ", ".join(f"{quote.passage_id} {quote.score}" for quote in (answer.quotes or answer.nearest)[:3])
            misses.append(f"{case.id} {case.group} {case.question!r}: wanted {sorted(case.gold)}, got {got}")
    return {group: _means(held) for group, held in sorted(rows.items())}, misses


def _means(rows: Sequence[Mapping[str, float]]) -> Figures:
    return Figures(len(rows), {name: round(fmean(row[name] for row in rows), 4) for name in rows[0]})


def _judge(answer: Answer, gold: frozenset[str]) -> Mapping[str, float]:
    if not gold:
        return {"refused": float(not answer.answered)}
    ranked = [
        next((name for name in (quote.passage_id, *(w.passage_id for w in quote.witnesses)) if name in gold), "")
        or quote.passage_id
        for quote in answer.quotes
    ]
    return {
        "success@1": success_at_1(ranked, gold),
        "recall@5": recall_at(5, ranked, gold),
        "mrr@10": reciprocal_rank(ranked, gold),
        "precision": precision(ranked, gold),
        "wrongly refused": float(not answer.answered),
    }


def compare(index: Index, cases: Sequence[Case]) -> dict[str, dict[str, Figures]]:
    """What each part of the ranking would do alone, on the same candidates: group → part → figures."""
    rows: dict[str, dict[str, list[Mapping[str, float]]]] = defaultdict(lambda: defaultdict(list))
    for case in cases:
        hits = _hits(index, case, len(index.rows)) if case.gold else []
        for part, worth in PARTS.items() if hits else ():
            best = sorted(hits, key=worth, reverse=True)[:TOP_K]
            ranked = [next(iter(case.gold & set(hit.row.paragraph)), hit.row.paragraph[0]) for hit in best]
            figures = {"success@1": success_at_1(ranked, case.gold), "recall@5": recall_at(5, ranked, case.gold)}
            rows[case.group][part].append(figures)
    return {group: {part: _means(held) for part, held in parts.items()} for group, parts in sorted(rows.items())}


def calibrate(index: Index, cases: Sequence[Case], threshold: float) -> Confidence:
    """Refit the confidence on `cases`, without follow-ups and dated questions, which test something else."""
    evidence: list[Evidence] = []
    answers: list[bool] = []
    for case in cases:
        if not case.group.startswith(HELD_OUT):
            for hit in _hits(index, case, _LOOKED_AT):
                evidence.append(hit.evidence)
                answers.append(bool(case.gold & set(hit.row.paragraph)))
    return fit(evidence, answers, threshold)


def _hits(index: Index, case: Case, k: int) -> list[Hit]:
    """The best `k` candidates; none for follow-ups and dated questions, which are decided before the index is asked."""
    if case.history or case.group.endswith("/dated"):
        return []
    asked = understand(case.question, (), {}, index.glossary)
    return index.search(Query(asked.text, asked.mentions, asked.phrases), k).hits


def digest(folder: Path) -> str:
    """SHA-256 over the questions and their gold: floors hold for just these."""
    sha256 = hashlib.sha256()
    for file in sorted([folder / "passages.tsv", *(folder / "questions").iterdir()]):
        sha256.update(file.read_bytes())
    return sha256.hexdigest()


def below_floor(folder: Path, figures: Mapping[str, Figures]) -> list[str]:
    """A line for each figure under its floor, each group without one, and one if the questions are not those pinned."""
    try:
        floors = tomllib.loads((folder / "floors.toml").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CorpusError(f"{folder}: no readable floors.toml ({error})") from error
    problems = []
    if floors["digest"] != digest(folder):
        problems.append(f"the questions have changed; their digest is now {digest(folder)}")
    problems += [f"{group} has no floor" for group in figures if group not in floors["floors"]]
    for group, pinned in floors["floors"].items():
        for name, floor in pinned.items():
            reached = figures[group].means[name] if group in figures else None
            if reached is None or reached < floor:
                problems.append(f"{group}: {name} is {reached}, its floor is {floor}")
    return problems
