"""Dates that questions name, in three languages, against works of 2019, 2022 and 2025."""

import time
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.document import Span, Work
from service.dates import Dating, blank, read_dates

DAYS = {"one": date(2019, 6, 5), "two": date(2022, 2, 4), "three": date(2025, 5, 8)}
WORKS = {id: Work(id, date=day) for id, day in DAYS.items()} | {"undated": Work("undated")}


def first(year: int) -> date:
    return date(year, 1, 1)


def last(year: int) -> date:
    return date(year, 12, 31)


def days(text: str) -> tuple[date | None, date | None]:
    read = read_dates(text, WORKS)
    assert (read.works, read.unheld) == ((), ())
    return read.start, read.end


@pytest.mark.parametrize(
    "text",
    [
        *("INF in 2022", "in the year 2022: INF", "the 2022 statement", "2022's statement", "the 2022 joint statement"),
        *("the statement from 2022", "INF in the 2022 one", "experts on weapons, 2022", "2022", "and 2022?"),
        *("2022年声明", "2022年的聲明", "2022聲明", "北约2022年", "２０２２年", "2022年度", "那2022呢", "在2022年"),
        *(
            "INF 2022",
            "2022 INF",
            "AI, 2022 version",
            "2022年版",
            "二〇二二年",
            "22年的声明",
            "二二年那份",
            "the '22 text",
        ),
        *("в 22-м", "в редакции 2022 г."),
        *("в 2022 году", "в заявлении 2022 года", "за 2022 год", "в 2022 г.", "в 2022-м", "заявление от 2022 года"),
    ],
)
def test_a_year(text: str) -> None:
    assert days(text) == (first(2022), last(2022))


@pytest.mark.parametrize(
    ("texts", "start", "end"),
    [
        (["since 2022", "from 2022", "starting in 2022", "from 2022 onwards", "2022 onwards"], first(2022), None),
        (["с 2022 года", "начиная с 2022 года"], first(2022), None),
        (["2022年以来", "自2022年以來", "从2022年开始", "2022年至今"], first(2022), None),
        (["after 2019", "later than 2019", "после 2019 года", "позже 2019"], first(2020), None),
        (["2019年以后", "2019年之後", "2019年后"], first(2020), None),
        (["before 2022", "prior to 2022", "до 2022 года", "ранее 2022 года"], None, last(2021)),
        (["2022年以前", "2022年之前", "2022年前"], None, last(2021)),
        (["until 2022", "by 2022", "up to 2022", "по 2022 год", "вплоть до 2022 года"], None, last(2022)),
        (["截至2022年", "截至2022年为止"], None, last(2022)),
        (
            ["between 2019 and 2022", "from 2019 to 2022", "2019–2022", "2019-2022", "2019 to 2022"],
            first(2019),
            last(2022),
        ),
        (["с 2019 по 2022 год", "между 2019 и 2022 годами", "в 2019-2022 гг."], first(2019), last(2022)),
        (["2019至2022年", "2019年到2022年", "从2019年到2022年", "2019年與2022年之間"], first(2019), last(2022)),
        (["from 2022 to 2019", "after 2018 and before 2023"], first(2019), last(2022)),
    ],
)
def test_bounds_and_ranges(texts: list[str], start: date | None, end: date | None) -> None:
    assert {text: days(text) for text in texts} == dict.fromkeys(texts, (start, end))


@pytest.mark.parametrize(
    "text",
    [
        *("in 2019 and 2025", "in 2019, and in 2025", "Compare 2019 and 2025 on INF", "2019 vs. 2025", "2019 or 2025"),
        *("в 2019 и 2025 годах", "в 2019 году и в 2025 году", "2019年和2025年", "2019和2025年", "2019年、2025年"),
        *("2019年北约和2025年北约", "the latest statement and the earliest statement"),
        *("what changed from the 2019 statement to the 2025 statement",),
    ],
)
def test_a_list_of_years_that_is_no_range_chooses_works(text: str) -> None:
    read = read_dates(text, WORKS)
    assert (read.works, read.start, read.end, read.unheld) == (("one", "three"), None, None, ())


@pytest.mark.parametrize(
    "text",
    ["4 February 2022", "February 4th, 2022", "2022年2月4日", "4 февраля 2022 года", "2022-02-04", "4th of Feb 2022"],
)
def test_the_day_of_a_work(text: str) -> None:
    assert days(text) == (DAYS["two"], DAYS["two"])


@pytest.mark.parametrize(
    "text", ["in February 2022", "2022年2月", "2022年2月份", "в феврале 2022 года", "5 February 2022"]
)
def test_the_month_of_a_work(text: str) -> None:
    assert days(text) == (date(2022, 2, 1), date(2022, 2, 28))


@pytest.mark.parametrize(
    "text", ["in January 2022", "2022年1月3日", "3 января 2022 года", "2022年13月40日", "2022-00-99"]
)
def test_a_month_without_a_work_is_something_to_look_for(text: str) -> None:
    assert read_dates(text, WORKS) == Dating(text)


@pytest.mark.parametrize(
    ("texts", "day"),
    [
        (
            [
                "the latest statement",
                "most recent joint statement",
                "the newest one",
                "last document",
                "in the latest?",
                "does the last one mention INF",
            ],
            2025,
        ),
        (["最新声明", "最新的聯合聲明", "最新文件", "最新的呢", "последнее заявление", "в последнем документе"], 2025),
        (["the earliest statement", "the first one", "oldest document", "最早的聲明", "第一份声明", "最早的呢"], 2019),
        (["первое заявление", "в самом раннем совместном заявлении", "в первом?"], 2019),
    ],
)
def test_the_latest_and_the_earliest(texts: list[str], day: int) -> None:
    of = DAYS["three"] if day == 2025 else DAYS["one"]
    assert {text: days(text) for text in texts} == dict.fromkeys(texts, (of, of))


@pytest.mark.parametrize(
    "text",
    [
        "the second statement",
        "во втором заявлении",
        "第二份声明",
        "the previous statement",
        "в предпоследнем заявлении",
        "前一份",
    ],
)
def test_the_second_and_the_one_before_the_last(text: str) -> None:
    assert days(text) == (DAYS["two"], DAYS["two"])


@pytest.mark.parametrize(
    "text",
    [
        *("NPT2020年审议大会", "resolution 2231", "resolution 70/2020", "the 1990s", "1990年代", "в 1990-х годах"),
        *("no first use", "传染病最早是从哪儿冒出来的", "последнее десятилетие", "Agenda-2030", "12022"),
        *("Tokyo 2020", "COVID-2019", "合作了22年", "二三年", "三十二年", "flight CA2025", "the '90s"),
        *("when was the last one back on", "the first one to leave"),
    ],
)
def test_no_date(text: str) -> None:
    assert read_dates(text, WORKS) == Dating(text)


def test_names_are_left_alone() -> None:
    assert read_dates("2030 Agenda", WORKS, [Span(0, 11)]) == Dating("2030 Agenda")
    assert read_dates("北约2022年", WORKS, [Span(0, 2)]).start == first(2022)
    assert read_dates("NPT2022年", WORKS, [Span(0, 3)]) == Dating("NPT2022年")
    read = read_dates("in 2022 and the 2030 Agenda", WORKS, [Span(16, 27)])
    assert (read.text, read.start, read.unheld) == ("        and the 2030 Agenda", first(2022), ())


@pytest.mark.parametrize(
    ("text", "unheld"),
    [
        ("INF in 2024", ("2024",)),
        ("INF in 2023 and 2024", ("2023", "2024")),
        ("INF after 2030", ("after 2030",)),
        ("НАТО до 2019 года", ("before 2019",)),
        ("2020至2021年的北约", ("2020 to 2021",)),
        ("after 2019 and before 2022", ("after 2019", "before 2022")),
        ("1978年联合国裁军特别会议", ("1978",)),
    ],
)
def test_dates_of_no_work_choose_nothing_and_stay(text: str, unheld: tuple[str, ...]) -> None:
    read = read_dates(text, WORKS)
    assert (read.text, read.start, read.end, read.works, read.unheld) == (text, None, None, (), unheld)
    assert read.spans


def test_of_several_years_those_held_choose() -> None:
    read = read_dates("INF in 2019 and 2024", WORKS)
    assert (read.start, read.end, read.unheld) == (first(2019), last(2019), ("2024",))


def test_years_far_from_all_works_stay_in_the_text() -> None:
    assert read_dates("climate goals by 2060", WORKS).text == "climate goals by 2060"
    assert read_dates("climate goals by 2025", WORKS).text.strip() == "climate goals"


def test_each_kind_can_be_left_unread() -> None:
    assert read_dates("INF in 2022", WORKS, years=False) == Dating("INF in 2022")
    assert read_dates("latest statement", WORKS, statements=False) == Dating("latest statement")


def test_without_dated_works_nothing_is_chosen() -> None:
    assert read_dates("latest statement", {}) == Dating("latest statement")
    assert read_dates("in 2022", {}) == Dating("in 2022", (Span(0, 7),), unheld=("2022",))


@pytest.mark.parametrize(
    "piece", ["最早的", "第一的", "的", "2019,", "2019 and ", "2019年", "the ", "с ", "1 may ", "( ", "_2019-"]
)
def test_long_texts_are_read_quickly(piece: str) -> None:
    started = time.perf_counter()
    read_dates((piece * 2000)[:2000], WORKS)
    assert time.perf_counter() - started < 1


@given(
    st.lists(
        st.sampled_from(
            ["in ", "2019", "2024年", " and ", "-", "2月", "4日", " февраля ", "since ", "最新声明", "字", "½"]
        )
    ).map("".join)
)
@settings(deadline=None)
def test_only_dates_are_blanked(text: str) -> None:
    read = read_dates(text, WORKS)
    assert len(read.text) == len(text)
    assert blank(read.text, read.spans) == blank(text, read.spans)
