"""The page on which a quotation is checked: what /api/verify says, in words, with every change marked in both texts."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from benchmarks.quotations.generation import generated
from corpus import cues, quotation
from corpus.document import Role, Span
from corpus.sentences import sentences
from service.app import create_app
from service.collection import Collection
from service.doors import interface
from service.doors.card import pieces
from service.ingestion import ingest
from service.settings import Settings
from service.verification import Reason, Verdict

BASE = "http://127.0.0.1:8000"
WORDS: dict[str, dict[str, Any]] = tomllib.loads(
    (Path(interface.__file__).parent / "web" / "strings.toml").read_text("utf-8")
)
SIGNS = {"found": "✓", "altered": "≠", "misattributed": "≠", "not_found": "?"}
REASONS = {**{reason.value: reason.value for reason in Reason}, "language": "language_reason"}

CONDEMN = "双方谴责将商业航天系统用于干涉主权国家内政、介入他国武装冲突的行为。"
MARKUP = "双方重申<i>支持</i>《公约》&amp;，主张尽快谈判缔结具有法律约束力的多边文书，反对任何破坏公约的行为和做法。"
SPACE = "双方反对外空武器化，主张尽快谈判缔结具有法律约束力的多边文书，防止外空军备竞赛。"


def page(reply: Response, status: int = 200) -> html.HtmlElement:
    assert reply.status_code == status, reply.text[:300]
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    return html.document_fromstring(reply.content)


def address(quoted: str, work: str = "", language: str = "en") -> str:
    return "/verify?" + urlencode({"lang": language, "text": quoted, "work": work})


def visit(client: TestClient, quoted: str, work: str = "", language: str = "en") -> html.HtmlElement:
    return page(client.get(address(quoted, work, language)))


def told(client: TestClient, quoted: str, work: str | None = None) -> dict[str, Any]:
    claimed = {"claimed": {"work": work}} if work else {}
    reply = client.post("/api/verify", json={"text": quoted, **claimed})
    assert reply.status_code == 200, reply.text
    return {**reply.json()}


def of(name: str) -> str:
    """An XPath predicate: of this class."""
    return f"[contains(concat(' ', @class, ' '), ' {name} ')]"


def text(node: html.HtmlElement) -> str:
    return str(node.text_content())


def texts(node: html.HtmlElement, path: str) -> list[str]:
    return [text(held) for held in node.xpath(path)]


def cut(whole: str, span: list[int]) -> str:
    return whole[span[0] : span[1]]


def sides(tree: html.HtmlElement, language: str = "en") -> tuple[html.HtmlElement, list[html.HtmlElement]]:
    """The paragraph of the quotation, and those of its sources, of what was changed."""
    quoted, source = tree.xpath(f"//section{of('verdict')}//div{of('sides')}/div")
    assert [text(node[0]) for node in (quoted, source)] == [
        WORDS[language][name] for name in ("as_quoted", "in_source")
    ]
    (shown,) = list(quoted)[1:]
    return shown, list(source)[1:]


def edits(tree: html.HtmlElement) -> list[tuple[str, str, str | None]]:
    """What was, what it has become, and what is at stake."""
    found = []
    for node in tree.xpath(f"//section{of('verdict')}//ul{of('edits')}/li[del]"):
        flags = texts(node, f"*{of('flag')}")
        assert (node.get("class") == "critical") is bool(flags)
        found.append((text(node.xpath("del")[0]), text(node.xpath("ins")[0]), flags[0] if flags else None))
    return found


def check_verdict(tree: html.HtmlElement, held: Mapping[str, Any], words: Mapping[str, Any]) -> None:
    (section,) = tree.xpath(f"//section{of('verdict')}")
    verdict = held["verdict"]
    assert section.get("class").split() == ["verdict", verdict]
    assert text(section.xpath("h2")[0]).split(" ", 1) == [SIGNS[verdict], words[verdict]]
    reason = f" {words[REASONS[held['reason']]]}" if held["reason"] else ""
    assert text(section.xpath("p")[0]) == words[f"{verdict}_text"] + reason
    writing = words["comma"].join(words["differences"][name] for name in held["differences"])
    assert texts(section, f"p{of('soft')}") == ([words["writing"].format(text=writing)] if writing else [])
    cuts = [one for quoted in held["passages"] if quoted["place"] == 0 for one in quoted["cuts"]]
    listed = section.xpath(f"ul{of('edits')}/li[q]")
    assert [(text(node.xpath("q")[0]), text(node.xpath(f"*{of('flag')}")[0])) for node in listed] == [
        (one["text"], words["kinds"][one["kind"]]) for one in cuts
    ]
    assert all(node.get("class") == "critical" for node in listed)
    assert bool(section.xpath(f".//li{of('critical')}")) is bool(cuts or any(e["critical"] for e in held["edits"]))


def check_edits(tree: html.HtmlElement, held: Mapping[str, Any], words: Mapping[str, Any], language: str) -> None:
    """Every edit is listed, and marked where it stands in the quotation and in its source."""
    sources = {quoted["passage_id"]: quoted["text"] for quoted in held["passages"]}
    assert edits(tree) == [
        (
            cut(sources[edit["passage_id"]], edit["source"]) or words["nothing"],
            edit["text"] or words["nothing"],
            words["kinds"][edit["kind"]] if edit["kind"] else None,
        )
        for edit in held["edits"]
    ]
    if not held["edits"]:
        assert not tree.xpath(f"//section{of('verdict')}//div{of('sides')}")
        return
    shown, paragraphs = sides(tree, language)
    assert text(shown) == held["text"]
    spans = sorted({tuple(edit["quoted"]) for edit in held["edits"]})
    assert texts(shown, "mark") == [held["text"][start:end] for start, end in spans]
    assert len(paragraphs) == len(held["passages"])
    for paragraph, quoted in zip(paragraphs, held["passages"], strict=True):
        own = sorted({tuple(e["source"]) for e in held["edits"] if e["passage_id"] == quoted["passage_id"]})
        covered = [*quoted["spans"], *own]
        assert text(paragraph) == quoted["text"][min(start for start, _ in covered) : max(end for _, end in covered)]
        assert paragraph.get("lang") == quoted["citation"]["language"]
        assert texts(paragraph, "mark") == [quoted["text"][first:last] for first, last in own]
    empty = tree.xpath(f"//div{of('sides')}//mark[not(node())]")
    assert all((node.get("role"), node.get("aria-label")) == ("img", words["nothing_here"]) for node in empty)


def check_places(tree: html.HtmlElement, held: Mapping[str, Any], words: Mapping[str, Any]) -> None:
    cards = tree.xpath(f"//ol/li{of('card')}")
    assert [node.get("data-passage") for node in cards] == [quoted["passage_id"] for quoted in held["passages"]]
    for node, quoted in zip(cards, held["passages"], strict=True):
        assert text(node.xpath(".//blockquote")[0]) == quoted["text"]
        assert texts(node, ".//blockquote//mark") == [cut(quoted["text"], span) for span in quoted["spans"]]
    heading = "nearest_source" if held["verdict"] == "altered" else "where"
    assert texts(tree, f"//h2{of('where')}") == ([words[heading]] if cards else [])
    outside = tree.xpath(f"//div{of('outside')}")
    # Both start with where it stands: the part of the page, and the document.
    assert [(text(node[0]), text(node[1])) for node in outside] == [
        (f"{words['roles'][Role(one['role']).name.lower()]} · {one['document']}", one["text"])
        for one in held["outside"]
    ]


def check(client: TestClient, quoted: str, work: str | None = None, language: str = "en") -> str:
    """The page of a quotation against what /api/verify says; the verdict."""
    held, tree = told(client, quoted, work), visit(client, quoted, work or "", language)
    words = WORDS[language]
    check_verdict(tree, held, words)
    check_edits(tree, held, words, language)
    check_places(tree, held, words)
    return str(held["verdict"])


# What is said.


def test_of_hundreds_of_quotations_the_page_says_what_the_api_says(client: TestClient, collection: Collection) -> None:
    verdicts: list[str] = []
    languages = list(WORDS)
    for number, case in enumerate(generated(collection.store, per_kind=1)):
        work = case.claimed.work if case.claimed and not case.claimed.document else None
        verdicts.append(check(client, case.text, work, languages[number % 4]))
    assert len(verdicts) > 120 and {*verdicts} == {verdict.value for verdict in Verdict}


@st.composite
def spoiled(draw: st.DrawFn) -> tuple[int, list[tuple[float, float, str]]]:
    """Which sentence, and what is put in the place of which parts of it."""
    change = st.tuples(
        st.floats(0, 1), st.floats(0, 0.2), st.sampled_from(["", "不", "2030", "美国", "<b>&amp;", "，"])
    )
    return draw(st.integers(0, 10_000)), draw(st.lists(change, min_size=1, max_size=4))


@given(spoiled())
@settings(deadline=None, max_examples=60)
def test_the_pieces_of_any_spoiled_quotation_are_its_text(
    client: TestClient, collection: Collection, made: tuple[int, list[tuple[float, float, str]]]
) -> None:
    which, changes = made
    body = collection.store.body("peoples-daily-2025")
    found = [span.of(passage.text) for passage in body for span in sentences(passage.text)]
    quoted = found[which % len(found)]
    for place, length, put in changes:
        start = round(place * len(quoted))
        quoted = quoted[:start] + put + quoted[start + round(length * len(quoted)) :]
    quoted = f"{quoted}双方重申。".strip()
    check(client, quoted)


@given(st.text(max_size=40), st.lists(st.tuples(st.integers(0, 45), st.integers(0, 45)), max_size=8))
def test_pieces_are_always_the_whole_text(held: str, edges: list[tuple[int, int]]) -> None:
    spans = sorted(Span(*sorted(min(edge, len(held)) for edge in pair)) for pair in edges)
    cut_ = list(pieces(held, spans))
    assert "".join(piece for piece, _ in cut_) == held
    assert all(piece for piece, is_marked in cut_ if not is_marked)


def test_a_found_quotation_is_marked_in_its_place(client: TestClient) -> None:
    quoted = "將商業航天系統用於干涉主權國家內政"
    tree = visit(client, quoted)
    assert texts(tree, "//h2[@id='verdict']") == ["✓ Found"]
    (first, *_) = tree.xpath(f"//li{of('card')}")
    assert first.get("data-passage") == "peoples-daily-2025/11"
    assert texts(first, ".//blockquote//mark") == ["将商业航天系统用于干涉主权国家内政"]
    assert texts(tree, f"//section{of('verdict')}/p{of('soft')}") == ["Differences in the writing alone: script"]
    assert texts(tree, f"//section{of('verdict')}//ul{of('edits')}//q") == ["谴责"]


def test_an_altered_quotation_shows_what_was_changed_in_both_texts(client: TestClient) -> None:
    tree = visit(client, CONDEMN.replace("谴责", "欢迎"), language="ru")
    words = WORDS["ru"]
    assert texts(tree, "//h2[@id='verdict']") == [f"≠ {words['altered']}"]
    assert edits(tree) == [("谴责", "欢迎", words["kinds"]["reversal"])]
    assert words["critical"] in text(tree.xpath(f"//li{of('critical')}")[0])
    quoted, (source,) = sides(tree, "ru")
    assert (text(quoted), texts(quoted, "mark")) == (CONDEMN.replace("谴责", "欢迎"), ["欢迎"])
    assert (text(source), texts(source, "mark")) == (CONDEMN.rstrip("。"), ["谴责"])


def test_what_was_put_in_or_left_out_is_marked_where_it_is_missing(client: TestClient) -> None:
    tree = visit(client, CONDEMN.replace("谴责", ""))
    assert edits(tree) == [("谴责", WORDS["en"]["nothing"], WORDS["en"]["kinds"]["reversal"])]
    quoted, _ = sides(tree)
    (mark,) = quoted.xpath("mark")
    assert (mark.get("role"), mark.get("aria-label"), text(mark)) == ("img", WORDS["en"]["nothing_here"], "")
    assert mark.getparent().text == "双方" and mark.tail.startswith("将商业航天")
    tree = visit(client, CONDEMN.replace("谴责", "不谴责"))
    assert edits(tree) == [(WORDS["en"]["nothing"], "不", WORDS["en"]["kinds"]["negation"])]
    _, (source,) = sides(tree)
    assert texts(source, "mark") == [""] and source.xpath("mark")[0].getparent().text == "双方"


@pytest.mark.parametrize(
    ("work", "verdict"),
    [("", "found"), ("cn-ru-2025", "found"), ("cn-ru-2019", "misattributed"), ("cn-ru-2022", "misattributed")],
)
def test_a_claim_counts(client: TestClient, work: str, verdict: str) -> None:
    assert check(client, CONDEMN, work or None) == verdict
    tree = visit(client, CONDEMN, work)
    assert tree.xpath("//select[@name='work']/option[@selected]/@value") == ([work] if work else [])
    assert tree.xpath("//select[@name='work']/option/@value") == ["", "cn-ru-2025", "cn-ru-2022", "cn-ru-2019"]


def test_a_near_quotation_from_elsewhere_says_so(client: TestClient) -> None:
    quoted = CONDEMN.replace("谴责", "欢迎")
    assert check(client, quoted, "cn-ru-2019", "zh-Hans") == "altered"
    assert WORDS["zh-Hans"]["elsewhere"] in text(visit(client, quoted, "cn-ru-2019", "zh-Hans"))


def test_what_stands_outside_of_the_body_is_shown_as_that(client: TestClient, collection: Collection) -> None:
    seen = set()
    for document in collection.store.documents():
        for passage in collection.store.passages(document.id):
            if passage.role is not Role.BODY and sum(map(str.isalnum, passage.text)) > 12:
                held = told(client, passage.text)
                if held["outside"]:
                    check(client, passage.text, None, "zh-Hant")
                    seen |= {one["role"] for one in held["outside"]}
    assert {Role.CLOSING.value, Role.UNRELATED.value} <= seen
    closing = "(来源:新华社)"
    tree = visit(client, closing)
    assert texts(tree, "//h2[@id='verdict']") == ["? Not found"]
    assert texts(tree, f"//div{of('outside')}//a") == ["xinhua-2025"]
    assert WORDS["en"]["outside_body"] in text(tree.xpath(f"//section{of('verdict')}")[0])


def test_a_translation_cannot_be_checked(client: TestClient) -> None:
    assert check(client, "The parties condemn the use of commercial space systems.", None, "ru") == "not_found"
    said = text(visit(client, "The parties condemn the use of commercial space systems.", language="ru"))
    assert WORDS["ru"]["language_reason"] in said


# There are words for all that can be said.


@pytest.mark.parametrize("language", WORDS)
def test_every_verdict_reason_difference_and_kind_has_words(language: str) -> None:
    words = WORDS[language]
    fused = quotation.fused("甲乙丙丁。", 2, "戊己庚辛。", 2)
    assert fused
    # What is cut, what is edited, and what an ellipsis makes one sentence of.
    kinds = {*cues._PATTERNS, *quotation._TRUNCATING, fused.kind}
    assert words["kinds"].keys() == kinds
    assert {cues.turned("a", "una"), cues.turned("一", "二"), cues.turned("可", "不可")} - {None} <= kinds
    assert words["differences"].keys() == {*quotation._STEPS, "ellipsis"}
    assert words["roles"].keys() == {role.name.lower() for role in Role if role is not Role.BODY}
    for verdict in Verdict:
        assert words[verdict.value] and words[f"{verdict.value}_text"]
    assert len({words[verdict.value] for verdict in Verdict}) == len(Verdict)
    assert len({words[REASONS[reason.value]] for reason in Reason}) == len(Reason)


# The form, and what cannot be checked.


@pytest.mark.parametrize("query", ["", "?text=", "?text=+%0A%09", "?work=cn-ru-2019", "?lang=ru"])
def test_without_a_quotation_there_is_only_the_form(client: TestClient, query: str) -> None:
    tree = page(client.get(f"/verify{query}"))
    (form,) = tree.xpath("//form")
    assert (form.get("action").split("?")[0], form.get("method")) == ("/verify", "get")
    (box,) = form.xpath(".//textarea[@name='text']")
    assert (box.get("maxlength"), box.get("required")) == ("5000", "") and box.get("aria-label")
    assert not tree.xpath(f"//section{of('verdict')} | //ol/li{of('card')} | //*[@role='alert']")


@pytest.mark.parametrize(
    ("quoted", "work", "detail"),
    [
        ("abc", "", "the quotation is too short to be told from chance; give 4 letters or more"),
        ("……！？", "", "the quotation is too short to be told from chance; give 4 letters or more"),
        ("x" * 5001, "", "the quotation has 5001 characters; at most 5000 are checked at once"),
        ("双方…" * 41, "", "the quotation leaves out too much to be checked: at most 40 ellipses"),
        (CONDEMN, "nope", "claimed.work: no 'nope'; there are cn-ru-2019, cn-ru-2022, cn-ru-2025"),
    ],
    ids=["short", "signs", "long", "ellipses", "claim"],
)
def test_what_cannot_be_checked_is_told_with_what_would_be(
    client: TestClient, quoted: str, work: str, detail: str
) -> None:
    reply = client.get(address(quoted, work, "zh-Hans"))
    tree = page(reply, 422)
    (alert,) = tree.xpath("//*[@role='alert']")
    assert texts(alert, "strong") == [WORDS["zh-Hans"]["failed"]] and texts(alert, "*[@lang='en']") == [detail]
    assert text(tree.xpath("//textarea")[0]).removeprefix("\n") == quoted
    assert not tree.xpath(f"//section{of('verdict')}[h2] | //ol/li{of('card')}") and "etag" not in reply.headers
    page(client.get(address("x" * 5000)))
    page(client.get(address("abcd")))


def test_the_quotation_stays_in_the_form_as_it_was_given(client: TestClient) -> None:
    for quoted in ("\n  双方谴责\n\n", "</textarea><script>alert(1)</script>", "a & b &amp; c “d” 'e' \"f\" \u202e"):
        reply = client.get(address(quoted))
        # A parser of HTML drops the first line break in a textarea; this one does not.
        assert text(page(reply).xpath("//textarea")[0]) == f"\n{quoted}"
        assert "<script>alert" not in reply.text


def test_space_around_a_quotation_is_no_part_of_it(client: TestClient) -> None:
    held = f"\n\u3000{CONDEMN.replace('谴责', '欢迎')} \n"
    quoted, _ = sides(visit(client, held))
    assert text(quoted) == held.strip() and texts(quoted, "mark") == ["欢迎"]


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """One statement, with markup in it."""
    folder = tmp_path_factory.mktemp("ours")
    (folder / "in").mkdir()
    (folder / "in" / "a.txt").write_text(f"{MARKUP}\n{SPACE}\n", "utf-8")
    made = Collection(Settings(data=folder / "data"))
    assert [report.problem for report in ingest(made.store, [folder / "in"])] == [None]
    yield TestClient(create_app(made), base_url=BASE)


def test_checking_needs_no_index_and_one_statement_no_choice(ours: TestClient) -> None:
    assert check(ours, SPACE) == "found"
    assert not visit(ours, SPACE).xpath("//select[@name='work']")


def test_markup_in_a_quotation_or_its_source_is_only_text(ours: TestClient) -> None:
    quoted = MARKUP.replace("反对", "<script>alert(1)</script>赞成") + "<img src=x onerror=alert(2)>"
    reply = ours.get(address(quoted))
    assert not re.search("<script>alert|<img|<i>", reply.text)
    shown, (source,) = sides(page(reply))
    assert text(shown) == quoted and text(source) == MARKUP.rstrip("。")
    assert check(ours, quoted) == "altered"


def test_an_empty_collection_holds_no_quotation(tmp_path: Path) -> None:
    client = TestClient(create_app(Collection(Settings(data=tmp_path))), base_url=BASE)
    assert texts(visit(client, CONDEMN), "//h2[@id='verdict']") == ["? Not found"]


def test_an_unreadable_store_is_a_page_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text(f"{SPACE}\n{CONDEMN}\n", "utf-8")
    made = Collection(Settings(data=tmp_path / "data"))
    ingest(made.store, [tmp_path / "in"])
    client = TestClient(create_app(made), base_url=BASE)
    fresh = Collection(made.settings)
    for name in ("store.sqlite3-wal", "store.sqlite3-shm"):
        (tmp_path / "data" / name).unlink(missing_ok=True)
    made.settings.store.write_bytes(b"this is no database" * 1000)
    client.app.state.collection = fresh  # type: ignore[attr-defined]
    for path in ("/verify", address(CONDEMN)):
        page(client.get(path), 503)


def test_head_has_no_body(client: TestClient) -> None:
    for path, status in (("/verify", 200), (address(CONDEMN), 200), (address("abc"), 422)):
        head = client.head(path)
        assert (head.status_code, head.content) == (status, b"")
        assert {**head.headers} == {**client.get(path).headers}
