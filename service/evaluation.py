"""Questions with known answers, asked like any other → figures by question file, language and kind; pinned floors.

A quality folder holds `questions/*.tsv` (id, language, kind, question, gold keys or "-"), `questions/*.jsonl`
(follow-ups), `passages.tsv` (gold key → passage id) and `floors.toml`.
"""

import hashlib
import json
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from corpus.document import CorpusError, Span
from corpus.sentences import sentences
from embeddings.index import Index
from embeddings.metrics import bootstrap, ndcg_at, precision, recall_at, reciprocal_rank, success_at_1
from embeddings.query import Query
from service.answer import Answer, Answerer, highlighted
from service.question import understand

TOP_K = 10
_FEW = 5  # quotes, as a reader gets them who says nothing of how many
_HELD_OUT = "held-out"  # the question file of this name


@dataclass(frozen=True, slots=True)
class Case:
    """A question with the ids of the passages that answer it; none if nothing does."""

    id: str
    group: str
    question: str
    gold: frozenset[str]
    history: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """What sort of question it is: the end of its group."""
        return self.group.rpartition("/")[2]

    @property
    def is_held_out(self) -> bool:
        """Whether it is only to be measured: never shown, and nothing learned from it."""
        return self.group.startswith(_HELD_OUT)


@dataclass(frozen=True, slots=True)
class Figures:
    """Means of several cases, each with the interval that holds it in 95 % of resamples of the cases."""

    count: int
    means: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A case as it was answered: its figures, and the first passages that came back with their scores."""

    case: Case
    figures: Mapping[str, float]
    got: tuple[tuple[str, float], ...]

    @property
    def is_wrong(self) -> bool:
        """Whether the first quote is wrong or missing, or there is one although nothing answers."""
        return self.figures.get("success@1", self.figures.get("refused")) == 0


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


def evaluate(answerer: Answerer, cases: Sequence[Case]) -> list[Outcome]:
    """Ask every case, like any user would."""
    outcomes = []
    for case in cases:
        answer = answerer.ask(case.question, TOP_K, history=case.history)
        got = tuple((quote.passage_id, quote.score) for quote in (answer.quotes or answer.nearest)[:3])
        figures = _judge(_ranked(answer, case.gold), case.gold, answer.answered)
        if case.gold:
            few = answerer.ask(case.question, _FEW, history=case.history)
            figures |= {"statements@5": _statements(_ranked(few, case.gold), case.gold)}
        outcomes.append(Outcome(case, figures, got))
    return outcomes


def grouped(outcomes: Sequence[Outcome]) -> dict[str, Figures]:
    """The figures of each group."""
    groups: dict[str, list[Mapping[str, float]]] = defaultdict(list)
    for outcome in outcomes:
        groups[outcome.case.group].append(outcome.figures)
    return {group: means(rows) for group, rows in sorted(groups.items())}


def overall(outcomes: Sequence[Outcome]) -> dict[str, Figures]:
    """The figures of each language and kind, and of each kind, all question files together."""
    groups: dict[str, list[Mapping[str, float]]] = defaultdict(list)
    for outcome in outcomes:
        language = outcome.case.group.rpartition("/")[0].rpartition(" ")[2]
        groups[f"{outcome.case.kind} {language}"].append(outcome.figures)
        groups[outcome.case.kind].append(outcome.figures)
    return {group: means(rows) for group, rows in sorted(groups.items())}


def worst(outcomes: Sequence[Outcome]) -> list[str]:
    """A line for each wrong outcome that is not held out, those that the service was surest of first."""
    wrong = [held for held in outcomes if held.is_wrong and not held.case.is_held_out]
    wrong.sort(key=lambda held: -max((score for _, score in held.got), default=0.0))
    return [
        f"{held.case.id} {held.case.group} {held.case.question!r}: wanted {sorted(held.case.gold)}, "
        f"got {', '.join(f'{name} {score}' for name, score in held.got)}"
        for held in wrong
    ]


def means(rows: Sequence[Mapping[str, float]]) -> Figures:
    """The mean of each figure over `rows`, which all have the same."""
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    return Figures(
        len(rows),
        {name: round(fmean(values), 4) for name, values in columns.items()},
        {name: bootstrap(values) for name, values in columns.items()},
    )


def _ranked(answer: Answer, gold: frozenset[str]) -> list[str]:
    """The passages quoted; one that a witness holds counts as that witness's if only it is gold."""
    return [
        next((name for name in (quote.passage_id, *(w.passage_id for w in quote.witnesses)) if name in gold), "")
        or quote.passage_id
        for quote in answer.quotes
    ]


def _judge(ranked: Sequence[str], gold: frozenset[str], answered: bool) -> dict[str, float]:
    if not gold:
        return {"refused": float(not answered)}
    return {
        "success@1": success_at_1(ranked, gold),
        "recall@5": recall_at(5, ranked, gold),
        "mrr@10": reciprocal_rank(ranked, gold),
        "ndcg@10": ndcg_at(TOP_K, ranked, gold),
        "precision": precision(ranked, gold),
        "wrongly refused": float(not answered),
    }


def _statements(ranked: Sequence[str], gold: frozenset[str]) -> float:
    """Of the documents that answer, the share that `ranked` shows."""
    documents = {name.rpartition("/")[0] for name in gold}
    shown = {name.rpartition("/")[0] for name in ranked if name in gold}
    return len(shown) / min(_FEW, len(documents))


def highlights(index: Index, folder: Path) -> dict[str, Figures]:
    """How well the sentences that answer are found, in characters, by the language of the question.

    The folder's `highlights.tsv` has an id, the language, a passage, a question and the ordinals of its sentences.
    Raises CorpusError if it can't be read, or names a passage that the index does not hold.
    """
    rows: dict[str, list[Mapping[str, float]]] = defaultdict(list)
    try:
        for _, language, passage, question, ordinals in _fields(folder / "highlights.tsv"):
            asked = understand(question, (), {}, index.glossary)
            query = Query(asked.text, asked.mentions, documents=frozenset([passage.rpartition("/")[0]]))
            hit = next(hit for hit in index.search(query, index.size).hits if passage in hit.row.members)
            wanted = _characters(sentences(hit.row.text)[int(ordinal)] for ordinal in ordinals.split())
            marked = _characters(highlighted(hit))
            right = len(marked & wanted)
            rows[language].append({"precision": right / max(1, len(marked)), "recall": right / len(wanted)})
    except (OSError, ValueError, IndexError, StopIteration) as error:
        raise CorpusError(f"{folder / 'highlights.tsv'}: {error!r}") from error
    every = [row for held in rows.values() for row in held]
    return {language: means(held) for language, held in sorted(rows.items())} | {"all": means(every)}


def _characters(spans: Iterable[Span]) -> set[int]:
    return {at for span in spans for at in range(span.start, span.end)}


def digest(folder: Path) -> str:
    """SHA-256 over the questions and their gold: floors hold for just these."""
    sha256 = hashlib.sha256()
    for file in sorted([folder / "passages.tsv", *folder.glob("highlights.tsv"), *(folder / "questions").iterdir()]):
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
