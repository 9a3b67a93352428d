"""Many token sequences in two arrays, so that a batch is cut, thinned and joined without a Python loop."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Texts:
    tokens: Numbers  # all texts, one after the other
    offsets: Numbers  # where each begins, and the end of the last

    @classmethod
    def of(cls, sequences: Sequence[Sequence[int]]) -> Self:
        lengths = np.array([len(sequence) for sequence in sequences], dtype=np.int64)
        tokens = np.fromiter((token for sequence in sequences for token in sequence), dtype=np.int64)
        return cls(tokens, boundaries(lengths))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> Numbers:
        return np.diff(self.offsets)

    @property
    def owners(self) -> Numbers:
        """For each token, the text it stands in."""
        return np.repeat(np.arange(len(self)), self.lengths)

    def take(self, rows: Numbers) -> "Texts":
        return self.join(rows, rows + 1)

    def join(self, first: Numbers, last: Numbers) -> "Texts":
        """Text i is the neighbours first[i] … last[i] − 1, read as one."""
        return self.cut(self.offsets[first], self.offsets[last])

    def cut(self, begin: Numbers, end: Numbers) -> "Texts":
        """Text i is the tokens begin[i] … end[i] − 1, wherever they stand."""
        lengths = end - begin
        offsets = boundaries(lengths)
        places = np.arange(offsets[-1]) + np.repeat(begin - offsets[:-1], lengths)
        return Texts(self.tokens[places], offsets)

    def keep(self, wanted: NDArray[np.bool_]) -> "Texts":
        """Only the tokens that are wanted; a text may become empty."""
        kept = np.concatenate([[0], np.cumsum(wanted)])
        return Texts(self.tokens[wanted], kept[self.offsets])

    def thin(self, share: float | NDArray[np.float64], rng: np.random.Generator) -> "Texts":
        """Each token survives with that probability, which may be given per token."""
        return self.keep(rng.random(len(self.tokens)) < share)

    def lists(self) -> list[list[int]]:
        return [part.tolist() for part in np.split(self.tokens, self.offsets[1:-1])]


def boundaries(lengths: Numbers) -> Numbers:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
