"""Alignment against brute force."""

from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from corpus.alignment import carried, edits, infix, infix_distances

WORDS = st.lists(st.sampled_from("abcd"), max_size=9)


def nearest(query: list[str], text: list[str]) -> int:
    """The fewest edits to any range of the text, by trying all."""
    ranges = ((start, end) for start in range(len(text) + 1) for end in range(start, len(text) + 1))
    return min(Levenshtein.distance(query, text[start:end]) for start, end in ranges)


@given(WORDS, WORDS)
def test_the_best_range_takes_the_fewest_edits(query: list[str], text: list[str]) -> None:
    found = infix(query, text)
    assert found.distance == nearest(query, text)
    assert Levenshtein.distance(query, text[found.range.start : found.range.end]) == found.distance
    assert infix_distances(query, text)[0].tolist() == [nearest(query[:at], text) for at in range(len(query) + 1)]


@given(WORDS, WORDS)
def test_edits_make_one_out_of_the_other(source: list[str], target: list[str]) -> None:
    made, at = [], 0
    for there, here in edits(source, target):
        made += source[at : there.start] + target[here.start : here.end]
        at = there.end
    assert made + source[at:] == target
    cost = sum(max(there.end - there.start, here.end - here.start) for there, here in edits(source, target))
    assert cost == Levenshtein.distance(source, target)


def test_places_are_carried_over() -> None:
    assert carried((0, 2, 4, 6), "双方不同意部署", "双方同意部署") == [0, 2, 3, 5]
    assert carried((3,), "abc", "abcd") == [4]
