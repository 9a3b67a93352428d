"""Cluster: the tables of one collection in Milvus, and which change of the store is published there."""

import json
from collections.abc import Mapping

from corpus.milvus import Milvus
from corpus.table import FOREVER, NOTHING, Entry, Field, Kind, Table, digest

_STATES, _STATE = "states", digest("state")
_FIELDS = {"held": Field(Kind.TEXT), "nothing": Field(Kind.VECTOR, dimension=2)}


class Cluster:
    """Safe to share between threads. Every method raises CorpusError if Milvus can't do its part."""

    def __init__(self, url: str) -> None:
        self._milvus = Milvus(url)
        self.version, self.has_words = self._milvus.version, self._milvus.has_words
        self._states: Table | None = None

    def table(self, name: str, fields: Mapping[str, Field], make: bool = False) -> Table:
        """The table of that name. Whoever only reads makes none."""
        return Table(self._milvus, self._named(name), fields, make)

    def _named(self, table: str) -> str:
        return f"{self._milvus.name}_{table}"

    def state(self, strict: bool = False) -> Entry | None:
        """What was last published; `strict` waits until nothing later can be in between."""
        if self._states is None:
            with self._milvus.translated():
                if not self._milvus.client.has_collection(self._named(_STATES)):
                    return None
            self._states = self.table(_STATES, _FIELDS)
        held = self._states.get([_STATE], ["held"], strict)
        found: Entry | None = json.loads(held[_STATE]["held"]) if held else None
        return found

    def publish(self, state: Entry) -> None:
        """Let readers see it."""
        self._states = self._states or self.table(_STATES, _FIELDS, make=True)
        entry = {"id": _STATE, "held": json.dumps(state, ensure_ascii=False), "nothing": NOTHING}
        self._states.write([{**entry, "since": 0, "until": FOREVER}])
