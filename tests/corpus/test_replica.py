"""A replica in Milvus says of every document, passage and wording what the store says."""

import datetime
from collections.abc import Sequence
from pathlib import Path

import pytest

from corpus.changes import NONE, Change
from corpus.cluster import Cluster
from corpus.document import CorpusError
from corpus.mirror import Mirror
from corpus.replica import Replica
from corpus.store import Store
from corpus.wording import wording
from service.ingestion import BUILT_IN, ingest

TODAY = datetime.date(2026, 1, 2)


class Copied:
    """A store and the cluster that it is copied to."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(folder / "store.sqlite3")
        self.cluster = Cluster(f"milvus+file://{folder}/milvus.db")
        self.change = NONE

    def copy(self) -> Replica:
        documents, change = self.store.changes.since(self.change, 1 << 30)
        Mirror(self.cluster, self.store).renew(documents, change)
        self.change = change
        return Replica(self.cluster, change)

    def file(self, path: Path, *paragraphs: str) -> None:
        path.write_text("\n\n".join(paragraphs), "utf-8")
        assert [report.problem for report in ingest(self.store, [path])] == [None]


@pytest.fixture
def copied(tmp_path: Path) -> Copied:
    return Copied(tmp_path)


def expect_same(replica: Replica, store: Store, gone: Sequence[str] = ()) -> None:
    assert replica.works() == store.works() and [*replica.members()] == [*store.members()]
    assert (replica.origins(), replica.documents()) == (store.origins(), store.documents())
    for member in store.members():
        name = member.document
        assert (replica.document(name), replica.passages(name)) == (store.document(name), store.passages(name))
        for held in store.versions(name):
            assert replica.document(name, held.version) == store.document(name, held.version) == held
            assert replica.passages(name, held.version) == store.passages(name, held.version)
        for passage in store.body(name):
            assert replica.passage(passage.id) == store.passage(passage.id)
            assert replica.group(passage.id) == store.group(passage.id)
    for name in gone:
        assert replica.document(name) is None and replica.passages(name) == []
        assert replica.withdrawn(name) == store.withdrawn(name) != None  # noqa: E711
    for unknown in ("", "no-such/1", "no-such", 'a"/1', "a\\/1"):
        assert replica.passage(unknown) == store.passage(unknown) is None
        assert replica.withdrawn(unknown) is None and replica.work(unknown) is None
        assert replica.group(unknown) == [unknown]


def test_the_built_in_statements(copied: Copied) -> None:
    ingest(copied.store, [BUILT_IN])
    replica = copied.copy()
    assert replica.last() == copied.store.last()
    expect_same(replica, copied.store)
    words = [wording(passage.text).text for held in copied.store.members() for passage in copied.store.body(held[0])]
    for held in words[::6]:
        for part in (held, held[10:40], held[5:8]):
            assert {*replica.full_text.holding(part, 100)} == {*copied.store.full_text.holding(part, 100)}
        slip = held[:20] + "某" + held[21:40]
        best = copied.store.full_text.resembling(held[:40], 12)[0]
        assert best in replica.full_text.resembling(slip, 12)
    assert replica.full_text.holding("xyzzy", 5) == replica.full_text.resembling("zz", 5) == []


def test_versions_withdrawals_and_returns(copied: Copied, tmp_path: Path) -> None:
    long = "a" * 150_000  # more than one field can hold, and without a place to cut it
    copied.file(tmp_path / "a.txt", "The first paragraph of this file.", "The second one says more.", long)
    copied.file(tmp_path / "b.txt", "Another file altogether, about lamps.", "It has two paragraphs as well.")
    first = copied.copy()
    expect_same(first, copied.store)
    before = copied.store.documents()
    copied.file(tmp_path / "a.txt", "The first paragraph of this file.", "The second one was changed.", long)
    second = copied.copy()
    expect_same(second, copied.store)
    assert first.documents() == before  # who reads as of then still finds it
    gone = wording("The second one says more.").text
    assert [len(replica.full_text.holding(gone, 5)) for replica in (Replica(copied.cluster, first.last()), second)] == [
        1,
        0,
    ]
    copied.store.withdraw("a", TODAY)
    expect_same(copied.copy(), copied.store, gone=["a"])
    copied.file(tmp_path / "a.txt", "The first paragraph of this file.", "The second one was changed.", long)
    expect_same(copied.copy(), copied.store)


def test_what_is_there_is_not_written_again(copied: Copied) -> None:
    ingest(copied.store, [BUILT_IN])
    replica = copied.copy()
    tables = replica._records, replica._passages
    before = [sorted(entry["id"] for entry in table.each("since > 0", ())) for table in tables]
    copied.change = NONE
    again = copied.copy()
    assert [sorted(entry["id"] for entry in table.each("since > 0", ())) for table in tables] == before
    expect_same(again, copied.store)
    mirror = Mirror(copied.cluster, copied.store)
    mirror.clear_away(copied.change)  # nothing has ended
    expect_same(Replica(copied.cluster, copied.change), copied.store)


def test_a_cluster_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="Milvus at 127.0.0.1:9: .*; check YINJU_INDEX"):
        Cluster("milvus+http://127.0.0.1:9/name")


def test_a_cluster_that_is_empty(tmp_path: Path) -> None:
    cluster = Cluster(f"milvus+file://{tmp_path}/milvus.db")
    assert cluster.state() is None
    cluster.publish({"change": Change(1, "a")})
    assert cluster.state(strict=True) == {"change": [1, "a"]}
    with pytest.raises(CorpusError, match="no collection yinju_records; check the name"):
        Replica(cluster, Change(1, "a"))
