"""How an index in a cluster follows its store: what changed is written there, then the change is published.

A row that is there already stays as it is. Whoever is interrupted goes on: what was written and not published is found
again by what it holds.
"""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence, Set
from pathlib import Path
from tempfile import TemporaryDirectory

from corpus.changes import NONE, Change
from corpus.cluster import Cluster
from corpus.mirror import Mirror
from corpus.table import Entry, alive
from embeddings.cluster_rows import entries, row_id, rows_table
from embeddings.cluster_segment import ClusterSegment
from embeddings.descriptions import Descriptions
from embeddings.encoder import Encoder
from embeddings.glossary import Glossary
from embeddings.growth import STEP, Source, Told, counted
from embeddings.index import Index
from embeddings.preparation import Batch, Preparation, made_with
from embeddings.publication import IndexMismatch, IndexMissing, SegmentState, State, building, check
from embeddings.rows import Row

_KEPT = 60.0  # seconds that somebody may read as of a change that was published before


def open_index(
    cluster: Cluster,
    encoder: Encoder,
    glossary: Glossary,
    before: Index | None = None,
    documents: Callable[[Change], Set[str]] | None = None,
) -> Index:
    """The index that is published, or `before` if that is it; `documents` lists those that there are as of a change.

    Raises IndexUnusable if there is none that `encoder` can search, or CorpusError.
    """
    held = cluster.state(strict=True)
    if held is None:
        raise IndexMissing("the cluster has no index yet; run `yinju ingest` where the documents are kept")
    change = Change(*held["change"])
    state = State(held["made_with"], change, "", (SegmentState(f"{change.number}-{change.token}"),))
    check(state, made_with(encoder, glossary))
    if before and before.state == state:
        return before
    table = cluster.table("rows", rows_table(encoder.dimension))
    listed = (lambda: documents(change)) if documents else None
    (known,) = before.segments if before else (None,)
    assert known is None or isinstance(known, ClusterSegment)
    segment = ClusterSegment(table, change, held["languages"], Preparation(encoder, glossary), listed, known)
    descriptions = before.descriptions if before else _described(glossary, encoder)
    return Index(state, [segment], descriptions, encoder, glossary)


def _described(glossary: Glossary, encoder: Encoder) -> Descriptions:
    with TemporaryDirectory() as folder:
        Descriptions.build(Path(folder), glossary, encoder)
        return Descriptions(Path(folder))


class ClusterGrowth:
    """The index in a cluster, made of one source with one encoder and one glossary by one process at a time."""

    def __init__(
        self,
        cluster: Cluster,
        locks: Path,
        source: Source,
        encoder: Encoder,
        glossary: Glossary,
        mirror: Mirror | None = None,
    ) -> None:
        """`mirror` writes what else is read of documents; processes of this machine wait for each other in `locks`."""
        self._cluster, self._locks, self._source, self._mirror = cluster, locks, source, mirror
        self._made = made_with(encoder, glossary)
        self._preparation = Preparation(encoder, glossary)
        self._table = cluster.table("rows", rows_table(encoder.dimension), make=True)

    def is_current(self) -> bool:
        """Whether the index has all that the source has."""
        held = self._cluster.state(strict=True)
        return held is not None and held["made_with"] == self._made and Change(*held["change"]) == self._source.last()

    def grow(self, held: Index | None = None, told: Told = lambda done, total: None) -> bool:
        """Publish an index of what the source has now; whether there was anything to do. Raises IndexMismatch."""
        left = self._source.since(held.state.change, 1 << 62)[0] if held else None
        heard, is_grown = counted(told, self._source.count(left)), False
        with building(self._locks):
            while True:
                with self._source.reading():
                    before = self._published()
                    if before and Change(*before["change"]) == self._source.last():
                        return is_grown
                    self._step(before, heard)
                    is_grown = True

    def merge(self, held: Index | None = None, told: Told = lambda done, total: None) -> bool:
        """Clear away what nobody reads any more; the engine merges for itself."""
        for change in _left_behind((self._cluster.state() or {}).get("published", ())):
            self._table.clear_away(change)
            if self._mirror:
                self._mirror.clear_away(change)
        return False

    def _published(self) -> Entry | None:
        held = self._cluster.state(strict=True)
        if held and (held["made_with"] != self._made or not self._source.knows(Change(*held["change"]))):
            raise IndexMismatch(
                "the cluster holds an index of another store, model, glossary or version, or of this store as it was "
                "later; name another one at the end of YINJU_INDEX, as in milvus+http://HOST:19530/NAME"
            )
        return held

    def _step(self, before: Entry | None, heard: Callable[[Sequence[Row]], None]) -> None:
        touched, change = self._source.since(Change(*before["change"]) if before else NONE, STEP)
        is_all = before is None and change == self._source.last()
        if self._mirror:
            self._mirror.renew(touched, change)
        languages = self._write(None if is_all else touched, change, heard) | {*(before or {}).get("languages", ())}
        self._cluster.publish(
            {
                "made_with": self._made,
                "change": change,
                "languages": sorted(languages),
                "rows": self._table.count(alive(change), strict=True),
                "published": [*_recent((before or {}).get("published", ())), (time.time(), *change)],
            }
        )

    def _write(
        self, documents: Collection[str] | None, change: Change, heard: Callable[[Sequence[Row]], None]
    ) -> set[str]:
        """From `change` on, let there be just the rows of these documents, or of all; the new ones' languages."""
        wanted = {row_id(row): row for row in self._source.rows(documents)}
        live = self._table.live("documents", documents)
        heard([row for id_, row in wanted.items() if id_ in live])
        new = [row for id_, row in wanted.items() if id_ not in live]
        languages = set[str]()

        def written(batches: Iterable[Batch]) -> Iterator[Entry]:
            for batch in batches:
                languages.update(batch.tags)
                yield from entries(batch, self._preparation.table is not None)
                heard(batch.rows)

        count = sum(len(row.members) for row in new)
        self._table.add(written(self._preparation.batches(new, count)), change)
        self._table.end(live - wanted.keys(), change)
        return languages


_Published = Sequence[tuple[float, int, str]]  # when a change was published, and which; the last one last


def _left_behind(published: _Published) -> list[Change]:
    """The last change that was published so long ago that nobody reads as of one before; none if there is none."""
    old = [Change(number, token) for at, number, token in published if at < time.time() - _KEPT]
    return old[-1:]


def _recent(published: _Published) -> _Published:
    """Those that have to be remembered."""
    old = sum(at < time.time() - _KEPT for at, _, _ in published)
    return published[max(old - 1, 0) :]
