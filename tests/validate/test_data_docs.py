"""Data Docs: there for each judged load, readable without a network, in Vietnamese, and with nothing personal in them."""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from pipelines.calendar import Partition, WorkingDays, now
from pipelines.data_docs import bring_up_to_date
from pipelines.ingest import Workshop
from pipelines.load.load import load
from pipelines.load.warehouse import open_warehouse, prepare
from pipelines.settings import SEEDS, Settings
from pipelines.validate.verdict import Judged, Verdict, judge
from tests.load.load_help import BASIS, CONTRACT, arrival, settings_in
from tests.parse.parse_help import SHIPPED, write
from tests.parse.parse_help import read as parse_file

JUNE = Partition.parse("2026-06")
NAME, LOGIN, PHONE = "Nguyễn Thị Kín", "kin.nt@tinh.example", "0912345678"
HEADINGS = ";".join(column.headings[0] for column in CONTRACT.columns)


def _settings(folder: Path) -> Settings:
    return settings_in(folder)


def _put(settings: Settings, judged: Judged, key: str = "2026-06", at: datetime | None = None) -> str:
    at = at or now()
    with open_warehouse(settings) as connection:
        prepare(connection, [CONTRACT])
        attempt = load(connection, CONTRACT, arrival(key=key), judged, at, at, "rules 1", BASIS)
    assert attempt.load_id is not None
    return attempt.load_id


def _build(settings: Settings) -> str | None:
    workshop = Workshop(settings)
    return bring_up_to_date(settings, workshop.contracts, workshop.suites, workshop.mart_suites)


def _pages(settings: Settings) -> Mapping[str, str]:
    folder = settings.data_docs_folder
    return {str(file.relative_to(folder)): file.read_text(encoding="utf-8") for file in folder.rglob("*.html")}


def _judged(folder: Path) -> Judged:
    """A real export: 60 good rows, one login before its issue (a rule), one unreadable date (the parser)."""
    cells = {
        "account_key": LOGIN, "unit_code": "H56.12", "platform_code": "portal", "issued_date": "01/06/2026",
        "last_login_at": "02/06/2026 08:00:00", "is_locked": "0",
    }  # fmt: skip
    lines = [HEADINGS]
    for number in range(62):
        row = {**cells, "account_key": f"{number}.{LOGIN}"}
        if number == 60:
            row["last_login_at"] = "31/05/2026 23:59:00"
        if number == 61:
            row["issued_date"] = "31/06/2026"
        lines.append(
            ";".join(row.get(column.name, f"{NAME} {PHONE}" if column.personal else "") for column in CONTRACT.columns)
        )
    file = write(folder / "accounts.csv", "\n".join(lines) + "\n")
    suite = Workshop(_settings(folder)).suites[CONTRACT.dataset]
    parsed = parse_file(file, CONTRACT, JUNE, SHIPPED)
    return judge(parsed, CONTRACT, suite, JUNE, WorkingDays(SEEDS / "holidays.csv"), None)


class _Resources(HTMLParser):
    """Collects whatever a browser would fetch or run, and the text that a person reads."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.policy = ""
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        told = dict(attrs)
        self.links += [str(told[name]) for name in ("src", "href", "action", "data", "srcset") if name in told]
        self.links += re.findall(r"url\(([^)]*)\)", told.get("style") or "")
        if told.get("http-equiv") == "Content-Security-Policy":
            self.policy = told.get("content") or ""

    def handle_data(self, data: str) -> None:
        self.text += data
        self.links += re.findall(r"url\(([^)]*)\)|@import", data)


def test_a_judged_load_has_a_page_and_the_index_leads_to_it(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    load_id = _put(settings, _judged(tmp_path))
    assert load_id == "platform_accounts/2026-06/r1"
    assert _build(settings) is None
    pages = _pages(settings)
    assert set(pages) == {"index.html", "platform_accounts/2026-06-r1.html"}
    assert 'href="platform_accounts/2026-06-r1.html"' in pages["index.html"]
    assert "nhận, có cảnh báo" in _Resources(pages["index.html"]).text
    text = _Resources(pages["platform_accounts/2026-06-r1.html"]).text
    assert "62 = 60 + 2 + 0" in text
    assert "Đăng nhập không trước ngày cấp." in text
    assert "login_is_not_before_issue" in text
    assert "quarantine_share_is_bearable" in text
    assert re.search(r"login_is_not_before_issue.*?1 dòng", text, re.DOTALL)


def test_pages_open_without_a_network(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    _put(settings, _judged(tmp_path))
    with open_warehouse(settings) as connection:
        connection.execute(
            "INSERT INTO ops.mart_checks VALUES ('indicator_daily', 'value_is_its_parts', 'critical', false, '', 3, ?)",
            [now()],
        )
    assert _build(settings) is None
    pages = _pages(settings)
    assert len(pages) == 3
    for name, page in pages.items():
        found = _Resources(page)
        assert found.policy.startswith("default-src 'none'"), name
        assert not found.tags & {"script", "link", "img", "iframe", "object", "embed", "form", "base"}
        local = [settings.data_docs_folder / Path(name).parent / link for link in found.links]
        assert local
        assert all(file.is_file() for file in local), found.links
        assert "http://" not in page
        assert "https://" not in page


def test_no_personal_value_reaches_a_page(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    judged = _judged(tmp_path)
    assert judged.quarantine.height == 2
    pseudonyms = judged.rows.frame().get_column("account_key").to_list()
    _put(settings, judged)
    assert _build(settings) is None
    everything = "".join(_pages(settings).values())
    for value in (NAME, "Kín", LOGIN, PHONE, "31/06/2026", "23:59:00.000000", *pseudonyms):
        assert value not in everything


def test_what_a_ledger_holds_is_shown_as_text_and_never_as_markup(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    judged = _judged(tmp_path)
    odd = "<script>alert(1)</script> $x & {{ y }}"
    checks = tuple(replace(check, observed=odd, unexpected_count=None) for check in judged.checks)
    _put(settings, replace(judged, verdict=Verdict.REFUSED, checks=checks, refusal_reason=odd))
    assert _build(settings) is None
    found = _Resources(_pages(settings)["platform_accounts/2026-06-r1.html"])
    assert "script" not in found.tags
    assert found.text.count(odd) == len(checks) + 1


def test_the_marts_are_told_of_with_their_rules(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    at = now()
    with open_warehouse(settings) as connection:
        prepare(connection, [CONTRACT])
        connection.executemany(
            "INSERT INTO ops.mart_checks VALUES (?, ?, ?, ?, '', ?, ?)",
            [
                ("indicator_daily", "value_is_its_parts", "critical", False, 3, at),
                ("portal_unit_daily", "unit_stood_that_day", "warning", True, 0, at),
                ("portal_unit_daily", "a_rule_of_old", "warning", False, 5, at),
            ],
        )
    assert _build(settings) is None
    (page,) = (page for name, page in _pages(settings).items() if name.startswith("marts/"))
    text = _Resources(page).text
    for told in (
        "Giá trị bằng tử số chia mẫu số.",
        "3 dòng",
        "Đơn vị còn hoạt động vào ngày báo cáo.",
        "a_rule_of_old",
        "5 dòng",
    ):
        assert told in text


def test_a_page_lost_in_a_crash_is_made_again_and_others_are_left_alone(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    judged = _judged(tmp_path)
    _put(settings, judged)
    _put(settings, judged, key="2026-07")
    assert _build(settings) is None
    folder = settings.data_docs_folder / "platform_accounts"
    whole = (folder / "2026-06-r1.html").read_text(encoding="utf-8")
    (folder / "2026-06-r1.html").unlink()
    (folder / ".half.partial").write_text("half a page")
    (folder / "2026-07-r1.html").chmod(0o600)
    (folder / "2026-07-r1.html").write_text("kept as it is")
    assert _build(settings) is None
    assert _without_ids((folder / "2026-06-r1.html").read_text(encoding="utf-8")) == _without_ids(whole)
    assert (folder / "2026-07-r1.html").read_text() == "kept as it is"
    assert sorted(file.name for file in folder.iterdir()) == ["2026-06-r1.html", "2026-07-r1.html"]


def _without_ids(page: str) -> str:
    return re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}", "", page)


def test_pages_of_long_ago_are_removed(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    judged = _judged(tmp_path)
    _put(settings, judged, key="2026-01", at=now() - timedelta(days=61))
    _put(settings, judged, key="2026-02", at=now() - timedelta(days=59))
    old = settings.data_docs_folder / "platform_accounts" / "2026-01-r1.html"
    old.parent.mkdir(parents=True)
    old.write_text("judged 61 days ago")
    assert _build(settings) is None
    assert set(_pages(settings)) == {"index.html", "platform_accounts/2026-02-r1.html"}


def test_the_newest_load_of_each_dataset_comes_first(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    judged = _judged(tmp_path)
    for key in ("2026-01", "2026-03", "2026-02"):
        _put(settings, judged, key=key)
    assert _build(settings) is None
    links = re.findall(r'href="platform_accounts/([^"]+)\.html"', _pages(settings)["index.html"])
    assert links == ["2026-02-r1", "2026-02-r1", "2026-03-r1", "2026-01-r1"]


def test_pages_are_for_the_users_group_and_nobody_else(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    _put(settings, _judged(tmp_path))
    assert _build(settings) is None
    for path in (settings.data_docs_folder, *settings.data_docs_folder.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o750 if path.is_dir() else 0o640)


@pytest.mark.parametrize("obstacle", ["a file in its place", "a rule that cannot be rendered"])
def test_a_failure_says_why_and_raises_nothing(tmp_path: Path, obstacle: str) -> None:
    settings = _settings(tmp_path)
    _put(settings, _judged(tmp_path))
    workshop = Workshop(settings)
    suites = dict(workshop.suites)
    if obstacle == "a file in its place":
        settings.data_docs_folder.write_text("in the way")
    else:
        suite = suites[CONTRACT.dataset]
        odd = suite.rules[0].model_copy(update={"type": "expect_column_values_to_be_beautiful"})
        suites[CONTRACT.dataset] = suite.model_copy(update={"rules": (odd, *suite.rules[1:])})
    why = bring_up_to_date(settings, workshop.contracts, suites, workshop.mart_suites)
    assert why is not None
    assert str(settings.data_docs_folder) in why
