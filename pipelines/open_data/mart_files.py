"""The marts as files, for the people who may read the marts: not open data, the cells are as small as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import duckdb

from pipelines.described_tables import DescribedTable, Words, described_tables
from pipelines.open_data.package import FILE_NAME, Licence, Package, Resource, files_of_package, write_package
from pipelines.open_data.tables import link_table, read_only, select, write_table
from pipelines.published_version import published_version
from pipelines.quoting import identifier, literal

SCHEMA = "marts"
# Its periods are days and months, as text; those of other tables are months.
_HISTORY, _PERIOD = "indicator_history", "period"
_TITLE = Words("Bảng chỉ tiêu của Kho Tỉnh", "Marts of Kho Tỉnh")
_DESCRIPTION = Words(
    "Mọi bảng của lược đồ marts trong bản công bố, dạng CSV và parquet; dùng nội bộ, không phải dữ liệu mở.",
    "Every table of the schema marts of the published file, as CSV and parquet; for internal use, not open data.",
)
_INTERNAL = Licence("other-closed", Words("Dùng nội bộ", "Internal use only"))
_PUBLISHER = "Kho Tỉnh"


class EarlierFiles(Protocol):
    """The folder that an earlier version has of these files, and what changed since."""

    @property
    def folder(self) -> Path:
        """Written by `write_mart_files`, of the same release."""

    def is_as_written(self, name: str) -> bool:
        """Whether one of the files is still what was written: nobody can take back what was linked."""

    def changed_values(self, table: str, expression: str) -> frozenset[object] | None:
        """What an expression gives for the rows of a table that left or came since; None if that is not known."""


def write_mart_files(published: Path, manifest: Path, folder: Path, earlier: EarlierFiles | None = None) -> None:
    """Writes every table of the marts as CSV and parquet, and the data package that describes them.

    A table whose rows are of a day has files for each month, one whose rows are of a month has files for each year: more
    would not fit in a spreadsheet, and what is over stays as it is. Views are left out: they show the same figures on today's boundaries.

    Args:
        published: A finished published file; opened read-only.
        manifest: Dbt's manifest: descriptions, keys and what columns may hold.
        folder: Must not exist yet.
        earlier: Files of an earlier version; those whose rows did not change since are linked, not written.

    Raises:
        PermanentError: The file does not tell its version, or a column cannot be told in a CSV.
    """
    declared = described_tables(manifest)
    told = files_of_package(earlier.folder) if earlier and earlier.is_as_written(FILE_NAME) else {}
    folder.mkdir(parents=True)
    with read_only(published) as connection:
        version = published_version(connection)
        resources = []
        for table in _tables(connection):
            described = declared.get((SCHEMA, table), DescribedTable(SCHEMA, table, Words("", "")))
            column, part = _part_of(connection, table, described.key)
            changed = earlier.changed_values(f"{SCHEMA}.{table}", part) if earlier else None
            for name in _parts(connection, table, column, part):
                file, rows = f"{table}{name}", f"{select(SCHEMA, table)} WHERE {part} = {literal(name)}"
                written = None
                is_same = earlier and changed is not None and name not in changed
                if earlier and is_same and all(earlier.is_as_written(f"{file}.{kind}") for kind in ("csv", "parquet")):
                    written = link_table(connection, folder, earlier.folder, told, file)
                resources.append(
                    Resource(written or write_table(connection, folder, file, rows, described.key), described)
                )
    package = Package("khotinh-marts", _TITLE, _DESCRIPTION, _INTERNAL, _PUBLISHER, version)
    write_package(folder, package, resources)


def _tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = 'finished' AND schema_name = ? ORDER BY table_name",
        [SCHEMA],
    ).fetchall()
    return [name for (name,) in rows]


def _part_of(connection: duckdb.DuckDBPyConnection, table: str, key: tuple[str, ...]) -> tuple[str, str]:
    """SQL: what a row's file is told by, and what the name of that file ends with."""
    if table == _HISTORY:
        return _PERIOD, f"'-' || left(replace({_PERIOD}, '-', ''), 6)"
    kinds = dict(row[:2] for row in connection.execute(f"DESCRIBE {select(SCHEMA, table)}").fetchall())
    for day in (identifier(column) for column in key if kinds[column] == "DATE"):
        return day, f"'-' || coalesce(strftime({day}, '%Y%m'), 'undated')"
    return (_PERIOD, f"'-' || coalesce(left({_PERIOD}, 4), 'undated')") if _PERIOD in key else ("''", "''")


def _parts(connection: duckdb.DuckDBPyConnection, table: str, column: str, part: str) -> list[str]:
    told_by = f"(SELECT DISTINCT {column} FROM {identifier(SCHEMA)}.{identifier(table)})"
    rows = connection.execute(f"SELECT DISTINCT {part} FROM {told_by} ORDER BY ALL").fetchall()
    # A table without rows has its files, with nothing but columns in them.
    return [name for (name,) in rows] or [""]
