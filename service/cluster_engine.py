"""An index in a Milvus cluster, with all that is read beside it: any number of processes answer from there."""

import threading
from collections.abc import Callable, Hashable, Iterator, Set
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from time import monotonic

from corpus.changes import Change
from corpus.cluster import Cluster
from corpus.document import CorpusError
from corpus.library import Library
from corpus.mirror import Mirror
from corpus.replica import Replica
from corpus.store import Store
from embeddings.cluster_growth import ClusterGrowth, open_index
from embeddings.encoder import Encoder
from embeddings.glossary import Glossary
from embeddings.index import Index
from embeddings.publication import IndexUnusable, tidying
from service.contents import Contents
from service.engine import Growing

_POLL = 1.0  # seconds after which the cluster is asked again whether there is a later index


@contextmanager
def _unusable() -> Iterator[None]:
    """What the cluster can't do is that the index can't be used."""
    try:
        yield
    except CorpusError as error:
        raise IndexUnusable(str(error)) from error


class ClusterEngine:
    """Connects when it is first asked, and again if it could not."""

    def __init__(self, url: str, locks: Path | None, encoder: Callable[[], Encoder], glossary: Glossary) -> None:
        """`locks` is the folder of this machine in which processes that write to the cluster wait for each other."""
        self._url, self._locks, self._encoder, self._glossary = url, locks, encoder, glossary
        self._connecting = threading.Lock()
        self._connected: Cluster | None = None
        self._replica: Replica | None = None
        self._mark: tuple[Hashable, float] = None, -_POLL  # when it was asked for

    @property
    def _cluster(self) -> Cluster:
        with self._connecting:
            if self._connected is None:
                self._connected = Cluster(self._url)
            return self._connected

    def mark(self, fresh: bool = False) -> Hashable:
        mark, asked = self._mark
        if fresh or monotonic() - asked >= _POLL:
            self._mark = mark, monotonic()  # that no other thread asks too
            with _unusable():
                state = self._cluster.state(strict=fresh)
            mark = tuple(state["change"]) if state else None
            self._mark = mark, monotonic()
        return mark

    def opened(self, held: Index | None) -> Index:
        with _unusable():
            return open_index(self._cluster, self._encoder(), self._glossary, held, self._documents)

    def _documents(self, change: Change) -> Set[str]:
        return {member.document for member in self._as_of(change).members()}

    def library(self, index: Index) -> Library:
        return self._as_of(index.state.change)

    def _as_of(self, change: Change) -> Replica:
        held = self._replica  # read once: another thread may be setting it
        if held is None or held.last() != change:
            held = self._replica = Replica(self._cluster, change)
        return held

    def growth(self, store: Store) -> Growing:
        assert self._locks, "who has a store has a folder"
        mirror = Mirror(self._cluster, store)
        return ClusterGrowth(self._cluster, self._locks, Contents(store), self._encoder(), self._glossary, mirror)

    def tidying(self) -> AbstractContextManager[bool]:
        return tidying(self._locks) if self._locks else nullcontext(False)

    def problems(self, index: Index) -> list[str]:
        state = self._cluster.state(strict=True)
        if state is None or Change(*state["change"]) != index.state.change:
            return []  # it has just gone on
        return [] if index.size == state["rows"] else [f"the cluster has {index.size} rows of {state['rows']}"]

    def damage(self) -> list[str]:
        return []

    def give_up(self) -> bool:
        """What a cluster keeps it checks for itself."""
        return False
