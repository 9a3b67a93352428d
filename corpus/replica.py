"""A collection as a cluster holds it, as of one change of the store: read where the store itself is not."""

import datetime
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from functools import cached_property, lru_cache

from corpus.changes import Change
from corpus.cluster import Cluster
from corpus.document import CorpusError, Document, Member, Origin, Passage, Place, Work, parted
from corpus.records import document_of, origin_of, passage_of, work_of
from corpus.table import Entry, Field, Kind, Table, alive, joined, quoted, word
from corpus.wording import wording

_NOTHING = Field(Kind.VECTOR, dimension=2)
RECORDS = {
    "kind": Field(Kind.NAME, indexed=True),
    "of": Field(Kind.NAME, indexed=True),
    "key": Field(Kind.NAME, indexed=True),
    "part": Field(Kind.NUMBER),
    "held": Field(Kind.TEXT),
    "nothing": _NOTHING,
}
PASSAGES = {
    "document": Field(Kind.NAME, indexed=True),
    "version": Field(Kind.NUMBER),
    "position": Field(Kind.NUMBER),
    "number": Field(Kind.NUMBER),
    "part": Field(Kind.NUMBER),
    "held": Field(Kind.TEXT),
    # Each stands there once and counts by how rare it is: what has all of a wording's comes before what lacks one.
    "trigrams": Field(Kind.WORDS, b=0.0),
    "nothing": _NOTHING,
}
_REMEMBERED = 256


class Of(StrEnum):
    """What a record is: of a work, of a version of a document, of a part of its text, of a passage's witnesses."""

    WORK = "work"
    DOCUMENT = "document"
    TEXT = "text"
    GROUP = "group"
    WITHDRAWAL = "withdrawal"


def text_key(document: str, version: int) -> str:
    """Under which the parts of a version's text are found."""
    return f"{document}@{version}"


def trigrams(words: str) -> str:
    """The words that stand for the trigrams of a wording."""
    found = dict.fromkeys(words[at : at + 3] for at in range(len(words) - 2))
    return joined(map(word, found))


class Replica:
    """A library. What it has read it remembers, for it stays as it is. Safe to share between threads."""

    def __init__(self, cluster: Cluster, change: Change) -> None:
        self._records, self._passages = cluster.table("records", RECORDS), cluster.table("passages", PASSAGES)
        self._records.catch_up()
        self._passages.catch_up()
        self._change, self._alive = change, alive(change)
        self.full_text = ReplicaWordings(cluster, self._passages, self._alive)
        remember = lru_cache(_REMEMBERED)
        self._document, self._text = remember(self._read_document), remember(self._read_text)
        self._paragraphs, self.group = remember(self._read_passages), lru_cache(16 * _REMEMBERED)(self._read_group)

    def last(self) -> Change:
        return self._change

    @contextmanager
    def reading(self) -> Iterator[None]:
        yield

    @cached_property
    def _all_works(self) -> Mapping[str, Work]:
        found = (work_of(json.loads(entry["held"])) for entry in self._each(Of.WORK))
        return {work.id: work for work in sorted(found, key=lambda work: work.id)}

    @cached_property
    def _newest(self) -> Mapping[str, tuple[int, Member, str]]:
        """Of every document the current version, what it is, and where it comes from, by id."""
        newest: dict[str, tuple[int, Member, str]] = {}
        for entry in self._each(Of.DOCUMENT):
            held = json.loads(entry["held"])
            found = held["version"], Member(held["id"], held["work"], held["language"]), held["origin"]
            newest[held["id"]] = max(found, newest.get(held["id"], found))
        return dict(sorted(newest.items()))

    @cached_property
    def _members(self) -> Sequence[Member]:
        return [member for _, member, _ in self._newest.values()]

    def work(self, name: str) -> Work | None:
        return self.works().get(name)

    def works(self) -> Mapping[str, Work]:
        return self._all_works

    def members(self) -> Sequence[Member]:
        return self._members

    def origins(self) -> list[tuple[Member, Origin]]:
        return [(member, origin_of(origin)) for _, member, origin in self._newest.values()]

    def documents(self) -> list[Document]:
        found = (self.document(member.document) for member in self._members)
        return [document for document in found if document]

    def document(self, name: str, version: int | None = None) -> Document | None:
        return self._document(name, version)

    def _read_document(self, name: str, version: int | None) -> Document | None:
        found = [entry for entry in self._of(Of.DOCUMENT, name) if version in (None, entry["part"])]
        if not found:
            return None
        newest = max(found, key=lambda entry: int(entry["part"]))
        return document_of({**json.loads(newest["held"]), "text": self._text(name, newest["part"])})

    def _read_text(self, name: str, version: int) -> str:
        parts = sorted(self._of(Of.TEXT, text_key(name, version)), key=lambda entry: int(entry["part"]))
        return "".join(entry["held"] for entry in parts)

    def withdrawn(self, document: str) -> datetime.date | None:
        for entry in self._of(Of.WITHDRAWAL, document):
            return datetime.date.fromisoformat(entry["held"])
        return None

    def passages(self, document: str, version: int | None = None) -> list[Passage]:
        held = self.document(document, version)
        return list(self._paragraphs(document, held.version)) if held else []

    def _read_passages(self, document: str, version: int) -> tuple[Passage, ...]:
        where = f"document in {quoted([document])} and version == {version} and {self._alive}"
        found = sorted(self._passages.each(where, ["position", "held"]), key=lambda entry: int(entry["position"]))
        return tuple(passage_of(json.loads(entry["held"])) for entry in found)

    def body(self, document: str) -> list[Passage]:
        return [passage for passage in self.passages(document) if passage.number is not None]

    def passage(self, name: str) -> tuple[Document, Passage] | None:
        wanted = parted(name)
        if not wanted:
            return None
        document, number, part = wanted
        place = f"number == {number} and part == {part or 0}"
        where = f"document in {quoted([document])} and {place} and {self._alive}"
        found = self._passages.query(where, ["version", "held"])
        newest = max(found, key=lambda entry: int(entry["version"]), default=None)
        held = self.document(document, newest["version"]) if newest else None
        return (held, passage_of(json.loads(newest["held"]))) if newest and held else None

    def _read_group(self, passage: str) -> list[str]:
        for entry in self._of(Of.GROUP, passage):
            held: list[str] = json.loads(entry["held"])
            return held
        return [passage]

    def _of(self, kind: Of, key: str) -> list[Entry]:
        return self._records.query(
            f"key in {quoted([key])} and kind == {quoted([kind])[1:-1]} and {self._alive}", ["part", "held"]
        )

    def _each(self, kind: Of) -> Iterator[Entry]:
        return self._records.each(f"kind in {quoted([kind])} and {self._alive}", ["held"])


class ReplicaWordings:
    """The wordings of current versions, by BM25 over their trigrams, each of which counts by how rare it is."""

    def __init__(self, cluster: Cluster, passages: Table, alive_: str) -> None:
        self._cluster, self._passages, self._alive = cluster, passages, alive_

    def holding(self, words: str, most: int) -> list[Place]:
        return [place for place, held in self._found(words, most) if words in wording(held.text).text]

    def resembling(self, words: str, most: int) -> list[Place]:
        return [place for place, _ in self._found(words, most)]

    def _found(self, words: str, most: int) -> Iterator[tuple[Place, Passage]]:
        if not self._cluster.has_words:
            raise CorpusError(
                f"Milvus {self._cluster.version} has no full-text search, so no quotation can be checked; 2.5 has it"
            )
        wanted = trigrams(words)
        if not wanted:
            return
        ids = self._passages.matching("trigrams", wanted, most, self._alive)
        held = self._passages.get(ids, ["document", "position", "held"])
        for entry in (held[id_] for id_ in ids if id_ in held):
            yield Place(entry["document"], entry["position"]), passage_of(json.loads(entry["held"]))
