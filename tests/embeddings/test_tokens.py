"""The tokens of passages: cut at sentences, written once, mapped back as they were."""

from pathlib import Path

import numpy as np
import pytest

from corpus.document import Span
from embeddings import glossary
from embeddings.encoder import Tokens, open_encoder
from embeddings.glossary import Concept, Mention
from embeddings.tokens import TokenStore, cut, unit, writing_tokens

NO_TITLE = Tokens(np.zeros((0, 8), np.float32), ())
TEXT = "双方强调。双方反对！"
SPANS = (Span(0, 2), Span(2, 4), Span(5, 7), Span(7, 9))
OPPOSE = Mention(Concept("oppose", {"zh": ("反对",)}), Span(7, 9))


def test_tokens_and_names_fall_into_their_sentences() -> None:
    tokens = Tokens(np.eye(4, dtype=np.float32), SPANS)
    first, second = cut(TEXT, tokens, [OPPOSE])
    assert (first.span, first.tokens, first.concepts) == (Span(0, 5), (0, 1), frozenset())
    assert (second.span, second.tokens, second.concepts) == (Span(5, 10), (2, 3), frozenset({"oppose"}))


def test_vectors_of_any_length_come_back_with_length_one(tmp_path: Path) -> None:
    vectors = np.random.default_rng(0).normal(size=(4, 8)).astype(np.float32) * 3
    with writing_tokens(tmp_path) as add:
        add(TEXT, Tokens(vectors, SPANS), [OPPOSE], NO_TITLE)
        add("", Tokens(vectors[:0], ()), [], NO_TITLE)
        add("反对！", Tokens(vectors[3:], (Span(0, 2),)), [], Tokens(vectors[:2], SPANS[:2]))
    last, empty, first = TokenStore(tmp_path, 8, None).units([2, 1, 0])
    assert np.allclose(first.vectors, unit(vectors), atol=1e-3)  # kept in half precision
    assert (first.starts, first.sentences) == ((0, 2), (Span(0, 5), Span(5, 10)))
    assert first.concepts == (frozenset(), frozenset({"oppose"}))
    assert not empty.vectors.any() and empty.concepts == (frozenset(),)
    assert np.allclose(last.vectors, unit(vectors[[3, 0, 1]]), atol=1e-3) and last.concepts == (frozenset(),)
    assert (first.title, empty.title, last.title, last.starts, len(last.sentences)) == (None, None, 1, (0,), 1)


def test_the_built_in_encoder_s_tokens_are_kept_as_ids_and_looked_up(tmp_path: Path) -> None:
    encoder, names = open_encoder(), glossary.load(glossary.BUILT_IN)
    texts = ["双方主张通过对话解决《中导条约》分歧。双方将保持沟通。", "The INF Treaty. Space!", "…"]
    held = encoder.encode_tokens(texts)
    with writing_tokens(tmp_path) as add:
        for text, tokens in zip(texts, held, strict=True):
            add(text, tokens, names.mentions(text), held[2])
    assert (tmp_path / "tokens.bin").stat().st_size <= 4 * sum(len(tokens.spans) for tokens in held)
    units = TokenStore(tmp_path, encoder.dimension, encoder.table).units([0, 1])
    for passage, tokens in zip(units, held, strict=False):
        assert np.allclose(passage.vectors, unit(tokens.vectors), atol=1e-6)
        assert "inf-treaty" in passage.concepts[0] and "inf-treaty" not in passage.concepts[1]


@pytest.mark.parametrize("rows", [[], [0]])
def test_a_store_without_tokens_opens(tmp_path: Path, rows: list[int]) -> None:
    with writing_tokens(tmp_path) as add:
        for _ in rows:
            add("…", NO_TITLE, [], NO_TITLE)
    assert len(TokenStore(tmp_path, 8, None).units(rows)) == len(rows)
