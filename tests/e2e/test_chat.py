"""The chat in a real browser: what it asks, shows, keeps in its address, copies and prints, with or without scripts."""

import re
import shutil
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue
from socket import socket
from threading import Thread
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from corpus.database import Database
from corpus.formats import FORMATS
from service.collection import Collection
from service.ingestion import ingest

DOORS = Path(__file__).parents[2] / "service" / "doors"
WORDS: dict[str, dict[str, Any]] = tomllib.loads((DOORS / "web" / "strings.toml").read_text("utf-8"))
SAID: dict[str, dict[str, str]] = tomllib.loads((DOORS / "message.toml").read_text("utf-8"))
EN = WORDS["en"]
LOCALES = {"zh-CN": "zh-Hans", "zh-TW": "zh-Hant", "en-GB": "en", "ru-RU": "ru"}
WIDE, PHONE = {"width": 1400, "height": 900}, {"width": 390, "height": 844}
CLIPBOARD = ["clipboard-read", "clipboard-write"]
INF, AND_2022, BORSCHT = "what was said about INF", "and in 2022?", "What is the best recipe for borscht?"
TOPIC = {
    "zh-CN": "外空军备竞赛",
    "zh-TW": "外空軍備競賽",
    "en-GB": "outer space arms race",
    "ru-RU": "гонка вооружений в космосе",
}
# One whose witness differs, one that nothing answers, one with a paragraph that leans on another, and a follow-up.
THREAD = {
    "zh-CN": ("禁止核试验", "怎样给自行车补胎？", "常规精确打击武器", "那2025年呢？"),
    "zh-TW": ("禁止核試驗", "怎樣給腳踏車補胎？", "常規精確打擊武器", "那2025年呢？"),
    "en-GB": ("nuclear test ban", BORSCHT, "conventional precision strike", "and in 2025?"),
    "ru-RU": ("запрещение ядерных испытаний", "Как приготовить борщ?", "высокоточное оружие", "А в 2025 году?"),
}
MARKED_UP = (
    "🚀🛰 The 𝕸oon has <b>offices</b> &amp; counters. The lunar post takes <i>parcels</i> of 5 cm on 🌕 days. "
    "Nobody knows why <script>alert(1)</script> it does."
)
SHAPE = """log => {
  const attributes = node => [...node.attributes].map(({name, value}) =>
    [name, name === "class" ? value.split(/\\s+/).sort().join(" ") : value]).sort();
  const shape = node => node.nodeType === Node.TEXT_NODE ? node.data
    : [node.localName, attributes(node), [...node.childNodes].filter(is_shown).map(shape)];
  const is_shown = node => node.nodeType !== Node.TEXT_NODE || node.data.trim();
  const copy = log.cloneNode(true);
  copy.normalize();
  return shape(copy);
}"""
READ = """cards => cards.map(card => {
  const quote = card.querySelector("blockquote"), title = card.querySelector("cite a");
  const context = card.querySelector(".context q");
  return {
    pieces: [...quote.firstElementChild.childNodes].map(node => [node.textContent, node.nodeName === "MARK"]),
    lang: quote.lang, cite: quote.cite, seal: card.querySelector(".seal").textContent,
    title: [title.textContent, title.lang], context: context && context.textContent,
    facts: [...card.querySelectorAll(".source .facts span")].map(fact => [fact.textContent, fact.lang]),
  };
})"""

Opened = Callable[..., Page]
Serving = Callable[[Collection], AbstractContextManager[str]]


# What the service says, and what the page shows.


def ask(address: str, question: str, history: Sequence[str] = (), **rest: Any) -> dict[str, Any]:
    turns = [{"role": "user", "content": turn} for turn in history]
    reply = httpx.post(f"{address}/api/ask", json={"question": question, "history": turns, **rest}, trust_env=False)
    answer: dict[str, Any] = reply.raise_for_status().json()
    return answer


def get(address: str, path: str) -> httpx.Response:
    return httpx.get(f"{address}{path}", trust_env=False).raise_for_status()


def texts(answer: dict[str, Any]) -> list[str]:
    return [quote["text"] for quote in answer["quotes"] or answer["nearest"]]


def cut(text: str, spans: Sequence[Sequence[int]]) -> list[list[Any]]:
    """`text` in pieces, each with whether it is in one of the spans, which count code points."""
    edges = [0, *(edge for span in spans for edge in span), len(text)]
    pieces = [[text[start:end], at % 2 == 1] for at, (start, end) in enumerate(zip(edges, edges[1:], strict=False))]
    return [piece for piece in pieces if piece[0]]


def card(quote: dict[str, Any], language: str) -> dict[str, Any]:
    """What READ should read of a quote, in an interface of this language."""
    words, cited = WORDS[language], quote["citation"]
    year, month, day = map(int, cited["date"].split("-"))
    shown = words["day"].format(year=year, number=month, month=words["months"][month - 1], day=day)
    facts = [[shown, language], [words["paragraph"].format(n=cited["paragraph"]), language]]
    facts += [[cited["outlet"], cited["language"]]] if cited["outlet"] else []
    facts += [[words["languages"][cited["language"]], language]]
    translated = cited["titles"].get(language)
    return {
        "pieces": cut(quote["text"], [(span["start"], span["end"]) for span in quote["highlights"]]),
        "lang": cited["language"],
        "cite": quote["url"],
        "seal": str(quote["number"]),
        "title": [translated, language] if translated else [cited["title"], cited["language"]],
        "context": quote["leans_on"] and quote["leans_on"]["text"],
        "facts": facts,
    }


def of(page: Page) -> Locator:
    return page.get_by_role("log")


def turn(page: Page) -> Locator:
    return page.locator(".turn").last


def cards(page: Page) -> Locator:
    return turn(page).locator(".card")


def quoted(page: Page) -> list[str]:
    """The texts quoted in the last turn."""
    return turn(page).locator("blockquote").all_text_contents()


def begin(page: Page, question: str) -> Locator:
    """Asks as a reader does, and waits for nothing but the turn that comes of it."""
    before = page.locator(".turn").count()
    page.locator("textarea").fill(question)
    page.locator("textarea").press("Enter")
    expect(page.locator(".turn")).to_have_count(before + 1)
    expect(turn(page).locator(".question")).to_have_text(question)
    return turn(page)


def put(page: Page, question: str, state: str = "answered") -> Locator:
    """Asks, and waits for the whole reply."""
    made = begin(page, question)
    expect(of(page)).not_to_have_attribute("aria-busy", "true")
    expect(made).to_have_attribute("data-state", state)
    return made


def thread(address: str, *turns: str, lang: str = "", **last: Any) -> str:
    """The address of a conversation; `last` are the limits of its last turn."""
    held = [
        (name, value) for name, values in last.items() for value in ([values] if isinstance(values, str) else values)
    ]
    pairs = [*([("lang", lang)] if lang else []), *(("q", turn) for turn in turns)]
    return f"{address}/?{urlencode([*pairs, *((name.rstrip('_'), value) for name, value in held)])}"


# A reply that is let through bit by bit: the server behind is the real one.


@dataclass(frozen=True, slots=True)
class Held:
    """An answer on its way to the browser; each `let` lets one event of it go, `cut` breaks it off."""

    connection: socket
    allowed: "SimpleQueue[bool]" = field(default_factory=SimpleQueue)

    def let(self, events: int = 1) -> None:
        for _ in range(events):
            self.allowed.put(True)

    def cut(self) -> None:
        self.allowed.put(False)

    def is_given_up(self) -> bool:
        """Whether the browser closes the connection: no more comes of it than its end."""
        self.connection.settimeout(10)
        return self.connection.recv(1) == b""


class Slow(ThreadingHTTPServer):
    """Stands before a real server and holds its events back."""

    daemon_threads = True
    request_queue_size = 64  # a page asks for more at once than the default of 5

    def __init__(self, behind: str) -> None:
        super().__init__(("127.0.0.1", 0), _Relay)
        self.behind = behind
        self.answers: SimpleQueue[Held] = SimpleQueue()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def next(self) -> Held:
        """The next answer that a browser asks for."""
        return self.answers.get(timeout=10)


class _Relay(BaseHTTPRequestHandler):
    server: Slow

    def do_GET(self) -> None:
        sent = {name: value for name, value in self.headers.items() if name.lower().startswith(("accept", "cookie"))}
        sent.pop("Accept-Encoding", None)
        reply = httpx.get(f"{self.server.behind}{self.path}", headers=sent, trust_env=False)
        self.send_response_only(reply.status_code)
        for name in ("content-type", "content-security-policy"):
            if name in reply.headers:
                self.send_header(name, reply.headers[name])
        self.end_headers()
        if "text/event-stream" in reply.headers["content-type"]:
            self._hold(reply.content)
        else:
            self.wfile.write(reply.content)

    def _hold(self, body: bytes) -> None:
        held = Held(self.connection)
        self.server.answers.put(held)
        for event in body.split(b"\n\n")[:-1]:
            if not held.allowed.get(timeout=30):
                return
            for at in range(0, len(event) + 2, 100):  # also in the middle of a character
                self.wfile.write(f"{'':0}".encode() + (event + b"\n\n")[at : at + 100])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def slow(served: str) -> Iterator[Slow]:
    """To be asked for before `opened`: windows close first, for what they still load would be reset."""
    server = Slow(served)
    running = Thread(target=server.serve_forever)
    running.start()
    yield server
    server.shutdown()
    server.server_close()
    running.join()


def copied(collection: Collection, folder: Path) -> Collection:
    shutil.copytree(collection.settings.folder, folder)
    return Collection(replace(collection.settings, data=folder))


# Asking.


@pytest.mark.parametrize(("locale", "language"), LOCALES.items())
def test_the_cards_are_the_quotes_of_the_service(opened: Opened, served: str, locale: str, language: str) -> None:
    answer = ask(served, TOPIC[locale])
    page = opened(served, locale=locale)
    put(page, TOPIC[locale])
    assert page.locator("html").get_attribute("lang") == language
    expect(page.get_by_role("log", name=WORDS[language]["thread"], exact=True)).to_be_visible()
    expect(page.get_by_role("textbox", name=WORDS[language]["question"], exact=True)).to_be_visible()
    said = WORDS[language]["quoted"].format(n=len(answer["quotes"]))
    expect(turn(page).locator(".summary")).to_have_text(said)
    expect(page.get_by_role("status").filter(has_text=said)).to_have_count(1)
    read = cards(page).evaluate_all(READ)
    assert read == [card(quote, language) for quote in answer["quotes"]] and len(read) == 5
    assert any(len(made["facts"]) == 4 for made in read) and any(len(made["facts"]) == 3 for made in read)
    for locator in (cards(page).first.locator(".source"), cards(page).last.locator("blockquote mark").first):
        expect(locator).to_be_visible()


def test_marks_count_code_points_and_markup_is_text(
    opened: Opened, collection: Collection, serving: Serving, tmp_path: Path
) -> None:
    (tmp_path / "moon.txt").write_text(f"{MARKED_UP}\n\nIt is closed at full moon, every month.\n", "utf-8")
    enlarged = copied(collection, tmp_path / "data")
    assert [report.problem for report in ingest(enlarged.store, [tmp_path / "moon.txt"])] == [None]
    assert enlarged.build_index()
    with serving(enlarged) as address:
        quotes = ask(address, "Which parcels does the lunar post take?")["quotes"]
        page = opened(address)
        put(page, "Which parcels does the lunar post take?")
        streamed = cards(page).evaluate_all(READ)
        page.reload()
        shown = cards(page).evaluate_all(READ)
        page.context.close()
    quote = next(quote for quote in quotes if quote["text"] == MARKED_UP)
    (marked,) = [span for span in quote["highlights"]]
    assert marked["start"] == MARKED_UP.index("The lunar")
    pieces = [made["pieces"] for made in streamed if made["pieces"][0][0].startswith("🚀")]
    assert pieces == [cut(MARKED_UP, [(marked["start"], marked["end"])])] and shown == streamed


def test_an_answer_arrives_event_by_event(slow: Slow, opened: Opened, served: str) -> None:
    answer = ask(served, TOPIC["zh-CN"])
    page = opened(slow.address)
    log, said = of(page), EN["quoted"].format(n=5)
    made = begin(page, TOPIC["zh-CN"])
    expect(made).to_have_attribute("data-state", "asking")
    expect(made.locator(".summary")).to_have_text(EN["asking"])
    expect(log).to_have_attribute("aria-busy", "true")
    held = slow.next()
    held.let()
    expect(made.locator(".summary")).to_have_text(said)
    expect(cards(page)).to_have_count(0)
    for count in range(1, 6):
        held.let()
        expect(cards(page)).to_have_count(count)
        expect(log).to_have_attribute("aria-busy", "true")
    assert quoted(page) == texts(answer)
    assert page.get_by_role("status").all_text_contents() == ["", ""]
    held.let()
    expect(log).not_to_have_attribute("aria-busy", re.compile(""))
    expect(page.get_by_role("status").filter(has_text=said)).to_have_count(1)


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_a_question_moves_to_the_top_and_its_answer_is_seen(opened: Opened, served: str, motion: str) -> None:
    page = opened(served, viewport={"width": 390, "height": 844}, reduced_motion=motion)
    for question in ("INF", "and in 2022?"):
        made = put(page, question)
        expect(made.locator(".question")).to_be_in_viewport()
        expect(made.locator("blockquote").first).to_be_in_viewport()


def test_escape_stops_a_reply(slow: Slow, opened: Opened) -> None:
    page = opened(slow.address)
    made = begin(page, INF)
    held = slow.next()
    held.let(2)
    expect(cards(page)).to_have_count(1)
    page.keyboard.press("Escape")
    expect(made).to_have_attribute("data-state", "failed")
    expect(made.locator(".summary")).to_have_text(EN["stopped"])
    expect(made.locator(".detail")).to_have_text("")
    expect(page.get_by_role("status").filter(has_text=EN["stopped"])).to_have_count(1)
    expect(of(page)).not_to_have_attribute("aria-busy", re.compile(""))
    assert held.is_given_up()
    begin(page, BORSCHT)
    slow.next().let(9)
    expect(turn(page)).to_have_attribute("data-state", "unanswered")
    expect(of(page)).not_to_have_attribute("aria-busy", re.compile(""))


def test_a_second_question_takes_the_place_of_one_that_still_runs(slow: Slow, opened: Opened, served: str) -> None:
    page = opened(slow.address)
    first = begin(page, INF)
    held = slow.next()
    held.let(2)
    expect(cards(page)).to_have_count(1)
    begin(page, AND_2022)
    assert held.is_given_up()
    expect(page.locator(".turn").first.locator(".summary")).to_have_text(EN["stopped"])
    expect(of(page)).to_have_attribute("aria-busy", "true")
    slow.next().let(9)
    expect(of(page)).not_to_have_attribute("aria-busy", re.compile(""))
    said = EN["quoted"].format(n=1)
    expect(page.get_by_role("status").filter(has_text=said)).to_have_count(1)
    assert quoted(page) == texts(ask(served, AND_2022, [INF]))
    expect(page).to_have_url(thread(slow.address, INF, AND_2022))
    assert first.page == page


def test_an_answer_that_breaks_off_is_said_to(slow: Slow, opened: Opened) -> None:
    page = opened(slow.address)
    made = begin(page, INF)
    held = slow.next()
    held.let(3)
    held.cut()
    expect(made).to_have_attribute("data-state", "failed")
    expect(made.locator(".summary")).to_have_text(EN["failed"])
    expect(made.locator(".detail")).to_have_text(EN["offline"])
    expect(of(page)).not_to_have_attribute("aria-busy", re.compile(""))


# The thread and its address.


@pytest.mark.parametrize(("locale", "language"), LOCALES.items())
def test_the_server_shows_the_thread_as_the_script_built_it(
    opened: Opened, served: str, locale: str, language: str
) -> None:
    page = opened(served, locale=locale)
    for question, state in zip(THREAD[locale], ("answered", "unanswered", "answered", "answered"), strict=True):
        put(page, question, state)
    turns = page.locator(".turn")
    expect(turns.nth(0).locator(".witness mark").first).to_be_attached()
    expect(turns.nth(2).locator(".context").first).to_be_visible()
    after = WORDS[language]["after"].format(text="").strip()
    expect(turns.nth(3).locator(".chips li").filter(has_text=after)).to_have_count(1)
    expect(page).to_have_url(thread(served, *THREAD[locale]))
    built, named, earlier = of(page).evaluate(SHAPE), page.title(), page.locator("#earlier").evaluate(SHAPE)
    page.reload()
    assert of(page).evaluate(SHAPE) == built
    assert (page.title(), page.locator("#earlier").evaluate(SHAPE)) == (named, earlier)


def test_the_address_carries_the_thread(opened: Opened, served: str) -> None:
    page = opened(served)
    put(page, INF)
    first = quoted(page)
    put(page, AND_2022)
    answer = ask(served, AND_2022, [INF])
    assert quoted(page) == texts(answer) and texts(answer) != first
    expect(page).to_have_url(thread(served, INF, AND_2022))
    page.reload()
    expect(page.locator(".question")).to_have_text([INF, AND_2022])
    assert quoted(page) == texts(answer)
    other = opened(page.url)
    expect(other.locator(".question")).to_have_text([INF, AND_2022])
    assert quoted(other) == texts(answer)
    page.go_back()
    expect(page).to_have_url(thread(served, INF))
    expect(page.locator(".question")).to_have_text([INF])
    assert quoted(page) == first
    page.go_back()
    expect(page.locator(".question")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_have_text(EN["tagline"])
    page.go_forward()
    expect(page.locator(".question")).to_have_text([INF])
    put(page, AND_2022)
    assert quoted(page) == texts(answer)


def test_skipping_to_the_text_does_not_load_the_page_again(opened: Opened, served: str) -> None:
    page = opened(thread(served, INF))
    page.evaluate("() => { window.same = true }")
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#text$"))
    put(page, AND_2022)
    assert page.evaluate("() => window.same") is True


def test_a_language_chosen_is_remembered_and_keeps_the_thread(opened: Opened, served: str) -> None:
    page = opened(served)
    put(page, INF)
    put(page, AND_2022)
    shown = quoted(page)
    page.locator("header nav").get_by_role("link", name=WORDS["ru"]["name"], exact=True).click()
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    expect(page.locator(".question")).to_have_text([INF, AND_2022])
    assert quoted(page) == shown
    put(page, "А в 2019 году?")
    expect(turn(page).locator(".summary")).to_have_text(WORDS["ru"]["quoted"].format(n=cards(page).count()))
    assert quoted(page) == texts(ask(served, "А в 2019 году?", [INF, AND_2022]))
    built = of(page).evaluate(SHAPE)
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    assert of(page).evaluate(SHAPE) == built
    page.goto(thread(served, INF))
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    expect(opened(served).locator("html")).to_have_attribute("lang", "en")


# What was read out of a question, and limits.


def removed(page: Page, label: str) -> None:
    turn(page).get_by_role("link", name=EN["remove"].format(text=label), exact=True).click()
    expect(turn(page).get_by_role("link", name=EN["remove"].format(text=label), exact=True)).to_have_count(0)


PARTS = ["dates", "works", "aliases", "phrases", "history"]


@pytest.mark.parametrize(
    ("history", "question", "label", "about", "without"),
    [
        ((), 'what was said about "AUKUS" in 2022', "only", "2022", ["dates", "works"]),
        ((), 'what was said about "AUKUS" in 2022', "also_searched", None, ["aliases"]),
        ((), 'what was said about "AUKUS" in 2022', "required", "AUKUS", ["phrases"]),
        ((INF,), AND_2022, "after", "INF", ["history"]),
    ],
)
def test_what_was_read_out_of_a_question_can_be_removed(
    opened: Opened,
    served: str,
    history: tuple[str, ...],
    question: str,
    label: str,
    about: str | None,
    without: list[str],
) -> None:
    page = opened(served)
    for earlier in history:
        put(page, earlier)
    put(page, question)
    held = about or ", ".join(ask(served, question, history)["interpreted"]["aliases"][:4])
    removed(page, EN[label].format(text=held))
    expect(page).to_have_url(f"{thread(served, *history, question, without=without)}#latest")
    expect(page.locator(".question")).to_have_text([*history, question])
    left = [part for part in PARTS if part not in without]
    answer = ask(served, question, history, interpret=left)
    assert quoted(page) == texts(answer)
    expect(turn(page)).to_have_attribute("data-state", "answered" if answer["answered"] else "unanswered")


def test_limits_hold_for_the_next_question_and_can_be_removed(opened: Opened, served: str) -> None:
    page = opened(served)
    page.get_by_text(EN["limits"]).click()
    page.get_by_label(EN["statement"], exact=True).select_option("cn-ru-2022")
    page.get_by_label(EN["from_year"], exact=True).fill("2020")
    page.get_by_label(EN["to_year"], exact=True).fill("2023")
    limits = {"works": ["cn-ru-2022"], "from": "2020-01-01", "to": "2023-12-31"}
    put(page, INF)
    assert quoted(page) == texts(ask(served, INF, filters=limits)) != texts(ask(served, INF))
    put(page, "BRICS")
    assert quoted(page) == texts(ask(served, "BRICS", [INF], filters=limits))
    values = [("work", "cn-ru-2022"), ("from", "2020"), ("to", "2023")]
    expect(page).to_have_url(f"{served}/?{urlencode([('q', INF), *values, ('q', 'BRICS'), *values])}")
    page.reload()
    expect(page.get_by_label(EN["statement"], exact=True)).to_have_value("cn-ru-2022")
    expect(page.get_by_label(EN["from_year"], exact=True)).to_have_value("2020")
    expect(page.get_by_label(EN["to_year"], exact=True)).to_have_value("2023")
    title = ask(served, INF, filters=limits)["quotes"][0]["citation"]["titles"]["en"]
    left: dict[str, Any] = dict(limits)
    for name, label in (
        ("works", EN["only"].format(text=f"2022-02-04 · {title}")),
        ("from", EN["since"].format(text="2020")),
        ("to", EN["until"].format(text="2023")),
    ):
        removed(page, label)
        del left[name]
        assert quoted(page) == texts(ask(served, "BRICS", [INF], filters=left))
    assert page.locator(".turn").first.locator(".chips li").count() >= 3
    expect(page).to_have_url(f"{served}/?{urlencode([('q', INF), *values, ('q', 'BRICS')])}#latest")
    expect(page.get_by_label(EN["from_year"], exact=True)).to_have_value("")


def test_limits_alone_bound_the_answer_by_year(opened: Opened, served: str) -> None:
    page = opened(served)
    page.get_by_text(EN["limits"]).click()
    page.get_by_label(EN["from_year"], exact=True).fill("2022")
    put(page, INF)
    assert quoted(page) == texts(ask(served, INF, filters={"from": "2022-01-01"}))
    expect(page).to_have_url(thread(served, INF, from_="2022"))


def test_what_is_no_question_is_refused_in_the_turn(opened: Opened, served: str) -> None:
    page = opened(served, excused="422")
    made = put(page, "?!", "failed")
    expect(made.locator(".summary")).to_have_text(EN["failed"])
    reply = httpx.post(f"{served}/api/ask", json={"question": "?!"}, trust_env=False)
    expect(made.locator(".detail")).to_have_text(reply.json()["detail"])
    built = of(page).evaluate(SHAPE)
    put(page, INF)
    page.go_back()
    expect(page.locator(".turn")).to_have_count(1)
    assert of(page).evaluate(SHAPE) == built


# Silence.


def style(locator: Locator, name: str) -> str:
    return str(locator.evaluate("(node, name) => getComputedStyle(node).getPropertyValue(name)", name))


def test_silence_looks_different_and_offers_what_to_try(opened: Opened, served: str) -> None:
    page = opened(served)
    answered = put(page, INF).and_(page.locator("[data-state=answered]"))
    looks = [style(answered.locator(name).first, "color") for name in (".summary", "blockquote", ".seal")]
    borders = style(answered.locator(".summary"), "border-top-style")
    expect(answered.locator(".tries")).to_be_hidden()
    expect(answered.locator("h3.nearest")).to_be_hidden()
    silent = put(page, BORSCHT, "unanswered")
    answer = ask(served, BORSCHT)
    assert quoted(page) == texts(answer) and len(texts(answer)) == 3
    expect(silent.locator(".summary")).to_have_text(SAID["en"]["nothing"])
    expect(page.get_by_role("status").filter(has_text=SAID["en"]["nothing"])).to_have_count(1)
    expect(silent.get_by_role("heading", name=EN["nearest"], exact=True)).to_be_visible()
    assert (
        silent.locator(".seal").all_text_contents() == ["¶"] * 3
        and not silent.locator(".seal").filter(has_text=re.compile(r"\d")).count()
    )
    others = [style(silent.locator(name).first, "color") for name in (".summary", "blockquote", ".seal")]
    assert all(one != other for one, other in zip(looks, others, strict=True))
    assert style(silent.locator(".summary"), "border-top-style") != borders
    tries = silent.locator(".tries")
    expect(tries.get_by_role("heading", name=EN["try"], exact=True)).to_be_visible()
    expect(tries.get_by_role("link", name=EN["try_check"], exact=True)).to_have_attribute(
        "href", f"/verify?{urlencode([('text', BORSCHT)])}"
    )
    expect(silent.locator(".more")).to_be_hidden()


@pytest.mark.parametrize(("locale", "language"), LOCALES.items())
def test_the_examples_lead_to_answers(opened: Opened, served: str, locale: str, language: str) -> None:
    page = opened(served, locale=locale)
    offered = page.locator(".examples a").all_text_contents()
    silence = thread(served, THREAD[locale][1])
    page.goto(silence)
    tries = turn(page).locator(".tries a")
    assert len(offered) == 4 and tries.all_text_contents()[-4:] == offered
    for question in offered:
        page.goto(silence)
        tries.get_by_text(question, exact=True).click()
        expect(page.locator(".question")).to_have_text([question])
        expect(turn(page)).to_have_attribute("data-state", "answered")
        assert quoted(page) == texts(ask(served, question))


@pytest.mark.parametrize(
    ("question", "words", "without", "left"),
    [
        (f"{INF} in 2025", "try_all", ["dates", "works"], ["aliases", "phrases", "history"]),
    ],
)
def test_less_can_be_required(
    opened: Opened, served: str, question: str, words: str, without: list[str], left: list[str]
) -> None:
    page = opened(served)
    put(page, question, "unanswered").get_by_role("link", name=EN[words], exact=True).click()
    expect(page).to_have_url(f"{thread(served, question, without=without)}#latest")
    expect(turn(page)).to_have_attribute("data-state", "answered")
    assert quoted(page) == texts(ask(served, question, interpret=left))


# What can be done with a quote.


def clipboard(page: Page, before: str = "") -> str:
    """What is in the clipboard once it is something else than `before`."""
    read = """async (before) => {
      for (;;) {
        const text = await navigator.clipboard.readText();
        if (text !== before) return text;
        await new Promise((done) => setTimeout(done, 20));
      }
    }"""
    text: str = page.evaluate(read, before)
    return text


def test_a_quote_is_copied_with_its_citation_in_every_format(opened: Opened, served: str) -> None:
    page = opened(thread(served, TOPIC["zh-CN"]), viewport=WIDE, permissions=CLIPBOARD)
    quote = ask(served, TOPIC["zh-CN"])["quotes"][1]
    made = cards(page).nth(1)
    offered = made.locator("select.format option").evaluate_all("options => options.map(option => option.value)")
    assert sorted(offered) == sorted(FORMATS) and offered[: len(EN["styles"])] == EN["styles"]
    for name in offered:
        page.evaluate("() => navigator.clipboard.writeText('')")
        made.get_by_label(EN["format"]).select_option(name)
        made.get_by_role("button", name=EN["copy_quote"], exact=True).click()
        reference = get(served, f"/api/passages/{quote['passage_id']}?format={name}").text.strip()
        is_style = FORMATS[name].media_type.startswith("text/plain")
        assert clipboard(page) == (f"{quote['text']}\n\n{reference}" if is_style else reference)
        expect(page.get_by_role("status").filter(has_text=EN["copied"])).to_have_count(1)
    made.get_by_role("button", name=EN["copy_link"], exact=True).click()
    assert clipboard(page, reference) == quote["url"]


def test_the_chosen_format_is_remembered(opened: Opened, served: str) -> None:
    page = opened(thread(served, INF), permissions=CLIPBOARD)
    chosen = page.locator("select.format")
    expect(chosen.first).to_have_value(EN["styles"][0])
    chosen.first.select_option("bibtex")
    expect(chosen.last).to_have_value("bibtex")
    put(page, AND_2022)
    other = page.context.new_page()
    other.goto(thread(served, BORSCHT))
    page.reload()
    for held in (chosen, other.locator("select.format")):
        assert {select.input_value() for select in held.all()} == {"bibtex"} and held.count() >= 3
    page.bring_to_front()
    page.evaluate("navigator.clipboard.writeText('')")  # what another test has left there
    turn(page).get_by_role("button", name=EN["copy_quote"], exact=True).first.click()
    assert clipboard(page).startswith("@")


def test_without_a_clipboard_it_still_copies_or_says_that_it_could_not(opened: Opened, served: str) -> None:
    page = opened(thread(served, INF), permissions=CLIPBOARD)
    quote = ask(served, INF)["quotes"][0]
    other = page.context.new_page()
    other.goto(served)
    other.evaluate("() => navigator.clipboard.writeText('')")
    page.bring_to_front()
    page.add_init_script("delete Navigator.prototype.clipboard")
    page.reload()
    assert page.evaluate("() => navigator.clipboard === undefined")
    cards(page).first.get_by_role("button", name=EN["copy_quote"], exact=True).click()
    expect(page.get_by_role("status").filter(has_text=EN["copied"])).to_have_count(1)
    other.bring_to_front()
    style = get(served, f"/api/passages/{quote['passage_id']}?format={EN['styles'][0]}").text.strip()
    assert clipboard(other) == f"{quote['text']}\n\n{style}"
    page.bring_to_front()
    page.evaluate("() => { document.execCommand = () => false }")
    cards(page).first.get_by_role("button", name=EN["copy_link"], exact=True).click()
    expect(page.get_by_role("status").filter(has_text=EN["not_copied"])).to_have_count(1)


def test_a_citation_that_does_not_come_is_not_said_to_be_copied(opened: Opened, served: str) -> None:
    page = opened(thread(served, INF), excused="ERR_INTERNET_DISCONNECTED", permissions=CLIPBOARD)
    page.evaluate("() => navigator.clipboard.writeText('before')")
    page.context.set_offline(True)
    cards(page).first.get_by_role("button", name=EN["copy_quote"], exact=True).click()
    expect(page.get_by_role("status").filter(has_text=EN["not_copied"])).to_have_count(1)
    assert clipboard(page) == "before"


def opens(page: Page, place: int) -> Locator:
    return cards(page).nth(place).get_by_role("link", name=EN["open_in_place"], exact=True)


def test_the_statement_opens_beside_the_thread(opened: Opened, served: str) -> None:
    page = opened(served, viewport=WIDE)
    put(page, TOPIC["zh-CN"])
    quotes = ask(served, TOPIC["zh-CN"])["quotes"]
    panel = page.get_by_role("complementary", name=EN["panel"], exact=True)
    expect(panel).to_be_hidden()
    for place, shut in ((1, "Escape"), (4, EN["close"])):
        quote = quotes[place]
        opens(page, place).click()
        expect(panel).to_be_visible()
        document = get(served, f"/api/documents/{quote['passage_id'].rpartition('/')[0]}").json()
        expect(panel.get_by_role("heading", level=2)).to_have_text(document["title"])
        expect(panel.locator(".pages [lang]")).to_have_text([held["text"] for held in document["text"]])
        current = panel.locator("[aria-current]")
        expect(current).to_have_text(quote["text"])
        expect(current).to_have_attribute("aria-current", "true")
        expect(current).to_be_in_viewport()
        expect(cards(page).nth(place)).to_be_in_viewport()
        expect(page).to_have_url(f"{thread(served, TOPIC['zh-CN'])}#open={quote['passage_id']}")
        assert panel.evaluate("panel => panel.contains(document.activeElement)")
        if shut == "Escape":
            page.keyboard.press(shut)
        else:
            panel.get_by_role("button", name=shut, exact=True).click()
        expect(panel).to_be_hidden()
        expect(opens(page, place)).to_be_focused()
        expect(page).to_have_url(thread(served, TOPIC["zh-CN"]))


def test_what_was_open_opens_again(opened: Opened, served: str) -> None:
    page = opened(thread(served, TOPIC["zh-CN"]), viewport=WIDE)
    opens(page, 1).click()
    panel = page.get_by_role("complementary")
    expect(panel).to_be_visible()
    page.reload()
    current = panel.locator("[aria-current=true]")
    expect(current).to_have_text(quoted(page)[1])
    expect(current).to_be_in_viewport()
    other = opened(page.url, viewport=WIDE)
    expect(other.get_by_role("complementary").locator("[aria-current=true]")).to_be_in_viewport()
    page_of = get(served, f"/api/passages/{ask(served, TOPIC['zh-CN'])['quotes'][1]['passage_id']}").json()
    panel.get_by_role("link", name=EN["as_page"], exact=True).click()
    expect(page.locator("blockquote")).to_have_text(page_of["text"])


def test_escape_in_the_panel_leaves_a_reply_alone(slow: Slow, opened: Opened) -> None:
    page = opened(slow.address, viewport=WIDE)
    begin(page, TOPIC["zh-CN"])
    held = slow.next()
    held.let(2)
    opens(page, 0).click()
    panel = page.get_by_role("complementary")
    expect(panel).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    held.let(9)
    expect(cards(page)).to_have_count(5)
    expect(of(page)).not_to_have_attribute("aria-busy", "true")
    expect(turn(page)).to_have_attribute("data-state", "answered")


def test_on_a_phone_the_reading_page_opens(opened: Opened, served: str) -> None:
    page = opened(served, viewport=PHONE)
    put(page, INF)
    opens(page, 1).click()
    name = ask(served, INF)["quotes"][1]["passage_id"]
    expect(page).to_have_url(f"{served}/p/{name}#p{name.rpartition('/')[2]}")
    expect(page.locator("[aria-current=true]").filter(has_text=texts(ask(served, INF))[1])).to_be_in_viewport()


def test_another_tab_is_left_to_the_browser(opened: Opened, served: str) -> None:
    page = opened(thread(served, INF), viewport=WIDE)
    with page.context.expect_page() as tab:
        opens(page, 0).click(modifiers=["Control"])
    expect(tab.value).to_have_url(re.compile(re.escape(f"{served}/p/{ask(served, INF)['quotes'][0]['passage_id']}")))
    expect(page.get_by_role("complementary")).to_be_hidden()
    expect(page).to_have_url(thread(served, INF))


def test_other_witnesses_show_their_differences_on_demand(opened: Opened, served: str) -> None:
    page = opened(served)
    put(page, THREAD["zh-CN"][0])
    quote = ask(served, THREAD["zh-CN"][0])["quotes"][0]
    held = get(served, f"/api/passages/{quote['passage_id']}").json()
    (witness,) = held["witnesses"]
    assert len(witness["variants"]) == 1
    made = cards(page).first
    expect(made.locator(".badge")).to_have_text(EN["also_in"].format(n=1))
    expect(made.locator("summary .likeness")).to_have_text(EN["differs"].format(n=1))
    expect(made.locator(".witness")).to_be_hidden()
    made.locator(".badge").click()
    for side, text, language in (("here", held["text"], "zh-Hans"), ("there", witness["text"], "zh-Hant")):
        shown = made.locator(f".witness .{side}")
        expect(shown).to_be_visible()
        expect(shown).to_have_attribute("lang", language)
        pieces = shown.evaluate(
            "side => [...side.childNodes].map(node => [node.textContent, node.nodeName === 'MARK'])"
        )
        spans = [variant["base" if side == "here" else "witness"] for variant in witness["variants"]]
        assert pieces == cut(text, spans)
    expect(made.locator(".witness a")).to_have_attribute("href", f"/p/{witness['passage_id']}")


# The keyboard.


ENTER = """(box, given) => box.dispatchEvent(
  new KeyboardEvent("keydown", {key: "Enter", bubbles: true, cancelable: true, ...given}))"""


@pytest.mark.parametrize("given", [{"isComposing": True}, {"keyCode": 229}, {"shiftKey": True}])
def test_enter_does_not_send_while_it_means_something_else(opened: Opened, served: str, given: dict[str, Any]) -> None:
    page = opened(served)
    box = page.locator("textarea")
    box.fill(INF)
    assert box.evaluate(ENTER, given) is True  # left to the browser
    expect(page.locator(".turn")).to_have_count(0)
    expect(box).to_have_value(INF)
    assert box.evaluate(ENTER, {}) is False
    expect(page.locator(".turn")).to_have_count(1)
    expect(turn(page)).to_have_attribute("data-state", "answered")


def test_a_word_can_be_composed(opened: Opened, served: str) -> None:
    page = opened(served, locale="zh-CN")
    box = page.locator("textarea")
    box.focus()
    method = page.context.new_cdp_session(page)
    method.send("Input.imeSetComposition", {"text": "中导", "selectionStart": 2, "selectionEnd": 2})
    box.press("Enter")
    expect(page.locator(".turn")).to_have_count(0)
    method.send("Input.insertText", {"text": "中导条约"})
    box.press("Enter")
    expect(turn(page)).to_have_attribute("data-state", "answered")
    expect(turn(page).locator(".question")).to_have_text("中导条约")


def test_a_question_may_have_lines(opened: Opened, served: str) -> None:
    page = opened(served)
    box = page.locator("textarea")
    box.press_sequentially("what was said")
    box.press("Shift+Enter")
    box.press_sequentially("about INF")
    expect(box).to_have_value("what was said\nabout INF")
    box.press("Enter")
    expect(turn(page)).to_have_attribute("data-state", "answered")
    assert turn(page).locator(".question").text_content() == "what was said\nabout INF"
    assert quoted(page) == texts(ask(served, "what was said\nabout INF"))
    expect(box).to_have_value("")
    box.fill("  ")
    box.press("Enter")
    expect(page.locator(".turn")).to_have_count(1)


# Without a script, and on paper.


def test_it_works_without_a_script(opened: Opened, served: str) -> None:
    page = opened(served, java_script_enabled=False, viewport=WIDE)
    send = page.get_by_role("button", name=EN["ask"], exact=True)
    page.locator("textarea").fill(INF)
    send.click()
    expect(page.locator(".question")).to_have_text([INF])
    assert quoted(page) == texts(ask(served, INF))
    page.locator("textarea").fill(AND_2022)
    send.click()
    expect(page.locator(".question")).to_have_text([INF, AND_2022])
    expect(turn(page)).to_be_in_viewport()
    assert quoted(page) == texts(ask(served, AND_2022, [INF]))
    removed(page, EN["only"].format(text="2022"))
    expect(page.locator(".question")).to_have_text([INF])  # "and in 2022?" says no more than that
    assert quoted(page) == texts(ask(served, INF))
    page.get_by_text(EN["limits"]).click()
    page.get_by_label(EN["statement"], exact=True).select_option("cn-ru-2019")
    page.locator("textarea").fill(TOPIC["en-GB"])
    send.click()
    expect(page.locator(".question")).to_have_text([INF, TOPIC["en-GB"]])
    assert quoted(page) == texts(ask(served, TOPIC["en-GB"], [INF], filters={"works": ["cn-ru-2019"]}))
    buttons = [button.text_content() for button in page.get_by_role("button").all() if button.is_visible()]
    assert buttons == [EN["ask"]]
    assert not any(select.is_visible() for select in page.locator("select.format").all())
    expect(page.get_by_role("complementary")).to_be_hidden()
    text = quoted(page)[0]
    opens(page, 0).click()
    expect(page).to_have_url(re.compile(f"{served}/p/un-cd-2019/(\\d+)#p\\1$"))
    expect(page.locator("[aria-current=true]").filter(has_text=text)).to_be_in_viewport()


@pytest.mark.parametrize(("locale", "language"), LOCALES.items())
def test_on_paper_are_the_quotes_with_their_citations(opened: Opened, served: str, locale: str, language: str) -> None:
    page = opened(served, locale=locale, viewport=WIDE)
    put(page, TOPIC[locale])
    opens_ = cards(page).first.get_by_role("link", name=WORDS[language]["open_in_place"], exact=True)
    opens_.click()
    expect(page.get_by_role("complementary")).to_be_visible()
    expect(cards(page).first.locator(".reference").first).to_be_hidden()
    page.emulate_media(media="print")
    expect(page.locator(".question")).to_be_visible()
    for quote, made in zip(ask(served, TOPIC[locale])["quotes"], cards(page).all(), strict=True):
        style = get(served, f"/api/passages/{quote['passage_id']}?format={WORDS[language]['styles'][0]}").text.strip()
        for text in (quote["text"], style, quote["url"]):
            expect(made.get_by_text(text, exact=True).first).to_be_visible()
    for hidden in ("form", "button", "select", "nav", "aside", ".remove", ".actions a"):
        found = page.locator(hidden)
        assert found.count() and not [node for node in found.all() if node.is_visible()], hidden


# When something is wrong.


def test_a_fault_of_the_index_is_said_in_the_turn(
    opened: Opened, collection: Collection, serving: Serving, tmp_path: Path
) -> None:
    broken = copied(collection, tmp_path / "data")
    changed = "UPDATE passages SET text = text || '!' WHERE document = 'un-cd-2019' AND number = 8 RETURNING 1"
    assert len(Database(broken.settings.store).rows(changed)) == 1
    with serving(broken) as address:
        page = opened(address)
        made = put(page, INF, "failed")
        expect(made.locator(".summary")).to_have_text(EN["failed"])
        detail = "un-cd-2019/8 has another text in the store than in the index; run `yinju ingest`"
        expect(made.locator(".detail")).to_have_text(detail)
        expect(made.locator(".card")).to_have_count(0)
        put(page, "AUKUS")
        assert quoted(page) == texts(ask(address, "AUKUS", [INF]))
        page.context.close()


def test_a_service_out_of_reach_is_said_in_the_turn(opened: Opened, served: str) -> None:
    page = opened(served, excused="ERR_INTERNET_DISCONNECTED")
    page.context.set_offline(True)
    made = put(page, INF, "failed")
    expect(made.locator(".summary")).to_have_text(EN["failed"])
    expect(made.locator(".detail")).to_have_text(EN["offline"])
    page.context.set_offline(False)
    put(page, AND_2022)
    assert quoted(page) == texts(ask(served, AND_2022, [INF]))
    expect(page.locator(".turn").first).to_have_attribute("data-state", "failed")
