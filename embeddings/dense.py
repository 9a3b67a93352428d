"""FAISS: the inner product of a question's vector with those of passages. The only file that imports faiss.

Exact while that is fast, first in single and then in half precision, which takes half the time and finds the same. From
then on every row is looked at as a code of four bits for each two dimensions (product quantisation, Jégou et al. 2011,
scanned as by André et al. 2017), and the best few hundred exactly. Graphs (HNSW) and inverted lists are faster still,
but find seven to nine out of ten among passages of like vectors; `python -m benchmarks.scale` measures what this finds.
"""

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from corpus.parallel import CORES
from embeddings.encoder import Vectors

# Threads of BLAS and OpenMP wait for each other by spinning: a question took 139 ms of CPU with two, 63 with one, and
# no less time; and questions come side by side.
threadpool_limits(limits=1)

_LOOKED = 400  # rows that are looked at exactly, or ten for each that is wanted
_NARROW = 0.1  # share of the rows admitted up to which looking exactly at all of them is faster than looking at codes
_STEP = 1 << 14  # vectors that are coded at once
_TRAINED = 20_000  # vectors, evenly out of all, that the codes are made to fit
_BITS, _DIMENSIONS = 4, 2  # of a code, and what it stands for


class Kind(StrEnum):
    """How vectors are held and searched."""

    FLAT = "flat"
    HALF = "fp16"
    CODES = "fp16, pq"

    @classmethod
    def of(cls, count: int) -> "Kind":
        """What so many vectors are best held as."""
        return cls.FLAT if count <= 10_000 else cls.HALF if count <= 20_000 else cls.CODES


class DenseWriter:
    """Vectors that come batch by batch; the i-th becomes row i."""

    def __init__(self, dimension: int, kind: Kind) -> None:
        self._kind = kind
        if kind is Kind.FLAT:
            self._index: faiss.Index = faiss.IndexFlatIP(dimension)
        else:
            halves = faiss.ScalarQuantizer.QT_fp16
            self._index = faiss.IndexScalarQuantizer(dimension, halves, faiss.METRIC_INNER_PRODUCT)

    def add(self, vectors: Vectors) -> None:
        """Take in `vectors` (n, dimension)."""
        self._index.add(np.ascontiguousarray(vectors, np.float32))

    def save(self, path: Path) -> None:
        """Write them all to `path`, and their codes beside it. Raises OSError, as on a full disk."""
        _save(self._index, path)
        if self._kind is Kind.CODES and self._index.ntotal and not self._index.d % _DIMENSIONS:
            _save(_coded(self._index), _codes(path))


def _coded(index: faiss.Index) -> faiss.Index:
    """The codes of all vectors of `index`."""
    codes = faiss.IndexPQFastScan(index.d, index.d // _DIMENSIONS, _BITS, faiss.METRIC_INNER_PRODUCT)
    sample = np.unique(np.linspace(0, index.ntotal - 1, _TRAINED).astype(np.int64))
    faiss.omp_set_num_threads(CORES)
    codes.train(index.reconstruct_batch(sample))
    for start in range(0, index.ntotal, _STEP):
        codes.add(index.reconstruct_n(start, min(_STEP, index.ntotal - start)))
    faiss.omp_set_num_threads(1)
    return codes


def _save(index: faiss.Index, path: Path) -> None:
    try:
        faiss.write_index(index, str(path))
    except RuntimeError as error:  # which is all that FAISS raises
        raise OSError(f"{path.name}: {str(error).rpartition(':')[2].strip()}") from error


def _codes(path: Path) -> Path:
    return path.with_suffix(".codes")


def _mapped(index: Any, kept: np.dtype[Any]) -> NDArray[Any]:
    """The vectors of an index, one after the other: the mapped file itself, to be held as long as the index is."""
    return np.asarray(faiss.rev_swig_ptr(index.codes.data(), index.ntotal * index.d * kept.itemsize).view(kept))


class DenseIndex:
    """Vectors by row number, mapped from disk. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        """Open what `write_vectors` wrote. The caller has checked the file's digest: FAISS would not."""
        self._index: faiss.Index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
        kept = np.dtype(np.float32 if isinstance(self._index, faiss.IndexFlat) else np.float16)
        self._held = _mapped(self._index, kept).reshape(-1, self.dimension)
        self._codes: faiss.Index | None = faiss.read_index(str(_codes(path))) if _codes(path).exists() else None

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        return int(self._index.d)

    def vectors(self, rows: Iterable[int]) -> Vectors:
        """The vectors of `rows`, as they are held: (rows, dimension)."""
        held = np.fromiter(rows, np.int64)
        return self._held[held].astype(np.float32)

    def search(self, query: Vectors, k: int, admitted: NDArray[np.bool_] | None = None) -> dict[int, float]:
        """The `k` best rows for one `query` vector (dimension,), out of those `admitted`, if given: row → product."""
        count = len(self) if admitted is None else int(admitted.sum())
        if min(k, count) < 1:
            return {}
        if self._codes is not None and count > _NARROW * len(self):
            return self._looked(self._codes, query, min(k, count), count, admitted)
        parameters = None
        if admitted is not None:
            bitmap = np.packbits(admitted, bitorder="little")
            selector = faiss.IDSelectorBitmap(bitmap)  # type: ignore[call-arg, arg-type]
            parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        scores, found = self._index.search(query.reshape(1, -1), min(k, count), params=parameters)
        # FAISS pads with row -1 what it did not find.
        return {int(row): float(score) for row, score in zip(found[0], scores[0], strict=True) if row >= 0}

    def _looked(
        self, codes: faiss.Index, query: Vectors, k: int, count: int, admitted: NDArray[np.bool_] | None
    ) -> dict[int, float]:
        """The same, by looking exactly at the rows whose codes are best: more of them if some are not admitted."""
        looked = min(len(self), max(_LOOKED, 10 * k) * len(self) // count)
        rows = codes.search(query.reshape(1, -1), looked)[1][0]
        rows = rows[rows >= 0] if admitted is None else rows[admitted[rows] & (rows >= 0)]
        scores = self.vectors(rows) @ query
        best = np.lexsort((rows, -scores))[:k]
        return {int(rows[at]): float(scores[at]) for at in best}
