"""The wide marts say what the ledger says: each of their figures, put back into the ledger's form."""

from __future__ import annotations

import polars as pl
import pytest

from demo.truth import ledger
from tests.pipeline.conftest import Ran

# Indicator, mart, numerator, denominator (None for a count), column of the day.
DAILY = [
    ("portal_received", "portal_unit_daily", "received_count", None),
    ("portal_settled", "portal_unit_daily", "settled_count", None),
    ("portal_settled_on_time_local", "portal_unit_daily", "settled_early_count + settled_on_due_count", "settled_count"),
    ("portal_finished_on_time_national", "portal_unit_daily", "finished_on_time_national_count", "finished_national_count"),
    ("portal_open_late", "portal_unit_daily", "open_late_count", "open_count"),
    ("portal_online", "portal_unit_daily", "received_online_count", "received_count"),
    ("portal_fully_online", "portal_unit_daily", "received_fully_online_count", "received_count - received_level_unreported_count"),
    ("portal_synchronised", "portal_unit_daily", "synchronised_count", "synchronised_reported_count"),
    ("portal_online_with_result", "portal_unit_daily", "online_with_result_possible_count", "received_count"),
    ("portal_paid_online", "portal_unit_daily", "paid_online_count", "payment_reported_count"),
    ("portal_vneid", "portal_unit_daily", "vneid_authenticated_count", "vneid_reported_count"),
    ("portal_components_reused", "portal_unit_daily", "component_reused_count", "reuse_reported_count"),
    ("portal_electronic_result", "portal_unit_daily", "electronic_result_count", "result_reported_count"),
    (
        "portal_components_and_result_digitised", "portal_unit_daily", "component_and_result_digitised_count",
        "digitisation_reported_count",
    ),
    ("document_sent", "document_unit_daily", "sent_count", None),
    ("document_received", "document_unit_daily", "received_count", "delivered_count"),
    ("document_completed", "document_unit_daily", "completed_count", "delivered_count"),
    ("document_resent", "document_unit_daily", "several_packets_count", "delivered_count"),
    ("document_registered", "document_unit_daily", "registered_count", None),
    ("videoconference_online", "videoconference_endpoint_daily", "is_online::INT", "was_asked::INT"),
    ("videoconference_endpoint_seconds", "videoconference_endpoint_daily", "connected_seconds", None),
    ("videoconference_participation", "videoconference_unit_daily", "participant_count", "invited_count"),
    ("videoconference_failed_joins", "videoconference_unit_daily", "failed_join_count", "ended_leg_count"),
]  # fmt: skip


@pytest.mark.parametrize(("indicator", "mart", "numerator", "denominator"), DAILY, ids=[row[0] for row in DAILY])
def test_a_daily_mart_equals_the_ledger(
    usual_week: Ran, indicator: str, mart: str, numerator: str, denominator: str | None
) -> None:
    found = usual_week.home.query(
        f"""
        WITH parts AS (
            SELECT unit_code, report_date::VARCHAR AS period, ({numerator})::DOUBLE AS numerator,
                {f"({denominator})::DOUBLE" if denominator else "NULL::DOUBLE"} AS denominator
            FROM marts.{mart}
        ),
        units AS (
            SELECT unit_code, period, sum(numerator) AS numerator, sum(denominator) AS denominator
            FROM parts WHERE unit_code <> 'H56' GROUP BY ALL
            UNION ALL
            SELECT 'H56', period, sum(numerator), sum(denominator) FROM parts GROUP BY ALL
        )
        FROM units WHERE {"denominator > 0" if denominator else "numerator > 0"}
        """
    )
    is_day = pl.col("period").str.len_chars() == len("2026-11-02")
    expected = ledger(usual_week.home.made).filter((pl.col("indicator_code") == indicator) & is_day)
    assert expected.height > 0
    columns = ["unit_code", "period", "numerator", "denominator"]
    assert found.select(columns).sort(columns).equals(expected.select(columns).sort(columns))


def test_conferences_procedures_accounts_and_targets_equal_the_ledger(usual_week: Ran) -> None:
    truth = {
        (row["indicator_code"], row["unit_code"], row["period"]): (row["numerator"], row["denominator"])
        for row in ledger(usual_week.home.made).iter_rows(named=True)
    }
    query = usual_week.home.query
    for day, count in query(
        "SELECT started_date::VARCHAR, count(*) FROM marts.videoconference_conference GROUP BY ALL"
    ).rows():
        assert truth["videoconference_conferences", "H56", day] == (count, None)
    [(received, settled)] = query(
        "SELECT sum(received_count)::DOUBLE, sum(settled_count)::DOUBLE FROM marts.portal_procedure_monthly WHERE period = '202611'"
    ).rows()
    assert truth["portal_received", "H56", "202611"] == (received, None)
    assert truth["portal_settled", "H56", "202611"] == (settled, None)
    accounts = query(
        "SELECT unit_code, sum(active_count)::DOUBLE, sum(issued_count)::DOUBLE FROM marts.platform_adoption_monthly GROUP BY ALL"
    ).rows()
    assert len(accounts) > 50
    for unit, active, issued in accounts:
        if unit != "H56":
            assert truth["accounts_active", unit, "202610"] == (active, issued)
    targets = query(
        "SELECT indicator_code, period, numerator::DOUBLE, denominator::DOUBLE FROM marts.target_progress WHERE indicator_code LIKE 'officer_%' AND numerator IS NOT NULL"
    ).rows()
    assert len(targets) > 5
    for indicator, period, numerator, denominator in targets:
        assert truth[indicator, "H56", period] == (numerator, denominator)
