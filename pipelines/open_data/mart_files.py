"""The marts as files, for the people who may read the marts: not open data, the cells are as small as they are."""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipelines.described_tables import DescribedTable, Words, described_tables
from pipelines.open_data.package import Licence, Package, Resource, write_package
from pipelines.open_data.tables import read_only, select, write_table
from pipelines.published_version import published_version

SCHEMA = "marts"
_TITLE = Words("Bảng chỉ tiêu của Kho Tỉnh", "Marts of Kho Tỉnh")
_DESCRIPTION = Words(
    "Mọi bảng của lược đồ marts trong bản công bố, dạng CSV và parquet; dùng nội bộ, không phải dữ liệu mở.",
    "Every table of the schema marts of the published file, as CSV and parquet; for internal use, not open data.",
)
_INTERNAL = Licence("other-closed", Words("Dùng nội bộ", "Internal use only"))
_PUBLISHER = "Kho Tỉnh"


def write_mart_files(published: Path, manifest: Path, folder: Path) -> None:
    """Writes every table of the marts as CSV and parquet, and the data package that describes them.

    Views are left out: they show the same figures on today's boundaries.

    Args:
        published: A finished published file; opened read-only.
        manifest: Dbt's manifest: descriptions, keys and what columns may hold.
        folder: Must not exist yet.

    Raises:
        PermanentError: The file does not tell its version, or a column cannot be told in a CSV.
    """
    declared = described_tables(manifest)
    folder.mkdir(parents=True)
    with read_only(published) as connection:
        version = published_version(connection)
        resources = []
        for table in _tables(connection):
            described = declared.get((SCHEMA, table), DescribedTable(SCHEMA, table, Words("", "")))
            written = write_table(connection, folder, table, select(SCHEMA, table), described.key)
            resources.append(Resource(written, described))
    package = Package("khotinh-marts", _TITLE, _DESCRIPTION, _INTERNAL, _PUBLISHER, version)
    write_package(folder, package, resources)


def _tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = 'finished' AND schema_name = ? ORDER BY table_name",
        [SCHEMA],
    ).fetchall()
    return [name for (name,) in rows]
