"""Text reuse: tiles against a brute-force tiling, what is repeated against a search, what is left over."""

import random
from collections.abc import Sequence
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.document import Span
from corpus.reuse import Stretch, repeated, rest, tiles, weight
from corpus.wording import wording
from service.collection import Collection

Taken = tuple[int, int, int, int, int]  # text and word on the first side, text and word on the second, words

SPACED = st.lists(st.lists(st.sampled_from(["甲", "乙", "丙", "ab", "cd"]), max_size=12).map(" ".join), max_size=3)
WRITTEN = st.lists(st.text("甲乙丙a ，、。《》(“”)-", max_size=25), max_size=3)


def words(stretch: Stretch, texts: Sequence[str]) -> tuple[int, int]:
    """Which words of its text a stretch is, found anew."""
    inside = [
        at
        for at, (start, end) in enumerate(wording(texts[stretch.place]).spans)
        if stretch.span.start <= start and end <= stretch.span.end
    ]
    assert inside == list(range(inside[0], inside[-1] + 1))
    return inside[0], inside[-1] + 1


def brute_force(first: Sequence[str], second: Sequence[str], least: int) -> list[Taken]:
    """Greedy string tiling as it is defined: again and again the heaviest run of free words, the earliest if equal."""
    sides = [wording(text).words for text in first], [wording(text).words for text in second]
    used: tuple[set[tuple[int, int]], set[tuple[int, int]]] = (set(), set())
    found: list[Taken] = []
    while True:
        best: tuple[int, Taken] | None = None
        for (p, one), (q, other) in product(enumerate(sides[0]), enumerate(sides[1])):
            for i, j in product(range(len(one)), range(len(other))):
                for n in range(1, min(len(one) - i, len(other) - j) + 1):
                    if one[i + n - 1] != other[j + n - 1] or (p, i + n - 1) in used[0] or (q, j + n - 1) in used[1]:
                        break
                    heavy = weight(one[i : i + n])
                    if heavy >= least and (best is None or (-heavy, p, i, q, j) < (-best[0], *best[1][:4])):
                        best = heavy, (p, i, q, j, n)
        if best is None:
            return sorted(found)
        p, i, q, j, n = best[1]
        used[0].update((p, at) for at in range(i, i + n))
        used[1].update((q, at) for at in range(j, j + n))
        found.append(best[1])


@given(SPACED, SPACED, st.integers(1, 6))
@settings(deadline=None, max_examples=300)
def test_tiles_are_those_of_a_brute_force_tiling(first: list[str], second: list[str], least: int) -> None:
    found: list[Taken] = []
    for tile in tiles(first, second, least):
        (i, i_end), (j, j_end) = words(tile.first, first), words(tile.second, second)
        assert i_end - i == j_end - j
        found.append((tile.first.place, i, tile.second.place, j, i_end - i))
    assert found == brute_force(first, second, least)


@given(WRITTEN, WRITTEN, st.integers(1, 6))
@settings(deadline=None, max_examples=300)
def test_a_tile_has_the_same_words_on_both_sides_and_no_word_is_used_twice(
    first: list[str], second: list[str], least: int
) -> None:
    used: list[tuple[int, int, int]] = []
    found = tiles(first, second, least)
    assert found == tiles(first, second, least)
    for tile in found:
        sliced = tile.first.span.of(first[tile.first.place]), tile.second.span.of(second[tile.second.place])
        assert wording(sliced[0]).words == wording(sliced[1]).words != ()
        for side, (stretch, texts) in enumerate(((tile.first, first), (tile.second, second))):
            used += [(side, stretch.place, at) for at in range(*words(stretch, texts))]
    assert len(used) == len(set(used))


@given(SPACED, SPACED, st.integers(1, 6))
@settings(deadline=None, max_examples=300)
def test_a_word_is_repeated_if_a_heavy_run_around_it_stands_on_the_other_side(
    first: list[str], second: list[str], least: int
) -> None:
    others = [wording(text).words for text in second]
    runs = {held[j:k] for held in others for j in range(len(held)) for k in range(j + 1, len(held) + 1)}
    expected = {
        (place, at)
        for place, held in enumerate(wording(text).words for text in first)
        for i in range(len(held))
        for k in range(i + 1, len(held) + 1)
        if weight(held[i:k]) >= least and held[i:k] in runs
        for at in range(i, k)
    }
    found = repeated(first, second, least)
    assert {(held.place, at) for held in found for at in range(*words(held, first))} == expected


@given(WRITTEN, WRITTEN, st.integers(1, 6), st.integers(1, 4))
@settings(deadline=None, max_examples=300)
def test_every_word_is_covered_or_left_over_or_part_of_a_scrap(
    first: list[str], second: list[str], least: int, scrap: int
) -> None:
    covered = repeated(first, second, least)
    kept = {(held.place, at) for held in covered for at in range(*words(held, first))}
    left = [(held.place, range(*words(held, first))) for held in rest(first, covered, scrap)]
    assert all((place, at) not in kept for place, run in left for at in run)
    assert all(weight(wording(first[place]).words[run.start : run.stop]) >= scrap for place, run in left)
    everything = {(place, at) for place, text in enumerate(first) for at in range(len(wording(text).words))}
    assert {
        (held.place, at) for held in rest(first, covered, 1) for at in range(*words(held, first))
    } | kept == everything


def shown(first: str, second: str) -> list[tuple[str, str]]:
    return [(tile.first.span.of(first), tile.second.span.of(second)) for tile in tiles([first], [second])]


def test_script_width_case_and_punctuation_make_no_difference() -> None:
    assert shown("雙方將盡快啟動談判締結文件。", "为此，将尽快启动、谈判——缔结文件") == [
        ("將盡快啟動談判締結文件", "将尽快启动、谈判——缔结文件")
    ]
    assert shown("They NEED to abandon Cold War", "to abandon “cold war mentality”; need to abandon cold War.") == [
        ("NEED to abandon Cold War", "need to abandon cold War")
    ]


@pytest.mark.parametrize(
    ("shared", "is_reuse"),
    [
        ("双方重申", False),
        ("国际社会应当", False),
        ("不扩散核武器条约", True),
        ("the two sides", False),
        ("the Comprehensive Test Ban", True),
        ("совместное заявление сторон", False),
        ("Договор о нераспространении оружия", True),
    ],
)
def test_what_is_long_enough_to_be_reuse(shared: str, is_reuse: bool) -> None:
    found = shown(f"一 {shared} 二", f"three {shared} four")
    assert found == ([(shared, shared)] if weight(wording(shared).words) >= 8 else [])
    assert bool(found) is is_reuse


def test_a_bracket_comes_with_its_other_half() -> None:
    first, second = "遵守《不扩散核武器条约》和", "雙方重申,《不擴散核武器條約》和平"
    assert shown(first, second) == [("《不扩散核武器条约》", "《不擴散核武器條約》")]
    assert shown(first, "是不扩散核武器条约》") == [("《不扩散核武器条约》", "不扩散核武器条约")]
    first, second = "退出的是苏美中导条约（《中导条约》），而", "是苏美中导条约“中导条约”"
    assert shown(first, second) == [("是苏美中导条约（《中导条约》）", "是苏美中导条约“中导条约”")]


def test_what_punctuation_cuts_off_at_an_edge_is_no_part_of_a_tile() -> None:
    assert shown("权威性、有效性和普遍性。", "完整性、有效性和普遍性，将") == [("有效性和普遍性", "有效性和普遍性")]
    assert shown("它的有效性和普遍性；他", "其有效性和普遍性，他") == [("有效性和普遍性", "有效性和普遍性")]
    assert shown("它的有效性和普遍性；她", "其有效性和普遍性，他") == []


def test_the_heaviest_comes_first_and_what_is_left_of_a_run_may_still_count() -> None:
    first = ["甲乙丙丁戊己庚辛壬癸", "子丑寅卯辰巳午未申酉戌亥"]
    second = ["丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥", "甲乙丙丁戊己庚辛壬癸"]
    found = [(tile.first.place, tile.second.place, tile.second.span) for tile in tiles(first, second)]
    assert found == [(0, 1, Span(0, 10)), (1, 0, Span(8, 20))]
    assert tiles(["甲乙丙丁戊己庚辛"], ["甲乙丙丁", "戊己庚辛"]) == ()
    assert shown("甲乙丙丁戊己庚辛甲乙丙丁戊己庚辛", "甲乙丙丁戊己庚辛") == [("甲乙丙丁戊己庚辛", "甲乙丙丁戊己庚辛")]


def test_what_is_left_over_is_cut_where_a_clause_ends() -> None:
    text = "双方呼吁，缔约国落实《条约》、强化体系；推动NPT，1,000 枚核弹头。"
    text += "In 1.5 years, the U.S. side: (a) will “leave, or stay”."
    assert [held.span.of(text) for held in rest([text], [])] == [
        "缔约国落实《条约》、强化体系",
        "1,000 枚核弹头",
        "In 1.5 years",
        "the U.S. side",
        "(a) will “leave",
    ]
    assert rest([text], [Stretch(0, Span(0, len(text)))]) == ()


def test_a_number_that_changed_is_left_over() -> None:
    first, second = "推动NPT2020年审议大会取得成功，20枚", "推动2026年审议大会取得成功，一枚"
    assert [held.span.of(first) for held in rest([first], repeated([first], [second]))] == ["推动NPT2020", "20枚"]
    assert [held.span.of(second) for held in rest([second], repeated([second], [first]))] == ["推动2026"]


def test_a_unit_stays_whole_if_half_of_it_is_left() -> None:
    text, covered = "共同维护条约权威性和有效性", [Stretch(0, Span(8, 13))]
    units = [Span(6, 9), Span(10, 13)]
    assert [held.span.of(text) for held in rest([text], covered)] == ["共同维护条约权威"]
    assert [held.span.of(text) for held in rest([text], covered, units=lambda _: units)] == ["共同维护条约权威性"]
    assert [held.span.of(text) for held in rest([text], covered, units=lambda _: [Span(7, 11)])] == ["共同维护条约权威"]


def test_what_the_statements_of_2022_and_2025_share_on_the_treaty(collection: Collection) -> None:
    body = {
        passage.id: passage.text
        for name in ("hant-2022", "peoples-daily-2025")
        for passage in collection.store.body(name)
    }
    assert shown(body["hant-2022/30"], body["peoples-daily-2025/18"]) == [
        ("《不擴散核武器條約》是國際核", "《不扩散核武器条约》是国际核"),
        ("不擴散體系的基石", "不扩散体系的基石"),
        ("有效性和普遍性", "有效性和普遍性"),
    ]


def test_most_of_what_is_made_of_one_stock_of_clauses_is_shared() -> None:
    random_ = random.Random(5)
    stock = [
        "".join(random_.choices("中俄双方强调维护全球战略稳定核武器国家条约裁军外空合作安全", k=30)) for _ in range(60)
    ]
    first, second = (["，".join(random_.choices(stock, k=10)) for _ in range(50)] for _ in range(2))
    found = tiles(first, second)
    left = rest(first, repeated(first, second))
    assert len(found) > 300 and sum(len(held.span.of(first[held.place])) for held in left) < 300
