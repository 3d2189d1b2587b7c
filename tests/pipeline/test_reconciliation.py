"""A whole month beside the portal's own table: what agrees, what differs and why, and what a lost day does to it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest

from demo.calendar import day_number, start_of
from demo.dossiers import ONLINE, day_column, state_as_of
from demo.lifecycle import EVENTS, UNCOUNTED_STATUSES
from demo.truth_forms import form_ii06a
from pipelines.build import manifest_file, run_dbt
from pipelines.calendar import Partition
from pipelines.ingest import Workshop, ingest
from pipelines.publish.publish import publish
from pipelines.settings import EXPECTATIONS, Settings, read_settings
from pipelines.validate.suites import read_mart_suites
from tests.pipeline.conftest import Home, Ran, home_with

# The shortest month; its table is due on 3 March.
FIRST, MONTH_END, LAST = date(2026, 2, 1), date(2026, 2, 28), date(2026, 3, 2)
LOST_DAY = date(2026, 2, 10)
BUILD = ["build", "--exclude-resource-type", "unit_test"]


@pytest.fixture(scope="module")
def february(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A month of the portal alone. The steps are called one by one: thirty days of a whole run would take minutes."""
    with (
        home_with(tmp_path_factory.mktemp("february"), ["bad_rows"], FIRST, LAST) as home,
        pytest.MonkeyPatch.context() as environment,
    ):
        for name, value in {**home.environment, "KHOTINH_HOME": str(home.folder)}.items():
            environment.setenv(name, value)
        workshop = Workshop(read_settings())
        for month in (date(2026, 1, 1), FIRST):
            ingest(workshop, "portal_statistics", Partition.of_month(month))
        for day in home.made.days:
            ingest(workshop, "portal_dossiers", Partition.of_day(day))
        run_dbt(workshop.settings, BUILD)
        publish(workshop.settings, manifest_file(workshop.settings), ["dossier_key", "account_key"])
        yield home


def _received(home: Home, first: date, last: date) -> pl.DataFrame:
    """The dossiers that the province received from first to last, as their lives have it, with the unit in charge."""
    units = home.made.units
    alive = home.made.dossiers.alive(FIRST, LAST)
    status = state_as_of(alive, start_of(LAST + timedelta(days=1)) - 1)["status"]
    reporting = pl.Series(units.reporting_numbers).gather(alive["unit"])
    return alive.with_columns(unit_code=units.codes.gather(reporting)).filter(
        day_column("received").is_between(day_number(first), day_number(last)) & ~status.is_in(UNCOUNTED_STATUSES)
    )


def test_a_whole_month_agrees_with_the_portal_but_for_channels_that_nobody_reported(february: Home) -> None:
    cells = february.query("FROM marts.portal_reconciliation WHERE period = '202602'")
    of_portal = cells.filter(pl.col("portal_count").is_not_null())
    assert of_portal.height == 180 * 11
    assert of_portal["state"].is_in(["equal", "explained"]).all()
    silent = _received(february, FIRST, MONTH_END).filter(pl.col("channel").is_null())
    expected = silent.group_by("unit_code").agg(pl.len().cast(pl.Int64).neg().alias("difference_count"))
    differing = of_portal.filter(
        (pl.col("difference_count") != 0) & (pl.col("measure_code") == "received_direct_count")
    )
    assert differing.height > 10
    columns = ["unit_code", "difference_count"]
    assert differing.select(columns).sort(columns).equals(expected.select(columns).sort(columns))
    assert set(differing["reason_code"]) == {"channel_not_reported"}
    # Whatever else differs, the dossiers as they were on 28 February explain.
    others = of_portal.filter((pl.col("difference_count") != 0) & (pl.col("measure_code") != "received_direct_count"))
    assert set(others["reason_code"]) <= {"changed_after_month_end"}
    assert february.query("FROM marts.portal_statistics_check WHERE NOT is_satisfied").is_empty()
    opening = february.query(
        "SELECT count(*) FROM marts.portal_statistics_check WHERE check_code = 'carried_over_is_open_before' AND period = '202602'"
    ).item()
    assert opening == 180


def _broken_rules(warehouse: Path) -> list[str]:
    """Rules on the marts of the reconciliation that do not hold."""
    from pipelines.validate.great_expectations_runner import run_mart_suites  # noqa: PLC0415  (seconds to import)

    suites = read_mart_suites(EXPECTATIONS / "marts")
    marts = ("portal_reconciliation", "portal_reconciliation_reason", "portal_statistics_check")
    results = run_mart_suites(warehouse, [suites[mart] for mart in marts])
    return [f"{mart}: {one.rule.name}" for mart, ones in results.items() for one in ones if not one.is_success]


def test_the_suites_hold_for_a_month_that_is_compared(february: Home) -> None:
    assert february.query("SELECT count(*) > 10 FROM marts.portal_reconciliation_reason").item()
    assert _broken_rules(february.folder / "warehouse.duckdb") == []


def test_status_tells_how_the_month_compares_and_what_is_late(february: Home) -> None:
    told = json.loads(february.khotinh("status", "--json").stdout)
    compared = told["reconciliation"]
    assert compared["period"] == "202602"
    assert compared["cells_compared"] == 180 * 11
    assert compared["cells_equal"] + compared["cells_explained"] == 180 * 11
    assert compared["worst_units"] == []
    assert {"channel_not_reported"} <= {reason["reason_code"] for reason in compared["reasons"]}
    late = {entry["dataset"]: entry for entry in told["freshness"]}
    assert late["portal_dossiers"]["newest_period_date"] == "2026-03-02"
    # Never asked for and owed since the first day: Monday 2 February's was due on Tuesday at half past five.
    assert late["document_registers"]["newest_period_date"] is None
    assert late["document_registers"]["late_since_at"] == "2026-02-03T05:30:00"
    text = february.khotinh("status").stdout
    assert "Đối chiếu II.06a tháng 02/2026" in text
    assert "03/02/2026 05:30" in text
    narrow = [line for line in text.splitlines() if "│" in line]
    assert len(narrow) > 2 * 9
    assert max(len(line.rstrip()) for line in narrow) <= 100


def test_the_whole_months_form_equals_the_ledger_and_is_carried_into_march(february: Home, tmp_path: Path) -> None:
    truth = form_ii06a(february.made, FIRST)
    found = february.query("FROM marts.portal_form_ii06a_monthly WHERE period = '202602'")
    columns = [name for name in truth.columns if name not in ("unit_code", "field_name_vi")]
    both = truth.join(found, on=["unit_code", "field_name_vi"], how="full", suffix="_mart", coalesce=True).fill_null(0)
    assert both.height > 500
    assert both.filter(pl.any_horizontal(pl.col(name) != pl.col(f"{name}_mart") for name in columns)).is_empty()
    assert found["is_complete"].all()
    # The same figures by another way of counting: the warehouse's side of the comparison with the portal's table.
    compared = february.query(
        """
        WITH form AS (
            UNPIVOT (
                SELECT unit_code, sum(COLUMNS('^(received|received_online|received_direct|carried_over|settled|settled_early|settled_on_time|settled_late|open|open_in_time|open_late)_count$'))
                FROM marts.portal_form_ii06a_monthly WHERE period = '202602' GROUP BY ALL
            ) ON COLUMNS(* EXCLUDE (unit_code)) INTO NAME measure_code VALUE counted
        )
        SELECT count(*) AS cells, count(*) FILTER (coalesce(counted, 0) <> warehouse_count) AS differing
        FROM marts.portal_reconciliation LEFT JOIN form USING (unit_code, measure_code)
        WHERE period = '202602' AND warehouse_count IS NOT NULL
        """
    ).rows()
    assert compared[0][0] > 180 * 11 - 1
    assert compared[0][1] == 0
    silent = int(truth["received_channel_unreported_count"].sum())
    done = february.khotinh("form", "II.06a", "--period", "2026-02", "--json", "-o", str(tmp_path / "02.xlsx"))
    told = json.loads(done.stdout)
    # Only the channels that nobody reported keep it from being sent; each row of them is named.
    assert done.returncode == 3
    assert {check["rule"] for check in told["open_checks"] if check["state"] == "broken"} == {"(3)=(4)+(5)+(6)"}
    assert told["rows"][-1]["channel_unreported"] == silent > 0
    # March began from what February left open; nothing was loaded of January.
    unknown = {check["rule"] for check in told["open_checks"] if check["state"] == "unknown"}
    assert unknown == {"(6)=(11) kỳ trước"}
    march = json.loads(
        february.khotinh("form", "II.06a", "--period", "2026-03", "--json", "-o", str(tmp_path / "03.xlsx")).stdout
    )
    assert march["rows"][-1]["columns"]["6"] == told["rows"][-1]["columns"]["11"] > 0
    assert "(6)=(11) kỳ trước" not in {check["rule"] for check in march["open_checks"]}


def test_what_is_open_of_the_month_is_what_the_marts_say_or_nothing(february: Home) -> None:
    with duckdb.connect(str(february.folder / "warehouse.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            """
            SELECT opened.*, figures.numerator AS measured, figures.denominator AS measured_of
            FROM open.open_indicator_monthly AS opened
            LEFT JOIN marts.indicator_monthly AS figures USING (indicator_code, unit_code, period)
            WHERE indicator_code LIKE 'portal_%'
            """
        ).pl()
    # March is in progress: two builds of it would tell what a day brought.
    assert rows["period"].unique().to_list() == ["202602"]
    shown = rows.filter(~pl.col("is_suppressed"))
    assert shown.height > 100
    assert rows.height > 2 * shown.height
    assert shown.filter(pl.col("numerator") != pl.col("measured").fill_null(0)).is_empty()
    assert shown.filter(
        pl.col("denominator").ne_missing(pl.col("measured_of")) & pl.col("measured").is_not_null()
    ).is_empty()
    left_over = pl.col("denominator") - pl.col("numerator")
    assert shown.filter(pl.col("numerator").is_between(1, 4) | left_over.is_between(1, 4)).is_empty()
    province = rows.filter((pl.col("unit_code") == "H56") & (pl.col("indicator_code") == "portal_received"))
    assert province["numerator"].to_list() == province["measured"].to_list() != [None]


def test_a_lost_day_explains_only_the_dossiers_that_other_days_tell_of(february: Home, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    settings.home.mkdir()
    shutil.copy(february.folder / "warehouse.duckdb", settings.warehouse_file)
    with duckdb.connect(str(settings.warehouse_file)) as connection:
        connection.execute("UPDATE ops.loads SET verdict = 'refused' WHERE load_id = 'portal_dossiers/2026-02-10/r1'")
    run_dbt(settings, ["run", "--select", "+portal_reconciliation"])
    assert _broken_rules(settings.warehouse_file) == []
    with duckdb.connect(str(settings.warehouse_file), read_only=True) as connection:
        [(difference, explained, unexplained)] = connection.execute(
            """
            SELECT sum(difference_count)::INT, sum(explained_count)::INT, sum(unexplained_count)::INT
            FROM marts.portal_reconciliation WHERE period = '202602' AND measure_code = 'received_online_count'
            """
        ).fetchall()
        closing = connection.execute(
            "SELECT DISTINCT state, reason_code FROM marts.portal_reconciliation WHERE period = '202602' AND measure_code = 'open_count' AND portal_count IS NOT NULL"
        ).fetchall()
        opening = connection.execute(
            "SELECT DISTINCT state FROM marts.portal_reconciliation WHERE period = '202602' AND measure_code = 'carried_over_count' AND portal_count IS NOT NULL"
        ).fetchall()
    lost = _received(february, LOST_DAY, LOST_DAY).filter(pl.col("channel") == ONLINE)
    later = pl.any_horizontal(
        day_column(event).is_between(day_number(LOST_DAY) + 1, day_number(LAST)) for event in EVENTS
    )
    known = lost.filter(later).height
    assert 0 < known < lost.height
    assert (difference, explained, unexplained) == (-lost.height, -known, known - lost.height)
    assert closing == [("not_comparable", "closing_stock_unknown")]
    assert opening == [("equal",)]


def test_a_month_that_the_warehouse_does_not_hold_is_named_and_never_called_equal(usual_week: Ran) -> None:
    states = usual_week.home.query(
        "SELECT DISTINCT state, reason_code, warehouse_count FROM marts.portal_reconciliation WHERE period = '202610'"
    )
    assert states.rows() == [("not_comparable", "month_not_loaded", None)]
    assert "Kho không có ngày nào của tháng này" in usual_week.home.khotinh("status").stdout
