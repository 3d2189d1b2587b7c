"""What there is to tell: the tables and columns that are in the published file, with what is declared of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import duckdb

from pipelines.described_tables import DescribedColumn, DescribedTable, Words, described_tables
from pipelines.published_version import published_version

SCHEMAS: Final = {
    "marts": Words("Chỉ tiêu, cho mọi người và công cụ BI", "The figures, for people and BI tools"),
    "core": Words("Sự kiện và danh mục đã khử định danh", "De-identified facts and dimensions"),
    "meta": Words("Nguồn gốc của số liệu", "Where the figures come from"),
}
"""Published schemas in the order of reading; one that is not named here comes last."""
INDICATOR_COLUMNS = (
    "indicator_code", "name_vi", "name_en", "unit_vi", "unit_en", "formula_vi", "numerator_en", "denominator_en",
    "legal_source", "direction", "caveat_vi", "caveat_en", "owner", "valid_from", "valid_to",
)  # fmt: skip
DATASET_COLUMNS = (
    "dataset",
    "title_vi",
    "title_en",
    "owner",
    "cadence",
    "mode",
    "due_days_after",
    "due_time",
    "contract_version",
)
_TABLES = """
SELECT schema_name, table_name, 'table' FROM duckdb_tables() WHERE NOT internal
UNION ALL
SELECT schema_name, view_name, 'view' FROM duckdb_views() WHERE NOT internal
ORDER BY ALL
"""
_COLUMNS = """
SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal
ORDER BY schema_name, table_name, column_index
"""


@dataclass(frozen=True)
class Column:
    """A published column; `data_type` is the one it has in the file."""

    name: str
    data_type: str
    words: Words
    is_key: bool
    values: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A published table or view."""

    schema: str
    name: str
    is_view: bool
    words: Words
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Contents:
    """Everything that the catalogue tells.

    Attributes:
        published_at: Local time.
        indicators: Rows of the registry, by INDICATOR_COLUMNS.
        datasets: Rows of `meta.datasets`, by DATASET_COLUMNS.
    """

    version: str
    published_at: datetime
    tables: tuple[Table, ...]
    indicators: tuple[Mapping[str, object], ...]
    datasets: tuple[Mapping[str, object], ...]


def read_contents(published: Path, manifest: Path) -> Contents:
    """Reads the file and what dbt's manifest says of its tables.

    Raises:
        PermanentError: The file does not say which version it is.
    """
    declared = described_tables(manifest)
    with duckdb.connect(str(published), read_only=True) as connection:
        version = published_version(connection)
        return Contents(
            version=version.name,
            published_at=version.published_at,
            tables=_tables(connection, declared),
            indicators=_rows(connection, "meta.indicators", INDICATOR_COLUMNS, "indicator_code"),
            datasets=_rows(connection, "meta.datasets", DATASET_COLUMNS, "dataset"),
        )


def _tables(
    connection: duckdb.DuckDBPyConnection, declared: Mapping[tuple[str, str], DescribedTable]
) -> tuple[Table, ...]:
    types: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for schema, table, column, data_type in connection.execute(_COLUMNS).fetchall():
        types.setdefault((schema, table), []).append((column, data_type))
    found = [
        _table(
            declared.get((schema, name), DescribedTable(schema, name, Words("", ""))),
            types[schema, name],
            is_view=kind == "view",
        )
        for schema, name, kind in connection.execute(_TABLES).fetchall()
    ]
    order = list(SCHEMAS)
    return tuple(sorted(found, key=lambda table: order.index(table.schema) if table.schema in order else len(order)))


def _table(described: DescribedTable, types: list[tuple[str, str]], *, is_view: bool) -> Table:
    columns = []
    for name, data_type in types:
        told = described.columns.get(name, DescribedColumn(name, "", Words("", "")))
        columns.append(Column(name, data_type, told.words, name in described.key, told.values))
    return Table(described.schema, described.name, is_view, described.words, tuple(columns))


def _rows(
    connection: duckdb.DuckDBPyConnection, table: str, columns: tuple[str, ...], order: str
) -> tuple[Mapping[str, object], ...]:
    rows = connection.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY {order}").fetchall()
    return tuple(dict(zip(columns, row, strict=True)) for row in rows)
