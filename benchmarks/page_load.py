"""How soon and how light the pages are, by the browser's own figures.

    python -m benchmarks.page_load DATA

DATA is a data folder with an index in it; it is served on 127.0.0.1. Chromium opens each page five times, always with
an empty cache, and the median of each figure is told.

first bytes   ms until the reply begins
painted       ms until the largest thing on the page is painted (LCP)
moved         how much of the page moved about while it loaded (CLS); 0 is nothing, 0.1 is still called good
kilobytes     everything that came over the wire, in kB, headers included
requests      how many
"""

import argparse
import shutil
import sys
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Browser, sync_playwright

from benchmarks.first_byte import served

ROUNDS = 5
PAGES = {
    "the empty page": "/",
    "a question answered": f"/?q={quote('what was said about INF')}",
    "a timeline": f"/timeline?q={quote('外空')}",
    "a quotation checked": f"/verify?text={quote('双方欢迎将商业航天系统用于干涉主权国家内政')}",
    "a paragraph in its place": "/p/un-cd-2019/8",
}
SIZES = {"phone": (390, 844), "desktop": (1440, 900)}
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]

# Figures come late to an observer, so that it is there before the page is.
OBSERVE = """
window.figures = { painted: 0, moved: 0 };
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) figures.painted = entry.startTime;
}).observe({ type: "largest-contentful-paint", buffered: true });
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) figures.moved += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
READ = """() => {
  const [page] = performance.getEntriesByType("navigation");
  const all = [page, ...performance.getEntriesByType("resource")];
  const bytes = all.reduce((sum, entry) => sum + entry.transferSize, 0);
  return { "first bytes": page.responseStart, ...figures, kilobytes: bytes / 1000, requests: all.length };
}"""


def main(data: Path) -> None:
    chromium = shutil.which("chromium") or sys.exit("no browser: install Chromium")
    with served(data) as port, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        measured(browser, f"http://127.0.0.1:{port}/", SIZES["phone"])  # the first page also loads the model
        sys.stdout.write(
            f"{'':27}{'':9}{'first bytes':>12}{'painted':>9}{'moved':>8}{'kilobytes':>11}{'requests':>10}\n"
        )
        for name, path in PAGES.items():
            for size, viewport in SIZES.items():
                taken = [measured(browser, f"http://127.0.0.1:{port}{path}", viewport) for _ in range(ROUNDS)]
                held = {figure: median(one[figure] for one in taken) for figure in taken[0]}
                sys.stdout.write(
                    f"{name:27}{size:9}{held['first bytes']:12.0f}{held['painted']:9.0f}{held['moved']:8.3f}"
                    f"{held['kilobytes']:11.1f}{held['requests']:10.0f}\n"
                )
        browser.close()


def measured(browser: Browser, address: str, viewport: tuple[int, int]) -> dict[str, float]:
    """The figures of one visit with an empty cache."""
    context = browser.new_context(viewport={"width": viewport[0], "height": viewport[1]})
    page = context.new_page()
    page.add_init_script(OBSERVE)
    page.goto(address, wait_until="networkidle")
    figures: dict[str, Any] = page.evaluate(READ)
    context.close()
    return figures


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    main(parser.parse_args().data)
