"""Table: entries in Milvus, each as it is from one change of a store up to another.

Nothing is written over. An entry's id is made of what it holds; it counts `since` one change and `until` another, so
that whoever reads as of one change finds that state whole, whatever is written meanwhile. The one process that writes
adds entries, lets others end, and then publishes the change. What has ended is cleared away a while later.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b
from itertools import islice
from typing import Any

from corpus.changes import Change
from corpus.document import CorpusError
from corpus.milvus import Milvus

Entry = Mapping[str, Any]

LONGEST = 65_535  # bytes of words, or of a part of a text
MOST = 4096  # numbers, names or parts in one field
_PART = 16_000  # characters, of four bytes at most
NOTHING = (0.0, 0.0)  # Milvus wants a vector in every entry
FOREVER = 1 << 62
_BATCH, _MANY = 200, 16_384  # entries of a request to write, and of a reply
_NAMED = 400  # documents in one condition
_READING, _WRITING = 10.0, 60.0  # seconds until somebody who waits for an engine that is not there is told so
_TIME = ("since", "until")


class Kind(StrEnum):
    """What a field holds. `WORDS` are texts of words without inflection or stops, found by BM25."""

    NUMBER = "number"
    NUMBERS = "numbers"
    SHARE = "share"
    FLAG = "flag"
    NAME = "name"
    NAMES = "names"
    TEXT = "text"
    WORDS = "words"
    VECTOR = "vector"


@dataclass(frozen=True, slots=True)
class Field:
    """`indexed` ones are used in conditions; a vector has a `dimension`, words have BM25's `b`."""

    kind: Kind
    indexed: bool = False
    dimension: int = 0
    b: float = 0.75


def digest(held: str) -> int:
    """A number for a text, the same for no other as far as chance goes."""
    return int.from_bytes(blake2b(held.encode(), digest_size=8).digest(), "big") >> 1  # as conditions take no negative


@lru_cache(1 << 16)
def number(term: str) -> int:
    """The digest of a term, of which there are few that come often."""
    return digest(term)


def word(term: str) -> str:
    """A word that every analyser keeps as it is, for a term of ours: ranking must not depend on the engine's own."""
    return f"t{number(term):x}"


def joined(words: Iterable[str]) -> str:
    """As many of some words, in a text, as a field takes."""
    held = " ".join(words)
    return held if len(held) <= LONGEST else held[:LONGEST].rpartition(" ")[0]


def quoted(values: Iterable[str | int]) -> str:
    """A list in the language of conditions."""
    return json.dumps(list(values), ensure_ascii=False)


def alive(change: Change) -> str:
    """The condition that an entry counts as of a change."""
    return f"since <= {change.number} and until > {change.number}"


class Table:
    """One kind of entries. Conditions are Milvus's own filter expressions."""

    def __init__(self, milvus: Milvus, name: str, fields: Mapping[str, Field], make: bool) -> None:
        """The one of that name; if there is none it is made, or else a CorpusError."""
        self._milvus, self._client, self._name = milvus, milvus.client, name
        self._fields = {key: field for key, field in fields.items() if field.kind is not Kind.WORDS or milvus.has_words}
        self.has_words = milvus.has_words
        self._vector = next((key for key, field in fields.items() if field.kind is Kind.VECTOR), "")
        with milvus.translated():
            if not self._client.has_collection(name):
                if not make:
                    raise CorpusError(f"Milvus has no collection {name}; check the name at the end of YINJU_INDEX")
                self._make()
            self._client.load_collection(name)  # as it is not after a restart of Milvus Lite

    def _make(self) -> None:
        types, schema = self._milvus.types, self._client.create_schema(auto_id=False, enable_dynamic_field=False)
        index = self._client.prepare_index_params()
        schema.add_field("id", types.INT64, is_primary=True)
        for key in _TIME:
            schema.add_field(key, types.INT64)
        for key, field in self._fields.items():
            schema.add_field(key, **_described(types, field))
            if field.kind is Kind.WORDS:
                schema.add_field(_sparse(key), types.SPARSE_FLOAT_VECTOR)
                schema.add_function(self._milvus.bm25(key, _sparse(key)))
                constants = {"bm25_k1": 1.2, "bm25_b": field.b}
                index.add_index(_sparse(key), "SPARSE_INVERTED_INDEX", metric_type="BM25", params=constants)
            elif field.kind is Kind.VECTOR:
                index.add_index(key, **self._nearness(field))
        if self._milvus.has_scalar_indexes:
            for key in (*_TIME, *(key for key, field in self._fields.items() if field.indexed)):
                index.add_index(key, index_type="INVERTED")
        self._client.create_collection(
            self._name,
            schema=schema,
            index_params=index,
            consistency_level="Bounded",
            num_shards=self._milvus.shards,
        )

    def _nearness(self, field: Field) -> dict[str, Any]:
        """HNSW as it finds nearly all of the nearest among passages that are much alike; Lite looks at all."""
        if self._milvus.is_file or field.dimension == len(NOTHING):
            return {"index_type": "FLAT", "metric_type": "IP"}
        return {"index_type": "HNSW", "metric_type": "IP", "params": {"M": 32, "efConstruction": 200}}

    # Reading.

    def catch_up(self) -> None:
        """Return when what was written before is found by whoever reads from here on."""
        self.query("id == 0", (), 1, strict=True)

    def get(self, ids: Sequence[int], fields: Sequence[str], strict: bool = False) -> dict[int, Entry]:
        """Entries by their ids, those that are there."""
        found: dict[int, Entry] = {}
        for start in range(0, len(ids), _BATCH):
            some = ids[start : start + _BATCH]
            found |= {one["id"]: one for one in self.query(f"id in {quoted(some)}", fields, len(some), strict)}
        return found

    def query(self, where: str, fields: Sequence[str], most: int = _MANY, strict: bool = False) -> list[Entry]:
        """At most `most` entries, in no order."""
        with self._milvus.translated():
            found = self._client.query(
                self._name, filter=where, output_fields=["id", *fields], limit=most, **_asked(strict)
            )
            return [self._read(one) for one in found]

    def each(self, where: str, fields: Sequence[str]) -> Iterator[Entry]:
        """All entries, in no order, as of now."""
        with self._milvus.translated():
            held = self._client.query_iterator(
                self._name, batch_size=1000, filter=where, output_fields=["id", *fields], **_asked(True)
            )
            try:
                while batch := held.next():
                    yield from map(self._read, batch)
            finally:
                held.close()

    def count(self, where: str, strict: bool = False) -> int:
        """How many entries."""
        with self._milvus.translated():
            found = self._client.query(self._name, filter=where, output_fields=["count(*)"], **_asked(strict))
            return int(found[0]["count(*)"])

    def nearest(self, vector: Sequence[float], k: int, where: str) -> list[int]:
        """The ids of the entries whose vectors have the highest inner product, best first."""
        return self._search(self._vector, vector, k, where, {"ef": max(2048, k)})

    def matching(self, key: str, words: str, k: int, where: str) -> list[int]:
        """The ids of the best entries by BM25, best first."""
        return self._search(_sparse(key), words, k, where, {})

    def _search(self, field: str, held: Any, k: int, where: str, parameters: Mapping[str, Any]) -> list[int]:
        with self._milvus.translated():
            (hits,) = self._client.search(
                self._name,
                data=[held],
                anns_field=field,
                limit=k,
                filter=where,
                search_params={"params": parameters},
                timeout=_READING,
            )
            return [int(hit["id"]) for hit in hits]

    # Writing, by one process.

    def live(self, key: str, values: Collection[str] | None, also: str = "") -> set[int]:
        """The ids of the entries that have not ended, and whose field, or one of whose names, is one of `values`."""
        return {one["id"] for where in self._within(key, values, also) for one in self.each(where, ())}

    def _within(self, key: str, values: Collection[str] | None, also: str) -> Iterator[str]:
        shared = " and ".join(filter(None, [also, f"until == {FOREVER}"]))
        if values is None:
            yield shared
            return
        is_list, left = self._fields[key].kind is Kind.NAMES, iter(sorted(values))
        while some := list(islice(left, _NAMED)):
            within = f"array_contains_any({key}, {quoted(some)})" if is_list else f"{key} in {quoted(some)}"
            yield f"{within} and {shared}"

    def add(self, entries: Iterable[Entry], change: Change) -> None:
        """Entries that count from `change` on."""
        self.write({**entry, "since": change.number, "until": FOREVER} for entry in entries)

    def end(self, ids: Collection[int], change: Change) -> None:
        """Let entries count no more from `change` on."""
        left = iter(sorted(ids))
        while some := list(islice(left, _BATCH)):
            held = self.query(f"id in {quoted(some)}", ("since", *self._fields), len(some), strict=True)
            self.write({**entry, "until": change.number} for entry in held)

    def clear_away(self, change: Change) -> None:
        """Remove what nobody counts who reads as of `change` or later."""
        with self._milvus.translated():
            self._client.delete(self._name, filter=f"until <= {change.number}", timeout=_WRITING)

    def write(self, entries: Iterable[Entry]) -> None:
        """Entries with all their fields, in place of those that have their ids."""
        left = iter(entries)
        while batch := [dict(entry) for entry in islice(left, _BATCH)]:
            held = [self._written(one) for one in batch]
            with self._milvus.translated():
                self._client.upsert(self._name, held, timeout=_WRITING)

    def _written(self, entry: Entry) -> dict[str, Any]:
        held = {key: entry[key] for key in ("id", *_TIME, *self._fields)}
        return {key: _parts(value) if self._is_text(key) else value for key, value in held.items()}

    def _read(self, entry: Entry) -> Entry:
        return {key: "".join(value) if self._is_text(key) else value for key, value in entry.items()}

    def _is_text(self, key: str) -> bool:
        return key in self._fields and self._fields[key].kind is Kind.TEXT


def _parts(text: str) -> list[str]:
    return [text[start : start + _PART] for start in range(0, len(text), _PART)]


def _described(types: Any, field: Field) -> dict[str, Any]:
    """A field as Milvus describes it."""
    words = {"datatype": types.VARCHAR, "max_length": LONGEST}
    several = {"datatype": types.ARRAY, "max_capacity": MOST}
    names = {**several, "element_type": types.VARCHAR}
    of: dict[Kind, dict[str, Any]] = {
        Kind.NUMBER: {"datatype": types.INT64},
        Kind.NUMBERS: {**several, "element_type": types.INT64},
        Kind.SHARE: {"datatype": types.DOUBLE},
        Kind.FLAG: {"datatype": types.BOOL},
        Kind.NAME: {"datatype": types.VARCHAR, "max_length": 1024},
        Kind.NAMES: {**names, "max_length": 1024},
        Kind.TEXT: {**names, "max_length": LONGEST},  # in parts
        Kind.WORDS: {**words, "enable_analyzer": True, "analyzer_params": {"tokenizer": "standard"}},
        Kind.VECTOR: {"datatype": types.FLOAT_VECTOR, "dim": field.dimension},
    }
    return of[field.kind]


def _sparse(key: str) -> str:
    return f"{key}_sparse"


def _asked(strict: bool) -> dict[str, Any]:
    return {"timeout": _READING, **({"consistency_level": "Strong"} if strict else {})}
