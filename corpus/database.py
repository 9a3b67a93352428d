"""One SQLite file: a connection for each thread, transactions, schema upgrades, errors that say what to do."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from corpus.document import CorpusError

_ADVICE = {
    sqlite3.SQLITE_FULL: "free some space and try again; what was stored before is safe",
    sqlite3.SQLITE_BUSY: "another process is writing; try again",
    sqlite3.SQLITE_CANTOPEN: "check the path, and that the folder may be written to",
    sqlite3.SQLITE_READONLY: "check that the folder and the files in it may be written to",
}

_STEPS = (  # each makes of a store of the format before it one of the next
    (
        "CREATE TABLE works (id TEXT PRIMARY KEY, titles TEXT NOT NULL, places TEXT NOT NULL, date TEXT, base TEXT)",
        "CREATE TABLE documents (id TEXT NOT NULL, version INTEGER NOT NULL, work TEXT NOT NULL REFERENCES works (id), "
        "language TEXT NOT NULL, origin TEXT NOT NULL, extent TEXT NOT NULL, file TEXT NOT NULL, source TEXT, "
        "data BLOB NOT NULL, sha256 TEXT NOT NULL, text TEXT NOT NULL, text_sha256 TEXT, reader TEXT NOT NULL, "
        "accessed TEXT NOT NULL, PRIMARY KEY (id, version))",
        "CREATE TABLE passages (document TEXT NOT NULL, version INTEGER NOT NULL, position INTEGER NOT NULL, "
        "role TEXT NOT NULL, spans TEXT NOT NULL, text TEXT NOT NULL, number INTEGER, ordinal INTEGER, PRIMARY KEY "
        "(document, version, position), FOREIGN KEY (document, version) REFERENCES documents (id, version))",
        "CREATE INDEX passages_by_number ON passages (document, number, version)",
        "CREATE TABLE witnesses (document TEXT NOT NULL, passage TEXT PRIMARY KEY, base TEXT NOT NULL)",
        "CREATE INDEX witnesses_by_base ON witnesses (base)",
    ),
    (
        "CREATE TABLE withdrawals (document TEXT PRIMARY KEY, date TEXT NOT NULL)",
        # The wording of every paragraph of a current version, of any role, found by any three characters of it.
        "CREATE VIRTUAL TABLE wordings USING fts5 (wording, tokenize = 'trigram case_sensitive 1')",
        "CREATE VIRTUAL TABLE trigrams USING fts5vocab (wordings, row)",
        "ALTER TABLE passages ADD COLUMN wording INTEGER",
        "CREATE INDEX passages_by_wording ON passages (wording)",
    ),
    (
        "ALTER TABLE passages ADD COLUMN part INTEGER",
        # By what the paragraphs of a current version are recognised in another file of the same work.
        "CREATE TABLE sketches (hash INTEGER NOT NULL, document TEXT NOT NULL, PRIMARY KEY (hash, document)) "
        "WITHOUT ROWID",
        "CREATE INDEX sketches_by_document ON sketches (document)",
        "CREATE INDEX documents_by_work ON documents (work)",
    ),
    (
        "CREATE TABLE changes (number INTEGER PRIMARY KEY, token TEXT NOT NULL)",
        "CREATE TABLE changed (document TEXT PRIMARY KEY, change INTEGER NOT NULL)",
        "CREATE INDEX changed_by_change ON changed (change)",
        "CREATE INDEX witnesses_by_document ON witnesses (document)",
    ),
    (
        # A number is never given twice, so that it can be told which are the last.
        "CREATE TABLE jobs (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, document TEXT NOT NULL, "
        "outcome TEXT, change INTEGER NOT NULL, problem TEXT)",
        "CREATE INDEX jobs_by_change ON jobs (change)",
    ),
)


class Database:
    """Safe to share between threads. Every method raises CorpusError if SQLite can't do its part."""

    def __init__(self, path: Path) -> None:
        """The file at `path`; it is created when it is first used, its folder now."""
        self._path = path
        self._local = threading.local()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CorpusError(f"{path.parent}: {error.strerror}; name another folder in YINJU_DATA") from error

    def upgrade(self) -> int:
        """Bring the file to the newest format, in the caller's transaction; returns the one it had, 0 if new."""
        format_: int = self.rows("PRAGMA user_version")[0][0]
        if format_ > len(_STEPS):
            raise CorpusError(
                f"{self._path}: has format {format_}, this version reads {len(_STEPS)} and older; use a newer version"
            )
        for number, step in enumerate(_STEPS[format_:], format_ + 1):
            for statement in step:
                self.rows(statement)
            self.rows(f"PRAGMA user_version = {number}")
        return format_

    @contextmanager
    def transaction(self, kind: str) -> Iterator[None]:
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

    def rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        """What a query gives; any statement is a query."""
        with self._translated():
            return self._connection.execute(query, values).fetchall()

    def each(self, query: str, *values: Any) -> Iterator[sqlite3.Row]:
        """The same, row by row."""
        with self._translated():
            yield from self._connection.execute(query, values)

    def insert(self, table: str, columns: dict[str, Any], conflict: str = "") -> None:
        """One row, by column; `conflict` is SQL's ON CONFLICT clause."""
        names = ", ".join(columns)
        marks = ", ".join("?" * len(columns))
        self.rows(f"INSERT INTO {table} ({names}) VALUES ({marks}) {conflict}", *columns.values())

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
