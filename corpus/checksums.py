"""The checksums of a SQLite file's pages and of its write-ahead log: which don't fit, and which bit has flipped.

In either kind each word of 32 bits counts so many times, so that what a sum lacks tells where a single bit has changed.
SQLite itself passes over a log from the first frame on that does not fit, without a word.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint32]

PAGE = 4096  # bytes
PROTECTED = 6  # the first format of a store in which every page has a checksum
KEPT_FREE, _FORMAT, _HEAD = 20, 60, 64  # where in a file its head says so: bytes at the end of each page, and format
_LOG, _FRAME = 32, 24  # bytes of the headers of a log and of each page in it
_MAGIC = np.uint32(0x82067F37)  # as a little-endian word
_STEP = 1 << 12  # pages that are read at once


@dataclass(frozen=True, slots=True)
class Fault:
    """A page, of a file or a log, that does not fit; `bit` of the file has flipped, if that can be told."""

    name: str
    bit: int | None

    def __str__(self) -> str:
        return f"{self.name} is damaged"


def faults(path: Path) -> Iterator[Fault]:
    """The damaged pages of the file at `path`, each of which should end in a checksum, but in an old store."""
    with path.open("rb") as file:
        head, first = file.read(_HEAD), 0
        if head[KEPT_FREE:_FORMAT] and not head[KEPT_FREE] and int.from_bytes(head[_FORMAT:]) < PROTECTED:
            return
        file.seek(0)
        while pages := file.read(_STEP * PAGE):
            held = _words(pages[: len(pages) // PAGE * PAGE]).reshape(-1, PAGE // 4)
            found = _sums(held[:, :-2])
            for at in np.flatnonzero((found != held[:, -2:]).any(axis=1)).tolist():
                bits = _flips(held[at, :-2], held[at, -2:], found[at])
                yield Fault(f"page {first + at + 1}", (first + at) * PAGE * 8 + bits[0] if len(bits) == 1 else None)
            first += len(held)


def log_faults(path: Path) -> Iterator[Fault]:
    """What is damaged in the log at `path` by one flipped bit, at most one: SQLite would not read what comes after.

    What ends it otherwise may have been written when a machine went off, and was not acknowledged.
    """
    words = _words(path.read_bytes()) if path.exists() else _words(b"")
    if len(words) * 4 < _LOG + _FRAME + PAGE:
        return
    found, magic = _sums(words[None, :6])[0], _differing(words[:1], np.array([_MAGIC]))
    if magic is not None:
        yield Fault("the header of its log", magic)
    elif (found.byteswap() != words[6:8]).any():
        bits = _flips(words[:6], words[6:8].byteswap(), found, True)
        yield Fault("the header of its log", bits[0] if len(bits) == 1 else None)
    else:
        yield from _page_faults(words, found)


def _page_faults(words: Words, sums: Words) -> Iterator[Fault]:
    """`words` are all of a log, `sums` those of its header: the sums go on from page to page."""
    size, salts = (_FRAME + PAGE) // 4, words[4:6]
    for number, start in enumerate(range(_LOG // 4, len(words) - size + 1, size), 1):
        held = words[start : start + size]
        before = np.concatenate([sums[:1], sums[1:] - sums[:1]])  # from which the sums come out again
        summed = np.concatenate([before, held[:2], held[6:]])
        sums, stored, salt = _sums(summed[None])[0], held[4:6].byteswap(), _differing(held[2:4], salts)
        has_salts = bool((held[2:4] == salts).all())
        if (sums != stored).any():
            found = _flips(summed, stored, sums, True) if has_salts else []
            bits = [_in_log(bit, len(summed)) for bit in found if bit >= 64]
        elif not has_salts:
            bits = [] if salt is None else [salt + 64]
        else:
            continue
        if bits:
            yield Fault(f"page {number} of its log", start * 32 + bits[0] if len(bits) == 1 else None)
        return


def _in_log(bit: int, count: int) -> int:
    """Where a bit of what is summed stands: after the sums before, two words of the header, the page, and the sums."""
    if bit < 128:
        return bit - 64
    return bit + 64 if bit < count * 32 else bit - count * 32 + 128


def mend(path: Path, fault: Fault) -> None:
    """Put a flipped bit back, where it stands: one byte is written."""
    assert fault.bit is not None
    with path.open("r+b") as file:
        file.seek(fault.bit // 8)
        (byte,) = file.read(1)
        file.seek(fault.bit // 8)
        file.write(bytes([byte ^ 1 << fault.bit % 8]))


def _words(data: bytes) -> Words:
    return np.frombuffer(data[: len(data) // 4 * 4], "<u4").astype(np.uint32)


@lru_cache
def _weights(count: int) -> Words:
    """How many times each of `count` words counts in the two sums: (count, 2)."""
    weights, one, other = [], (1, 1), (0, 1)  # of the two words of a pair, s1 += word + s2; s2 += word + s1
    for _ in range(count // 2):
        weights += [other, one]
        one, other = ((a + b, a + 2 * b) for a, b in (one, other))
    return np.array([[a % (1 << 32), b % (1 << 32)] for a, b in reversed(weights)], np.uint32)


def _sums(words: Words) -> Words:
    """The two sums of each row: (rows, 2)."""
    return words @ _weights(words.shape[1])


def _flips(words: Words, kept: Words, found: Words, is_swapped: bool = False) -> list[int]:
    """The bits of which one must have flipped if the sums of `words` are not `kept` but `found`.

    Those of the sums themselves, which stand in the other order of bytes if `is_swapped`, come last.
    """
    in_sums = _differing(*((kept.byteswap(), found.byteswap()) if is_swapped else (kept, found)))
    bits = np.arange(32, dtype=np.uint32)[:, None]
    changes = _weights(len(words)) << bits[:, :, None]  # (bits, words, 2)
    is_set = (words >> bits & np.uint32(1)).astype(bool)
    fits = (np.where(is_set[:, :, None], np.uint32(0) - changes, changes) == kept - found).all(axis=2)
    places: list[int] = (np.nonzero(fits)[1] * 32 + np.nonzero(fits)[0]).tolist()
    return places if in_sums is None else [*places, len(words) * 32 + in_sums]


def _differing(some: Words, others: Words) -> int | None:
    """The one bit in which they differ; None if it is not just one."""
    bits = np.unpackbits((some ^ others).astype("<u4").view(np.uint8), bitorder="little")
    return int(np.flatnonzero(bits)[0]) if bits.sum() == 1 else None
