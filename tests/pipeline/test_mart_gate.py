"""The gate before publishing, on the real marts: every shipped rule can fail, and a failure leaves readers where they are."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from pipelines.ingest import Workshop
from pipelines.orchestration import build_and_publish
from pipelines.settings import EXPECTATIONS, Settings
from pipelines.validate.suites import read_mart_suites
from tests.pipeline.conftest import QUICK, Home, Ran

SUITES = read_mart_suites(EXPECTATIONS / "marts")
# What each rule is there for, done to a copy of the marts; all of it at once.
FAULTS = """
CREATE TEMP TABLE one AS SELECT min(unit_code) AS unit_code, min(report_date) AS report_date FROM marts.portal_unit_daily;
INSERT INTO marts.portal_unit_daily BY NAME (
    SELECT * REPLACE ('H56.99.99' AS unit_code, DATE '2027-01-01' AS report_date, -1 AS settled_late_count,
        99 AS open_late_count, 7 AS open_count, 99 AS vneid_authenticated_count)
    FROM marts.portal_unit_daily SEMI JOIN one USING (unit_code, report_date));
INSERT INTO marts.portal_unit_daily BY NAME (
    SELECT * REPLACE (DATE '2010-01-01' AS report_date, 7 AS received_count) FROM marts.portal_unit_daily SEMI JOIN one USING (unit_code, report_date));
INSERT INTO marts.portal_unit_daily BY NAME (
    SELECT * EXCLUDE (range) REPLACE ('x' || range AS unit_code, DATE '2026-11-02' AS report_date, NULL AS open_count, NULL AS open_late_count)
    FROM marts.portal_unit_daily SEMI JOIN one USING (unit_code, report_date), range(3000));
INSERT INTO marts.portal_procedure_monthly BY NAME (
    SELECT * REPLACE ('202713' AS period, -1 AS settled_late_count, 1000000 AS received_count, 5 AS received_online_count,
        6 AS received_fully_online_count, false AS is_registered)
    FROM marts.portal_procedure_monthly LIMIT 1);
INSERT INTO marts.document_unit_daily BY NAME (
    SELECT * REPLACE ('H56.99.99' AS unit_code, DATE '2027-01-01' AS report_date, -1 AS completed_count, 5 AS sent_count,
        6 AS delivered_count, 7 AS several_packets_count)
    FROM marts.document_unit_daily LIMIT 1);
INSERT INTO marts.document_unit_daily BY NAME (
    SELECT * EXCLUDE (range) REPLACE ('x' || range AS unit_code, NULL AS sent_count) FROM (FROM marts.document_unit_daily LIMIT 1), range(3000));
INSERT INTO marts.videoconference_endpoint_daily BY NAME (
    SELECT * EXCLUDE (range) REPLACE ('x' || range AS endpoint_code, 'H56.99.99' AS unit_code, DATE '2027-01-01' AS report_date,
        1.5 AS packet_loss_rate, 1 AS conference_count, 2 AS attended_conference_count, false AS is_participant,
        90000 AS connected_seconds, true AS was_asked, false AS is_online)
    FROM (FROM marts.videoconference_endpoint_daily LIMIT 1), range(2));
INSERT INTO marts.videoconference_conference BY NAME (
    SELECT * REPLACE ('x' AS call_id, DATE '2027-01-01' AS started_date, -1 AS guest_leg_count,
        9999 AS connected_endpoint_count, 1.5 AS worst_packet_loss_rate, 90000 AS duration_seconds)
    FROM marts.videoconference_conference LIMIT 1);
INSERT INTO marts.videoconference_record_daily BY NAME (
    SELECT * REPLACE (DATE '2027-01-01' AS report_date, 9 AS session_count, 1 AS record_count, 2 AS missing_record_count,
        3 AS unattributed_leg_count)
    FROM marts.videoconference_record_daily LIMIT 1);
INSERT INTO marts.platform_adoption_monthly BY NAME (
    SELECT * REPLACE ('H56.99.99' AS unit_code, '202613' AS period, -1 AS locked_count, 1.5 AS active_rate)
    FROM marts.platform_adoption_monthly LIMIT 1);
UPDATE marts.portal_lateness_monthly SET settled_count = settled_count + 1, received_judged_count = 0, received_on_time_national_count = 1
    WHERE unit_code = (SELECT min(unit_code) FROM marts.portal_lateness_monthly);
DELETE FROM marts.qd766_monthly WHERE part_code = '1.1' AND unit_code = 'H56';
UPDATE marts.qd766_monthly SET points_earned = 21, numerator = 7000000 WHERE part_code = '2.1' AND unit_code = 'H56';
UPDATE marts.document_unit_monthly SET sent_count = 1, sent_document_count = 2 WHERE unit_code = (SELECT max(unit_code) FROM marts.document_unit_monthly);
UPDATE marts.document_savings_monthly SET amount_vnd = 1, quantity = quantity + 1 WHERE unit_code = 'H56';
UPDATE marts.videoconference_unit_daily SET online_count = asked_count + 1;
INSERT INTO marts.indicator_daily BY NAME (
    SELECT * REPLACE ('H56.99.99' AS unit_code, DATE '2027-01-01' AS period, 9 AS numerator, 5 AS denominator, 0.5 AS value)
    FROM marts.indicator_daily LIMIT 1);
INSERT INTO marts.indicator_daily BY NAME (
    SELECT * REPLACE ('officer_satisfaction' AS indicator_code, NULL AS denominator) FROM marts.indicator_daily LIMIT 1);
INSERT INTO marts.indicator_daily BY NAME (
    SELECT * EXCLUDE (range) REPLACE ('x' || range AS unit_code) FROM (FROM marts.indicator_daily LIMIT 1), range(3000));
INSERT INTO marts.indicator_monthly BY NAME (
    SELECT * REPLACE ('H56.99.99' AS unit_code, '202713' AS period, 9 AS numerator, 5 AS denominator, 0.5 AS value,
        1 AS days_covered, 30 AS days_expected, true AS is_complete)
    FROM marts.indicator_monthly WHERE indicator_code = 'portal_online' LIMIT 1);
INSERT INTO marts.indicator_monthly BY NAME (
    SELECT * REPLACE ('202610' AS period, NULL AS denominator) FROM marts.indicator_monthly
    WHERE indicator_code = 'portal_online' AND unit_code = 'H56');
UPDATE marts.indicator_monthly SET numerator = 2 * denominator
    WHERE indicator_code = 'officer_satisfaction' AND period = '202610';
UPDATE marts.indicator_monthly SET numerator = 0, denominator = 0
    WHERE indicator_code = 'portal_fee_procedures' AND unit_code = 'H56';
INSERT INTO marts.portal_due_forecast VALUES
    ('H56.99.99', 'due_in_1', DATE '2027-01-01', 1, DATE '2026-12-31', 1000000, 0);
INSERT INTO marts.portal_form_ii06a_monthly BY NAME (
    SELECT * REPLACE ('H56.99.99' AS unit_code, '202713' AS period, -1 AS settled_late_count, settled_count + 1 AS settled_count)
    FROM marts.portal_form_ii06a_monthly LIMIT 1);
INSERT INTO marts.portal_form_ii06a_monthly BY NAME (
    SELECT * REPLACE ('202612' AS period, last_date + 1 AS first_date, open_count + 1 AS carried_over_count)
    FROM marts.portal_form_ii06a_monthly WHERE open_count IS NOT NULL LIMIT 1);
UPDATE marts.target_progress SET period = '202613', gap = 0.75, value = 1.5 WHERE target_code = 'online_share_province_level';
UPDATE marts.target_progress SET period = '202609' WHERE target_code = 'satisfaction_2025';
UPDATE marts.target_progress SET pace_needed = 0.5 WHERE target_code = 'satisfaction_2030';
DELETE FROM marts.target_progress WHERE target_code = 'science_budget_yearly';
UPDATE marts.portal_reconciliation SET unit_code = 'H56.99.99', period = 'x'
    WHERE unit_code = (SELECT min(unit_code) FROM marts.portal_reconciliation);
DELETE FROM marts.portal_reconciliation WHERE measure_code = 'open_late_count' AND unit_code = (SELECT min(unit_code) FROM marts.portal_reconciliation);
UPDATE marts.portal_reconciliation SET portal_count = -1, warehouse_count = 5, difference_count = 4, explained_count = -9, unexplained_count = 1,
        state = 'explained', reason_code = NULL
    WHERE unit_code = (SELECT max(unit_code) FROM marts.portal_reconciliation WHERE period <> 'x');
INSERT INTO core.day_coverage BY NAME (
    SELECT 'portal_dossiers' AS coverage_code, DATE '2026-09-01' + range::INT AS report_date FROM range(30));
INSERT INTO marts.portal_reconciliation_reason VALUES
    ('H56.99.99', '202609', 'received_count', 'day_not_loaded', -3, 2);
INSERT INTO marts.portal_reconciliation_reason BY NAME (
    SELECT unit_code, period, measure_code, 'days_missing' AS reason_code, 0 AS explained_count, 1 AS evidence_count
    FROM marts.portal_reconciliation LIMIT 1);
INSERT INTO marts.portal_reconciliation_reason BY NAME (
    SELECT unit_code, period, measure_code, 'nobody_knows' AS reason_code, 1 AS explained_count, 1 AS evidence_count
    FROM marts.portal_reconciliation LIMIT 1);
UPDATE marts.portal_statistics_check SET unit_code = 'H56.99.99', period = 'x', difference_count = 1
    WHERE unit_code = (SELECT min(unit_code) FROM marts.portal_statistics_check);
DELETE FROM marts.portal_statistics_check WHERE check_code = 'open_is_received_less_settled'
    AND unit_code = (SELECT min(unit_code) FROM marts.portal_statistics_check);
INSERT INTO marts.portal_statistics_check BY NAME (
    SELECT * REPLACE ('202609' AS period) FROM marts.portal_statistics_check WHERE check_code = 'open_is_the_sum_of_its_parts' AND period = '202610');
UPDATE marts.portal_statistics_check SET is_satisfied = false WHERE unit_code = (SELECT max(unit_code) FROM marts.portal_statistics_check WHERE period <> 'x');
UPDATE ops.completeness SET state = 'missing'
    WHERE dataset = 'portal_dossiers' AND subject_type = 'dataset' AND day = DATE '2026-11-02';
DELETE FROM ops.completeness WHERE dataset = 'portal_dossiers' AND subject_type = 'dataset' AND day = DATE '2026-11-03';
INSERT INTO ops.completeness VALUES ('portal_dossiers', DATE '2027-01-01', 'unit', 'H56.99.99', 'zero');
"""


def _failed(warehouse: Path) -> set[tuple[str, str]]:
    from pipelines.validate.great_expectations_runner import run_mart_suites  # noqa: PLC0415  (seconds to import)

    results = run_mart_suites(warehouse, list(SUITES.values()))
    told = [(mart, result) for mart, ones in results.items() for result in ones]
    assert [result for _, result in told if result.broken_because] == []
    assert len(told) == sum(len(suite.rules) for suite in SUITES.values())
    return {(mart, result.rule.name) for mart, result in told if not result.is_success}


def _copy(ran: Ran, folder: Path, sql: str) -> Path:
    file = folder / "warehouse.duckdb"
    shutil.copy(ran.home.folder / "warehouse.duckdb", file)
    with duckdb.connect(str(file)) as connection:
        connection.execute(sql)
    return file


def test_the_usual_week_satisfies_every_rule_and_its_version_says_so(usual_week: Ran) -> None:
    assert _failed(usual_week.home.folder / "warehouse.duckdb") == set()
    told = usual_week.home.query("SELECT mart, check_name, is_success FROM meta.mart_checks").rows()
    rules = {(mart, rule.name) for mart, suite in SUITES.items() for rule in suite.rules}
    assert {(mart, name) for mart, name, _ in told} == rules
    assert len(told) == len(rules)
    assert all(is_success for _, _, is_success in told)


def test_every_rule_can_fail(usual_week: Ran, tmp_path: Path) -> None:
    rules = {(mart, rule.name) for mart, suite in SUITES.items() for rule in suite.rules}
    is_empty = {(mart, name) for mart, name in rules if name == "table_is_not_empty"}
    assert rules - _failed(_copy(usual_week, tmp_path, FAULTS)) == is_empty


def test_a_mart_that_is_empty_although_data_came_is_noticed(usual_week: Ran, tmp_path: Path) -> None:
    emptied = {mart for mart, suite in SUITES.items() if suite.rules[0].name == "table_is_not_empty"}
    assert len(emptied) > 5
    failed = _failed(_copy(usual_week, tmp_path, ";".join(f"DELETE FROM marts.{mart}" for mart in emptied)))
    assert {(mart, "table_is_not_empty") for mart in emptied} <= failed


def test_a_mart_that_breaks_a_critical_rule_leaves_the_pointer_where_it_is(
    usual_week: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = tmp_path / "expectations"
    shutil.copytree(EXPECTATIONS, planted)
    suite = planted / "marts" / "indicator_daily.yaml"
    sound = suite.read_text(encoding="utf-8")
    home = replace(usual_week.home, folder=tmp_path / "data")
    shutil.copytree(usual_week.home.folder, home.folder, symlinks=True)
    for name, value in {**home.environment, **QUICK, "KHOTINH_HOME": str(home.folder)}.items():
        monkeypatch.setenv(name, value)
    before, files = _pointer(home).readlink(), _files(home)
    impossible = (
        "  - name: nothing_is_received\n    type: expect_table_row_count_to_equal\n    kwargs: {value: 0}\n"
        "    on_failure: %s\n    says: {vi: 'Không có gì.', en: 'Nothing is there.'}\n"
    )
    suite.write_text(sound + impossible % "refuse", encoding="utf-8")
    refused = build_and_publish(Workshop(Settings(), expectations=planted))
    assert not refused.is_built
    assert "indicator_daily: nothing_is_received (Nothing is there.)" in (refused.failure or "")
    assert _pointer(home).readlink() == before
    assert _files(home) == files
    assert "Không có gì." in _newest_page(home)
    suite.write_text(sound + impossible % "flag", encoding="utf-8")
    assert build_and_publish(Workshop(Settings(), expectations=planted)).is_built
    assert _pointer(home).readlink() != before
    told = json.loads(home.khotinh("status", "--json").stdout)
    assert [(one["mart"], one["check_name"], one["severity"]) for one in told["mart_checks_failed"]] == [
        ("indicator_daily", "nothing_is_received", "warning")
    ]
    assert "indicator_daily không đạt" in home.khotinh("status").stdout


def _pointer(home: Home) -> Path:
    return home.folder / "published" / "warehouse.duckdb"


def _files(home: Home) -> set[str]:
    return {file.name for file in (home.folder / "published").glob("warehouse-*.duckdb")}


def _newest_page(home: Home) -> str:
    return max((home.folder / "data_docs" / "marts").glob("*.html")).read_text(encoding="utf-8")
