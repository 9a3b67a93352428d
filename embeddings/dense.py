"""FAISS: exact inner product over passage vectors. The only file that imports faiss."""

from collections.abc import Sequence
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from embeddings.encoder import Vectors

# Threads of BLAS and OpenMP wait for each other by spinning: a question took 139 ms of CPU with two, 63 with one, and
# no less time; and questions come side by side.
threadpool_limits(limits=1)


class DenseIndex:
    """Vectors by row number."""

    def __init__(self, index: faiss.Index) -> None:
        self._index = index

    @classmethod
    def build(cls, vectors: Vectors) -> "DenseIndex":
        """Index `vectors` (n, dimension); row i is the i-th vector."""
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(np.ascontiguousarray(vectors, dtype=np.float32))
        return cls(index)

    @classmethod
    def load(cls, path: Path) -> "DenseIndex":
        """Read what `save` wrote. The caller has checked the file's digest: FAISS would not."""
        return cls(faiss.read_index(str(path)))

    def save(self, path: Path) -> None:
        faiss.write_index(self._index, str(path))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        return int(self._index.d)

    def vectors(self, rows: Sequence[int]) -> Vectors:
        """The vectors of `rows`, as they were indexed: (len(rows), dimension)."""
        return np.array([self._index.reconstruct(row) for row in rows], np.float32).reshape(-1, self.dimension)

    def search(self, query: Vectors, k: int, rows: Sequence[int] | NDArray[np.int64] | None = None) -> dict[int, float]:
        """The `k` best rows for one `query` vector (dimension,), out of `rows` if given: row → inner product."""
        admitted = len(self) if rows is None else len(rows)
        if min(k, admitted) < 1:
            return {}
        parameters = None
        if rows is not None:
            selector = faiss.IDSelectorBatch(np.asarray(rows, dtype=np.int64))
            parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        scores, found = self._index.search(query.reshape(1, -1), min(k, admitted), params=parameters)
        # FAISS pads with row -1 what it did not find.
        return {int(row): float(score) for row, score in zip(found[0], scores[0], strict=True) if row >= 0}
