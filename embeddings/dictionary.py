"""jieba's dictionary, mapped: to read it whole takes half a second and 70 MB, and a question needs few words of it.

A word is known by a hash of 64 bits: that one of half a million words has that of another is as good as impossible.
`python -m embeddings.training.dictionary` writes the files, and a test holds them equal to jieba's own.
"""

from bisect import bisect_left
from hashlib import blake2b
from pathlib import Path

import numpy as np

from corpus.shipped import check
from embeddings.arrays import mapped

FOLDER = Path(__file__).with_name("dictionary-0.42.1")  # by jieba's version
KEYS, FREQUENCIES = "keys.npy", "frequencies.npy"
_TOTAL = ""  # the word whose frequency is that of all together


class Dictionary:
    """Word → frequency, 0 for what words only begin with; as much of a mapping as jieba needs. Takes more words in."""

    def __init__(self) -> None:
        """Raises CorpusError if its files are not as they were shipped."""
        check(FOLDER.parent, *(f"{FOLDER.name}/{name}" for name in (KEYS, FREQUENCIES)))
        self._keys, self._frequencies = mapped(FOLDER / KEYS).data, mapped(FOLDER / FREQUENCIES)
        self._known: dict[str, int] = {}  # more words, and those that were asked for

    @property
    def total(self) -> int:
        return self[_TOTAL]

    def __contains__(self, word: str) -> bool:
        return self.get(word) is not None

    def __getitem__(self, word: str) -> int:
        found = self.get(word)
        if found is None:
            raise KeyError(word)
        return found

    def __setitem__(self, word: str, frequency: int) -> None:
        self._known[word] = frequency

    def get(self, word: str, default: int | None = None) -> int | None:
        found = self._known.get(word)
        if found is not None:
            return found
        wanted = key(word)
        at = bisect_left(self._keys, wanted)
        if at == len(self._keys) or self._keys[at] != wanted:
            return default
        self._known[word] = found = int(self._frequencies[at])
        return found


def key(word: str) -> int:
    return int.from_bytes(blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def write(folder: Path, frequencies: dict[str, int], total: int) -> None:
    """Write what jieba reads of its dictionary."""
    held = sorted((key(word), frequency) for word, frequency in {**frequencies, _TOTAL: total}.items())
    folder.mkdir(exist_ok=True)
    np.save(folder / KEYS, np.array([word for word, _ in held], np.uint64))
    np.save(folder / FREQUENCIES, np.array([frequency for _, frequency in held], np.int32))
