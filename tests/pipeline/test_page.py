"""What the page says is what the marts say: every card, chart, ranking, target and part, compared by SQL."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.errors import PermanentError
from pipelines.page import write_page
from tests.pipeline.conftest import Ran
from tests.pipeline.page_help import ABSENT, EMPTY, Site, figure, text
from tests.pipeline.page_years import after_years

MOST_BYTES = 3_000_000
CHARTS = {
    "dich-vu-cong.html": {
        "flow-days": ["portal_received", "portal_settled"],
        "on-time-days": ["portal_settled_on_time_local", "portal_finished_on_time_national", "portal_open_late"],
        "online-days": ["portal_online", "portal_fully_online", "portal_paid_online"],
    },
    "van-ban.html": {
        "documents-days": ["document_sent", "document_registered"],
        "shares-days": ["document_received", "document_completed", "document_resent"],
    },
    "hoi-nghi.html": {
        "video-days": ["videoconference_online", "videoconference_participation", "videoconference_failed_joins"],
    },
}


@pytest.fixture(scope="module")
def site(usual_week: Ran, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The site of the usual week."""
    published = usual_week.home.folder / "published" / "warehouse.duckdb"
    folder = tmp_path_factory.mktemp("site") / "page"
    write_page(published, folder)
    return Site(folder, published)


def changed(site: Site, folder: Path, *statements: str) -> Site:
    """The site of a copy of the file to which something was done."""
    file = folder / "changed.duckdb"
    shutil.copyfile(site.published, file)
    with duckdb.connect(str(file)) as connection:
        for statement in statements:
            connection.execute(statement)
    write_page(file, folder / "page")
    return Site(folder / "page", file)


def test_what_is_saved_is_counted_once(site: Site) -> None:
    """The mart tells of each unit and of the province: added up, every document would be saved twice."""
    rows = site.page("van-ban.html").xpath("//section[@aria-labelledby='tiet-kiem']//tbody/tr")
    shown = [tuple(figure(text(cell)) for cell in row.xpath("td")) for row in rows]
    ((deliveries, documents),) = site.ask("""
        SELECT sum(sent_count)::INT, sum(sent_document_count)::INT FROM marts.document_unit_monthly
        WHERE period = (SELECT max(period) FROM marts.document_savings_monthly)""")
    amounts = site.ask("SELECT basis_code, amount_vnd FROM meta.saving_assumptions ORDER BY assumption_id")
    quantities = [deliveries if basis == "delivery" else documents for basis, _ in amounts]
    assert len(set(quantities)) == 2
    assert shown == [
        (quantity, amount, quantity * amount) for quantity, (_, amount) in zip(quantities, amounts, strict=True)
    ]


def test_nothing_is_absent_from_a_whole_file_and_every_page_says_its_version(site: Site) -> None:
    version, at = site.ask("SELECT version, strftime(published_at, '%d/%m/%Y %H:%M') FROM meta.versions ORDER BY version DESC LIMIT 1")[0]  # fmt: skip
    pages = dict(site.pages())
    assert len(pages) == 8 + site.ask("SELECT count(*) FROM meta.indicators")[0][0]
    for name, source in pages.items():
        header = text(site.page(name).xpath("//header")[0])
        assert version in header, name
        assert at in header, name
        assert "Bản này không có vài bảng" not in source, name
        assert "không có bảng của phần này" not in source, name


def test_the_same_file_gives_the_same_bytes(site: Site, tmp_path: Path) -> None:
    write_page(site.published, tmp_path / "again")
    files = {file.relative_to(site.folder) for file in site.folder.rglob("*") if file.is_file()}
    assert files == {file.relative_to(tmp_path / "again") for file in (tmp_path / "again").rglob("*") if file.is_file()}
    assert all((site.folder / file).read_bytes() == (tmp_path / "again" / file).read_bytes() for file in files)


def test_a_folder_that_is_there_is_left_alone(site: Site) -> None:
    before = (site.folder / "index.html").stat().st_mtime_ns
    with pytest.raises(FileExistsError):
        write_page(site.published, site.folder)
    assert (site.folder / "index.html").stat().st_mtime_ns == before


def test_a_card_shows_the_newest_month_of_the_province(site: Site) -> None:
    months = {
        code: (value, period, days)
        for code, value, period, days in site.ask("""
            SELECT indicator_code, CASE measure WHEN 'share' THEN round(value * 100, 1) ELSE round(value, 1) END,
                right(period, 2) || '/' || left(period, 4),
                CASE WHEN NOT is_complete THEN days_covered || '/' || days_expected END
            FROM marts.indicator_monthly JOIN meta.indicators USING (indicator_code) WHERE unit_code = 'H56'
            QUALIFY row_number() OVER (PARTITION BY indicator_code ORDER BY period DESC) = 1""")
    }
    seen = Counter[str]()
    for name, _ in site.pages():
        for card in site.page(name).xpath("//*[contains(@class, 'card') and @data-indicator]"):
            value, period, days = months[card.get("data-indicator")]
            assert figure(text(card.xpath(".//*[@class='figure']")[0])) == value, (name, card.get("data-indicator"))
            assert f"tháng {period}" in text(card)
            assert ("chưa đủ tháng" in text(card)) == (days is not None)
            assert days is None or f"{days} ngày" in text(card)
            seen[card.get("data-indicator")] += 1
    assert seen.keys() == months.keys()
    assert sum(seen.values()) == len(months) + 8 + 12 + 8 + 6


def test_a_chart_draws_the_days_of_the_marts_and_nothing_else(site: Site) -> None:
    compared = 0
    for name, tables in CHARTS.items():
        page = site.page(name)
        assert {table.get("data-table") for table in page.xpath("//figure//table[@data-table]")} == tables.keys()
        for key, codes in tables.items():
            for line in page.xpath(f"//table[@data-table='{key}']/tbody/tr"):
                day, *cells = line
                for code, cell in zip(codes, cells, strict=True):
                    compared += 1
                    assert shown(cell) == told_by_the_marts(site, code, text(day)), (code, text(day))
    assert compared == 7 * 16


def shown(cell: Any) -> tuple[str | Decimal, Decimal | None]:
    """What a reader sees, and what the chart draws."""
    words = text(cell)
    if cell.get("data-v") is None:
        return words, None
    return figure(words), Decimal(cell.get("data-v"))


def told_by_the_marts(site: Site, code: str, day: str) -> tuple[str | Decimal, Decimal | None]:
    """The same by SQL: absent if the day is not held, empty if it is and nothing was there to divide by."""
    found = site.ask("""
        SELECT value, CASE measure WHEN 'share' THEN round(value * 100, 1) ELSE round(value, 0) END
        FROM marts.indicator_daily JOIN meta.indicators USING (indicator_code)
        WHERE unit_code = 'H56' AND indicator_code = ? AND strftime(period, '%d/%m/%Y') = ?""", code, day)  # fmt: skip
    if found:
        return found[0][1], found[0][0]
    held, measure = site.ask("""
        SELECT count(report_date) > 0, measure FROM meta.indicators LEFT JOIN core.day_coverage
            ON coverage = coverage_code AND strftime(report_date, '%d/%m/%Y') = ?
        WHERE indicator_code = ? GROUP BY measure""", day, code)[0]  # fmt: skip
    if not held:
        return ABSENT, None
    return (EMPTY, None) if measure == "share" else (Decimal(0), Decimal(0))


def test_rankings_hold_every_unit_of_the_month(site: Site) -> None:
    units = site.data("units")
    for key in ("dich-vu-cong", "van-ban"):
        codes = [
            head.get("data-code") for head in site.page(f"{key}.html").xpath("//section[@data-ranking]//th[@data-code]")
        ]
        measures = dict(site.ask("SELECT indicator_code, measure FROM meta.indicators"))
        expected = {
            (unit, code): (numerator, denominator)
            for unit, code, numerator, denominator in site.ask(
                """SELECT unit_code, indicator_code, numerator, denominator FROM marts.indicator_monthly
                WHERE period = '202611' AND unit_code <> 'H56' AND list_contains(?, indicator_code)""",
                codes,
            )
        }
        found: dict[tuple[str, str], tuple[object, object]] = {}
        for place, *figures in site.data(f"{key}-202611"):
            rest = iter(figures)
            for code in codes:
                pair = (next(rest), next(rest) if measures[code] == "share" else None)
                if pair != (None, None):
                    found[units[place][0], code] = pair
            assert next(rest, "end") == "end"
        assert found == expected
        assert len(found) > 500


def test_the_grid_is_the_mart_day_by_day(site: Site) -> None:
    grid = site.data("hoi-nghi")
    assert len(grid["endpoints"]) == len(grid["cells"]) == 348
    expected = site.ask("""
        SELECT report_date::VARCHAR, count(*) FILTER (was_asked), count(*) FILTER (was_asked AND is_online),
            count(*) FILTER (is_participant) FROM marts.videoconference_endpoint_daily GROUP BY 1 ORDER BY 1""")
    columns = ["".join(line[place] for line in grid["cells"]) for place in range(len(grid["days"]))]
    found = [
        (day, *(sum(map(column.count, states)) for states in ("0123", "12", "234")))
        for day, column in zip(grid["days"], columns, strict=True)
    ]
    assert found == expected
    off = site.ask("""
        SELECT endpoint_code, report_date::VARCHAR FROM marts.videoconference_endpoint_daily
        WHERE was_asked AND NOT is_online ORDER BY ALL""")
    assert off == sorted(
        (code, day)
        for (code, _, _), line in zip(grid["endpoints"], grid["cells"], strict=True)
        for day, state in zip(grid["days"], line, strict=True)
        if state in "03"
    )


def test_the_target_board_says_value_target_gap_pace_and_why_not(site: Site) -> None:
    rows = site.ask("""
        SELECT target_code, is_comparable, void_reason, scale * value, scale * target_value, scale * gap, scale * pace_needed
        FROM (SELECT *, CASE unit_of_count WHEN 'share' THEN 100 ELSE 1 END AS scale FROM marts.target_progress)""")
    page = site.page("muc-tieu.html")
    assert len(page.xpath("//li[@data-target]")) == len(rows) == 22
    for code, is_comparable, reason, *expected in rows:
        one = page.xpath(f"//li[@data-target='{code}']")[0]
        for field, value in zip(("value", "target", "gap", "pace"), expected, strict=True):
            words = text(one.xpath(f".//dd[@data-field='{field}']")[0])
            if value is None:
                assert not re.search(r"\d", words), (code, field, words)
                assert words, (code, field)
            else:
                assert abs(figure(words) - Decimal(value)) <= (Decimal("0.005") if field == "pace" else Decimal("0.05"))
        if not is_comparable:
            assert reason.partition(" | ")[0] in text(one)
            assert "không so sánh" in text(one)


def test_qd766_says_points_of_points_measured_and_what_is_missing(site: Site) -> None:
    page = site.page("qd766.html")
    rows = site.ask("""
        SELECT part_code, round(points_earned, 2), points_covered, missing_vi FROM marts.qd766_monthly
        WHERE unit_code = 'H56' AND period = (SELECT max(period) FROM marts.qd766_score_monthly)""")
    assert len(page.xpath("//tr[@data-part]")) == len(rows) == 21
    for code, earned, covered, missing in rows:
        line = page.xpath(f"//tr[@data-part='{code}']")[0]
        if covered:
            earned_shown, covered_shown = text(line[1]).split(" tối đa ")[0].split(" / ")
            assert (figure(earned_shown), figure(covered_shown)) == (earned, covered)
        else:
            assert text(line[1]).startswith("không tính")
        assert missing is None or missing in text(line)
    earned, covered = site.ask("SELECT round(points_earned, 2), points_covered FROM marts.qd766_score_monthly WHERE unit_code = 'H56'")[0]  # fmt: skip
    score = text(page.xpath("//*[@data-field='earned']")[0])
    assert [figure(part) for part in score.split("/")] == [earned, covered]
    assert not re.search(r"/\s*100\b", text(page)), "a score of 100"


def test_quality_counts_every_load_and_every_row(site: Site) -> None:
    page = site.page("chat-luong.html")
    total = [figure(text(cell)) for cell in page.xpath("//section[@aria-labelledby='ket-luan']//tfoot//td")]
    assert total == list(
        site.ask("""
        SELECT count(*) FILTER (verdict = 'accepted'), count(*) FILTER (verdict = 'accepted_with_warnings'),
            count(*) FILTER (verdict = 'refused'), sum(rows_read) FILTER (is_in_force), sum(rows_accepted) FILTER (is_in_force),
            sum(rows_quarantined) FILTER (is_in_force), sum(rows_duplicate) FILTER (is_in_force) FROM meta.loads""")[0]
    )
    drawn = {text(line[0]): Decimal(line[1].get("data-v")) for line in page.xpath("//table[@data-table='quarantine-days']/tbody/tr")}  # fmt: skip
    assert drawn == dict(
        site.ask("""
        SELECT strftime(partition_key::DATE, '%d/%m/%Y'), sum(rows_quarantined) FROM meta.loads
        WHERE is_in_force AND length(partition_key) = 10 GROUP BY 1""")
    )
    cells, compared = site.ask("SELECT count(*), count(difference_count) FROM marts.portal_reconciliation")[0]
    line = page.xpath("//section[@aria-labelledby='doi-chieu']//tbody/tr")[0]
    assert (figure(text(line[1])), compared) == (cells, 0)
    assert text(line[6]) == ABSENT, "nothing could be compared, so nobody knows what is unexplained"


def test_quality_says_in_vietnamese_why_rows_and_files_were_not_taken(site: Site) -> None:
    page = site.page("chat-luong.html")
    lacking = "FROM {} ANTI JOIN meta.reason_words AS words ON words.dataset = loads.dataset AND words.reason = {}"
    for told in (
        lacking.format("meta.quarantine_reasons AS held JOIN meta.loads AS loads USING (load_id)", "held.reason"),
        lacking.format("(FROM meta.loads WHERE refusal_reason IS NOT NULL) AS loads", "refusal_reason"),
    ):
        assert site.ask(told) == []
    said = [text(one) for one in page.xpath("//section[@aria-labelledby='cach-ly']//tbody/tr/th/span[@lang='vi']")]
    assert "Mã thủ tục hành chính: để trống" in said
    assert set(said) <= {words for (words,) in site.ask("SELECT reason_vi FROM meta.reason_words")}
    refused = [text(one) for one in page.xpath("//span[@class='why']/span[@lang='vi']")]
    assert "Tệp thiếu cột hoặc đổi tên cột: «Số đến»" in refused[0]


def test_what_falls_due_is_counted_by_bucket(site: Site) -> None:
    lines = site.page("dich-vu-cong.html").xpath("//section[@aria-labelledby='den-han']//tbody/tr")
    found = sorted((int(figure(text(line[1]))), int(figure(text(line[2])))) for line in lines)
    assert found == sorted(
        site.ask(
            "SELECT sum(due_count)::INT, sum(waiting_count)::INT FROM marts.portal_due_forecast GROUP BY bucket_code"
        )
    )


def test_today_says_every_period_that_is_due_and_not_there(site: Site) -> None:
    page = site.page("index.html")
    found = {line.get("data-missing"): figure(text(line[1])) for line in page.xpath("//tr[@data-missing]")}
    owed = set(site.ask("""
        SELECT dataset, strftime(day, '%Y%m%d')[:CASE cadence WHEN 'daily' THEN 8 ELSE 6 END] FROM meta.expected_periods
        JOIN meta.datasets USING (dataset) WHERE is_owed AND is_due AND dataset IN (SELECT dataset FROM meta.freshness)"""))  # fmt: skip
    came = set(site.ask("SELECT dataset, replace(partition_key, '-', '') FROM meta.loads WHERE is_in_force"))
    assert found == Counter(dataset for dataset, _ in owed - came)
    assert f"Còn thiếu {sum(found.values())} kỳ đã đến hạn" in text(page)


def test_of_the_week_itself_only_the_refused_register_is_missing(site: Site, tmp_path: Path) -> None:
    week = changed(site, tmp_path, "DELETE FROM meta.expected_periods WHERE last_day > DATE '2026-11-08'")
    page = week.page("index.html")
    assert [[text(cell) for cell in line] for line in page.xpath("//tr[@data-missing]")] == [
        ["Sổ văn bản đến", "1", "05/11/2026", "Văn phòng UBND tỉnh"]
    ]
    days = [text(head) for head in page.xpath("//table[@class='matrix']/thead//th")]
    marked = {
        (text(line[0]), days[place]): text(cell)
        for line in page.xpath("//table[@class='matrix']/tbody/tr")
        for place, cell in enumerate(line)
        if cell.get("class") in ("bad", "doubt")
    }
    assert marked == {("Sổ văn bản đến", "05/11"): "× thiếu"}


def test_a_month_that_was_closed_unfinished_says_both(site: Site, tmp_path: Path) -> None:
    closed = changed(site, tmp_path, "UPDATE marts.indicator_monthly SET is_closed = true")
    card = text(closed.page("chi-tieu/portal_online.html").xpath("//*[@class='card']")[0])
    assert "đã chốt" in card
    assert "chưa đủ tháng, 7/30 ngày" in card


def test_every_figure_leads_to_its_definition_source_and_history(site: Site) -> None:
    for code, formula, source, caveat in site.ask("SELECT indicator_code, formula_vi, legal_source, caveat_vi FROM meta.indicators"):  # fmt: skip
        words = text(site.page(f"chi-tieu/{code}.html"))
        assert " ".join(formula.split()) in words
        assert " ".join(source.split()) in words
        assert caveat is None or " ".join(caveat.split()) in words
        assert "Chưa số nào của toàn tỉnh phải đổi sau khi công bố." in words


def test_a_figure_that_moved_shows_what_was_published_before(site: Site, tmp_path: Path) -> None:
    moved = changed(site, tmp_path, """
        INSERT INTO marts.indicator_history BY NAME
        SELECT * REPLACE (0.5::DECIMAL(18,6) AS value, 300 AS numerator, 600 AS denominator, known_from - INTERVAL 1 DAY AS known_from,
            known_from AS known_until, 'v0' AS version_from, version_from AS version_until)
        FROM marts.indicator_history WHERE indicator_code = 'portal_online' AND unit_code = 'H56' AND period = '202611'
            AND grain = 'monthly'""")  # fmt: skip
    lines = moved.page("chi-tieu/portal_online.html").xpath("//section[@aria-labelledby='ls']//tbody/tr")
    assert [[text(cell) for cell in line][:3] for line in lines] == [
        ["11/2026", "73,2 %", "424 / 579"],
        ["11/2026", "50,0 %", "300 / 600"],
    ]
    assert text(lines[0][4]) == "nay"
    assert text(lines[1][4]) == text(lines[0][3]), "one value ends when the next begins"


def test_absent_is_not_zero(site: Site, tmp_path: Path) -> None:
    rows = "FROM marts.indicator_daily WHERE unit_code = 'H56' AND indicator_code IN ('portal_received', 'portal_online') AND period = DATE '2026-11-04'"  # fmt: skip
    held = changed(site, tmp_path, f"DELETE {rows}")
    day = "//table[@data-table='{}']/tbody/tr[th[text()='04/11/2026']]/td[1]"
    assert shown(held.page("dich-vu-cong.html").xpath(day.format("flow-days"))[0]) == (Decimal(0), Decimal(0))
    assert shown(held.page("dich-vu-cong.html").xpath(day.format("online-days"))[0]) == (EMPTY, None)
    (tmp_path / "2").mkdir()
    missing = changed(
        held, tmp_path / "2", "DELETE FROM core.day_coverage WHERE coverage_code = 'portal_dossiers' AND report_date = DATE '2026-11-04'"
    )  # fmt: skip
    assert shown(missing.page("dich-vu-cong.html").xpath(day.format("flow-days"))[0]) == (ABSENT, None)
    assert shown(missing.page("dich-vu-cong.html").xpath(day.format("online-days"))[0]) == (ABSENT, None)
    assert shown(missing.page("dich-vu-cong.html").xpath(day.format("on-time-days"))[0])[1] is not None, (
        "that one has its row"
    )


def test_a_mart_that_a_release_did_not_have_is_said_to_be_absent(site: Site, tmp_path: Path) -> None:
    older = changed(
        site, tmp_path, "DROP TABLE marts.target_progress", "ALTER TABLE marts.qd766_monthly DROP missing_vi"
    )
    assert "Chưa có: bản này không có bảng của phần này." in text(older.page("muc-tieu.html"))
    assert not older.page("qd766.html").xpath("//tr[@data-part]")
    assert "target_progress" in text(older.page("index.html"))
    assert figure(text(older.page("index.html").xpath("//*[@class='figure']")[0])) == figure(text(site.page("index.html").xpath("//*[@class='figure']")[0]))  # fmt: skip


def test_a_file_of_versions_only_still_gives_a_page(site: Site, tmp_path: Path) -> None:
    tables = site.ask(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE (schema_name, table_name) <> ('meta', 'versions')"
    )
    views = site.ask("SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal")
    bare = changed(
        site, tmp_path, *(f'DROP VIEW {schema}."{name}"' for schema, name in views),
        *(f'DROP TABLE {schema}."{name}"' for schema, name in tables),
    )  # fmt: skip
    assert len(list(bare.pages())) == 8
    for name, _ in bare.pages():
        assert "Chưa có: bản này không có bảng của phần này." in text(bare.page(name)), name


def test_a_file_without_a_version_is_no_published_file(tmp_path: Path) -> None:
    duckdb.connect(str(tmp_path / "x.duckdb")).close()
    with pytest.raises(PermanentError, match="which version"):
        write_page(tmp_path / "x.duckdb", tmp_path / "page")
    assert not (tmp_path / "page").exists()


def test_names_from_the_data_are_text_everywhere(site: Site, tmp_path: Path) -> None:
    evil = "</script><script>alert(1)</script><b onclick=x>"
    spoiled = changed(
        site, tmp_path, f"UPDATE core.dim_unit SET unit_name_vi = '{evil}' WHERE unit_code = 'H56.04'",
        f"UPDATE meta.indicators SET name_vi = '{evil}', legal_source = '{evil}'",
        f"UPDATE meta.datasets SET title_vi = '{evil}', owner = '{evil}'",
        f"UPDATE marts.target_progress SET void_reason = '{evil} | {evil}'",
    )  # fmt: skip
    for name, source in spoiled.pages():
        assert "alert(1)</script>" not in source, name
        assert "<b onclick" not in source, name
    assert [evil] == [unit[1] for unit in spoiled.data("units") if unit[0] == "H56.04"]


def test_pages_ask_nothing_outside_the_folder_and_bring_no_inline_script(site: Site) -> None:
    for name, source in site.pages():
        page = site.page(name)
        policy = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
        assert policy == "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"  # fmt: skip
        assert not page.xpath("//script[not(@src)] | //style | //@style | //@*[starts-with(name(), 'on')]"), name
        for address in page.xpath("//@href | //@src"):
            target = (
                (site.folder / name).parent / address.partition("#")[0]
                if not address.startswith("#")
                else site.folder / name
            )
            assert ":" not in address, (name, address)
            assert target.resolve().is_relative_to(site.folder.resolve()), (name, address)
            assert target.is_file(), (name, address)
            if "#" in address:
                assert page.xpath(f"//*[@id='{address.partition('#')[2]}']"), (name, address)
        assert source.startswith("<!DOCTYPE html>"), name


def test_three_years_of_every_unit_stay_below_three_megabytes(site: Site, tmp_path: Path) -> None:
    write_page(after_years(site.published, tmp_path / "years.duckdb"), tmp_path / "page")
    size = sum(file.stat().st_size for file in (tmp_path / "page").rglob("*") if file.is_file())
    assert size < MOST_BYTES, f"{size:,} bytes"
    years = Site(tmp_path / "page", tmp_path / "years.duckdb")
    assert len(years.data("units")) >= 1800
    assert len(years.data("dich-vu-cong-202610")) >= 1799
    months = years.page("dich-vu-cong.html").xpath("//table[@data-table='on-time-months']/tbody/tr")
    assert [text(months[0][0]), text(months[-1][0])] == ["11/2023", "11/2026 chưa đủ"]
    assert "62 ngày gần nhất" in text(years.page("index.html"))
