"""The analyser: what is one term, and that questions and passages agree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.terms import Analyser

terms = Analyser().terms


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("中導條約", "中导条约"),
        ("Договора о нераспространении", "договор о нераспространение"),
        ("treaties", "Treaty"),
        ("ＡＵＫＵＳ", "aukus"),
        ("the INF’s", "the INF's"),
    ],
)
def test_these_have_the_same_terms(one: str, other: str) -> None:
    assert terms(one) == terms(other)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("COVID-19", {"covid", "19", "covid19"}),
        ("NPT2020年", {"npt", "2020", "npt2020", "年"}),
        ("non-proliferation", {"non", "prolifer", "nonprolifer"}),
        ("全面禁止核试验条约", {"全面", "禁止", "全面禁止", "核试", "试验", "核试验", "条约"}),
        ("R123-78", {"r", "123", "78", "r12378"}),
        ("", set()),
        ("。，！", set()),
    ],
)
def test_terms(text: str, expected: set[str]) -> None:
    assert set(terms(text)) == expected


@given(st.text(max_size=60))
def test_a_term_is_never_blank(text: str) -> None:
    assert not any(not term or any(char.isspace() for char in term) for term in terms(text))
