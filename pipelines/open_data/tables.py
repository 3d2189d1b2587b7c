"""One table as two files, CSV and parquet, whose bytes depend on the rows alone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path

import duckdb

from pipelines.in_memory import in_memory
from pipelines.quoting import identifier, literal

# Excel takes a CSV without it for the Windows code page, and Vietnamese is unreadable. DuckDB, polars, pandas and the
# Frictionless tools skip it.
_BYTE_ORDER_MARK = "\ufeff"
_CSV = (
    "FORMAT csv, HEADER true, DELIMITER ',', QUOTE '\"', DATEFORMAT '%Y-%m-%d', TIMESTAMPFORMAT '%Y-%m-%dT%H:%M:%S.%f'"
)
# Row groups of one size, whatever the number of threads.
_PARQUET = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880"


@dataclass(frozen=True)
class WrittenFile:
    """A file that lies in the folder.

    Attributes:
        name: Below the folder.
        sha256: Of its bytes, in hexadecimal digits.
    """

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class WrittenTable:
    """A table's two files.

    Attributes:
        columns: Names and DuckDB's types, in the order of both files.
    """

    name: str
    rows: int
    columns: tuple[tuple[str, str], ...]
    csv: WrittenFile
    parquet: WrittenFile


@contextmanager
def read_only(file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables of a finished file; what a large sort spills goes to a folder that is gone afterwards."""
    with in_memory() as connection:
        connection.execute(f"ATTACH {literal(str(file))} AS finished (READ_ONLY)")
        connection.execute("USE finished")
        yield connection


def write_table(
    connection: duckdb.DuckDBPyConnection, folder: Path, name: str, query: str, key: tuple[str, ...]
) -> WrittenTable:
    """Writes what a query gives as `name.csv` and `name.parquet`.

    Args:
        connection: Of `read_only`.
        folder: Exists.
        name: Of the files.
        query: A SELECT.
        key: Columns by which the rows are put in order, before all others.
    """
    columns = _columns(connection, query)
    names = [column for column, _ in columns]
    # Every column orders, so that rows that agree in the key, or in all columns, give the same bytes again.
    order = ", ".join(identifier(column) for column in (*key, *(other for other in names if other not in key)))
    ordered = f"FROM ({query}) AS rows_of_it ORDER BY {order}"
    csv, parquet = _files(folder, name)
    marked = ", ".join(
        f"{identifier(column)} AS {identifier(f'{_BYTE_ORDER_MARK}{column}')}" if column == names[0] else identifier(column)
        for column in names
    )  # fmt: skip
    (rows,) = connection.execute(f"COPY (SELECT * {ordered}) TO {literal(str(parquet))} ({_PARQUET})").fetchall()[0]
    # From the parquet, which is in order: sorting once is enough.
    connection.execute(
        f"COPY (SELECT {marked} FROM read_parquet({literal(str(parquet))})) TO {literal(str(csv))} ({_CSV})"
    )
    return WrittenTable(name, rows, columns, written_file(csv), written_file(parquet))


def link_table(
    connection: duckdb.DuckDBPyConnection, folder: Path, earlier: Path, told: Mapping[str, WrittenFile], name: str
) -> WrittenTable | None:
    """Gives a folder the files that an earlier one has of the same rows; None if that one lacks them.

    Args:
        connection: Of `read_only`.
        folder: Exists.
        earlier: Where `write_table` wrote them.
        told: What that folder's package says of its files, by name.
        name: Of the files, without its ending.
    """
    csv, parquet = _files(earlier, name)
    if not all(file.name in told and file.exists() for file in (csv, parquet)):
        return None
    for file in (csv, parquet):
        try:
            (folder / file.name).hardlink_to(file)
        except OSError:  # Some shares know no links.
            shutil.copyfile(file, folder / file.name)
    rows_of_it = literal(str(folder / parquet.name))
    (rows,) = connection.execute(f"SELECT num_rows FROM parquet_file_metadata({rows_of_it})").fetchall()[0]
    columns = _columns(connection, f"SELECT * FROM read_parquet({rows_of_it})")
    return WrittenTable(name, rows, columns, told[csv.name], told[parquet.name])


def written_file(file: Path) -> WrittenFile:
    """The file's size and hash as it lies there."""
    with file.open("rb") as stream:
        return WrittenFile(file.name, file.stat().st_size, file_digest(stream, "sha256").hexdigest())


def select(schema: str, table: str) -> str:
    """A query for all of a table."""
    return f"SELECT * FROM {identifier(schema)}.{identifier(table)}"


def _columns(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[tuple[str, str], ...]:
    return tuple((row[0], row[1]) for row in connection.execute(f"DESCRIBE {query}").fetchall())


def _files(folder: Path, name: str) -> tuple[Path, Path]:
    return folder / f"{name}.csv", folder / f"{name}.parquet"
