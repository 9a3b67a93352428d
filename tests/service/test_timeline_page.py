"""The timeline page: what /api/timeline says, as a picture by date and as quotes with what their wording became."""

import datetime
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import html

from service.app import create_app
from service.collection import Collection
from service.doors import interface, timeline_page
from service.ingestion import ingest
from service.settings import Settings

BASE = "http://127.0.0.1:8000"
EDGE, APART, TALL = 9, 9, 8  # percent, percent, quotes above one date
WORDS: dict[str, dict[str, Any]] = tomllib.loads(
    (Path(interface.__file__).parent / "web" / "strings.toml").read_text("utf-8")
)
SIGNS = {"stayed": "=", "went": "−", "came": "+"}
TOPICS = ["NPT", "外空", "中导条约", "北約", "ПРО", "nuclear weapons", "what was said about AUKUS since 2022", "双方"]
DAYS = {"2019-06-05": "5 June 2019", "2022-02-04": "4 February 2022", "2025-05-08": "8 May 2025"}


def page(reply: Response, status: int = 200) -> html.HtmlElement:
    assert reply.status_code == status, reply.text[:300]
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    return html.document_fromstring(reply.content)


def visit(client: TestClient, topic: str, language: str = "en") -> html.HtmlElement:
    return page(client.get("/timeline?" + urlencode({"q": topic, "lang": language})))


def told(client: TestClient, topic: str) -> dict[str, Any]:
    return {**client.get("/api/timeline", params={"q": topic}).json()}


def of(name: str) -> str:
    """An XPath predicate: of this class."""
    return f"[contains(concat(' ', @class, ' '), ' {name} ')]"


def text(node: html.HtmlElement) -> str:
    return str(node.text_content())


def texts(node: html.HtmlElement, path: str) -> list[str]:
    return [text(held) for held in node.xpath(path)]


def cards(node: html.HtmlElement) -> list[tuple[str, str, list[str], str]]:
    """Of every card the passage's id, its text, what is marked of it, and its seal."""
    return [
        (
            held.get("data-passage"),
            text(held.xpath(".//blockquote")[0]),
            texts(held, ".//blockquote//mark"),
            text(held.xpath(f"*{of('seal')}")[0]),
        )
        for held in node.xpath(f".//li{of('card')}")
    ]


def expected_cards(quotes: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, list[str], str]]:
    return [
        (
            held["passage_id"],
            held["text"],
            [held["text"][span["start"] : span["end"]] for span in held["highlights"]],
            str(held["citation"]["paragraph"]),
        )
        for held in quotes
    ]


# The picture.


def places(dates: Sequence[datetime.date]) -> list[tuple[datetime.date, float, str]]:
    return list(timeline_page._places(sorted(dates)))


@given(st.lists(st.dates(), min_size=1, max_size=15, unique=True))
@example([datetime.date(1, 1, 1), datetime.date(9999, 12, 31), datetime.date(5000, 1, 1)])
@example([datetime.date(2019, 12, 31), datetime.date(2020, 1, 1)])
def test_dates_keep_their_order_and_distances_between_the_edges(dates: list[datetime.date]) -> None:
    placed = places(dates)
    assert [date for date, *_ in placed] == sorted(dates)
    first, last = min(dates), max(dates)
    for date, x, _ in placed:
        share = (date - first) / (last - first) if first < last else 0.5
        assert x == pytest.approx(EDGE + (100 - 2 * EDGE) * share)


@given(st.lists(st.dates(), min_size=1, max_size=30, unique=True))
@example([datetime.date(year, 6, 1) for year in range(2000, 2030)])
@example([datetime.date(2019, month, 1) for month in range(1, 13)])
def test_years_are_written_where_there_is_room_and_never_too_close(dates: list[datetime.date]) -> None:
    written = None
    for date, x, year in places(dates):
        has_room = written is None or x - written >= APART
        assert year == (str(date.year) if has_room else "")
        written = x if has_room else written


def columns(tree: html.HtmlElement) -> list[html.HtmlElement]:
    return list(tree.xpath(f"//svg{of('picture')}/svg"))


def blocks(column: html.HtmlElement) -> list[html.HtmlElement]:
    return list(column.xpath("a[rect][contains(@aria-label, ',')]"))


@pytest.mark.parametrize("topic", TOPICS)
def test_the_picture_opens_the_quotes_of_every_dated_statement(client: TestClient, topic: str) -> None:
    tree, held = visit(client, topic), told(client, topic)
    quoted = {entry["work"]["date"]: entry for entry in held["entries"]}
    (picture,) = tree.xpath(f"//svg{of('picture')}")
    assert (picture.get("role"), picture.get("aria-label")) == ("group", WORDS["en"]["picture"])
    days = [datetime.date.fromisoformat(day) for day in DAYS]
    span = days[-1] - days[0]
    for column, day, date in zip(columns(tree), DAYS, days, strict=True):
        assert column.get("x") == f"{round(EDGE + (100 - 2 * EDGE) * ((date - days[0]) / span), 2)}%"
        assert texts(column, f"text{of('year')}") == [day[:4]]
        quotes = quoted[day]["quotes"] if day in quoted else []
        title = DAYS[day] if quotes else f"{DAYS[day]}: {WORDS['en']['none_quoted']}"
        assert texts(column, "title") == [title]
        best = min((quote["number"] for quote in quotes), default=0)
        for block, held_quote in zip(blocks(column), quotes[:TALL], strict=True):
            paragraph = held_quote["citation"]["paragraph"]
            assert texts(block, "text") == [f"¶ {paragraph}"]
            label = f"{DAYS[day]}, {WORDS['en']['paragraph'].format(n=paragraph)}"
            is_best = held_quote["number"] == best
            assert block.get("aria-label") == label + (f", {WORDS['en']['best']}" if is_best else "")
            assert tree.xpath("//li[@id=$name]/@data-passage", name=block.get("href").removeprefix("#")) == [
                held_quote["passage_id"]
            ]


def test_what_is_drawn_stays_within_the_picture_and_apart(client: TestClient) -> None:
    for topic in TOPICS:
        (picture,) = visit(client, topic).xpath(f"//svg{of('picture')}")
        line, height = float(picture.xpath("line/@y1")[0]), float(picture.get("height"))
        for column in picture.xpath("svg"):
            rects = sorted((float(r.get("y")), float(r.get("height"))) for r in column.xpath(".//rect"))
            assert all(y >= 0 and y + tall < line < height for y, tall in rects), topic
            assert all(y + tall <= below for (y, tall), (below, _) in zip(rects, rects[1:], strict=False)), topic
            years = [float(y) for y in column.xpath(f"text{of('year')}/@y")]
            assert all(line < y < height for y in years)


def test_more_than_eight_quotes_are_counted_and_the_next_one_opens(client: TestClient) -> None:
    counted = 0
    for topic in ("双方", "nuclear weapons", "战略稳定"):
        tree, held = visit(client, topic), told(client, topic)
        quotes = {entry["work"]["date"]: entry["quotes"] for entry in held["entries"]}
        for column, day in zip(columns(tree), DAYS, strict=True):
            number = len(quotes.get(day, []))
            others = [link for link in column.xpath("a") if link not in blocks(column)]
            assert len(blocks(column)) == min(number, TALL)
            assert [(text(link), link.get("href")) for link in others] == [
                (WORDS["en"]["others_n"].format(n=number - TALL), f"#{held['passage_id']}")
                for held in quotes.get(day, [])[TALL : TALL + 1]
            ]
            counted += len(others)
    assert counted >= 3


# The quotes and the changes.


@pytest.mark.parametrize("topic", TOPICS)
def test_the_page_says_what_the_api_says(client: TestClient, topic: str) -> None:
    tree, held = visit(client, topic), told(client, topic)
    assert held["answered"] and not held["nearest"]
    sections = tree.xpath(f"//section{of('entry')}")
    assert [node.get("id") for node in sections] == [entry["work"]["id"] for entry in held["entries"]]
    for node, entry in zip(sections, held["entries"], strict=True):
        assert cards(node) == expected_cards(entry["quotes"])
        assert node.xpath(f".//li{of('card')}/@id") == [q["passage_id"] for q in entry["quotes"]]
        assert texts(node, "h2") == [f"{DAYS[entry['work']['date']]} {entry['work']['titles']['en']}"]
    mentions = [DAYS[held[name]["date"]] for name in ("first", "last")]
    assert texts(tree, f"//dl{of('mentions')}//dd") == mentions
    assert texts(tree, f"//dl{of('mentions')}//dt") == [WORDS["en"]["first"], WORDS["en"]["latest"]]
    assert not tree.xpath(f"//p{of('silence')} | //*[@role='alert'] | //h2{of('nearest')}")
    assert tree.xpath("//head/title/text()") == [f"{topic} · 引据 Yinju"]
    assert tree.xpath("//input[@name='q']/@value") == [topic]


def extracts(change: html.HtmlElement, kind: str) -> list[tuple[str, str, str, str]]:
    nodes = change.xpath(f"ul{of(kind)}/li")
    return [
        (
            text(node.xpath(f"*{of('sign')}")[0]),
            text(node.xpath("q")[0]),
            text(node.xpath("a")[0]),
            node.xpath("a/@href")[0],
        )
        for node in nodes
    ]


@pytest.mark.parametrize("topic", TOPICS)
def test_every_change_stands_before_the_statement_that_made_it(client: TestClient, topic: str) -> None:
    tree, held = visit(client, topic), told(client, topic)
    dates = {entry["work"]["id"]: entry["work"]["date"] for entry in held["entries"]}
    changes = tree.xpath(f"//section{of('change')}")
    assert len(changes) == len(held["changes"])
    for node, change in zip(changes, held["changes"], strict=True):
        assert node.getnext().get("id") == change["after"]
        name = WORDS["en"]["change"].format(before=DAYS[dates[change["before"]]], after=DAYS[dates[change["after"]]])
        assert node.get("aria-label") == name == text(node.xpath("h2")[0])
        told_of = {**change, "stayed": [kept["after"] for kept in change["stayed"]]}
        for kind, sign in SIGNS.items():
            assert extracts(node, kind) == [
                (sign, held["text"], held["passage_id"], f"/p/{held['passage_id']}?lang=en") for held in told_of[kind]
            ]
        kinds = [kind for kind in SIGNS if told_of[kind]]
        assert texts(node, "h3") == [WORDS["en"][kind] for kind in kinds]


def test_wording_is_shown_in_its_own_language_and_the_rest_in_the_readers(client: TestClient) -> None:
    tree = visit(client, "外空", "ru")
    assert tree.get("lang") == "ru"
    assert {*tree.xpath(f"//section{of('change')}//ul{of('came')}//q/@lang")} == {"zh-Hant", "zh-Hans"}
    assert texts(tree, f"//section{of('entry')}/h2/*{of('date')}")[0] == "5 июня 2019 г."
    assert texts(tree, f"//dl{of('mentions')}//dd")[-1] == "8 мая 2025 г."
    assert tree.xpath(f"//svg{of('picture')}//a/@aria-label")[0].startswith("5 июня 2019 г., Абзац ")
    assert "Совместное заявление" in texts(tree, f"//section{of('entry')}/h2")[0]


def test_what_the_reader_should_know_is_noted(client: TestClient) -> None:
    assert [note["code"] for note in told(client, "双方")["interpreted"]["notes"]] == ["not_all"]
    assert texts(visit(client, "双方", "zh-Hans"), f"//ul{of('notes')}/li") == [
        "只显示最相关的 50 段，此前此后可能还有。"
    ]
    assert texts(visit(client, "NPT 1987年"), f"//ul{of('notes')}/li") == [
        "Nothing here is dated 1987; other dates were searched."
    ]
    assert texts(visit(client, "NPT"), f"//ul{of('notes')}/li") == []


@pytest.mark.parametrize(
    ("topic", "silence"), [("bananas", "No paragraph of the collection answers this"), ("бананы", "")]
)
def test_a_topic_that_nothing_treats_shows_the_nearest_as_what_they_are(
    client: TestClient, topic: str, silence: str
) -> None:
    tree, held = visit(client, topic), told(client, topic)
    assert not held["answered"] and held["nearest"]
    (said,) = texts(tree, f"//p{of('silence')}")
    assert said.startswith(silence) and said
    assert [(name, body, seal) for name, body, _, seal in cards(tree)] == [
        (near["passage_id"], near["text"], "¶") for near in held["nearest"]
    ]
    assert texts(tree, f"//h2{of('nearest')}") == [WORDS["en"]["nearest"]]
    assert not tree.xpath(f"//svg{of('picture')} | //section{of('entry')} | //section{of('change')} | //dl")


@pytest.mark.parametrize("query", ["", "?q=", "?q=+%09", "?lang=ru"])
def test_without_a_topic_there_is_only_the_form(client: TestClient, query: str) -> None:
    tree = page(client.get(f"/timeline{query}"))
    (form,) = tree.xpath("//form")
    assert (form.get("action").split("?")[0], form.get("method")) == ("/timeline", "get")
    (box,) = form.xpath(".//input[@name='q']")
    assert (box.get("maxlength"), box.get("required")) == ("2000", "") and box.get("aria-label")
    assert not tree.xpath(f"//svg{of('picture')} | //li{of('card')} | //*[@role='alert'] | //p{of('silence')}")


@pytest.mark.parametrize(
    ("topic", "detail"),
    [
        ("x" * 2001, "the question has 2001 characters; at most 2000 are allowed"),
        ("a\x00b", "the question holds control characters or half a surrogate pair; send plain text"),
        ("…?!", "the question is empty; ask with at least one letter or digit"),
    ],
    ids=["long", "control", "empty"],
)
def test_a_topic_that_cannot_be_searched_is_told_with_what_to_change(
    client: TestClient, topic: str, detail: str
) -> None:
    reply = client.get("/timeline?" + urlencode({"q": topic, "lang": "ru"}))
    tree = page(reply, 422)
    (alert,) = tree.xpath("//*[@role='alert']")
    assert texts(alert, "strong") == [WORDS["ru"]["failed"]] and texts(alert, "*[@lang='en']") == [detail]
    assert reply.headers["content-language"] == "ru" and "etag" not in reply.headers
    assert detail == client.get("/api/timeline", params={"q": topic}).json()["detail"]
    assert not cards(tree) and tree.xpath("//form")


# Statements without a date, and several of one day.

ABOUT = {
    "a": "双方反对外空武器化，主张尽快谈判缔结具有法律约束力的多边文书，防止外空军备竞赛。",
    "b": "各国代表讨论了外空武器化的危险，呼吁各方保持克制，不在外空部署任何武器。",
    "c": "会议认为外空武器化威胁所有国家的安全，应当在日内瓦启动有关外空的谈判。",
    "d": "专家报告指出外空武器化正在加速，建议建立外空透明与建立信任措施的机制。",
    "e": "双方同意扩大农业合作，增加大豆和粮食贸易，并简化检疫手续。",
}
CATALOGUE = "".join(
    f'[works.{name}]\n{date}[documents."文{name}"]\nfile = "{name}.txt"\nwork = "{name}"\n'
    for name, date in {
        "a": "date = 2019-06-05\n",
        "b": "date = 2020-01-02\n",
        "c": "date = 2020-01-02\n",
        "d": "",
        "e": "date = 2021-03-04\n",
    }.items()
)


def served(folder: Path, names: str) -> TestClient:
    (folder / "in").mkdir(exist_ok=True)
    for name in names:
        filler = f"双方支持两国青年在{name}地开展文化交流，扩大互派留学生规模。"
        (folder / "in" / f"{name}.txt").write_text(f"{ABOUT[name]}\n{filler}\n", "utf-8")
    kept = [part for part in CATALOGUE.split("[works.") if part[:1] and part[0] in names]
    (folder / "in" / "catalogue.toml").write_text("".join(f"[works.{part}" for part in kept), "utf-8")
    made = Collection(Settings(data=folder / "data"))
    assert [report.problem for report in ingest(made.store, [folder / "in"])] == [None] * len(names)
    made.build_index()
    return TestClient(create_app(made), base_url=BASE)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    yield served(tmp_path_factory.mktemp("ours"), "abcde")


def test_statements_without_a_date_come_last_and_are_not_drawn(ours: TestClient) -> None:
    tree, held = visit(ours, "外空武器化"), told(ours, "外空武器化")
    assert [entry["work"]["id"] for entry in held["entries"]] == ["a", "b", "c", "d"]
    sections = tree.xpath(f"//section{of('entry')}")
    assert [node.get("id") for node in sections] == ["a", "b", "c", "d"]
    assert texts(sections[-1], f"h2/*{of('date')}") == [WORDS["en"]["undated"]]
    assert texts(sections[-1], "h2/bdi") == ["d"]  # it has no title
    assert [cards(node) for node in sections] == [expected_cards(entry["quotes"]) for entry in held["entries"]]
    assert len(columns(tree)) == 3 and not tree.xpath(f"//svg{of('picture')}//a[contains(@href, '文d')]")
    assert texts(tree, f"//dl{of('mentions')}//dd") == ["5 June 2019", "2 January 2020"]


def test_every_block_leads_to_its_quote_whatever_the_script_of_its_name(ours: TestClient) -> None:
    tree = visit(ours, "外空武器化")
    links = tree.xpath(f"//svg{of('picture')}//a/@href")
    assert links and {link.removeprefix("#") for link in links} <= {*tree.xpath("//li/@id")}
    for node in tree.xpath(f"//li{of('card')}"):
        assert ours.get(node.xpath(f"a{of('seal')}/@href")[0]).status_code == 200
        assert node.xpath(f"a{of('seal')}/@href")[0].startswith("/p/" + quote(node.get("data-passage")))


def test_no_quote_of_one_day_is_drawn_over_another(ours: TestClient) -> None:
    drawn = [
        (column.get("x"), rect.get("x"), rect.get("y"))
        for column in columns(visit(ours, "外空武器化"))
        for rect in column.xpath(".//rect")
    ]
    assert len(drawn) == 3 and len({*drawn}) == 3


def test_without_any_date_there_are_quotes_and_no_picture(tmp_path: Path) -> None:
    tree = visit(served(tmp_path, "d"), "外空武器化")
    assert len(tree.xpath(f"//section{of('entry')}")) == 1 and cards(tree)
    assert not tree.xpath(f"//svg{of('picture')} | //dl | //section{of('change')}")


def test_one_dated_statement_is_drawn_in_the_middle(tmp_path: Path) -> None:
    tree = visit(served(tmp_path, "ad"), "外空武器化")
    assert [column.get("x") for column in columns(tree)] == ["50.0%"]
    assert texts(tree, f"//svg{of('picture')}//text{of('year')}") == ["2019"]
    assert texts(tree, f"//dl{of('mentions')}//dd") == ["5 June 2019", "5 June 2019"]


def test_without_an_index_the_page_says_so(tmp_path: Path) -> None:
    client = TestClient(create_app(Collection(Settings(data=tmp_path))), base_url=BASE)
    tree = page(client.get("/timeline?q=INF"), 503)
    assert "no index yet" in text(tree.xpath("//*[@role='alert']")[0]) and tree.xpath("//form")
    page(client.get("/timeline"))


def test_an_unreadable_store_is_a_page_that_says_so(tmp_path: Path) -> None:
    client = served(tmp_path, "a")
    held: Collection = client.app.state.collection  # type: ignore[attr-defined]
    fresh = Collection(held.settings)
    for name in ("store.sqlite3-wal", "store.sqlite3-shm"):
        (tmp_path / "data" / name).unlink(missing_ok=True)
    held.settings.store.write_bytes(b"this is no database" * 1000)
    client.app.state.collection = fresh  # type: ignore[attr-defined]
    page(client.get("/timeline?q=INF"), 503)
    page(client.get("/timeline"))


def test_a_topic_is_only_text(client: TestClient) -> None:
    topic = "INF <script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u202e"
    reply = client.get("/timeline?" + urlencode({"q": topic}))
    tree = page(reply)
    assert "<script>" not in reply.text and "<img" not in reply.text
    assert tree.xpath("//input[@name='q']/@value") == [topic]
    assert "\u202e" not in tree.xpath("//head/title/text()")[0]


def test_head_has_no_body(client: TestClient) -> None:
    for path, status in (("/timeline", 200), ("/timeline?q=INF", 200), ("/timeline?q=%00", 422)):
        head = client.head(path)
        assert (head.status_code, head.content) == (status, b"")
        assert {**head.headers} == {**client.get(path).headers}
