"""SQLite: documents with their bytes, passages, works, and which passages witness the same paragraph.

The source of truth. Ingest of a document is one transaction: all of it or none. The same bytes again change nothing;
changed bytes make a new version, in which unchanged paragraphs keep their numbers.
"""

import datetime
import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from corpus.catalogue import Entry
from corpus.document import CorpusError, Document, Origin, Passage, Role, Span, Work
from corpus.passages import Extent
from corpus.readers import Reading
from corpus.witnesses import align, are_witnesses

FORMAT = 1
_SCHEMA = """
CREATE TABLE works (id TEXT PRIMARY KEY, titles TEXT NOT NULL, places TEXT NOT NULL, date TEXT, base TEXT);
CREATE TABLE documents (
    id TEXT NOT NULL, version INTEGER NOT NULL, work TEXT NOT NULL REFERENCES works (id), language TEXT NOT NULL,
    origin TEXT NOT NULL, extent TEXT NOT NULL, file TEXT NOT NULL, data BLOB NOT NULL, sha256 TEXT NOT NULL,
    text TEXT NOT NULL, text_sha256 TEXT, reader TEXT NOT NULL, accessed TEXT NOT NULL, PRIMARY KEY (id, version));
CREATE TABLE passages (
    document TEXT NOT NULL, version INTEGER NOT NULL, position INTEGER NOT NULL, role TEXT NOT NULL,
    spans TEXT NOT NULL, text TEXT NOT NULL, number INTEGER, ordinal INTEGER,
    PRIMARY KEY (document, version, position), FOREIGN KEY (document, version) REFERENCES documents (id, version));
CREATE INDEX passages_by_number ON passages (document, number, version);
CREATE TABLE witnesses (document TEXT NOT NULL, passage TEXT PRIMARY KEY, base TEXT NOT NULL);
CREATE INDEX witnesses_by_base ON witnesses (base);
"""
_CURRENT = "(SELECT max(version) FROM documents WHERE id = d.id)"
_CURRENT_OF = "(SELECT max(version) FROM documents WHERE id = d.document)"


class Outcome(StrEnum):
    """What ingest did with a file."""

    ADDED = "added"
    UNCHANGED = "unchanged"
    NEW_VERSION = "new version"


@dataclass(frozen=True, slots=True)
class Draft:
    """A file read and split, ready to be stored."""

    reading: Reading
    entry: Entry
    language: str
    passages: Sequence[Passage]
    work: Work | None = None


class Store:
    """One collection. Safe to share between threads: each has its own connection."""

    def __init__(self, path: Path) -> None:
        """Open the store at `path`, creating it. Raises CorpusError if that file is something else."""
        self._path = path
        self._local = threading.local()
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._prepare()
        except sqlite3.DatabaseError as error:
            raise CorpusError(f"{path}: {error}; restore it from a backup, or delete it and ingest again") from error

    def _prepare(self) -> None:
        format_ = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if format_ not in (0, FORMAT):
            raise CorpusError(
                f"{self._path}: has format {format_}, this version reads {FORMAT}; ingest into a new folder"
            )
        if format_ == 0:
            self._connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {FORMAT}; COMMIT;")

    @property
    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, isolation_level=None, timeout=30)
            connection.row_factory = sqlite3.Row
            connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")
            self._local.connection = connection
        return connection

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    # Writing.

    def put(self, draft: Draft, today: datetime.date) -> Outcome:
        """Store one document: all of it or none. `today` becomes its access date if it is new."""
        with self._transaction() as connection:
            known = self._rows("SELECT * FROM documents WHERE id = ? ORDER BY version DESC", draft.entry.document)
            if draft.work:
                self._put_work(draft.work)
            if known and _same(known[0], draft):
                return Outcome.UNCHANGED
            work = self._work_of(draft)
            self._put_work(work)
            version = known[0]["version"] + 1 if known else 1
            accessed = known[0]["accessed"] if known else today.isoformat()
            connection.execute(
                f"INSERT INTO documents VALUES ({', '.join('?' * 13)})", _row(draft, version, work.id, accessed)
            )
            self._put_passages(draft, version)
            for affected in {work.id, *(row["work"] for row in known[:1])}:
                self._align(affected)
        return Outcome.NEW_VERSION if known else Outcome.ADDED

    def _put_work(self, work: Work) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO works VALUES (?, ?, ?, ?, ?)",
            (work.id, _dump(work.titles), _dump(work.places), work.date and work.date.isoformat(), work.base),
        )

    def _work_of(self, draft: Draft) -> Work:
        """The work that the catalogue names, else the one that another document witnesses too, else a new one."""
        if draft.work:
            return draft.work
        texts = [passage.text for passage in draft.passages if passage.role is Role.BODY]
        for document in self.documents():
            if document.id != draft.entry.document and are_witnesses(
                texts, [passage.text for passage in self.body(document.id)]
            ):
                return self.works()[document.work]
        title = draft.entry.origin.title
        return Work(draft.entry.document, {draft.language: title} if title else {})

    def _put_passages(self, draft: Draft, version: int) -> None:
        rows = [
            (draft.entry.document, version, position, passage.role, _dump(passage.spans), passage.text, number, ordinal)
            for position, (passage, number, ordinal) in enumerate(self._numbered(draft, version))
        ]
        self._connection.executemany("INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def _numbered(self, draft: Draft, version: int) -> Iterator[tuple[Passage, int | None, int | None]]:
        """Each passage with its number: the old one if its text stood in the version before, else an unused one."""
        name = draft.entry.document
        free: dict[str, list[int]] = {}
        for row in self._rows(
            "SELECT text, number FROM passages WHERE document = ? AND version = ? AND number NOT NULL ORDER BY ordinal",
            name,
            version - 1,
        ):
            free.setdefault(row["text"], []).append(row["number"])
        unused = self._rows("SELECT coalesce(max(number), 0) + 1 AS n FROM passages WHERE document = ?", name)[0]["n"]
        for passage in draft.passages:
            number = None
            if passage.ordinal is not None:
                kept = free.get(passage.text)
                number = kept.pop(0) if kept else unused
                unused += not kept and number == unused
            yield passage, number, passage.ordinal

    def _align(self, work: str) -> None:
        """Group the corresponding body paragraphs of a work's documents under the first document that holds them."""
        base = self.works()[work].base
        members = sorted(
            (document.id for document in self.documents() if document.work == work),
            key=lambda name: (name != base, name),
        )
        seen: list[tuple[list[str], list[str]]] = []
        for member in members:
            body = self.body(member)
            texts, bases = [passage.text for passage in body], [passage.id for passage in body]
            for other_texts, other_bases in reversed(seen):
                for i, j in align(texts, other_texts):
                    bases[i] = other_bases[j]
            seen.append((texts, bases))
            self._connection.execute("DELETE FROM witnesses WHERE document = ?", (member,))
            self._connection.executemany(
                "INSERT INTO witnesses VALUES (?, ?, ?)",
                [(member, passage.id, base_id) for passage, base_id in zip(body, bases, strict=True)],
            )

    # Reading.

    def _rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        return self._connection.execute(query, values).fetchall()

    def works(self) -> dict[str, Work]:
        """Every work by its id."""
        return {row["id"]: _work(row) for row in self._rows("SELECT * FROM works ORDER BY id")}

    def documents(self) -> list[Document]:
        """The current version of every document, by id."""
        return [
            _document(row) for row in self._rows(f"SELECT * FROM documents d WHERE version = {_CURRENT} ORDER BY id")
        ]

    def document(self, name: str, version: int | None = None) -> Document | None:
        """One document, in its current version unless another is asked for."""
        wanted = "version = ?" if version else f"version = coalesce(?, {_CURRENT})"
        rows = self._rows(f"SELECT * FROM documents d WHERE id = ? AND {wanted}", name, version)
        return _document(rows[0]) if rows else None

    def passages(self, document: str) -> list[Passage]:
        """All paragraphs of a document's current version, in order, whatever their role."""
        query = f"SELECT * FROM passages d WHERE document = ? AND version = {_CURRENT_OF} ORDER BY position"
        return [_passage(row) for row in self._rows(query, document)]

    def body(self, document: str) -> list[Passage]:
        """The numbered paragraphs of a document's current version."""
        return [passage for passage in self.passages(document) if passage.role is Role.BODY]

    def passage(self, name: str) -> tuple[Document, Passage] | None:
        """The passage called `document/number` with the newest version of its document that holds it."""
        document, _, number = name.rpartition("/")
        if not number.isascii() or not number.isdigit() or len(number) > 9:
            return None
        rows = self._rows(
            "SELECT * FROM passages WHERE document = ? AND number = ? ORDER BY version DESC LIMIT 1",
            document,
            int(number),
        )
        if not rows:
            return None
        held = self.document(document, rows[0]["version"])
        return (held, _passage(rows[0])) if held else None

    def group(self, passage: str) -> list[str]:
        """The ids of all passages that witness the same paragraph as `passage`, itself included, the base first."""
        rows = self._rows(
            "SELECT passage, base FROM witnesses WHERE base = (SELECT base FROM witnesses WHERE passage = ?)", passage
        )
        return sorted((row["passage"] for row in rows), key=lambda name: (name != rows[0]["base"], name)) or [passage]

    def paragraphs(self) -> list[list[Passage]]:
        """Every body paragraph once, as the passages that witness it, the base first; in the order of the bases."""
        held = {passage.id: passage for document in self.documents() for passage in self.body(document.id)}
        groups: dict[str, list[Passage]] = {}
        for row in self._rows("SELECT passage, base FROM witnesses ORDER BY passage <> base, passage"):
            groups.setdefault(row["base"], []).append(held[row["passage"]])
        return [groups[passage] for passage in held if passage in groups]

    def broken_pages(self) -> list[str]:
        """What SQLite's own check finds wrong with the file; empty if nothing."""
        found = [row[0] for row in self._rows("PRAGMA integrity_check")]
        return [] if found == ["ok"] else found

    def kept(self) -> Iterator[tuple[Document, str, bytes, Extent]]:
        """Every current document with its file's name, its bytes as stored, and the extent it was split by."""
        for row in self._rows(f"SELECT * FROM documents d WHERE version = {_CURRENT} ORDER BY id"):
            yield _document(row), row["file"], row["data"], Extent(**json.loads(row["extent"]))


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def _origin(origin: Origin) -> str:
    return _dump(asdict(origin))


def _same(row: sqlite3.Row, draft: Draft) -> bool:
    """Whether the draft is what the row holds: the same bytes, read alike, with the same facts about them."""
    entry, reading = draft.entry, draft.reading
    return (row["sha256"], row["reader"], row["origin"], row["extent"], row["language"], row["work"]) == (
        reading.sha256,
        reading.reader,
        _origin(entry.origin),
        _dump(asdict(entry.extent)),
        draft.language,
        draft.work.id if draft.work else row["work"],
    )


def _row(draft: Draft, version: int, work: str, accessed: str) -> tuple[Any, ...]:
    entry, reading = draft.entry, draft.reading
    return (
        entry.document,
        version,
        work,
        draft.language,
        _origin(entry.origin),
        _dump(asdict(entry.extent)),
        reading.name,
        reading.data,
        reading.sha256,
        reading.text,
        reading.text_sha256,
        reading.reader,
        accessed,
    )


def _date(text: str | None) -> datetime.date | None:
    return datetime.date.fromisoformat(text) if text else None


def _work(row: sqlite3.Row) -> Work:
    return Work(row["id"], json.loads(row["titles"]), json.loads(row["places"]), _date(row["date"]), row["base"])


def _document(row: sqlite3.Row) -> Document:
    origin: dict[str, Any] = json.loads(row["origin"])
    return Document(
        id=row["id"],
        work=row["work"],
        language=row["language"],
        origin=Origin(**origin | {"published": _date(origin["published"])}),
        raw=row["text"],
        sha256=row["sha256"],
        text_sha256=row["text_sha256"],
        reader=row["reader"],
        accessed=datetime.date.fromisoformat(row["accessed"]),
        version=row["version"],
    )


def _passage(row: sqlite3.Row) -> Passage:
    spans = tuple(Span(*span) for span in json.loads(row["spans"]))
    return Passage(row["document"], Role(row["role"]), spans, row["text"], row["number"], row["ordinal"])
