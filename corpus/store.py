"""SQLite: documents with their bytes, passages, works, and which passages witness the same paragraph.

The source of truth. Ingest of a document is one transaction: all of it or none. The same bytes again change nothing;
changed bytes make a new version, in which unchanged paragraphs keep their numbers.
"""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from itertools import count
from pathlib import Path
from typing import Any

from corpus.checksums import log_faults
from corpus.database import ADVICE, Database
from corpus.document import CorpusError, Role, Work
from corpus.fulltext import Findable, FullText
from corpus.jobs import Jobs
from corpus.passages import numbered
from corpus.records import Draft, Row, draft_columns, passage_columns, work_columns
from corpus.shelves import Shelves
from corpus.watermark import Watermark
from corpus.witnesses import Body, are_witnesses

_WITH_SKETCHES, _WITH_CHANGES = 3, 4


class Outcome(StrEnum):
    """What ingest did with a file."""

    ADDED = "added"
    UNCHANGED = "unchanged"
    NEW_VERSION = "new version"


class Store(Shelves):
    """One collection. Safe to share between threads: each has its own connection.

    Every method raises CorpusError if SQLite can't do its part.
    """

    def __init__(self, path: Path) -> None:
        """Open the store at `path`, creating it; one that lacks what it has acknowledged is a CorpusError.

        Where its folder can't be written to it is only read.
        """
        database = Database(path)
        super().__init__(database)
        self.full_text = FullText(database)
        self.jobs = Jobs(database, self.changes)
        self.watermark = Watermark(path.with_name(f"{path.name}-last"))
        for fault in log_faults(database.log):
            raise CorpusError(f"{path}: {fault}; {ADVICE}")
        self._check()
        if database.is_writable:
            self._upgrade()

    def _check(self) -> None:
        """Raises CorpusError if it has not come through the last change that was acknowledged."""
        last = self.watermark.change()
        format_ = self._database.format()
        if last and not (format_ >= _WITH_CHANGES and self.changes.knows(last)):
            raise CorpusError(
                f"{self._database.path}: lacks its last change, number {last.number}: its log is damaged, or it was "
                "put back from a backup; `yinju doctor --repair` goes on from what is there, then ingest what is not"
            )

    def _upgrade(self) -> None:
        with self._database.transaction("IMMEDIATE"):
            before = self._database.upgrade()
            for member in self.members() if before < _WITH_SKETCHES else ():
                self._make_findable(member.document)
            if 0 < before < _WITH_CHANGES:
                self.changes.note(member.document for member in self.members())
        self._database.protect()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """What is done inside is done as a whole or not at all, and by nobody else meanwhile."""
        with self._database.transaction("IMMEDIATE"):
            yield
            last = self.changes.last()
        if not self._database.is_busy:
            self.watermark.set(last)

    def put(self, draft: Draft, today: datetime.date) -> Outcome:
        """Store one document: all of it or none. `today` becomes its access date if it is new.

        Raises CorpusError if its name was made of another file's path before.
        """
        columns = draft_columns(draft)
        with self.changing():
            name = draft.entry.document
            known = self._database.rows("SELECT * FROM documents WHERE id = ? ORDER BY version DESC LIMIT 1", name)
            is_back = self.withdrawn(name) is not None
            self._database.rows("DELETE FROM withdrawals WHERE document = ?", name)
            if draft.work:
                self._put_work(draft.work)
            if known and _is_same(known[0], draft, columns):
                if is_back:
                    self._make_findable(name)
                    self._align(known[0]["work"])
                return Outcome.ADDED if is_back else Outcome.UNCHANGED
            if known and draft.source and draft.source != known[0]["source"]:
                raise CorpusError(
                    f"{draft.source}: its name {name} is that of another file of the collection "
                    f"({known[0]['source'] or known[0]['file']}); rename it, or ingest it from that place"
                )
            before: Any = known[0] if known else {"version": 0, "accessed": today.isoformat(), "work": None}
            work = draft.work
            if not work:
                work = self._found_work(draft, before["work"])
                self._put_work(work)
            facts = {"version": before["version"] + 1, "work": work.id, "accessed": before["accessed"]}
            self._database.insert("documents", columns | facts)
            self._put_passages(draft, facts["version"])
            self.full_text.put(name, draft.findable)
            for affected in {work.id, before["work"] or work.id}:
                self._align(affected)
        return Outcome.NEW_VERSION if known and not is_back else Outcome.ADDED

    def withdraw(self, document: str, today: datetime.date) -> None:
        """Take a document out of the collection; its name stays, with the date. Raises CorpusError if there is none."""
        with self.changing():
            held = self.member(document)
            if held is None:
                already = self.withdrawn(document)
                told = f"was withdrawn on {already}" if already else f"no such document; there are {self._names()}"
                raise CorpusError(f"{document}: {told}")
            self._database.insert("withdrawals", {"document": document, "date": today.isoformat()})
            self._database.rows("DELETE FROM witnesses WHERE document = ?", document)
            self.full_text.drop(document)
            self.changes.note([document])
            self._align(held.work)

    def derive(self) -> None:
        """Work out anew what follows from the documents and their passages: witnesses, and what finds paragraphs."""
        with self._database.transaction("IMMEDIATE"):
            for member in self.members():
                self._make_findable(member.document)
            for work in self.works():
                self._align(work)

    @property
    def is_writable(self) -> bool:
        """Whether its folder can be written to; where it can't, what is there is read."""
        return self._database.is_writable

    def close(self) -> None:
        """Let go of this thread's connection."""
        self._database.close()

    def _names(self) -> str:
        return ", ".join(member.document for member in self.members()) or "none"

    def _put_work(self, work: Work) -> None:
        columns = work_columns(work)
        before = self.work(work.id)
        changes = ", ".join(f"{name} = excluded.{name}" for name in columns)
        self._database.insert("works", columns, f"ON CONFLICT (id) DO UPDATE SET {changes}")
        if before and before != work:
            self._align(work.id)

    def _found_work(self, draft: Draft, before: str | None) -> Work:
        """The work that another document witnesses too, else the one of its own that it had, else a new one."""
        name, origin = draft.entry.document, draft.entry.origin
        body = Body(passage.text for passage in draft.passages if passage.role is Role.BODY)
        for alike in self.full_text.alike(draft.findable.sketch, name):
            if are_witnesses(body, Body(passage.text for passage in self.body(alike))):
                return self._work_of(alike)
        earlier = self.work(before) if before else None
        if earlier and all(member.document == name for member in self.witnesses(earlier.id)):
            return earlier
        free = (id_ for at in count(1) if not self.work(id_ := name if at == 1 else f"{name}-{at}"))
        # A page's own date is the only one that it states.
        return Work(next(free), {draft.language: origin.title} if origin.title else {}, date=origin.published)

    def _work_of(self, document: str) -> Work:
        member = self.member(document)
        held = self.work(member.work) if member else None
        assert held, "a document's work is stored with it"
        return held

    def _make_findable(self, document: str) -> None:
        self.full_text.put(document, Findable.of(self.passages(document)))

    def _put_passages(self, draft: Draft, version: int) -> None:
        name = draft.entry.document
        for position, passage in enumerate(numbered(draft.passages, self.numbers(name))):
            place = {"version": version, "position": position}
            self._database.insert("passages", {**passage_columns(passage), **place})

    def _align(self, work: str) -> None:
        documents = [member.document for member in self.witnesses(work)]
        if documents:
            self.changes.note(documents)
        for document in documents:
            self._database.rows("DELETE FROM witnesses WHERE document = ?", document)
        for passage, base in self.alignment(work).items():
            document = passage.rpartition("/")[0]
            self._database.insert("witnesses", {"document": document, "passage": passage, "base": base})


def _is_same(row: Row, draft: Draft, columns: dict[str, Any]) -> bool:
    """Whether the draft is what the row holds: the same bytes, read alike, with the same facts about them."""
    compared = ("sha256", "reader", "origin", "extent", "language")
    same_work = draft.work is None or draft.work.id == row["work"]
    return same_work and all(row[name] == columns[name] for name in compared)
