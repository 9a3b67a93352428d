"""Index folders on disk: written aside, checked by digest, made current by one atomic replace.

    indexes/current                 the name of the folder in use
    indexes/index-<digest>/manifest.json   format, what it was built with, and the SHA-256 of every other file

A reader that has opened a folder keeps its snapshot; the folder before the current one is kept for readers in between.
"""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FORMAT = 2

_CURRENT = "current"
_MANIFEST = "manifest.json"


class IndexUnusable(Exception):
    """No index can be opened; the message says why and what to run."""


class IndexMissing(IndexUnusable):
    """Nothing has been published yet."""


class IndexMismatch(IndexUnusable):
    """The index was built by another format, model, analyser or glossary."""


class IndexDamaged(IndexUnusable):
    """A file of the index is missing or has changed since it was published."""


@contextmanager
def building(folder: Path) -> Iterator[None]:
    """One process at a time reads the store, builds and publishes: else an older state could become the current one."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def publish(folder: Path, name: str, made_with: Mapping[str, Any], write: Callable[[Path], None]) -> None:
    """Let `write` fill a new index folder `name` below `folder`, then make it current. Call it while `building`."""
    folder.mkdir(parents=True, exist_ok=True)
    before = current_name(folder)
    aside = folder / f"{name}.{os.getpid()}.tmp"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    try:
        write(aside)
        files = {str(path.relative_to(aside)): _sha256(path) for path in _files(aside)}
        manifest = {"format": FORMAT, **made_with, "files": files}
        (aside / _MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1), "utf-8")
        for path in [*_files(aside), aside / _MANIFEST]:
            _sync(path)
        shutil.rmtree(folder / name, ignore_errors=True)
        aside.rename(folder / name)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    _make_current(folder, name, before)


def _make_current(folder: Path, name: str, before: str | None) -> None:
    pointer = folder / f"{_CURRENT}.{os.getpid()}.tmp"
    pointer.write_text(name, "utf-8")
    _sync(pointer)
    os.replace(pointer, folder / _CURRENT)
    _sync(folder)
    for old in folder.glob("index-*"):
        if old.name not in (name, before):
            shutil.rmtree(old, ignore_errors=True)


def current_name(folder: Path) -> str | None:
    """The name of the current index folder; None if none was published."""
    try:
        return Path((folder / _CURRENT).read_text("utf-8").strip()).name
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise IndexDamaged(f"{folder / _CURRENT}: {error}; delete it and run `yinju ingest`") from error


def mark(folder: Path) -> tuple[str, int] | None:
    """What changes whenever an index is published, be it under the same name again; None if there is none."""
    name = current_name(folder)
    try:
        return (name, (folder / name / _MANIFEST).stat().st_mtime_ns) if name else None
    except OSError:
        return None


def open_current(folder: Path, made_with: Mapping[str, Any]) -> tuple[Path, dict[str, Any]]:
    """The current index folder and its manifest, after every file in it was checked against its digest.

    Raises IndexMissing, IndexMismatch (the manifest differs from `made_with`) or IndexDamaged.
    """
    name = current_name(folder)
    if name is None:
        raise IndexMissing(f"{folder}: no index yet; run `yinju ingest` to build it")
    path = folder / name
    manifest = _read_manifest(path)
    expected = {"format": FORMAT, **made_with}
    for key, value in expected.items():
        if manifest.get(key) != value:
            raise IndexMismatch(
                f"{path}: built with {key} {manifest.get(key)!r}, but this is {key} {value!r}; "
                "run `yinju ingest` to build it anew, or go back to the settings it was built with"
            )
    for problem in damage(path, manifest):
        raise IndexDamaged(f"{path}: {problem}; run `yinju ingest` to build it anew")
    return path, manifest


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((path / _MANIFEST).read_text("utf-8"))
        if isinstance(manifest, dict) and isinstance(manifest.get("files"), dict):
            return manifest
        problem = "is no manifest"
    except (OSError, ValueError) as error:
        problem = str(error)
    raise IndexDamaged(f"{path / _MANIFEST}: {problem}; run `yinju ingest` to build the index anew")


def damage(path: Path, manifest: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the files of an index folder, a line each."""
    for name, digest in manifest["files"].items():
        try:
            if _sha256(path / name) != digest:
                yield f"{name} has changed since it was published"
        except OSError as error:
            yield f"{name}: {error.strerror}"


def _files(folder: Path) -> list[Path]:
    """All files but lock files and the manifest itself, in a fixed order."""
    return sorted(
        path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock" and path.name != _MANIFEST
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
