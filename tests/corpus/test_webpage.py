"""Web pages: the article without what stands around it, each block a line, and the facts that the page states."""

import datetime

import pytest

from benchmarks.files.formats import html
from corpus.document import Origin, Role
from corpus.passages import split_file
from corpus.readers import read

ARTICLE = [
    "Стороны подчеркнули важность сохранения мира и стабильности во всём регионе на долгие годы.",
    "Они договорились продолжить консультации <b>и</b> обмен мнениями & опытом по всем вопросам.",
]
FACTS = ("Совместное заявление", "ru", "2024-03-02", "https://example.org/a/1")


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1251", "koi8-r"])
def test_the_article_its_facts_and_its_encoding(encoding: str) -> None:
    reading = read("a.html", html(ARTICLE, *FACTS, encoding))
    assert reading.text == "\n".join([FACTS[0], *ARTICLE])
    assert [(mark.span.of(reading.text), mark.role) for mark in reading.marks] == [(FACTS[0], Role.HEADING)]
    assert reading.origin == Origin(FACTS[0], None, datetime.date(2024, 3, 2), None, FACTS[3])
    assert (reading.language, reading.has_blocks) == ("ru", True)
    assert reading.reader.startswith("trafilatura ") and reading.reader.endswith(encoding.replace("windows-", "cp"))


def test_what_a_page_does_not_state_is_not_guessed() -> None:
    text = "".join(f"<p>双方于2019年6月5日强调第{n}点，并就此达成一致意见，愿继续保持沟通。</p>" for n in range(1, 6))
    origin = read("a.html", f"<html><body><article>{text}</article></body></html>".encode()).origin
    assert (origin.outlet, origin.published, origin.url) == (None, None, None)


def test_lists_tables_and_quotations_are_blocks_of_their_own() -> None:
    long = "The parties agreed to continue their consultations on every matter of common interest. "
    page = (
        f"<html><body><article><p>{long}</p><ul><li>One thing to do.</li><li>Another thing.</li></ul>"
        f"<blockquote><p>{long}Quoted.</p></blockquote><table><tr><td>Cell A.</td><td>Cell B.</td></tr></table>"
        f"<p>{long}Broken<br>here.</p></article></body></html>"
    )
    lines = [line.strip() for line in read("a.html", page.encode()).text.splitlines()]
    assert lines == [
        *(long.strip(), "One thing to do.", "Another thing.", f"{long}Quoted.", "Cell A.\u2003Cell B."),
        *(f"{long}Broken", "here."),
    ]


def test_lines_of_a_page_are_paragraphs_however_they_look() -> None:
    reading = read("a.html", html([f"{text[:60]}" for text in ARTICLE] * 4, *FACTS))
    assert sum(passage.role is Role.BODY for passage in split_file("a", reading).passages) == 8
