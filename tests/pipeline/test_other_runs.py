"""Runs that differ from the usual one: no faults, many faults, the month of the merger, one day after the other."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from demo.faults import DEFAULT_FAULTS
from demo.truth import ledger
from demo.truth_boundaries import on_todays_boundaries
from tests.pipeline.conftest import Home, differences, home_with

# The ledger counts in doubles, the marts in decimals.
TOLERANCE = 1e-6


@pytest.mark.long
def test_without_faults_all_is_in_and_every_figure_equals_the_ledger(tmp_path: Path) -> None:
    first, last = date(2026, 11, 8), date(2026, 11, 9)
    with home_with(tmp_path, [], first, last) as home:
        answer = home.run(first, last)
        assert answer["exit_code"] == 0, answer
        assert differences(home).is_empty()
        assert home.query("FROM meta.loads WHERE verdict <> 'accepted'").is_empty()


def test_across_the_merger_of_july_2025_units_keep_the_codes_of_their_day(tmp_path: Path) -> None:
    first, last = date(2025, 6, 30), date(2025, 7, 1)
    with home_with(tmp_path, [], first, last) as home:
        home.run(first, last)
        portal = differences(home).filter(pl.col("indicator_code").str.starts_with("portal_"))
        assert portal.is_empty()
        types = home.query(
            """
            SELECT period::VARCHAR AS period, unit_type, count(DISTINCT unit_code) AS units
            FROM marts.indicator_daily JOIN core.dim_unit USING (unit_code)
            WHERE indicator_code = 'portal_received' AND period >= valid_from AND (valid_to IS NULL OR period <= valid_to)
            GROUP BY ALL
            """
        )
        assert types.filter((pl.col("unit_type") == "district") & (pl.col("period") == "2025-06-30"))["units"].sum() > 0
        assert types.filter((pl.col("unit_type") == "district") & (pl.col("period") == "2025-07-01")).is_empty()
        assert _differences_on_todays_boundaries(home).is_empty()


def _differences_on_todays_boundaries(home: Home) -> pl.DataFrame:
    """Rows in which the marts on the boundaries of today differ from the ledger, shared out by the official tables."""
    expected = on_todays_boundaries(ledger(home.made).filter(pl.col("period").str.starts_with("2025-")))
    found = home.query(
        """
        SELECT indicator_code, unit_code, period::VARCHAR AS period, numerator::DOUBLE AS numerator,
            denominator::DOUBLE AS denominator, is_estimated
        FROM marts.indicator_daily_today
        """
    )
    # The day has districts, split communes and whole ones.
    assert found.filter(pl.col("unit_code").is_null()).height > 0
    assert found.filter(pl.col("is_estimated")).height > 0
    keys = ["indicator_code", "unit_code", "period"]
    is_judged = pl.col("indicator_code").str.starts_with("portal_") | pl.col("indicator_code").str.starts_with("video")
    both = expected.filter(is_judged).join(
        found.filter(is_judged), on=keys, how="full", suffix="_mart", nulls_equal=True, coalesce=True
    )
    return both.filter(
        ((pl.col("numerator") - pl.col("numerator_mart")).abs().fill_null(1.0) > TOLERANCE)
        | ((pl.col("denominator").fill_null(0.0) - pl.col("denominator_mart").fill_null(0.0)).abs() > TOLERANCE)
    )


@pytest.mark.long
def test_a_week_of_unusable_files_leaves_gaps_and_never_a_wrong_figure(tmp_path: Path) -> None:
    first, last = date(2026, 11, 2), date(2026, 11, 6)
    faults = [
        "truncated_file:2026-11-03", "mixed_dates:2026-11-04", "missing_file:2026-11-03", "empty_export:2026-11-04",
        "wrong_encoding:2026-11-05", "count_mismatch:2026-11-05", "endpoint_garbage", "lying_total_row", "resent_bodies",
    ]  # fmt: skip
    with home_with(tmp_path, faults, first, last) as home:
        answer = home.run(first, last)
        assert answer["is_published"], answer["failure"]
        assert answer["exit_code"] in (1, 3)
        trouble = {
            (attempt["dataset"], attempt["partition_key"]): attempt["outcome"]
            for attempt in answer["attempts"]
            if attempt["outcome"] not in ("loaded", "not_due")
        }
        assert trouble == {
            ("document_registers", "2026-11-03"): "refused",
            ("document_registers", "2026-11-04"): "refused",
            ("document_exchanges", "2026-11-03"): "not_there",
            ("document_exchanges", "2026-11-04"): "refused",
            ("document_exchanges", "2026-11-05"): "refused",
            ("portal_dossiers", "2026-11-05"): "refused",
            ("document_signing", "2026-10"): "refused",
        }
        assert differences(home).is_empty()


@pytest.mark.long
@pytest.mark.parametrize("faults", [DEFAULT_FAULTS], ids=["usual"])
def test_day_by_day_backwards_equals_one_run(tmp_path: Path, faults: tuple[str, ...]) -> None:
    first, last = date(2026, 11, 2), date(2026, 11, 4)
    with home_with(tmp_path, faults, first, last) as home:
        home.run(first, first)
        home.run(last, last)
        # With a day missing in between, the stock of open dossiers is unknown and has no row.
        assert home.query(
            "FROM marts.indicator_daily WHERE indicator_code = 'portal_open_late' AND period > '2026-11-02'"
        ).is_empty()
        home.run(date(2026, 11, 3), date(2026, 11, 3))
        assert differences(home).is_empty()
