"""Killed at random moments: is all that was acknowledged there, is nothing damaged, does the next run finish?

    python -m benchmarks.crashes FOLDER [--rounds 200] [--seed 0]

Every round a process takes files in, withdraws one in eight of them, and builds and merges the index, and is killed
(SIGKILL) at a random moment between its start and a little after its usual end, or, every other time, soon after it
has come to a phase that is short. Then the store is audited as `yinju doctor` does, every document that was
acknowledged is looked for, what was withdrawn has to be gone and to say since when, and the index has to open if there
is one. The rounds go on with the same data until one is not killed in time; what it has made must be what an
undisturbed run makes. Then a third of the files change, or, each third time, the data folder is emptied.
"""

import argparse
import multiprocessing
import os
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

from rich.console import Console
from rich.progress import track

from benchmarks.files.making import files
from corpus.audit import audit
from service.collection import Collection
from service.ingestion import Report, ingest
from service.settings import Settings

_GONE = "gone"
_WITHDRAWN = 8  # of so many documents one
FILES = 40
_SHORT = ("withdrawing", "indexing again")  # phases in which few would be killed by chance
_SOON = 0.1  # seconds after which at most a process is killed that has come there
_AFTER = 1.15  # of the usual time: so long a round may take to be killed

_forking = multiprocessing.get_context("fork")  # what is imported already need not be imported 200 times


@dataclass(slots=True)
class Tally:
    """What came of the rounds: how many were killed, and in which phase."""

    killed: int = 0
    phases: Counter[str] = field(default_factory=Counter)
    finished: int = 0
    acknowledged: int = 0
    withdrawn: int = 0

    def __str__(self) -> str:
        return (
            f"{self.killed} killed ({', '.join(f'{count} {phase}' for phase, count in sorted(self.phases.items()))}), "
            f"{self.finished} finished; {self.acknowledged} documents and {self.withdrawn} withdrawals acknowledged"
        )


class Trial:
    """A folder of files, taken in again and again into a data folder."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.rng, self.tally, self.changes = folder, Random(seed), Tally(), 0
        self._put(range(FILES))
        # What every process needs is read once, before any is started.
        self.parts = Collection(Settings(data=folder / "unused"))
        self.parts.encoder.encode_query(["warm"])
        self.usual = self._timed()

    def _put(self, which: range) -> None:
        """Make files of these numbers anew."""
        (self.folder / "files").mkdir(parents=True, exist_ok=True)
        made = list(files(FILES, seed=self.changes))
        for number in which:
            for old in (self.folder / "files").glob(f"{number:05}.*"):
                old.unlink()
            (self.folder / "files" / made[number].name).write_bytes(made[number].data)

    def _timed(self) -> float:
        begun = time.perf_counter()
        self._finish(self.folder / "clean")
        return time.perf_counter() - begun

    def _finish(self, data: Path) -> None:
        shutil.rmtree(data, ignore_errors=True)
        process, pipe = self._started(data)
        while pipe.poll(None) and _received(pipe) is not None:
            pass
        process.join()

    def _started(self, data: Path) -> tuple[multiprocessing.Process, "Connection[object, object]"]:
        ours, theirs = _forking.Pipe(duplex=False)
        process = _forking.Process(target=self._take_in, args=(data, theirs))
        process.start()
        theirs.close()
        return process, ours  # type: ignore[return-value]

    def _take_in(self, data: Path, pipe: "Connection[object, object]") -> None:
        collection = self._collection(data)

        def told(report: Report) -> None:
            if report.document and report.draft:
                pipe.send((report.document, report.draft.reading.sha256))

        ingest(collection.store, [self.folder / "files"], told)
        pipe.send(("", "indexing"))
        collection.grow_index()
        pipe.send(("", "withdrawing"))
        for member in collection.store.members()[::_WITHDRAWN]:
            collection.store.withdraw(member.document, date.today())
            pipe.send((member.document, _GONE))
        pipe.send(("", "indexing again"))
        collection.grow_index()
        pipe.send(("", "merging"))
        collection.tidy_index()
        pipe.send(("", "done"))

    def _collection(self, data: Path) -> Collection:
        collection = Collection(Settings(data=data))
        collection.encoder, collection.glossary = self.parts.encoder, self.parts.glossary
        return collection

    def round(self) -> Iterator[str]:
        """Start, kill, look; a line for each thing that is wrong."""
        data = self.folder / "data"
        process, pipe = self._started(data)
        if phase := self.rng.choice((None, None, *_SHORT)):
            told = _heard(pipe, phase)
            process.join(_SOON * self.rng.random())
        else:
            # The sooner the likelier: a document is stored in less time than the index takes.
            process.join(_AFTER * self.usual * self.rng.random() ** 2)
            told = list[tuple[str, str]]()
        if process.is_alive() and process.pid:
            os.kill(process.pid, signal.SIGKILL)
        process.join()
        told += _heard(pipe)
        yield from self._wrong(data, {document: said for document, said in told if document})
        if ("", "done") in told:
            self.tally.finished += 1
            yield from self._unlike(data)
            self._go_on()
        else:
            self.tally.killed += 1
            reached = [said for document, said in told if not document]
            self.tally.phases[reached[-1] if reached else "ingesting" if told else "starting"] += 1

    def _wrong(self, data: Path, acknowledged: Mapping[str, str]) -> Iterator[str]:
        self.tally.acknowledged += len(acknowledged)
        self.tally.withdrawn += list(acknowledged.values()).count(_GONE)
        if not (data / "store.sqlite3").exists():
            if acknowledged:
                yield f"no store, but {len(acknowledged)} documents were acknowledged"
            return
        collection = self._collection(data)
        yield from audit(collection.store)
        yield from collection.index_problems()
        for name, said in acknowledged.items():
            document = collection.store.document(name)
            withdrawn = collection.store.withdrawn(name)  # perhaps a moment before it could be said
            if said == _GONE and (document or not withdrawn):
                yield f"{name}: was withdrawn, but is there"
            elif said != _GONE and not withdrawn and (document is None or document.sha256 != said):
                yield f"{name}: was acknowledged, but {'is not there' if document is None else 'with other bytes'}"

    def _unlike(self, data: Path) -> Iterator[str]:
        """In what a collection that was taken in with interruptions differs from one that was not."""
        collection = self._collection(data)
        if not collection.growth.is_current():
            yield "finished, but the index is behind the store"
        self._finish(self.folder / "clean")
        clean = self._collection(self.folder / "clean")
        one, other = (
            {row.text for batch in held.index().batches(range(1)) for row in batch.rows} for held in (collection, clean)
        )
        if one != other:
            yield f"finished, but {len(one ^ other)} paragraphs are not those of an undisturbed run"
        if [one.document for one in collection.store.members()] != [one.document for one in clean.store.members()]:
            yield "finished, but not with the documents of an undisturbed run"
        for document in clean.store.members():
            if collection.store.file(document.document) != clean.store.file(document.document):
                yield f"{document.document}: finished, but not with the file's bytes"

    def _go_on(self) -> None:
        self.changes += 1
        if self.changes % 3 == 0:
            shutil.rmtree(self.folder / "data")
        self._put(range(self.changes % 3, FILES, 3))


def _heard(pipe: "Connection[object, object]", until: str | None = None) -> list[tuple[str, str]]:
    """All that has been said, and is until a phase begins; the end of the process ends it too."""
    told = []
    while pipe.poll(None if until else 0) and (held := _received(pipe)) is not None:
        told.append(held)
        if held == ("", until):
            break
    return told


def _received(pipe: "Connection[object, object]") -> tuple[str, str] | None:
    """A document with its SHA-256 or that it is withdrawn, or how far the process is; None when that is dead, perhaps
    in the middle of a word."""
    try:
        document, said = pipe.recv()  # type: ignore[misc]
    except (EOFError, OSError):
        return None
    return str(document), str(said)  # type: ignore[has-type]


def main(folder: Path, rounds: int, seed: int) -> int:
    trial = Trial(folder, seed)
    problems = [
        f"round {number}: {problem}"
        for number in track(range(rounds), "killing", console=Console(stderr=True))
        for problem in trial.round()
    ]
    sys.stdout.write(f"{trial.tally}\n")
    sys.stdout.write("".join(f"PROBLEM {problem}\n" for problem in problems) or "nothing lost, nothing damaged\n")
    return 1 if problems else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    sys.exit(main(arguments.folder, arguments.rounds, arguments.seed))
