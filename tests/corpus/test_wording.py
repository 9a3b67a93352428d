"""What counts as a word of a quotation, and what does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.folding import letters
from corpus.wording import wording


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("雙方不同意，部署！", "双方不同意部署"),
        ("“核战争打不赢也打不得”", "核战争打不赢也打不得"),
        ("The U.S.-China dia-\nlogue", "the US–China dialogue"),
        ("Russia's non-nuclear allies", "Russia’s nonnuclear allies"),
        ("1,000 km; 1 000 km", "1000km 1000 KM"),
        ("5,5 %", "5.5%"),
        ("３０％", "30%"),
        ("полёт", "ПОЛЕТ"),
        ("й", "и\u0306"),
        ("非\u202e核\u200b武", "非核武"),
        ("順著", "顺着"),
        ("<<不扩散核武器条约>>", "《不扩散核武器条约》"),
    ],
)
def test_writing_makes_no_other_words(one: str, other: str) -> None:
    assert wording(one).words == wording(other).words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("双方不同意部署", "双方同意部署"),
        ("1000亿", "2000亿"),
        ("6%", "5%"),
        ("6%", "6‰"),
        ("6%", "6"),
        ("1.5", "15"),
        ("5,5", "55"),
        ("10²", "102"),
        ("-5 °C", "5 °C"),
        ("$5", "€5"),
        (">5", "<5"),
        ("2 2019", "22019"),
        ("не известно", "неизвестно"),
        ("now here", "nowhere"),
        ("pre- and post-war", "preand postwar"),
        ("不扩散", "不扩散核"),
    ],
)
def test_what_changes_the_sense_makes_other_words(one: str, other: str) -> None:
    assert wording(one).words != wording(other).words


def test_words_know_where_they_stand() -> None:
    text = "（第2231號決議）, the U.S. 1,000 km"
    held = wording(text)
    assert [span.of(text) for span in held.spans] == [*"第", "2231", *"號決議", "the", "U.S.", "1,000", "km"]
    assert held.words == (*"第", "2231", *"号决议", "the", "us", "1000", "km")
    assert held.span(1, 3).of(text) == "2231號"
    assert held.span(2, 2) == (held.spans[1].end, held.spans[1].end)
    assert held.text == "第2231号决议theus1000km"


@given(st.text(alphabet=st.sampled_from("双雙方不同 ,，.。1２½²%aBé-'’\n\u200bйи\u0306Ё…"), max_size=40))
def test_no_letter_is_lost_and_spans_are_in_order(text: str) -> None:
    held = wording(text)
    edges = [edge for span in held.spans for edge in span]
    assert edges == sorted(edges) and all(0 <= edge <= len(text) for edge in edges)
    kept = "".join(char for char in held.text if char.isalnum())
    assert kept == "".join(char for char in letters(text).text if char.isalnum())
