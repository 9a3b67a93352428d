"""The chat in another site's page, below a path of another server, and under another name of its own host."""

import tomllib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Frame, Locator, Page, expect

from service.collection import Collection
from service.doors import interface

Opened = Callable[..., Page]
Serving = Callable[[Collection], AbstractContextManager[str]]

STRINGS: dict[str, Any] = tomllib.loads(
    (Path(interface.__file__).parent / "web" / "strings.toml").read_text(encoding="utf-8")
)
ALLOWED = ["clipboard-read", "clipboard-write"]
ALTERED, OUTSIDE = quote("双方欢迎将商业航天系统用于干涉主权国家内政"), quote("中央纪委国家监委网站讯")
TALL = '<div style="height: 3000px"></div>'


@contextmanager
def listening(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The address of an HTTP server of that kind."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(slots=True)
class Site:
    """Another site; `pages` are its bodies by path, `policy` is its own."""

    origin: str = ""
    language: str = "en"
    policy: str = ""
    pages: dict[str, str] = field(default_factory=dict)

    def handler(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = site.pages.get(self.path)
                self.send_response(200 if body is not None else 204)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                if site.policy:
                    self.send_header("Content-Security-Policy", site.policy)
                self.end_headers()
                if body is not None:
                    self.wfile.write(
                        f'<!doctype html><html lang="{site.language}"><title>Host</title><h1>Host</h1>{body}'.encode()
                    )

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        return Handler


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    with listening(made.handler()) as origin:
        made.origin = origin
        yield made


@pytest.fixture
def stranger() -> Iterator[Site]:
    made = Site()
    with listening(made.handler()) as origin:
        made.origin = origin
        yield made


@pytest.fixture
def framed(site: Site, serving: Serving, collection: Collection) -> Iterator[str]:
    """A server that lets that site frame it; the site's `/` embeds it with one tag."""
    welcoming = Collection(replace(collection.settings, origins=(site.origin,)))
    with serving(welcoming) as address:
        site.pages["/"] = f'<script src="{address}/embed.js"></script>'
        yield address


def frame_of(page: Page) -> Frame:
    """The chat's frame, once it has been loaded."""
    expect(page.locator("iframe")).to_have_count(1)
    handle = page.locator("iframe.yinju").element_handle()
    frame = handle.content_frame()
    assert frame is not None
    frame.wait_for_load_state("load")
    return frame


def ask(frame: Frame | Page, question: str, language: str = "en") -> Locator:
    """The first card of the answer."""
    box = frame.get_by_label(STRINGS[language]["question"], exact=True)
    box.fill(question)
    box.press("Enter")
    expect(frame.locator("#log")).not_to_have_attribute("aria-busy", "true")
    expect(frame.locator(".turn").last).to_have_attribute("data-state", "answered")
    return frame.locator(".turn").last.locator(".card").first


# In another site's page.


def test_one_tag_gives_one_frame_that_answers(site: Site, framed: str, opened: Opened) -> None:
    page = opened(site.origin, permissions=ALLOWED)
    frame = frame_of(page)
    assert page.locator("body > *:not(h1, script)").count() == 1
    expect(page.locator("iframe")).to_have_attribute("title", "引据 Yinju")
    card = ask(frame, "INF")
    quoted = card.locator("blockquote").text_content() or ""
    expect(card).to_have_attribute("data-passage", "un-cd-2019/8")
    card.get_by_role("button", name=STRINGS["en"]["copy_quote"]).click()
    expect(frame.locator("#said")).to_have_text(STRINGS["en"]["copied"])
    page.locator("h1").click()  # the page that asks for the clipboard must have the focus
    assert page.evaluate("navigator.clipboard.readText()").startswith(f"{quoted}\n\n")
    ask(frame, "外空")
    expect(frame.locator(".turn")).to_have_count(2)
    assert urlsplit(page.url).path == "/" and page.locator("iframe").count() == 1


def test_the_host_keeps_its_scroll_and_its_focus(site: Site, framed: str, opened: Opened) -> None:
    site.pages["/below"] = f'<input id="own" autofocus>{TALL}{site.pages["/"]}'
    page = opened(f"{site.origin}/below")
    frame = frame_of(page)
    expect(frame.locator("textarea")).to_be_visible()
    assert page.evaluate("[document.activeElement.id, scrollY]") == ["own", 0]
    assert frame.evaluate("document.activeElement.tagName") == "BODY"
    page.keyboard.type("x")
    expect(page.locator("#own")).to_have_value("x")


@pytest.mark.parametrize(
    ("host", "attribute", "preferred", "spoken"),
    [
        ("zh-CN", "", "en-GB", "zh-Hans"),
        ("zh-TW", "", "en-GB", "zh-Hant"),
        ("en", ' data-lang="ru"', "zh-CN", "ru"),
        ("de", "", "ru-RU", "ru"),
        ("", "", "zh-CN", "zh-Hans"),
    ],
)
def test_the_frame_speaks_the_language_of_the_page_around_it(
    site: Site, framed: str, opened: Opened, host: str, attribute: str, preferred: str, spoken: str
) -> None:
    site.language = host
    site.pages["/"] = f'<script src="{framed}/embed.js"{attribute}></script>'
    page = opened(site.origin, locale=preferred)
    frame = frame_of(page)
    expect(frame.locator("html")).to_have_attribute("lang", spoken)
    card = ask(frame, "INF", spoken)
    card.get_by_role("link", name=STRINGS[spoken]["check"], exact=True).click()
    expect(frame.locator("section.verdict.found")).to_be_visible()
    expect(frame.locator("html")).to_have_attribute("lang", spoken)
    assert page.url == f"{site.origin}/"


@pytest.mark.parametrize("path", ["", "timeline?q=INF", "verify", "p/un-cd-2019/8", "documents/hant-2022"])
def test_without_leave_no_page_is_framed(site: Site, served: str, opened: Opened, path: str) -> None:
    site.pages["/"] = f'<iframe src="{served}/{path}"></iframe>'
    page = opened(site.origin, excused="frame-ancestors 'none'")
    (frame,) = page.main_frame.child_frames
    frame.wait_for_load_state("load")
    assert frame.url == "chrome-error://chromewebdata/" and frame.locator("textarea, .card, h1.brand").count() == 0
    assert "un-cd-2019" not in frame.content() and "Yinju" not in frame.content()


def test_another_site_than_the_one_named_may_not_frame_it(stranger: Site, framed: str, opened: Opened) -> None:
    stranger.pages["/"] = f'<script src="{framed}/embed.js"></script>'
    page = opened(stranger.origin, excused="frame-ancestors")
    (frame,) = page.main_frame.child_frames
    frame.wait_for_load_state("load")
    assert frame.url == "chrome-error://chromewebdata/"


def test_it_works_under_the_hosts_own_policy(site: Site, framed: str, opened: Opened) -> None:
    site.policy = f"default-src 'none'; script-src {framed}; frame-src {framed}"
    frame = frame_of(opened(site.origin))
    expect(ask(frame, "INF")).to_have_attribute("data-passage", "un-cd-2019/8")


def test_documents_and_other_sites_open_outside_of_the_frame(site: Site, framed: str, opened: Opened) -> None:
    page = opened(site.origin, viewport={"width": 1440, "height": 900})
    page.context.route("http://politics.people.com.cn/**", lambda route: route.fulfill(body="their page"))
    frame = frame_of(page)

    def outside(link: Locator) -> str:
        inside = frame.url
        with page.context.expect_page() as held:
            link.click()
        held.value.wait_for_load_state()
        address = held.value.url
        assert held.value.evaluate("window.opener") is None
        held.value.close()
        assert (frame.url, page.url) == (inside, f"{site.origin}/")
        return str(address)

    assert outside(frame.locator(".holdings a").first).startswith(f"{framed}/documents/")
    ask(frame, "商业航天系统")
    card = frame.locator('.card[data-passage="peoples-daily-2025/11"]')
    assert outside(card.locator(".seal")).startswith(f"{framed}/p/peoples-daily-2025/11")
    assert outside(card.locator("cite a")).startswith(f"{framed}/documents/peoples-daily-2025")
    assert outside(card.get_by_role("link", name=STRINGS["en"]["source_page"])).startswith("http://politics.people.com")
    card.locator("summary").click()
    assert outside(card.locator(".witness a")).startswith(f"{framed}/p/xinhua-2025/11")
    card.get_by_role("link", name=STRINGS["en"]["open_in_place"]).click()
    expect(frame.locator("#beside [aria-current]")).to_be_in_viewport()
    assert outside(frame.locator(".as-page")).startswith(f"{framed}/p/peoples-daily-2025/11")


# Every link that leads out of the chat, clicked without its being followed; those that would stay in the frame.
STAYING = """() => {
  addEventListener('click', event => event.preventDefault())
  const leaving = [...document.querySelectorAll('main a[href]:not(svg a)')].filter(link => link.checkVisibility()
    && (link.origin !== location.origin || /^\\/(p|documents|api)\\//.test(link.pathname)))
  if (!leaving.length) return 'no links'
  for (const link of leaving) link.click()
  return leaving.filter(link => link.target !== '_blank').map(link => link.outerHTML.slice(0, 90))
}"""


@pytest.mark.parametrize(
    "path",
    ["", "?q=INF", "?q=lunar+hotel", "timeline?q=INF", f"verify?text={ALTERED}", f"verify?text={OUTSIDE}"],
)
def test_no_document_opens_in_a_narrow_frame(site: Site, framed: str, opened: Opened, path: str) -> None:
    site.pages["/"] = f'<iframe class="yinju" width="700" height="600" src="{framed}/{path}"></iframe>'
    frame = frame_of(opened(site.origin))
    frame.locator("details").evaluate_all("all => all.forEach(details => { details.open = true })")
    assert frame.evaluate(STAYING) == []


# Below a path, behind a proxy that strips it.


@dataclass(slots=True)
class Proxy:
    """Hands on what is asked for below `prefix`; all else is noted as `stray`."""

    prefix: str
    target: str = ""
    stray: list[str] = field(default_factory=list)

    def handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if not self.path.startswith(f"{proxy.prefix}/"):
                    proxy.stray.append(self.path)
                    self.send_error(404)
                    return
                connection = HTTPConnection(proxy.target)
                connection.request("GET", self.path.removeprefix(proxy.prefix), headers=dict(self.headers.items()))
                reply = connection.getresponse()
                self.send_response_only(reply.status)
                for name, value in reply.getheaders():
                    if name.lower() not in ("transfer-encoding", "connection"):
                        self.send_header(name, value)
                self.end_headers()
                while part := reply.read1(65536):
                    self.wfile.write(part)
                connection.close()

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        return Handler


@dataclass(frozen=True, slots=True)
class Below:
    """A service that readers reach at `address`, which has a path."""

    address: str
    proxy: Proxy
    site: Site


@pytest.fixture(scope="module")
def below(serving: Serving, collection: Collection) -> Iterator[Below]:
    proxy, site = Proxy("/yinju"), Site()
    with ExitStack() as held:
        site.origin = held.enter_context(listening(site.handler()))
        address = f"{held.enter_context(listening(proxy.handler()))}/yinju"
        moved = Collection(replace(collection.settings, public_url=address, origins=(site.origin,)))
        proxy.target = urlsplit(held.enter_context(serving(moved))).netloc
        yield Below(address, proxy, site)


def asked_of(page: Page, addresses: list[str]) -> None:
    page.on("request", lambda request: addresses.append(request.url))


def test_everything_works_below_a_path(opened: Opened, below: Below) -> None:
    said, asked = STRINGS["en"], list[str]()
    page = opened(f"{below.address}/", permissions=ALLOWED, viewport={"width": 1440, "height": 900})
    asked_of(page, asked)
    card = ask(page, "INF")
    assert page.url == f"{below.address}/?q=INF"
    card.get_by_role("button", name=said["copy_quote"]).click()
    expect(page.locator("#said")).to_have_text(said["copied"])
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(card.locator("blockquote").text_content() or "-")
    page.evaluate("navigator.clipboard.writeText('')")
    card.get_by_role("button", name=said["copy_link"]).click()
    page.evaluate("async () => { while (!(await navigator.clipboard.readText())); }")
    assert page.evaluate("navigator.clipboard.readText()") == f"{below.address}/p/un-cd-2019/8"
    card.get_by_role("link", name=said["open_in_place"]).click()
    expect(page.locator("#beside [aria-current]")).to_be_in_viewport()
    page.reload()
    expect(page.locator("#beside [aria-current]")).to_be_in_viewport()
    page.locator(".as-page").click()
    expect(page).to_have_url(f"{below.address}/p/un-cd-2019/8#p8")
    page.locator(".tongues a[lang=ru]").click()
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    page.get_by_role("link", name=STRINGS["ru"]["timeline_view"]).click()
    page.get_by_label(STRINGS["ru"]["topic"], exact=True).fill("INF")
    page.keyboard.press("Enter")
    expect(page.locator(".picture")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    page.locator(".card .check").first.click()
    expect(page.locator("section.verdict.found")).to_be_visible()
    page.locator(".brand").click()
    expect(page.locator(".hero")).to_be_visible()
    assert all(address.startswith(f"{below.address}/") for address in asked) and below.proxy.stray == []


def test_it_works_below_a_path_without_a_script(opened: Opened, below: Below) -> None:
    page = opened(f"{below.address}/", java_script_enabled=False)
    page.get_by_label(STRINGS["en"]["question"], exact=True).fill("INF")
    page.get_by_role("button", name=STRINGS["en"]["ask"], exact=True).click()
    expect(page.locator(".turn .card").first).to_have_attribute("data-passage", "un-cd-2019/8")
    page.locator(".card .in-place").first.click()
    expect(page).to_have_url(f"{below.address}/p/un-cd-2019/8#p8")
    grounds = page.locator("html").evaluate("node => getComputedStyle(node).backgroundColor")
    assert grounds not in ("rgba(0, 0, 0, 0)", "rgb(255, 255, 255)")  # the style sheet is there
    assert below.proxy.stray == []


def test_it_is_embedded_from_below_a_path(opened: Opened, below: Below) -> None:
    below.site.pages["/"] = f'<script src="{below.address}/embed.js"></script>'
    frame = frame_of(opened(below.site.origin))
    assert frame.url.startswith(f"{below.address}/?")
    expect(ask(frame, "INF")).to_have_attribute("data-passage", "un-cd-2019/8")
    assert below.proxy.stray == []


# Under another name of its own host.


def test_all_works_under_another_name_of_the_host(opened: Opened, served: str, collection: Collection) -> None:
    local, asked, said = served.replace("127.0.0.1", "localhost"), list[str](), STRINGS["en"]
    assert collection.settings.base_url.startswith("http://127.0.0.1:") and local.startswith("http://localhost:")
    page = opened(f"{local}/", permissions=ALLOWED, viewport={"width": 1440, "height": 900})
    asked_of(page, asked)
    card = ask(page, "INF")
    card.get_by_role("button", name=said["copy_quote"]).click()
    expect(page.locator("#said")).to_have_text(said["copied"])
    assert page.evaluate("navigator.clipboard.readText()").startswith(card.locator("blockquote").text_content() or "-")
    card.get_by_role("link", name=said["open_in_place"]).click()
    expect(page.locator("#beside [aria-current]")).to_be_in_viewport()
    page.locator(".as-page").click()
    expect(page.locator(".paragraph[aria-current]")).to_be_in_viewport()
    page.get_by_role("link", name=said["verify_view"]).click()
    page.get_by_label(said["quotation"], exact=True).fill("双方谴责将商业航天系统用于干涉主权国家内政")
    page.get_by_role("button", name=said["verify"], exact=True).click()
    expect(page.locator("section.verdict.found")).to_be_visible()
    page.locator(".card cite a").click()
    expect(page.locator("h1")).to_be_visible()
    page.get_by_role("link", name=said["timeline_view"]).click()
    page.get_by_label(said["topic"], exact=True).fill("INF")
    page.keyboard.press("Enter")
    expect(page.locator(".picture")).to_be_visible()
    assert len(asked) > 8 and all(address.startswith(f"{local}/") for address in asked)
