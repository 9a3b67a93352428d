"""What of a store goes to a cluster, so that others can read it there: works, documents, passages, and who is whose
witness. What is written follows from the store's current state alone."""

from collections.abc import Collection, Iterator
from itertools import islice

from corpus.changes import Change
from corpus.cluster import Cluster
from corpus.document import Document, Passage
from corpus.records import document_columns, dump, passage_columns, work_columns
from corpus.replica import PASSAGES, RECORDS, Of, text_key, trigrams
from corpus.store import Store
from corpus.table import NOTHING, Entry, digest

_DOCUMENTS = 100  # at once
_CHUNK = 16_000  # characters of a record, of which a request has many


class Mirror:
    """Writes to a cluster what a store holds."""

    def __init__(self, cluster: Cluster, store: Store) -> None:
        self._store = store
        self._records = cluster.table("records", RECORDS, make=True)
        self._passages = cluster.table("passages", PASSAGES, make=True)

    def renew(self, documents: Collection[str], change: Change) -> None:
        """From `change` on, let the cluster have of these documents what the store has now."""
        left = iter(sorted(documents))
        while some := list(islice(left, _DOCUMENTS)):
            with self._store.reading():
                works = {member.work for name in some if (member := self._store.member(name))}
                records = {one["id"]: one for one in (*self._works(works), *self._of(some))}
                passages = {one["id"]: one for name in some for one in self._paragraphs(name)}
            live = self._records.live("of", some, f"kind != {dump(Of.WORK)}")
            live |= self._records.live("of", works, f"kind == {dump(Of.WORK)}")
            for table, wanted, held in (
                (self._passages, passages, self._passages.live("document", some)),
                (self._records, records, live),
            ):
                table.add((wanted[id_] for id_ in wanted if id_ not in held), change)
                table.end(held - wanted.keys(), change)

    def clear_away(self, change: Change) -> None:
        """Remove what nobody reads who reads as of `change` or later."""
        self._records.clear_away(change)
        self._passages.clear_away(change)

    def _works(self, names: Collection[str]) -> Iterator[Entry]:
        for name in names:
            if work := self._store.work(name):
                yield _record(Of.WORK, name, name, dump(work_columns(work)))

    def _of(self, documents: Collection[str]) -> Iterator[Entry]:
        for name in documents:
            if withdrawn := self._store.withdrawn(name):
                yield _record(Of.WITHDRAWAL, name, name, withdrawn.isoformat())
                continue
            for document in self._store.versions(name):
                yield from _version(document)
            for passage in self._store.body(name):
                group = self._store.group(passage.id)
                if len(group) > 1:
                    yield _record(Of.GROUP, name, passage.id, dump(group))

    def _paragraphs(self, document: str) -> Iterator[Entry]:
        if self._store.withdrawn(document):
            return
        versions, wordings = self._store.versions(document), self._store.full_text.wordings(document)
        for held in versions:
            for position, passage in enumerate(self._store.passages(document, held.version)):
                words = wordings.get(position, "") if held is versions[-1] else ""
                yield _paragraph(passage, held.version, position, words)


def _version(document: Document) -> Iterator[Entry]:
    yield _record(Of.DOCUMENT, document.id, document.id, dump(document_columns(document)), document.version)
    for part, start in enumerate(range(0, len(document.raw), _CHUNK)):
        key = text_key(document.id, document.version)
        yield _record(Of.TEXT, document.id, key, document.raw[start : start + _CHUNK], part)


def _record(kind: Of, of: str, key: str, held: str, part: int = 0) -> Entry:
    id_ = digest(dump([kind, of, key, part, held]))
    return {"id": id_, "kind": kind, "of": of, "key": key, "part": part, "held": held, "nothing": NOTHING}


def _paragraph(passage: Passage, version: int, position: int, words: str) -> Entry:
    """Found by `words`; by nothing in a version that is not the current one."""
    held = dump(passage_columns(passage))
    return {
        "id": digest(dump([passage.document, version, position, held, bool(words)])),
        "document": passage.document,
        "version": version,
        "position": position,
        "number": passage.number or 0,
        "part": passage.part or 0,
        "held": held,
        "trigrams": trigrams(words),
        "nothing": NOTHING,
    }
