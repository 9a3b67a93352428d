"""Cluster: the tables of one collection in Milvus, and which change of the store is published there."""

import json
from collections.abc import Mapping

from corpus.milvus import Milvus
from corpus.table import FOREVER, NOTHING, Entry, Field, Kind, Table, digest

_STATE = digest("state")


class Cluster:
    """Safe to share between threads. Every method raises CorpusError if Milvus can't do its part."""

    def __init__(self, url: str) -> None:
        self._milvus = Milvus(url)
        self.version, self.has_words = self._milvus.version, self._milvus.has_words
        self._states = self.table("states", {"held": Field(Kind.TEXT), "nothing": Field(Kind.VECTOR, dimension=2)})

    def table(self, name: str, fields: Mapping[str, Field]) -> Table:
        """The table of that name, made if it is not there."""
        return Table(self._milvus, f"{self._milvus.name}_{name}", fields)

    def state(self, strict: bool = False) -> Entry | None:
        """What was last published; `strict` waits until nothing later can be in between."""
        held = self._states.get([_STATE], ["held"], strict)
        found: Entry | None = json.loads(held[_STATE]["held"]) if held else None
        return found

    def publish(self, state: Entry) -> None:
        """Let readers see it."""
        entry = {"id": _STATE, "held": json.dumps(state, ensure_ascii=False), "nothing": NOTHING}
        self._states.write([{**entry, "since": 0, "until": FOREVER, "ended": 0}])

    def clear(self) -> None:
        """Remove all tables of this collection."""
        with self._milvus.translated():
            for name in self._milvus.client.list_collections():
                if name.startswith(f"{self._milvus.name}_"):
                    self._milvus.client.drop_collection(name)
