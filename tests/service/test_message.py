"""A chat message: what Markdown shows is the quote, offsets find it, the words around it are in the asked language."""

import inspect
import json
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

import service.answer
import service.question
from corpus.context import Context
from corpus.document import Span
from service.answer import Answer, Answerer
from service.collection import Collection
from service.doors.message import escaped, label, link, message, on_one_line, words_in
from service.doors.streaming import event
from service.question import Note

MARKDOWN = MarkdownIt("commonmark").enable(["strikethrough", "table"])
LINKING = MarkdownIt("gfm-like", {"html": True, "linkify": True})  # makes a link of x.org alone
SIGNS = st.text(st.sampled_from("\\`*_[](){}<>#+-.!|~&;:=$^1 9)ab字😀𠮷\n\r\u2028"), max_size=40)
# What is more to somebody who reads Markdown, or HTML within it.
NASTY = (
    *("](http://x.org)", "![x](y)", "[x](javascript:alert(1))", "[1]: http://x.org", "[^1]: x", "[^1]", "<a@x.org>"),
    *(
        "<script>",
        "</p>",
        "<img src=x onerror=alert(1)>",
        "<!-- x -->",
        "<think>",
        "</think>",
        "<http://x.org>",
        "&lt;b",
    ),
    *("&#60;", "&amp;", "> ", ">> ", "# ", "- ", "+ ", "1. ", "12) ", "    ", "\t", "```", "~~~", "---", "===", "***"),
    *(
        "| a | b |\n|---|---|\n",
        "\\[x\\]",
        "\\(x\\)",
        "$$",
        "http://x.org",
        "HTTPS://X.ORG",
        "http&#58;//x.org",
        "//x.org",
    ),
    *("www.x.org", "x.org", "x.co.uk/a?b", "пример.рф", "x.xn--p1ai", "ftp://x.org", "xmpp:a@x.org", "mailto:a@x.org"),
    *("\n", "\r\n", "\r", "\n\n", "  \n", "\x85", "\u2028", "\u2029", "\v", "\f", "\x1c", "\u200b", "\u200d", "\ufeff"),
    *("\u202e", "\u2066", "\xa0", "\u3000", "[1]", "[2] ", "> [2] ", "a", "字", "INF", " ", "{{x}}", "\x1b[31m", "\\"),
)
HOSTILE = st.lists(st.sampled_from(NASTY) | SIGNS, min_size=1, max_size=8).map("".join)


def unescaped(text: str) -> str:
    """What CommonMark makes of backslashes, written here on its own."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)


def shown(markdown: str) -> str:
    """The text that a reader of the rendered `markdown` sees."""
    return "".join(seen(MARKDOWN.parse(markdown)))


def seen(tokens: list) -> Iterator[str]:  # type: ignore[type-arg]
    for token in tokens:
        assert token.type not in ("html_block", "html_inline", "fence", "code_block", "code_inline", "image"), token
        yield from seen(token.children) if token.children else [token.content] * (token.type != "inline")


@pytest.fixture(scope="module")
def answerer(collection: Collection) -> Answerer:
    return collection.answerer()


@pytest.fixture(scope="module")
def answer(answerer: Answerer) -> Answer:
    return answerer.ask("INF", 1)


@given(SIGNS | st.text(max_size=60))
@example("1. one * two * _three_ ~four~ $5$ <b>six</b> [7](8) `9` &amp; \\")
@example("# no heading")
@example("- no list\n> no quotation\n```\nno code")
@example("~~~ no code")
def test_escaping_is_undone_by_dropping_the_backslashes(text: str) -> None:
    assert unescaped(escaped(text)) == on_one_line(text)
    assert len(escaped(text).splitlines()) <= 1


@given(SIGNS)
@example("*[link](http://x)*")
@example("<script>alert(1)</script> &lt; [^1] ![](x)")
@example("__a__ <think>no thought</think> http://x.org/a_b*c* www.y.org z@w.org")
def test_a_quote_is_rendered_as_it_stands(text: str) -> None:
    line = f"> [1] {escaped(text)} ."
    rendered = shown(line)
    assert rendered.split() == f"[1] {on_one_line(text)} .".split()
    assert [token.type for token in MARKDOWN.parse(line) if token.level == 0] == ["blockquote_open", "blockquote_close"]


@given(SIGNS.filter(lambda text: not text[:1].isspace()))
def test_a_text_of_its_own_is_rendered_as_it_stands(text: str) -> None:
    """As Open WebUI shows it in a source."""
    tokens = MARKDOWN.parse(escaped(text))
    assert {token.type for token in tokens} <= {"paragraph_open", "inline", "paragraph_close"}
    assert shown(escaped(text)).split() == on_one_line(text).split()


@given(SIGNS.filter(str.strip))
def test_a_title_is_one_link(text: str) -> None:
    (inline,) = [token for token in MARKDOWN.parse(f"1. {link(text, 'http://x/p/a/1')}, end") if token.type == "inline"]
    children = inline.children or []
    assert children[0].type == "link_open" and children[0].attrs == {"href": "http://x/p/a/1"}
    assert shown(link(text, "http://x")).split() == on_one_line(text).translate({91: "［", 93: "］"}).split()


QUESTIONS = [
    ("what was said about INF", "Quoted verbatim (3):", "Sources:"),
    ("外空武器化", "逐字引录（5 条）：", "出处："),
    ("外空軍備競賽", "逐字引錄（5 條）：", "出處："),
    ("Что сказано о ДНЯО?", "Дословно (", "Источники:"),
]


@pytest.mark.parametrize(("question", "opening", "heading"), QUESTIONS)
def test_the_words_around_are_in_the_language_of_the_question(
    answerer: Answerer, question: str, opening: str, heading: str
) -> None:
    answer = answerer.ask(question)
    made = message(answer)
    assert made.text.startswith(opening)
    quotes, _, listed = made.text.partition(f"\n\n{heading}\n\n")
    lines = [line for line in quotes.splitlines() if line.startswith(">")]
    assert [unescaped(line) for line in lines] == [f"> [{q.number}] {on_one_line(q.text)}" for q in answer.quotes]
    assert [re.match(r"(\d+)\. \[.*?\]\(([^)]*)\)", line).groups() for line in listed.splitlines()] == [  # type: ignore[union-attr]
        (str(quote.number), quote.url) for quote in answer.quotes
    ]
    assert "".join(made.pieces) == made.text and len(made.pieces) == len(answer.quotes) + 2


@pytest.mark.parametrize(("question", "opening", "heading"), QUESTIONS)
def test_offsets_are_code_points_of_the_message(answerer: Answerer, question: str, opening: str, heading: str) -> None:
    answer = answerer.ask(question, 50)
    made = message(answer)
    assert [source.quote for source in made.sources] == list(answer.quotes)
    for source in made.sources:
        assert unescaped(made.text[source.start : source.end]) == on_one_line(source.quote.text)
        assert source.label and source.quote.citation.date.isoformat() in source.label  # type: ignore[union-attr]


@given(st.lists(SIGNS.filter(lambda text: len(text) > 0), min_size=1, max_size=4))
def test_offsets_hold_for_any_text(answer: Answer, texts: list[str]) -> None:
    quotes = tuple(replace(answer.quotes[0], number=number, text=text) for number, text in enumerate(texts, 1))
    made = message(replace(answer, quotes=quotes))
    for source, text in zip(made.sources, texts, strict=True):
        assert unescaped(made.text[source.start : source.end]) == on_one_line(text)


@given(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
@example("x.org", "x.org", "x.org", "x.org")
@example("[1]: http://x.org", "[1]: http://x.org", "[1]: http://x.org", "[1]: http://x.org")
@example("\n\n> [2] no quote", "](http://x.org)", "\n1. no source", "\n\n[x](http://x.org)")
def test_whatever_documents_hold_there_is_a_quote_and_a_link_for_each_source(
    answer: Answer, text: str, title: str, outlet: str, other: str
) -> None:
    first = answer.quotes[0]
    citation = replace(first.citation, titles={}, title=title, outlet=outlet, source_url="javascript:alert(1)")
    witness = replace(first.witnesses[0], outlet=other, variants=())
    leaning = Context("anaphor", Span(0, 1), "un-cd-2019/7", other, Span(0, 1))
    quotes = tuple(
        replace(first, number=number, text=said, citation=citation, witnesses=(witness,), leans_on=leaning)
        for number, said in enumerate((text, other), 1)
    )
    note = Note("follow_up", "", text)
    made = message(replace(answer, quotes=quotes, interpreted=replace(answer.interpreted, notes=(note,))))
    for markdown in (MARKDOWN, LINKING):
        tokens = markdown.parse(made.text)
        assert [token.type for token in tokens if token.level == 0 and token.nesting != -1] == [
            *("paragraph_open", "paragraph_open"),  # the note, and how many there are
            *("blockquote_open", "paragraph_open") * 2,  # each with what it leans on
            *("paragraph_open", "ordered_list_open"),
        ]
        held = [token for token in tokens if token.type == "inline"]
        assert [token.level for token in held] == [1, 1, 2, 1, 2, 1, 1, 3, 3]
        assert [read(token) for token in (held[2], held[4])] == [
            f"[1] {on_one_line(text)}".split(),
            f"[2] {on_one_line(other)}".split(),
        ]
        targets = [child.attrs["href"] for token in held for child in token.children or [] if child.type == "link_open"]
        assert targets == [url for quote in quotes for url in (quote.url, witness.url)]
        kinds = {child.type for token in held for child in token.children or []}
        assert kinds <= {"text", "text_special", "link_open", "link_close"}


@given(HOSTILE, HOSTILE)
def test_whatever_documents_hold_what_is_nearest_is_a_link(answer: Answer, title: str, about: str) -> None:
    first = answer.quotes[0]
    nearest = replace(first, number=None, citation=replace(first.citation, titles={}, title=title))
    asked = replace(answer.interpreted, notes=(Note("phrase_not_held", "", about),))
    made = message(replace(answer, quotes=(), nearest=(nearest, nearest), interpreted=asked))
    for markdown in (MARKDOWN, LINKING):
        held = [token for token in markdown.parse(made.text) if token.type == "inline"]
        assert [token.level for token in held] == [1, 1, 1, 3, 3]
        targets = [child.attrs["href"] for token in held for child in token.children or [] if child.type == "link_open"]
        assert targets == [first.url, first.url]


def read(token: Token) -> list[str]:
    """What is seen of it, white space alike."""
    return "".join(child.content for child in token.children or []).split()


@given(HOSTILE | st.text(st.sampled_from("\r\n\x85\u2028\u2029\x0b\x0c\x1c: dataevent")))
def test_an_event_is_two_lines_whatever_it_holds(text: str) -> None:
    name, data, *rest = event({"text": text}, "card").splitlines()
    assert (name, rest) == ("event: card", [""])
    assert json.loads(data.removeprefix("data: ")) == {"text": text}


def test_witnesses_are_listed_with_their_differences(answerer: Answerer) -> None:
    last = message(answerer.ask("全面禁止核试验条约", 1)).text.splitlines()[-1]
    assert last.endswith("，另见 [hant-glossed-2019/13](http://127.0.0.1:8000/p/hant-glossed-2019/13)（1 处文字不同）")
    assert message(answerer.ask("美国金穹", 1)).text.endswith(
        "，人民日报，另见 [新华社](http://127.0.0.1:8000/p/xinhua-2025/9)"
    )


def test_what_a_quote_leans_on_stands_below_it(answerer: Answerer) -> None:
    made = message(answerer.ask("导弹防御", 50))
    (at,) = [at for at, source in enumerate(made.sources) if source.quote.passage_id == "peoples-daily-2025/13"]
    assert "\n\n请连同上文阅读：“某些核武器国家采取挑衅行径，对其他核武器国家造成安全威胁" in made.pieces[at + 1]
    assert made.pieces[at + 1].count("请连同上文") == made.text.count("请连同上文") == 1


@pytest.mark.parametrize(
    ("question", "opening", "heading"),
    [
        ("how do I reset my password", "No paragraph of the collection answers this", "Nearest, but not an answer:"),
        ("红烧鱼怎么做", "所收文件中没有能回答", "最相近的段落（并非答案）："),
        ("怎樣訂披薩外賣", "所收文件中沒有能回答", "最相近的段落（並非答案）："),
        ("рецепт борща", "В собранных документах нет абзаца", "Ближайшие абзацы (это не ответ):"),
    ],
)
def test_silence_is_said_and_the_nearest_are_links_and_no_quotes(
    answerer: Answerer, question: str, opening: str, heading: str
) -> None:
    answer = answerer.ask(question)
    made = message(answer)
    assert made.text.startswith(opening) and made.sources == () and len(answer.nearest) == 3
    _, _, listed = made.text.partition(f"\n\n{heading}\n\n")
    assert [line[:3] for line in listed.splitlines()] == ["- ["] * 3
    assert re.findall(r"\]\(([^)]*)\)", listed) == [quote.url for quote in answer.nearest]
    assert ">" not in made.text and not any(quote.text[:12] in made.text for quote in answer.nearest)


@pytest.mark.parametrize(
    ("question", "history", "note"),
    [
        ("and in 2022?", ["INF"], "Searched with the earlier question in mind: INF"),
        ("INF in 2021", [], "Nothing here is dated 2021; other dates were searched."),
        ("«ДРСМД» «неслыханно»", [], "точное совпадение не требовалось: неслыханно"),
        ("what was said?", [], "The question names nothing to look for"),
        ("INF in 2025", [], "Nothing within the limits of the question answers, but other documents do."),
        ("之后呢", ["2025年的声明怎么谈人工智能"], "没有这样的声明，已查询全部日期。"),
    ],
)
def test_notes_are_said_in_the_language_of_the_question(
    answerer: Answerer, question: str, history: list[str], note: str
) -> None:
    assert note in message(answerer.ask(question, history=history)).text


def test_a_question_that_names_nothing_is_not_said_to_have_no_answer(answerer: Answerer) -> None:
    said = message(answerer.ask("what?")).text
    assert said == "The question names nothing to look for; write a topic, a name or words of the text."


def test_every_language_has_the_same_words_and_every_note_has_some() -> None:
    languages = [words_in(tag) for tag in ("zh-Hans", "zh-Hant", "en", "ru")]
    assert all(words.keys() == languages[0].keys() for words in languages)
    assert len({words["nothing"] for words in languages}) == 4 and words_in("und") is words_in("en")
    sources = [inspect.getsource(module) for module in (service.answer, service.question)]
    codes = {code for source in sources for code in re.findall(r"Note\(\s*\"(\w+)\"", source)}
    assert "follow_up" in codes and codes <= languages[0].keys()
    placeholders = [{name: re.findall(r"\{\w+\}", text) for name, text in words.items()} for words in languages]
    assert all(held == placeholders[0] for held in placeholders)


def test_a_label_says_title_date_and_paragraph_in_the_asked_language(answer: Answer) -> None:
    (quote,) = answer.quotes
    assert (
        label(quote.citation, "zh-Hant")
        == "中華人民共和國和俄羅斯聯邦關於加強當代全球戰略穩定的聯合聲明，2019-06-05，第 8 段"
    )
    assert label(quote.citation, "ru").endswith(", 2019-06-05, абз. 8")
    bare = replace(quote.citation, titles={}, title=None, date=None, paragraph=None)
    assert label(bare, "en") == "un-cd-2019"
