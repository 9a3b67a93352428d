"""A damaged store written anew, out of what of it can still be trusted.

That is what its pages' checksums vouch for, and bytes that have their SHA-256. The rest is derived from those: texts,
passages by today's rules, witnesses, what they are found by. What can't be had is named, and a document whose file is
gone answers as withdrawn until that is ingested again. The damaged store is kept beside it.
"""

import datetime
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

from corpus.changes import NONE, Changes
from corpus.database import Database, Row
from corpus.document import CorpusError, Passage
from corpus.passages import Extent, numbered, split_file
from corpus.readers import read
from corpus.reading import Reading
from corpus.records import passage_columns, passage_of
from corpus.store import Store
from corpus.watermark import Watermark

_MADE = ".rebuilt"  # what the new file is called until it is whole
_KEPT = ".damaged"  # and the old one from then on
_AS_THEY_ARE = ("works", "withdrawals", "changes", "changed", "jobs")
_FACTS = "id, version, work, language, origin, extent, file, source"  # they come first in a row
_READ = (ValueError, TypeError, KeyError)  # what a row that makes no sense raises


def rebuild(path: Path, today: datetime.date) -> list[str]:
    """Put a store made anew in the place of the one at `path`; a line for each thing that is gone.

    Raises CorpusError, and leaves all as it was, if nothing can be read of it or another process has it open.
    """
    made = path.with_name(f"{path.name}{_MADE}")
    try:
        _remove(made)
        lost = list(_Rebuilding(path, made, today).run())
        if path.with_name(f"{path.name}-wal").exists():
            raise CorpusError(f"{path}: another process has it open; stop it, then run `yinju doctor --repair` again")
        with made.open("rb") as file:
            os.fsync(file.fileno())
        os.link(path, _free(path))
        os.replace(made, path)
    except OSError as error:
        raise CorpusError(f"{made}: {error.strerror}; then run `yinju doctor --repair` again") from error
    finally:
        _remove(made)
    return lost


def _free(path: Path) -> Path:
    names = (path.with_name(f"{path.name}{_KEPT}{number}") for number in count(1))
    return next(name for name in names if not name.exists())


def _remove(made: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        made.with_name(f"{made.name}{suffix}").unlink(missing_ok=True)


class _Rebuilding:
    """From the store at one path to a new one at another."""

    def __init__(self, path: Path, made: Path, today: datetime.date) -> None:
        # The same file twice: as far as its checksums fit, and as it stands.
        self._old, self._raw = Database(path), Database(path, is_checked=False)
        self._store, self._new, self._today = Store(made), Database(made), today
        self._watermark = Watermark(path.with_name(f"{path.name}-last"))

    def run(self) -> Iterator[str]:
        with self._new.transaction("IMMEDIATE"):
            for table in _AS_THEY_ARE:
                yield from self._copied(table)
            for name in self._names():
                yield from self._document(name)
            yield from self._go_on()
        self._store.derive()
        last = self._store.last()
        for database in (self._old, self._raw, self._new):
            database.close()
        self._store.close()
        self._watermark.set(last)

    def _copied(self, table: str) -> Iterator[str]:
        """Row by row, as far as they can be read."""
        lost = 0
        for number in self._numbers(table):
            rows = self._trusted(f"SELECT * FROM {table} WHERE rowid = ?", number)
            lost += rows is None
            for row in rows or ():
                self._new.insert(table, row.columns)
        if lost:
            yield f"{table}: {lost} rows are gone; {_GONE[table]}"

    def _numbers(self, table: str) -> range:
        rows = self._trusted(f"SELECT max(rowid) FROM {table}") or self._as_it_is(f"SELECT max(rowid) FROM {table}")
        return range(1, (rows[0][0] or 0) + 1) if rows else range(0)

    def _trusted(self, query: str, *values: Any) -> list[Row] | None:
        """None if a page that it takes is damaged."""
        try:
            return self._old.rows(query, *values)
        except CorpusError:
            return None

    def _as_it_is(self, query: str, *values: Any) -> list[Row]:
        try:
            return self._raw.rows(query, *values)
        except (CorpusError, UnicodeDecodeError):
            return []

    def _names(self) -> list[str]:
        """Of all documents that left a trace."""
        queries = ("SELECT DISTINCT id FROM documents", "SELECT DISTINCT document FROM passages")
        found = [self._trusted(query) or self._as_it_is(query) for query in queries]
        found.append(self._new.rows("SELECT document FROM changed"))
        names = sorted({str(row[0]) for rows in found for row in rows})
        if not names and self._trusted("SELECT 1 FROM documents") is None:
            raise CorpusError(f"{self._old.path}: nothing of it can be read; restore it from a backup")
        return names

    def _document(self, name: str) -> Iterator[str]:
        query = "SELECT version FROM documents WHERE id = ? ORDER BY version"
        rows = self._trusted(query, name) or self._as_it_is(query, name)
        known, is_whole = dict[int, tuple[str, ...]](), False
        for (version,) in rows:
            columns, told = self._version(name, version)
            is_whole = columns is not None
            yield from told
            if columns:
                self._put(columns, known)
        if not is_whole:  # an earlier version must not be taken for the current one
            withdrawn = {"document": name, "date": self._today.isoformat()}
            self._new.insert("withdrawals", withdrawn, "ON CONFLICT DO NOTHING")
            yield f"{name}: its file is gone; ingest it again, until then it answers as withdrawn"

    def _version(self, name: str, version: int) -> tuple[dict[str, Any] | None, list[str]]:
        """What is to be stored of a version, None if that can't be had, and what is to be said."""
        which = "FROM documents WHERE id = ? AND version = ?"
        whole = self._trusted(f"SELECT * {which}", name, version)
        facts = self._trusted(f"SELECT {_FACTS} {which}", name, version)
        held = whole or self._as_it_is(f"SELECT * {which}", name, version)
        if not facts or not held:
            return None, []
        columns = {**held[0].columns, **facts[0].columns}
        with suppress(*_READ, CorpusError, AttributeError):
            is_intact = _is_intact(columns)
            mended = _mended(columns)
            if mended and not whole and is_intact:  # then it is what is known by nothing else that is damaged
                mended["accessed"] = self._today.isoformat()
                return mended, [f"{name}: when it was first taken in can't be told any more; today is taken for it"]
            return mended, []
        return None, []

    def _put(self, columns: Mapping[str, Any], known: dict[int, tuple[str, ...]]) -> None:
        name, version = columns["id"], columns["version"]
        if not self._new.rows("SELECT 1 FROM works WHERE id = ?", columns["work"]):
            self._new.insert("works", {"id": columns["work"], "titles": "{}", "places": "{}"})
        self._new.insert("documents", dict(columns))
        query = "SELECT * FROM passages WHERE document = ? AND version = ? ORDER BY position"
        passages = _sound(self._trusted(query, name, version) or (), columns, known) or _derived(columns, known)
        for position, passage in enumerate(passages):
            place = {"version": version, "position": position}
            self._new.insert("passages", {**passage_columns(passage), **place})
        for passage in passages:
            if passage.number is not None:
                parts = [other.text for other in passages if other.number == passage.number]
                known[passage.number] = tuple(parts)

    def _go_on(self) -> Iterator[str]:
        """Whatever is derived from the store has to look at all of it again, and knows no later change."""
        changes, mark = Changes(self._new), self._watermark.change() or NONE
        last = changes.last().number
        if not changes.knows(mark):
            yield f"changes: what was acknowledged after number {last} is gone; ingest or withdraw again what is not so"
        if mark.number > last:
            self._new.insert("changes", {"number": mark.number, "token": f"lost {mark.token}"})
        changes.note(row["id"] for row in self._new.rows("SELECT DISTINCT id FROM documents"))


_GONE = {
    "works": "their titles, places and dates come back when their documents are ingested again",
    "withdrawals": "a document that was withdrawn may be there again: look at `GET /api/documents`",
    "changes": "the index is made anew",
    "changed": "the index is made anew",
    "jobs": "whoever asks after them is told that they are not known",
}


def _is_intact(columns: Mapping[str, Any]) -> bool:
    """Whether the file and its text have their SHA-256."""
    own = columns["text_sha256"] or columns["sha256"]
    return bool(_sha256(columns["data"]) == columns["sha256"] and _sha256(columns["text"].encode()) == own)


def _mended(columns: dict[str, Any]) -> dict[str, Any] | None:
    """The file by its text or the text by its file, as one of them shows that it is right; None if neither does."""
    data, text = columns["data"], columns["text"]
    if _sha256(data) != columns["sha256"]:
        as_text = text.encode()
        if not columns["text_sha256"] and _sha256(as_text) == columns["sha256"]:
            return columns | {"data": as_text}
        if read(columns["file"], data).text != text:
            return None
        columns = columns | {"sha256": _sha256(data)}
    reading = _reading(columns)
    if _is_intact(columns):
        return columns
    return columns | {"text": reading.text, "text_sha256": reading.text_sha256, "reader": reading.reader}


def _reading(columns: Mapping[str, Any]) -> Reading:
    return read(columns["file"], columns["data"])


def _sha256(data: bytes) -> str:
    return sha256(data).hexdigest()


def _sound(
    rows: list[Row] | tuple[()], columns: Mapping[str, Any], known: Mapping[int, tuple[str, ...]]
) -> list[Passage]:
    """The passages as stored, if they are slices of the text, and numbered as they should be; else none."""
    with suppress(*_READ):
        passages = [passage_of(row) for row in rows]
        if all(passage.is_slice_of(columns["text"]) for passage in passages) and numbered(passages, known) == passages:
            return passages
    return []


def _derived(columns: Mapping[str, Any], known: Mapping[int, tuple[str, ...]]) -> list[Passage]:
    """The passages as today's rules make them."""
    extent = Extent(**json.loads(columns["extent"]))
    return numbered(split_file(columns["id"], _reading(columns), extent).passages, known)
