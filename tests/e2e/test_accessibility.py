"""Can everyone use it: axe finds nothing in any state, the keyboard reaches everything, and it can be made large.

axe-core comes by `npm install --prefix tests/e2e`; without it what needs it is skipped, or fails if CI_REQUIRES_BROWSER
is set.
"""

import os
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from service.doors import interface

Opened = Callable[..., Page]

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
STRINGS: dict[str, Any] = tomllib.loads(
    (Path(interface.__file__).parent / "web" / "strings.toml").read_text(encoding="utf-8")
)
LANGUAGES = list(STRINGS)
SIZES = {"phone": (390, 844), "tablet": (768, 1024), "desktop": (1440, 900)}
EXACT = quote("双方谴责将商业航天系统用于干涉主权国家内政")
ALTERED = quote("双方欢迎将商业航天系统用于干涉主权国家内政")
VIEWS = {
    "empty": "",
    "answered": f"?q=INF&q={quote('《不扩散核武器条约》“条约”2019')}&work=cn-ru-2019",
    "unanswered": f"?q={quote('月球背面的面馆 2019')}",
    "failed": "?q=INF&from=0",
    "timeline": f"timeline?q={quote('核武器')}",
    "timeline alone": "timeline",
    "timeline unanswered": f"timeline?q={quote('月球背面的面馆')}",
    "timeline failed": "timeline?q=%3F%21",
    "verify alone": "verify",
    "found": f"verify?text={quote('美国决定退出《苏美关于消除中程和中短程导弹条约》')}",
    "altered": f"verify?text={ALTERED}",
    "misattributed": f"verify?text={EXACT}&work=cn-ru-2019",
    "not found": f"verify?text={quote('双方决定在月球背面合作开设一家面馆')}",
    "outside": f"verify?text={quote('中央纪委国家监委网站讯')}",
    "refused": "verify?text=abc",
    "paragraph": "p/un-cd-2019/12",
    "document": "documents/xinhua-2025",
    "missing": "p/none/1",
}
STATES = {**VIEWS, "panel": "?q=INF"}


def size(width: int, height: int) -> dict[str, int]:
    return {"width": width, "height": height}


def prepared(opened: Opened, served: str, state: str, **settings: Any) -> Page:
    """A view with all that can be opened in it, opened."""
    page = opened(f"{served}/{STATES[state]}", excused="Failed to load resource", **settings)
    page.locator("details").evaluate_all("all => all.forEach(details => { details.open = true })")
    if state == "panel":
        page.locator(".card .in-place").first.click()
        expect(page.locator("#beside [aria-current]")).to_be_in_viewport()
    return page


# What axe finds.


@pytest.fixture(scope="module")
def axe() -> Path:
    if AXE.is_file():
        return AXE
    missing = "no axe-core: run `npm install --prefix tests/e2e`"
    if os.environ.get("CI_REQUIRES_BROWSER"):
        pytest.fail(missing)
    pytest.skip(missing)


def found(page: Page) -> list[str]:
    held = page.evaluate("rules => axe.run(document, { runOnly: rules, resultTypes: ['violations'] })", RULES)
    assert len(held["passes"]) > 15  # it has looked
    return [
        f"{rule['id']}: {node['html']} {node['failureSummary']}"
        for rule in held["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("form", SIZES)
@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing(opened: Opened, served: str, axe: Path, state: str, form: str) -> None:
    if state == "panel" and form != "desktop":
        pytest.skip("there the panel is the reading page")
    language = LANGUAGES[(list(STATES).index(state) + list(SIZES).index(form)) % len(LANGUAGES)]
    page = prepared(opened, served, state, locale=language, viewport=size(*SIZES[form]), bypass_csp=True)
    page.add_script_tag(path=axe)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert found(page) == [], (language, scheme)


LUMINANCE = """colour => {
  const parts = colour.match(/[\\d.]+/g).slice(0, 3).map(part => part / 255)
  const [r, g, b] = parts.map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}"""


def contrast(page: Page, one: str, other: str) -> float:
    darker, lighter = sorted(float(page.evaluate(LUMINANCE, colour)) for colour in (one, other))
    return (lighter + 0.05) / (darker + 0.05)


def style(node: Locator, name: str) -> str:
    value: str = node.evaluate("(node, name) => getComputedStyle(node).getPropertyValue(name)", name)
    return value


@pytest.mark.parametrize("settings", [{"color_scheme": "light"}, {"color_scheme": "dark"}, {"forced_colors": "active"}])
def test_contrast_where_axe_cannot_see_it(opened: Opened, served: str, settings: dict[str, str]) -> None:
    page = prepared(opened, served, "timeline", **settings)
    blocks = page.locator(".picture a:has(rect)").all()
    assert len({style(block.locator("rect"), "fill") for block in blocks}) > 1
    for block in blocks:
        assert contrast(page, style(block.locator("rect"), "fill"), style(block.locator("text"), "fill")) >= 4.5
    marks = page.locator(".card blockquote mark")
    ground = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--mark')")
    probe = marks.first.evaluate(
        "(mark, ground) => { mark.style.backgroundColor = ground; return getComputedStyle(mark).backgroundColor }",
        ground,
    )
    if "forced_colors" not in settings:
        assert contrast(page, style(marks.first, "color"), probe) >= 4.5


# The keyboard.


# How the focused element and what it is drawn with look, with the focus and without, and whether it can be seen.
FOCUS = """() => {
  const node = document.activeElement
  if (node === document.body) return null
  const parts = [node, node.closest('.box'), node.querySelector('rect')].filter(Boolean)
  const names = ['outline-style', 'outline-width', 'border-top-color', 'border-top-width', 'stroke', 'stroke-width']
  const look = () => parts.map(part => names.map(name => getComputedStyle(part).getPropertyValue(name)).join()).join()
  const points = [...node.getClientRects()].flatMap(({ left, top, width, height }) =>
    [[0.5, 0.5], [0.1, 0.2], [0.9, 0.8]].map(([x, y]) => [left + x * width, top + y * height]))
  const seen = points.some(([x, y]) => node.contains(document.elementFromPoint(x, y)))
  const focused = look()
  node.blur()
  const mark = node.getAttribute('data-reached')
  node.setAttribute('data-reached', 'yes')
  return { again: mark !== null, differs: focused !== look(), seen, html: node.outerHTML.slice(0, 120) }
}"""
CONTROLS = "a[href], button, select, textarea, input:not([type=hidden]), summary"
LEFT = """controls => [...document.querySelectorAll(controls)].filter(
  node => node.checkVisibility() && !node.dataset.reached).map(node => node.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("key", ["Tab", "Shift+Tab"])
@pytest.mark.parametrize(
    ("state", "settings"),
    [
        ("answered", {"viewport": size(1440, 900)}),
        ("answered", {"viewport": size(390, 844)}),
        ("panel", {"viewport": size(1440, 900)}),
        ("timeline", {"viewport": size(1440, 900), "color_scheme": "dark"}),
        ("altered", {"viewport": size(768, 1024), "forced_colors": "active"}),
        ("paragraph", {"viewport": size(390, 844)}),
    ],
)
def test_everything_is_reached_and_the_focus_is_always_seen(
    opened: Opened, served: str, state: str, settings: dict[str, Any], key: str
) -> None:
    page = prepared(opened, served, state, **settings)
    steps: list[dict[str, Any]] = []
    for _ in range(400):
        page.keyboard.press(key)
        step = page.evaluate(FOCUS)  # none at the end of the page, from where it goes on at the other end
        if step and step["again"]:
            break
        steps += [step] if step else []
    assert [step["html"] for step in steps if not step["differs"]] == []
    assert [step["html"] for step in steps if not step["seen"]] == []
    assert len(steps) > 10 and page.evaluate(LEFT, CONTROLS) == []


def pressed_until(page: Page, key: str, wanted: Locator) -> None:
    for _ in range(80):
        page.keyboard.press(key)
        if wanted.evaluate("node => node === document.activeElement"):
            return
    raise AssertionError(f"{key} never leads to {wanted}")


def test_a_whole_session_by_keyboard_alone(opened: Opened, served: str) -> None:
    said = STRINGS["en"]
    page = opened(
        f"{served}/", viewport=size(1440, 900), permissions=["clipboard-read", "clipboard-write"], color_scheme="dark"
    )
    page.evaluate("document.activeElement.blur()")
    pressed_until(page, "Tab", page.get_by_label(said["question"], exact=True))
    page.keyboard.type("NPT since 2019")
    page.keyboard.press("Enter")
    cards = page.locator(".turn .card")
    expect(page.locator("#log")).not_to_have_attribute("aria-busy", "true")
    expect(page.locator(".turn")).to_have_attribute("data-state", "answered")
    names = cards.evaluate_all("cards => cards.map(card => card.dataset.passage)")
    assert len(names) >= 3
    pressed_until(page, "Shift+Tab", cards.nth(1).locator("a.seal"))
    page.keyboard.press("j")
    expect(cards.nth(2)).to_be_focused()
    page.keyboard.press("k")
    expect(cards.nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(cards.nth(0)).to_be_focused()
    pressed_until(page, "Tab", cards.nth(0).locator(".in-place"))
    page.keyboard.press("Enter")
    panel = page.get_by_role("complementary", name=said["panel"])
    expect(panel.locator("[aria-current]")).to_have_attribute("data-passage", names[0])
    expect(panel.get_by_role("heading", level=2)).to_be_focused()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(cards.nth(0).locator(".in-place")).to_be_focused()
    pressed_until(page, "Tab", cards.nth(0).locator(".copy"))
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_have_text(said["copied"])
    quoted = cards.nth(0).locator("blockquote").text_content() or ""
    assert page.evaluate("navigator.clipboard.readText()").startswith(quoted)
    page.keyboard.press("/")
    expect(page.get_by_label(said["question"], exact=True)).to_be_focused()
    removed = said["remove"].format(text=said["only"].format(text="2019–"))
    pressed_until(page, "Shift+Tab", page.get_by_role("link", name=removed))
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name=removed)).to_have_count(0)
    expect(page.locator(".turn")).to_have_attribute("data-state", "answered")
    pressed_until(page, "Shift+Tab", page.locator(".tongues a[lang=ru]"))
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    expect(page.locator(".turn .question")).to_have_text("NPT since 2019")


# Large, narrow, forced, still.

WIDE = """() => [...document.querySelectorAll('body *')].filter(node => {
  const { right, left, width, height } = node.getBoundingClientRect()
  return width > 1 && height > 1 && !node.closest('.skip') && (right > innerWidth + 1 || left < -1)
}).map(node => node.outerHTML.slice(0, 120))"""


def expect_no_scrolling(page: Page, told: object) -> None:
    wide = page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
    assert wide <= 0 and page.evaluate(WIDE) == [], (told, wide)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_has_to_be_scrolled_sideways(opened: Opened, served: str, language: str) -> None:
    page = opened(f"{served}/", excused="Failed to load resource", locale=language, viewport=size(320, 640))
    for state, path in VIEWS.items():
        page.goto(f"{served}/{path}")
        page.locator("details").evaluate_all("all => all.forEach(details => { details.open = true })")
        expect_no_scrolling(page, state)


@pytest.mark.parametrize("language", LANGUAGES)
def test_text_can_be_twice_as_large(opened: Opened, served: str, language: str) -> None:
    page = opened(f"{served}/", excused="Failed to load resource", locale=language, viewport=size(1280, 900))
    for state in ("answered", "unanswered", "timeline", "altered", "paragraph", "missing"):
        page.goto(f"{served}/{VIEWS[state]}")
        before = page.locator("h1").evaluate("node => parseFloat(getComputedStyle(node).fontSize)")
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        page.locator("details").evaluate_all("all => all.forEach(details => { details.open = true })")
        for width in (1280, 640):
            page.set_viewport_size(size(width, 900))  # type: ignore[arg-type]
            expect_no_scrolling(page, (state, width))
        page.set_viewport_size(size(1280, 900))  # type: ignore[arg-type]
        assert page.locator("h1").evaluate("node => parseFloat(getComputedStyle(node).fontSize)") > 1.5 * before
        clipped = page.locator("button, summary, h1, h2, nav a").evaluate_all(
            """all => all.filter(node => node.checkVisibility() && getComputedStyle(node).overflow === 'hidden'
              && !node.closest('.unseen') && node.scrollHeight > node.clientHeight + 1).map(node => node.outerHTML)"""
        )
        assert clipped == []


# WCAG 2.5.8: 24 by 24, but for links in a line of text; these, if they stand alone, need 24 around their middle.
SMALL = """controls => {
  const held = [...document.querySelectorAll(controls)].filter(
    node => node.checkVisibility() && !node.closest('.skip')).map(node => {
      const { left, top, width, height } = (node.querySelector('rect') ?? node).getBoundingClientRect()
      return { node, left, top, width, height, x: left + width / 2, y: top + height / 2 }
    })
  const is_small = one => one.width < 24 || one.height < 24
  const is_in_text = ({ node }) => getComputedStyle(node).display === 'inline' &&
    [...node.parentNode.childNodes].some(other => other !== node && other.textContent.trim())
  const is_alone = one => held.every(other => one === other || (is_small(other)
    ? Math.hypot(one.x - other.x, one.y - other.y) >= 24
    : Math.hypot(Math.max(other.left - one.x, 0, one.x - other.left - other.width),
                 Math.max(other.top - one.y, 0, one.y - other.top - other.height)) >= 12))
  return held.filter(one => is_small(one) && !is_in_text(one)
    && !(getComputedStyle(one.node).display === 'inline' && is_alone(one)))
    .map(one => `${one.width}x${one.height} ${one.node.outerHTML.slice(0, 120)}`)
}"""


@pytest.mark.parametrize("form", SIZES)
@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_whatever_is_clicked_is_large_enough(opened: Opened, served: str, form: str, language: str) -> None:
    page = opened(f"{served}/", locale=language, viewport=size(*SIZES[form]), excused="Failed to load resource")
    small = {}
    for state, path in VIEWS.items():
        page.goto(f"{served}/{path}")
        page.locator("details").evaluate_all("all => all.forEach(details => { details.open = true })")
        small[state] = page.evaluate(SMALL, CONTROLS)
    assert {state: held for state, held in small.items() if held} == {}


def test_marks_and_controls_are_seen_in_forced_colours(opened: Opened, served: str) -> None:
    page = prepared(opened, served, "answered", forced_colors="active")
    shown = page.locator(".card blockquote:has(mark)").evaluate_all(
        """quotes => quotes.map(quote => {
          const plain = getComputedStyle(quote), mark = getComputedStyle(quote.querySelector('mark'))
          return mark.textDecorationLine !== 'none' || mark.outlineStyle !== 'none' || mark.borderTopStyle !== 'none'
            || mark.fontWeight !== plain.fontWeight
            || !['rgba(0, 0, 0, 0)', plain.backgroundColor].includes(mark.backgroundColor)
        })"""
    )
    assert shown and all(shown)
    for control in (page.locator(".send"), page.locator(".seal").first, page.locator(".box").first):
        assert style(control, "border-top-style") == "solid" and style(control, "border-top-width") != "0px"
    page.goto(f"{served}/{VIEWS['altered']}")
    assert style(page.locator(".edits del"), "text-decoration-line") == "line-through"
    assert style(page.locator(".edits ins"), "text-decoration-line") == "underline"


@pytest.mark.parametrize(("motion", "moving"), [("no-preference", 1), ("reduce", 0)])
def test_nothing_moves_where_motion_is_reduced(opened: Opened, served: str, motion: str, moving: int) -> None:
    page = opened(f"{served}/", reduced_motion=motion)
    held: list[Route] = []
    page.route(lambda address: "q=INF" in address, lambda route: held.append(route))
    page.get_by_label(STRINGS["en"]["question"], exact=True).fill("INF")
    page.keyboard.press("Enter")
    deadline = time.monotonic() + 10
    while not held:
        assert time.monotonic() < deadline
        page.wait_for_timeout(10)  # what is asked comes here a moment after the page says that it asks
    expect(page.locator(".turn")).to_have_attribute("data-state", "asking")
    endless = "document.getAnimations().filter(held => held.effect.getTiming().iterations === Infinity).length"
    assert page.evaluate(endless) == moving
    held[0].continue_()
    expect(page.locator(".turn")).to_have_attribute("data-state", "answered")
    assert page.evaluate(endless) == 0
