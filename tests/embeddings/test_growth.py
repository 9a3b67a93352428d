"""An index that follows its source answers as one that was made anew, whatever came and went in between."""

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus.changes import NONE, Change
from embeddings import cluster_growth, growth
from embeddings.cluster_growth import ClusterGrowth
from embeddings.cluster_rows import rows_table
from embeddings.glossary import Glossary
from embeddings.growth import Growth
from embeddings.index import Index
from embeddings.publication import IndexMismatch, current
from embeddings.query import Query
from embeddings.rows import Row
from tests.embeddings.places import ENCODER, NAMES, PLACES, InFolder, InMilvus, Place, build

TOPICS = ("外空军备竞赛", "生物多样性", "INF Treaty", "бактериологическое оружие", "harbour lights", "shipping lanes")


class Documents:
    """A source of documents that come, change and go; each is a list of paragraphs."""

    def __init__(self) -> None:
        self.held: dict[str, tuple[str, ...]] = {}
        self.changed: dict[str, int] = {}
        self.number = 0

    def put(self, name: str, *texts: str) -> None:
        self.number += 1
        self.held[name] = texts
        self.changed[name] = self.number

    def drop(self, name: str) -> None:
        self.number += 1
        del self.held[name]
        self.changed[name] = self.number

    def reading(self) -> AbstractContextManager[None]:
        return nullcontext()

    def last(self) -> Change:
        return Change(self.number, f"token {self.number}") if self.number else NONE

    def knows(self, change: Change) -> bool:
        return change.number <= self.number

    def since(self, change: Change, most: int) -> tuple[frozenset[str], Change]:
        documents, last = list[str](), change.number
        for name, number in sorted(self.changed.items(), key=lambda held: held[1]):
            if number > change.number and len(documents) < most:
                documents.append(name)
                last = number
        is_all = len(documents) < most
        return frozenset(documents), self.last() if is_all else Change(last, f"token {last}")

    def rows(self, documents: Collection[str] | None = None) -> Iterator[Row]:
        for name in sorted(self.held if documents is None else self.held.keys() & documents):
            for at, text in enumerate(self.held[name], 1):
                yield Row((f"{name}/{at}",), (f"{name}/{at}",), text)

    def count(self, documents: Collection[str] | None = None) -> int:
        return len(list(self.rows(documents)))


def text(number: int) -> str:
    return f"The parties discussed {TOPICS[number % len(TOPICS)]}, item {number}, at length. They will meet again."


def hits(index: Index, question: str, documents: frozenset[str] | None = None) -> dict[str, tuple[str, float]]:
    found = index.search(Query(question, tuple(NAMES.mentions(question)), (), documents), 1000).hits
    return {hit.row.members[0]: (hit.row.text, hit.score) for hit in found}


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """No index is so small that it is made anew."""
    monkeypatch.setattr(growth, "_SMALL", 0)


def expect_as_anew(place: Place, source: Documents, anew: Path) -> None:
    index, other = place.open(), InFolder(anew)
    build(other, list(source.rows()))
    fresh = other.open()
    assert sorted(row.members for batch in index.batches(range(len(index.segments))) for row in batch.rows) == sorted(
        row.members for row in source.rows()
    )
    assert (index.size, index.paragraphs, index.documents) == (fresh.size, fresh.paragraphs, fresh.documents)
    for topic in TOPICS[:3]:
        one, others = hits(index, topic), hits(fresh, topic)
        assert {name: held[0] for name, held in one.items()} == {name: held[0] for name, held in others.items()}
        for name in one:
            # What is usual in a collection is told by a sample of it, and lengths by segment.
            assert one[name][1] == pytest.approx(others[name][1], abs=0.15), (topic, name)


changes = st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 3), st.booleans()), min_size=1, max_size=6)


@pytest.mark.parametrize("kind", PLACES)
@given(steps=changes)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_comes_and_goes(
    large: None, tmp_path_factory: pytest.TempPathFactory, kind: type[Place], steps: list[tuple[str, int, bool]]
) -> None:
    place, source = kind(tmp_path_factory.mktemp("indexes")), Documents()
    grown = place.growth(source)
    held: Index | None = None
    for number, (name, size, merging) in enumerate(steps):
        if size:
            source.put(name, *(text(7 * number + at) for at in range(size)))
        elif name in source.held:
            source.drop(name)
        assert grown.grow(held) or not source.number or not size
        held = place.open(before=held)
        if merging:
            grown.merge(held)
    expect_as_anew(place, source, tmp_path_factory.mktemp("anew"))


def test_a_small_index_is_the_same_however_it_came_about(tmp_path: Path) -> None:
    source = Documents()
    grown = Growth(tmp_path / "grown", source, ENCODER, NAMES)
    for number in range(4):
        source.put("abca"[number], text(number), text(number + 1))
        assert grown.grow() and (grown.merge() or not number)
    assert not grown.grow() and not grown.merge() and grown.is_current()
    Growth(tmp_path / "anew", source, ENCODER, NAMES).grow()
    assert current(tmp_path / "grown").segments == current(tmp_path / "anew").segments
    assert len(current(tmp_path / "grown").segments) == 1


def test_a_change_makes_a_segment_of_its_own_rows_alone(large: None, tmp_path: Path) -> None:
    source, done = Documents(), list[tuple[int, int]]()
    for name in "abcdefgh":
        source.put(name, *map(text, range(10)))
    grown = Growth(tmp_path, source, ENCODER, NAMES)
    grown.grow()
    source.put("c", text(3))
    grown.grow(told=lambda at, of: done.append((at, of)))
    first, second = current(tmp_path).segments
    assert done == [(1, 1)] and (first.without, second.without) == (("c",), ())
    index = Index.open(tmp_path, ENCODER, NAMES)
    assert index.sizes == [70, 1] and index.places("c") == [(1, 0)] and not grown.merge(index)


def test_sizes_fall_by_half_at_least_and_worn_segments_are_renewed(large: None, tmp_path: Path) -> None:
    source = Documents()
    grown = Growth(tmp_path, source, ENCODER, NAMES)
    for number in range(40):
        source.put(f"d{number}", *map(text, range(1 + number % 3)))
        grown.grow()
        grown.merge()
        sizes = Index.open(tmp_path, ENCODER, NAMES).sizes
        assert all(size >= 2 * sum(sizes[at + 1 :]) for at, size in enumerate(sizes)), sizes
    for number in range(0, 40, 2):
        source.drop(f"d{number}")
    grown.grow()
    assert grown.merge() and sum(Index.open(tmp_path, ENCODER, NAMES).sizes) == source.count()
    assert not any(segment.without for segment in current(tmp_path).segments)


def test_what_comes_during_a_merge_stays(large: None, tmp_path: Path) -> None:
    source = Documents()
    for name in "abcd":
        source.put(name, text(1), text(2))
    grown = Growth(tmp_path, source, ENCODER, NAMES)
    grown.grow()
    source.put("e", *map(text, range(6)))
    grown.grow()
    held = Index.open(tmp_path, ENCODER, NAMES)

    def meanwhile(at: int, of: int) -> None:
        if "f" in source.held:
            return
        source.put("f", text(5))
        source.put("a", text(4))
        Growth(tmp_path, source, ENCODER, NAMES).grow()

    assert grown.merge(held, meanwhile)
    index = Index.open(tmp_path, ENCODER, NAMES)
    assert index.sizes == [12, 2] and index.state.change == source.last()
    assert index.documents == set("abcdef") and {index.row(place).text for place in index.places("a")} == {text(4)}


@pytest.mark.parametrize("kind", PLACES)
def test_much_comes_in_steps_and_who_is_interrupted_goes_on(
    large: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[Place]
) -> None:
    for module in (growth, cluster_growth):
        monkeypatch.setattr(module, "STEP", 3)  # of this source, documents
    place, source = kind(tmp_path / "place"), Documents()
    for number in range(8):
        source.put(f"d{number}", text(number), text(number + 1))

    class Killed(Exception):
        pass

    def interrupt(done: int, total: int) -> None:
        assert total == 16
        if done > 8:
            raise Killed

    with pytest.raises(Killed):
        place.growth(source).grow(None, interrupt)
    assert place.open().documents == {"d0", "d1", "d2"}
    source.drop("d1")
    done = list[tuple[int, int]]()
    assert place.growth(source).grow(place.open(), lambda at, of: done.append((at, of)))
    assert done[-1] == (10, 10)  # of 14 passages, four were done
    expect_as_anew(place, source, tmp_path / "anew")


def test_in_a_cluster_each_change_is_seen_whole_as_long_as_somebody_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, source = InMilvus(tmp_path), Documents()
    grown = place.growth(source)
    source.put("a", text(0), text(1))
    source.put("b", text(2))
    grown.grow()
    before = place.open()
    source.put("a", text(0), text(6))
    source.drop("b")
    written = cluster_growth.ClusterGrowth(place.cluster, tmp_path / "locks", source, ENCODER, NAMES)
    touched, change = source.since(before.state.change, 10)
    written._write(touched, change, lambda rows: None)  # and is killed before it publishes
    assert place.open().state == before.state
    for index in (before, place.open()):
        assert {index.row(at).text for name in "ab" for at in index.places(name)} == {text(0), text(1), text(2)}
    grown.grow()
    assert grown.merge() is False  # what has just ended stays
    assert {name for name, _ in hits(before, "INF Treaty").items()} == {"a/1", "a/2", "b/1"}
    after = place.open()
    assert {after.row(at).text for at in after.places("a")} == {text(0), text(6)} and after.documents == {"a"}
    table = place.cluster.table("rows", rows_table(ENCODER.dimension))
    assert table.count("since > 0") == 4
    monkeypatch.setattr(cluster_growth, "_KEPT", -1.0)  # as if it were long ago
    assert grown.merge() is False and table.count("since > 0") == 2
    assert {name for name, _ in hits(place.open(), "INF Treaty").items()} == {"a/1", "a/2"}


def test_a_cluster_is_not_written_over_by_another_store(tmp_path: Path) -> None:
    place, source, other = InMilvus(tmp_path), Documents(), Documents()
    for name in "ab":
        source.put(name, text(1))
    place.growth(source).grow()
    other.put("c", text(2))
    with pytest.raises(IndexMismatch, match="name another one"):
        place.growth(other).grow()
    with pytest.raises(IndexMismatch, match="name another one"):
        ClusterGrowth(place.cluster, tmp_path / "locks", source, ENCODER, Glossary([])).grow()
    assert place.open().documents == {"a", "b"}


def test_large_segments_are_merged_up_to_a_size(large: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "_LARGEST", 10)
    source = Documents()
    grown = Growth(tmp_path, source, ENCODER, NAMES)
    for number in range(12):
        source.put(f"d{number}", *map(text, range(3)))
        grown.grow()
        while grown.merge():
            pass
        sizes = Index.open(tmp_path, ENCODER, NAMES).sizes
        assert max(sizes) <= 10 and sum(sizes) == 3 * (number + 1)
    assert len(sizes) <= 6
    expect_as_anew(InFolder(tmp_path), source, tmp_path / "anew")


def test_a_source_that_was_put_back_is_indexed_anew(large: None, tmp_path: Path) -> None:
    source, other = Documents(), Documents()
    for name in "ab":
        source.put(name, text(1))
    Growth(tmp_path, source, ENCODER, NAMES).grow()
    other.put("c", text(2))
    Growth(tmp_path, other, ENCODER, NAMES).grow()
    assert Index.open(tmp_path, ENCODER, NAMES).documents == {"c"}


def test_open_segments_are_taken_over(large: None, tmp_path: Path) -> None:
    source = Documents()
    grown = Growth(tmp_path, source, ENCODER, NAMES)
    source.put("a", text(1))
    grown.grow()
    before = Index.open(tmp_path, ENCODER, NAMES)
    source.put("b", text(2))
    grown.grow(before)
    after = Index.open(tmp_path, ENCODER, NAMES, before)
    assert after.segments[0] is before.segments[0] and after.name != before.name
