"""Our reading of a Unigram tokenizer against the library's."""

import json
from pathlib import Path
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from benchmarks.files.prose import proses
from embeddings.encoder import BUILT_IN
from embeddings.tokenizer import Encodings, Unigram

FILE = BUILT_IN / "tokenizer.json"
THEIRS = Tokenizer.from_file(str(FILE))
OURS = Unigram(json.loads(FILE.read_text("utf-8")))


def expect_the_same(text: str) -> None:
    ours, theirs = OURS.encode(text), THEIRS.encode(text, add_special_tokens=False)
    assert (ours.ids, ours.offsets) == (theirs.ids, theirs.offsets)


@given(st.text() | st.text(alphabet="核战争戰爭不扩散条约 мирная AUKUS-19é𠀀\u0301"))
@example("𠀀𠀁 abc émigré Ёлка")
@example("x" * 300)
def test_any_text_is_cut_as_the_library_does(text: str) -> None:
    expect_the_same(text)


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant", "en", "ru"])
def test_prose_is_cut_as_the_library_does(language: str) -> None:
    prose, rng = proses()[language], Random(7)
    for _ in range(100):
        expect_the_same(prose.paragraph(rng, 100))


def test_many_texts_are_cut_as_few_are(tmp_path: Path) -> None:
    texts = [f"{at}. 核战争打不赢 — a nuclear war" for at in range(100)]
    few, many = Encodings(FILE), Encodings(FILE)(texts)
    assert [(one.ids, one.offsets) for one in many] == [(one.ids, one.offsets) for text in texts for one in few([text])]


def test_a_tokenizer_of_another_kind_is_the_library_s(tmp_path: Path) -> None:
    words = {"type": "WordLevel", "vocab": {"?": 0, "war": 1, "peace": 2}, "unk_token": "?"}
    told = {**json.loads(FILE.read_text("utf-8")), "model": words, "normalizer": None}
    told["pre_tokenizer"] = {"type": "Whitespace"}
    (tmp_path / "tokenizer.json").write_text(json.dumps(told), "utf-8")
    (one,) = Encodings(tmp_path / "tokenizer.json")(["war or peace"])
    assert (one.ids, one.offsets) == ([1, 0, 2], [(0, 3), (4, 6), (7, 12)])
