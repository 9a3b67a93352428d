"""The tokens of passages: cut at sentences, written once, mapped back as they were."""

from pathlib import Path

import numpy as np
import pytest

from corpus.document import Span
from embeddings import glossary
from embeddings.encoder import Tokens, open_encoder, unit
from embeddings.glossary import Concept, Mention
from embeddings.tokens import TokenStore, Units, pieces, writing_tokens


def vectors_of(units: Units) -> np.ndarray:
    """Of each token; that of the one before each passage is zeros."""
    return np.concatenate([units.vectors, np.zeros((1, units.vectors.shape[1]), np.float32)])[units.places]


def sentences_of(units: Units) -> list[list[Span]]:
    spans = [Span(*span) for span in units.spans.tolist()]
    held = zip(units.edges.tolist(), units.edges.tolist()[1:], strict=False)
    return [[spans[at] for at in range(start, end) if not units.titles[at]] for start, end in held]


def named_in(units: Units) -> list[tuple[int, str]]:
    return [(unit, units.concepts[concept]) for unit, concept in units.named.tolist()]


NO_TITLE = Tokens(np.zeros((0, 8), np.float32), ())
TEXT = "双方强调。双方反对！"
SPANS = (Span(0, 2), Span(2, 4), Span(5, 7), Span(7, 9))
OPPOSE = Mention(Concept("oppose", {"zh": ("反对",)}), Span(7, 9))


def test_tokens_and_names_fall_into_their_sentences() -> None:
    tokens = Tokens(np.eye(4, dtype=np.float32), SPANS)
    first, second = pieces(TEXT, tokens, [OPPOSE], NO_TITLE)
    assert (first.span, first.concepts) == (Span(0, 5), frozenset()) and (first.tokens == np.eye(4)[:2]).all()
    assert (second.span, second.concepts) == (Span(5, 10), frozenset({"oppose"}))
    assert (second.tokens == np.eye(4)[2:]).all()


def test_vectors_of_any_length_come_back_with_length_one(tmp_path: Path) -> None:
    vectors = np.random.default_rng(0).normal(size=(4, 8)).astype(np.float32) * 3
    with writing_tokens(tmp_path) as add:
        add(pieces(TEXT, Tokens(vectors, SPANS), [OPPOSE], NO_TITLE))
        add(pieces("", Tokens(vectors[:0], ()), [], NO_TITLE))
        add(pieces("反对！", Tokens(vectors[3:], (Span(0, 2),)), [], Tokens(vectors[:2], SPANS[:2])))
    units = TokenStore(tmp_path, 8, None).units([2, 1, 0])
    assert len(units) == 3 and units.edges.tolist() == [0, 2, 3, 5]
    assert sentences_of(units) == [[Span(0, 3)], [Span(0, 0)], [Span(0, 5), Span(5, 10)]]
    assert named_in(units) == [(4, "oppose")] and units.owners.tolist() == [0, 0, 1, 2, 2]
    assert units.titles.tolist() == [False, True, False, False, False]
    assert units.starts.tolist() == [0, 2, 4, 5, 8]
    kept = unit(vectors)[[3, 0, 1, 0, 1, 2, 3]]  # in half precision
    worded = vectors_of(units)
    assert np.allclose(worded[[1, 2, 3, 6, 7, 8, 9]], kept, atol=1e-3) and not worded[[0, 4, 5]].any()


def test_a_passage_of_a_title_alone_has_a_sentence_of_no_length(tmp_path: Path) -> None:
    with writing_tokens(tmp_path) as add:
        add(pieces("…", NO_TITLE, [], Tokens(np.eye(8, dtype=np.float32)[:2], SPANS[:2])))
    units = TokenStore(tmp_path, 8, None).units([0])
    assert (sentences_of(units), units.titles.tolist()) == ([[Span(0, 0)]], [False, True])
    assert (units.starts.tolist(), units.edges.tolist(), len(units.places)) == ([0, 1], [0, 2], 3)


def test_the_built_in_encoder_s_tokens_are_kept_as_ids_and_looked_up(tmp_path: Path) -> None:
    encoder, names = open_encoder(), glossary.load(glossary.BUILT_IN)
    texts = ["双方主张通过对话解决《中导条约》分歧。双方将保持沟通。", "The INF Treaty. Space!", "…"]
    held = encoder.encode_tokens(texts)
    with writing_tokens(tmp_path) as add:
        for text, tokens in zip(texts, held, strict=True):
            add(pieces(text, tokens, names.mentions(text), held[2]))
    assert (tmp_path / "tokens.bin").stat().st_size <= 4 * sum(len(tokens.spans) for tokens in held)
    units = TokenStore(tmp_path, encoder.dimension, encoder.table).units([0, 1])
    assert len(np.unique(units.vectors, axis=0)) >= len(units.vectors) - 1  # each once; one piece has no direction
    for at, tokens in enumerate(held[:2]):
        start, end = units.starts[units.edges[at]], units.starts[units.edges[at + 1]] if at < 1 else len(units.places)
        assert np.allclose(vectors_of(units)[start + 1 : end], unit(tokens.vectors), atol=1e-6)
        first = int(units.edges[at])
        assert (first, "inf-treaty") in named_in(units) and (first + 1, "inf-treaty") not in named_in(units)


def test_joined_they_are_as_if_read_together(tmp_path: Path) -> None:
    encoder = open_encoder()
    texts = ["The INF Treaty. Space!", "…", "双方将保持沟通。双方将保持沟通。", "Space!"]
    with writing_tokens(tmp_path) as add:
        for text, tokens in zip(texts, encoder.encode_tokens(texts), strict=True):
            add(pieces(text, tokens, [], tokens))
    store = TokenStore(tmp_path, encoder.dimension, encoder.table)
    whole, joined = store.units(range(4)), Units.joined([store.units([0, 1]), store.units([2]), store.units([3])])
    assert np.array_equal(vectors_of(whole), vectors_of(joined))
    for name in ("starts", "spans", "edges"):
        assert np.array_equal(getattr(whole, name), getattr(joined, name)), name


@pytest.mark.parametrize("rows", [[], [0]])
def test_a_store_without_tokens_opens(tmp_path: Path, rows: list[int]) -> None:
    with writing_tokens(tmp_path) as add:
        for _ in rows:
            add(pieces("…", NO_TITLE, [], NO_TITLE))
    assert len(TokenStore(tmp_path, 8, None).units(rows)) == len(rows)


@pytest.mark.parametrize("wrong", [2**40, -5])
def test_places_that_nobody_wrote_are_told_before_room_is_made_for_them(tmp_path: Path, wrong: int) -> None:
    with writing_tokens(tmp_path) as add:
        add(pieces(TEXT, Tokens(np.eye(4, 8, dtype=np.float32), SPANS), [], NO_TITLE))
    table = np.load(tmp_path / "sentences.npy")
    table[-1, 2] = wrong
    np.save(tmp_path / "sentences.npy", table)
    with pytest.raises(ValueError, match="of 4"):
        TokenStore(tmp_path, 8, None).units([0])
