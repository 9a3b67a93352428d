"""What a command does before it can answer, with its progress on stderr: files in, the index up to date."""

from itertools import count
from pathlib import Path

from corpus.store import Store
from service import built_in
from service.collection import Collection
from service.doors import intake, terminal
from service.doors.intake import FileOut
from service.ingestion import BUILT_IN, Report, ingest, prepare
from service.sources import files


def make_ready(collection: Collection) -> None:
    """Where documents are kept, an up-to-date index; of the built-in statements if there is nothing else."""
    if not collection.keeps_store:
        return
    if not collection.store.is_writable:
        told = f"{collection.settings.folder} can't be written to: what is there is served as it is"
        terminal.stderr().print(told, markup=False, soft_wrap=True)
        collection.answerer()
        return
    mark = collection.settings.folder / "built-in.sha256"
    if built_in.is_wanted(collection.store, mark):
        intake.summary(ingested(collection.store, [BUILT_IN]))
        built_in.taken_in(mark)
    build_index(collection)
    collection.answerer()


def ingested(store: Store, paths: list[Path], as_json: bool = False) -> list[Report]:
    total, done = len(files(paths)), count(1)
    with terminal.progress("Reading") as progress:

        def told(report: Report) -> None:
            if as_json:
                intake.line(FileOut.of(report))
            at = next(done)
            progress(at, max(at, total))  # an archive holds more than one

        return ingest(store, paths, told)


def tried(paths: list[Path], as_json: bool) -> bool:
    """Show what would be made of the files; whether any would be skipped."""
    skipped = False
    for prepared in prepare(paths):
        (intake.line if as_json else intake.trial)(FileOut.of_trial(prepared))
        skipped |= prepared.problem is not None
    return skipped


def build_index(collection: Collection) -> None:
    with terminal.progress("Indexing") as progress:
        built = collection.build_index(progress)
    terminal.stderr().print("index built" if built else "index up to date", markup=False)
