"""English strings as points: the teacher's view of them beside a lexical one.

The teacher's 384 dimensions are centred and cut to their principal components. Beside them stands random indexing
(Kanerva 2000): each word stem has a fixed random direction, a string is the weighted sum of its stems, so that two
strings the teacher finds alike but that share no word stay apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from re import findall
from typing import Self

import numpy as np
import Stemmer
import wordfreq
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

TEACHER_DIMENSIONS, LEXICAL_DIMENSIONS = 384, 128
DIMENSIONS = TEACHER_DIMENSIONS + LEXICAL_DIMENSIONS
LEXICAL_LENGTH = 0.6
SIF = 2e-4  # a in Arora et al. 2017: a word of frequency p weighs a / (a + p)

stem = Stemmer.Stemmer("english").stemWord


@dataclass(frozen=True)
class Meanings:
    rows: dict[str, int]
    vectors: Vectors  # teacher part of length 1, then the lexical part

    @classmethod
    def of(cls, strings: Sequence[str], teacher: NDArray[np.float16]) -> Self:
        semantic = unit(principal(teacher.astype(np.float32), TEACHER_DIMENSIONS))
        lexical = np.stack([lexical_vector(string) for string in strings])
        rows = {string: row for row, string in enumerate(strings)}
        return cls(rows, np.hstack([semantic, lexical]))

    def find(self, strings: Sequence[str]) -> NDArray[np.int64]:
        """The row of each string, −1 where the teacher has not seen it."""
        return np.array([self.rows.get(" ".join(string.split()), -1) for string in strings], dtype=np.int64)

    @property
    def semantic(self) -> Vectors:
        return self.vectors[:, :TEACHER_DIMENSIONS]


def principal(vectors: Vectors, dimensions: int) -> Vectors:
    """Centred, turned onto the directions of greatest variance."""
    centred = vectors - vectors.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    turned: Vectors = centred @ directions[:, ::-1][:, :dimensions]
    return turned


def unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    shortened: Vectors = vectors / np.maximum(lengths, 1e-9).astype(np.float32)
    return shortened


def lexical_vector(string: str) -> Vectors:
    total = np.zeros(LEXICAL_DIMENSIONS, dtype=np.float32)
    for word in findall(r"[a-z]+", string.lower()):
        total += word_direction(word)
    return LEXICAL_LENGTH * unit(total)


@cache
def word_direction(word: str) -> Vectors:
    seed = int.from_bytes(blake2b(stem(word).encode(), digest_size=8).digest())
    weight: float = SIF / (SIF + wordfreq.word_frequency(word, "en"))
    return (weight * np.random.default_rng(seed).standard_normal(LEXICAL_DIMENSIONS)).astype(np.float32)
