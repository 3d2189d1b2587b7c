"""The usual week's file as it would be after three years, with figures of every unit: for the size of the page."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

MONTHS = 36
_YEARS = f"""
CREATE TEMP TABLE days AS SELECT unnest(generate_series(DATE '2026-11-08' - INTERVAL {MONTHS} MONTH, DATE '2026-11-08', INTERVAL 1 DAY))::DATE AS day;
CREATE TEMP TABLE months AS SELECT DISTINCT strftime(day, '%Y%m') AS month FROM days;
CREATE TEMP TABLE units AS SELECT DISTINCT unit_code FROM core.dim_unit WHERE is_current;

CREATE TEMP TABLE province AS SELECT * FROM marts.indicator_monthly WHERE unit_code = 'H56';
CREATE OR REPLACE TABLE marts.indicator_monthly AS
    SELECT province.* REPLACE (units.unit_code AS unit_code, month AS period, month <> '202611' AS is_complete,
        round(numerator * (1 + hash(units.unit_code, month, indicator_code) % 100 / 100.0))::DECIMAL(18,4) AS numerator,
        round(denominator * (2 + hash(units.unit_code, month, indicator_code) % 100 / 100.0))::DECIMAL(18,4) AS denominator)
    FROM province, units, months;

CREATE TEMP TABLE a_day AS SELECT * FROM marts.indicator_daily WHERE unit_code = 'H56' AND period = DATE '2026-11-06';
CREATE OR REPLACE TABLE marts.indicator_daily AS SELECT a_day.* REPLACE (day AS period) FROM a_day, days;

CREATE OR REPLACE TABLE core.day_coverage AS
    SELECT coverage_code, day AS report_date FROM (SELECT DISTINCT coverage_code FROM core.day_coverage), days;

CREATE OR REPLACE TABLE marts.indicator_history AS
    SELECT 'daily' AS grain, indicator_code, unit_code, period::VARCHAR AS period, numerator, denominator, value,
        period + INTERVAL (n) DAY AS known_from, CASE n WHEN 1 THEN period + INTERVAL 2 DAY END AS known_until,
        strftime(period, '%Y%m%d') || 'T215631583023' AS version_from,
        CASE n WHEN 1 THEN strftime(period, '%Y%m%d') || 'T215631583024' END AS version_until
    FROM marts.indicator_daily, (VALUES (1), (2)) AS twice(n);

CREATE TEMP TABLE polls AS SELECT * FROM marts.videoconference_endpoint_daily WHERE report_date = DATE '2026-11-06';
CREATE OR REPLACE TABLE marts.videoconference_endpoint_daily AS SELECT polls.* REPLACE (day AS report_date) FROM polls, days;
CREATE TEMP TABLE conferences AS SELECT * FROM marts.videoconference_conference;
CREATE OR REPLACE TABLE marts.videoconference_conference AS
    SELECT conferences.* REPLACE (call_id || day AS call_id, day + INTERVAL 9 HOUR AS started_at) FROM conferences, days;

CREATE TEMP TABLE scores AS SELECT * FROM marts.qd766_score_monthly WHERE unit_code = 'H56';
CREATE OR REPLACE TABLE marts.qd766_score_monthly AS SELECT scores.* REPLACE (month AS period) FROM scores, months;

CREATE TEMP TABLE told AS SELECT * FROM meta.completeness WHERE subject_type = 'dataset' AND day = DATE '2026-11-06';
CREATE OR REPLACE TABLE meta.completeness AS
    SELECT told.* REPLACE (days.day AS day, CASE WHEN dayofmonth(days.day) = 5 THEN 'missing' ELSE 'reported' END AS state)
    FROM told, days;
CREATE TEMP TABLE owed AS SELECT * EXCLUDE (day, last_day) FROM meta.expected_periods WHERE is_owed AND day = DATE '2026-11-06';
CREATE OR REPLACE TABLE meta.expected_periods AS SELECT dataset, day, day AS last_day, owed.* EXCLUDE (dataset) FROM owed, days;
CREATE TEMP TABLE came AS SELECT * FROM meta.loads WHERE partition_key IN ('2026-11-05', '2026-11-06');
CREATE OR REPLACE TABLE meta.loads AS
    SELECT came.* REPLACE (load_id || day AS load_id, day::VARCHAR AS partition_key) FROM came, days;
CREATE TEMP TABLE compared AS SELECT * FROM marts.portal_reconciliation;
CREATE OR REPLACE TABLE marts.portal_reconciliation AS SELECT compared.* REPLACE (month AS period) FROM compared, months;
"""


def after_years(published: Path, file: Path) -> Path:
    """A copy of a published file that holds three years of days and months, and every unit in each of them."""
    shutil.copyfile(published, file)
    with duckdb.connect(str(file)) as connection:
        connection.execute(_YEARS)
    return file
