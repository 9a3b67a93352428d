"""tantivy against a textbook BM25."""

from collections import Counter
from math import log
from pathlib import Path

import pytest

from embeddings.lexical import LexicalIndex, writing_terms

ROWS = [
    (["中", "导", "条约", "条约"], ["a"]),
    (["条约", "武器"], ["a", "b-1"]),
    (["外空", "武器", "武器", "武器"], ["b-1"]),
    (["§inf-treaty", "npt2020"], ["c"]),
    ([], ["c"]),
]

WORDS = {0: [], 2: ["joint", "statement"], 4: ["a", "joint", "and", "statement", "joint"]}


def bm25(query: dict[str, float]) -> dict[int, float]:
    """Robertson's BM25 with k1 = 1.2, b = 0.75 and the idf ln(1 + (N - n + 0.5) / (n + 0.5))."""
    lengths = [len(terms) for terms, _ in ROWS]
    average = sum(lengths) / len(ROWS)
    scores: dict[int, float] = {}
    for row, (terms, _) in enumerate(ROWS):
        for term, weight in query.items():
            count, held = Counter(terms)[term], sum(term in other for other, _ in ROWS)
            if count:
                idf = log(1 + (len(ROWS) - held + 0.5) / (held + 0.5))
                share = count * 2.2 / (count + 1.2 * (0.25 + 0.75 * lengths[row] / average))
                scores[row] = scores.get(row, 0.0) + weight * idf * share
    return scores


@pytest.fixture
def index(tmp_path: Path) -> LexicalIndex:
    with writing_terms(tmp_path / "lexical") as add:
        for terms, documents in ROWS:
            add(" ".join(terms), " ".join(WORDS[len(terms)]), documents)
    return LexicalIndex(tmp_path / "lexical")


@pytest.mark.parametrize(
    "query", [{"条约": 1.0}, {"条约": 1.0, "武器": 2.0}, {"§inf-treaty": 1.0, "外空": 0.5}, {"无": 1.0}]
)
def test_scores_are_bm25(index: LexicalIndex, query: dict[str, float]) -> None:
    found = index.search(query, 10)
    assert found == pytest.approx(bm25(query), rel=1e-3)
    assert list(found.values()) == sorted(found.values(), reverse=True)


def test_only_rows_of_admitted_documents_are_found(index: LexicalIndex) -> None:
    assert index.search({"武器": 1.0, "条约": 1.0}, 10, ["b-1"]).keys() == {1, 2}
    assert index.search({"武器": 1.0}, 10, ["b"]) == {}
    assert index.search({"武器": 1.0}, 10, []) == {}


def test_frequencies(index: LexicalIndex) -> None:
    assert [index.frequency(term) for term in ("条约", "武器", "无")] == [2, 2, 0]
    assert index.search({}, 10) == {}


def test_rows_of_some_documents_can_be_left_out(index: LexicalIndex) -> None:
    assert index.search({"武器": 1.0, "条约": 1.0}, 10, without=["b-1"]).keys() == {0}
    assert index.search({"武器": 1.0, "条约": 1.0}, 10, ["a"], ["b-1"]).keys() == {0}


def test_words_are_found_on_end_and_whole(index: LexicalIndex) -> None:
    assert index.holding(["joint", "statement"]) == {1, 3}
    assert index.holding(["statement", "joint"]) == {0, 2}
    assert index.holding(["joint"]) == {0, 1, 2, 3} and index.holding(["join"]) == set()
    assert index.holding(["statement", "joint"], ["npt2020"]) == {0, 2, 3}
    assert index.holding([]) == set()
