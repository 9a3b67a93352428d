"""Text stays text: whatever markup documents, titles and questions hold, it is shown and nothing of it runs."""

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Error, Page, expect

from service.collection import Collection
from service.doors import interface
from service.ingestion import ingest
from service.settings import Settings

Opened = Callable[..., Page]
Serving = Callable[[Collection], AbstractContextManager[str]]

WEB = Path(interface.__file__).parent / "web"
STRINGS: dict[str, Any] = tomllib.loads((WEB / "strings.toml").read_text(encoding="utf-8"))
ALLOWED = ["clipboard-read", "clipboard-write"]
BESIDE = {"width": 1440, "height": 900}

# Each would set `ran`, were it markup to anyone on its way.
EVIL = (
    "<script>ran=1</script><img src=x onerror=ran=1>\"'><svg/onload=ran=1></p></q></title></textarea></script>"
    "<a href=javascript:ran=1 id=planted>{{7*7}}{%raw%}${7*7}`${ran=1}`<!-- ]]>&lt;b&gt;&#60;i&#62;\\u003cb\\u003e"
    "🚀𠮷 a\u202eb\u2066c %3Cscript%3E <base href=//evil.example/> <style>*{display:none}</style>"
)


def visible(text: str) -> str:
    """As titles are shown and paragraphs kept: without what would turn the line around."""
    return re.sub(r"[\u202e\u2066]", "", text)


FIRST = visible(f"The lunar post takes parcels {EVIL} of five pounds.")
OTHER = FIRST.replace("five", "six")
SECOND = "It is closed at full moon, and letters wait until the moon wanes again. This condition holds for every post."


def quoted(text: str) -> str:
    """As TOML writes it."""
    return json.dumps(text, ensure_ascii=False)


CATALOGUE = f"""
[works.w]
date = 2020-01-02
[works.w.titles]
en = {quoted("Title " + EVIL)}
[works.w.places]
en = {quoted("Place " + EVIL)}
[works."v<b>v"]
date = 2021-01-02
[works."v<b>v".titles]
en = {quoted("Later " + EVIL)}
[documents."联合声明"]
file = "<img src=x onerror=ran=1>.txt"
work = "w"
outlet = {quoted("Outlet " + EVIL)}
page = {quoted("Page " + EVIL)}
[documents."附件"]
file = "b.txt"
work = "w"
outlet = {quoted("Second outlet " + EVIL)}
url = "https://evil.example/\\"/onclick=ran=1/x=\\""
[documents.c]
file = "c.txt"
work = "v<b>v"
outlet = {quoted("Third outlet " + EVIL)}
"""
HOSTILE = "联合声明"
ASKED = f"lunar post parcels {EVIL}"


@pytest.fixture(scope="module")
def address(serving: Serving, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Three documents of two works that hold nothing but such text, behind a real server."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "in").mkdir()
    (folder / "in" / "catalogue.toml").write_text(CATALOGUE, "utf-8")
    for name, text in (("<img src=x onerror=ran=1>", FIRST), ("b", OTHER), ("c", FIRST.replace("takes", "refuses"))):
        (folder / "in" / f"{name}.txt").write_text(f"{text}\n\n{SECOND}\n\n", "utf-8")
    made = Collection(Settings(data=folder / "data"))
    assert [report.problem for report in ingest(made.store, [folder / "in"])] == [None] * 3
    assert made.build_index()
    with serving(made) as address:
        yield address


@pytest.fixture
def watched(opened: Opened, address: str) -> Iterator[Opened]:
    """Opens a path; at the end nothing has run, was planted, asked for elsewhere, or opened a dialog."""
    pages: list[Page] = []
    asked: list[str] = []

    def watched(path: str, **settings: Any) -> Page:
        page = opened(f"{address}/", excused="422", permissions=ALLOWED, **settings)
        page.on("request", lambda request: asked.append(request.url))
        page.on("dialog", lambda dialog: pytest.fail(f"a dialog opened: {dialog.message}"))
        page.goto(f"{address}/{path}")
        pages.append(page)
        return page

    yield watched
    for page in pages:
        expect_harmless(page)
    assert asked and [url for url in asked if not url.startswith((f"{address}/", "data:"))] == []


# The elements and attributes that our own templates never make.
PLANTED = """() => [...document.querySelectorAll(
    'script:not([type=module][src]), img, base, style, iframe, b, i, #planted, main svg:not(.picture, .picture svg)'
  ), ...[...document.querySelectorAll('*')].filter(node => [...node.attributes].some(({ name, value }) =>
    name.startsWith('on') || name === 'style' || (/^(href|src|action|formaction)$/.test(name)
      && !['http:', 'https:', 'data:'].includes(new URL(value, location).protocol))))]
  .map(node => node.outerHTML.slice(0, 200))"""


def expect_harmless(page: Page) -> None:
    assert page.evaluate("typeof ran") == "undefined"
    assert page.evaluate(PLANTED) == []


def words(page: Page) -> Any:
    return STRINGS[page.locator("html").get_attribute("lang") or ""]


def text_of(page: Page, selector: str) -> list[str]:
    return page.locator(selector).all_text_contents()


def expect_card(page: Page, document: str, text: str, outlet: str, title: str) -> None:
    card = page.locator(f".card:has(.in-place[href*='{quote(document)}'])").first
    assert card.locator("blockquote").text_content() == text
    assert card.locator("cite").text_content() == visible(title)
    assert visible(outlet) in card.locator(".facts bdi").all_text_contents()
    assert card.get_attribute("data-passage") == f"{document}/1"


# What documents hold.


@pytest.mark.parametrize("javascript", [True, False])
def test_in_an_answer(watched: Opened, javascript: bool) -> None:
    page = watched("", java_script_enabled=javascript)
    page.get_by_label(words(page)["question"], exact=True).fill(ASKED)
    page.get_by_role("button", name=words(page)["ask"], exact=True).click()
    turn = page.locator(".turn")
    expect(turn).to_have_attribute("data-state", "answered")
    expect(page.locator("#log")).not_to_have_attribute("aria-busy", "true")
    assert turn.locator(".question").text_content() == ASKED
    assert page.title() == f"{ASKED if javascript else visible(ASKED)} · 引据 Yinju"
    expect_card(page, HOSTILE, FIRST, f"Outlet {EVIL}", f"Title {EVIL}")
    expect_card(page, "c", FIRST.replace("takes", "refuses"), f"Third outlet {EVIL}", f"Later {EVIL}")
    witness = page.locator(".card .witness").first
    assert witness.locator(".there").text_content() == OTHER
    assert witness.locator(".outlet").text_content() == visible(f"Second outlet {EVIL}")
    assert page.locator(".card a[rel~=external]").count() == 0
    expect_harmless(page)
    page.get_by_label(words(page)["question"], exact=True).fill("when is it closed?")
    page.get_by_role("button", name=words(page)["ask"], exact=True).click()
    expect(page.locator(".turn")).to_have_count(2)
    assert page.locator(".turn .question").first.text_content() == ASKED


def test_on_the_first_page(watched: Opened) -> None:
    page = watched("")
    assert text_of(page, ".holdings .title") == [visible(f"Later {EVIL}"), visible(f"Title {EVIL}")]
    outlets = [visible(f"{which} {EVIL}") for which in ("Third outlet", "Outlet", "Second outlet")]
    assert sorted(text_of(page, ".holdings li li a")) == sorted(outlets)
    assert text_of(page, "option")[1:] == [
        f"2021-01-02 · {visible(f'Later {EVIL}')}",
        f"2020-01-02 · {visible(f'Title {EVIL}')}",
    ]


def test_in_the_panel_and_on_the_clipboard(watched: Opened) -> None:
    page = watched(f"?q={quote(ASKED)}&work=w&q={quote(ASKED)}&work={quote('v<b>v')}", viewport=BESIDE)
    card = page.locator(f".card:has(.in-place[href*='{quote(HOSTILE)}'])").first
    card.locator(".in-place").click()
    panel = page.locator("#beside")
    assert panel.locator("[aria-current]").text_content() == FIRST
    assert visible(panel.locator("h2").text_content() or "") == visible(f"Title {EVIL}")
    assert visible(panel.locator(".facts").text_content() or "").endswith(f"{visible(f'Outlet {EVIL}')} · {HOSTILE}")
    page.reload()
    assert panel.locator("[aria-current]").text_content() == FIRST
    card.locator(".copy").click()
    expect(page.locator("#said")).to_have_text(words(page)["copied"])
    assert page.evaluate("navigator.clipboard.readText()").startswith(f"{FIRST}\n\n")
    assert text_of(page, ".chips span")[0] == words(page)["only"].format(
        text=f"2020-01-02 · {visible(f'Title {EVIL}')}"
    )


@pytest.mark.parametrize("javascript", [True, False])
def test_on_the_timeline(watched: Opened, javascript: bool) -> None:
    page = watched(f"timeline?q={quote(ASKED)}", java_script_enabled=javascript)
    expect(page.locator(".picture a")).not_to_have_count(0)
    expect(page.get_by_label(words(page)["topic"], exact=True)).to_have_value(ASKED)
    expect_card(page, HOSTILE, FIRST, f"Outlet {EVIL}", f"Title {EVIL}")
    assert text_of(page, ".entry h2 bdi") == [visible(f"Title {EVIL}"), visible(f"Later {EVIL}")]
    shown = "".join(text_of(page, ".change q"))
    assert "<img src=x onerror=ran=1>" in shown and "🚀𠮷" in shown
    page.locator(".picture a").first.click()
    expect(page.locator(".card:target")).to_be_in_viewport()


@pytest.mark.parametrize("javascript", [True, False])
def test_in_a_checked_quotation(watched: Opened, javascript: bool) -> None:
    page = watched("verify", java_script_enabled=javascript)

    def check(text: str) -> None:
        page.get_by_label(words(page)["quotation"], exact=True).fill(text)
        page.get_by_role("button", name=words(page)["verify"], exact=True).click()
        expect(page.locator("section.verdict")).to_be_visible()
        expect(page.get_by_label(words(page)["quotation"], exact=True)).to_have_value(text)
        expect_harmless(page)

    check(FIRST)
    expect(page.locator("section.verdict")).to_have_class("verdict found")
    expect_card(page, HOSTILE, FIRST, f"Outlet {EVIL}", f"Title {EVIL}")
    altered = FIRST.replace("five", "nine <b onclick=ran=1>")
    check(altered)
    expect(page.locator("section.verdict")).to_have_class("verdict altered")
    assert page.locator(".verdict .sides > div").first.locator("p:not(.whose)").text_content() == altered
    assert "b onclick=ran=1" in "".join(text_of(page, ".edits ins"))
    check(f"Nobody has ever said {EVIL[::-1]}")
    expect(page.locator("section.verdict")).to_have_class("verdict not_found")
    page.goto(f"{page.url.partition('?')[0]}?text={quote(EVIL)}&work={quote(EVIL)}")
    assert f"no {EVIL[:80]!r}" in (page.get_by_role("alert").text_content() or "")


def test_on_the_reading_page(watched: Opened) -> None:
    page = watched(f"p/{quote(HOSTILE)}/1")
    assert text_of(page, "blockquote") == [FIRST]
    assert text_of(page, ".paragraph p[lang]") == [FIRST, SECOND]
    assert (page.locator("h1").text_content() or "").strip() == visible(f"Title {EVIL}")
    facts = text_of(page, "section.facts dd")
    assert all(visible(f"{name} {EVIL}") in facts for name in ("Outlet", "Place", "Page"))
    assert page.locator("a[rel~=external]").count() == 0
    assert page.locator("details .sides p").last.text_content() == OTHER
    assert page.title().startswith(visible(f"Title {EVIL}"))
    assert page.locator("meta[name=citation_title]").get_attribute("content") == visible(f"Title {EVIL}")


# What questions hold.


@pytest.mark.parametrize(
    "path",
    [
        *("?q=", "?q=lunar&q=", "timeline?q=", "verify?text=", "?lang=", "?", "timeline?q=lunar&lang=", "p/c/1?lang="),
        *(f"?q=lunar&{name}=" for name in ("work", "from", "to", "without", "lang", "x")),
        *("verify?text=lunar+post&work=", "documents/c?x="),
    ],
)
def test_in_an_address(watched: Opened, path: str) -> None:
    page = watched(f"{path}{quote(EVIL)}")
    if path in ("?q=", "?q=lunar&q="):
        assert page.locator(".turn .question").last.text_content() == EVIL
        assert page.locator("#earlier input").last.get_attribute("value") == EVIL


@pytest.mark.parametrize("path", ["p/", "documents/"])
def test_in_an_address_of_nothing(opened: Opened, address: str, path: str) -> None:
    page = opened(f"{address}/{path}{quote(EVIL, safe='')}/1", excused="404")
    assert "Not found" in page.title()
    expect_harmless(page)


def test_in_a_failure_and_in_chips(watched: Opened) -> None:
    page = watched(f"?q={quote('lunar post “' + EVIL + '”')}&from={quote(EVIL)}")
    expect(page.locator(".turn")).to_have_attribute("data-state", "failed")
    assert page.locator(".detail").text_content() == f"{EVIL[:20]!r} is no year; write one as in 2019"
    page = watched(f"?q={quote('lunar post “<img src=x onerror=ran=1>”')}")
    chip = words(page)["required"].format(text="<img src=x onerror=ran=1>")
    assert text_of(page, ".chips span") == [chip]
    expect(page.locator(".chips a")).to_have_attribute("aria-label", words(page)["remove"].format(text=chip))


# What keeps it so.


@pytest.mark.parametrize("path", ["", "?q=lunar", "timeline?q=lunar", "verify", "p/c/1", "documents/c", "p/none/1"])
def test_the_policy_of_every_page(opened: Opened, address: str, path: str) -> None:
    page = opened(f"{address}/", excused="404")
    reply = page.goto(f"{address}/{path}")
    assert reply is not None
    assert reply.headers["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'self'; require-trusted-types-for 'script'; trusted-types 'none'; "
        "frame-ancestors 'none'"
    )
    assert reply.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "attempt",
    [
        "document.body.innerHTML = '<b>'",
        "document.body.insertAdjacentHTML('beforeend', '<b>')",
        "new DOMParser().parseFromString('<b>', 'text/html')",
        "document.createElement('script').src = '/static/chat.js'",
        "trustedTypes.createPolicy('default', {})",
    ],
)
def test_the_browser_itself_refuses_markup(opened: Opened, address: str, attempt: str) -> None:
    page = opened(f"{address}/", excused=" ")  # the console says that it was refused
    with pytest.raises(Error, match="Trusted|Content Security Policy"):
        page.evaluate(f"() => {{ {attempt} }}")
    assert page.locator("b").count() == 0


def test_no_script_of_ours_makes_markup_of_text() -> None:
    scripts = {path.name: path.read_text(encoding="utf-8") for path in (WEB / "static").glob("*.js")}
    assert {"chat.js", "card.js", "quotes.js", "panel.js", "embed.js"} <= scripts.keys()
    forbidden = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|DOMParser"
        r"|createContextualFragment|setHTML|srcdoc|setTimeout\([\"'`]|\.on\w+ ?=|javascript:"
    )
    assert {name: forbidden.findall(text) for name, text in scripts.items() if forbidden.search(text)} == {}
    assert not [name for name, text in scripts.items() if re.search(r"https?://", text)]


def test_no_template_switches_the_escaping_off() -> None:
    templates = {path.name: path.read_text(encoding="utf-8") for path in WEB.glob("*.html")}
    assert {"layout.html", "chat.html", "card.html", "timeline.html", "verify.html", "reading.html"} <= templates.keys()
    forbidden = re.compile(r"\| *safe\b|autoescape|Markup|<style|\son\w+=|\sstyle=|javascript:")
    assert {name: forbidden.findall(text) for name, text in templates.items() if forbidden.search(text)} == {}


def test_the_built_in_statements_are_used_without_a_network(opened: Opened, served: str) -> None:
    page = opened("about:blank", viewport=BESIDE, permissions=ALLOWED)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for path in ("", "?q=INF", "timeline?q=INF", "verify?text=INF+2019", "p/un-cd-2019/8", "docs"):
        page.goto(f"{served}/{path}", wait_until="networkidle")
    page.goto(f"{served}/?q=INF")
    page.locator(".card .copy").first.click()
    expect(page.locator("#said")).to_have_text(STRINGS["en"]["copied"])
    page.locator(".card .in-place").first.click()
    expect(page.locator("#beside [aria-current]")).to_be_visible()
    hosts = {urlsplit(address).netloc for address in asked if not address.startswith("data:")}
    assert len(asked) > 20 and hosts == {urlsplit(served).netloc}
