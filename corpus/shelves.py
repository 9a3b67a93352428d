"""What a store holds, read from SQLite: documents, passages, works, and which passages witness the same paragraph."""

import datetime
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby

from corpus.changes import Change, Changes
from corpus.database import Database
from corpus.document import Document, Member, Origin, Passage, Work, parted
from corpus.passages import Extent
from corpus.records import document_of, origin_of, passage_of, work_of
from corpus.witnesses import bases

_HELD = "d.id NOT IN (SELECT document FROM withdrawals)"
_CURRENT = f"d.version = (SELECT max(version) FROM documents WHERE id = d.id) AND {_HELD}"


class Shelves:
    """Safe to share between threads, as the database is. Every method raises CorpusError if SQLite fails."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.changes = Changes(database)
        self._works: tuple[Change | None, Mapping[str, Work]] = (None, {})
        self._all_members: tuple[Change | None, Sequence[Member]] = (None, ())

    def last(self) -> Change:
        """The last change of what is read."""
        return self.changes.last()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """What is read inside is one state of the store, whatever is ingested meanwhile."""
        with self._database.transaction("DEFERRED"):
            yield

    def work(self, name: str) -> Work | None:
        """One work; None if there is none of this name."""
        rows = self._database.rows("SELECT * FROM works WHERE id = ?", name)
        return work_of(rows[0]) if rows else None

    def works(self) -> Mapping[str, Work]:
        """Every work by its id; read anew only if the store has changed."""
        last, known = self.changes.last(), self._works
        if known[0] != last:
            rows = self._database.rows("SELECT * FROM works ORDER BY id")
            known = self._works = last, {row["id"]: work_of(row) for row in rows}
        return known[1]

    def members(self) -> Sequence[Member]:
        """Every document with its work and language, by id; read anew only if the store has changed."""
        last, known = self.changes.last(), self._all_members
        if known[0] != last:
            known = self._all_members = last, self._members("1")
        return known[1]

    def witnesses(self, work: str) -> list[Member]:
        """The documents of one work."""
        return self._members("d.work = ?", work)

    def member(self, document: str) -> Member | None:
        """One document with its work and language; None if there is none, or it has been withdrawn."""
        return next(iter(self._members("d.id = ?", document)), None)

    def _members(self, which: str, *values: str) -> list[Member]:
        query = f"SELECT id, work, language FROM documents d WHERE {which} AND {_CURRENT} ORDER BY id"
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

    def versions(self, document: str) -> list[Document]:
        """Every version of a document, withdrawn or not, the oldest first."""
        rows = self._database.rows("SELECT * FROM documents WHERE id = ? ORDER BY version", document)
        return [document_of(row) for row in rows]

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
        wanted = parted(name)
        if not wanted:
            return None
        query = "SELECT * FROM passages WHERE document = ? AND number = ? AND part IS ? ORDER BY version DESC LIMIT 1"
        with self.reading():
            rows = self._database.rows(query, *wanted)
            held = self.document(wanted[0], rows[0]["version"]) if rows else None
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
        documents = [member.document for member in self.witnesses(work)]
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

    def file(self, document: str) -> tuple[str, bytes]:
        """The name and the bytes of a document's current file."""
        ((name, data),) = self._database.rows(
            f"SELECT file, data FROM documents d WHERE d.id = ? AND {_CURRENT}", document
        )
        return name, data

    def kept_versions(self) -> list[tuple[str, int]]:
        """Every document with each of its versions, withdrawn or not."""
        return [(*row,) for row in self._database.rows("SELECT id, version FROM documents ORDER BY id, version")]

    def kept(self, document: str, version: int) -> tuple[Document, str, bytes, Extent]:
        """A version of a document with its file's name, its bytes as stored, and the extent it was split by."""
        query = "SELECT * FROM documents WHERE id = ? AND version = ?"
        (held,) = self._database.rows(query, document, version)
        return document_of(held), held["file"], held["data"], Extent(**json.loads(held["extent"]))
