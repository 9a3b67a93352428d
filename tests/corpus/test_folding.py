"""Folding: what matches what, and the way back to the source."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.folding import fold, letters, simplified


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("中導條約", "中导条约"),
        ("ＩＮＦ", "inf"),
        ("Ещё", "еще"),
        ("и\u0306од", "йод"),
        ("，", ","),
        ("㎞", "km"),
        ("⾼", "高"),
        ("soft\u00adhyphen", "softhyphen"),
    ],
)
def test_these_fold_alike(one: str, other: str) -> None:
    assert fold(one).text == fold(other).text


def test_letters_leave_punctuation_out() -> None:
    assert letters("《中導條約》，2019 年。").text == "中导条约2019年"


def test_a_match_maps_back_to_the_source() -> None:
    text = "——㎞《美國》！"
    folded = fold(text)
    at = folded.text.index("美国")
    assert folded.source(at, at + 2).of(text) == "美國"
    assert folded.source(folded.text.index("m"), folded.text.index("m") + 1).of(text) == "㎞"
    assert folded.source(len(folded.text), len(folded.text)) == (len(text), len(text))


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
@settings(deadline=None)
def test_origins_are_ordered_and_inside(text: str) -> None:
    folded = fold(text)
    assert len(folded.text) == len(folded.origins)
    assert all(0 <= span.start < span.end <= len(text) for span in folded.origins)
    assert all(a.start <= b.start and a.end <= b.end for a, b in zip(folded.origins, folded.origins[1:], strict=False))
    assert not any(unicodedata.category(char) in ("Cc", "Cf") for char in folded.text)


@given(st.text(alphabet=st.characters(min_codepoint=0x3400, max_codepoint=0x9FFF), max_size=40))
@settings(deadline=None)
def test_simplified_keeps_the_length(text: str) -> None:
    assert len(simplified(text)) == len(text)
