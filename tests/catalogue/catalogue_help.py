"""A published file as small as can be, and dbt's manifest with all that must not get out."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest

VERSION = "20261122T063738063754"
UNSAFE = "Mã <script>alert(1)</script> & đơn vị"
FORMULA = "=1+1"
SECRETS = (
    "/srv/secret-home",
    "officer@example.vn",
    "invocation-4711",
    "user-4712",
    "KHOTINH_DOCUMENTS_PASSWORD",
    "hunter2",
)
_PUBLISHED = f"""
CREATE SCHEMA marts; CREATE SCHEMA meta; CREATE SCHEMA core;
CREATE TABLE meta.versions (version VARCHAR, published_at TIMESTAMP);
INSERT INTO meta.versions VALUES ('{VERSION}', '2026-11-22 06:37:38.063754');
CREATE TABLE core.dim_unit AS SELECT 'H56' AS unit_code;
CREATE TABLE marts.unit_daily (report_date DATE, unit_code VARCHAR, "value" DECIMAL(18,4));
CREATE VIEW marts.unit_daily_today AS SELECT report_date FROM marts.unit_daily;
CREATE TABLE meta.datasets AS SELECT 'portal_dossiers' AS dataset, 'Hồ sơ' AS title_vi, 'Dossiers' AS title_en,
    'Văn phòng' AS owner, 'daily' AS cadence, 'changes' AS mode, 1 AS due_days_after, TIME '05:30' AS due_time,
    3 AS contract_version;
CREATE TABLE meta.indicators AS SELECT 'portal_received' AS indicator_code, 'Tiếp nhận' AS name_vi, 'Received' AS name_en,
    'hồ sơ' AS unit_vi, 'dossiers' AS unit_en, '{FORMULA}' AS formula_vi, 'received' AS numerator_en,
    NULL::VARCHAR AS denominator_en, 'NĐ 61/2018/NĐ-CP' AS legal_source, 'none' AS direction, NULL::VARCHAR AS caveat_vi,
    NULL::VARCHAR AS caveat_en, 'Trung tâm' AS owner, DATE '2020-01-01' AS valid_from, NULL::DATE AS valid_to;
"""


def published_file(folder: Path) -> Path:
    """The file; its rows do not matter."""
    file = folder / "warehouse.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute(_PUBLISHED)
    return file


def dbt_target(folder: Path) -> Path:
    """Dbt's target folder with its manifest."""
    target = folder / "dbt"
    target.mkdir()
    home, mail, invocation, user, variable, password = SECRETS
    model = {
        "unique_id": "model.khotinh.unit_daily", "resource_type": "model", "package_name": "khotinh", "schema": "marts",
        "name": "unit_daily", "alias": "unit_daily", "database": "warehouse", "fqn": ["khotinh", "marts", "unit_daily"],
        "path": "marts/unit_daily.sql", "original_file_path": "models/marts/unit_daily.sql", "language": "sql", "tags": [],
        "description": "Theo ngày. | By day.", "raw_code": "select 'the model’s own words' as a", "compiled_code": "select 1",
        "config": {"materialized": "table", "enabled": True, "pre-hook": [password]}, "meta": {}, "docs": {"show": True},
        "constraints": [{"type": "primary_key", "columns": ["report_date", "unit_code"]}], "refs": [], "sources": [],
        "depends_on": {"nodes": [], "macros": ["macro.khotinh.share"]}, "access": "protected", "version": None,
        "columns": {
            name: {"name": name, "description": text, "data_type": "varchar", "constraints": [], "meta": {}, "tags": []}
            for name, text in (("report_date", "Ngày. | Day."), ("unit_code", f"{UNSAFE} | Unit </script>"), ("value", FORMULA))
        },
        "build_path": f"{home}/dbt/run/unit_daily.sql", "compiled_path": f"{home}/dbt/compiled/unit_daily.sql",
        "root_path": home, "created_at": 1.5,
    }  # fmt: skip
    test = {
        "unique_id": "test.khotinh.values", "resource_type": "test", "package_name": "khotinh", "schema": "marts",
        "name": "values", "alias": "values", "attached_node": "model.khotinh.unit_daily", "columns": {}, "description": "",
        "config": {"severity": "ERROR", "where": None}, "tags": [], "depends_on": {"nodes": ["model.khotinh.unit_daily"], "macros": []},
        "test_metadata": {"name": "accepted_values", "kwargs": {"column_name": "unit_code", "values": ["H56", "H57"]}},
        "original_file_path": "models/marts/marts.yml", "path": "values.sql", "fqn": ["khotinh", "values"], "raw_code": "",
    }  # fmt: skip
    manifest = {
        "metadata": {
            "project_name": "khotinh", "adapter_type": "duckdb", "dbt_version": "1.11.16", "invocation_id": invocation,
            "user_id": user, "env": {variable: password}, "send_anonymous_usage_stats": True,
        },
        "nodes": {model["unique_id"]: model, test["unique_id"]: test},
        "sources": {},
        "macros": {
            "macro.khotinh.share": {"unique_id": "macro.khotinh.share", "name": "share", "package_name": "khotinh",
                                    "macro_sql": "{# share #}", "path": "macros/share.sql", "resource_type": "macro",
                                    "original_file_path": "macros/share.sql", "depends_on": {"macros": []}, "description": "",
                                    "meta": {}, "docs": {"show": True}, "arguments": []},
            "macro.dbt.other": {"unique_id": "macro.dbt.other", "name": "other", "package_name": "dbt", "macro_sql": "not ours"},
        },
        "docs": {},
        "exposures": {
            "exposure.khotinh.board": {
                "unique_id": "exposure.khotinh.board", "name": "board", "resource_type": "exposure", "type": "dashboard",
                "package_name": "khotinh", "fqn": ["khotinh", "board"], "path": "e.yml", "original_file_path": "e.yml",
                "owner": {"name": "Văn phòng", "email": mail}, "description": "Bảng | Board", "label": "Board", "tags": [],
                "config": {"enabled": True, "meta": {}, "tags": []}, "meta": {}, "refs": [], "sources": [], "metrics": [],
                "depends_on": {"nodes": ["model.khotinh.unit_daily"], "macros": []}, "maturity": "high", "url": None,
            },
        },
        "parent_map": {"model.khotinh.unit_daily": []},
        "child_map": {"model.khotinh.unit_daily": ["test.khotinh.values"]},
        "unit_tests": {"unit_test.khotinh.a": {"given": [{"rows": [{"value": password}]}]}},
    }  # fmt: skip
    (target / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return target


def seen_in_chromium(page: Path, query: str, profile: Path) -> tuple[str, str]:
    """The document as a browser leaves it, and what it wrote to its console; no name can be looked up meanwhile."""
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip("there is no chromium; make system-packages installs it")
    done = subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", "--enable-logging=stderr",
         "--host-resolver-rules=MAP * ~NOTFOUND", "--virtual-time-budget=5000", "--dump-dom", f"{page.as_uri()}{query}"],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    return done.stdout, "\n".join(line for line in done.stderr.splitlines() if ":CONSOLE" in line)
