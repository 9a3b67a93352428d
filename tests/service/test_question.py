"""What is read out of a question, and that each reading can be switched off."""

import datetime
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.catalogue import load
from embeddings import glossary
from service.ingestion import BUILT_IN
from service.question import INTERPRETATIONS, LONGEST, BadQuestion, Filters, Question, understand

WORKS = load(BUILT_IN).works
GLOSSARY = glossary.load(glossary.BUILT_IN)


def read(text: str, history: Sequence[str] = (), **options: object) -> Question:
    return understand(text, history, WORKS, GLOSSARY, **options)  # type: ignore[arg-type]


def years(question: Question) -> tuple[int, int] | None:
    start, end = question.filters.start, question.filters.end
    return (start.year, end.year) if start and end else None


@pytest.mark.parametrize(
    ("text", "searched", "language"),
    [
        ("what was said about INF", "INF", "en"),
        ("2019年的聲明怎麼看導彈防禦", "導彈防禦", "zh-Hant"),
        ("声明里关于北约说了什么", "北约", "zh-Hans"),
        ("Что сказано в заявлении о БРИКС", "БРИКС", "ru"),
        ("说明目的", "说明目的", "zh-Hans"),
        (
            "Treaty on the Non-Proliferation of Nuclear Weapons",
            "Treaty on the Non-Proliferation of Nuclear Weapons",
            "en",
        ),
        ("who?", "who?", "en"),
    ],
)
def test_the_words_that_ask_are_not_searched(text: str, searched: str, language: str) -> None:
    assert (read(text).text, read(text).language) == (searched, language)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("What does the 2025 statement say about AI?", (2025, 2025)),
        ("2022年声明中的外空", (2022, 2022)),
        ("химическое оружие в заявлении 2019 года", (2019, 2019)),
        ("INF in 2019 and in 2022", (2019, 2022)),
        ("latest statement on AI", (2025, 2025)),
        ("最早的聲明", (2019, 2019)),
        ("последнее заявление об ИИ", (2025, 2025)),
        ("UN 2030 Agenda", None),
        ("五核国2022年1月3日的声明", None),
        ("NPT2020年审议大会", None),
    ],
)
def test_years_and_statements_become_filters(text: str, span: tuple[int, int] | None) -> None:
    assert years(read(text)) == span


def test_a_year_without_a_statement_is_said_and_filters_nothing() -> None:
    question = read("What was said about INF in 2024?")
    assert question.filters == Filters() and [note.code for note in question.notes] == ["year_not_held"]
    assert "2024" in question.notes[0].text


@pytest.mark.parametrize(
    ("turns", "searched", "span"),
    [
        (["What was said about INF?", "and in 2022?"], "INF?", (2022, 2022)),
        (["不扩散核武器条约", "2025年怎么说"], "不扩散核武器条约", (2025, 2025)),
        (["外空武器化", "那2019年呢"], "外空武器化", (2019, 2019)),
        (["Что сказано об AUKUS?", "А в 2025 году?"], "AUKUS?", (2025, 2025)),
        (["INF", "in 2019?", "2022?"], "INF", (2022, 2022)),
        (["INF", "climate change in 2022"], "climate change", (2022, 2022)),
        (["INF in 2019", "and AUKUS?"], "INF AUKUS?", (2019, 2019)),
    ],
)
def test_a_follow_up_inherits_what_it_leaves_out(turns: list[str], searched: str, span: tuple[int, int]) -> None:
    *history, last = turns
    question = read(last, history)
    assert (question.text.replace(" ?", "?"), years(question)) == (searched, span)
    assert bool(question.notes) == searched.startswith(tuple(turn[:2] for turn in ("INF", "不扩", "外空", "AU")))


def test_names_bring_their_other_names() -> None:
    assert {"中导条约", "РСМД"} <= set(read("INF").aliases)
    assert "INF" not in read("INF").aliases


@pytest.mark.parametrize("text", ["“核战争打不赢”", '"核战争打不赢"', "«核战争打不赢»", "「核战争打不赢」"])
def test_quoted_words_are_required(text: str) -> None:
    assert read(f"哪里说{text}").phrases == ("核战争打不赢",)


@pytest.mark.parametrize("switch", INTERPRETATIONS)
def test_each_reading_can_be_switched_off(switch: str) -> None:
    text, history = {
        "dates": ("INF in 2022", []),
        "works": ("latest statement on INF", []),
        "aliases": ("INF", []),
        "phrases": ("“中导条约”", []),
        "history": ("and in 2022?", ["INF"]),
    }[switch]
    on, off = read(text, history), read(text, history, interpret=[name for name in INTERPRETATIONS if name != switch])
    assert on != off
    nothing = read(text, history, interpret=())
    assert (nothing.filters, nothing.mentions, nothing.phrases, nothing.notes) == (Filters(), (), (), ())


def test_explicit_filters_win_over_what_the_question_says() -> None:
    given = Filters(start=datetime.date(2019, 1, 1))
    assert read("INF in 2022", given=given).filters == Filters()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        (" \n\t", "empty"),
        ("?!。", "empty"),
        ("x" * 100_000, f"has 100000 characters; at most {LONGEST}"),
        ("a\x00b", "control characters"),
        ("a\ud800b", "surrogate"),
    ],
)
def test_bad_questions_are_told_what_to_change(text: str, message: str) -> None:
    with pytest.raises(BadQuestion, match=message):
        read(text)


@given(st.text(max_size=100), st.lists(st.text(max_size=30), max_size=3))
@settings(deadline=None)
def test_any_text_is_understood_or_refused(text: str, history: list[str]) -> None:
    try:
        question = read(text, history)
    except BadQuestion:
        return
    assert any(char.isalnum() for char in question.text)
    assert all(mention.span.of(question.text) for mention in question.mentions)
