"""A warehouse as small as it can be with every mart that the ready-made dashboard reads."""

from __future__ import annotations

import json
from pathlib import Path

from pipelines.load.warehouse import open_warehouse
from pipelines.settings import Settings
from tests.publish.publish_help import build_warehouse

_MARTS = """
ALTER TABLE core.dim_unit ADD COLUMN is_current BOOLEAN DEFAULT true;
INSERT INTO core.dim_unit VALUES ('H56', 'UBND tỉnh Thanh Hóa', true), ('H56.12', 'Tên cũ', false);
ALTER TABLE reference.indicators ADD COLUMN name_en VARCHAR;
INSERT INTO reference.indicators VALUES ('portal_settled_on_time_local', 'Đúng hạn', 'On time');
CREATE TABLE marts.portal_unit_daily AS
    SELECT unit_code, DATE '2026-06-01' + n::INT AS report_date, 10 + n AS received_count, n AS received_online_count,
        5::BIGINT AS settled_count, 1::BIGINT AS settled_late_count
    FROM range(3) AS days(n), (VALUES ('H56'), ('H56.12')) AS units(unit_code);
INSERT INTO marts.indicator_daily
    SELECT 'portal_settled_on_time_local', unit_code, report_date, 4, 5, 0.8 FROM marts.portal_unit_daily;
CREATE TABLE marts.document_unit_daily AS
    SELECT unit_code, report_date, 7::BIGINT AS sent_count, NULL::BIGINT AS registered_count FROM marts.portal_unit_daily;
CREATE TABLE marts.videoconference_endpoint_daily AS
    SELECT 'DC-001' AS endpoint_code, DATE '2026-06-01' AS report_date, true AS was_asked, true AS is_online
    UNION ALL SELECT 'DC-002', DATE '2026-06-01', true, false
    UNION ALL SELECT 'DC-003', DATE '2026-06-01', false, NULL;
CREATE TABLE marts.target_progress AS
    SELECT 'Tỷ lệ trực tuyến' AS target_name_vi, 'Online share' AS target_name_en, '202606' AS period, 0.7::DECIMAL(18,6) AS target_value,
        0.5::DECIMAL(18,6) AS value, -0.2::DECIMAL(18,6) AS gap, 'below' AS state_code;
"""


def build_marts(settings: Settings) -> Path:
    """Writes the warehouse file and dbt's manifest; returns the manifest."""
    manifest = build_warehouse(settings)
    with open_warehouse(settings) as connection:
        connection.execute(_MARTS)
    told = json.loads(manifest.read_bytes())
    column = {"name": "report_date", "data_type": "date", "description": "Ngày báo cáo | Day of the report"}
    for mart in ("portal_unit_daily", "document_unit_daily", "videoconference_endpoint_daily", "target_progress"):
        node = {
            "resource_type": "model", "unique_id": f"m.{mart}", "schema": "marts", "alias": mart, "description": "",
            "columns": {"report_date": column},
        }  # fmt: skip
        told["nodes"][f"m.{mart}"] = node
    manifest.write_text(json.dumps(told), encoding="utf-8")
    return manifest
