"""What a .zip holds, one member at a time."""

import zipfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from corpus.decoding import decode_names
from corpus.document import CorpusError

_LARGEST, _RATIO, _MOST = 200 << 20, 200, 20_000  # bytes of a member, times its packed size, and members
_ENCRYPTED, _UTF8 = 0x1, 0x800  # flags of the format


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
            infos = archive.infolist()
            if len(infos) > _MOST:
                raise CorpusError(f"{path}: holds {len(infos)} files, and {_MOST} are read at most; pack fewer")
            for name, info in sorted(zip(_names(infos), infos, strict=True), key=lambda held: held[0]):
                if PurePosixPath(name).suffix.lower() in suffixes:
                    yield _member(archive, name, info)
    except (OSError, zipfile.BadZipFile, NotImplementedError) as error:
        raise CorpusError(f"{path}: not a readable ZIP ({error}); pack it anew") from error


def _names(infos: Sequence[zipfile.ZipInfo]) -> list[str]:
    """What no flag says the encoding of has been read as CP437; here it is found out, of all such names together."""
    unsaid = [info.filename.encode("cp437") for info in infos if not info.flag_bits & _UTF8]
    found = iter(decode_names(b"\0".join(unsaid)).split("\0"))
    return [info.filename if info.flag_bits & _UTF8 else next(found) for info in infos]


def _member(archive: zipfile.ZipFile, name: str, info: zipfile.ZipInfo) -> Member:
    """The name is only ever a name: nothing is written where it points."""
    if info.flag_bits & _ENCRYPTED:
        return Member(name, None, "is encrypted; unpack it first")
    if problem := oversize(info):
        return Member(name, None, f"{problem}; unpack it first")
    try:
        return Member(name, archive.read(info))
    except Exception as error:  # whatever a damaged member makes of the decompressor
        return Member(name, None, f"can't be unpacked ({error}); pack it anew")


def oversize(info: zipfile.ZipInfo) -> str | None:
    """Why a member can't be taken: it would fill the memory, or was made to."""
    is_bomb = info.file_size > min(_LARGEST, _RATIO * max(info.compress_size, 1 << 10))
    return f"unpacks to {info.file_size} bytes, too many to be taken" if is_bomb else None
