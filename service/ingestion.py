"""Files in → store and index."""

import datetime
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import corpus
from corpus.catalogue import completed
from corpus.confinement import Confinement
from corpus.document import CorpusError, Role
from corpus.fulltext import Findable
from corpus.language import language_of
from corpus.parallel import CORES, ordered
from corpus.passages import split_file
from corpus.records import Draft
from corpus.store import Outcome, Store
from service.sources import Source, Unreadable, opened, sources

BUILT_IN = Path(corpus.__file__).parent / "statements"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file read and split, or why it can't be."""

    path: str
    draft: Draft | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one file: an outcome, or why it was skipped; `draft` is what it was read as."""

    path: str
    document: str | None = None
    outcome: Outcome | None = None
    problem: str | None = None
    draft: Draft | None = None


def ingest(store: Store, paths: Sequence[Path], told: Callable[[Report], None] = lambda report: None) -> list[Report]:
    """Store every file of `paths`, one transaction each; what can't be read is reported, and the rest goes on.

    `told` hears of each file as soon as its document is durably stored, or skipped.
    """
    reports = []
    for prepared in prepare(paths):
        report = _stored(store, prepared)
        told(report)
        reports.append(replace(report, draft=None))  # all drafts together would be all the files
    return reports


def _stored(store: Store, prepared: Prepared) -> Report:
    if prepared.draft is None:
        return Report(prepared.path, problem=prepared.problem)
    name = prepared.draft.entry.document
    try:
        return Report(prepared.path, name, store.put(prepared.draft, datetime.date.today()), draft=prepared.draft)
    except CorpusError as error:
        return Report(prepared.path, problem=str(error), draft=prepared.draft)


def prepare(paths: Sequence[Path]) -> Iterator[Prepared]:
    """Every file of `paths`, read and split, in order; no two of them have one name."""
    taken: dict[str, str] = {}
    for prepared in _in_order(paths):
        name = prepared.draft.entry.document if prepared.draft else None
        if name and taken.setdefault(name, prepared.path) != prepared.path:
            problem = f"{prepared.path}: would be called {name}, as {taken[name]} is; rename one of the two"
            yield Prepared(prepared.path, problem=problem)
        else:
            yield prepared


def _in_order(paths: Sequence[Path]) -> Iterator[Prepared]:
    """On all cores, each file in confinement, unless they are our own: no start has to wait for a process."""
    if list(paths) == [BUILT_IN]:
        yield from (_prepared(draft_of, source) for source in sources(paths))
        return
    with ThreadPoolExecutor(CORES) as pool, Confinement() as confinement:
        found = sources(paths, lambda file: confinement.run(str(file), opened, file))
        yield from ordered(pool, partial(_prepared, partial(confined_draft, confinement)), found)


def _prepared(drafted: Callable[[Source], Draft], source: Source | Unreadable) -> Prepared:
    if isinstance(source, Unreadable):
        return Prepared(source.label, problem=source.problem)
    try:
        return Prepared(source.label, drafted(source))
    except CorpusError as error:
        return Prepared(source.label, problem=str(error))


def confined_draft(confinement: Confinement, source: Source) -> Draft:
    """`draft_of`, where it does no harm. Raises CorpusError."""
    return confinement.run(source.label, draft_of, source)


def draft_of(source: Source) -> Draft:
    """Read and split a file: what is to be stored of it. Raises CorpusError."""
    reading = source.read()
    entry = completed(source.entry, reading)
    made = split_file(entry.document, reading, entry.extent)
    body = [passage.text for passage in made.passages if passage.role is Role.BODY]
    if not body:
        raise CorpusError(
            f"{source.label}: no paragraph in it reads like body text; give first and last in catalogue.toml"
        )
    found = language_of("".join(body))
    return Draft(
        reading=reading,
        entry=entry,
        language=source.entry.language or _agreed(reading.language, found),
        passages=made.passages,
        findable=Findable.of(made.passages),
        work=source.work,
        source=source.named_after,
        deleted=made.deleted,
    )


def _agreed(stated: str | None, found: str) -> str:
    """A page's own statement if it is of the same language: templates often state another than the text's."""
    return stated if stated and found == "und" else found
