"""Batches: what many threads ask at once is encoded together, and each gets what it would have got alone."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embeddings.batching import Batched
from embeddings.encoder import Encoder, Tokens, TransformerEncoder, Vectors, open_encoder
from service.collection import Collection
from service.settings import Settings

CALLERS = 16
TEXTS = ["中导条约", "外空军备竞赛", "what was said about INF", "Стороны выступают за диалог", "?", "", "双方主张" * 9]


class Counting(TransformerEncoder):
    """A real transformer that keeps what it was called with.

    Its first call lasts until `expected` callers have come. What holds "unbearable" it does not bear.
    """

    def __init__(self, model: str, expected: int = 0) -> None:
        super().__init__(model)
        self.expected, self.callers, self.calls = expected, list[int](), list[tuple[str, list[str]]]()

    def encode_query(self, texts: Sequence[str]) -> Vectors:
        self._called("query", texts)
        return super().encode_query(texts)

    def encode_document(self, texts: Sequence[str]) -> Vectors:
        self._called("document", texts)
        return super().encode_document(texts)

    def encode_tokens(self, texts: Sequence[str]) -> list[Tokens]:
        self._called("tokens", texts)
        return super().encode_tokens(texts)

    def _called(self, kind: str, texts: Sequence[str]) -> None:
        self.calls.append((kind, list(texts)))
        while len(self.calls) == 1 and len(self.callers) < self.expected:
            time.sleep(0.001)
        if len(self.calls) == 1 and self.expected:
            time.sleep(0.2)  # who has come has only to stand in line
        if "unbearable" in texts:
            raise ValueError("unbearable")


def together(encoder: Counting, calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """The results of calls from as many threads, or what they raised."""

    def call(number: int) -> Any:
        encoder.callers.append(number)
        try:
            return calls[number]()
        except ValueError as error:
            return error

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(call, range(len(calls))))


def assert_same(one: Any, other: Any) -> None:
    if isinstance(one, np.ndarray):
        assert one.shape == other.shape and one.dtype == other.dtype == np.float32
        assert np.allclose(one, other, atol=1e-5)
        return
    assert [held.spans for held in one] == [held.spans for held in other]
    for held, there in zip(one, other, strict=True):
        assert np.allclose(held.vectors, there.vectors, atol=1e-5)


def test_each_caller_gets_what_it_would_get_alone(transformer: Path) -> None:
    alone, asked = open_encoder(str(transformer)), Counting(str(transformer), CALLERS)
    batched = Batched(asked)
    given = [(kind, TEXTS[at % 7 :][: at % 3 + 1]) for at in range(CALLERS) for kind in ("query", "tokens", "document")]
    calls = [partial(getattr(batched, f"encode_{kind}"), texts) for kind, texts in given]
    for (kind, texts), made in zip(given, together(asked, calls), strict=True):
        assert_same(made, getattr(alone, f"encode_{kind}")(texts))
    assert sorted(text for _, texts in asked.calls for text in texts) == sorted(
        text for _, held in given for text in held
    )


@pytest.mark.parametrize("kind", ["query", "tokens"])
def test_the_model_is_called_less_often_than_it_is_asked(transformer: Path, kind: str) -> None:
    asked = Counting(str(transformer), CALLERS)
    encode = getattr(Batched(asked), f"encode_{kind}")
    together(asked, [partial(encode, [TEXTS[at % 4]]) for at in range(CALLERS)])
    assert len(asked.calls) < CALLERS / 2
    assert max(len(texts) for _, texts in asked.calls) > CALLERS / 2


def test_no_call_is_too_large_and_long_texts_stand_apart(transformer: Path) -> None:
    asked = Counting(str(transformer), 40)
    batched = Batched(asked)
    long = "双方主张通过对话与磋商解决分歧" * 100
    together(asked, [partial(batched.encode_query, [long if at == 20 else TEXTS[0]] * 2) for at in range(40)])
    assert max(len(texts) for _, texts in asked.calls) == 32
    assert max(len(texts) for _, texts in asked.calls if long in texts) <= 5
    many = [f"{number}" for number in range(100)]
    assert_same(batched.encode_document(many), TransformerEncoder(str(transformer)).encode_document(many))
    assert [len(texts) for kind, texts in asked.calls if kind == "document"] == [32, 32, 32, 4]


def test_nothing_in_nothing_out(transformer: Path) -> None:
    batched = Batched(open_encoder(str(transformer)))
    assert batched.encode_query([]).shape == batched.encode_document([]).shape == (0, batched.dimension)
    assert batched.encode_tokens([]) == []


def test_an_error_reaches_all_who_were_encoded_together_and_nobody_else(transformer: Path) -> None:
    asked = Counting(str(transformer), CALLERS)
    batched = Batched(asked)
    texts = [f"question {at}" for at in range(CALLERS - 1)]
    made = together(asked, [partial(batched.encode_query, [text]) for text in [*texts, "unbearable"]])
    failed = {text for _, held in asked.calls if "unbearable" in held for text in held}
    for text, outcome in zip([*texts, "unbearable"], made, strict=True):
        assert isinstance(outcome, ValueError) == (text in failed)
    assert_same(batched.encode_query(texts), TransformerEncoder(str(transformer)).encode_query(texts))


def test_it_leaves_no_thread_behind(transformer: Path) -> None:
    asked = Counting(str(transformer))
    encode, before = Batched(asked).encode_query, threading.active_count()
    together(asked, [partial(encode, TEXTS)] * CALLERS)
    assert threading.active_count() <= before


def test_a_collection_batches_for_a_transformer_alone(transformer: Path, tmp_path: Path) -> None:
    def encoder(model: str | None) -> Encoder:
        return Collection(Settings(data=tmp_path, model=model)).encoder

    assert isinstance(encoder(str(transformer)), Batched) and not isinstance(encoder(None), Batched)
    assert encoder(str(transformer)).name == open_encoder(str(transformer)).name
