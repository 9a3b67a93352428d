"""What is read out of a question, and that each reading can be switched off."""

import datetime
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.catalogue import load
from embeddings import glossary
from service.followups import Leaning, leaning, relation
from service.ingestion import BUILT_IN
from service.question import INTERPRETATIONS, LONGEST, TURNS, BadQuestion, Filters, Question, listed, understand

WORKS = load(BUILT_IN).works
GLOSSARY = glossary.load(glossary.BUILT_IN)


def read(text: str, history: Sequence[str] = (), **options: object) -> Question:
    return understand(text, history, WORKS, GLOSSARY, **options)  # type: ignore[arg-type]


def years(question: Question) -> list[int] | None:
    """The years of the statements that the question chooses; None if it chooses none."""
    chosen = question.filters
    return (
        [
            work.date.year
            for work in WORKS.values()
            if work.date
            and (not chosen.works or work.id in chosen.works)
            and (not chosen.start or chosen.start <= work.date)
            and (not chosen.end or work.date <= chosen.end)
        ]
        if chosen.choose_time
        else None
    )


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
        ("tell me more about INF", "INF", "en"),
        ("Расскажите подробнее про БРИКС", "БРИКС", "ru"),
    ],
)
def test_the_words_that_ask_are_not_searched(text: str, searched: str, language: str) -> None:
    assert (read(text).text, read(text).language) == (searched, language)


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("What does the 2025 statement say about AI?", [2025]),
        ("2022年声明中的外空", [2022]),
        ("химическое оружие в заявлении 2019 года", [2019]),
        ("INF in 2019 and in 2022", [2019, 2022]),
        ("latest statement on AI", [2025]),
        ("最早的聲明", [2019]),
        ("последнее заявление об ИИ", [2025]),
        ("UN 2030 Agenda", None),
        ("五核国2022年1月3日的声明", None),
        ("NPT2020年审议大会", None),
    ],
)
def test_years_and_statements_become_filters(text: str, chosen: list[int] | None) -> None:
    assert years(read(text)) == chosen


def test_a_year_without_a_statement_is_said_and_filters_nothing() -> None:
    question = read("What was said about INF in 2024?")
    assert question.filters == Filters() and [note.code for note in question.notes] == ["year_not_held"]
    assert "2024" in question.notes[0].text


@pytest.mark.parametrize(
    ("turns", "searched", "chosen"),
    [
        (["What was said about INF?", "and in 2022?"], "INF?", [2022]),
        (["不扩散核武器条约", "2025年怎么说"], "不扩散核武器条约", [2025]),
        (["外空武器化", "那2019年呢"], "外空武器化", [2019]),
        (["Что сказано об AUKUS?", "А в 2025 году?"], "AUKUS?", [2025]),
        (["INF", "in 2019?", "2022?"], "INF", [2022]),
        (["INF", "climate change in 2022"], "climate change", [2022]),
        (["INF", "what?", "in 2022?"], "INF", [2022]),
        (["INF in 2019", "tell me more"], "INF", [2019]),
        (["INF in 2019", "还有呢"], "INF", [2019]),
        (["INF in 2019", "А подробнее?"], "INF", [2019]),
        (["INF in 2019", "and in 2024?"], "INF", None),
        (["INF in 2019", "in the latest one?"], "INF", [2025]),
        (
            ["Shanghai Cooperation Organisation in 2022", "what about counter-terrorism there?"],
            "Shanghai Cooperation Organisation counter-terrorism",
            [2022],
        ),
        (["上合組織", "那裡的反恐呢"], "上合組織 反恐", None),
        (["ШОС", "А терроризм там?"], "ШОС терроризм", None),
        (["AUKUS", "INF in 2019", "and Taiwan?", "and in 2022?"], "Taiwan?", [2022]),
    ],
)
def test_a_follow_up_inherits_what_it_leaves_out(turns: list[str], searched: str, chosen: list[int] | None) -> None:
    *history, last = turns
    question = read(last, history)
    assert (question.text, years(question)) == (searched, chosen)


@pytest.mark.parametrize("text", ["and AUKUS?", "What about AUKUS?", "А AUKUS?", "那AUKUS呢", "How about AUKUS"])
def test_another_thing_in_the_place_of_the_one_named_keeps_the_rest(text: str) -> None:
    question = read(text, ["withdrawal from the INF Treaty in 2019"])
    assert (question.text.rstrip("?"), years(question)) == ("withdrawal AUKUS", [2019])


@pytest.mark.parametrize(
    "text",
    [
        "what is said about AUKUS?",
        "AUKUS",
        "And what about the trilateral security partnership of the three?",
        "А как стороны относятся к AUKUS?",
        "那么双方怎么看AUKUS",
        "Is there anything on AUKUS?",
    ],
)
def test_a_new_question_inherits_nothing(text: str) -> None:
    question = read(text, ["INF in 2019"])
    assert "INF" not in question.text and (question.filters, question.notes) == (Filters(), ())


@pytest.mark.parametrize(
    ("turns", "searched", "chosen"),
    [
        (["INF in 2019", "did the later ones mention it?"], "INF", [2022, 2025]),
        (["2022年的声明怎么谈人工智能", "后来的声明还提到吗"], "人工智能", [2025]),
        (["НАТО в заявлении 2022 года", "А раньше об этом тоже говорили?"], "НАТО", [2019]),
        (["INF in 2022", "and in the other ones?"], "INF", [2019, 2025]),
        (["INF", "was that said earlier?"], "INF", [2019, 2022]),
        (["INF in 2025", "and later?"], "INF", None),
    ],
)
def test_a_follow_up_moves_along_the_statements(turns: list[str], searched: str, chosen: list[int] | None) -> None:
    question = read(turns[-1], turns[:-1])
    assert (question.text, years(question)) == (searched, chosen)
    assert [note.code for note in question.notes] == ["statement_not_held"] * (chosen is None) + ["follow_up"]


@pytest.mark.parametrize(
    ("turns", "searched"),
    [
        (["Golden Dome", "why do they think it is dangerous?"], "Golden Dome dangerous"),
        (["一带一路", "它怎么跟欧亚经济联盟对接"], "一带一路 跟欧亚经济联盟对接"),
        (["БРИКС", "Кто за это отвечает?"], "БРИКС отвечает"),
        (["ШОС", "Что там планируют в экономике?", "А в культуре?"], "ШОС культуре"),
        (["NATO in 2022", "does it say anything on AUKUS?"], "anything AUKUS"),
    ],
)
def test_a_pronoun_stands_for_the_earlier_topic(turns: list[str], searched: str) -> None:
    assert read(turns[-1], turns[:-1]).text.rstrip("?") == searched


def test_a_follow_up_says_what_is_searched() -> None:
    assert [note.text for note in read("and in 2022?", ["INF"]).notes] == ["searched as: INF"]


def test_required_words_are_inherited() -> None:
    assert read("2022年呢", ["“核战争打不赢”"]).phrases == ("核战争打不赢",)


@pytest.mark.parametrize("turn", ["", "?", "a\x00b", "\ud800", "x" * (LONGEST + 1)])
def test_an_earlier_turn_that_is_no_question_is_skipped(turn: str) -> None:
    assert read("and in 2022?", ["INF", turn]).text == "INF"


def test_only_the_last_turns_count() -> None:
    assert read("more", ["INF", *["more"] * (TURNS - 1)]).text == "INF"
    assert read("more", ["INF", *["more"] * TURNS]).subjectless


def test_what_is_searched_is_cut_at_a_word_of_the_earlier_question() -> None:
    question = read("and Taiwan there?", ["wordy " * 333])
    assert question.text == "wordy " * 332 + "Taiwan"
    assert read("and Taiwan there?", ["字" * LONGEST]).text == "字" * (LONGEST - 7) + " Taiwan"


@pytest.mark.parametrize(
    "text",
    ["a", "x?", "7", "的", "что?", "what?", "2022", "2022年2月4日", "最新声明", "the latest statement", "подробнее"],
)
def test_a_question_that_names_nothing_says_so(text: str) -> None:
    question = read(text)
    assert question.subjectless and question.text == text
    assert question.notes[-1].code == "no_subject"


@pytest.mark.parametrize("text", ["2231", "核", "AI", "ИИ", "2022年1月3日", "2030 Agenda", "1990s"])
def test_numbers_and_single_han_characters_can_be_a_subject(text: str) -> None:
    assert not read(text).subjectless and read(text).text == text


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


_PIECES = [
    "and ",
    "那",
    "呢",
    "INF",
    "中导条约",
    " in 2022",
    "2019年",
    "2024",
    " more",
    " there",
    "最新声明",
    "?",
    "词",
    " слово",
]
_TURNS = st.one_of(st.text(max_size=100), st.lists(st.sampled_from(_PIECES), max_size=8).map("".join))


@given(_TURNS, st.lists(_TURNS, max_size=7))
@settings(deadline=None)
def test_any_text_is_understood_or_refused(text: str, history: list[str]) -> None:
    try:
        question = read(text, history)
    except BadQuestion:
        return
    assert any(char.isalnum() for char in question.text) and len(question.text) <= LONGEST
    assert not question.subjectless or question.text == " ".join(text.split())
    assert all(mention.span.of(question.text) for mention in question.mentions)


@given(_TURNS)
@settings(deadline=None)
def test_what_a_turn_leans_on_is_said_in_it(text: str) -> None:
    moved = relation(text)
    assert moved is None or (moved[0] in ("later", "earlier", "other") and moved[1].of(text).strip())
    assert leaning(text, "") is Leaning.TOPIC and leaning(text, text) in Leaning


@given(st.lists(st.text(max_size=200), max_size=60))
def test_a_list_of_names_is_short(names: list[str]) -> None:
    shown = listed(names)
    assert len(shown) < 20 * 82 + 30 and ("more" in shown or len(names) <= 20 or "more" in "".join(names))
    assert all(name[:80] in shown for name in names[:20])
