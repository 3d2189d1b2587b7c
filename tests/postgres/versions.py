"""Published files as small as they can be: every figure of one says which version it is of."""

from __future__ import annotations

from pathlib import Path

import duckdb

UNITS = 400
_META = """
CREATE SCHEMA marts; CREATE SCHEMA core; CREATE SCHEMA meta;
CREATE TABLE meta.versions (version VARCHAR, published_at TIMESTAMP);
CREATE TABLE meta.dictionary (
    schema_name VARCHAR, table_name VARCHAR, column_name VARCHAR, data_type VARCHAR, description_vi VARCHAR,
    description_en VARCHAR);
CREATE TABLE meta.loads AS SELECT 'r1' AS load_id;
CREATE TABLE core.dim_unit AS SELECT 'H56' AS unit_code, 'UBND tỉnh Thanh Hóa' AS unit_name_vi;
CREATE TABLE core.fct_dossier AS SELECT 'H56' AS unit_code;
"""


def published_file(folder: Path, number: int, marts: str = "") -> Path:
    """Version `number`: `received` has its number in each of its rows, `sent` has as many rows, `sent_today` reads it.

    Args:
        folder: Where it is written.
        number: Sorts it; 1 is `v0001`.
        marts: Statements that change what is in it.
    """
    file = folder / f"warehouse-v{number:04}.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute(_META)
        connection.execute(
            "INSERT INTO meta.versions SELECT format('v{:04}', n), TIMESTAMP '2026-11-08 05:30' + n * INTERVAL 1 DAY "
            "FROM range(1, ? + 1) AS versions(n)",
            [number],
        )
        connection.execute(
            "CREATE TABLE marts.received AS SELECT 'H56.' || u AS unit_code, ?::DECIMAL(18,4) AS value "
            "FROM range(?) AS units(u)",
            [number, UNITS],
        )
        connection.execute("CREATE TABLE marts.sent AS SELECT n AS day FROM range(?) AS days(n)", [number])
        connection.execute("CREATE VIEW marts.sent_today AS SELECT day FROM marts.sent")
        connection.execute(marts)
    return file
