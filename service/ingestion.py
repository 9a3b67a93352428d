"""Files in → store and index."""

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import corpus
from corpus.catalogue import Catalogue, load
from corpus.citation import title
from corpus.document import CorpusError, Passage, Role
from corpus.folding import letters
from corpus.language import language_of
from corpus.passages import split
from corpus.readers import read_file, suffixes
from corpus.records import Draft
from corpus.store import Outcome, Store
from embeddings.rows import Row

BUILT_IN = Path(corpus.__file__).parent / "statements"


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one file: an outcome, or why it was skipped."""

    path: Path
    document: str | None = None
    outcome: Outcome | None = None
    problem: str | None = None


def files_of(paths: Sequence[Path]) -> list[tuple[Path, Path]]:
    """(folder, file) for each file in `paths`, folders searched through; symbolic links in them are not followed."""
    found: list[tuple[Path, Path]] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(file for file in path.rglob("*") if file.suffix.lower() in suffixes())
            found.extend((path, file) for file in inside if file.is_file() and not file.is_symlink())
        else:
            found.append((path.parent, path))
    return found


def ingest(
    store: Store, paths: Sequence[Path], progress: Callable[[int, int], None] = lambda done, total: None
) -> list[Report]:
    """Store every file of `paths`, one transaction each; what can't be read is reported, and the rest goes on.

    `progress` is told how many files are done, and of how many.
    """
    files, reports = files_of(paths), []
    for report in _ingest(store, files):
        reports.append(report)
        progress(len(reports), len(files))
    return reports


def _ingest(store: Store, files: Sequence[tuple[Path, Path]]) -> Iterator[Report]:
    catalogues: dict[Path, Catalogue] = {}
    taken: dict[str, Path] = {}
    for folder, file in files:
        try:
            if folder not in catalogues:
                catalogues[folder] = load(folder)
            draft = draft_of(folder, file, catalogues[folder])
            name = draft.entry.document
            if taken.setdefault(name, file) != file:
                raise CorpusError(f"{file}: would be called {name}, as {taken[name]} is; rename one of the two")
            yield Report(file, name, store.put(draft, datetime.date.today()))
        except CorpusError as error:
            yield Report(file, problem=str(error))


def draft_of(folder: Path, file: Path, catalogue: Catalogue) -> Draft:
    """Read and split one file below `folder`. Raises CorpusError."""
    reading, path = read_file(file), file.relative_to(folder).as_posix()
    entry = catalogue.entry(path, reading.text)
    passages = split(entry.document, reading.text, entry.extent)
    body = [passage.text for passage in passages if passage.role is Role.BODY]
    if not body:
        raise CorpusError(f"{file}: no paragraph in it reads like body text; give first and last in catalogue.toml")
    return Draft(
        reading=reading,
        entry=entry,
        language=entry.language or language_of("".join(body)),
        passages=passages,
        work=catalogue.works[entry.work] if entry.work else None,
        source=None if path in catalogue.entries else str(file.resolve()),
    )


def rows(store: Store) -> list[Row]:
    """What the index is built from: every wording of every paragraph once."""
    works = store.works()
    titles = {document.id: title(works[document.work], document) or "" for document in store.documents()}
    return [row for group in store.paragraphs() for row in _wordings(group, titles)]


def _wordings(group: Sequence[Passage], titles: Mapping[str, str]) -> Iterator[Row]:
    wordings: dict[str, list[Passage]] = {}
    for passage in group:
        wordings.setdefault(letters(passage.text).text, []).append(passage)
    paragraph = tuple(passage.id for passage in group)
    for held in wordings.values():
        yield Row(tuple(passage.id for passage in held), paragraph, held[0].text, titles[held[0].document])
