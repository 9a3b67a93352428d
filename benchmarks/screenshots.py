"""Pictures of the pages' main states, in both themes and three sizes.

    python -m benchmarks.screenshots DATA FOLDER

DATA is a data folder with an index in it; it is served on 127.0.0.1. The interface language goes round.
"""

import argparse
import shutil
import sys
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console
from rich.progress import track

from benchmarks.first_byte import served
from benchmarks.page_load import ARGUMENTS

SIZES = {"phone": (390, 844), "tablet": (820, 1180), "desktop": (1440, 900)}
THEMES = ("light", "dark")
LANGUAGES = ("en", "zh-Hans", "ru", "zh-Hant")
ALTERED = "双方欢迎将商业航天系统用于干涉主权国家内政"


def asked(page: Page, question: str) -> None:
    page.get_by_role("textbox").fill(question)
    page.keyboard.press("Enter")
    page.locator("#log:not([aria-busy])").wait_for()


def conversation(page: Page) -> None:
    asked(page, "中导条约")
    asked(page, "那2022年呢？")


def witness(page: Page) -> None:
    asked(page, "伊朗核问题全面协议")
    page.locator(".witnesses summary").first.click()


def panel(page: Page) -> None:
    asked(page, "外空军备竞赛")
    page.locator(".in-place").first.click()
    page.wait_for_timeout(500)


STATES: dict[str, tuple[str, Callable[[Page], None]]] = {
    "empty": ("/", lambda page: None),
    "conversation": ("/", conversation),
    "witness": ("/", witness),
    "panel": ("/", panel),
    "unanswered": ("/", lambda page: asked(page, "2022年的红烧肉做法")),
    "timeline": (f"/timeline?q={quote('外空')}", lambda page: None),
    "verify": (f"/verify?text={quote(ALTERED)}", lambda page: None),
    "reading": ("/p/un-cd-2019/8", lambda page: None),
}


def main(data: Path, folder: Path) -> None:
    chromium = shutil.which("chromium") or sys.exit("no browser: install Chromium")
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [(state, theme, size) for state in STATES for theme in THEMES for size in SIZES]
    with served(data) as port, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        console = Console(stderr=True)
        for (state, theme, size), language in zip(
            track(wanted, "taking pictures", console=console), cycle(LANGUAGES), strict=False
        ):
            picture = folder / f"{state}-{theme}-{size}.png"
            taken(browser, f"http://127.0.0.1:{port}", state, theme, size, language).screenshot(path=picture)
        browser.close()


def taken(browser: Browser, base: str, state: str, theme: str, size: str, language: str) -> Page:
    """A page in one of the states."""
    width, height = SIZES[size]
    page = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
        locale=language,
    ).new_page()
    path, act = STATES[state]
    page.goto(base + path)
    act(page)
    page.wait_for_timeout(300)  # for the scroll
    return page


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    main(arguments.data, arguments.folder)
