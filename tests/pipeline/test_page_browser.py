"""The page in a real Chromium, opened from its folder: quiet, accessible, usable by keys, on a phone, in print, in the dark.

What the figures are is held by `test_page`; here they are only followed to where the browser shows them.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import duckdb
import pytest
from axe_playwright_python import sync_playwright as axe_api
from playwright import sync_api

from pipelines.page import formats, write_page
from tests.pipeline.conftest import Ran
from tests.pipeline.page_help import Site

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: make system-packages")

PAGES = (
    "index.html", "muc-tieu.html", "dich-vu-cong.html", "van-ban.html", "hoi-nghi.html", "qd766.html", "chat-luong.html",
    "chi-tieu.html", "chi-tieu/portal_online.html",
)  # fmt: skip
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
# Axe would fetch the style sheets again, which the pages' policy forbids.
ASKED: dict[str, dict[str, object]] = {
    "light": {"resultTypes": ["violations"], "preload": False},
    # The same elements in other colours.
    "dark": {
        "resultTypes": ["violations"],
        "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
    },
}
WHITE = "rgb(255, 255, 255)"


@pytest.fixture(scope="module")
def site(usual_week: Ran, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The site of the usual week, alone in its folder."""
    published = usual_week.home.folder / "published" / "warehouse.duckdb"
    folder = tmp_path_factory.mktemp("looked-at") / "page"
    write_page(published, folder)
    return Site(folder, published)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One Chromium for all; it has no sandbox where the tests run as root."""
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """Where pictures go: the folder that CI keeps, if it names one."""
    folder = Path(os.environ.get("KHOTINH_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Watched:
    """A page of the site, and everything that went wrong while it was open."""

    def __init__(self, browser: Any, address: str, **options: Any) -> None:
        self._address = address
        self._context = browser.new_context(**{"viewport": DESKTOP, **options})
        self.page = self._context.new_page()
        self.wrong: list[str] = []
        self.page.on("console", lambda message: self.wrong.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        self.page.on("requestfailed", lambda request: self.wrong.append(f"failed: {request.url}"))
        self.page.on("request", self._asked)

    def _asked(self, request: Any) -> None:
        if not request.url.startswith(f"{self._address}/"):
            self.wrong.append(f"outside: {request.url}")

    def open(self, name: str) -> Any:
        """Opens a page and waits until its data is there and its charts are drawn."""
        self.page.goto(f"{self._address}/{name}")
        for table in self.page.query_selector_all("[data-ranking] table, [data-grid] table"):
            table.wait_for_selector("tbody tr")
        # What is not in sight is drawn when the page stands.
        self.page.wait_for_function("() => !document.querySelector('.canvas:not(:has(svg))')")
        return self.page

    def picture(self, file: Path) -> None:
        """The whole page as it is now."""
        self.page.screenshot(path=file, full_page=True)

    def close(self) -> None:
        """Ends it; anything wrong is a failure."""
        self._context.close()
        assert self.wrong == []


@pytest.fixture
def watched(browser: Any, site: Site) -> Iterator[Any]:
    """Opens pages; whatever they complain of fails the test at its end."""
    opened: list[Watched] = []

    def new(**options: Any) -> Watched:
        opened.append(Watched(browser, site.folder.as_uri(), **options))
        return opened[-1]

    yield new
    for one in opened:
        one.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_complains_and_axe_finds_nothing(watched: Any, shots: Path, scheme: str) -> None:
    one = watched(color_scheme=scheme)
    axe = axe_api.Axe()
    for name in PAGES:
        page = one.open(name)
        assert page.locator(".canvas:not(:has(svg path))").count() == 0, f"{name}: a chart was not drawn"
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        found = axe.run(page, options=ASKED[scheme])
        assert found.violations_count == 0, f"{name}, {scheme}: {found.generate_report()}"
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = false; })")
        one.picture(shots / f"{Path(name).stem}-{scheme}.png")


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_phone_shows_every_page_without_scrolling_sideways(watched: Any, shots: Path, language: str) -> None:
    one = watched(viewport=PHONE, color_scheme="light")
    one.open("index.html").click(f"button[data-language={language}]")
    for name in PAGES:
        page = one.open(name)
        assert page.evaluate("document.documentElement.lang") == language, "the choice goes along"
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"], name
        one.picture(shots / f"{Path(name).stem}-phone-{language}.png")


def test_the_axe_of_a_phone_finds_nothing(watched: Any) -> None:
    one = watched(viewport=PHONE)
    for name in ("index.html", "dich-vu-cong.html"):
        found = axe_api.Axe().run(one.open(name), options=ASKED["light"])
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"


def test_print_is_black_on_white_and_without_what_only_a_screen_needs(watched: Any, shots: Path) -> None:
    one = watched(color_scheme="dark")
    page = one.open("dich-vu-cong.html")
    colour = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(colour) != WHITE
    dark = page.locator(".canvas svg path").first.evaluate("element => element.closest('svg').innerHTML")
    page.emulate_media(media="print")
    page.wait_for_function("dark => document.querySelector('.canvas svg').innerHTML !== dark", arg=dark)
    assert page.evaluate(colour) == WHITE
    assert not page.locator("nav").is_visible()
    assert not page.locator(".filters").is_visible()
    assert page.locator(".version").is_visible()
    assert "#0b5fa5" in page.locator(".canvas svg").first.inner_html(), "charts are drawn in the colours of paper"
    one.picture(shots / "dich-vu-cong-print.png")
    page.pdf(path=shots / "dich-vu-cong.pdf", format="A4")
    page.emulate_media(media="screen")


def test_nothing_moves_for_whoever_asked_for_stillness(watched: Any) -> None:
    page = watched(reduced_motion="reduce").open("dich-vu-cong.html")
    assert (
        page.evaluate("""
        Array.from(document.querySelectorAll("*")).filter(element => {
            const style = getComputedStyle(element);
            return parseFloat(style.transitionDuration) > 0 || style.animationName !== "none";
        }).length""")
        == 0
    )


def test_the_language_switch_shows_one_language_at_a_time(watched: Any) -> None:
    page = watched().open("dich-vu-cong.html")
    assert page.locator("h1").inner_text() == "Cổng dịch vụ công"
    page.click("button[data-language=en]")
    assert page.locator("h1").inner_text() == "Public service portal"
    assert page.locator("button[data-language=en]").get_attribute("aria-pressed") == "true"
    assert "units" in page.locator("[role=status]").inner_text()
    visible = (
        "Array.from(document.querySelectorAll('main span[lang=vi]')).filter(one => one.offsetParent !== null).length"
    )
    assert page.evaluate(visible) == 0


def test_a_keyboard_is_enough(watched: Any, site: Site) -> None:
    page = watched().open("dich-vu-cong.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0, "seen as soon as it is reached"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "noi-dung"
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        reached.add(page.evaluate("document.activeElement.localName"))
        assert outline == "solid", page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        if page.evaluate("document.activeElement.name") == "text":
            break
    assert {"a", "summary", "div", "input"} <= reached, "links, tables behind charts, wide tables, the search"
    page.keyboard.type("so giao duc va dao tao")  # without marks: that is how people type
    row = page.locator(".rank tbody tr[data-unit='H56.09']")
    assert page.locator(".rank tbody tr").count() == len(
        site.ask("""
        SELECT DISTINCT unit_code FROM marts.indicator_monthly JOIN core.dim_unit USING (unit_code)
        WHERE is_latest AND unit_name_vi ILIKE '%Sở Giáo dục và Đào tạo%' AND period = '202611' AND denominator >= 1
            AND indicator_code = 'portal_settled_on_time_local'""")
    )
    numerator, denominator, value = site.ask("""
        SELECT numerator::BIGINT, denominator::BIGINT, value FROM marts.indicator_monthly
        WHERE unit_code = 'H56.09' AND period = '202611' AND indicator_code = 'portal_finished_on_time_national'""")[0]
    assert row.locator("td").nth(4).inner_text().split("\n") == [formats.percent(value), f"({numerator}/{denominator})"]


def test_a_ranking_sorts_by_its_columns_and_says_so(watched: Any, site: Site) -> None:
    page = watched().open("dich-vu-cong.html")
    received = page.locator("th[data-code=portal_received]")
    received.locator("button").press("Enter")
    assert received.get_attribute("aria-sort") == "descending"
    first, most = site.ask("""
        SELECT unit_code, numerator::BIGINT FROM marts.indicator_monthly WHERE indicator_code = 'portal_received'
        AND period = '202611' AND unit_code <> 'H56' ORDER BY numerator DESC, unit_code LIMIT 1""")[0]
    counts = [int(cell.replace(".", "")) for cell in page.locator(".rank tbody td:nth-child(3)").all_inner_texts()]
    assert counts[0] == most
    assert counts == sorted(counts, reverse=True)
    assert page.locator(f".rank tr[data-unit='{first}'] td").first.inner_text() == "1"
    received.locator("button").press("Enter")
    assert received.get_attribute("aria-sort") == "ascending"
    shown = page.locator(".rank tbody tr").count()
    page.locator(".more").press("Enter")
    assert page.locator(".rank tbody tr").count() == shown + 50
    assert page.evaluate("document.activeElement.localName") == "tr", "reading goes on where the new rows begin"
    page.select_option("[name=kind]", "department")
    assert page.locator(".rank tbody tr").count() == 14


def test_a_share_is_rounded_as_the_marts_round_it(site: Site, browser: Any, tmp_path: Path) -> None:
    shares = [(247, 2000), (3, 5998), (4, 9999), (5997, 5998), (1999, 2000), (1, 16), (1, 3), (0, 7), (7, 7)]
    units = [code for (code,) in site.ask("""
        SELECT unit_code FROM marts.indicator_monthly WHERE indicator_code = 'portal_online' AND period = '202611'
        AND unit_code LIKE 'H56.0_' ORDER BY 1""")][: len(shares)]  # fmt: skip
    file = tmp_path / "shares.duckdb"
    shutil.copyfile(site.published, file)
    with duckdb.connect(str(file)) as connection:
        for unit, (numerator, denominator) in zip(units, shares, strict=True):
            connection.execute(
                """UPDATE marts.indicator_monthly SET numerator = $1, denominator = $2, value = $1::DECIMAL / $2
                WHERE indicator_code = 'portal_online' AND period = '202611' AND unit_code = $3""",
                [numerator, denominator, unit],
            )
        values = dict(connection.execute("SELECT unit_code, value FROM marts.indicator_monthly WHERE indicator_code = 'portal_online'").fetchall())  # fmt: skip
    write_page(file, tmp_path / "page")
    one = Watched(browser, (tmp_path / "page").as_uri())
    page = one.open("dich-vu-cong.html")
    page.select_option("[name=kind]", "department")
    online = {
        unit: page.locator(f".rank tr[data-unit='{unit}'] td").nth(5).inner_text().split("\n")[0] for unit in units
    }
    assert online == {unit: formats.percent(values[unit]) for unit in units}
    assert online[units[0]] == "12,4\N{NO-BREAK SPACE}%"
    one.close()


def test_the_grid_shows_348_endpoints_and_finds_those_in_trouble(watched: Any, site: Site) -> None:
    page = watched().open("hoi-nghi.html")
    assert page.locator(".grid tbody tr").count() == 348
    off = site.ask(
        "SELECT count(DISTINCT endpoint_code) FROM marts.videoconference_endpoint_daily WHERE was_asked AND NOT is_online"
    )
    page.check("[name=troubled]")
    assert page.locator(".grid tbody tr").count() == off[0][0]
    page.uncheck("[name=troubled]")
    page.fill("[data-grid] [name=text]", "dc-012")
    days = site.ask("""
        SELECT was_asked, is_online, is_participant FROM marts.videoconference_endpoint_daily
        WHERE endpoint_code = 'DC-012' ORDER BY report_date""")
    signs = ["●" if took and online else "◐" if took else "✓" if online else "×" for _, online, took in days]
    assert page.locator(".grid tbody td").all_inner_texts() == [
        *signs,
        f"{sum(online for _, online, _ in days)}/{len(days)}",
    ]


def test_a_web_server_does_as_well(browser: Any, site: Site) -> None:
    handler = partial(SimpleHTTPRequestHandler, directory=site.folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        serving = Thread(target=server.serve_forever, daemon=True)
        serving.start()
        one = Watched(browser, f"http://127.0.0.1:{server.server_port}")
        for name in ("dich-vu-cong.html", "hoi-nghi.html", "chi-tieu/portal_online.html"):
            assert one.open(name).locator(".canvas svg").count() > 0, name
        one.close()
        server.shutdown()
        serving.join()


def test_names_from_the_data_run_nothing(usual_week: Ran, browser: Any, tmp_path: Path) -> None:
    file = tmp_path / "spoiled.duckdb"
    shutil.copyfile(usual_week.home.folder / "published" / "warehouse.duckdb", file)
    evil = "<img src=x onerror=\"document.title = 'run'\">"
    with duckdb.connect(str(file)) as connection:
        connection.execute("UPDATE core.dim_unit SET unit_name_vi = ?", [evil])
        connection.execute("UPDATE core.dim_endpoint SET endpoint_name_vi = ?", [evil])
    write_page(file, tmp_path / "page")
    one = Watched(browser, (tmp_path / "page").as_uri())
    for name in ("dich-vu-cong.html", "hoi-nghi.html"):
        page = one.open(name)
        assert evil in page.locator("tbody th").all_inner_texts()[-1] or page.get_by_text(evil).count() > 0
        assert page.locator("main img").count() == 0
        assert page.title() != "run"
    one.close()
