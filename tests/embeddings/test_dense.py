"""FAISS against brute force."""

from pathlib import Path

import numpy as np

from embeddings.dense import DenseIndex

RANDOM = np.random.default_rng(5)
VECTORS = RANDOM.normal(size=(50, 8)).astype(np.float32)
QUERY = RANDOM.normal(size=8).astype(np.float32)


def brute_force(rows: list[int], k: int) -> list[int]:
    return sorted(rows, key=lambda row: -float(VECTORS[row] @ QUERY))[:k]


def test_search_is_exact_and_survives_the_disk(tmp_path: Path) -> None:
    index = DenseIndex.build(VECTORS)
    index.save(tmp_path / "dense.faiss")
    for held in (index, DenseIndex.load(tmp_path / "dense.faiss")):
        found = held.search(QUERY, 7)
        assert list(found) == brute_force(list(range(50)), 7)
        assert np.allclose(list(found.values()), [VECTORS[row] @ QUERY for row in found], atol=1e-5)
        assert np.array_equal(held.vectors([3, 1]), VECTORS[[3, 1]])


def test_only_admitted_rows_are_found_and_never_a_padding_row() -> None:
    index = DenseIndex.build(VECTORS)
    assert list(index.search(QUERY, 10, [4, 9, 40])) == brute_force([4, 9, 40], 10)
    assert index.search(QUERY, 10, []) == {}
    assert index.search(QUERY, 0) == {}
    assert len(index.search(QUERY, 500)) == 50


def test_an_empty_index_finds_nothing() -> None:
    assert DenseIndex.build(np.zeros((0, 8), np.float32)).search(QUERY, 3) == {}
