"""A damaged file too large to be read at each start is found all the same, and what it was in is made anew."""

from pathlib import Path

import pytest

from embeddings import manifest, publication
from embeddings.manifest import damage
from embeddings.publication import IndexDamaged, current
from service.collection import Collection
from service.ingestion import BUILT_IN, ingest
from service.settings import Settings

QUESTION = "what was said about INF"


@pytest.fixture
def collection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Collection:
    monkeypatch.setattr(manifest, "_END", 256)
    made = Collection(Settings.from_environ({"YINJU_DATA": str(tmp_path / "data")}))
    ingest(made.store, [BUILT_IN])
    made.build_index()
    return made


def quoted(collection: Collection) -> list[tuple[str, float]]:
    return [(quote.passage_id, quote.score) for quote in collection.answerer().ask(QUESTION).quotes]


def test_what_is_whole_stays(collection: Collection) -> None:
    state = current(collection.settings.indexes)
    assert not collection.scrub_index() and current(collection.settings.indexes) == state


@pytest.mark.parametrize("name", ["dense.faiss", "rows.jsonl", "tokens.bin"])
def test_a_flipped_bit_is_found_and_the_index_made_anew(
    collection: Collection, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(publication, "_LARGE", 0)
    before = quoted(collection)
    indexes = collection.settings.indexes
    (segment,) = current(indexes).segments
    path = indexes / segment.name / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(bytes(data))
    other = Collection(collection.settings)  # as in another process: it has the same files open
    other.index()
    assert any(name in problem for problem in collection.index_problems())
    assert collection.scrub_index() and quoted(collection) == before
    assert [problem for folder in current(indexes).folders for problem in damage(indexes / folder)] == []
    assert quoted(other) == before and other.index().segments[0].seen == collection.index().segments[0].seen


def test_nothing_is_answered_from_a_damaged_index(collection: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publication, "_LARGE", 0)
    indexes = collection.settings.indexes
    publication.condemn(indexes / current(indexes).segments[0].name)
    with pytest.raises(IndexDamaged, match="run `yinju ingest`"):
        Collection(collection.settings).index()
