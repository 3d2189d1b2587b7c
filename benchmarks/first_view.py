"""What the page of a version costs whoever opens it: the time until what is in sight stands there, and the bytes read until then.

Opened from its folder in a real Chromium whose processor is slowed down four times, as Chromium's own tools do for an
older laptop. `python -m benchmarks.first_view FOLDER`, or after the publishes of `benchmarks.publishing`.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from statistics import median
from urllib.parse import unquote, urlsplit

from playwright import sync_api
from rich.console import Console
from rich.table import Table

from pipelines.page.site import NAVIGATION

SECONDS, MEGABYTES = 1.0, 3.0
OPENED = 5
SLOWED_DOWN = 4
_SHOWN = "() => Math.max(...performance.getEntriesByType('navigation').map(entry => entry.loadEventEnd))"
_PAINTED = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN"
screen = Console(highlight=False)


def show_first_views(folder: Path) -> None:
    """Opens each page of a site and shows the medians beside their bars; says so where there is no Chromium."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        screen.print("no Chromium here: make system-packages", style="dim")
        return
    table = Table(
        "first view", "painted, s", f"there in sight, s (bar {SECONDS:g})", f"read, MB (bar {MEGABYTES:g})", box=None
    )
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, *_ in NAVIGATION:
            views = [_view(browser, folder / name) for _ in range(OPENED)]
            painted, shown, read = (median(values) for values in zip(*views, strict=True))
            table.add_row(name, f"{painted:.2f}", f"{shown:.2f}", f"{read:.2f}")
        browser.close()
    screen.print(table)


def _view(browser: sync_api.Browser, file: Path) -> tuple[float, float, float]:
    """Seconds until something is painted and until all that is in sight is there, and megabytes read until then; nothing is kept."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWED_DOWN})
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(unquote(urlsplit(request.url).path)))
    page.goto(file.resolve().as_uri(), wait_until="load")
    page.wait_for_function("() => performance.getEntriesByType('navigation')[0].loadEventEnd > 0")
    painted, shown = page.evaluate(_PAINTED), page.evaluate(_SHOWN)
    context.close()
    return painted / 1000, shown / 1000, sum(Path(name).stat().st_size for name in asked) / 1e6


if __name__ == "__main__":
    show_first_views(Path(sys.argv[1]))
