"""A quote carries its proof: checked against the files themselves, without the store."""

import datetime
import hashlib

from corpus.citation import cite, in_language
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
    assert not {"container-title", "issued", "URL", "accessed", "page"} & items["hant-2022/1"].keys()


def test_a_text_is_taken_in_the_next_best_language() -> None:
    titles = {"zh-Hans": "声明", "en": "Statement"}
    assert [in_language(titles, tag) for tag in ("en", "zh-Hant", "ru")] == ["Statement", "声明", "声明"]
    assert in_language({}, "en") is None
