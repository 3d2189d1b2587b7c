"""One table of a published file: written whole, or its changed rows alone; and what it holds, as a checksum to hold it by.

Both files are attached, the build as `warehouse`, the new one as `published`. Which tables there are is not said here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import duckdb

from pipelines.publish.versions import TableState
from pipelines.quoting import identifier, literal

# Where more of a table changed, writing it whole is quicker, and packs it.
_MOST_TO_REPLACE: Final = 0.25
_TIMES: Final = frozenset({"DATE", "TIMESTAMP"})


@dataclass(frozen=True)
class Table:
    """A table to publish.

    Attributes:
        schema, name: In both files.
        columns: Those that readers get, in order.
        key: Columns, all of them readers', that tell its rows apart; empty if readers get none such.
        changed_rows: A query for rows of the build that left or came since the file that this one is a copy of; None if
            that is not known. It may give more rows than changed, and more columns than readers get.
        before: What the copy holds of it; None if nothing.
    """

    schema: str
    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...] = ()
    changed_rows: str | None = None
    before: TableState | None = None

    @property
    def full_name(self) -> str:
        """As manifests name it."""
        return f"{self.schema}.{self.name}"

    def in_file(self, database: str) -> str:
        """Quoted, as SQL."""
        return f"{identifier(database)}.{identifier(self.schema)}.{identifier(self.name)}"


@dataclass(frozen=True)
class Written:
    """A table as it lies in the new file.

    Attributes:
        state: What it must hold.
        replaced_by: The columns whose changed values had their rows replaced; empty if it was written whole.
        replaced: What the rows of those values must hold.
    """

    table: Table
    state: TableState
    replaced_by: tuple[str, ...] = ()
    replaced: TableState | None = None


def write_table(connection: duckdb.DuckDBPyConnection, table: Table) -> Written:
    """Brings a table of the new file to what the build holds.

    Args:
        connection: Has both files attached.
        table: Which.
    """
    return _write_changes(connection, table) or _write_whole(connection, table)


def state_of(connection: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[str] = ()) -> TableState:
    """Rows, checksum and columns of a relation, or of some of its columns."""
    told = ", ".join(identifier(name) for name in columns) or "*COLUMNS(*)"
    rows, checksum = connection.execute(
        f"SELECT count(*), coalesce(sum(CAST(hash({told}) AS HUGEINT)), 0) FROM {relation}"
    ).fetchall()[0]
    return TableState(rows=rows, checksum=checksum, columns=_columns(connection, relation, columns))


def columns_in_build(connection: duckdb.DuckDBPyConnection, table: Table) -> str:
    """Names and types of what readers get of a table, in order, as a `TableState` tells them."""
    return _columns(connection, table.in_file("warehouse"), table.columns)


def holds_what_was_written(connection: duckdb.DuckDBPyConnection, written: Written) -> bool:
    """Whether the finished file holds a table, read as a reader would read it.

    Of a table of which some rows were replaced, those are held against the build's, and all are counted: the others are
    the bytes of a file that was checked.

    Args:
        connection: Has both files attached.
        written: What must be there.
    """
    table = written.table
    if not written.replaced_by:
        return state_of(connection, table.in_file("published")) == written.state
    counts = [
        connection.execute(f"SELECT count(*) FROM {table.in_file(name)}").fetchall()[0][0]
        for name in ("published", "warehouse")
    ]
    if counts != [written.state.rows, written.state.rows]:
        return False
    which = _take_changed_values(connection, table, written.replaced_by)
    return (
        which is None
        or state_of(connection, _rows_to_replace(connection, table, "published", which)) == written.replaced
    )


def _write_whole(connection: duckdb.DuckDBPyConnection, table: Table) -> Written:
    told = ", ".join(identifier(name) for name in table.columns)
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS published.{identifier(table.schema)}")
    connection.execute(f"DROP TABLE IF EXISTS {table.in_file('published')}")
    connection.execute(f"CREATE TABLE {table.in_file('published')} AS SELECT {told} FROM {table.in_file('warehouse')}")
    return Written(table, state_of(connection, table.in_file("warehouse"), table.columns))


def _write_changes(connection: duckdb.DuckDBPyConnection, table: Table) -> Written | None:
    """Replaces the rows of every value that a changed row has in some columns: right whichever columns they are."""
    before = table.before
    if before is None or table.changed_rows is None:
        return None
    key = table.key or _telling_column(connection, table)
    which = _take_changed_values(connection, table, key)
    if which is None:
        return Written(table, before, replaced_by=key)
    told = ", ".join(identifier(name) for name in table.columns)
    coming = _rows_to_replace(connection, table, "warehouse", which)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE put_in AS SELECT {told} FROM {coming}")
    came = state_of(connection, "put_in")
    if came.rows > _MOST_TO_REPLACE * before.rows:
        return None
    left = state_of(connection, _rows_to_replace(connection, table, "published", which))
    connection.execute(f"DELETE FROM {table.in_file('published')} WHERE rowid IN (SELECT place FROM places)")
    connection.execute(f"INSERT INTO {table.in_file('published')} FROM put_in")
    state = TableState(
        rows=before.rows - left.rows + came.rows,
        checksum=before.checksum - left.checksum + came.checksum,
        columns=before.columns,
    )
    return Written(table, state, replaced_by=key, replaced=came)


def _telling_column(connection: duckdb.DuckDBPyConnection, table: Table) -> tuple[str, ...]:
    """Where readers do not get the key: the one column that tells changed rows apart best."""
    counts = ", ".join(f"approx_count_distinct({identifier(name)})" for name in table.columns)
    found = connection.execute(f"SELECT {counts} FROM ({table.changed_rows})").fetchall()[0]
    return (max(zip(found, table.columns, strict=True))[1],)


def _take_changed_values(connection: duckdb.DuckDBPyConnection, table: Table, key: tuple[str, ...]) -> str | None:
    """Sets the values apart that changed rows have in the key; returns which rows are to be replaced, as SQL.

    Rows of these values, within the times of the changed rows: tables lie by time, and no other zone of them is read then.
    A row of a changed value outside of these times did not change. None if no row changed.
    """
    kinds = dict(_kinds(connection, table.in_file("warehouse"), table.columns))
    times = [name for name in table.columns if kinds[name] in _TIMES]
    columns = list(dict.fromkeys((*key, *times)))
    told = ", ".join(identifier(name) for name in columns)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE changed_rows AS SELECT DISTINCT {told} FROM ({table.changed_rows})"
    )
    lacks_none = {name: f"count(*) = count({identifier(name)})" for name in columns}
    ends = ", ".join(
        f"CASE WHEN {lacks_none[name]} THEN CAST({end}({identifier(name)}) AS VARCHAR) END"
        for end in ("min", "max")
        for name in columns
    )
    rows, *found = connection.execute(f"SELECT count(*), {ends} FROM changed_rows").fetchall()[0]
    if not rows:
        return None
    told = ", ".join(identifier(name) for name in key)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE changed_values AS SELECT DISTINCT {told} FROM changed_rows")
    stretches = dict(zip(columns, zip(found[: len(columns)], found[len(columns) :], strict=True), strict=True))
    # A value may be missing, and rows without it change too. DuckDB looks up by zone what is equal, and not what is alike.
    alike = (
        f"built.{identifier(name)} {'IS NOT DISTINCT FROM' if None in stretches[name] else '='} changed.{identifier(name)}"
        for name in key
    )
    within = (
        f"built.{identifier(name)} BETWEEN {kinds[name]} {literal(first)} AND {kinds[name]} {literal(last)}"
        for name, (first, last) in stretches.items()
        if name in times and first is not None
    )
    return f"SEMI JOIN changed_values AS changed ON {' AND '.join(alike)} WHERE {' AND '.join((*within, 'true'))}"


def _rows_to_replace(connection: duckdb.DuckDBPyConnection, table: Table, database: str, which: str) -> str:
    """Those rows of a file, as SQL, and their `places`: of all rows only keys and times are read."""
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE places AS SELECT built.rowid AS place FROM {table.in_file(database)} AS built {which}"
    )
    return f"(SELECT * FROM {table.in_file(database)} WHERE rowid IN (SELECT place FROM places))"


def _columns(connection: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[str]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in _kinds(connection, relation, columns))


def _kinds(connection: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[str]) -> list[tuple[str, str]]:
    told = ", ".join(identifier(name) for name in columns) or "*"
    described = connection.execute(f"DESCRIBE SELECT {told} FROM {relation}").fetchall()
    return [(name, kind) for name, kind, *_ in described]
