"""QĐ 766, both definitions of lateness and the savings, of every unit of the usual week, against the ledger of truth."""

from __future__ import annotations

from decimal import Decimal

import polars as pl

from demo.truth import ledger
from demo.truth_qd766 import fee_procedures, lateness, months_of
from tests.pipeline.conftest import Ran

MONTH = "202611"
# Part: points, the rate from which on all of them are earned, and what is counted. As QĐ 766 has them, not as the seed.
FORMULAS = {
    "2.1": (20, 1.0, "portal_on_time_qd766"),
    "3.3": (6, 0.5, "portal_online_with_result"),
    "3.6": (6, 1.0, "portal_paid_online"),
    "4.1": (6, 1.0, "portal_electronic_result"),
    "4.2": (4, 0.8, "portal_components_and_result_digitised"),
    "4.4": (2, 0.8, "portal_components_reused"),
    "4.5": (2, 1.0, "portal_vneid"),
}
NOT_COVERED = {"1.1", "1.2", "1.3", "1.4", "3.1", "3.2", "3.5", "5.1", "5.2", "5.4", "4.x-copies", "4.x-store", "4.5b"}


def _days(ran: Ran) -> list[int]:
    [(_, days)] = months_of(ran.home.made)
    return days


def _codes(ran: Ran, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows by agency code; a row without a unit is the province's."""
    codes = pl.lit(ran.home.made.units.codes).gather(pl.col("unit").fill_null(0))
    return rows.with_columns(unit_code=pl.when(pl.col("unit").is_null()).then(pl.lit("H56")).otherwise(codes))


def test_every_part_of_every_unit_earns_what_the_formula_gives(usual_week: Ran) -> None:
    truth = {
        (row["indicator_code"], row["unit_code"]): (row["numerator"], row["denominator"])
        for row in ledger(usual_week.home.made).filter(pl.col("period") == MONTH).iter_rows(named=True)
    }
    fees = _codes(usual_week, fee_procedures(usual_week.home.made, _days(usual_week)))
    truth |= {("fee", row["unit_code"]): (row["paid"], row["fee"]) for row in fees.iter_rows(named=True)}
    units = {unit for code, unit in truth if code.startswith("portal_")}
    expected = {}
    for unit in units:
        for part, (points, saturation, code) in {**FORMULAS, "3.5b": (2, 0.8, "fee")}.items():
            numerator, denominator = truth.get((code, unit), (0, 0))
            if denominator:
                expected[unit, part] = (points, round(min(points, points * numerator / denominator / saturation), 4))
            else:
                expected[unit, part] = (0, None)
        expected |= {(unit, part): (0, None) for part in NOT_COVERED}
    found = usual_week.home.query(
        f"SELECT unit_code, part_code, points_covered::DOUBLE, points_earned::DOUBLE FROM marts.qd766_monthly WHERE period = '{MONTH}'"
    )
    assert found.height > 21 * 100
    assert {(unit, part): (covered, earned) for unit, part, covered, earned in found.rows()} == expected


def test_a_score_says_how_much_is_covered_and_what_is_missing(usual_week: Ran) -> None:
    [score] = usual_week.home.query(
        f"FROM marts.qd766_score_monthly WHERE unit_code = 'H56' AND period = '{MONTH}'"
    ).to_dicts()
    assert score["points_possible"] == 100
    assert score["points_covered"] == 48
    assert score["points_fully_covered"] == 40
    assert set(score["missing_parts"].split(", ")) == NOT_COVERED
    assert not score["is_complete"]
    unexplained = usual_week.home.query(
        "FROM marts.qd766_monthly WHERE coverage_code <> 'full' AND (missing_vi IS NULL OR missing_en IS NULL)"
    )
    assert unexplained.is_empty()
    seeds = usual_week.home.query("SELECT count(*), sum(max_points) FROM meta.qd766_parts").rows()
    assert seeds == [(21, Decimal("100.0000"))]


def test_both_definitions_of_lateness_equal_the_ledger_and_their_difference_is_explained(usual_week: Ran) -> None:
    truth = _codes(usual_week, lateness(usual_week.home.made, _days(usual_week)))
    columns = ["settled", "settled_late", "finished", "finished_late", "agreeing", "only_local", "only_national"]
    found = usual_week.home.query(
        f"""
        SELECT unit_code, settled_count AS settled, settled_late_local_count AS settled_late,
            finished_national_count AS finished, finished_late_national_count AS finished_late, agreeing_count AS agreeing,
            no_national_due_count + national_other_month_count AS only_local,
            refused_count + stopped_count + local_other_month_count AS only_national
        FROM marts.portal_lateness_monthly
        WHERE period = '{MONTH}' AND settled_count + finished_national_count > 0
        """
    )
    expected = truth.select("unit_code", pl.col(columns).cast(pl.Int64)).sort("unit_code")
    assert expected["finished_late"].sum() > expected["settled_late"].sum()
    assert found.with_columns(pl.col(columns).cast(pl.Int64)).sort("unit_code").equals(expected)
    reasons = usual_week.home.query(
        """
        SELECT sum(unexplained_count)::INT, sum(several_supplements_count)::INT, sum(later_hour_count)::INT, sum(stopped_count)::INT
        FROM marts.portal_lateness_monthly
        """
    ).row(0)
    assert reasons[0] == 0
    assert all(count > 0 for count in reasons[1:])


def test_what_documents_save_is_counted_and_every_line_names_its_assumption(usual_week: Ran) -> None:
    truth = ledger(usual_week.home.made).filter(pl.col("period") == MONTH)
    expected = {}
    for basis, code in (("delivery", "document_sent"), ("document", "document_documents_sent")):
        for row in truth.filter(pl.col("indicator_code") == code).iter_rows(named=True):
            expected[row["unit_code"], basis] = row["numerator"]
    lines = usual_week.home.query("FROM marts.document_savings_monthly")
    found = {(row["unit_code"], row["basis_code"]): row["quantity"] for row in lines.iter_rows(named=True)}
    assert found == expected
    assert lines["is_estimate"].all()
    assumptions = usual_week.home.query("FROM meta.saving_assumptions")
    assert assumptions["is_assumption"].all()
    assert set(lines["assumption_id"]) == set(assumptions["assumption_id"])
    # 1,500 + 2,800 VND a delivery and 500 a document, as the seed assumes.
    saved = lines.filter(pl.col("unit_code") == "H56")["saved_vnd"].sum()
    assert saved == 4_300 * expected["H56", "delivery"] + 500 * expected["H56", "document"]


def test_a_target_says_its_pace_or_why_it_is_not_compared(usual_week: Ran) -> None:
    targets = {row["target_code"]: row for row in usual_week.home.query("FROM marts.target_progress").to_dicts()}
    assert {code for code, row in targets.items() if row["state_code"] == "void"} == {
        "communes_digital_2025", "districts_digital_2025", "districts_digital_2030",
    }  # fmt: skip
    assert "559" in targets["communes_digital_2025"]["void_reason"]
    assert "166" in targets["communes_digital_2025"]["void_reason"]
    below = [row for row in targets.values() if row["state_code"] == "below" and row["due_year"]]
    assert len(below) > 3
    for row in below:
        # The officer's figures are of October 2026: fifty months to December 2030.
        assert row["months_remaining"] == 50
        assert abs(row["gap"] + 50 * row["pace_needed"]) < Decimal("0.0001")
    # The week is not a whole month: nothing is said to be met or missed by it.
    of_levels = [row for row in targets.values() if row["scope_code"] != "province"]
    assert len(of_levels) == 4
    assert all(row["state_code"] == "in_progress" and row["is_met"] is None for row in of_levels)
    late = [row for row in targets.values() if row["state_code"] == "overdue"]
    assert late
    assert all(row["due_year"] == 2025 and row["pace_needed"] is None for row in late)


def test_rates_are_shares_and_parts_are_within_their_points(usual_week: Ran) -> None:
    wrong = usual_week.home.query(
        """
        SELECT indicator_code FROM marts.indicator_daily WHERE denominator IS NOT NULL AND value NOT BETWEEN 0 AND 1
        UNION ALL SELECT indicator_code FROM marts.indicator_monthly WHERE denominator IS NOT NULL AND value NOT BETWEEN 0 AND 1
        UNION ALL SELECT part_code FROM marts.qd766_monthly WHERE rate NOT BETWEEN 0 AND 1 OR points_earned NOT BETWEEN 0 AND max_points
        """
    )
    assert wrong.is_empty()
