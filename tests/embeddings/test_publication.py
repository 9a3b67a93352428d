"""Publishing an index folder: what is refused, what is noticed, what survives."""

import json
from pathlib import Path

import pytest

from embeddings.publication import IndexDamaged, IndexMismatch, IndexMissing, current_name, open_current, publish

MADE_WITH = {"model": "m", "dimension": 8}


def write(path: Path) -> None:
    (path / "inner").mkdir()
    (path / "rows").write_text("rows")
    (path / "inner" / "part").write_bytes(bytes(range(256)))


def test_what_was_published_is_opened(tmp_path: Path) -> None:
    publish(tmp_path, "index-a", {**MADE_WITH, "rows": 3}, write)
    path, manifest = open_current(tmp_path, MADE_WITH)
    assert (path, manifest["rows"], set(manifest["files"])) == (tmp_path / "index-a", 3, {"rows", "inner/part"})


def test_nothing_published_is_missing(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing, match="run `yinju ingest`"):
        open_current(tmp_path, MADE_WITH)


@pytest.mark.parametrize("other", [{"model": "n", "dimension": 8}, {"model": "m", "dimension": 9}, {"analyser": "x"}])
def test_another_model_or_dimension_is_a_mismatch(tmp_path: Path, other: dict[str, object]) -> None:
    publish(tmp_path, "index-a", MADE_WITH, write)
    with pytest.raises(IndexMismatch, match="built with .*run `yinju ingest` to build it anew"):
        open_current(tmp_path, other)


def test_another_format_is_a_mismatch(tmp_path: Path) -> None:
    publish(tmp_path, "index-a", MADE_WITH, write)
    manifest = tmp_path / "index-a" / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "format": 0}))
    with pytest.raises(IndexMismatch, match="format 0"):
        open_current(tmp_path, MADE_WITH)


@pytest.mark.parametrize("name", ["rows", "inner/part"])
def test_a_changed_or_missing_file_is_damage(tmp_path: Path, name: str) -> None:
    publish(tmp_path, "index-a", MADE_WITH, write)
    file = tmp_path / "index-a" / name
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(bytes(data))
    with pytest.raises(IndexDamaged, match=f"{name} has changed"):
        open_current(tmp_path, MADE_WITH)
    file.unlink()
    with pytest.raises(IndexDamaged, match=name):
        open_current(tmp_path, MADE_WITH)


@pytest.mark.parametrize("manifest", ["", "[]", "{}", "{"])
def test_a_broken_manifest_is_damage(tmp_path: Path, manifest: str) -> None:
    publish(tmp_path, "index-a", MADE_WITH, write)
    (tmp_path / "index-a" / "manifest.json").write_text(manifest)
    with pytest.raises(IndexDamaged):
        open_current(tmp_path, MADE_WITH)


def test_a_failed_publish_leaves_the_current_index_alone(tmp_path: Path) -> None:
    publish(tmp_path, "index-a", MADE_WITH, write)

    def fail(path: Path) -> None:
        write(path)
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        publish(tmp_path, "index-b", MADE_WITH, fail)
    assert open_current(tmp_path, MADE_WITH)[0].name == "index-a"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["current", "index-a"]


def test_the_index_before_is_kept_for_its_readers_and_older_ones_go(tmp_path: Path) -> None:
    for name in ("index-a", "index-b", "index-c"):
        publish(tmp_path, name, MADE_WITH, write)
    assert current_name(tmp_path) == "index-c"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["current", "index-b", "index-c"]
