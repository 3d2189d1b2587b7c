"""A finished file as small as can be, the manifest that declares it, and what the frictionless tool says of a folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import frictionless
import orjson

VERSION = "20261122T063738063754"
TABLES = """
CREATE SCHEMA marts; CREATE SCHEMA meta; CREATE SCHEMA core; CREATE SCHEMA open;
CREATE TABLE meta.versions (version VARCHAR, published_at TIMESTAMP);
INSERT INTO meta.versions VALUES ('20261121T060000000000', '2026-11-21 06:00'),
    ('20261122T063738063754', '2026-11-22 06:37:38.063754');
CREATE TABLE marts.unit_daily (report_date DATE, unit_code VARCHAR, state_code VARCHAR, "value" DECIMAL(18,4),
    is_closed BOOLEAN, seen_at TIMESTAMP, note_vi VARCHAR);
INSERT INTO marts.unit_daily VALUES
    ('2026-11-08', 'H56.12', 'good', 0.5, true, '2026-11-09 05:30:00', 'Tốt, "rất" tốt'),
    ('2026-11-07', 'H56.12', 'bad', 1234567.25, false, '2026-11-09 05:30:00.5', NULL),
    ('2026-11-08', 'H56.101', NULL, NULL, NULL, NULL, E'hai\ndòng');
CREATE VIEW marts.unit_daily_today AS FROM marts.unit_daily;
CREATE TABLE core.dim_unit (unit_code VARCHAR, unit_name_vi VARCHAR, unit_type VARCHAR, administrative_level_code VARCHAR,
    parent_unit_code VARCHAR, valid_from DATE, valid_to DATE, is_latest BOOLEAN, source VARCHAR);
INSERT INTO core.dim_unit VALUES
    ('H56', 'UBND tỉnh Thanh Hóa', 'province', 'province', NULL, '2020-01-01', NULL, true, 'nội bộ'),
    ('H56.12', 'Ban Dân tộc', 'department', 'province', 'H56', '2020-01-01', '2025-02-28', false, 'nội bộ'),
    ('H56.12', 'Sở Dân tộc và Tôn giáo', 'department', 'province', 'H56', '2025-03-01', NULL, true, 'nội bộ'),
    ('H56.99', 'Đơn vị không có số liệu mở', 'department', 'province', 'H56', '2025-03-01', NULL, true, 'nội bộ');
CREATE TABLE core.dim_indicator AS
SELECT code AS indicator_code, 'settlement' AS group_code, 'Tiếp nhận' AS indicator_name_vi,
    'Received' AS indicator_name_en, 'count' AS measure_code, 'sum' AS aggregation_code, 'none' AS direction_code,
    'hồ sơ' AS unit_vi, 'dossiers' AS unit_en, 'Tổng' AS formula_vi, 'Sum' AS formula_en, 'NĐ 61' AS legal_source,
    'none' AS bias_code, NULL::VARCHAR AS caveat_vi, NULL::VARCHAR AS caveat_en, 'Văn phòng' AS owner_name_vi,
    DATE '2020-01-01' AS valid_from, NULL::DATE AS valid_to, 'staging.secret_expression' AS numerator_sql
FROM (VALUES ('portal_received'), ('portal_open_late')) AS codes (code);
CREATE TABLE open.open_indicator_monthly (indicator_code VARCHAR, unit_code VARCHAR, period VARCHAR,
    numerator DECIMAL(18,4), denominator DECIMAL(18,4), "value" DECIMAL(18,6), is_suppressed BOOLEAN,
    suppression_reason_code VARCHAR);
INSERT INTO open.open_indicator_monthly VALUES
    ('portal_received', 'H56.12', '202610', NULL, NULL, NULL, true, 'small_cells'),
    ('portal_received', 'H56', '202610', 40, NULL, 40, false, NULL),
    ('portal_received', 'H56', '202602', 33, NULL, 33, false, NULL);
CREATE TABLE open.open_procedure_monthly AS SELECT 'too small to be told' AS procedure_name, 1 AS received_count;
"""
_UNIT_DAILY = {
    "report_date": ("Ngày", "Day"), "unit_code": ("Mã đơn vị", "Agency code"), "state_code": ("Trạng thái", "State"),
    "value": ("Giá trị", "Value"), "is_closed": ("Đã chốt", "Closed"), "seen_at": ("Lúc", "When"),
    "note_vi": ("Ghi chú", "Note"),
}  # fmt: skip


def finished_file(folder: Path, changes: str = "") -> Path:
    """The tables, with `changes` made to them."""
    file = folder / "warehouse.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute(TABLES + changes)
    return file


def manifest_of(folder: Path) -> Path:
    """Dbt's manifest, of the parts that are read."""
    key = {"type": "primary_key", "columns": ["unit_code", "report_date"]}
    nodes = {
        "model.khotinh.unit_daily": _model(
            "marts", "unit_daily", _UNIT_DAILY, constraints=[key], description="Theo ngày. | By day."
        ),
        "model.khotinh.open_indicator_monthly": _model(
            "open", "open_indicator_monthly", {"value": ("Giá trị", "Value")},
            constraints=[{"type": "primary_key", "columns": ["indicator_code", "unit_code", "period"]}],
            description="Số mở. | Open figures.",
        ),
        "test.khotinh.states": _test("accepted_values", {"column_name": "state_code", "values": ["good", "bad"]}),
        "test.khotinh.notes": _test("not_null", {"column_name": "note_vi"}, severity="warn"),
        "test.khotinh.closed": _test("not_null", {"column_name": "is_closed"}, where="report_date > '2026-11-08'"),
        "test.khotinh.days": _test("not_null", {"column_name": "report_date"}),
    }  # fmt: skip
    file = folder / "manifest.json"
    file.write_text(json.dumps({"nodes": nodes, "sources": {}}), encoding="utf-8")
    return file


def _model(schema: str, name: str, columns: Mapping[str, tuple[str, str]], **told: object) -> dict[str, object]:
    described = {
        column: {"name": column, "data_type": "", "description": f"{vi} | {en}", "constraints": []}
        for column, (vi, en) in columns.items()
    }
    return {
        "unique_id": f"model.khotinh.{name}", "resource_type": "model", "schema": schema, "alias": name,
        "columns": described, **told,
    }  # fmt: skip


def _test(
    name: str, kwargs: Mapping[str, object], severity: str = "error", where: str | None = None
) -> dict[str, object]:
    return {
        "unique_id": f"test.{name}", "resource_type": "test", "attached_node": "model.khotinh.unit_daily",
        "test_metadata": {"name": name, "kwargs": kwargs}, "config": {"severity": severity, "where": where},
    }  # fmt: skip


def package_of(folder: Path) -> Any:
    """What `datapackage.json` says."""
    return orjson.loads((folder / "datapackage.json").read_bytes())


def faults_of(folder: Path) -> set[str]:
    """Kinds of faults that the frictionless tool finds, by its own names; none if the folder is what it says."""
    report = frictionless.validate(str(folder / "datapackage.json"))
    return {str(fault[0]) for fault in report.flatten(["type"])}


def change(folder: Path, name: str, old: str, new: str, *, hash_too: bool) -> None:
    """Changes a file; with `hash_too` whoever did it was clever enough to correct its size and hash."""
    file = folder / name
    text = file.read_bytes()
    assert text.count(old.encode()) == 1
    file.write_bytes(text.replace(old.encode(), new.encode()))
    if hash_too:
        package = package_of(folder)
        for resource in package["resources"]:
            if resource["path"] == name:
                resource |= {"bytes": file.stat().st_size, "hash": f"sha256:{sha256(file)}"}
        (folder / "datapackage.json").write_bytes(orjson.dumps(package))


def sha256(file: Path) -> str:
    """Of the file's bytes."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def bytes_of(folder: Path, names: Iterable[str] | None = None) -> dict[str, bytes]:
    """Every file's bytes by name."""
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir()) if names is None or file.name in names}
