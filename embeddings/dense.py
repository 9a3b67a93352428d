"""FAISS: the inner product of a question's vector with those of passages. The only file that imports faiss.

Exact while that is fast, first in single and then in half precision, which takes half the time and the same rows; then
by HNSW (Malkov & Yashunin 2016) over the same halves. `python -m benchmarks.scale` measures where each pays.
"""

from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from corpus.parallel import CORES
from embeddings.encoder import Vectors

# Threads of BLAS and OpenMP wait for each other by spinning: a question took 139 ms of CPU with two, 63 with one, and
# no less time; and questions come side by side.
threadpool_limits(limits=1)

_LINKS, _LOOK_AHEAD = 32, 80  # of HNSW's graph: links of a row, and how many are looked at for each while it is built
_BROAD = 256  # rows that a search in the graph keeps in view
_NARROW = 0.1  # share of the rows admitted up to which looking at all of them is faster than the graph
_STEP = 1 << 12  # vectors that are added at once


class Kind(StrEnum):
    """How vectors are held and searched."""

    FLAT = "flat"
    HALF = "fp16"
    GRAPH = "hnsw"

    @classmethod
    def of(cls, count: int) -> "Kind":
        """What so many vectors are best held as."""
        return cls.FLAT if count <= 10_000 else cls.HALF if count <= 100_000 else cls.GRAPH


class DenseWriter:
    """Vectors that come batch by batch; the i-th becomes row i."""

    def __init__(self, dimension: int, kind: Kind) -> None:
        self._index, self._left = _MADE[kind](dimension), list[Vectors]()

    def add(self, vectors: Vectors) -> None:
        """Take in `vectors` (n, dimension)."""
        self._left.append(vectors)
        if sum(map(len, self._left)) >= _STEP:
            self._add()

    def _add(self) -> None:
        # Of so many at once, cores link some each; it is the only work here that is for more than one.
        faiss.omp_set_num_threads(CORES)
        self._index.add(np.ascontiguousarray(np.concatenate(self._left), np.float32))
        faiss.omp_set_num_threads(1)
        self._left.clear()

    def save(self, path: Path) -> None:
        """Write them all to `path`. Raises OSError, as on a full disk."""
        if self._left:
            self._add()
        try:
            faiss.write_index(self._index, str(path))
        except RuntimeError as error:  # which is all that FAISS raises
            raise OSError(f"{path.name}: {str(error).rpartition(':')[2].strip()}") from error


def _graph(dimension: int) -> faiss.Index:
    index = faiss.IndexHNSWSQ(dimension, _FP16, _LINKS, faiss.METRIC_INNER_PRODUCT)  # type: ignore[arg-type]
    index.hnsw.efConstruction = _LOOK_AHEAD
    return index


_FP16 = faiss.ScalarQuantizer.QT_fp16
_MADE: dict[Kind, Callable[[int], faiss.Index]] = {
    Kind.FLAT: faiss.IndexFlatIP,
    Kind.HALF: lambda dimension: faiss.IndexScalarQuantizer(dimension, _FP16, faiss.METRIC_INNER_PRODUCT),
    Kind.GRAPH: _graph,
}


class DenseIndex:
    """Vectors by row number, mapped from disk. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        """Open what `write_vectors` wrote. The caller has checked the file's digest: FAISS would not."""
        self._index: faiss.Index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
        self._is_graph = isinstance(self._index, faiss.IndexHNSW)
        self._all: faiss.Index = self._index
        if self._is_graph:
            self._all = faiss.downcast_index(self._index.storage)  # type: ignore[attr-defined]

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        return int(self._index.d)

    def vectors(self, rows: Iterable[int]) -> Vectors:
        """The vectors of `rows`, as they are held: (rows, dimension)."""
        held = np.fromiter(rows, np.int64)
        return np.asarray(self._all.reconstruct_batch(held) if len(held) else np.zeros((0, self.dimension)), np.float32)

    def search(self, query: Vectors, k: int, admitted: NDArray[np.bool_] | None = None) -> dict[int, float]:
        """The `k` best rows for one `query` vector (dimension,), out of those `admitted`, if given: row → product."""
        count = len(self) if admitted is None else int(admitted.sum())
        if min(k, count) < 1:
            return {}
        in_graph = self._is_graph and count > _NARROW * len(self)
        selector = None
        if admitted is not None:
            bitmap = np.packbits(admitted, bitorder="little")
            selector = faiss.IDSelectorBitmap(bitmap)  # type: ignore[call-arg, arg-type]
        if in_graph:
            parameters = faiss.SearchParametersHNSW(efSearch=max(_BROAD, k), sel=selector)  # type: ignore[attr-defined]
        else:
            parameters = faiss.SearchParameters(sel=selector) if selector else None  # type: ignore[call-arg]
        index = self._index if in_graph else self._all
        scores, found = index.search(query.reshape(1, -1), min(k, count), params=parameters)
        # FAISS pads with row -1 what it did not find.
        return {int(row): float(score) for row, score in zip(found[0], scores[0], strict=True) if row >= 0}
