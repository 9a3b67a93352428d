"""FAISS against brute force, however the vectors are held."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.first_byte import sampled
from benchmarks.generated import Generated
from embeddings import dense
from embeddings.dense import DenseIndex, DenseWriter, Kind
from embeddings.encoder import open_encoder, unit
from service.evaluation import read_cases

RANDOM = np.random.default_rng(5)
VECTORS = unit(RANDOM.normal(size=(500, 16)).astype(np.float32))
QUERY = unit(RANDOM.normal(size=(1, 16)).astype(np.float32))[0]


@pytest.fixture(params=Kind)
def index(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DenseIndex:
    monkeypatch.setattr(dense, "_STEP", 64)
    monkeypatch.setattr(dense, "_LOOKED", 100)
    return written(tmp_path, VECTORS, request.param)


def written(folder: Path, vectors: np.ndarray, kind: Kind) -> DenseIndex:
    writer = DenseWriter(16, kind)
    for batch in np.array_split(vectors, 7):
        writer.add(batch)
    writer.save(folder / "dense.faiss")
    return DenseIndex(folder / "dense.faiss")


def admitted(*rows: int) -> np.ndarray:
    return np.isin(np.arange(len(VECTORS)), rows)


def brute_force(rows: list[int], k: int) -> list[int]:
    return sorted(rows, key=lambda row: -float(VECTORS[row] @ QUERY))[:k]


def test_search_finds_the_nearest_and_gives_them_back(index: DenseIndex) -> None:
    found = index.search(QUERY, 7)
    assert list(found) == brute_force(list(range(500)), 7)
    assert np.allclose(list(found.values()), [VECTORS[row] @ QUERY for row in found], atol=1e-3)
    assert np.allclose(index.vectors([3, 1]), VECTORS[[3, 1]], atol=1e-3) and index.vectors([]).shape == (0, 16)


def test_only_admitted_rows_are_found_and_never_a_padding_row(index: DenseIndex) -> None:
    assert list(index.search(QUERY, 10, admitted(4, 9, 40))) == brute_force([4, 9, 40], 10)
    odd = list(range(1, 500, 2))  # so many that codes are looked at all the same
    assert list(index.search(QUERY, 10, admitted(*odd))) == brute_force(odd, 10)
    assert index.search(QUERY, 10, admitted()) == {}
    assert index.search(QUERY, 0) == {}
    assert len(index.search(QUERY, 5000)) == 500


@pytest.mark.parametrize("kind", Kind)
def test_an_empty_index_finds_nothing(tmp_path: Path, kind: Kind) -> None:
    assert written(tmp_path, VECTORS[:0], kind).search(QUERY, 3) == {}


def test_codes_lose_next_to_nothing_of_what_is_near(tmp_path: Path, quality: Path) -> None:
    """Among paragraphs that say nearly the same, as made-up ones of one subject do."""
    encoder, made = open_encoder(), Generated()
    vectors = encoder.encode_document([text for number in range(200) for text in made.paragraphs(number)])
    writer = DenseWriter(encoder.dimension, Kind.CODES)
    writer.add(vectors)
    writer.save(tmp_path / "dense.faiss")
    index = DenseIndex(tmp_path / "dense.faiss")
    questions = encoder.encode_query([case.question for case in sampled(read_cases(quality))])
    shares = []
    for question in questions:
        exact = np.argsort(-(vectors @ question))[:10]
        shares.append(len(index.search(question, 10).keys() & set(exact.tolist())) / 10)
    assert np.mean(shares) >= 0.99


def test_the_more_vectors_the_less_exact() -> None:
    kinds = [Kind.of(count) for count in (0, 1, 10_000, 15_000, 100_000, 1_000_000)]
    assert kinds == sorted(kinds, key=list(Kind).index) and set(kinds) == set(Kind)
