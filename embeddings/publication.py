"""Index folders on disk: written aside, checked by digest, made current by one atomic replace.

    indexes/current        the state: which folders are in use, what they were made with, and of which store
    indexes/NAME-<digest>/ manifest.json has the size and the SHA-256 of every other file; a folder never changes

Every file is checked before it is opened, but of a large one only the size and both ends, where what says how to read
the rest stands: who opens it should not wait until it is read. `yinju doctor`, a service in the background, and whoever
merges it read all of it. Until then the numbers by which passages are ranked are taken on trust; what is quoted is not,
for words and citations come from the store, and each row has a digest of its own.
A reader that has opened a folder keeps it; those of the state before are kept for readers in between.
"""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from math import inf
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from corpus.changes import Change
from embeddings.manifest import MANIFEST, damage, files, seal

FORMAT = 8

_CURRENT = "current"
_ASIDE = ".tmp"
_LARGE = 1 << 28  # bytes, which take a sixth of a second to read


class IndexUnusable(Exception):
    """No index can be opened; the message says why and what to run."""


class IndexMissing(IndexUnusable):
    """Nothing has been published yet."""


class IndexMismatch(IndexUnusable):
    """The index was built by another format, model, analyser or glossary."""


class IndexUnwritable(IndexUnusable):
    """The next index can't be written; the one before is as good as it was."""


class IndexDamaged(IndexUnusable):
    """A file of the index is missing or has changed since it was published."""


@dataclass(frozen=True, slots=True)
class SegmentState:
    """A segment by its folder's name, and the documents whose rows in it don't count any more."""

    name: str
    without: tuple[str, ...] = ()

    def less(self, documents: frozenset[str]) -> "SegmentState":
        return replace(self, without=tuple(sorted({*self.without, *documents})))


@dataclass(frozen=True, slots=True)
class State:
    """What is published. `change` is the last one of the store that is in it; `before` are the folders used before."""

    made_with: Mapping[str, Any]
    change: Change
    descriptions: str
    segments: tuple[SegmentState, ...]
    before: tuple[str, ...] = ()

    @property
    def folders(self) -> tuple[str, ...]:
        return (self.descriptions, *(segment.name for segment in self.segments))

    @property
    def name(self) -> str:
        """Differs where answers may differ."""
        return (
            f"index-{_digest([self.made_with, self.descriptions, [asdict(segment) for segment in self.segments]])[:16]}"
        )


@contextmanager
def building(folder: Path) -> Iterator[None]:
    """One process at a time reads the state and publishes the one that follows from it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def tidying(folder: Path) -> Iterator[bool]:
    """Whether this process may merge segments now: one does at a time, and the others needn't wait for it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = (folder / "tidying").open("w")
    except OSError:  # where nothing can be written there is nothing to tidy
        yield False
        return
    with held as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def write_folder(folder: Path, kind: str, write: Callable[[Path], str]) -> str:
    """Let `write` fill a new folder below `folder`; it returns a digest of what it has written.

    The folder's name, which is returned, is made of `kind` and that. It is whole and on disk when it gets that name.
    """
    with _aside(folder) as aside:
        name = f"{kind}-{write(aside)[:16]}"
        for path in [*files(aside), seal(aside)]:
            _sync(path)
        shutil.rmtree(folder / name, ignore_errors=True)
        aside.rename(folder / name)
    return name


@contextmanager
def _aside(folder: Path) -> Iterator[Path]:
    """A folder to write in, gone afterwards unless it was renamed; locked, so that none takes it for left over."""
    folder.mkdir(parents=True, exist_ok=True)
    aside = Path(mkdtemp(_ASIDE, dir=folder))
    descriptor = os.open(aside, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        aside.chmod(0o755)
        yield aside
    finally:
        shutil.rmtree(aside, ignore_errors=True)
        os.close(descriptor)


def _is_left_over(aside: Path) -> bool:
    """Whether the process that wrote in it was killed."""
    descriptor = os.open(aside, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def publish(folder: Path, state: State) -> None:
    """Make `state` the current one. Call it while `building`."""
    try:
        before = current(folder).folders
    except IndexUnusable:
        before = ()
    told = asdict(replace(state, before=before))
    pointer = folder / f"{_CURRENT}{_ASIDE}"
    pointer.write_text(
        json.dumps({"format": FORMAT, "sha256": _digest(told), "state": told}, ensure_ascii=False), "utf-8"
    )
    _sync(pointer)
    os.replace(pointer, folder / _CURRENT)
    _sync(folder)
    for old in folder.iterdir():
        is_kept = old.name in {*state.folders, *before} if old.suffix != _ASIDE else not _is_left_over(old)
        if old.is_dir() and not is_kept:
            shutil.rmtree(old, ignore_errors=True)


def current(folder: Path) -> State:
    """The state last published below `folder`. Raises IndexMissing, IndexMismatch (another format) or IndexDamaged."""
    path = folder / _CURRENT
    try:
        held = json.loads(path.read_text("utf-8"))
        if isinstance(held, dict) and held.get("format") != FORMAT:
            raise IndexMismatch(
                f"{path}: has format {held.get('format')!r}, not {FORMAT}; run `yinju ingest` to build it anew"
            )
        if held["sha256"] == _digest(held["state"]):
            return _state(held["state"])
        problem = "has changed since it was published"
    except FileNotFoundError as error:
        raise IndexMissing(f"{folder}: no index yet; run `yinju ingest` to build it") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        problem = str(error)
    raise IndexDamaged(f"{path}: {problem}; run `yinju ingest` to build the index anew")


def _state(held: Mapping[str, Any]) -> State:
    segments = tuple(SegmentState(one["name"], tuple(one["without"])) for one in held["segments"])
    change = Change(*held["change"])
    return State(held["made_with"], change, held["descriptions"], segments, tuple(held["before"]))


def mark(folder: Path) -> tuple[int, int] | None:
    """What changes whenever a state is published; None if there is none."""
    return _mark(folder / _CURRENT)


def _mark(path: Path) -> tuple[int, int] | None:
    try:
        held = path.stat()
    except OSError:
        return None
    return held.st_ino, held.st_mtime_ns


def check(state: State, made_with: Mapping[str, Any]) -> None:
    """Raises IndexMismatch if the state was made with something else."""
    for key, value in made_with.items():
        if state.made_with.get(key) != value:
            raise IndexMismatch(
                f"index: built with {key} {state.made_with.get(key)!r}, but this is {key} {value!r}; "
                "run `yinju ingest` to build it anew, or go back to the settings it was built with"
            )


def is_large(path: Path) -> bool:
    """Whether a folder holds a file that is not read in full when it is opened."""
    return any(file.stat().st_size > _LARGE for file in files(path))


def sound(path: Path, is_in_full: bool = False) -> Path:
    """The folder at `path`, after its files were checked, large ones by their ends unless `is_in_full`.

    Raises IndexDamaged.
    """
    for problem in damage(path, inf if is_in_full else _LARGE):
        raise IndexDamaged(f"{path}: {problem}; run `yinju ingest` to build the index anew")
    return path


def condemn(path: Path) -> None:
    """Let nobody open a folder any more: it is damaged, though not as `sound` would see."""
    (path / MANIFEST).unlink(missing_ok=True)


def seen(path: Path) -> tuple[int, int] | None:
    """What changes when a folder is written anew; None if it is not there, or condemned."""
    return _mark(path / MANIFEST)


def _digest(held: Any) -> str:
    return hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
