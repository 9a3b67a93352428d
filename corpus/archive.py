"""What a .zip holds, and one member of it at a time."""

import zipfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from corpus.decoding import decode_names
from corpus.document import CorpusError

_LARGEST, _RATIO, _MOST = 200 << 20, 200, 20_000  # bytes of a member, times its packed size, and members
_ENCRYPTED, _UTF8 = 0x1, 0x800  # flags of the format


@dataclass(frozen=True, slots=True, order=True)
class Member:
    """One file of an archive: its path in it, which is only ever a name, and its place among all, from 0."""

    name: str
    place: int


def members(path: Path, suffixes: Collection[str]) -> list[Member]:
    """The members with one of these suffixes, in the order of their names. Raises CorpusError if it is no archive."""
    with _opened(path) as archive:
        infos = archive.infolist()
        if len(infos) > _MOST:
            raise CorpusError(f"{path}: holds {len(infos)} files, and {_MOST} are read at most; pack fewer")
        held = [Member(name, place) for place, name in enumerate(_names(infos))]
        return sorted(member for member in held if PurePosixPath(member.name).suffix.lower() in suffixes)


def unpacked(path: Path, member: Member) -> bytes:
    """What a member holds. Raises CorpusError."""
    with _opened(path) as archive:
        info = archive.infolist()[member.place]
        if info.flag_bits & _ENCRYPTED:
            raise CorpusError(f"{path}!{member.name}: is encrypted; unpack it first")
        if problem := oversize(info):
            raise CorpusError(f"{path}!{member.name}: {problem}; unpack it first")
        try:
            return archive.read(info)
        except MemoryError:
            raise
        except Exception as error:  # whatever a damaged member makes of the decompressor
            raise CorpusError(f"{path}!{member.name}: can't be unpacked ({error}); pack it anew") from error


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        state = path.stat()
        yield _kept(path, state.st_mtime_ns, state.st_size)
    except (CorpusError, MemoryError):
        raise
    except Exception as error:  # whatever a damaged one makes of the library
        raise CorpusError(f"{path}: not a readable ZIP ({error}); pack it anew") from error


@lru_cache(maxsize=1)
def _kept(path: Path, *state: int) -> zipfile.ZipFile:
    """Open until the next one is: to find the members of a large one takes long."""
    return zipfile.ZipFile(path)


def _names(infos: Sequence[zipfile.ZipInfo]) -> list[str]:
    """What no flag says the encoding of has been read as CP437; here it is found out, of all such names together."""
    unsaid = [info.filename.encode("cp437") for info in infos if not info.flag_bits & _UTF8]
    found = iter(decode_names(b"\0".join(unsaid)).split("\0"))
    return [info.filename if info.flag_bits & _UTF8 else next(found) for info in infos]


def oversize(info: zipfile.ZipInfo) -> str | None:
    """Why a member can't be taken: it would fill the memory, or was made to."""
    is_bomb = info.file_size > min(_LARGEST, _RATIO * max(info.compress_size, 1 << 10))
    return f"unpacks to {info.file_size} bytes, too many to be taken" if is_bomb else None
