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

    def __init__(self, dimension: int) -> None:
        """Without any vector yet."""
        self._index: faiss.Index = faiss.IndexFlatIP(dimension)

    @classmethod
    def load(cls, path: Path) -> "DenseIndex":
        """Read what `save` wrote. The caller has checked the file's digest: FAISS would not."""
        index = faiss.read_index(str(path))
        made = cls(int(index.d))
        made._index = index
        return made

    def add(self, vectors: Vectors) -> None:
        """Index `vectors` (n, dimension) after those that it has."""
        self._index.add(np.ascontiguousarray(vectors, dtype=np.float32))

    def save(self, path: Path) -> None:
        """Raises OSError, as on a full disk."""
        try:
            faiss.write_index(self._index, str(path))
        except RuntimeError as error:  # which is all that FAISS raises
            raise OSError(f"{path.name}: {str(error).rpartition(':')[2].strip()}") from error

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        return int(self._index.d)

    def vectors(self, rows: Sequence[int]) -> Vectors:
        """The vectors of `rows`, as they were indexed: (len(rows), dimension)."""
        return np.array([self._index.reconstruct(row) for row in rows], np.float32).reshape(-1, self.dimension)

    def search(self, query: Vectors, k: int, admitted: NDArray[np.bool_] | None = None) -> dict[int, float]:
        """The `k` best rows for one `query` vector (dimension,), out of those `admitted`, if given: row → product."""
        most = min(k, len(self) if admitted is None else int(admitted.sum()))
        if most < 1:
            return {}
        parameters = None
        if admitted is not None:
            bitmap = np.packbits(admitted, bitorder="little")
            selector = faiss.IDSelectorBitmap(bitmap)  # type: ignore[call-arg, arg-type]
            parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        scores, found = self._index.search(query.reshape(1, -1), most, params=parameters)
        # FAISS pads with row -1 what it did not find.
        return {int(row): float(score) for row, score in zip(found[0], scores[0], strict=True) if row >= 0}
