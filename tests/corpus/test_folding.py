"""Folding: what matches what, and the way back to the source."""

import re
import unicodedata
from itertools import accumulate

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
    origins = list(zip(folded.starts, folded.ends, strict=True))
    assert len(folded.text) == len(origins)
    assert all(0 <= start < end <= len(text) for start, end in origins)
    assert [*folded.starts] == sorted(folded.starts) and [*folded.ends] == sorted(folded.ends)
    assert not any(unicodedata.category(char) in ("Cc", "Cf") for char in folded.text)


@given(st.text(alphabet=st.characters(min_codepoint=0x3400, max_codepoint=0x9FFF), max_size=40))
@settings(deadline=None)
def test_simplified_keeps_the_length(text: str) -> None:
    assert len(simplified(text)) == len(text)


@given(st.text(alphabet="中導ё㎞é\u0301\u0306и\u00ad\u200b ㈱ﬁß\u2028\n", max_size=40))
def test_a_text_folds_as_its_characters_do(text: str) -> None:
    """Each with the marks that combine with it, in the order of the text."""
    clusters = re.findall("[^\u0301\u0306][\u0301\u0306]*|^[\u0301\u0306]+", text)
    assert "".join(clusters) == text
    held = [(fold(cluster).text, cluster) for cluster in clusters]
    folded, ends = fold(text), list(accumulate(map(len, clusters)))
    assert folded.text == simplified("".join(piece for piece, _ in held))
    assert [*folded.ends] == [end for (piece, _), end in zip(held, ends, strict=True) for _ in piece]
    assert [*folded.starts] == [
        end - len(cluster) for (piece, cluster), end in zip(held, ends, strict=True) for _ in piece
    ]
