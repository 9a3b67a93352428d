"""The recipe's own mechanics: what it writes can be read, and what it counts adds up."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer, models, pre_tokenizers

from corpus.language import language_of
from embeddings.encoder import EncoderError, open_encoder
from embeddings.training.data import dictionary
from embeddings.training.model import quantised, soup, write_model
from embeddings.training.optimizer import RowAdam
from embeddings.training.texts import Texts

WORDS = ["[UNK]", *"abcdefgh"]
TEXTS = ["a b", "c c d", "h", "e f g h a"]


@pytest.fixture
def tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(models.WordLevel({word: at for at, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return tokenizer


def test_a_written_model_is_read_alike_by_both_libraries(tmp_path: Path, tokenizer: Tokenizer) -> None:
    table = np.random.default_rng(0).standard_normal((len(WORDS), 16)).astype(np.float32) * np.arange(9)[:, None]
    write_model(tmp_path, tokenizer, table)
    vectors = open_encoder(str(tmp_path)).encode_document(TEXTS)
    theirs = SentenceTransformer(str(tmp_path), device="cpu").encode(TEXTS)
    assert theirs.dtype == np.float32 and np.allclose(vectors, theirs, atol=1e-6)
    exact = np.stack([table[[WORDS.index(word) for word in text.split()]].sum(axis=0) for text in TEXTS])
    assert ((vectors * exact).sum(axis=1) / np.linalg.norm(exact, axis=1) > 0.999).all()


def test_a_changed_byte_of_a_written_model_is_named(tmp_path: Path, tokenizer: Tokenizer) -> None:
    write_model(tmp_path, tokenizer, np.ones((len(WORDS), 4), np.float32))
    weights = tmp_path / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    with pytest.raises(EncoderError, match=r"model\.safetensors: not the file that SHA256SUMS lists"):
        open_encoder(str(tmp_path))


@given(st.lists(st.lists(st.floats(-1000, 1000, width=32), min_size=3, max_size=3), min_size=1))
def test_a_byte_is_off_by_at_most_half_a_scale(numbers: list[list[float]]) -> None:
    table = np.array(numbers, dtype=np.float32)
    rows, scales = quantised(table)
    assert (np.abs(rows * scales[:, None] - table) <= scales[:, None] * 0.5001 + 1e-30).all()


def test_a_soup_is_the_mean() -> None:
    assert np.array_equal(soup([np.ones((2, 2), np.float32), np.zeros((2, 2), np.float32)]), np.full((2, 2), 0.5))


def test_the_optimizer_is_adam_on_sparse_rows() -> None:
    """The oracle: torch's SparseAdam with sparse gradients of the same rows."""
    random = np.random.default_rng(0)
    start = torch.from_numpy(random.standard_normal((6, 3)).astype(np.float32))
    ours, theirs = start.clone(), torch.nn.Parameter(start.clone())
    row_adam, oracle = RowAdam(ours), torch.optim.SparseAdam([theirs], lr=0.1)
    for _ in range(5):
        rows = torch.from_numpy(np.sort(random.choice(6, 3, replace=False)))
        gradient = torch.from_numpy(random.standard_normal((3, 3)).astype(np.float32))
        row_adam.step(rows, gradient, 0.1)
        theirs.grad = torch.sparse_coo_tensor(rows[None], gradient, (6, 3), check_invariants=True)
        oracle.step()  # type: ignore[no-untyped-call]
    assert torch.allclose(ours, theirs.detach(), atol=1e-5)


@given(st.lists(st.lists(st.integers(0, 99), max_size=5), min_size=1), st.data())
def test_texts_are_taken_joined_and_kept_as_lists_would_be(lists: list[list[int]], data: st.DataObject) -> None:
    texts = Texts.of(lists)
    assert texts.lists() == lists
    rows = data.draw(st.lists(st.integers(0, len(lists) - 1), min_size=1))
    assert texts.take(np.array(rows)).lists() == [lists[row] for row in rows]
    assert texts.join(np.array([0]), np.array([len(lists)])).lists() == [sum(lists, [])]
    kept = texts.keep(texts.tokens % 2 == 0)
    assert kept.lists() == [[token for token in tokens if token % 2 == 0] for tokens in lists]


def test_the_dictionary_holds_each_russian_word_once_with_english_and_chinese() -> None:
    words = dictionary()
    assert len({word.russian for word in words}) == len(words) > 12_000
    for word in words:
        assert word.english and word.chinese and language_of(word.russian) == "ru"
        assert all(language_of(chinese) == "zh-Hans" or chinese.isascii() for chinese in word.chinese), word
