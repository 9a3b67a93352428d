"""Publishing: what is refused, what is noticed, what survives."""

import json
import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from corpus.changes import Change
from embeddings import manifest, publication
from embeddings.manifest import damage
from embeddings.publication import (
    IndexDamaged,
    IndexMismatch,
    IndexMissing,
    SegmentState,
    State,
    building,
    check,
    condemn,
    current,
    mark,
    publish,
    seen,
    sound,
    write_folder,
)

MADE_WITH = {"model": "m", "dimension": 8}


def write(path: Path) -> str:
    (path / "inner").mkdir()
    (path / "rows").write_text("rows")
    (path / "inner" / "part").write_bytes(bytes(range(256)))
    return "0123456789abcdef0"


def state(*names: str, change: int = 1) -> State:
    return State(MADE_WITH, Change(change, "token"), "descriptions-a", tuple(map(SegmentState, names)))


def published(folder: Path, *names: str) -> State:
    for name in ("descriptions-a", *names):
        (folder / name).mkdir(exist_ok=True)
    publish(folder, state(*names))
    return current(folder)


def test_a_folder_is_named_after_what_is_in_it_and_whole(tmp_path: Path) -> None:
    name = write_folder(tmp_path, "segment", write)
    assert name == "segment-0123456789abcdef" and list(damage(tmp_path / name)) == []
    assert write_folder(tmp_path, "segment", write) == name
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["rows", "inner/part"])
def test_a_changed_or_missing_file_is_damage(tmp_path: Path, name: str) -> None:
    path = tmp_path / write_folder(tmp_path, "segment", write)
    assert sound(path) == path
    data = bytearray((path / name).read_bytes())
    data[-1] ^= 1
    (path / name).write_bytes(bytes(data))
    with pytest.raises(IndexDamaged, match=f"{name} has changed"):
        sound(path)
    (path / name).unlink()
    with pytest.raises(IndexDamaged, match=name):
        sound(path)


@pytest.mark.parametrize("manifest", ["", "[]", "{", "1", '{"rows": "0"}'])
def test_a_broken_manifest_is_damage(tmp_path: Path, manifest: str) -> None:
    path = tmp_path / write_folder(tmp_path, "segment", write)
    (path / "manifest.json").write_text(manifest)
    if manifest != "[]":
        with pytest.raises(IndexDamaged, match="run `yinju ingest` to build the index anew"):
            sound(path)
    (path / "manifest.json").unlink()
    with pytest.raises(IndexDamaged, match="manifest.json"):
        sound(path)


def test_what_was_published_is_current(tmp_path: Path) -> None:
    held = published(tmp_path, "segment-a", "segment-b")
    assert held == state("segment-a", "segment-b")
    assert held.name != state("segment-a").name and held.name == state("segment-a", "segment-b", change=7).name
    less = held.segments[0].less(frozenset({"b", "a"}))
    assert less.without == ("a", "b") and less.less(frozenset({"a"})) == less


def test_nothing_published_is_missing(tmp_path: Path) -> None:
    assert mark(tmp_path) is None
    with pytest.raises(IndexMissing, match="run `yinju ingest`"):
        current(tmp_path)


@pytest.mark.parametrize("other", [{"model": "n", "dimension": 8}, {"model": "m", "dimension": 9}, {"analyser": "x"}])
def test_another_model_or_dimension_is_a_mismatch(other: dict[str, object]) -> None:
    check(state(), MADE_WITH)
    with pytest.raises(IndexMismatch, match="built with .*run `yinju ingest` to build it anew"):
        check(state(), other)


def test_another_format_is_a_mismatch(tmp_path: Path) -> None:
    published(tmp_path)
    held = json.loads((tmp_path / "current").read_text())
    (tmp_path / "current").write_text(json.dumps({**held, "format": 2}))
    with pytest.raises(IndexMismatch, match="has format 2, not 8; run `yinju ingest`"):
        current(tmp_path)


def test_a_pointer_of_an_older_version_is_a_mismatch(tmp_path: Path) -> None:
    (tmp_path / "current").write_text("index-0123456789abcdef")
    with pytest.raises((IndexMismatch, IndexDamaged), match="run `yinju ingest`"):
        current(tmp_path)


def test_any_flipped_bit_of_the_state_is_noticed(tmp_path: Path) -> None:
    published(tmp_path, "segment-a")
    whole = (tmp_path / "current").read_bytes()
    for at in range(len(whole)):
        for bit in (1, 16, 64):
            (tmp_path / "current").write_bytes(whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :])
            try:
                assert current(tmp_path) == state("segment-a"), (at, bit)  # white space, perhaps
            except (IndexDamaged, IndexMismatch):
                pass


def test_a_failure_leaves_what_is_current_alone_and_nothing_behind(tmp_path: Path) -> None:
    before = published(tmp_path, "segment-a")

    def fail(path: Path) -> str:
        write(path)
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_folder(tmp_path, "segment", fail)
    assert current(tmp_path) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["current", "descriptions-a", "segment-a"]


def test_the_folders_before_are_kept_for_their_readers_and_older_ones_go(tmp_path: Path) -> None:
    marks = set()
    for name in ("segment-a", "segment-b", "segment-c"):
        published(tmp_path, name)
        marks.add(mark(tmp_path))
    assert len(marks) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("current", "descriptions-a", "segment-b", "segment-c"),
    ]


def hang(folder: Path, started: "multiprocessing.synchronize.Event") -> None:
    def write(path: Path) -> str:
        (path / "rows").write_text("half")
        started.set()
        signal.pause()
        return ""

    write_folder(folder, "segment", write)


def test_what_a_killed_process_left_goes_and_what_another_one_writes_stays(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    started = context.Event()
    writer = context.Process(target=hang, args=(tmp_path, started))
    writer.start()
    assert started.wait(30) and writer.pid
    published(tmp_path)
    assert len(list(tmp_path.glob("*.tmp"))) == 1
    os.kill(writer.pid, signal.SIGKILL)
    writer.join()
    assert len(list(tmp_path.glob("*.tmp"))) == 1
    published(tmp_path)
    assert list(tmp_path.glob("*.tmp")) == []


def test_one_at_a_time_builds(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    inside, entered = context.Value("i", 0), context.Value("i", 0)

    def build() -> None:
        for _ in range(20):
            with building(tmp_path):
                inside.value += 1
                entered.value += inside.value
                inside.value -= 1

    builders = [context.Process(target=build) for _ in range(3)]
    for builder in builders:
        builder.start()
    for builder in builders:
        builder.join()
    assert entered.value == 60


def test_of_a_large_file_only_size_and_ends_are_checked_until_it_is_read_in_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publication, "_LARGE", 100)
    monkeypatch.setattr(manifest, "_END", 8)
    path = tmp_path / write_folder(tmp_path, "segment", write)
    data = (path / "inner" / "part").read_bytes()
    (path / "inner" / "part").write_bytes(data[:8] + bytes(240) + data[-8:])
    before = seen(path)
    assert sound(path) == path and list(damage(path)) == ["inner/part has changed since it was published"]
    with pytest.raises(IndexDamaged, match="inner/part has changed"):
        sound(path, is_in_full=True)
    for at in (3, 252):
        (path / "inner" / "part").write_bytes(data[:at] + b"!" + data[at + 1 :])
        with pytest.raises(IndexDamaged, match="inner/part has changed"):
            sound(path)
    (path / "inner" / "part").write_bytes(bytes(255))
    with pytest.raises(IndexDamaged, match="inner/part has changed"):
        sound(path)
    condemn(path)
    assert before and seen(path) is None
    with pytest.raises(IndexDamaged, match=r"manifest\.json"):
        sound(path)
    write_folder(tmp_path, "segment", write)
    assert seen(path) not in (None, before) and list(damage(path)) == []
