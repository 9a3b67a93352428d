"""What is put into all contestants, and what they are asked: paragraphs of a collection, questions with answers."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from benchmarks.peers.passage import Passage
from corpus.store import Store
from service.collection import Collection
from service.evaluation import Case, read_cases
from service.ingestion import ingest
from service.lookup import Lookup
from service.settings import Settings

QUALITY = Path(__file__).parents[2] / "tests" / "quality"


@dataclass(frozen=True, slots=True)
class Holdings:
    """`passages` are the paragraphs, each in its base's wording; `base` has the base of every passage's paragraph."""

    passages: Sequence[Passage]
    base: Mapping[str, str]
    texts: Mapping[str, str]

    def holds(self, found: Passage) -> bool:
        """Whether it is a passage of the collection, word for word."""
        return self.texts.get(found.id) == found.text

    def answers(self, found: Passage, case: Case) -> bool:
        """Whether its paragraph is one of those that answer, in whatever wording."""
        return self.base[found.id] in {self.base[name] for name in case.gold}


def made(folder: Path, files: Sequence[Path]) -> Holdings:
    """Take files in, as a collection in `folder`."""
    collection = Collection(Settings(data=folder))
    problems = [report.problem for report in ingest(collection.store, files) if report.problem]
    if problems:
        raise RuntimeError("\n".join(problems))
    collection.build_index()
    return _held(collection.store, collection.lookup())


def _held(store: Store, lookup: Lookup) -> Holdings:
    groups = list(store.paragraphs())
    base = {passage.id: group[0].id for group in groups for passage in group}
    texts = {passage.id: passage.text for group in groups for passage in group}
    return Holdings([_passage(lookup, group[0].id) for group in groups], base, texts)


def _passage(lookup: Lookup, name: str) -> Passage:
    held = lookup.passage(name)
    assert held, "it was just listed"
    cited = held.citation
    return Passage(name, held.passage.text, cited.title or "", f"{cited.date or ''}", cited.source_url or "")


def cases(files: Sequence[Path], each: int | None) -> list[Case]:
    """The questions of `files`, of tests/quality if there are none; so many of each language, mixed."""
    alone = [case for case in (_read(files) if files else read_cases(QUALITY)) if not case.history]
    rng = Random(0)
    rng.shuffle(alone)
    return list(_first(alone, each)) if each else alone


def _read(files: Sequence[Path]) -> list[Case]:
    """Their gold is in the keys of tests/quality."""
    with TemporaryDirectory() as folder:
        shutil.copy(QUALITY / "passages.tsv", folder)
        (Path(folder) / "questions").mkdir()
        for file in files:
            shutil.copy(file, Path(folder) / "questions")
        return read_cases(Path(folder))


def _first(held: Sequence[Case], each: int) -> Iterator[Case]:
    counts: dict[str, int] = {}
    for case in held:
        counts[language(case)] = counts.get(language(case), 0) + 1
        if counts[language(case)] <= each:
            yield case


def language(case: Case) -> str:
    return case.group.rpartition("/")[0].rpartition(" ")[2]
