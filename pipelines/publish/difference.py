"""How two published versions differ: rows of tables, figures of indicators, and the loads that came or left in between.

Read from the files alone, so it can be told of any two that are still there. Why a single figure moved is explain's matter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
from pydantic import BaseModel, ConfigDict

from pipelines.errors import PermanentError
from pipelines.in_memory import in_memory
from pipelines.publish.versions import FiguresMoved, Version, current_version, read_versions
from pipelines.quoting import literal

_COMPARED = ("core", "marts")
_INDICATORS = """
WITH one AS (
    SELECT 'daily' AS grain, indicator_code, unit_code, CAST(period AS VARCHAR) AS period, numerator, denominator,
        "value", true AS is_there
    FROM one.marts.indicator_daily
    UNION ALL
    SELECT 'monthly', indicator_code, unit_code, period, numerator, denominator, "value", true
    FROM one.marts.indicator_monthly
),

other AS (
    SELECT 'daily' AS grain, indicator_code, unit_code, CAST(period AS VARCHAR) AS period, numerator, denominator,
        "value", true AS is_there
    FROM other.marts.indicator_daily
    UNION ALL
    SELECT 'monthly', indicator_code, unit_code, period, numerator, denominator, "value", true
    FROM other.marts.indicator_monthly
)

SELECT indicator_code, count(*) FILTER (one.is_there IS NULL),
    count(*) FILTER (one.is_there AND other.is_there), count(*) FILTER (other.is_there IS NULL),
    max(abs(other."value" - one."value")) FILTER (other."value" <> one."value")
FROM one FULL JOIN other USING (grain, indicator_code, unit_code, period)
WHERE (one.is_there, one.numerator, one.denominator, one."value")
    IS DISTINCT FROM (other.is_there, other.numerator, other.denominator, other."value")
GROUP BY indicator_code ORDER BY indicator_code
"""
_LOADS = """
SELECT load_id FROM {first}.meta.loads WHERE is_in_force
EXCEPT SELECT load_id FROM {second}.meta.loads WHERE is_in_force
ORDER BY ALL
"""


class TableDifference(BaseModel):
    """How a table differs.

    Attributes:
        rows_one, rows_other: How many it has; None where there is no such table.
        only_one, only_other: Rows that the other version does not have; with a key, keys that it does not have.
        changed: Keys of both whose rows differ; None for a table whose key is not known.
        other_columns: Its columns differ, so that its rows cannot be compared.
    """

    model_config = ConfigDict(frozen=True)

    rows_one: int | None
    rows_other: int | None
    only_one: int = 0
    only_other: int = 0
    changed: int | None = None
    other_columns: bool = False

    @property
    def differs(self) -> bool:
        """Whether there is anything to tell."""
        return bool(
            self.only_one or self.only_other or self.changed or self.other_columns or self.rows_one != self.rows_other
        )


class VersionsDiffer(BaseModel):
    """How two versions differ; tables and indicators that do not are left out.

    Attributes:
        one, other: The versions, the earlier one first where the caller says nothing else.
        loads_came, loads_left: Loads in force in the other only, and in the one only.
    """

    model_config = ConfigDict(frozen=True)

    one: str
    other: str
    tables: Mapping[str, TableDifference]
    indicators: Mapping[str, FiguresMoved]
    loads_came: tuple[str, ...]
    loads_left: tuple[str, ...]


def two_versions(folder: Path, names: Sequence[str]) -> tuple[Version, Version]:
    """The versions of these names; without names the one that readers have and the one before it.

    Raises:
        PermanentError: There is no such version.
    """
    found = {item.version: item for item in read_versions(folder)}
    if names:
        one, other = names
    else:
        other = current_version(folder) or ""
        one = _before(found, other)
    for name in (one, other):
        if name in found:
            continue
        if name:
            en, vi = f"No version {name} is in the published folder.", f"Không có bản {name} trong thư mục công bố."
        elif len(found) > 1:
            en = "Readers have the oldest version that is there: none was before it. Name two versions."
            vi = "Người đọc đang dùng bản cũ nhất còn lại, không có bản nào trước nó. Hãy nêu tên hai bản."
        else:
            en, vi = "There are not yet two versions.", "Chưa có đủ hai bản để so sánh."
        raise PermanentError(en, "khotinh versions shows those that are.", vi=vi)
    return found[one], found[other]


def _before(found: dict[str, Version], version: str) -> str:
    """The version that readers had before, or else the newest of the earlier ones."""
    difference = found[version].difference if version in found else None
    if difference and difference.before in found:
        return str(difference.before)
    return max((name for name in found if name < version), default="")


def compare(folder: Path, one: Version, other: Version) -> VersionsDiffer:
    """Compares two versions; tables whose checksums agree are not read."""
    with in_memory() as connection:
        connection.execute(f"ATTACH {literal(str(folder / one.file_name))} AS one (READ_ONLY)")
        connection.execute(f"ATTACH {literal(str(folder / other.file_name))} AS other (READ_ONLY)")
        columns = {name: _columns(connection, name) for name in ("one", "other")}
        tables = {}
        for table in sorted(columns["one"].keys() | columns["other"].keys()):
            if _is_known_to_agree(table, one, other):
                continue
            found = _of_table(connection, table, columns, other.keys.get(table, ()))
            if found.differs:
                tables[table] = found
        return VersionsDiffer(
            one=one.version,
            other=other.version,
            tables=tables,
            indicators={
                code: FiguresMoved(new=new, moved=moved, gone=gone, greatest=greatest)
                for code, new, moved, gone, greatest in connection.execute(_INDICATORS).fetchall()
            },
            loads_came=_loads(connection, "other", "one"),
            loads_left=_loads(connection, "one", "other"),
        )


def _is_known_to_agree(table: str, one: Version, other: Version) -> bool:
    return (
        table in one.tables
        and one.tables[table] == other.tables.get(table)
        and one.duckdb_version == other.duckdb_version
    )


def _of_table(
    connection: duckdb.DuckDBPyConnection, table: str, columns: dict[str, dict[str, str]], key: tuple[str, ...]
) -> TableDifference:
    schema, name = table.split(".", 1)
    spelled = f'"{schema}"."{name}"'
    one, other = (
        _number(connection, f"SELECT count(*) FROM {version}.{spelled}") if table in columns[version] else None
        for version in ("one", "other")
    )
    if one is None or other is None:
        return TableDifference(rows_one=one, rows_other=other, only_one=one or 0, only_other=other or 0)
    if columns["one"][table] != columns["other"][table]:
        return TableDifference(rows_one=one, rows_other=other, other_columns=True)
    gone, came = (
        f"(FROM {first}.{spelled} EXCEPT ALL FROM {second}.{spelled})"
        for first, second in (("one", "other"), ("other", "one"))
    )
    only_one, only_other = (_number(connection, f"SELECT count(*) FROM {rows}") for rows in (gone, came))
    if not key:
        return TableDifference(rows_one=one, rows_other=other, only_one=only_one, only_other=only_other)
    keys = ", ".join(f'"{column}"' for column in key)
    changed = _number(connection, f"SELECT count(*) FROM {gone} AS gone SEMI JOIN {came} AS came USING ({keys})")
    return TableDifference(
        rows_one=one, rows_other=other, only_one=only_one - changed, only_other=only_other - changed, changed=changed
    )


def _columns(connection: duckdb.DuckDBPyConnection, version: str) -> dict[str, str]:
    rows = connection.execute(
        """
        SELECT schema_name || '.' || table_name, string_agg(column_name || ' ' || data_type, ', ' ORDER BY column_index)
        FROM duckdb_columns() SEMI JOIN duckdb_tables() USING (database_name, schema_name, table_name)
        WHERE database_name = ? AND schema_name IN (SELECT unnest(?)) GROUP BY ALL
        """,
        [version, list(_COMPARED)],
    ).fetchall()
    return dict(rows)


def _loads(connection: duckdb.DuckDBPyConnection, first: str, second: str) -> tuple[str, ...]:
    return tuple(load for (load,) in connection.execute(_LOADS.format(first=first, second=second)).fetchall())


def _number(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(connection.execute(query).fetchall()[0][0])
