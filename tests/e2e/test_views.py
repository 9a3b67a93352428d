"""The two views beside the chat, in a browser: a topic by date, and the check of a quotation. Both against the API."""

import datetime
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from service.collection import Collection
from service.doors import interface
from service.question import LONGEST
from service.verification import LONGEST as LONGEST_QUOTATION

Opened = Callable[..., Page]

STRINGS: dict[str, Any] = tomllib.loads(
    (Path(interface.__file__).parent / "web" / "strings.toml").read_text(encoding="utf-8")
)
LANGUAGES = list(STRINGS)
NOTHING = "月球背面的面馆"
ALTERED = "双方欢迎将商业航天系统用于干涉主权国家内政"
EXACT = "双方谴责将商业航天系统用于干涉主权国家内政"
PLACE = "peoples-daily-2025/11"
TRUNCATED = "美国决定退出《苏美关于消除中程和中短程导弹条约》"
ALLOWED = ["clipboard-read", "clipboard-write"]
BESIDE = {"width": 1440, "height": 900}


class Asked:
    """The API of one server."""

    def __init__(self, address: str) -> None:
        self._client = httpx.Client(base_url=address, trust_env=False, timeout=30)

    def timeline(self, topic: str, status: int = 200) -> dict[str, Any]:
        return self._read(self._client.get("/api/timeline", params={"q": topic}), status)

    def verify(self, text: str, work: str | None = None, status: int = 200) -> dict[str, Any]:
        claimed = {"claimed": {"work": work}} if work else {}
        return self._read(self._client.post("/api/verify", json={"text": text, **claimed}), status)

    def passage(self, name: str, form: str) -> str:
        return self._client.get(f"/api/passages/{name}", params={"format": form}).raise_for_status().text

    def dates(self) -> dict[str, datetime.date]:
        held = self._client.get("/api/documents").raise_for_status().json()["documents"]
        return {document["work"]: datetime.date.fromisoformat(document["date"]) for document in held}

    @staticmethod
    def _read(reply: httpx.Response, status: int) -> dict[str, Any]:
        assert reply.status_code == status, reply.text[:300]
        held: dict[str, Any] = reply.json()
        return held


@pytest.fixture(scope="module")
def api(served: str) -> Iterator[Asked]:
    yield Asked(served)


def address(served: str, view: str, **query: str) -> str:
    return str(httpx.URL(f"{served}/{view}", params=query))


def day(date: datetime.date, language: str = "en") -> str:
    said = STRINGS[language]
    month = said["months"][date.month - 1]
    return str(said["day"].format(year=date.year, number=date.month, month=month, day=date.day))


def put(page: Page, name: str, text: str, button: str) -> None:
    """Fills the field that is called `name` in and sends the form; `name` and `button` are words of the interface."""
    said = STRINGS[page.locator("html").get_attribute("lang") or ""]
    page.get_by_label(said[name], exact=True).fill(text)
    page.get_by_role("main").get_by_role("button", name=said[button], exact=True).click()


# A topic by date.


def columns(page: Page) -> list[dict[str, Any]]:
    """What the picture draws, from left to right as written: dates, the links above them in order, and where."""
    drawn: list[dict[str, Any]] = page.locator(".picture > svg").evaluate_all(
        """columns => columns.map(column => {
            const middle = node => { const r = node.getBoundingClientRect(); return (r.left + r.right) / 2 }
            const box = node => { const r = node.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom] }
            return {
              title: column.querySelector(':scope > title').textContent,
              x: middle(column.querySelector('circle')),
              empty: column.querySelector('circle').classList.contains('empty'),
              fill: getComputedStyle(column.querySelector('circle')).fill,
              blocks: [...column.querySelectorAll('a[aria-label]')].map(link => ({
                to: link.getAttribute('href'), name: link.getAttribute('aria-label'),
                text: link.textContent, x: middle(link.querySelector('rect')), box: box(link.querySelector('rect')),
              })),
              others: [...column.querySelectorAll('a:not([aria-label])')].map(
                link => [link.getAttribute('href'), link.textContent]),
            }
        })"""
    )
    return drawn


@pytest.mark.parametrize("topic", ["INF", "核武器", "NPT 2022"])
def test_the_picture_shows_the_quotes_of_every_statement(opened: Opened, served: str, api: Asked, topic: str) -> None:
    held, dates = api.timeline(topic), api.dates()
    quotes = {entry["work"]["id"]: entry["quotes"] for entry in held["entries"]}
    drawn = columns(opened(address(served, "timeline", q=topic)))
    assert len(drawn) == 3 and quotes
    for column, (work, date) in zip(drawn, sorted(dates.items(), key=lambda pair: pair[1]), strict=True):
        here = quotes.get(work, [])
        empty = "" if here else f": {STRINGS['en']['none_quoted']}"
        assert (column["title"], column["empty"]) == (day(date) + empty, not here)
        assert [block["to"] for block in column["blocks"]] == [f"#{quote['passage_id']}" for quote in here[:8]]
        left = STRINGS["en"]["others_n"].format(n=len(here) - 8)
        assert column["others"] == [[f"#{quote['passage_id']}", left] for quote in here[8:9]]
        best = min(here, key=lambda quote: quote["number"], default=None)
        for block, quote in zip(column["blocks"], here[:8], strict=True):
            number = quote["citation"]["paragraph"]
            paragraph = f"{day(date)}, {STRINGS['en']['paragraph'].format(n=number)}"
            assert block["name"] == paragraph + (f", {STRINGS['en']['best']}" if quote is best else "")
            assert block["text"] == f"¶ {number}"
    assert len({column["fill"] for column in drawn}) == len({bool(column["empty"]) for column in drawn})


@pytest.mark.parametrize("width", [390, 1440])
def test_places_on_the_line_are_proportional_to_the_dates(opened: Opened, served: str, api: Asked, width: int) -> None:
    page = opened(address(served, "timeline", q="核武器"), viewport={"width": width, "height": 900})
    drawn, dates = columns(page), sorted(api.dates().values())
    first, last = drawn[0]["x"], drawn[-1]["x"]
    assert last - first > page.locator(".picture").evaluate("picture => picture.clientWidth") / 2
    for column, date in zip(drawn, dates, strict=True):
        assert (column["x"] - first) / (last - first) == pytest.approx(
            (date - dates[0]) / (dates[-1] - dates[0]), abs=0.01
        )
    boxes = [block["box"] for column in drawn for block in column["blocks"]]
    assert all(block["x"] == pytest.approx(column["x"], abs=1) for column in drawn for block in column["blocks"])
    assert all(0 <= left and right <= width for left, _, right, _ in boxes)
    for place, one in enumerate(boxes):
        for other in boxes[place + 1 :]:
            assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


@pytest.mark.parametrize(("name", "javascript"), [("un-cd-2019/7", True), ("peoples-daily-2025/9", False)])
def test_a_block_opens_its_quote(opened: Opened, served: str, name: str, javascript: bool) -> None:
    page = opened(address(served, "timeline", q="外空"), java_script_enabled=javascript)
    page.locator(f'.picture a[href="#{name}"]').click()
    target = page.locator(".card:target")
    expect(target).to_have_attribute("data-passage", name)
    expect(target.locator("blockquote")).to_be_in_viewport()
    expect(page).to_have_url(f"{address(served, 'timeline', q='外空')}#{name}")


def test_what_has_no_room_is_a_link_to_the_next_quote(opened: Opened, served: str) -> None:
    page = opened(address(served, "timeline", q="核武器"))
    page.locator(".picture a:not([aria-label])").click()
    expect(page.locator(".card:target")).to_be_in_viewport()
    expect(page.locator(".entry:has(:target) .card")).to_have_count(11)
    expect(page.locator(".entry .card:nth-child(9):target")).to_have_count(1)


def test_a_block_is_opened_by_the_keyboard(opened: Opened, served: str) -> None:
    page = opened(address(served, "timeline", q="NPT"))
    page.get_by_label(STRINGS["en"]["topic"], exact=True).focus()
    page.keyboard.press("Tab")  # the button
    page.keyboard.press("Tab")
    expect(page.locator(".picture a").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".card:target")).to_have_attribute("data-passage", "un-cd-2019/10")


@pytest.mark.parametrize("topic", ["NPT", "外空", "INF"])
def test_wording_is_the_apis(opened: Opened, served: str, api: Asked, topic: str) -> None:
    held, dates = api.timeline(topic), api.dates()
    page = opened(address(served, "timeline", q=topic))
    shown = page.locator("section.change").all()
    assert len(shown) == len(held["changes"]) > 0
    for section, change in zip(shown, held["changes"], strict=True):
        between = STRINGS["en"]["change"].format(before=day(dates[change["before"]]), after=day(dates[change["after"]]))
        assert section.locator("h2").text_content() == section.get_attribute("aria-label") == between
        kinds = {"stayed": [kept["after"] for kept in change["stayed"]], "went": change["went"], "came": change["came"]}
        assert section.locator("h3").all_text_contents() == [STRINGS["en"][kind] for kind in kinds if kinds[kind]]
        for kind, extracts in kinds.items():
            lines = section.locator(f"ul.{kind} li")
            assert lines.locator("q").all_text_contents() == [extract["text"] for extract in extracts]
            assert lines.locator("a").evaluate_all("links => links.map(link => link.getAttribute('href'))") == [
                f"/p/{extract['passage_id']}" for extract in extracts
            ]
    mentions = page.locator(".mentions dd").all_text_contents()
    assert mentions == [day(dates[held[end]["work"]]) for end in ("first", "last")]


def test_every_statements_cards_are_its_quotes_in_order(opened: Opened, served: str, api: Asked) -> None:
    page = opened(address(served, "timeline", q="外空"))
    for entry in api.timeline("外空")["entries"]:
        cards = page.locator(f'section.entry[id="{entry["work"]["id"]}"] .card')
        assert cards.locator("blockquote").all_text_contents() == [quote["text"] for quote in entry["quotes"]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_topic_is_typed_in_and_shown_in_the_readers_language(
    opened: Opened, served: str, api: Asked, language: str
) -> None:
    page = opened(f"{served}/timeline", locale=language)
    assert page.locator(".picture, .entry, .silence, .verdict").count() == 0
    put(page, "topic", "NPT", "show")
    expect(page).to_have_url(address(served, "timeline", q="NPT"))
    expect(page.locator("html")).to_have_attribute("lang", language)
    dates = sorted(api.dates().values())
    assert [column["title"] for column in columns(page)] == [day(date, language) for date in dates]
    assert page.locator(".entry .date").all_text_contents() == [day(date, language) for date in dates]
    expect(page.get_by_role("group", name=STRINGS[language]["picture"])).to_be_visible()
    expect(page.get_by_label(STRINGS[language]["topic"], exact=True)).to_have_value("NPT")


def test_a_topic_that_nothing_treats_is_said_to_be_so(opened: Opened, served: str, api: Asked) -> None:
    held = api.timeline(NOTHING)
    page = opened(address(served, "timeline", q=NOTHING))
    assert not held["answered"] and len(held["nearest"]) > 0
    expect(page.locator(".silence")).not_to_be_empty()
    expect(page.get_by_role("heading", name=STRINGS["en"]["nearest"])).to_be_visible()
    shown = page.locator(".cards.muted .card blockquote").all_text_contents()
    assert shown == [passage["text"] for passage in held["nearest"]]
    assert page.locator(".picture, .entry, .change, .mentions").count() == 0


@pytest.mark.parametrize("topic", ["x" * (LONGEST + 1), "?!"])
def test_a_bad_topic_says_what_to_do(opened: Opened, served: str, api: Asked, topic: str) -> None:
    page = opened(address(served, "timeline", q=topic), excused="422")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text(STRINGS["en"]["failed"])
    expect(alert.locator("[lang=en]")).to_have_text(api.timeline(topic, 422)["detail"])
    expect(page.get_by_label(STRINGS["en"]["topic"], exact=True)).to_have_value(topic)
    assert page.locator(".picture, .entry, .card, .silence").count() == 0


# The check of a quotation.


def check(page: Page, text: str, work: str = "") -> None:
    said = STRINGS[page.locator("html").get_attribute("lang") or ""]
    if work:
        page.get_by_label(said["claimed"]).select_option(work)
    put(page, "quotation", text, "verify")


def expect_verdict(page: Page, verdict: str, language: str = "en", reason: str = "") -> None:
    said = STRINGS[language]
    expect(page.get_by_role("heading", level=2).first).to_contain_text(said[verdict])
    shown = page.locator(f"section.verdict.{verdict} > p").first
    expect(shown).to_have_text(f"{said[f'{verdict}_text']} {said[reason]}" if reason else said[f"{verdict}_text"])


@pytest.mark.parametrize("javascript", [True, False])
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_altered_quotation_is_shown_beside_its_source(
    opened: Opened, served: str, language: str, javascript: bool
) -> None:
    page = opened(f"{served}/verify", locale=language, java_script_enabled=javascript)
    check(page, ALTERED)
    expect(page).to_have_url(address(served, "verify", text=ALTERED, work=""))
    expect_verdict(page, "altered", language)
    said, edits = STRINGS[language], page.locator(".edits li")
    expect(edits).to_have_count(1)
    expect(edits).to_have_class("critical")
    expect(edits.locator("del")).to_have_text("谴责")
    expect(edits.locator("ins")).to_have_text("欢迎")
    expect(edits.locator(".flag")).to_have_text(said["kinds"]["reversal"])
    expect(edits).to_contain_text(said["critical"])
    quoted, source = page.locator(".verdict .sides > div").all()
    for side, heading, text, marked in ((quoted, "as_quoted", ALTERED, "欢迎"), (source, "in_source", EXACT, "谴责")):
        expect(side.locator(".whose")).to_have_text(said[heading])
        expect(side.locator("p:not(.whose)")).to_have_text(text)
        assert side.locator("mark").all_text_contents() == [marked]
    expect(page.get_by_role("heading", name=said["nearest_source"])).to_be_visible()
    expect(page.locator(".card")).to_have_attribute("data-passage", PLACE)
    expect(page.get_by_label(said["quotation"], exact=True)).to_have_value(ALTERED)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_other_verdict_in_every_language(opened: Opened, served: str, language: str) -> None:
    said = STRINGS[language]
    page = opened(f"{served}/verify", locale=language)
    check(page, "雙方譴責將商業航天系統用於干涉主權國家內政")
    expect_verdict(page, "found", language)
    expect(page.locator(".verdict .soft")).to_have_text(said["writing"].format(text=said["differences"]["script"]))
    assert page.locator(".card blockquote mark").all_text_contents() == [EXACT]
    check(page, EXACT, "cn-ru-2019")
    expect_verdict(page, "misattributed", language)
    expect(page.get_by_label(said["claimed"])).to_have_value("cn-ru-2019")
    expect(page.locator(".card")).to_have_attribute("data-passage", PLACE)
    check(page, ALTERED, "cn-ru-2019")
    expect_verdict(page, "altered", language, "elsewhere")
    check(page, "双方决定在月球背面合作开设一家面馆", "")
    expect_verdict(page, "not_found", language)
    expect(page.locator(".card, .outside")).to_have_count(0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_stands_outside_of_the_body_is_shown_as_such(
    opened: Opened, served: str, collection: Collection, language: str
) -> None:
    page, text = opened(f"{served}/verify", locale=language), "中央纪委国家监委网站讯"
    (whole,) = [held.text for held in collection.store.passages("xinhua-2025") if held.text.startswith(text)]
    check(page, text)
    expect_verdict(page, "not_found", language, "outside_body")
    outside = page.locator(".outside")
    assert outside.locator("p").last.text_content() == whole
    expect(outside.locator("p").first).to_have_text(f"{STRINGS[language]['roles']['unrelated']} · xinhua-2025")
    expect(page.locator(".card")).to_have_count(0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_quotation_leaves_out_is_named(opened: Opened, served: str, api: Asked, language: str) -> None:
    page, said = opened(f"{served}/verify", locale=language), STRINGS[language]
    cuts = [cut for passage in api.verify(TRUNCATED)["passages"] for cut in passage["cuts"]]
    check(page, TRUNCATED)
    expect_verdict(page, "found", language)
    shown = page.locator(".edits li.critical")
    assert shown.locator("q").all_text_contents() == [cut["text"] for cut in cuts] == ["不", "不"]
    assert shown.locator(".flag").all_text_contents() == [said["kinds"]["negation"]] * 2
    expect(shown.first).to_contain_text(said["truncated"].format(text="").strip())


@pytest.mark.parametrize("between", ["", "\n"])
def test_the_longest_quotation_that_is_allowed_is_checked(
    opened: Opened, served: str, collection: Collection, between: str
) -> None:
    text = between.join(passage.text for passage in collection.store.body("hant-2022"))[:LONGEST_QUOTATION]
    assert len(text) == LONGEST_QUOTATION
    page = opened(f"{served}/verify")
    check(page, text)
    assert len(page.url) > 40_000
    expect(page.get_by_label(STRINGS["en"]["quotation"], exact=True)).to_have_value(text)
    expect_verdict(page, "found")
    assert page.locator(".card").count() > 5


@pytest.mark.parametrize(("text", "work"), [("核", ""), (EXACT, "no-such-work"), ("核" * (LONGEST_QUOTATION + 1), "")])
def test_a_quotation_that_cannot_be_checked_says_what_to_do(
    opened: Opened, served: str, api: Asked, text: str, work: str
) -> None:
    page = opened(address(served, "verify", text=text, work=work), excused="422")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text(STRINGS["en"]["failed"])
    expect(alert.locator("[lang=en]")).to_have_text(api.verify(text, work, 422)["detail"])
    expect(page.get_by_label(STRINGS["en"]["quotation"], exact=True)).to_have_value(text)
    assert page.locator(".card, section.verdict").count() == 0


@pytest.mark.parametrize(
    ("question", "language"), [("外空军备竞赛", "zh-Hans"), ("核武器", "zh-Hant"), ("INF", "en"), ("ДНЯО", "ru")]
)
def test_every_quote_of_an_answer_is_found_by_its_link(
    opened: Opened, served: str, question: str, language: str
) -> None:
    page = opened(address(served, "", q=question), locale=language)
    cards = page.locator(".turn .card")
    names = cards.evaluate_all("cards => cards.map(card => card.dataset.passage)")
    texts = cards.locator("blockquote").all_text_contents()
    assert len(names) >= 2
    for place, (name, text) in enumerate(zip(names, texts, strict=True)):
        cards.nth(place).get_by_role("link", name=STRINGS[language]["check"], exact=True).click()
        expect_verdict(page, "found", language)
        marked = page.locator(f'.card[data-passage="{name}"] blockquote mark').text_content() or ""
        assert text.startswith(marked) and text.removeprefix(marked) in ("", "。")  # no word is left unmarked
        page.go_back()


# Both.


@pytest.mark.parametrize(
    ("view", "query"), [("timeline", {"q": "外空"}), ("verify", {"text": EXACT})], ids=["timeline", "verify"]
)
def test_quotes_are_copied_and_opened_in_place_there_too(
    opened: Opened, served: str, api: Asked, view: str, query: dict[str, str]
) -> None:
    said = STRINGS["en"]
    page = opened(address(served, view, **query), viewport=BESIDE, permissions=ALLOWED)
    card = page.locator(f'.card[data-passage="{PLACE if view == "verify" else "peoples-daily-2025/9"}"]')
    name, text = card.get_attribute("data-passage") or "", card.locator("blockquote").text_content()
    card.get_by_role("button", name=said["copy_quote"]).click()
    expect(page.locator("#said")).to_have_text(said["copied"])
    assert page.evaluate("navigator.clipboard.readText()") == f"{text}\n\n{api.passage(name, 'apa-7').strip()}"
    card.get_by_role("link", name=said["open_in_place"]).click()
    panel = page.get_by_role("complementary", name=said["panel"])
    expect(panel.locator("[aria-current=true]")).to_have_text(text or "")
    expect(panel.locator("[aria-current=true]")).to_be_in_viewport()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(card.get_by_role("link", name=said["open_in_place"])).to_be_focused()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_header_leads_to_the_views_and_marks_the_current_one(opened: Opened, served: str, language: str) -> None:
    page, said = opened(f"{served}/p/{PLACE}", locale=language), STRINGS[language]
    views = page.get_by_role("navigation", name=said["views"], exact=True)
    labels = {"": said["ask_view"], "timeline": said["timeline_view"], "verify": said["verify_view"]}
    assert views.get_by_role("link").all_text_contents() == [*labels.values()]
    assert views.locator("[aria-current]").count() == 0
    for view, label in labels.items():
        views.get_by_role("link", name=label, exact=True).click()
        expect(page).to_have_url(f"{served}/{view}")
        assert views.locator("[aria-current=page]").all_text_contents() == [label]


def test_both_forms_work_without_a_script(opened: Opened, served: str, api: Asked) -> None:
    page = opened(f"{served}/timeline", java_script_enabled=False)
    put(page, "topic", "NPT", "show")
    assert page.locator(".entry .card").evaluate_all("cards => cards.map(card => card.dataset.passage)") == [
        quote["passage_id"] for entry in api.timeline("NPT")["entries"] for quote in entry["quotes"]
    ]
    expect(page.locator(".scripted").first).to_be_hidden()
    card = page.locator('.card[data-passage="peoples-daily-2025/18"]')
    card.get_by_role("link", name=STRINGS["en"]["open_in_place"]).click()
    expect(page).to_have_url(f"{served}/p/peoples-daily-2025/18#p18")
    page.go_back()
    card.get_by_role("link", name=STRINGS["en"]["check"], exact=True).click()
    expect_verdict(page, "found")
