"""SQLite: documents with their bytes, passages, works, and which passages witness the same paragraph.

The source of truth. Ingest of a document is one transaction: all of it or none. The same bytes again change nothing;
changed bytes make a new version, in which unchanged paragraphs keep their numbers.
"""

import datetime
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from itertools import count
from pathlib import Path
from typing import Any

from corpus.document import CorpusError, Document, Member, Passage, Role, Work
from corpus.passages import Extent, numbered
from corpus.records import Draft, document_of, draft_columns, dump, passage_of, work_columns, work_of
from corpus.witnesses import are_witnesses, bases

FORMAT = 1
_SCHEMA = (
    "CREATE TABLE works (id TEXT PRIMARY KEY, titles TEXT NOT NULL, places TEXT NOT NULL, date TEXT, base TEXT)",
    "CREATE TABLE documents (id TEXT NOT NULL, version INTEGER NOT NULL, work TEXT NOT NULL REFERENCES works (id), "
    "language TEXT NOT NULL, origin TEXT NOT NULL, extent TEXT NOT NULL, file TEXT NOT NULL, source TEXT, "
    "data BLOB NOT NULL, sha256 TEXT NOT NULL, text TEXT NOT NULL, text_sha256 TEXT, reader TEXT NOT NULL, "
    "accessed TEXT NOT NULL, PRIMARY KEY (id, version))",
    "CREATE TABLE passages (document TEXT NOT NULL, version INTEGER NOT NULL, position INTEGER NOT NULL, "
    "role TEXT NOT NULL, spans TEXT NOT NULL, text TEXT NOT NULL, number INTEGER, ordinal INTEGER, "
    "PRIMARY KEY (document, version, position), FOREIGN KEY (document, version) REFERENCES documents (id, version))",
    "CREATE INDEX passages_by_number ON passages (document, number, version)",
    "CREATE TABLE witnesses (document TEXT NOT NULL, passage TEXT PRIMARY KEY, base TEXT NOT NULL)",
    "CREATE INDEX witnesses_by_base ON witnesses (base)",
    f"PRAGMA user_version = {FORMAT}",
)
_CURRENT = "(SELECT max(version) FROM documents WHERE id = d.id)"
_ADVICE = {
    sqlite3.SQLITE_FULL: "free some space and try again; what was stored before is safe",
    sqlite3.SQLITE_BUSY: "another process is writing; try again",
    sqlite3.SQLITE_CANTOPEN: "check the path, and that the folder may be written to",
    sqlite3.SQLITE_READONLY: "check that the folder and the files in it may be written to",
}


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
        self._path = path
        self._local = threading.local()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CorpusError(f"{path.parent}: {error.strerror}; name another folder in YINJU_DATA") from error
        with self._transaction("IMMEDIATE"):
            (format_,) = self._rows("PRAGMA user_version")[0]
            if format_ not in (0, FORMAT):
                raise CorpusError(
                    f"{path}: has format {format_}, this version reads {FORMAT}; ingest into a new folder"
                )
            for statement in _SCHEMA if format_ == 0 else ():
                self._rows(statement)

    # Connections and transactions.

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            advice = _ADVICE.get(code, "run `yinju doctor`; if it finds damage, restore the file from a backup")
            raise CorpusError(f"{self._path}: {error}; {advice}") from error

    @property
    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, isolation_level=None, timeout=30)
            connection.row_factory = sqlite3.Row
            connection.executescript("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON")
            with suppress(sqlite3.OperationalError):  # another process is just switching the file to WAL
                connection.execute("PRAGMA journal_mode = WAL")
            self._local.connection = connection
        return connection

    @contextmanager
    def _transaction(self, kind: str) -> Iterator[None]:
        """All or nothing; one inside another is part of it."""
        with self._translated():
            connection = self._connection
            if connection.in_transaction:
                yield
                return
            connection.execute(f"BEGIN {kind}")
            try:
                yield
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:  # SQLite itself has rolled back if the disk was full
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[None]:
        """What is read inside is one state of the store, whatever is ingested meanwhile."""
        with self._transaction("DEFERRED"):
            yield

    def _rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        with self._translated():
            return self._connection.execute(query, values).fetchall()

    def _insert(self, table: str, columns: dict[str, Any], conflict: str = "") -> None:
        names = ", ".join(columns)
        marks = ", ".join("?" * len(columns))
        self._rows(f"INSERT INTO {table} ({names}) VALUES ({marks}) {conflict}", *columns.values())

    # Writing.

    def put(self, draft: Draft, today: datetime.date) -> Outcome:
        """Store one document: all of it or none. `today` becomes its access date if it is new.

        Raises CorpusError if its name was made of another file's path before.
        """
        columns = draft_columns(draft)
        with self._transaction("IMMEDIATE"):
            known = self._rows(
                "SELECT * FROM documents WHERE id = ? ORDER BY version DESC LIMIT 1", draft.entry.document
            )
            if draft.work:
                self._put_work(draft.work)
            if known and _is_same(known[0], draft, columns):
                return Outcome.UNCHANGED
            if known and draft.source and draft.source != known[0]["source"]:
                raise CorpusError(
                    f"{draft.source}: its name {draft.entry.document} is that of another file of the collection "
                    f"({known[0]['source'] or known[0]['file']}); rename it, or ingest it from that place"
                )
            before: Any = known[0] if known else {"version": 0, "accessed": today.isoformat(), "work": None}
            work = draft.work
            if not work:
                work = self._found_work(draft, before["work"])
                self._put_work(work)
            facts = {"version": before["version"] + 1, "work": work.id, "accessed": before["accessed"]}
            self._insert("documents", columns | facts)
            self._put_passages(draft, facts["version"])
            for affected in {work.id, before["work"] or work.id}:
                self._align(affected)
        return Outcome.NEW_VERSION if known else Outcome.ADDED

    def _put_work(self, work: Work) -> None:
        columns = work_columns(work)
        before = self.works().get(work.id)
        changes = ", ".join(f"{name} = excluded.{name}" for name in columns)
        self._insert("works", columns, f"ON CONFLICT (id) DO UPDATE SET {changes}")
        if before and before.base != work.base:
            self._align(work.id)

    def _found_work(self, draft: Draft, before: str | None) -> Work:
        """The work that another document witnesses too, else the one of its own that it had, else a new one."""
        name, works = draft.entry.document, self.works()
        others = [member for member in self.members() if member.document != name]
        texts = [passage.text for passage in draft.passages if passage.role is Role.BODY]
        for member in others:
            if are_witnesses(texts, [passage.text for passage in self.body(member.document)]):
                return works[member.work]
        if before and before not in {member.work for member in others}:
            return works[before]
        title = draft.entry.origin.title
        free = (candidate for at in count(1) if (candidate := name if at == 1 else f"{name}-{at}") not in works)
        return Work(next(free), {draft.language: title} if title else {})

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
            }
            self._insert("passages", columns)

    def _align(self, work: str) -> None:
        for document in (member.document for member in self.members() if member.work == work):
            self._rows("DELETE FROM witnesses WHERE document = ?", document)
        for passage, base in self.alignment(work).items():
            document = passage.rpartition("/")[0]
            self._insert("witnesses", {"document": document, "passage": passage, "base": base})

    # Reading.

    def works(self) -> dict[str, Work]:
        """Every work by its id."""
        return {row["id"]: work_of(row) for row in self._rows("SELECT * FROM works ORDER BY id")}

    def members(self) -> list[Member]:
        """Every document with its work and language, by id."""
        query = f"SELECT id, work, language FROM documents d WHERE version = {_CURRENT} ORDER BY id"
        return [Member(*row) for row in self._rows(query)]

    def documents(self) -> list[Document]:
        """The current version of every document, by id."""
        query = f"SELECT * FROM documents d WHERE version = {_CURRENT} ORDER BY id"
        return [document_of(row) for row in self._rows(query)]

    def document(self, name: str, version: int | None = None) -> Document | None:
        """One document, in its current version unless another is asked for."""
        wanted = "version = ?" if version else f"version = coalesce(?, {_CURRENT})"
        rows = self._rows(f"SELECT * FROM documents d WHERE id = ? AND {wanted}", name, version)
        return document_of(rows[0]) if rows else None

    def passages(self, document: str, version: int | None = None) -> list[Passage]:
        """All paragraphs of a document, in order, whatever their role; of its current version unless one is given."""
        current = "(SELECT max(version) FROM documents WHERE id = p.document)"
        query = f"SELECT * FROM passages p WHERE document = ? AND version = coalesce(?, {current}) ORDER BY position"
        return [passage_of(row) for row in self._rows(query, document, version)]

    def body(self, document: str) -> list[Passage]:
        """The numbered paragraphs of a document's current version."""
        return [passage for passage in self.passages(document) if passage.number is not None]

    def numbers(self, document: str) -> list[tuple[str, int]]:
        """Every text that was ever numbered in a document, with its number."""
        query = "SELECT DISTINCT text, number FROM passages WHERE document = ? AND number NOT NULL ORDER BY number"
        return [(row["text"], row["number"]) for row in self._rows(query, document)]

    def passage(self, name: str) -> tuple[Document, Passage] | None:
        """The passage called `document/number` with the newest version of its document that holds it."""
        document, _, number = name.rpartition("/")
        if not number.isascii() or not number.isdigit() or number != str(int(number[:9])):
            return None
        query = "SELECT * FROM passages WHERE document = ? AND number = ? ORDER BY version DESC LIMIT 1"
        with self.reading():
            rows = self._rows(query, document, int(number))
            held = self.document(document, rows[0]["version"]) if rows else None
        return (held, passage_of(rows[0])) if held else None

    def group(self, passage: str) -> list[str]:
        """The ids of all passages that witness the same paragraph as `passage`, itself included, the base first."""
        query = "SELECT passage, base FROM witnesses WHERE base = (SELECT base FROM witnesses WHERE passage = ?)"
        rows = self._rows(query, passage)
        return sorted((row["passage"] for row in rows), key=lambda name: (name != rows[0]["base"], name)) or [passage]

    def alignment(self, work: str) -> dict[str, str]:
        """Every body paragraph of a work's documents → the base it witnesses, worked out anew."""
        base = self.works()[work].base
        documents = [member.document for member in self.members() if member.work == work]
        return bases([self.body(name) for name in sorted(documents, key=lambda name: (name != base, name))])

    def paragraphs(self) -> list[list[Passage]]:
        """Every body paragraph once, as the passages that witness it, the base first; in the order of the bases."""
        groups: dict[str, list[Passage]] = {}
        with self.reading():
            held = {passage.id: passage for member in self.members() for passage in self.body(member.document)}
            for row in self._rows("SELECT passage, base FROM witnesses ORDER BY passage <> base, passage"):
                groups.setdefault(row["base"], []).append(held[row["passage"]])
        return [groups[passage] for passage in held if passage in groups]

    def broken_pages(self) -> list[str]:
        """What SQLite's own check finds wrong with the file; empty if nothing."""
        found = [row[0] for row in self._rows("PRAGMA integrity_check")]
        return [] if found == ["ok"] else found

    def kept(self) -> Iterator[tuple[Document, str, bytes, Extent]]:
        """Every version of every document with its file's name, its bytes as stored, and the extent it was split by."""
        for row in self._rows("SELECT id, version FROM documents ORDER BY id, version"):
            (held,) = self._rows("SELECT * FROM documents WHERE id = ? AND version = ?", *row)
            yield document_of(held), held["file"], held["data"], Extent(**json.loads(held["extent"]))


def _is_same(row: sqlite3.Row, draft: Draft, columns: dict[str, Any]) -> bool:
    """Whether the draft is what the row holds: the same bytes, read alike, with the same facts about them."""
    compared = ("sha256", "reader", "origin", "extent", "language")
    same_work = draft.work is None or draft.work.id == row["work"]
    return same_work and all(row[name] == columns[name] for name in compared)
