"""A published file small enough to be checked by eye, as it stood on Thursday 12 November 2026 at 09:00.

Of the dossiers the days 2 to 6 November are loaded; nobody wrote one on Saturday the 7th, nobody asked on Sunday the
8th, the 9th was refused, the 10th did not come, the 11th was not asked for and is due, the 12th is not due yet.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

LOADED = [date(2026, 11, day) for day in range(2, 7)]
REFUSED = "headings_are_complete: portal_dossiers-2026-11-09.json: lacks the heading 'Số đến'; it has: 'Số'"
NOT_THERE = "export_is_there: portal_dossiers 2026-11-10: it is not there."
_INDICATORS = [
    ("portal_received", "Số hồ sơ tiếp nhận", "daily", "count", "2020-01-01", None, "portal_dossiers"),
    ("portal_vneid", "Tỷ lệ hồ sơ định danh VNeID", "daily", "share", "2022-06-23", None, "portal_dossiers"),
    ("portal_open_late", "Tỷ lệ hồ sơ quá hạn", "daily", "share", "2020-01-01", None, "portal_open_stock"),
    ("portal_new", "Số hồ sơ được khen", "daily", "count", "2020-01-01", None, "portal_dossiers"),
    ("portal_of_old", "Số hồ sơ kiểu cũ", "daily", "count", "2020-01-01", "2024-12-31", "portal_dossiers"),
    ("videoconference_conferences", "Số hội nghị", "daily", "count", "2020-01-01", None, "videoconference_calls"),
    ("lonely", "Chỉ tiêu chưa khai", "daily", "count", "2020-01-01", None, "nobody"),
    ("officer_satisfaction", "Mức độ hài lòng", "monthly", "share", "2021-11-10", None, None),
    ("officer_users_authenticated", "Tài khoản đã xác thực", "monthly", "share", "2021-11-10", None, None),
]
_UNITS = [
    ("H56", "UBND tỉnh Thanh Hóa", "province", None, "2020-01-01", None),
    ("H56.12", "Sở Y tế", "department", "H56", "2020-01-01", None),
    ("H56.13", "Sở Xây dựng", "department", "H56", "2020-01-01", None),
    ("H56.20", "Sở Dược", "department", "H56", "2020-01-01", "2025-02-28"),
    ("H56.34", "Huyện Mường Lát", "district", "H56", "2020-01-01", "2025-06-30"),
    ("H56.34.51", "Thị trấn Mường Lát", "commune", "H56.34", "2020-01-01", "2025-06-30"),
    ("H56.34.52", "Xã Tân Tiến", "commune", "H56.34", "2020-01-01", "2025-06-30"),
    ("H56.105", "Xã Mường Lát", "commune", "H56", "2025-07-01", None),
    ("H56.106", "Xã Tân Tiến", "commune", "H56", "2025-07-01", None),
]
_CROSSWALK = [
    ("H56.20", "2020-01-01", "2025-02-28", "H56.12"),
    ("H56.34", "2020-01-01", "2025-06-30", None),
    ("H56.34.51", "2020-01-01", "2025-06-30", "H56.105"),
    ("H56.34.52", "2020-01-01", "2025-06-30", "H56.106"),
    ("H56.105", "2025-07-01", None, "H56.105"),
    ("H56.106", "2025-07-01", None, "H56.106"),
]
_DATASETS = [
    ("portal_dossiers", "daily", "Hồ sơ thủ tục hành chính", "Administrative dossiers", 1, False),
    ("videoconference_calls", "daily", "Bản ghi cuộc gọi hội nghị", "Conference call records", 1, False),
    ("videoconference_dma_calls", "daily", "Cuộc gọi trên Polycom DMA", "Polycom DMA calls", 1, True),
    ("officer_forms", "monthly", "Biểu số liệu cán bộ nhập", "Form filled in by an officer", 5, False),
]
# Day, whether it is owed, when it is due, whether it is due by now.
_EXPECTED = [
    *((str(day), True, f"{day} 05:30", True) for day in LOADED),
    ("2026-11-07", False, "2026-11-09 05:30", True),
    ("2026-11-08", False, "2026-11-09 05:30", True),
    ("2026-11-09", True, "2026-11-10 05:30", True),
    ("2026-11-10", True, "2026-11-11 05:30", True),
    ("2026-11-11", True, "2026-11-12 05:30", True),
    ("2026-11-12", True, "2026-11-13 05:30", False),
]
_ATTEMPTS = [
    *(("portal_dossiers", str(day), "loaded", "", "2026-11-11 06:00") for day in LOADED),
    ("portal_dossiers", "2026-11-07", "not_due", "export_is_there: it is not there", "2026-11-11 06:00"),
    ("portal_dossiers", "2026-11-09", "refused", REFUSED, "2026-11-11 06:00"),
    ("portal_dossiers", "2026-11-10", "not_there", NOT_THERE, "2026-11-12 09:00"),
    ("officer_forms", "2026-10", "loaded", "", "2026-11-06 06:00"),
]
_STATES = [
    *((str(day), "reported") for day in LOADED),
    ("2026-11-09", "missing"),
    ("2026-11-10", "late"),
]
_TABLES = """
    CREATE SCHEMA marts; CREATE SCHEMA core; CREATE SCHEMA meta;
    CREATE TABLE meta.indicators (indicator_code VARCHAR, name_vi VARCHAR, name_en VARCHAR, grain VARCHAR, measure VARCHAR,
        formula_vi VARCHAR, legal_source VARCHAR, numerator_en VARCHAR, denominator_en VARCHAR, valid_from DATE, valid_to DATE);
    CREATE TABLE core.dim_indicator (indicator_code VARCHAR, coverage_code VARCHAR);
    CREATE TABLE core.dim_unit (unit_code VARCHAR, unit_name_vi VARCHAR, unit_type VARCHAR, parent_unit_code VARCHAR,
        valid_from DATE, valid_to DATE, is_latest BOOLEAN DEFAULT true);
    CREATE TABLE core.unit_crosswalk (from_unit_code VARCHAR, from_valid_from DATE, from_valid_to DATE, to_unit_code VARCHAR);
    CREATE TABLE core.day_coverage (coverage_code VARCHAR, report_date DATE);
    CREATE TABLE core.fct_dossier (unit_code VARCHAR, is_received_local BOOLEAN, received_date DATE, settled_date DATE,
        gone_date DATE, national_finished_date DATE, is_fully_online BOOLEAN, has_payment_obligation BOOLEAN,
        is_paid_online BOOLEAN, is_vneid_authenticated BOOLEAN, load_id VARCHAR);
    CREATE TABLE core.fct_officer_figure (indicator_code VARCHAR, unit_code VARCHAR, period VARCHAR, load_id VARCHAR);
    CREATE TABLE marts.indicator_daily (indicator_code VARCHAR, unit_code VARCHAR, period DATE, numerator DECIMAL(18,4),
        denominator DECIMAL(18,4), "value" DECIMAL(18,6));
    CREATE TABLE marts.indicator_monthly (indicator_code VARCHAR, unit_code VARCHAR, period VARCHAR, numerator DECIMAL(18,4),
        denominator DECIMAL(18,4), "value" DECIMAL(18,6), days_covered BIGINT, days_expected BIGINT, is_complete BOOLEAN);
    CREATE TABLE marts.indicator_history (grain VARCHAR, indicator_code VARCHAR, unit_code VARCHAR, period VARCHAR,
        numerator DECIMAL(18,4), denominator DECIMAL(18,4), "value" DECIMAL(18,6), known_from TIMESTAMP,
        known_until TIMESTAMP, version_from VARCHAR);
    CREATE TABLE marts.indicator_restatement (indicator_code VARCHAR, unit_code VARCHAR, period VARCHAR,
        closed_value DECIMAL(18,6), restated_numerator DECIMAL(18,4), restated_denominator DECIMAL(18,4),
        restated_value DECIMAL(18,6), difference DECIMAL(18,6), change_code VARCHAR, cause_code VARCHAR,
        first_changed_at TIMESTAMP, last_changed_at TIMESTAMP);
    CREATE TABLE marts.indicator_restatement_cause (indicator_code VARCHAR, unit_code VARCHAR, period VARCHAR,
        load_id VARCHAR, event_code VARCHAR, happened_at TIMESTAMP, rows_count BIGINT, is_of_unit BOOLEAN,
        file_name VARCHAR, file_sha256 VARCHAR, arrived_at TIMESTAMP);
    CREATE TABLE meta.month_closures (closure_sequence BIGINT, period VARCHAR, action VARCHAR, acted_at TIMESTAMP,
        note VARCHAR, version VARCHAR);
    CREATE TABLE meta.indicator_datasets (indicator_code VARCHAR, dataset VARCHAR);
    CREATE TABLE meta.datasets (dataset VARCHAR, cadence VARCHAR, title_vi VARCHAR, title_en VARCHAR,
        due_days_after INTEGER, is_optional BOOLEAN);
    CREATE TABLE meta.expected_periods (dataset VARCHAR, day DATE, is_owed BOOLEAN, due_at TIMESTAMP, is_due BOOLEAN);
    CREATE TABLE meta.attempts (dataset VARCHAR, partition_key VARCHAR, outcome VARCHAR, message VARCHAR,
        attempted_at TIMESTAMP);
    CREATE TABLE meta.completeness (dataset VARCHAR, day DATE, subject_type VARCHAR, state VARCHAR);
    CREATE TABLE meta.loads (load_id VARCHAR, load_sequence BIGINT, dataset VARCHAR, partition_key VARCHAR,
        file_name VARCHAR, file_sha256 VARCHAR, arrived_at TIMESTAMP, verdict VARCHAR, is_in_force BOOLEAN);
    CREATE TABLE meta.quarantined_rows (load_id VARCHAR, sheet_name VARCHAR, row_number BIGINT, unit_code VARCHAR,
        reasons VARCHAR[]);
"""
# Of the Sở Y tế two dossiers were received on the 3rd; one was told last by the file of the 4th. VNeID is reported of one.
_FIGURES = """
    INSERT INTO core.fct_dossier VALUES
        ('H56.12', true, '2026-11-03', NULL, NULL, NULL, true, false, NULL, true, 'portal_dossiers/2026-11-03/r1'),
        ('H56.12', true, '2026-11-03', '2026-11-04', NULL, '2026-11-04', NULL, true, NULL, NULL, 'portal_dossiers/2026-11-04/r1');
    INSERT INTO marts.indicator_daily VALUES
        ('portal_received', 'H56.12', '2026-11-03', 2, NULL, 2), ('portal_received', 'H56', '2026-11-03', 2, NULL, 2),
        ('portal_vneid', 'H56.12', '2026-11-03', 1, 1, 1), ('portal_new', 'H56.12', '2026-11-03', 1, NULL, 1);
    INSERT INTO marts.indicator_history VALUES
        ('daily', 'portal_received', 'H56.12', '2026-11-03', 2, NULL, 2, '2026-11-12 09:30', NULL, '20261112T093000000000');
    INSERT INTO marts.indicator_monthly VALUES
        ('portal_received', 'H56.12', '202611', 2, NULL, 2, 5, 30, false),
        ('officer_satisfaction', 'H56', '202610', 91, 100, 0.91, NULL, NULL, true);
    INSERT INTO core.fct_officer_figure VALUES ('officer_satisfaction', 'H56', '202610', 'officer_forms/2026-10/r1');
"""


def publish_by_hand(home: Path) -> Path:
    """Writes the file behind its pointer; returns the file itself, which tests may change."""
    file = home / "published" / "warehouse-20261112T093000000000.duckdb"
    file.parent.mkdir(parents=True)
    with duckdb.connect(str(file)) as connection:
        connection.execute(_TABLES)
        for code, name, grain, measure, begins, ends, coverage in _INDICATORS:
            parts = ["what is counted", "what it is divided by" if measure == "share" else None]
            connection.execute(
                f"INSERT INTO meta.indicators VALUES ({', '.join('?' * 11)})",
                [code, name, code, grain, measure, "công thức", "căn cứ", *parts, begins, ends],
            )
            connection.execute("INSERT INTO core.dim_indicator VALUES (?, ?)", [code, coverage])
        connection.executemany(
            "INSERT INTO core.dim_unit (unit_code, unit_name_vi, unit_type, parent_unit_code, valid_from, valid_to)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            _UNITS,
        )
        connection.executemany("INSERT INTO core.unit_crosswalk VALUES (?, ?, ?, ?)", _CROSSWALK)
        connection.executemany("INSERT INTO meta.datasets VALUES (?, ?, ?, ?, ?, ?)", _DATASETS)
        _write_what_came(connection)
        connection.execute(_FIGURES)
    (file.parent / "warehouse.duckdb").symlink_to(file.name)
    return file


def _write_what_came(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("""
        INSERT INTO meta.indicator_datasets
        SELECT indicator_code, 'portal_dossiers' FROM meta.indicators WHERE indicator_code LIKE 'portal_%'
        UNION ALL SELECT indicator_code, 'officer_forms' FROM meta.indicators WHERE indicator_code LIKE 'officer_%'
        UNION ALL SELECT 'videoconference_conferences', unnest(['videoconference_calls', 'videoconference_dma_calls'])
    """)
    for dataset in ("portal_dossiers", "videoconference_calls", "videoconference_dma_calls"):
        connection.executemany(f"INSERT INTO meta.expected_periods VALUES ('{dataset}', ?, ?, ?, ?)", _EXPECTED)
    connection.execute("""
        INSERT INTO meta.expected_periods VALUES ('officer_forms', '2026-10-01', true, '2026-11-05 05:30', true),
            ('officer_forms', '2026-11-01', true, '2026-12-07 05:30', false)
    """)
    connection.executemany("INSERT INTO meta.attempts VALUES (?, ?, ?, ?, ?)", _ATTEMPTS)
    connection.executemany("INSERT INTO meta.completeness VALUES ('portal_dossiers', ?, 'dataset', ?)", _STATES)
    connection.execute("INSERT INTO meta.completeness VALUES ('portal_dossiers', '2026-11-03', 'unit', 'zero')")
    for dataset in ("portal_dossiers", "videoconference_calls"):
        for day in LOADED:
            load(connection, dataset, str(day))
            connection.execute("INSERT INTO core.day_coverage VALUES (?, ?)", [dataset, day])
    load(connection, "officer_forms", "2026-10")
    # Refused: it tells nothing.
    load(connection, "portal_dossiers", "2026-11-09", verdict="refused")


def load(connection: duckdb.DuckDBPyConnection, dataset: str, partition: str, verdict: str = "accepted") -> None:
    """Writes a load down, in force unless it was refused."""
    connection.execute(
        "INSERT INTO meta.loads VALUES (?, 1, ?, ?, ?, repeat('a', 64), '2026-11-11 06:00', ?, ?)",
        [f"{dataset}/{partition}/r1", dataset, partition, f"{dataset}-{partition}.json", verdict, verdict != "refused"],
    )
