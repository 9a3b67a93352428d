"""The chat page: the same quotes as /api/ask gives, as a page and as events; what was read out, and taking it back."""

import base64
import hashlib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from lxml import html

from service.app import create_app
from service.collection import Collection
from service.doors import interface
from service.ingestion import ingest
from service.keys import Keys
from service.question import INTERPRETATIONS
from service.settings import Settings
from service.verification import SHORTEST

BASE = "http://127.0.0.1:8000"
EVENTS = {"accept": "text/event-stream"}
WORDS: dict[str, dict[str, Any]] = tomllib.loads(
    (Path(interface.__file__).parent / "web" / "strings.toml").read_text("utf-8")
)
Pairs = Sequence[tuple[str, str]]

FIRST = "双方强调，维护全球战略稳定极其重要，核武器国家对此负有特殊责任，应摒弃冷战思维。"
SECOND = "双方反对外空武器化，主张尽快谈判缔结具有法律约束力的多边文书，防止外空军备竞赛。"

THREADS: list[Pairs] = [
    [("q", "what was said about INF")],
    [("lang", "zh-Hans"), ("q", "中导条约")],
    [("lang", "zh-Hant"), ("q", "外空武器化"), ("q", "那北約呢")],
    [("lang", "ru"), ("q", "Что сказано о ДНЯО с 2022 года?")],
    [("q", "INF"), ("q", "and in 2022?")],
    [("q", "outer space"), ("work", "cn-ru-2019"), ("work", "cn-ru-2025")],
    [("q", "missile defence"), ("from", "2020"), ("to", "2025"), ("without", "aliases")],
    [("q", "NPT since 2022"), ("without", "dates")],
    [("q", "INF"), ("work", "cn-ru-2022"), ("q", "why do they oppose it?"), ("from", "2019")],
    [("q", 'what about "核战争打不赢也打不得"')],
    [("q", "x\u0000"), ("q", "INF"), ("from", "abc"), ("q", "AUKUS")],
    [("q", " \u202eINF\n<b>&amp;</b> ")],
]
SILENT: list[Pairs] = [
    [("q", "bananas")],
    [("lang", "ru"), ("q", "бананы в 2019 году")],
    [("lang", "zh-Hans"), ("q", "INF"), ("from", "2010"), ("to", "2011")],
    [("q", "what?")],
    [("q", 'INF "bananas and cream"'), ("work", "cn-ru-2025")],
]
REFUSED: list[tuple[Pairs, str]] = [
    ([("from", "abc")], "'abc' is no year; write one as in 2019"),
    ([("to", "0")], "'0' is no year; write one as in 2019"),
    ([("from", "99999")], "'99999' is no year; write one as in 2019"),
    ([("from", "2023"), ("to", "2020")], "filters: from is later than to"),
    ([("work", "nope")], "filters.works: no 'nope'; there are cn-ru-2019, cn-ru-2022, cn-ru-2025"),
    ([("q", "x" * 2001)], "the question has 2001 characters; at most 2000 are allowed"),
    ([("q", "a\x00b")], "the question holds control characters or half a surrogate pair; send plain text"),
    ([("q", "a\x1bb")], "the question holds control characters or half a surrogate pair; send plain text"),
    ([("q", "?!…")], "the question is empty; ask with at least one letter or digit"),
]


# What a page and a stream say, in one form.


def page(reply: Response, status: int = 200) -> html.HtmlElement:
    assert reply.status_code == status, reply.text[:300]
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    return html.document_fromstring(reply.content)


def text(node: html.HtmlElement) -> str:
    return str(node.text_content()).replace("\ufffd", "\x00")  # HTML has no NUL


def marked(node: html.HtmlElement) -> list[list[Any]]:
    """The pieces of a text and whether each is marked."""
    found: list[list[Any]] = [[node.text, False]]
    for mark in node:
        assert mark.tag == "mark" and len(mark) == 0
        found += [[mark.text or "", True], [mark.tail, False]]
    return [piece for piece in found if piece[0] is not None]


def one(node: html.HtmlElement, path: str) -> html.HtmlElement:
    (found,) = node.xpath(path)
    return found


def texts(node: html.HtmlElement, path: str) -> list[str]:
    return [text(held) for held in node.xpath(path)]


def of(name: str) -> str:
    """An XPath predicate: of this class."""
    return f"[contains(concat(' ', @class, ' '), ' {name} ')]"


def card(node: html.HtmlElement) -> dict[str, Any]:
    """A card of the page, in the form in which an event describes it."""
    seal, quote, title = one(node, f"a{of('seal')}"), one(node, ".//blockquote"), one(node, ".//cite/a")
    context = node.xpath(f".//p{of('context')}")
    badge, likeness = (node.xpath(f".//summary/*{of(name)}") for name in ("badge", "likeness"))
    source = node.xpath(f".//li{of('at-source')}/a")
    return {
        "id": node.get("data-passage"),
        "document": node.get("data-document"),
        "seal": text(seal),
        "name": seal.get("aria-label"),
        "language": quote.get("lang"),
        "text": marked(one(quote, "p")),
        "context": {"text": text(one(context[0], "q")), "href": one(context[0], "a").get("href", "")}
        if context
        else None,
        "url": quote.get("cite"),
        "href": seal.get("href"),
        "place": one(node, f".//a{of('in-place')}").get("href"),
        "check": one(node, f".//a{of('check')}").get("href"),
        "source": source[0].get("href") if source else None,
        "title": text(title),
        "title_language": title.get("lang"),
        "title_href": title.get("href"),
        "facts": [{"text": text(held), "language": held.get("lang")} for held in node.xpath(f".//*{of('facts')}/*")],
        "badge": text(badge[0]) if badge else None,
        "likeness": text(likeness[0]) if likeness else "",
        "witnesses": [witness(held) for held in node.xpath(f".//div{of('witness')}")],
        "reference": text(one(node, f".//p{of('reference')}[not(contains(@class, 'address'))]")),
    }


def witness(node: html.HtmlElement) -> dict[str, Any]:
    here, there = (one(node, f".//p{of(name)}") for name in ("here", "there"))
    outlet = one(node, f".//*{of('outlet')}")
    return {
        "id": text(one(node, ".//a")),
        "outlet": text(outlet),
        "tongue": text(one(node, f".//*{of('tongue')}")),
        "language": there.get("lang"),
        "base_language": here.get("lang"),
        "href": one(node, ".//a").get("href"),
        "likeness": text(one(node, f".//*{of('likeness')}")),
        "here": marked(here),
        "there": marked(there),
    }


def turn(node: html.HtmlElement) -> dict[str, Any]:
    """A turn of the page, in the form of its event; a page has no status for each."""
    chips = [(one(held, "span"), one(held, "a")) for held in node.xpath(f"ul{of('chips')}/li")]
    return {
        "question": text(one(node, f"h2{of('question')}")),
        "state": node.get("data-state"),
        "said": text(one(node, f"p{of('summary')}")),
        "detail": text(one(node, f"p{of('detail')}")),
        "chips": [
            {"text": text(span), "remove": link.get("href"), "label": link.get("aria-label")} for span, link in chips
        ],
        "notes": texts(node, f"ul{of('notes')}/li"),
        "tries": [{"text": text(link), "href": link.get("href")} for link in node.xpath(f"section{of('tries')}//a")],
        "timeline": one(node, f"p{of('more')}/a").get("href"),
    }


def shown(tree: html.HtmlElement) -> list[html.HtmlElement]:
    """The turns of a page, not the template of one."""
    return list(tree.xpath("//*[@id='log']/article"))


def cards(node: html.HtmlElement) -> list[html.HtmlElement]:
    return list(node.xpath(f".//li{of('card')}"))


def address(pairs: Pairs) -> str:
    """httpx's `params` would put all of one name together."""
    return f"/?{urlencode(pairs)}"


def visit(client: TestClient, pairs: Pairs, status: int = 200) -> html.HtmlElement:
    """The last turn of a thread, on its page."""
    return shown(page(client.get(address(pairs)), status))[-1]


def events(reply: Response) -> list[tuple[str, dict[str, Any]]]:
    assert reply.status_code == 200 and reply.headers["content-type"] == "text/event-stream; charset=utf-8"
    *parts, rest = reply.text.split("\n\n")
    assert rest == ""
    found = [re.fullmatch(r"event: (\w+)\ndata: (.*)", part) for part in parts]
    return [(held[1], json.loads(held[2])) for held in found if held]


def asked(pairs: Pairs) -> dict[str, Any]:
    """What /api/ask is sent for the last turn of a thread, by a second reading of its address."""
    questions: list[tuple[str, list[tuple[str, str]]]] = []
    for name, value in pairs:
        if name == "q":
            questions.append((value, []))
        elif questions:
            questions[-1][1].append((name, value))
    question, limits = questions[-1]
    named = dict(limits)
    filters: dict[str, Any] = {"works": [value for name, value in limits if name == "work"]}
    filters |= {"from": f"{named['from']}-01-01"} if "from" in named else {}
    filters |= {"to": f"{named['to']}-12-31"} if "to" in named else {}
    off = {value for name, value in limits if name == "without"}
    return {
        "question": question,
        "history": [{"role": "user", "content": earlier} for earlier, _ in questions[:-1]],
        "filters": filters,
        "interpret": [name for name in INTERPRETATIONS if name not in off],
    }


def ask(client: TestClient, pairs: Pairs) -> dict[str, Any]:
    reply = client.post("/api/ask", json=asked(pairs))
    assert reply.status_code == 200, reply.text
    return {**reply.json()}


def read(address: str) -> list[tuple[str, str]]:
    """The pairs of a link to the chat."""
    parts = urlsplit(address)
    assert (parts.scheme, parts.netloc, parts.path, parts.fragment) == ("", "", "/", "latest")
    return parse_qsl(parts.query, keep_blank_values=True)


# The empty page.


@pytest.mark.parametrize("language", WORDS)
def test_the_empty_page_has_examples_that_are_answered(client: TestClient, language: str) -> None:
    tree = page(client.get("/", headers={"accept-language": language}))
    assert not shown(tree) and texts(tree, "//h1") == [WORDS[language]["tagline"]]
    before, after = WORDS[language]["example"].split("{subject}")
    links = tree.xpath("//*[@id='start']//a[starts-with(@href, '/?')]")
    assert 2 <= len(links) <= 4 and len({text(link) for link in links}) == len(links)
    for link in links:
        question = text(link)
        assert question.startswith(before) and question.endswith(after) and len(question) > len(before + after) + 1
        assert read(link.get("href")) == [("q", question)]
        answered = visit(client, read(link.get("href")))
        assert answered.get("data-state") == "answered" and cards(answered)


def test_the_empty_page_lists_every_document_under_its_statement(client: TestClient) -> None:
    tree = page(client.get("/", headers={"accept-language": "en"}))
    held = client.get("/api/documents").json()["documents"]
    listed = one(tree, f"//ul{of('holdings')}").xpath("li")
    days = [node.xpath(".//time/@datetime")[0] for node in listed]
    assert days == ["2025-05-08", "2022-02-04", "2019-06-05"]
    assert texts(tree, "//ul/li/p/time") == ["8 May 2025", "4 February 2022", "5 June 2019"]
    for day, node in zip(days, listed, strict=True):
        links = node.xpath("ul/li/a")
        assert {link.get("href") for link in links} == {f"/documents/{d['id']}" for d in held if d["date"] == day}
        assert {text(link) for link in links} == {d["outlet"] or d["id"] for d in held if d["date"] == day}
        tongues = {WORDS["en"]["languages"][d["language"]] for d in held if d["date"] == day}
        assert {*texts(node, f"ul/li/*{of('soft')}")} == tongues
        for link in links:
            assert client.get(link.get("href")).status_code == 200
    assert len(tree.xpath("//ul/li/ul/li/a[starts-with(@href, '/documents/')]")) == len(held) == 5


def test_the_links_of_the_page_lead_somewhere(client: TestClient) -> None:
    for path in ("/", "/?q=INF", "/?lang=ru&q=INF"):
        tree = page(client.get(path))
        links = [
            link for link in tree.xpath("//body//*[not(self::template)]/@href | //link/@href | //script/@src") if link
        ]
        static = [link for link in links if link.startswith("/static/")]
        assert {"/static/page.css", "/static/chat.css", "/static/chat.js", "/static/icon.svg"} <= {*static}
        for link in {*links}:
            kind = urlsplit(link)
            if kind.netloc:  # the source of a quote: the only links that leave
                assert link in tree.xpath(f"//li{of('at-source')}/a/@href"), link
            elif kind.path:
                assert client.get(link).status_code == 200, link
            else:
                assert link.startswith("?lang=") or tree.xpath("//*[@id=$name]", name=link.removeprefix("#")), link
        assert tree.xpath("//nav[1]//a/@href") == [
            f"/{name}{'?lang=ru' if 'lang=' in path else ''}" for name in ("", "timeline", "verify")
        ]


def test_links_stand_under_the_public_url_and_cards_name_it_whole(collection: Collection) -> None:
    public = "https://host.example/sub"
    client = TestClient(create_app(Collection(replace(collection.settings, public_url=public))), base_url=BASE)
    empty, tree = page(client.get("/")), page(client.get("/?q=INF"))
    for link in (
        *empty.xpath("//*[@id='start']//a/@href"),
        *tree.xpath("//link/@href | //script/@src | //form/@action"),
    ):
        assert link.startswith("/sub/"), link
    for held in map(card, cards(shown(tree)[0])):
        assert held["url"] == f"{public}/p/{held['id']}"
        assert held["href"] == f"/sub/p/{held['id']}" and held["place"].startswith(f"/sub/p/{held['id']}#p")
        assert held["check"].startswith("/sub/verify?text=")
    assert tree.xpath("//*[@data-root]/@data-root") == ["/sub", "/sub"]


# A thread.


@pytest.mark.parametrize("pairs", THREADS, ids=lambda pairs: " / ".join(value for _, value in pairs)[:40])
def test_the_page_quotes_what_the_api_quotes(client: TestClient, pairs: Pairs) -> None:
    held, answer = visit(client, pairs), ask(client, pairs)
    assert answer["answered"] and held.get("data-state") == "answered"
    found = [card(node) for node in cards(held)]
    assert [made["id"] for made in found] == [quote["passage_id"] for quote in answer["quotes"]]
    for made, quote in zip(found, answer["quotes"], strict=True):
        assert "".join(piece for piece, _ in made["text"]) == quote["text"]
        assert [piece for piece, is_marked in made["text"] if is_marked] == [
            quote["text"][span["start"] : span["end"]] for span in quote["highlights"]
        ]
        assert made["seal"] == str(quote["number"]) and made["url"] == quote["url"]
        assert made["language"] == quote["citation"]["language"]
        assert (made["context"] or {}).get("text") == (quote["leans_on"] or {}).get("text")
        assert made["source"] in (quote["citation"]["source_url"], None) or "#:~:text=" in made["source"]
        assert [other["id"] for other in made["witnesses"]] == [w["passage_id"] for w in quote["witnesses"]]
        for other, against in zip(made["witnesses"], quote["witnesses"], strict=True):
            assert "".join(piece for piece, _ in other["here"]) == quote["text"]
            assert "".join(piece for piece, _ in other["there"]) == against["text"]
            # A word that is left out on one side is an empty mark there.
            assert [piece for piece, differs in other["there"] if differs] == [v["text"] for v in against["variants"]]
        assert one(held, f".//li[@data-passage='{made['id']}']").get("id") is None
        (checked,) = parse_qsl(urlsplit(made["check"]).query)[-1:]
        assert checked == ("text", quote["text"])
    (topic,) = parse_qsl(urlsplit(turn(held)["timeline"]).query)[-1:]
    assert topic == ("q", answer["interpreted"]["text"])


@pytest.mark.parametrize("pairs", SILENT, ids=lambda pairs: pairs[-1][1][:20])
def test_an_unanswered_turn_shows_the_nearest_as_what_they_are_and_what_to_try(
    client: TestClient, pairs: Pairs
) -> None:
    held, answer = visit(client, pairs), ask(client, pairs)
    assert not answer["answered"] and held.get("data-state") == "unanswered"
    found = [card(node) for node in cards(held)]
    assert [made["id"] for made in found] == [near["passage_id"] for near in answer["nearest"]]
    assert {made["seal"] for made in found} <= {"¶"}
    assert ["".join(piece for piece, _ in made["text"]) for made in found] == [n["text"] for n in answer["nearest"]]
    tries = turn(held)["tries"]
    words = WORDS[dict(pairs).get("lang", "en")]
    question = asked(pairs)["question"]
    checks = [parse_qsl(urlsplit(held["href"]).query)[-1] for held in tries if held["text"] == words["try_check"]]
    assert checks == ([("text", question)] if sum(map(str.isalnum, question)) >= SHORTEST else [])
    assert len(tries) > 2 and turn(held)["timeline"] == ""


@pytest.mark.parametrize("question", ["bananas", "INF?", "什么"])
def test_nothing_is_offered_that_fails(client: TestClient, question: str) -> None:
    held = visit(client, [("q", question), ("from", "2010"), ("to", "2011")])
    assert held.get("data-state") == "unanswered" and turn(held)["tries"]
    for offered in turn(held)["tries"]:
        assert client.get(offered["href"]).status_code == 200, offered


def test_what_to_try_takes_the_limits_off(client: TestClient) -> None:
    words = WORDS["en"]
    limited = [("q", "NATO"), ("q", "INF"), ("from", "2010"), ("to", "2011"), ("without", "phrases")]
    (wide,) = [held["href"] for held in turn(visit(client, limited))["tries"] if held["text"] == words["try_all"]]
    assert read(wide) == [("q", "NATO"), ("q", "INF"), *(("without", name) for name in ("phrases", "dates", "works"))]
    assert visit(client, read(wide)).get("data-state") == "answered"
    quoted = [("q", "bananas “谈判”"), ("work", "cn-ru-2019")]
    made = turn(visit(client, quoted))
    loose = [held["href"] for held in made["tries"] if held["text"] == words["try_loose"]]
    assert (made["state"], [read(href) for href in loose]) == ("unanswered", [[*quoted, ("without", "phrases")]])


def test_a_thread_shows_every_turn_as_it_was_answered(client: TestClient) -> None:
    pairs = [("q", "INF"), ("work", "cn-ru-2022"), ("q", "bananas"), ("q", "outer space"), ("to", "x"), ("q", "AUKUS")]
    turns = shown(page(client.get(address(pairs))))
    assert [node.get("data-state") for node in turns] == ["answered", "unanswered", "failed", "answered"]
    ends = [2, 3, 5, 6]
    for node, end in zip(turns, ends, strict=True):
        alone = client.get(address(pairs[:end]))
        assert turn(shown(html.document_fromstring(alone.content))[-1]) == turn(node)
    tree = page(client.get(address(pairs)))
    assert tree.xpath("//title/text()") == ["AUKUS · 引据 Yinju"]
    assert tree.xpath("//meta[@name='robots']/@content") == ["noindex"]
    assert not tree.xpath("//*[@id='start']") and len(tree.xpath("//*[@id='latest']")) == 1
    assert not page(client.get("/")).xpath("//meta[@name='robots'] | //*[@id='latest']")


def submitted(tree: html.HtmlElement, question: str) -> list[tuple[str, str]]:
    """What a browser without script sends when a question is put into the form."""
    form = one(tree, "//form[@id='ask']")
    assert form.get("method") == "get" and re.fullmatch(r"/(\?lang=\w+)?#latest", form.get("action"))
    pairs = []
    for node in form.xpath(".//input | .//textarea | .//select"):
        if node.tag == "select":
            pairs.append((node.get("name"), (node.xpath("option[@selected]/@value") or [""])[0]))
        else:
            pairs.append((node.get("name"), question if node.tag == "textarea" else node.get("value", "")))
    return pairs


def test_without_a_script_the_form_asks_on_in_the_thread_and_keeps_its_limits(client: TestClient) -> None:
    start = [
        ("lang", "ru"),
        ("q", "ДНЯО"),
        ("q", "INF"),
        ("work", "cn-ru-2019"),
        ("from", "2019"),
        ("without", "dates"),
    ]
    tree = page(client.get(address(start)))
    sent = submitted(tree, "AUKUS & “<b>”")
    assert [pair for pair in sent if pair[1]] == [
        *start,
        *[("q", "AUKUS & “<b>”"), ("work", "cn-ru-2019"), ("from", "2019")],
    ]
    again = page(client.get(address(sent)))
    assert texts(again, f"//*[@id='log']//h2{of('question')}") == ["ДНЯО", "INF", "AUKUS & “<b>”"]
    assert again.get("lang") == "ru"
    assert submitted(page(client.get("/")), "a") == [("q", "a"), ("work", ""), ("from", ""), ("to", "")]


def test_the_form_offers_the_statements_and_bounds_the_question(client: TestClient) -> None:
    tree = page(client.get("/?q=INF&work=cn-ru-2022"))
    options = one(tree, "//select[@name='work']").xpath("option")
    assert [node.get("value") for node in options] == ["", "cn-ru-2025", "cn-ru-2022", "cn-ru-2019"]
    assert [node.get("value") for node in options if node.get("selected") is not None] == ["cn-ru-2022"]
    assert text(options[3]).startswith("2019-06-05 · Joint Statement")
    box = one(tree, "//textarea[@name='q']")
    assert (box.get("maxlength"), box.get("required")) == ("2000", "") and box.get("aria-label")
    assert tree.xpath("//input[@name='from' or @name='to']/@placeholder") == ["2019", "2025"]
    assert tree.xpath("//details[.//select[@name='work']]/@open") == [""]
    assert not page(client.get("/?q=INF")).xpath("//details[.//select[@name='work']]/@open")


def test_an_address_holds_at_most_ten_turns(client: TestClient) -> None:
    pairs = [("q", f"INF {number}") for number in range(12)]
    tree = page(client.get(address(pairs)))
    assert texts(tree, f"//*[@id='log']//h2{of('question')}") == [f"INF {number}" for number in range(2, 12)]
    assert submitted(tree, "on")[:10] == pairs[2:]


# The same as events.


@pytest.mark.parametrize("pairs", [*THREADS, *SILENT], ids=lambda pairs: " / ".join(value for _, value in pairs)[:40])
def test_the_stream_says_what_the_page_shows(client: TestClient, pairs: Pairs) -> None:
    names, told = zip(*events(client.get(address(pairs), headers=EVENTS)), strict=True)
    held = visit(client, pairs)
    assert names == ("turn", *["card"] * (len(names) - 2), "end") and told[-1] == {}
    assert told[0].pop("status") == 200
    assert turn(held) == told[0]
    assert [card(node) for node in cards(held)] == [*told[1:-1]]


def test_the_stream_says_what_the_page_shows_also_of_a_failure(client: TestClient) -> None:
    for limits, _ in REFUSED:
        pairs = [*([] if limits[0][0] == "q" else [("q", "INF")]), *limits]
        (name, told), *others = events(client.get(address(pairs), headers=EVENTS))
        assert name == "turn" and told.pop("status") == 422 and others == [("end", {})]
        assert turn(visit(client, pairs, 422)) == told


def test_only_who_asks_for_events_and_asks_something_gets_them(client: TestClient) -> None:
    for accepted in ("text/html", "*/*", "text/html,application/xhtml+xml,*/*;q=0.8", ""):
        page(client.get("/?q=INF", headers={"accept": accepted}))
    page(client.get("/", headers=EVENTS))
    page(client.get("/?q=+", headers=EVENTS))
    reply = client.get("/?q=INF", headers={"accept": "text/event-stream, */*;q=0.1"})
    assert events(reply)[0][0] == "turn" and reply.headers["cache-control"].startswith("no-")


# What fails.


@pytest.mark.parametrize(("limits", "told"), REFUSED, ids=lambda held: held[:30] if isinstance(held, str) else "")
def test_a_turn_that_fails_says_what_to_change(client: TestClient, limits: Pairs, told: str) -> None:
    pairs = [("lang", "ru"), ("q", "ДНЯО"), *([] if limits[0][0] == "q" else [("q", "INF")]), *limits]
    tree = page(client.get(address(pairs)), 422)
    first, last = map(turn, shown(tree))
    assert first["state"] == "answered" and cards(shown(tree)[0])
    assert (last["state"], last["said"], last["detail"]) == ("failed", WORDS["ru"]["failed"], told)
    assert not cards(shown(tree)[1]) and not last["chips"] and not last["tries"] and not last["notes"]
    assert one(shown(tree)[1], f"p{of('detail')}").get("lang") == "en"


def test_a_failed_turn_does_not_fail_those_after_it(client: TestClient) -> None:
    pairs = [("q", "INF"), ("from", "abc"), ("q", "why?")]
    held = visit(client, pairs)
    assert [card(node)["id"] for node in cards(held)] == [q["passage_id"] for q in ask(client, pairs)["quotes"]] != []


def collection_of(folder: Path, **files: str) -> Collection:
    (folder / "in").mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / "in" / f"{name}.txt").write_text(content, "utf-8")
    made = Collection(Settings(data=folder / "data"))
    assert [report.problem for report in ingest(made.store, [folder / "in"])] == [None] * len(files)
    return made


def test_without_an_index_the_page_is_still_useful(tmp_path: Path) -> None:
    client = TestClient(create_app(collection_of(tmp_path, a=f"{FIRST}\n{SECOND}\n")), base_url=BASE)
    empty = page(client.get("/"))
    assert empty.xpath("//a[starts-with(@href, '/documents/')]/@href") == ["/documents/a"]
    assert not empty.xpath("//*[@id='examples']") and empty.xpath("//form[@id='ask']")
    tree = page(client.get("/?q=INF"), 503)
    (held,) = map(turn, shown(tree))
    assert (held["state"], held["question"]) == ("failed", "INF") and held["detail"]
    assert held["detail"] == client.post("/api/ask", json={"question": "INF"}).json()["detail"]
    assert submitted(tree, "on")[0] == ("q", "INF")
    (name, told), end = events(client.get("/?q=INF", headers=EVENTS))
    assert (name, told["status"], told["detail"], end) == ("turn", 503, held["detail"], ("end", {}))


def test_an_index_that_comes_later_is_picked_up(tmp_path: Path) -> None:
    made = collection_of(tmp_path, a=f"{FIRST}\n{SECOND}\n")
    client = TestClient(create_app(made), base_url=BASE)
    page(client.get("/?q=外空武器化"), 503)
    made.build_index()
    assert card(cards(visit(client, [("q", "外空武器化")]))[0])["text"][0][0] == SECOND


def test_an_unreadable_store_is_a_503_that_tells_no_paths(tmp_path: Path) -> None:
    made = collection_of(tmp_path, a=f"{FIRST}\n{SECOND}\n")
    made.build_index()
    client = TestClient(create_app(made), base_url=BASE)
    fresh = Collection(made.settings)
    for name in ("store.sqlite3-wal", "store.sqlite3-shm"):
        (tmp_path / "data" / name).unlink(missing_ok=True)
    made.settings.store.write_bytes(b"this is no database" * 1000)
    client.app.state.collection = fresh  # type: ignore[attr-defined]
    for path in ("/", "/?q=INF"):
        tree = page(client.get(path), 503)
        assert texts(tree, "//h1") == [WORDS["en"]["unready_title"]] and str(tmp_path) not in text(tree)
    reply = client.get("/?q=INF", headers=EVENTS)
    (name, told), end = events(reply)
    assert (name, told["state"], told["status"], end) == ("turn", "failed", 503, ("end", {}))


@pytest.mark.parametrize("is_indexed", [True, False])
def test_an_empty_collection_says_so(tmp_path: Path, is_indexed: bool) -> None:
    made = Collection(Settings(data=tmp_path))
    if is_indexed:
        made.build_index()
    client = TestClient(create_app(made), base_url=BASE)
    tree = page(client.get("/"))
    assert tree.xpath("//form[@id='ask']//textarea") and not tree.xpath(
        "//form//select | //form//input[@name='from' or @name='to']"
    )
    assert not tree.xpath(f"//*[@id='examples'] | //*[@id='holdings'] | //ul{of('holdings')}")
    held = turn(visit(client, [("q", "INF")], 200 if is_indexed else 503))
    assert held["state"] == ("unanswered" if is_indexed else "failed")
    if is_indexed:
        assert held["said"] == "No documents have been taken in yet."
        assert held["tries"] == []


def test_many_statements_are_not_all_listed(tmp_path: Path) -> None:
    texts_ = {f"d{number:02}": f"{FIRST}\n第{number}号文件：{SECOND}\n" for number in range(14)}
    tree = page(TestClient(create_app(collection_of(tmp_path, **texts_)), base_url=BASE).get("/"))
    listed = tree.xpath("//a[starts-with(@href, '/documents/')]/@href")
    assert listed == [f"/documents/d{number:02}" for number in range(13, 1, -1)]
    assert texts(tree, "//a[@href='/api/documents']") == [WORDS["en"]["more_works"].format(n=2)]
    assert len(tree.xpath("//select[@name='work']/option")) == 15


def test_head_has_no_body(client: TestClient) -> None:
    for path, status in (("/", 200), ("/?q=INF", 200), ("/?q=INF&from=abc", 422)):
        head = client.head(path)
        assert (head.status_code, head.content) == (status, b"")
        assert {**head.headers} == {**client.get(path).headers}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_a_page_is_only_read(client: TestClient, method: str) -> None:
    assert client.request(method, "/?q=INF").status_code == 405


def test_with_keys_the_page_wants_one_and_its_files_do_not(collection: Collection) -> None:
    key = "a reader's key"
    keys = Keys.read(hashlib.sha256(key.encode()).hexdigest())
    client = TestClient(create_app(Collection(replace(collection.settings, read_keys=keys))), base_url=BASE)
    basic = {"authorization": "Basic " + base64.b64encode(f"anyone:{key}".encode()).decode()}
    wrong = {"authorization": "Basic " + base64.b64encode(b"anyone:wrong").decode()}
    for path in ("/", "/?q=INF", "/timeline", "/verify", "/p/un-cd-2019/8"):
        for headers in ({}, wrong):
            refused = client.get(path, headers=headers)
            assert refused.status_code == 401 and "Basic" in refused.headers["www-authenticate"], path
            assert "<html" not in refused.text
        page(client.get(path, headers=basic))
    assert client.get("/?q=INF", headers=EVENTS).status_code == 401
    assert events(client.get("/?q=INF", headers={**EVENTS, **basic}))[0][0] == "turn"
    tree = page(client.get("/?q=INF", headers=basic))
    for link in tree.xpath("//link/@href | //script/@src"):
        assert client.get(link).status_code == 200, link


# For other pages.


def test_the_script_for_other_pages_names_no_address_of_its_own(client: TestClient) -> None:
    reply = client.get("/embed.js")
    assert reply.status_code == 200 and reply.headers["content-type"] == "text/javascript; charset=utf-8"
    assert reply.headers["cache-control"] == "no-cache"
    code = "\n".join(line for line in reply.text.splitlines() if not line.startswith("//"))
    assert "script.src" in code and "iframe" in code
    assert not re.search(r"https?:|127\.0|localhost|:\d{4}|//\w", code)
    assert reply.text == client.get("/static/embed.js").text


# Chips.

ALSO, MUST, AFTER, ONLY = "also_searched", "required", "after", "only"
SECOND_TITLE = "2022-02-04 · 中华人民共和国和俄罗斯联邦关于新时代国际关系和全球可持续发展的联合声明"
TITLES = {
    "zh-Hans": "2019-06-05 · 中华人民共和国和俄罗斯联邦关于加强当代全球战略稳定的联合声明",
    "en": "2019-06-05 · Joint Statement of the People's Republic of China and the Russian Federation on Strengthening "
    "Contemporary Global Strategic Stability",
}
SECOND_TITLE = "2022-02-04 · 中华人民共和国和俄罗斯联邦关于新时代国际关系和全球可持续发展的联合声明"
OFF = {ALSO: ("aliases",), MUST: ("phrases",), AFTER: ("history",), ONLY: ("dates", "works")}
# A thread, and what is read out of its last turn; None stands for what /api/ask names.
READ: list[tuple[str, Pairs, list[tuple[str, str | None]]]] = [
    ("en", [("q", "what was said about INF")], [(ALSO, None)]),
    ("en", [("q", "NPT since 2022")], [(ONLY, "2022–"), (ALSO, None)]),
    ("en", [("q", "missile defence before 2022")], [(ONLY, "–2021"), (ALSO, None)]),
    ("en", [("q", "INF in February 2022")], [(ONLY, "2022-02-01–2022-02-28"), (ALSO, None)]),
    ("en", [("q", "the latest statement on outer space")], [(ONLY, "2025-05-08"), (ALSO, None)]),
    ("en", [("q", 'what about "核战争打不赢也打不得"')], [(ALSO, None), (MUST, "核战争打不赢也打不得")]),
    ("en", [("q", "INF"), ("q", "and in 2022?")], [(ONLY, "2022"), (ALSO, None), (AFTER, "INF")]),
    ("en", [("q", "INF"), ("q", "why do they oppose it?")], [(ALSO, None), (AFTER, None)]),
    ("zh-Hans", [("q", "2019年的中导条约")], [(ONLY, "2019"), (ALSO, None)]),
    ("zh-Hans", [("q", "最新声明里的外空")], [(ONLY, "2025-05-08"), (ALSO, None)]),
    ("zh-Hans", [("q", "2019年说到外空“谈判”了吗")], [(ONLY, "2019"), (ALSO, None), (MUST, "谈判")]),
    ("zh-Hans", [("q", "中导条约"), ("q", "那2022年呢")], [(ONLY, "2022"), (ALSO, None), (AFTER, "中导条约")]),
    ("zh-Hant", [("q", "2022年以來的不擴散條約")], [(ONLY, "2022–"), (ALSO, None)]),
    ("zh-Hant", [("q", "「冷戰思維」")], [(ALSO, None), (MUST, "冷戰思維")]),
    ("ru", [("q", "ПРО до 2022 года")], [(ONLY, "–2021"), (ALSO, None)]),
    ("ru", [("q", "ДРСМД"), ("q", "А в 2019-м?")], [(ONLY, "2019"), (ALSO, None), (AFTER, "ДРСМД")]),
    ("ru", [("q", "что сказано о сотрудничестве")], []),
]


def chip_texts(words: Mapping[str, Any], answer: Mapping[str, Any], named: list[tuple[str, str | None]]) -> list[str]:
    held = answer["interpreted"]
    after = next((note["text"].partition(": ")[2] for note in held["notes"] if note["code"] == "follow_up"), "")
    told = {ALSO: words["comma"].join(held["aliases"][:4]), AFTER: after}
    return [words[label].format(text=told[label] if value is None else value) for label, value in named]


def quoted(answer: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(quote["passage_id"], quote["text"]) for quote in answer["quotes"] or answer["nearest"]]


def shown_by(client: TestClient, pairs: Pairs) -> list[tuple[str, str]]:
    held = [card(node) for node in cards(visit(client, pairs))]
    return [(made["id"], "".join(piece for piece, _ in made["text"])) for made in held]


@pytest.mark.parametrize(("language", "pairs", "named"), READ, ids=lambda held: str(held)[:40])
def test_what_was_read_out_of_a_question_is_a_chip_and_can_be_taken_back(
    client: TestClient, language: str, pairs: Pairs, named: list[tuple[str, str | None]]
) -> None:
    words, given = WORDS[language], [("lang", language), *pairs]
    chips = turn(visit(client, given))["chips"]
    expected = chip_texts(words, ask(client, pairs), named)
    assert [chip["text"] for chip in chips] == expected
    assert [chip["label"] for chip in chips] == [words["remove"].format(text=text) for text in expected]
    for chip, (label, _) in zip(chips, named, strict=True):
        if label == ONLY and len(pairs) > 1:  # "and in 2022?" says no more than that
            assert read(chip["remove"]) == [("lang", language), *pairs[:-1]]
            continue
        without = [*pairs, *(("without", name) for name in OFF[label])]
        assert read(chip["remove"]) == [("lang", language), *without]
        answer = ask(client, without)
        assert {*asked(without)["interpret"]} == {*INTERPRETATIONS} - {*OFF[label]}
        assert shown_by(client, read(chip["remove"])) == quoted(answer)
        left = [held["text"] for held in turn(visit(client, read(chip["remove"])))["chips"]]
        assert chip["text"] not in left


def test_a_limit_is_a_chip_and_can_be_taken_back(client: TestClient) -> None:
    words = WORDS["zh-Hans"]
    before = [("lang", "zh-Hans"), ("q", "外空"), ("to", "2022"), ("q", "中导条约")]
    limits = [("work", "cn-ru-2019"), ("work", "cn-ru-2022"), ("from", "2019"), ("to", "2022"), ("without", "aliases")]
    chips = turn(visit(client, [*before, *limits]))["chips"]
    assert [chip["text"] for chip in chips[:4]] == [
        words["only"].format(text=TITLES["zh-Hans"]),
        words["only"].format(text=SECOND_TITLE),
        words["since"].format(text="2019"),
        words["until"].format(text="2022"),
    ]
    for place, chip in enumerate(chips[:4]):
        left = [limit for at, limit in enumerate(limits) if at != place]
        assert read(chip["remove"]) == [*before, *left]
        assert shown_by(client, read(chip["remove"])) == quoted(ask(client, [*before, *left]))


def test_a_statement_is_named_in_the_readers_language(client: TestClient) -> None:
    for language, title in TITLES.items():
        (chip, *_) = turn(visit(client, [("lang", language), ("q", "INF"), ("work", "cn-ru-2019")]))["chips"]
        assert chip["text"] == WORDS[language]["only"].format(text=title)


@pytest.mark.parametrize(
    "pairs",
    [
        [("q", "INF in 2019"), ("q", "did the later ones mention it?")],
        [("q", "中导条约"), ("q", "后来的声明提到它了吗")],
        [("q", "INF in 2019"), ("q", "why do they oppose it?")],
    ],
    ids=lambda pairs: pairs[-1][1],
)
def test_every_chip_of_a_follow_up_can_be_taken_back(client: TestClient, pairs: Pairs) -> None:
    chips = turn(visit(client, pairs))["chips"]
    assert len(chips) >= 2
    for chip in chips:
        left = [held["text"] for held in turn(visit(client, read(chip["remove"])))["chips"]]
        assert chip["text"] not in left, chip


def test_taking_back_twice_says_it_once(client: TestClient) -> None:
    (chip,) = turn(visit(client, [("q", "INF"), ("without", "history")]))["chips"]
    bare = visit(client, read(chip["remove"]))
    assert not turn(bare)["chips"]
    assert read(chip["remove"]) == [("q", "INF"), ("without", "history"), ("without", "aliases")]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "in").mkdir()
    (folder / "in" / "a.txt").write_text(
        f"双方重申<script>alert(1)</script>反对外空武器化&amp;<b onclick=x>。\n{FIRST}\n", "utf-8"
    )
    (folder / "in" / "catalogue.toml").write_text(
        '[works.w]\ndate = 2020-01-02\n[works.w.titles]\nen = \'"><script>alert("title")</script>\'\n'
        '[documents."声明"]\nfile = "a.txt"\nwork = "w"\noutlet = \'</title><script>alert(2)</script>\'\n',
        "utf-8",
    )
    made = Collection(Settings(data=folder / "data"))
    assert [report.problem for report in ingest(made.store, [folder / "in"])] == [None]
    made.build_index()
    yield TestClient(create_app(made), base_url=BASE)


def test_what_a_document_or_an_address_says_is_only_text(hostile: TestClient) -> None:
    question = "外空武器化 <script>alert(3)</script>\"'><img src=x onerror=alert(4)>"
    for path in ("/", "/?" + urlencode([("q", question), ("work", "w"), ("from", '"><b>'), ("q", question)])):
        reply = hostile.get(path)
        tree = page(reply)
        assert not re.search(r"<script>|<img|<b |<b>", reply.text)
        assert all(node.get("src", "").startswith("/static/") for node in tree.xpath("//script"))
        assert not [
            link for link in tree.xpath("//@href | //@src | //@cite | //@action") if "javascript" in link.lower()
        ]
    held = shown(tree)[-1]
    assert text(one(held, f"h2{of('question')}")) == question
    made = card(cards(held)[0])
    assert (
        "".join(piece for piece, _ in made["text"])
        == "双方重申<script>alert(1)</script>反对外空武器化&amp;<b onclick=x>。"
    )
    assert made["title"] == '"><script>alert("title")</script>' and made["source"] is None
    assert unquote(made["href"]) == "/p/声明/1" and made["href"].isascii()
