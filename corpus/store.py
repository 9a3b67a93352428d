"""SQLite: documents with their bytes, passages, works, and which passages witness the same paragraph.

The source of truth. Ingest of a document is one transaction: all of it or none. The same bytes again change nothing;
changed bytes make a new version, in which unchanged paragraphs keep their numbers.
"""

import datetime
import json
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from enum import StrEnum
from itertools import count, groupby
from pathlib import Path
from typing import Any

from corpus.changes import Changes
from corpus.database import Database
from corpus.document import CorpusError, Document, Member, Origin, Passage, Role, Work
from corpus.fulltext import Findable, FullText
from corpus.passages import Extent, numbered
from corpus.records import Draft, Row, document_of, draft_columns, dump, origin_of, passage_of, work_columns, work_of
from corpus.witnesses import Body, are_witnesses, bases

_PLACE = re.compile(r"([1-9][0-9]{0,8})(?:\.([1-9][0-9]{0,8}))?")
_WITH_SKETCHES, _WITH_CHANGES = 3, 4
_HELD = "d.id NOT IN (SELECT document FROM withdrawals)"
_CURRENT = f"d.version = (SELECT max(version) FROM documents WHERE id = d.id) AND {_HELD}"


class Outcome(StrEnum):
    """What ingest did with a file."""

    ADDED = "added"
    UNCHANGED = "unchanged"
    NEW_VERSION = "new version"


class Store:
    """One collection. Safe to share between threads: each has its own connection.

    Every method raises CorpusError if SQLite can't do its part.
    """

    def __init__(self, path: Path) -> None:
        """Open the store at `path`, creating it."""
        self._database = Database(path)
        self.full_text, self.changes = FullText(self._database), Changes(self._database)
        with self._database.transaction("IMMEDIATE"):
            before = self._database.upgrade()
            for member in self.members() if before < _WITH_SKETCHES else ():
                self._make_findable(member.document)
            if before < _WITH_CHANGES and (members := self.members()):
                self.changes.note(member.document for member in members)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """What is read inside is one state of the store, whatever is ingested meanwhile."""
        with self._database.transaction("DEFERRED"):
            yield

    # Writing.

    def put(self, draft: Draft, today: datetime.date) -> Outcome:
        """Store one document: all of it or none. `today` becomes its access date if it is new.

        Raises CorpusError if its name was made of another file's path before.
        """
        columns = draft_columns(draft)
        with self._database.transaction("IMMEDIATE"):
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
        with self._database.transaction("IMMEDIATE"):
            work = next((member.work for member in self._members("d.id = ?", document)), None)
            if work is None:
                already = self.withdrawn(document)
                told = f"was withdrawn on {already}" if already else f"no such document; there are {self._names()}"
                raise CorpusError(f"{document}: {told}")
            self._database.insert("withdrawals", {"document": document, "date": today.isoformat()})
            self._database.rows("DELETE FROM witnesses WHERE document = ?", document)
            self.full_text.drop(document)
            self.changes.note([document])
            self._align(work)

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
        if earlier and all(member.document == name for member in self._members("d.work = ?", earlier.id)):
            return earlier
        free = (id_ for at in count(1) if not self.work(id_ := name if at == 1 else f"{name}-{at}"))
        # A page's own date is the only one that it states.
        return Work(next(free), {draft.language: origin.title} if origin.title else {}, date=origin.published)

    def _work_of(self, document: str) -> Work:
        (member,) = self._members("d.id = ?", document)
        held = self.work(member.work)
        assert held, "a document's work is stored with it"
        return held

    def _make_findable(self, document: str) -> None:
        self.full_text.put(document, Findable.of(self.passages(document)))

    def _put_passages(self, draft: Draft, version: int) -> None:
        name = draft.entry.document
        for position, passage in enumerate(numbered(draft.passages, self.numbers(name))):
            columns = {
                "document": name,
                "version": version,
                "position": position,
                "role": passage.role,
                "spans": dump(passage.spans),
                "text": passage.text,
                "number": passage.number,
                "ordinal": passage.ordinal,
                "part": passage.part,
            }
            self._database.insert("passages", columns)

    def _align(self, work: str) -> None:
        documents = [member.document for member in self._members("d.work = ?", work)]
        if documents:
            self.changes.note(documents)
        for document in documents:
            self._database.rows("DELETE FROM witnesses WHERE document = ?", document)
        for passage, base in self.alignment(work).items():
            document = passage.rpartition("/")[0]
            self._database.insert("witnesses", {"document": document, "passage": passage, "base": base})

    # Reading.

    def work(self, name: str) -> Work | None:
        """One work; None if there is none of this name."""
        rows = self._database.rows("SELECT * FROM works WHERE id = ?", name)
        return work_of(rows[0]) if rows else None

    def works(self) -> dict[str, Work]:
        """Every work by its id."""
        return {row["id"]: work_of(row) for row in self._database.rows("SELECT * FROM works ORDER BY id")}

    def members(self) -> list[Member]:
        """Every document with its work and language, by id."""
        return self._members("1")

    def _members(self, condition: str, *values: str) -> list[Member]:
        query = f"SELECT id, work, language FROM documents d WHERE {condition} AND {_CURRENT} ORDER BY id"
        return [Member(*row) for row in self._database.rows(query, *values)]

    def origins(self, document: str | None = None) -> list[tuple[Member, Origin]]:
        """Every document, or one, with where it comes from, by id; without its text, so that many can be held."""
        one, values = ("d.id = ?", [document]) if document else ("1", [])
        query = f"SELECT id, work, language, origin FROM documents d WHERE {one} AND {_CURRENT} ORDER BY id"
        return [(Member(*row[:3]), origin_of(row["origin"])) for row in self._database.rows(query, *values)]

    def documents(self) -> list[Document]:
        """The current version of every document, by id."""
        query = f"SELECT * FROM documents d WHERE {_CURRENT} ORDER BY id"
        return [document_of(row) for row in self._database.rows(query)]

    def document(self, name: str, version: int | None = None) -> Document | None:
        """One document, in its current version unless another is asked for; None if it has been withdrawn."""
        wanted = f"d.version = ? AND {_HELD}" if version else f"? IS NULL AND {_CURRENT}"
        rows = self._database.rows(f"SELECT * FROM documents d WHERE d.id = ? AND {wanted}", name, version)
        return document_of(rows[0]) if rows else None

    def withdrawn(self, document: str) -> datetime.date | None:
        """When a document was withdrawn; None if it wasn't."""
        rows = self._database.rows("SELECT date FROM withdrawals WHERE document = ?", document)
        return datetime.date.fromisoformat(rows[0]["date"]) if rows else None

    def passages(self, document: str, version: int | None = None) -> list[Passage]:
        """All paragraphs of a document, in order, whatever their role; of its current version unless one is given."""
        current = "(SELECT max(version) FROM documents WHERE id = p.document)"
        query = f"SELECT * FROM passages p WHERE document = ? AND version = coalesce(?, {current}) ORDER BY position"
        return [passage_of(row) for row in self._database.rows(query, document, version)]

    def body(self, document: str) -> list[Passage]:
        """The numbered paragraphs of a document's current version."""
        return [passage for passage in self.passages(document) if passage.number is not None]

    def numbers(self, document: str) -> dict[int, tuple[str, ...]]:
        """Every number that was ever given in a document, with the text that it stands for, part by part."""
        query = (
            "SELECT DISTINCT number, part, text FROM passages WHERE document = ? AND number NOT NULL "
            "ORDER BY number, part"
        )
        rows = self._database.rows(query, document)
        return {
            number: tuple(row["text"] for row in held)
            for number, held in groupby(rows, key=lambda row: int(row["number"]))
        }

    def passage(self, name: str) -> tuple[Document, Passage] | None:
        """The passage called `document/number` with the newest version of its document that holds it."""
        document, _, place = name.rpartition("/")
        match = _PLACE.fullmatch(place)
        if not match:
            return None
        query = "SELECT * FROM passages WHERE document = ? AND number = ? AND part IS ? ORDER BY version DESC LIMIT 1"
        with self.reading():
            rows = self._database.rows(query, document, int(match[1]), int(match[2]) if match[2] else None)
            held = self.document(document, rows[0]["version"]) if rows else None
        return (held, passage_of(rows[0])) if held else None

    def group(self, passage: str) -> list[str]:
        """The ids of all passages that witness the same paragraph as `passage`, itself included, the base first."""
        query = "SELECT passage, base FROM witnesses WHERE base = (SELECT base FROM witnesses WHERE passage = ?)"
        rows = self._database.rows(query, passage)
        return sorted((row["passage"] for row in rows), key=lambda name: (name != rows[0]["base"], name)) or [passage]

    def alignment(self, work: str) -> dict[str, str]:
        """Every body paragraph of a work's documents → the base it witnesses, worked out anew."""
        held = self.work(work)
        base = held.base if held else None
        documents = [member.document for member in self._members("d.work = ?", work)]
        return bases([self.body(name) for name in sorted(documents, key=lambda name: (name != base, name))])

    def paragraphs(self, documents: Collection[str] | None = None) -> Iterator[list[Passage]]:
        """Every body paragraph once, as the passages that witness it, the base first; in the order of the bases.

        With `documents`, only those whose base is in one of them. One document is held at a time.
        """
        names = [member.document for member in self.members()] if documents is None else sorted(documents)
        for name in names:
            yield from self._paragraphs_of(name)

    def count(self, documents: Collection[str] | None = None) -> int:
        """How many passages there are, in all documents or in these."""
        if documents is None:
            return int(self._database.rows("SELECT count(*) FROM witnesses")[0][0])
        query = "SELECT count(*) FROM witnesses WHERE document = ?"
        return sum(int(self._database.rows(query, name)[0][0]) for name in documents)

    def _paragraphs_of(self, document: str) -> list[list[Passage]]:
        own = "SELECT passage FROM witnesses WHERE document = ? AND base = passage"
        query = f"SELECT document, passage, base FROM witnesses WHERE base IN ({own}) ORDER BY passage <> base, passage"
        groups: dict[str, list[Passage]] = {}
        with self.reading():
            rows = self._database.rows(query, document)
            names = dict.fromkeys([document, *(row["document"] for row in rows)])
            held = {passage.id: passage for name in names for passage in self.body(name)}
        for row in rows:
            groups.setdefault(row["base"], []).append(held[row["passage"]])
        return [groups[passage] for passage in held if passage in groups]

    def broken_pages(self) -> list[str]:
        """What SQLite's own check finds wrong with the file; empty if nothing."""
        found = [row[0] for row in self._database.rows("PRAGMA integrity_check")]
        return [] if found == ["ok"] else found

    def kept(self) -> Iterator[tuple[Document, str, bytes, Extent]]:
        """Every version of every document with its file's name, its bytes as stored, and the extent it was split by."""
        for row in self._database.rows("SELECT id, version FROM documents ORDER BY id, version"):
            (held,) = self._database.rows("SELECT * FROM documents WHERE id = ? AND version = ?", *row)
            yield document_of(held), held["file"], held["data"], Extent(**json.loads(held["extent"]))


def _is_same(row: Row, draft: Draft, columns: dict[str, Any]) -> bool:
    """Whether the draft is what the row holds: the same bytes, read alike, with the same facts about them."""
    compared = ("sha256", "reader", "origin", "extent", "language")
    same_work = draft.work is None or draft.work.id == row["work"]
    return same_work and all(row[name] == columns[name] for name in compared)
