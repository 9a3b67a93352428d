"""One SQLite file: a connection for each thread, transactions, schema upgrades, errors that say what to do.

Every page ends in a checksum, which SQLite's checksum VFS compares whenever it reads one: a page that has changed on
disk is an error, never an answer. A file in a folder that can't be written to is read as it is.
"""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import apsw
import apsw.sqlite_extra

from corpus.checksums import KEPT_FREE, PROTECTED
from corpus.document import CorpusError

_ADVICE = {
    apsw.SQLITE_FULL: "free some space and try again; what was stored before is safe",
    apsw.SQLITE_BUSY: "another process is writing; try again",
    apsw.SQLITE_CANTOPEN: "check the path, and that the folder may be written to",
    apsw.SQLITE_READONLY: "check that the folder and the files in it may be written to",
}
ADVICE = "run `yinju doctor`; if it finds damage, `yinju doctor --repair` rebuilds what can be, a backup has the rest"
_CHECKSUM = 8  # bytes at the end of each page, which is what switches the checksum VFS on
_WAIT = 30_000  # ms

_PLAIN = apsw.vfs_names()[0]
# It stays registered when the connection is gone that it was loaded into.
apsw.sqlite_extra.load(apsw.Connection(":memory:"), "cksumvfs")
_VFS = "cksmvfs"

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
_FORMAT = PROTECTED  # the one after all these steps


class Row(tuple[Any, ...]):
    """The values of a row, by place or by the column's name."""

    _places: Mapping[str, int]

    def __getitem__(self, at: Any) -> Any:
        return tuple.__getitem__(self, self._places[at] if isinstance(at, str) else at)

    @property
    def columns(self) -> dict[str, Any]:
        """The values by column."""
        return dict(zip(self._places, self, strict=True))


@lru_cache(maxsize=256)
def _row(*columns: str) -> type[Row]:
    """Rows of these columns."""
    return type("Row", (Row,), {"_places": {name: at for at, name in enumerate(columns)}})


class Database:
    """Safe to share between threads. Every method raises CorpusError if SQLite can't do its part."""

    def __init__(self, path: Path, is_checked: bool = True) -> None:
        """The file at `path`; it is created when it is first used, its folder now.

        Unless it `is_checked`, damaged pages are read as they stand.
        """
        self.path, self._vfs = path, _VFS if is_checked else _PLAIN
        self._local = threading.local()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CorpusError(f"{path.parent}: {error.strerror}; name another folder in YINJU_DATA") from error
        self.is_writable = os.access(path.parent, os.W_OK) and (not path.exists() or os.access(path, os.W_OK))

    def upgrade(self) -> int:
        """Bring the file to the newest format but for the checksums, in the caller's transaction; returns the one it
        had, 0 if new."""
        format_ = self.format()
        for number, step in enumerate(_STEPS[format_:], format_ + 1):
            for statement in step:
                self.rows(statement)
            self.rows(f"PRAGMA user_version = {number}")
        return format_

    def format(self) -> int:
        """Raises CorpusError if it is none that this version reads."""
        format_: int = self.rows("PRAGMA user_version")[0][0]
        if format_ > _FORMAT:
            raise CorpusError(
                f"{self.path}: has format {format_}, this version reads {_FORMAT} and older; use a newer version"
            )
        if format_ < _FORMAT and not self.is_writable:
            raise CorpusError(
                f"{self.path}: has format {format_}, and has to be brought to {_FORMAT}; open it once where it may be "
                "written to"
            )
        if format_ == _FORMAT and self._kept_free() != _CHECKSUM:
            raise CorpusError(f"{self.path}: its header is damaged; {ADVICE}")
        return format_

    def protect(self) -> None:
        """Let every page have a checksum; of a file made before there were any, all are written anew."""
        if self.format() < _FORMAT:
            if self._kept_free() != _CHECKSUM:
                self.rows("VACUUM")
            self.rows(f"PRAGMA user_version = {_FORMAT}")

    def _kept_free(self) -> int:
        """Bytes at the end of each page."""
        with self.path.open("rb") as file:
            return file.read(KEPT_FREE + 1)[KEPT_FREE]

    @property
    def log(self) -> Path:
        """Where what was written last stands, until SQLite brings it into the file."""
        return self.path.with_name(f"{self.path.name}-wal")

    def close(self) -> None:
        """Let go of this thread's connection; the last of all brings the log into the file."""
        with self._translated():
            connection: apsw.Connection | None = getattr(self._local, "connection", None)
            if connection is not None:
                del self._local.connection
                connection.close()

    @property
    def is_busy(self) -> bool:
        """Whether this thread is in a transaction."""
        return bool(self._connection.in_transaction)

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

    def rows(self, query: str, *values: Any) -> list[Row]:
        """What a query gives; any statement is a query."""
        with self._translated():
            cursor = self._connection.execute(query, values)
            first = next(cursor, None)
            if first is None:
                return []
            row = _row(*(name for name, *_ in cursor.get_description()))
            return [row(first), *map(row, cursor)]

    def each(self, query: str, *values: Any) -> Iterator[Row]:
        """The same, row by row."""
        with self._translated():
            cursor = self._connection.execute(query, values)
            for held in cursor:
                yield _row(*(name for name, *_ in cursor.get_description()))(held)

    def insert(self, table: str, columns: dict[str, Any], conflict: str = "") -> None:
        """One row, by column; `conflict` is SQL's ON CONFLICT clause."""
        names = ", ".join(columns)
        marks = ", ".join("?" * len(columns))
        self.rows(f"INSERT INTO {table} ({names}) VALUES ({marks}) {conflict}", *columns.values())

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except apsw.Error as error:
            code = getattr(error, "result", 0) & 0xFF
            advice = _ADVICE.get(code, ADVICE)
            if code == apsw.SQLITE_CANTOPEN and self.path.exists():
                advice = "its folder can't be written to, and its log has to be; open it once where it can"
            raise CorpusError(f"{self.path}: {error}; {advice}") from error

    @property
    def _connection(self) -> apsw.Connection:
        connection: apsw.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._opened() if self.is_writable else self._opened_to_read()
            self._local.connection = connection
        return connection

    def _opened(self) -> apsw.Connection:
        connection = apsw.Connection(str(self.path), vfs=self._vfs)
        connection.set_busy_timeout(_WAIT)
        connection.reserve_bytes(reserve=_CHECKSUM)  # of a new file; an older one has them when it is written anew
        for pragma in ("synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")
        with suppress(apsw.BusyError):  # another process is just switching the file to WAL
            connection.execute("PRAGMA journal_mode = WAL")
        return connection

    def _opened_to_read(self) -> apsw.Connection:
        """What stands in a log beside it counts too; without one, SQLite would still want to write one."""
        is_alone = not self.log.exists() or not self.log.stat().st_size
        uri = f"file:{quote(str(self.path.absolute()))}?{'immutable=1' if is_alone else 'mode=ro'}"
        return apsw.Connection(uri, apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI, vfs=self._vfs)
