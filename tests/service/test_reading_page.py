"""The reading page: what it shows and marks, what its headers promise, and that nothing comes back unescaped."""

import datetime
import hashlib
import itertools
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree, html

from corpus.document import Span
from corpus.formats import FORMATS
from corpus.witnesses import variants
from service.app import create_app
from service.collection import Collection
from service.doors import interface
from service.doors.card import pieces
from service.ingestion import BUILT_IN, ingest
from service.settings import Settings

BASE = "http://127.0.0.1:8000"
LANGUAGES = ["zh-Hans", "zh-Hant", "en", "ru"]
FIRST = "双方强调，维护全球战略稳定极其重要，核武器国家对此负有特殊责任，应摒弃冷战思维。"
SECOND = "双方反对外空武器化，主张尽快谈判缔结具有法律约束力的多边文书，防止外空军备竞赛。"
MARKUP = "双方重申<script>alert(1)</script>支持《公约》&amp;其“议定书”，<b onclick=x>反对</b>任何破坏公约的行为。"
HOSTILE = r"""
[works.w]
date = 2020-01-02
[works.w.titles]
zh-Hans = '"><script>alert("title")</script>' # a quotation mark would end an attribute
en = "\u202Eevil\u0007 title"
[works.w.places]
zh-Hans = "<img src=x onerror=alert(1)>"
[documents."联合声明"]
file = "a.txt"
work = "w"
outlet = '</title><script>alert("outlet")</script>'
page = '"><b>'
"""


def page(reply: Response, status: int = 200) -> html.HtmlElement:
    """The page of a reply, well-formed, with the policy that keeps it harmless."""
    assert reply.status_code == status, reply.text[:300]
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert reply.headers["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'self'; require-trusted-types-for 'script'; trusted-types 'none'; "
        "frame-ancestors 'none'"
    )
    tree = html.document_fromstring(reply.content)
    assert not tree.xpath("//script | //style | //@style | //@*[starts-with(name(), 'on')] | //base | //iframe")
    return tree


def tag(tree: html.HtmlElement, name: str) -> str | None:
    return next(iter(tree.xpath("//meta[@name=$name]/@content", name=name)), None)


def text(node: html.HtmlElement) -> str:
    return str(node.text_content())


def collection_of(folder: Path, catalogue: str = "", settings: Settings | None = None, **files: str) -> Collection:
    """A collection of the given texts, without an index: reading needs none."""
    (folder / "in").mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / "in" / f"{name}.txt").write_text(content, "utf-8")
    if catalogue:
        (folder / "in" / "catalogue.toml").write_text(catalogue, "utf-8")
    made = Collection(settings or Settings(data=folder / "data"))
    assert [report.problem for report in ingest(made.store, [folder / "in"])] == [None] * len(files)
    return made


@pytest.fixture
def hostile(tmp_path: Path) -> Iterator[TestClient]:
    yield TestClient(create_app(collection_of(tmp_path, HOSTILE, a=f"{MARKUP}\n{FIRST}\n{SECOND}\n")), base_url=BASE)


# What is shown.


def test_a_passage_stands_at_the_top_and_marked_in_the_whole_document(
    client: TestClient, collection: Collection
) -> None:
    tree = page(client.get("/p/un-cd-2019/8"))
    held = collection.store.passages("un-cd-2019")
    body = [passage for passage in held if passage.number is not None]
    (quoted,) = tree.xpath("//blockquote")
    assert text(quoted) == body[7].text and quoted.get("lang") == "zh-Hans"
    (marked,) = tree.xpath("//*[@class='paragraph'][@aria-current='true']")
    assert marked.get("id") == "p8" and text(marked.xpath("p[@lang]")[0]) == body[7].text
    assert text(marked.xpath("p[@class='flag']")[0]) == "The paragraph cited"
    assert tree.xpath("//section[@class='panel']//a[@href='#p8']/text()") == ["Show it in its place"]
    numbered = tree.xpath("//*[@class='paragraph']")
    assert [node.get("id") for node in numbered] == [f"p{passage.number}" for passage in body]
    assert [text(node.xpath("p[@lang]")[0]) for node in numbered] == [passage.text for passage in body]
    assert [node.xpath("a/@href")[0] for node in numbered] == [f"/p/{passage.id}" for passage in body]
    assert [text(node) for node in tree.xpath("//section[contains(@class, 'whole')]//p[@lang]")] == [
        passage.text for passage in held
    ]


def test_a_document_alone_marks_nothing(client: TestClient) -> None:
    tree = page(client.get("/documents/un-cd-2019"))
    assert not tree.xpath("//section[@class='panel'] | //main//*[@aria-current]")
    assert len(tree.xpath("//*[@class='paragraph']")) == 22
    assert tree.xpath("//link[@rel='canonical']/@href") == [f"{BASE}/documents/un-cd-2019"]
    assert not tree.xpath("//link[@rel='alternate']")


def test_roles_are_told_apart(client: TestClient) -> None:
    tree = page(client.get("/documents/xinhua-2025", headers={"accept-language": "zh-CN"}))
    front, closing = tree.xpath("//section[contains(@class, 'apart')]")
    assert text(front.xpath("p[@class='role']")[0]) == "正文之前" and text(front).endswith(
        "关于全球战略稳定的联合声明\n"
    )
    assert text(closing.xpath("p[@class='role']")[0]) == "落款与出处" and "(来源:新华社)" in text(closing)
    (unrelated,) = tree.xpath("//details[contains(@class, 'unrelated')]")
    assert text(unrelated.xpath("summary")[0]) == "同一页面上的无关内容（8 段）"
    assert unrelated.get("open") is None and len(unrelated.xpath("p")) == 8
    headings = page(client.get("/documents/hant-2022")).xpath("//section[contains(@class, 'whole')]/h3")
    assert [text(node) for node in headings] == ["一", "二", "三", "四"]


def test_every_block_of_a_document_says_its_language(client: TestClient) -> None:
    for name, language in (("un-cd-2019/3", "zh-Hans"), ("hant-glossed-2019/3", "zh-Hant")):
        tree = page(client.get(f"/p/{name}?lang=ru"))
        assert tree.get("lang") == "ru"
        blocks = tree.xpath("//h1 | //blockquote | //blockquote/p | //section[contains(@class, 'whole')]//p[@lang]")
        assert len(blocks) > 25 and {node.get("lang") for node in blocks} == {language}
        here, there = tree.xpath("//details//div[@class='sides']//p")
        assert (here.get("lang"), there.get("lang")) == (language, {"zh-Hans": "zh-Hant"}.get(language, "zh-Hans"))
        said = [node for node in tree.xpath("//main//p | //main//h3 | //main//dd | //main//li")]
        han = [node for node in said if any("\u4e00" <= char <= "\u9fff" for char in node.xpath("string(text())"))]
        assert han and all(node.get("lang", "").startswith("zh") for node in han)


def test_differing_characters_are_marked_in_both_texts(client: TestClient, collection: Collection) -> None:
    differing = 0
    for passage in collection.store.body("un-cd-2019"):
        (witness,) = collection.lookup().passage(passage.id).witnesses  # type: ignore[union-attr]
        (details,) = page(client.get(f"/p/{passage.id}")).xpath("//details[.//div[@class='sides']]")
        here, there = details.xpath(".//div[@class='sides']//p")
        assert (text(here), text(there)) == (passage.text, witness.text)
        expected = variants(passage.text, witness.text)
        assert [text(mark) for mark in here.xpath("mark")] == [held.base.of(passage.text) for held in expected]
        assert [text(mark) for mark in there.xpath("mark")] == [held.text for held in expected]
        differing += len(expected)
    assert differing == 3


def test_marks_are_seen_where_one_side_lacks_a_character(client: TestClient) -> None:
    details = page(client.get("/p/un-cd-2019/12")).xpath("//details[.//div[@class='sides']]")[0]
    assert text(details.xpath("summary/span[@class='soft']")[0]) == "Places where the wording differs: 1"
    (lacking,), (extra,) = (side.xpath("mark") for side in details.xpath(".//div[@class='sides']//p"))
    assert (lacking.get("role"), lacking.get("aria-label"), text(lacking)) == ("img", "nothing stands here", "")
    assert (extra.get("role"), text(extra)) == (None, "第")
    assert lacking.getprevious() is None and lacking.getparent().text.endswith("联合国安理会")


def test_equal_wording_is_said_to_be_equal(client: TestClient) -> None:
    def said(name: str) -> list[str]:
        return [text(node) for node in page(client.get(f"/p/{name}")).xpath("//summary/span[@class='soft']")]

    assert said("un-cd-2019/8") == ["The same wording; only script, punctuation or spacing differ"]
    assert said("peoples-daily-2025/9") == ["The same wording; only script, punctuation or spacing differ"]
    assert said("peoples-daily-2025/11") == ["Word for word the same"]


@given(st.text(max_size=30), st.text(max_size=30))
@settings(deadline=None, max_examples=200)
def test_marking_changes_no_text(base: str, witness: str) -> None:
    found = variants(base, witness)
    assert "".join(piece for piece, _ in pieces(base, [held.base for held in found])) == base
    assert "".join(piece for piece, _ in pieces(witness, [held.witness for held in found])) == witness


def test_spans_that_meet_or_repeat_are_marked_once() -> None:
    cut = list(pieces("abcd", [Span(1, 2), Span(1, 2), Span(2, 2), Span(3, 4)]))
    assert cut == [("a", False), ("b", True), ("", True), ("c", False), ("d", True)]


def test_neighbours_other_witnesses_and_formats_are_one_click_away(client: TestClient) -> None:
    tree = page(client.get("/p/un-cd-2019/8"))
    assert tree.xpath("//a[@rel='prev']/@href") == ["/p/un-cd-2019/7"]
    assert tree.xpath("//a[@rel='next']/@href") == ["/p/un-cd-2019/9"]
    assert tree.xpath("//div[@class='sides']//a/@href") == ["/p/hant-glossed-2019/8"]
    assert tree.xpath("//ul[@class='others']//a/@href") == ["/documents/hant-glossed-2019"]
    formats = [link.rpartition("=")[2] for link in tree.xpath("//ul[contains(@class, 'formats')]//a/@href")]
    assert sorted(formats) == sorted(FORMATS)
    assert all(
        link.startswith(f"{BASE}/api/passages/un-cd-2019/8?format=")
        for link in tree.xpath("//link[@rel='alternate']/@href")
    )
    assert not page(client.get("/p/un-cd-2019/1")).xpath("//a[@rel='prev']")
    assert not page(client.get("/p/un-cd-2019/22")).xpath("//a[@rel='next']")


def test_ready_made_citations_stand_on_the_page_the_readers_own_first(client: TestClient) -> None:
    for language, first in (("zh-Hans", "GB/T 7714-2025"), ("en", "APA 7"), ("ru", "ГОСТ Р 7.0.5-2008")):
        tree = page(client.get(f"/p/peoples-daily-2025/8?lang={language}"))
        terms = [text(node) for node in tree.xpath("//div[@class='cite']//dt")]
        assert terms[0] == first and set(terms[:3]) == {"GB/T 7714-2025", "APA 7", "ГОСТ Р 7.0.5-2008"}
    (line,) = tree.xpath("//div[@class='cite']//div[dt='GB/T 7714-2025']/dd")
    assert text(line) == (
        "中华人民共和国和俄罗斯联邦关于全球战略稳定的联合声明[N/OL]. 人民日报，2025-05-09（03）：第8段. "
        "http://politics.people.com.cn/n1/2025/0509/c1001-40476042.html."
    )
    assert f"{BASE}/p/peoples-daily-2025/8" in [text(node) for node in tree.xpath("//div[@class='cite']//dd")]


def test_the_source_opens_at_the_paragraph(client: TestClient, collection: Collection) -> None:
    url = "http://politics.people.com.cn/n1/2025/0509/c1001-40476042.html"
    first, second = page(client.get("/p/peoples-daily-2025/8")).xpath("//a[contains(@rel, 'external')]/@href")
    assert second == url and first.startswith(f"{url}#:~:text=")
    start, end = unquote(first.partition("text=")[2]).split(",")
    passage = collection.store.body("peoples-daily-2025")[7].text
    assert passage.startswith(start) and passage.endswith(end) and len(start) > 8
    assert page(client.get("/documents/peoples-daily-2025")).xpath("//a[contains(@rel, 'external')]/@href") == [url]


def test_facts_are_shown_and_what_is_not_stated_is_said_to_be(client: TestClient) -> None:
    def facts(name: str) -> dict[str, str]:
        rows = page(client.get(f"/documents/{name}")).xpath("//section[@class='facts']/dl/div")
        return {text(row[0]): text(row[1]) for row in rows}

    shown = facts("un-cd-2019")
    digest = hashlib.sha256((BUILT_IN / "un-cd-2019.txt").read_bytes()).hexdigest()
    assert (shown["Date"], shown["Place"], shown["Language"]) == ("5 June 2019", "Moscow", "Chinese (Simplified)")
    assert shown["SHA-256 of the file"] == digest
    assert shown["Text of record"] == f"{BASE}/api/documents/un-cd-2019/text"
    assert client.get("/api/documents/un-cd-2019/text").text.encode() == (BUILT_IN / "un-cd-2019.txt").read_bytes()
    assert [shown[name] for name in ("Published by", "Published on", "Source")] == ["not stated"] * 3
    shown = facts("peoples-daily-2025")
    assert [shown[name] for name in ("Published by", "Published on", "Page")] == ["人民日报", "9 May 2025", "03"]


def test_highwire_tags_say_what_the_source_states_and_no_more(client: TestClient) -> None:
    url = "http://politics.people.com.cn/n1/2025/0509/c1001-40476042.html"
    tree = page(client.get("/p/peoples-daily-2025/8"))
    tags = {node.get("name"): node.get("content") for node in tree.xpath("//meta[contains(@name, 'c')][@name]")}
    assert {name: content for name, content in tags.items() if name.startswith(("citation_", "dcterms"))} == {
        "citation_title": "中华人民共和国和俄罗斯联邦关于全球战略稳定的联合声明",
        "citation_date": "2025/05/08",
        "citation_publication_date": "2025/05/09",
        "citation_publisher": "人民日报",
        "citation_firstpage": "03",
        "citation_language": "zh-Hans",
        "citation_public_url": f"{BASE}/p/peoples-daily-2025/8",
        "citation_fulltext_html_url": f"{BASE}/documents/peoples-daily-2025",
        "dcterms.source": url,
    }
    bare = page(client.get("/p/un-cd-2019/8"))
    stated = [node.get("name") for node in bare.xpath("//meta[starts-with(@name, 'citation_')]")]
    assert tag(bare, "citation_date") == "2019/06/05"
    assert not {"citation_publication_date", "citation_publisher", "citation_firstpage"} & set(stated)
    assert tag(bare, "dcterms.source") is None
    assert bare.xpath("//link[@rel='alternate']/@type") == [
        "application/x-bibtex",
        "application/x-research-info-systems",
        "application/vnd.citationstyles.csl+json",
    ]
    assert bare.xpath("//link[@rel='canonical']/@href") == [f"{BASE}/p/un-cd-2019/8"]


def test_a_paragraph_that_leans_shows_on_what(client: TestClient, collection: Collection) -> None:
    leaning = 0
    for passage in collection.store.body("hant-2022"):
        context = collection.lookup().passage(passage.id).leans_on  # type: ignore[union-attr]
        shown = [text(node) for node in page(client.get(f"/p/{passage.id}")).xpath("//p[@class='context']/q")]
        assert shown == ([context.text] if context else [])
        leaning += bool(context)
    assert leaning


def test_translations_are_linked_apart_from_witnesses(tmp_path: Path) -> None:
    catalogue = (
        '[works.w]\ndate = 2020-01-02\n[works.w.titles]\nen = "Statement"\nzh-Hans = "声明"\n'
        '[documents.zh]\nfile = "a.txt"\nwork = "w"\n[documents.en]\nfile = "b.txt"\nwork = "w"\n'
        '[documents.zh-2]\nfile = "c.txt"\nwork = "w"\n'
    )
    english = "The two sides stress that strategic stability is of great importance to all nuclear powers.\n"
    made = collection_of(tmp_path, catalogue, a=f"{FIRST}\n{SECOND}\n", b=english, c=f"{FIRST}\n{SECOND}\n")
    tree = page(TestClient(create_app(made), base_url=BASE).get("/documents/zh"))
    lists = {text(node): node.getnext().xpath(".//a/@href") for node in tree.xpath("//section[@class='facts']/h3")}
    assert lists == {
        "Other texts of the same document": ["/documents/zh-2"],
        "In other languages": ["/documents/en"],
    }
    assert tree.xpath("//p[@class='translated'][@lang='en']/bdi/text()") == ["Statement"]
    assert tree.xpath("//ul[@class='others'][last()]/li/@lang")[-1] == "en"


def test_a_superseded_paragraph_shows_its_old_text_marked_as_such(tmp_path: Path) -> None:
    made = collection_of(tmp_path, a=f"{FIRST}\n{SECOND}\n")
    digest = hashlib.sha256(f"{FIRST}\n{SECOND}\n".encode()).hexdigest()
    collection_of(tmp_path, a=f"{FIRST}\n双方支持联合国裁军机制发挥核心作用，推动多边裁军谈判取得进展。\n")
    tree = page(TestClient(create_app(made), base_url=BASE).get("/p/a/2"))
    assert text(tree.xpath("//blockquote")[0]) == SECOND
    assert tree.xpath("//h2/span[@class='flag']/text()") == ["Superseded paragraph"]
    (notice,) = tree.xpath("//p[@class='notice']")
    assert "only in version 1" in text(notice) and notice.xpath("a/@href") == ["/documents/a"]
    assert not tree.xpath("//main//*[@aria-current] | //a[@href='#p2'] | //a[@rel='prev' or @rel='next']")
    assert [node.get("id") for node in tree.xpath("//*[@class='paragraph']")] == ["p1", "p3"]
    assert digest in [text(node) for node in tree.xpath("//div[@class='cite']//code")]
    assert f"{BASE}/api/documents/a/text?version=1" in tree.xpath("//div[@class='cite']//a/@href")


# Languages.


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("fr, de;q=0.5", "en"),
        ("zh", "zh-Hans"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("zh-TW,zh;q=0.9", "zh-Hant"),
        ("zh-HK", "zh-Hant"),
        ("zh-Hant-MO", "zh-Hant"),
        ("zh-Hans-HK", "zh-Hans"),
        ("en;q=0.3, ru-RU;q=0.7", "ru"),
        ("de, en;q=0.1, ru;q=0", "en"),
        ("ru;q=0, *", "en"),
        (";;;,q=,en-GB;q=x,\x00", "en"),
    ],
)
def test_the_interface_speaks_the_readers_language(client: TestClient, accepted: str, language: str) -> None:
    reply = client.get("/p/un-cd-2019/8", headers={"accept-language": accepted.replace("\x00", "")})
    assert (reply.headers["content-language"], reply.headers["vary"]) == (language, "Accept-Language, Cookie")
    assert page(reply).get("lang") == language
    assert interface.spoken(accepted) == language


def test_a_chosen_language_wins_and_is_carried_along(client: TestClient) -> None:
    reply = client.get("/p/un-cd-2019/8?lang=ru", headers={"accept-language": "zh-TW"})
    tree = page(reply)
    assert reply.headers["content-language"] == "ru"
    assert tree.xpath("//a[@rel='next']/@href") == ["/p/un-cd-2019/9?lang=ru"]
    assert tree.xpath("//nav//a[@aria-current]/text()") == ["Русский"]
    assert tree.xpath("//nav[@class='tongues']//li/a/@href") == [f"?lang={language}" for language in LANGUAGES]
    assert tree.xpath("//link[@rel='canonical']/@href") == [f"{BASE}/p/un-cd-2019/8"]
    unknown = client.get("/p/un-cd-2019/8?lang=%22%3E%3Cscript%3E", headers={"accept-language": "zh-TW"})
    assert unknown.headers["content-language"] == "zh-Hant" and "script" not in unknown.text


def test_every_language_says_everything() -> None:
    strings = tomllib.loads((Path(interface.__file__).parent / "web" / "strings.toml").read_text("utf-8"))
    assert list(strings) == LANGUAGES
    for language, said in strings.items():
        assert said.keys() == strings["en"].keys() and said["languages"].keys() == set(LANGUAGES), language
        assert len(said["months"]) == 12 and sorted(said["styles"]) == sorted(strings["en"]["styles"])
        for name, value in said.items():
            if isinstance(value, str):
                places = {place for place in ("{n}", "{day}", "{version}") if place in strings["en"][name]}
                assert value and all(place in value for place in places), (language, name)


# Headers.


def test_an_unchanged_page_is_not_sent_again(client: TestClient) -> None:
    reply = client.get("/p/un-cd-2019/8")
    etag = reply.headers["etag"]
    assert etag == f'"{hashlib.sha256(reply.content).hexdigest()}"'
    assert reply.headers["cache-control"] == "no-cache"
    for condition in (etag, f"W/{etag}", "*", f'"other", W/{etag}'):
        again = client.get("/p/un-cd-2019/8", headers={"if-none-match": condition})
        assert (again.status_code, again.content) == (304, b""), condition
        kept = ("etag", "cache-control", "vary", "content-language", "content-security-policy")
        assert [again.headers[name] for name in kept] == [reply.headers[name] for name in kept]
    for condition in ('"other"', "", etag.strip('"'), '"*"'):
        assert client.get("/p/un-cd-2019/8", headers={"if-none-match": condition}).status_code == 200, condition
    assert client.get("/p/un-cd-2019/8?lang=ru").headers["etag"] != etag


def test_head_is_get_without_a_body(client: TestClient) -> None:
    for path in ("/p/un-cd-2019/8", "/documents/hant-2022", "/p/none/1"):
        got, head = client.get(path), client.head(path)
        assert head.content == b"" and head.status_code == got.status_code
        assert dict(head.headers) == dict(got.headers)
        assert got.headers["content-length"] == str(len(got.content))


def test_links_start_with_the_public_url(collection: Collection) -> None:
    public = "https://host.example/sub"
    moved = Collection(replace(collection.settings, public_url=public))
    client = TestClient(create_app(moved), base_url=BASE)
    tree = page(client.get("/p/un-cd-2019/8"))
    links = [link for link in tree.xpath("//@href | //@cite") if not link.startswith(("?lang=", "#"))]
    own, absolute = ([link for link in links if link.startswith("/") is at_root] for at_root in (True, False))
    assert len(own) > 25 and all(link.startswith("/sub/") for link in own)
    assert len(absolute) > 10 and all(link.startswith(f"{public}/") for link in absolute)
    assert tag(tree, "citation_public_url") == f"{public}/p/un-cd-2019/8"
    for link in own:
        assert client.get(link.removeprefix("/sub")).status_code == 200


# Bad input.


@pytest.mark.parametrize(
    "path",
    [
        "/p/none/1",
        "/p/un-cd-2019",
        "/p/%2e%2e/%2e%2e/etc/passwd",
        "/p/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/documents/%2e%2e",
        "/documents/%2e%2e%2fstore.sqlite3",
        "/p/%3Cscript%3Ealert(1)%3C/script%3E/1",
        "/documents/%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        f"/p/{'a' * 10_000}/1",
        f"/documents/{'%E8%81%94' * 3_000}",
        "/p/%00/1",
        "/documents/%00",
        "/documents/%ED%A0%80%FF",
        "/documents/%E2%80%AEun-cd-2019",
        "/documents/un-cd-2019%2F",
        "/p/",
        "/documents/",
        "/p/{{7*7}}/1",
    ],
)
def test_what_is_not_there_gets_a_page_that_reflects_nothing(client: TestClient, path: str) -> None:
    reply = client.get(path)
    tree = page(reply, 404)
    assert "etag" not in reply.headers and len(reply.content) < 4000
    for echoed in ("script", "passwd", "sqlite", "aaaa", "9999", "联联", "49", "\u202e", "\x00", ".."):
        assert echoed not in reply.text
    assert tree.xpath("//h1/text()") == ["Not found"] and tree.xpath("//meta[@name='robots']/@content") == ["noindex"]
    assert tree.xpath("//main//a/@href") == ["/api/documents"]


def test_a_number_that_a_document_lacks_leads_to_the_document(client: TestClient) -> None:
    for number in ("99", "0", "08", "-1", "٨", "<b>", "9" * 10_000):
        reply = client.get(f"/p/un-cd-2019/{number}")
        assert page(reply, 404).xpath("//main//a/@href") == ["/documents/un-cd-2019", "/api/documents"]
        assert "999" not in reply.text and "<b>" not in reply.text


def test_a_slash_may_be_escaped(client: TestClient) -> None:
    assert client.get("/p/un-cd-2019%2F8").text == client.get("/p/un-cd-2019/8").text


def test_names_in_any_script_and_markup_in_a_document_are_only_text(hostile: TestClient) -> None:
    for path in ("/p/联合声明/1", "/p/%E8%81%94%E5%90%88%E5%A3%B0%E6%98%8E/1", "/documents/联合声明"):
        reply = hostile.get(path)
        tree = page(reply)
        assert not [found for found in ("<script", "<img", "<b ", "<b>") if found in reply.text]
        assert text(tree.xpath("//*[@id='p1']/p[@lang]")[-1]) == MARKUP
        assert text(tree.xpath("//h1")[0]) == '"><script>alert("title")</script>'
        assert tag(tree, "citation_title") == '"><script>alert("title")</script>'
        assert tag(tree, "citation_publisher") == '</title><script>alert("outlet")</script>'
    assert tree.xpath("//link[@rel='canonical']/@href") == [f"{BASE}/documents/%E8%81%94%E5%90%88%E5%A3%B0%E6%98%8E"]


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        ("https://example.org/a?b=c#d", True),
        ("HTTP://example.org", True),
        ("javascript:alert(1)//http://", False),
        ("\x01javascript:alert(1)", False),
        ("java\nscript:alert(1)", False),
        ("https://a\nb", False),
        ("data:text/html,x", False),
        ("//example.org", False),
        ("https://", False),
        ("", False),
        (None, False),
    ],
)
def test_only_http_addresses_become_links(url: str | None, linked: bool) -> None:
    assert interface.web_address(url) == (url if linked else None)


def test_bidi_controls_in_titles_do_not_turn_the_page_around(hostile: TestClient) -> None:
    reply = hostile.get("/documents/联合声明?lang=en")
    assert page(reply).xpath("//p[@class='translated']/bdi/text()") == ["evil title"]
    assert not {"\u202e", "\x07"} & set(reply.text)


def test_a_withdrawn_document_is_gone_and_says_since_when(tmp_path: Path) -> None:
    made = collection_of(tmp_path, a=f"{FIRST}\n{SECOND}\n", b=f"{FIRST}{FIRST}\n{SECOND}\n")
    client = TestClient(create_app(made), base_url=BASE)
    assert client.get("/p/a/1").status_code == 200
    made.store.withdraw("a", datetime.date(2026, 3, 1))
    said = {"en": "on 1 March 2026.", "zh-Hans": "2026年3月1日", "ru": "1 марта 2026 г."}
    for path, language in itertools.product(("/p/a/1", "/p/a/99", "/documents/a"), said):
        reply = client.get(path, headers={"accept-language": language})
        tree = page(reply, 410)
        assert said[language] in text(tree.xpath("//main")[0])
        assert FIRST[:8] not in reply.text and "etag" not in reply.headers
        assert reply.headers["content-language"] == language
    assert client.get("/p/b/1").status_code == 200


def test_a_damaged_store_is_a_503_that_tells_no_paths(tmp_path: Path) -> None:
    made = collection_of(tmp_path, a=f"{FIRST}\n{SECOND}\n")
    client = TestClient(create_app(made), base_url=BASE)
    fresh = Collection(made.settings)
    for name in ("store.sqlite3-wal", "store.sqlite3-shm"):
        (tmp_path / "data" / name).unlink(missing_ok=True)
    made.settings.store.write_bytes(b"this is no database" * 1000)
    client.app.state.collection = fresh  # type: ignore[attr-defined]
    tree = page(client.get("/p/a/1"), 503)
    assert (
        tree.xpath("//h1/text()") == ["Not available just now"] and str(tmp_path) not in etree.tostring(tree).decode()
    )
