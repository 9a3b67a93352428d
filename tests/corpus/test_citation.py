"""A quote carries its proof: checked against the files themselves, without the store."""

import datetime
import hashlib
import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.citation import cite, in_language, one_line, text_fragment
from service.collection import Collection
from service.ingestion import BUILT_IN


def test_every_citation_can_be_checked_against_its_file(collection: Collection) -> None:
    works = collection.store.works()
    for document in collection.store.documents():
        data = (BUILT_IN / f"{document.id}.txt").read_bytes()
        raw = data.decode()
        for passage in collection.store.body(document.id):
            citation = cite(works[document.work], document, passage)
            assert citation.sha256 == hashlib.sha256(data).hexdigest() and citation.text_sha256 is None
            assert "".join(raw[start:end] for start, end in citation.spans) == passage.text
            position, quote = citation.selectors
            start, end = citation.spans[0].start, citation.spans[-1].end
            assert (position["start"], position["end"]) == (start, end)
            assert quote["prefix"] + quote["exact"] + quote["suffix"] == raw[max(0, start - 32) : end + 32]
            assert quote["exact"] == raw[start:end]


def test_the_csl_item_says_what_is_stated_and_nothing_else(collection: Collection) -> None:
    held = {name: collection.store.passage(name) for name in ("peoples-daily-2025/1", "hant-2022/1")}
    items = {}
    for name, found in held.items():
        assert found
        items[name] = cite(collection.store.works()[found[0].work], *found).csl
    today = datetime.date.today()
    assert items["peoples-daily-2025/1"] == {
        "id": "peoples-daily-2025/1",
        "type": "article-newspaper",
        "title": "中华人民共和国和俄罗斯联邦关于全球战略稳定的联合声明",
        "container-title": "人民日报",
        "issued": {"date-parts": [[2025, 5, 9]]},
        "original-date": {"date-parts": [[2025, 5, 8]]},
        "event-place": "莫斯科",
        "page": "03",
        "URL": "http://politics.people.com.cn/n1/2025/0509/c1001-40476042.html",
        "accessed": {"date-parts": [[today.year, today.month, today.day]]},
        "language": "zh-Hans",
        "note": "paragraph 1",
    }
    assert items["hant-2022/1"] == {
        "id": "hant-2022/1",
        "type": "document",
        "title": "中華人民共和國和俄羅斯聯邦關於新時代國際關係和全球可持續發展的聯合聲明",
        "issued": {"date-parts": [[2022, 2, 4]]},
        "event-place": "北京",
        "language": "zh-Hant",
        "note": "paragraph 1",
    }


def test_a_citation_leads_to_the_quote_on_the_page_that_it_was_read_on(collection: Collection) -> None:
    held = {name: collection.store.passage(name) for name in ("peoples-daily-2025/11", "xinhua-2025/11")}
    citations = {}
    for name, found in held.items():
        assert found
        citations[name] = cite(collection.store.works()[found[0].work], *found)
    page, none = citations.values()
    assert (page.document, page.page, page.accessed) == ("peoples-daily-2025", "03", datetime.date.today())
    assert page.source_quote_url and unquote(page.source_quote_url) == (
        "http://politics.people.com.cn/n1/2025/0509/c1001-40476042.html"
        "#:~:text=双方谴责将商业航天系统用于干涉主权国家内政、介入他国武装冲突的行为。"
    )
    assert (none.page, none.accessed, none.source_url, none.source_quote_url) == (None, None, None, None)
    assert (page.issued, none.issued) == (datetime.date(2025, 5, 9), datetime.date(2025, 5, 8))


ENGLISH = (
    "The two sides, well-armed, meet again; they talk about verification & restraint, and they agree on the next steps."
)


@pytest.mark.parametrize(
    ("text", "directive"),
    [
        ("双方，谴责 INF-1。", "双方，谴责 INF-1。"),
        ("双方\n谴责", "双方 谴责"),
        (
            "双方认识到当前国际安全环境面临严峻挑战，因此双方决心深化战略互信，加强战略协作，坚定维护全球和地区战略稳定。",
            "双方认识到当前国际安全环境面临严峻挑战,坚定维护全球和地区战略稳定。",
        ),
        ("字" * 60, f"{'字' * 12},{'字' * 12}"),
        (ENGLISH, ENGLISH),
        (f"{ENGLISH} {ENGLISH}", "The two sides, well-armed, meet,and they agree on the next steps."),
    ],
)
def test_a_text_fragment_is_the_whole_text_or_its_two_ends(text: str, directive: str) -> None:
    link = text_fragment("https://example.org/a?b=c", text)
    assert link and unquote(link) == f"https://example.org/a?b=c#:~:text={directive}"


def test_a_text_fragment_holds_none_of_its_own_signs() -> None:
    assert text_fragment("http://x.org", "a-b, c & d") == "http://x.org#:~:text=a%2Db%2C%20c%20%26%20d"
    assert text_fragment("http://x.org#part", "a") == "http://x.org#part:~:text=a"
    for url in (None, "javascript:alert(1)", "ftp://x.org/a", "http://x.org/a b", "http://x.org/#:~:text=a"):
        assert text_fragment(url, "a") is None


@given(st.text(st.sampled_from("abcд字。,- \n"), min_size=1, max_size=300).filter(str.strip))
def test_a_text_fragment_starts_and_ends_as_the_text_does(text: str) -> None:
    link = text_fragment("http://x.org", text)
    assert link and re.fullmatch(r"http://x\.org#:~:text=[^-,&]+(,[^-,&]+)?", link)
    ends = [unquote(end) for end in link.partition("=")[2].split(",")]
    words = " ".join(text.split())
    assert words.startswith(ends[0]) and words.endswith(ends[-1])
    assert len(ends) == 1 or len(ends[0]) + len(ends[1]) <= len(words)


def test_one_line_is_one_line() -> None:
    assert one_line("\ta\r\n\x00\x85b\u2028c d\u3000e\n") == "a b c d\u3000e"


def test_a_text_is_taken_in_the_next_best_language() -> None:
    titles = {"zh-Hans": "声明", "en": "Statement"}
    assert [in_language(titles, tag) for tag in ("en", "zh-Hant", "ru")] == ["Statement", "声明", "声明"]
    assert in_language({}, "en") is None
