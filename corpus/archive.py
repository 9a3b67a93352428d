"""What a .zip holds, one member at a time."""

import zipfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from corpus.document import CorpusError

_LARGEST, _RATIO, _MOST = 200 << 20, 200, 20_000  # bytes of a member, times its packed size, and members
_ENCRYPTED = 0x1  # a flag of the format


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive by its path in it; without `data` the `problem` says why it can't be had."""

    name: str
    data: bytes | None
    problem: str = ""


def members(path: Path, suffixes: Collection[str]) -> Iterator[Member]:
    """The members with one of these suffixes, in the order of their names. Raises CorpusError if it is no archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            infos = sorted(archive.infolist(), key=lambda held: held.filename)
            if len(infos) > _MOST:
                raise CorpusError(f"{path}: holds {len(infos)} files, and {_MOST} are read at most; pack fewer")
            for info in infos:
                if PurePosixPath(info.filename).suffix.lower() in suffixes:
                    yield _member(archive, info)
    except (OSError, zipfile.BadZipFile, NotImplementedError) as error:
        raise CorpusError(f"{path}: not a readable ZIP ({error}); pack it anew") from error


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    """The name is only ever a name: nothing is written where it points."""
    if info.flag_bits & _ENCRYPTED:
        return Member(info.filename, None, "is encrypted; unpack it first")
    if problem := oversize(info):
        return Member(info.filename, None, f"{problem}; unpack it first")
    try:
        return Member(info.filename, archive.read(info))
    except Exception as error:  # whatever a damaged member makes of the decompressor
        return Member(info.filename, None, f"can't be unpacked ({error}); pack it anew")


def oversize(info: zipfile.ZipInfo) -> str | None:
    """Why a member can't be taken: it would fill the memory, or was made to."""
    is_bomb = info.file_size > min(_LARGEST, _RATIO * max(info.compress_size, 1 << 10))
    return f"unpacks to {info.file_size} bytes, too many to be taken" if is_bomb else None
