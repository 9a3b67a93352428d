"""The index in use: nobody waits for the next one but who asks for the newest."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from embeddings import glossary
from embeddings.encoder import open_encoder
from embeddings.growth import build
from embeddings.index import Index
from embeddings.publication import IndexDamaged, IndexMissing
from embeddings.rows import Row
from service import snapshot as snapshots
from service.engine import Folder
from service.snapshot import Snapshot

NAMES = glossary.load(glossary.BUILT_IN)
ENCODER = open_encoder()


def publish(folder: Path, *texts: str) -> None:
    build(folder, [Row((f"a/{at}",), (f"a/{at}",), text) for at, text in enumerate(texts, 1)], ENCODER, NAMES)


class Opening(Folder):
    """Opens as a collection does, but only when it may."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, lambda: ENCODER, NAMES)
        self.may, self.begun, self.times = threading.Event(), threading.Event(), 0

    def opened(self, held: Index | None) -> Index:
        self.times += 1
        self.begun.set()
        assert self.may.wait(30)
        return super().opened(held)


def test_while_one_opens_the_next_the_others_get_the_one_before(tmp_path: Path) -> None:
    opening = Opening(tmp_path)
    snapshot = Snapshot(opening)
    publish(tmp_path, "One.")
    opening.may.set()
    first = snapshot.index()
    assert snapshot.index() is first and opening.times == 1
    opening.may.clear()
    opening.begun.clear()
    publish(tmp_path, "One.", "Two.")
    with ThreadPoolExecutor(2) as pool:
        opener = pool.submit(snapshot.index)
        assert opening.begun.wait(30)
        assert [snapshot.index() for _ in range(5)] == [first] * 5
        newest = pool.submit(snapshot.newest)
        opening.may.set()
        assert opener.result(30).size == newest.result(30).size == 2
    assert snapshot.index() is snapshot.newest() is newest.result() and opening.times == 2


def test_without_one_everybody_waits_or_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "_RETRY", 1000.0)
    opening = Opening(tmp_path)
    opening.may.set()
    snapshot = Snapshot(opening)
    with pytest.raises(IndexMissing, match="no index yet"):
        snapshot.index()
    publish(tmp_path, "One.")
    opening.may.clear()
    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(snapshot.index) for _ in range(3)]
        opening.may.set()
        assert len({id(held.result(30)) for held in waiting}) == 1
    publish(tmp_path, "One.", "Two.")
    assert snapshot.index().size == 2  # that there was none once is no reason to wait


def test_one_that_cannot_be_opened_is_tried_again_now_and_then(tmp_path: Path) -> None:
    opening = Opening(tmp_path)
    opening.may.set()
    snapshot = Snapshot(opening)
    publish(tmp_path, "One.")
    first = snapshot.index()
    publish(tmp_path, "One.", "Two.")
    whole = (tmp_path / "current").read_bytes()
    (tmp_path / "current").write_bytes(b"{")
    assert {id(snapshot.index()) for _ in range(50)} == {id(first)} and opening.times == 2
    assert snapshot.newest() is first and opening.times == 3
    (tmp_path / "current").write_bytes(whole)
    assert snapshot.newest().size == 2


def test_what_is_cleared_away_while_it_is_opened_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(tmp_path, "One.")
    opened, original = list[int](), Index._of.__func__  # type: ignore[attr-defined]

    def meanwhile(cls: type[Index], *arguments: object) -> Index:
        opened.append(1)
        if len(opened) == 1:
            for number in range(3):  # so often that the first one's folders are gone
                publish(tmp_path, *["One."] * (number + 2))
        return original(cls, *arguments)  # type: ignore[no-any-return]

    monkeypatch.setattr(Index, "_of", classmethod(meanwhile))
    assert Index.open(tmp_path, ENCODER, NAMES).size == 4 and len(opened) > 2
    monkeypatch.undo()
    for segment in tmp_path.glob("segment-*"):
        (segment / "row-starts.npy").unlink()
    with pytest.raises(IndexDamaged, match=r"row-starts\.npy"):
        Index.open(tmp_path, ENCODER, NAMES)
