"""A conversation as an address: what reads as which turns, what is passed over, and what years mean."""

import datetime
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.doors.interface import typed
from service.doors.thread import Turn, query, turns
from service.question import INTERPRETATIONS, BadQuestion, Filters

NAMES = ("q", "work", "from", "to", "without")
TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)  # an address holds no half of a surrogate pair
TURNS = st.builds(
    Turn,
    question=TEXT.map(typed).filter(str.strip),
    works=st.lists(TEXT, max_size=3, unique=True).map(tuple),
    start=st.just("") | TEXT,
    end=st.just("") | TEXT,
    without=st.lists(st.sampled_from(INTERPRETATIONS), unique=True).map(tuple),
)
PAIRS = st.lists(st.tuples(st.sampled_from((*NAMES, "lang", "Q", "")), st.just("") | st.just(" ") | TEXT), max_size=30)


@given(st.lists(TURNS, max_size=10).map(tuple))
def test_what_is_written_reads_as_it_was(held: tuple[Turn, ...]) -> None:
    assert turns(query(held)) == held
    assert turns(parse_qsl(urlencode(query(held)), keep_blank_values=True)) == held


@given(st.lists(TURNS, min_size=11, max_size=14))
def test_the_newest_ten_are_kept(held: list[Turn]) -> None:
    assert turns(query(held)) == tuple(held[-10:])


@given(PAIRS)
@example([("q", "a\r\nb\rc"), ("q", " "), ("work", "w"), ("q", "")])
def test_any_address_reads_as_turns_that_write_themselves(pairs: list[tuple[str, str]]) -> None:
    read = turns(pairs)
    assert turns(query(read)) == read
    assert [turn.question for turn in read] == [typed(value) for name, value in pairs if name == "q" and value.strip()][
        -10:
    ]
    assert read == turns([(name, value) for name, value in pairs if name in NAMES])


@given(TURNS, st.sampled_from(["", " ", "\n\t", "\u3000"]), TURNS)
def test_what_follows_a_blank_question_belongs_to_nobody(before: Turn, blank: str, after: Turn) -> None:
    limits = [pair for pair in query([after]) if pair[0] != "q"]
    assert turns([*query([before]), ("q", blank), *limits]) == (before,)
    assert turns([*limits, *query([before])]) == (before,)
    assert turns([*query([before]), ("q", blank), *limits, *query([after])]) == (before, after)


def test_a_turn_begins_at_its_question_and_keeps_what_follows() -> None:
    pairs = [
        *[("work", "nobody's"), ("q", " INF "), ("work", "a"), ("to", "2022"), ("work", "b"), ("from", "2019")],
        *[("lang", "ru"), ("utm_source", "x"), ("Q", "no"), ("without", "dates"), ("to", "2025"), ("from", "")],
        *[("q", "and NPT?"), ("without", "works"), ("without", "works")],
    ]
    assert turns(pairs) == (
        Turn(" INF ", ("a", "b"), "2019", "2025", ("dates",)),
        Turn("and NPT?", without=("works",)),
    )
    assert turns([("q", "a"), ("without", "nothing"), ("work", "a"), ("work", "a")]) == (Turn("a", ("a",)),)
    assert turns([]) == turns([("work", "a")]) == turns([("q", "")]) == ()
    assert query(()) == []


@pytest.mark.parametrize(("year", "number"), [("2019", 2019), ("1", 1), ("9999", 9999), ("0099", 99), ("1000", 1000)])
def test_a_year_is_from_its_first_day_to_its_last(year: str, number: int) -> None:
    first, last = datetime.date(number, 1, 1), datetime.date(number, 12, 31)
    assert Turn("q", start=year).filters == Filters(start=first)
    assert Turn("q", end=year).filters == Filters(end=last)
    assert Turn("q", start=year, end=year).filters == Filters(start=first, end=last)


@pytest.mark.parametrize(
    "year",
    [
        "0",
        "0000",
        "-1",
        "+2019",
        "abc",
        "99999",
        "٢٠١٩",
        "２０１９",
        "二〇一九",
        "2019.0",
        "2e3",
        " 2019",
        "2019\n",
        "20 19",
    ],
)
def test_what_is_no_year_is_told_with_what_would_be(year: str) -> None:
    for turn in (Turn("q", start=year), Turn("q", end=year), Turn("q", start="2019", end=year)):
        with pytest.raises(BadQuestion) as told:
            _ = turn.filters
        assert str(told.value) == f"{year!r} is no year; write one as in 2019"


def test_only_the_beginning_of_a_long_wrong_year_is_repeated() -> None:
    with pytest.raises(BadQuestion) as told:
        _ = Turn("q", start="x" * 100_000).filters
    assert str(told.value) == f"{'x' * 20!r} is no year; write one as in 2019"


@given(st.text() | st.from_regex(r"[0-9]{1,6}", fullmatch=True))
def test_any_year_is_a_day_or_a_bad_question(year: str) -> None:
    try:
        filters = Turn("q", start=year, end=year).filters
    except BadQuestion as told:
        assert str(told).endswith(" is no year; write one as in 2019") and len(str(told)) < 300
    else:
        assert filters.start is None if not year else filters.start == datetime.date(int(year), 1, 1)


def test_digits_without_end_are_a_year_or_a_bad_question() -> None:
    year = "0" * 5000 + "2019"  # Python turns no more than 4,300 digits into a number
    try:
        assert Turn("q", start=year).filters.start == datetime.date(2019, 1, 1)
    except BadQuestion as told:
        assert str(told) == f"{'0' * 20!r} is no year; write one as in 2019"


def test_works_and_years_become_filters() -> None:
    turn = Turn("q", ("a", "b"), "2019", "2022")
    assert turn.filters == Filters(("a", "b"), (), datetime.date(2019, 1, 1), datetime.date(2022, 12, 31), ())
    assert Turn("q").filters == Filters()


def test_what_is_switched_off_is_not_interpreted() -> None:
    assert Turn("q").interpret == INTERPRETATIONS
    assert Turn("q", without=("dates", "nonsense", "dates")).interpret == ("works", "aliases", "phrases", "history")
    assert Turn("q", without=INTERPRETATIONS[::-1]).interpret == ()
