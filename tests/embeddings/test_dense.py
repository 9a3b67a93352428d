"""FAISS against brute force."""

from pathlib import Path

import numpy as np

from embeddings.dense import DenseIndex

RANDOM = np.random.default_rng(5)
VECTORS = RANDOM.normal(size=(50, 8)).astype(np.float32)
QUERY = RANDOM.normal(size=8).astype(np.float32)


def indexed(vectors: np.ndarray) -> DenseIndex:
    index = DenseIndex(8)
    for batch in np.array_split(vectors, 3):
        index.add(batch)
    return index


def admitted(*rows: int) -> np.ndarray:
    return np.isin(np.arange(50), rows)


def brute_force(rows: list[int], k: int) -> list[int]:
    return sorted(rows, key=lambda row: -float(VECTORS[row] @ QUERY))[:k]


def test_search_is_exact_and_survives_the_disk(tmp_path: Path) -> None:
    index = indexed(VECTORS)
    index.save(tmp_path / "dense.faiss")
    for held in (index, DenseIndex.load(tmp_path / "dense.faiss")):
        found = held.search(QUERY, 7)
        assert list(found) == brute_force(list(range(50)), 7)
        assert np.allclose(list(found.values()), [VECTORS[row] @ QUERY for row in found], atol=1e-5)
        assert np.array_equal(held.vectors([3, 1]), VECTORS[[3, 1]])


def test_only_admitted_rows_are_found_and_never_a_padding_row() -> None:
    index = indexed(VECTORS)
    assert list(index.search(QUERY, 10, admitted(4, 9, 40))) == brute_force([4, 9, 40], 10)
    assert index.search(QUERY, 10, admitted()) == {}
    assert index.search(QUERY, 0) == {}
    assert len(index.search(QUERY, 500)) == 50


def test_an_empty_index_finds_nothing() -> None:
    assert DenseIndex(8).search(QUERY, 3) == {}
