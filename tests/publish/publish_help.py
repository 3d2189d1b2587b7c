"""A warehouse as dbt would leave it, small, and the processes that publish it."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

from pipelines.contracts import read_contract
from pipelines.load.warehouse import open_warehouse, prepare
from pipelines.settings import SOURCES, Settings

HIDDEN = ("dossier_key", "account_key")
PSEUDONYM = "0123456789abcdef0123456789abcdef"
TABLES = {
    "core": {"day_coverage", "dim_unit", "fct_dossier"},
    "marts": {"indicator_daily", "indicator_monthly", "indicator_history", "portal_form_ii06a_monthly"},
    "meta": {
        "loads", "checks", "mart_checks", "volumes", "attempts", "quarantine_reasons", "quarantined_rows", "reason_words", "completeness",
        "expected_periods", "freshness", "indicators", "indicator_datasets", "month_closures", "closed_form_rows", "datasets",
        "dictionary", "qd766_parts",
        "reconciliation_reasons", "saving_assumptions", "versions",
    },
}  # fmt: skip
MARTS_TABLES = {**TABLES, "core": {"dim_unit"}}
_BUILT = f"""
CREATE SCHEMA core; CREATE SCHEMA marts; CREATE SCHEMA reference; CREATE SCHEMA staging;
CREATE TABLE core.dim_unit AS SELECT 'H56.12' AS unit_code, 'Sở Y tế' AS unit_name_vi;
CREATE TABLE core.fct_dossier AS
    SELECT '{PSEUDONYM}' AS dossier_key, 'H56.12' AS unit_code, range AS load_sequence FROM range(1000);
CREATE TABLE core.day_coverage AS SELECT 'portal_dossiers' AS coverage_code, DATE '2026-06-02' AS report_date;
CREATE TABLE marts.indicator_daily AS
    SELECT 'portal_received' AS indicator_code, 'H56.12' AS unit_code, DATE '2026-06-02' AS period,
        1000::DECIMAL(18,4) AS numerator, NULL::DECIMAL(18,4) AS denominator, 1000::DECIMAL(18,6) AS value;
CREATE TABLE marts.indicator_monthly AS
    SELECT indicator_code, unit_code, '202606' AS period, numerator, denominator, value, 1::BIGINT AS days_covered,
        30::BIGINT AS days_expected, false AS is_complete, false AS is_closed
    FROM marts.indicator_daily;
CREATE TABLE marts.portal_form_ii06a_monthly AS
    SELECT 'H56.12' AS unit_code, 'Hộ tịch' AS field_name_vi, '202606' AS period, DATE '2026-06-30' AS last_date,
        true AS is_closing_known, 9 AS received_count, 5 AS received_online_count, 3 AS received_direct_count,
        1 AS carried_over_count, 6 AS settled_count, 2 AS settled_early_count, 3 AS settled_on_time_count,
        1 AS settled_late_count, 3 AS open_count, 2 AS open_in_time_count, 1 AS open_late_count;
CREATE TABLE staging.indicator_datasets AS SELECT 'portal_received' AS indicator_code, 'portal_dossiers' AS dataset;
CREATE TABLE staging.stg_loads_in_force AS SELECT 'portal_dossiers/2026-06-02/r1' AS load_id;
CREATE TABLE marts.a_mart_of_old AS SELECT 1 AS figure;
CREATE TABLE staging.stg_secret AS SELECT '{PSEUDONYM}' AS account_key;
CREATE TABLE reference.indicators AS SELECT 'portal_received' AS indicator_code, 'Số hồ sơ' AS name_vi;
CREATE TABLE reference.qd766_parts AS SELECT '2.1' AS part_code;
CREATE TABLE reference.saving_assumptions AS SELECT 'paper' AS assumption_id;
CREATE TABLE reference.reconciliation_reasons AS SELECT 'day_not_loaded' AS reason_code;
CREATE TABLE ops.completeness AS SELECT 'portal_dossiers' AS dataset, DATE '2026-06-02' AS day, 'unit' AS subject_type,
    'H56.12' AS subject_code, 'reported' AS state;
CREATE TABLE staging.expected_periods AS SELECT 'portal_dossiers' AS dataset, DATE '2026-06-02' AS day;
CREATE TABLE ops.freshness AS SELECT 'portal_dossiers' AS dataset, 'fresh' AS state;
INSERT INTO ops.arrivals VALUES ('a1', 'portal_dossiers', '2026-06-02', 'ff', 'a.json', 7, 'http://x', NULL, '2026-06-03');
INSERT INTO ops.arrivals VALUES ('a2', 'portal_dossiers', '2026-06-03', 'ee', 'b.json', 8, 'http://x', NULL, '2026-06-04');
INSERT INTO ops.loads VALUES ('portal_dossiers/2026-06-02/r1', 1, 'a1', 'portal_dossiers', '2026-06-02',
    'accepted_with_warnings', 1003, 1000, 2, 1, 1, '0', NULL, '2026-06-03', '2026-06-03', 'f', 'accepted_with_warnings');
INSERT INTO ops.loads VALUES ('portal_dossiers/2026-06-03/r1', 2, 'a2', 'portal_dossiers', '2026-06-03', 'refused', 0, 0,
    0, 0, 1, '0', 'it is empty', '2026-06-04', '2026-06-04', 'f', 'refused');
INSERT INTO ops.checks VALUES ('portal_dossiers/2026-06-02/r1', 'record_is_unique', 'critical', true, '', 0);
INSERT INTO ops.quarantine VALUES
    ('portal_dossiers/2026-06-02/r1', 7, '', '{{"dossier_key":"•••","note":"row text"}}', ['a: empty', 'b: empty'], 'H56.12', 'dd', 1),
    ('portal_dossiers/2026-06-02/r1', 9, '', '{{}}', ['a: empty'], 'H56.12', 'dd', 1);
INSERT INTO ops.attempts VALUES ('portal_dossiers', '2026-06-02', 'loaded', '', '2026-06-03');
"""


def settings_in(folder: Path) -> Settings:
    """Settings of a home below `folder`, whatever the environment says."""
    return Settings(_env_file=None, home=folder / "data", lock_seconds=30)  # type: ignore[call-arg]


def build_warehouse(settings: Settings) -> Path:
    """Writes the warehouse file and dbt's manifest; returns the manifest."""
    with open_warehouse(settings) as connection:
        prepare(connection, [read_contract(SOURCES / "portal" / "portal_dossiers.yaml")])
        connection.execute(_BUILT)
    manifest = settings.home / "manifest.json"
    node = {
        "resource_type": "model", "unique_id": "m.a", "schema": "core", "alias": "fct_dossier", "description": "",
        "columns": {
            "unit_code": {"name": "unit_code", "data_type": "varchar", "description": "Mã đơn vị | Agency\n code"},
            "dossier_key": {"name": "dossier_key", "data_type": "varchar", "description": "Khóa | Key"},
        },
        "config": {"meta": {"increment": {}}},
    }  # fmt: skip
    others = {
        f"m.{alias}": {**node, "schema": schema, "alias": alias, "columns": {}}
        for schema, aliases in (
            ("core", ("dim_unit", "day_coverage")),
            ("marts", ("indicator_daily", "indicator_monthly", "portal_form_ii06a_monthly")),
            ("ops", ("completeness",)),
        )
        for alias in aliases
    }
    sources = {
        "s.h": {
            "unique_id": "s.h", "schema": "marts", "identifier": "indicator_history", "description": "", "columns": {}
        }
    }  # fmt: skip
    hidden = {**node, "schema": "staging", "alias": "stg_secret"}
    manifest.write_text(
        json.dumps(
            {"nodes": {**others, "m.a": node, "m.b": hidden, "t.c": {"resource_type": "test"}}, "sources": sources}
        ),
        encoding="utf-8",
    )
    return manifest


def told_whole(settings: Settings, *tables: str) -> None:
    """Leaves beside these tables (`schema.table`) what dbt's increments leave after a whole build."""
    with open_warehouse(settings) as connection:
        for table in tables:
            connection.execute(
                f"CREATE TABLE {_changes_of(table)} AS SELECT 1::BIGINT AS change_number, true AS is_whole, "
                f"NULL::BOOLEAN AS is_put_in, built.* "
                f"FROM (SELECT 1) LEFT JOIN (FROM {table} LIMIT 0) AS built ON true"
            )


def build_more(settings: Settings, table: str, *statements: str, told: bool = True) -> None:
    """Changes a table, and tells what left it and came, as an increment does."""
    with open_warehouse(settings) as connection:
        connection.execute(f"CREATE TEMP TABLE before AS FROM {table}")
        connection.execute("BEGIN")
        for statement in statements:
            connection.execute(statement)
        if told:
            connection.execute(
                f"INSERT INTO {_changes_of(table)} BY NAME "
                f"SELECT (SELECT max(change_number) + 1 FROM {_changes_of(table)}) AS change_number, "
                f"false AS is_whole, * FROM (SELECT false AS is_put_in, * FROM (FROM before EXCEPT ALL FROM {table}) "
                f"UNION ALL SELECT true, * FROM (FROM {table} EXCEPT ALL FROM before))"
            )
        connection.execute("COMMIT")


def _changes_of(table: str) -> str:
    return f"staging.{table.partition('.')[2]}__changes"


def tables_of(file: Path) -> dict[str, set[str]]:
    """Tables of a published file by schema, read as a reader would."""
    with duckdb.connect(str(file), read_only=True) as connection:
        found: dict[str, set[str]] = {}
        for schema, table in connection.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall():
            found.setdefault(schema, set()).add(table)
        return found


def assert_complete(file: Path) -> None:
    """Every table is there, with its rows."""
    assert tables_of(file) == TABLES
    with duckdb.connect(str(file), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM core.fct_dossier").fetchall() == [(1_000,)]
        assert connection.execute("SELECT count(*) FROM meta.versions").fetchall()[0][0] > 0


def assert_marts_complete(file: Path) -> None:
    """Every table of the leaders' file is there, and none of the analysts'."""
    assert tables_of(file) == MARTS_TABLES
