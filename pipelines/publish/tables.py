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
# A month, or a day, as text.
_PERIOD: Final = "period"


@dataclass(frozen=True)
class Table:
    """A table to publish.

    Attributes:
        schema, name: In the published file.
        source: Schema and name in the build file.
        columns: Those that readers get, in order.
        key: Columns, all of them readers', that tell its rows apart; empty if readers get none such.
        changed_rows: A query for what left the build's table (`is_put_in` false) and came into it (true) since the file that
            this one is a copy of; None if that is not known. It may give more columns than readers get.
        before: What the copy holds of it; None if nothing.
    """

    schema: str
    name: str
    source: tuple[str, str]
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
        place = self.source if database == "warehouse" else (self.schema, self.name)
        return ".".join(identifier(name) for name in (database, *place))


@dataclass(frozen=True)
class Written:
    """A table as it lies in the new file.

    Attributes:
        state: What it must hold.
        put_in: What its last rows must hold, if the others are those of the file before; None if it was written whole.
    """

    table: Table
    state: TableState
    put_in: TableState | None = None


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

    Of a table of which some rows were replaced, those that were put in are read again, and all are counted: the others are
    the bytes of a file that was checked.

    Args:
        connection: Has both files attached.
        written: What must be there.
    """
    table, put_in = written.table, written.put_in
    if put_in is None:
        return state_of(connection, table.in_file("published")) == written.state
    counts = [
        connection.execute(f"SELECT count(*) FROM {table.in_file(name)}").fetchall()[0][0]
        for name in ("published", "warehouse")
    ]
    return (
        counts == [written.state.rows, written.state.rows]
        and state_of(connection, _last_rows(connection, table, put_in.rows)) == put_in
    )


def _write_whole(connection: duckdb.DuckDBPyConnection, table: Table) -> Written:
    told = ", ".join(identifier(name) for name in table.columns)
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS published.{identifier(table.schema)}")
    connection.execute(f"DROP TABLE IF EXISTS {table.in_file('published')}")
    connection.execute(f"CREATE TABLE {table.in_file('published')} AS SELECT {told} FROM {table.in_file('warehouse')}")
    return Written(table, state_of(connection, table.in_file("warehouse"), table.columns))


def _write_changes(connection: duckdb.DuckDBPyConnection, table: Table) -> Written | None:
    """Takes out the rows that left and puts in those that came; None, and nothing done, if that cannot be."""
    before = table.before
    if before is None or table.changed_rows is None:
        return None
    _set_changes_apart(connection, table)
    left, came = state_of(connection, "left_rows"), state_of(connection, "came_rows")
    if came.rows > _MOST_TO_REPLACE * before.rows or not _find_left(connection, table, left.rows):
        return None
    connection.execute("INSERT INTO put_in FROM came_rows")
    connection.execute(f"DELETE FROM {table.in_file('published')} WHERE rowid IN (SELECT place FROM places)")
    connection.execute(f"INSERT INTO {table.in_file('published')} FROM put_in")
    state = TableState(
        rows=before.rows - left.rows + came.rows,
        checksum=before.checksum - left.checksum + came.checksum,
        columns=before.columns,
    )
    return Written(table, state, state_of(connection, "put_in"))


def _set_changes_apart(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Makes `left_rows` and `came_rows` as readers get them: what left and came again is neither."""
    told = ", ".join(f"told.{identifier(name)}" for name in table.columns)
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE net_changes AS
        SELECT {told}, CAST(sum(CASE WHEN told.is_put_in THEN 1 ELSE -1 END) AS BIGINT) AS "times of the row"
        FROM ({table.changed_rows}) AS told GROUP BY ALL HAVING "times of the row" <> 0
        """
    )
    for rows, sign in (("left_rows", "-"), ("came_rows", "")):
        connection.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE {rows} AS SELECT told.* EXCLUDE ("times of the row")
            FROM net_changes AS told, range({sign}told."times of the row")
            """
        )


def _find_left(connection: duckdb.DuckDBPyConnection, table: Table, rows_left: int) -> bool:
    """Makes `places`, where the rows that left lie in the copy, and `put_in`, what else lies there and is to stay.

    Without a key, places are those of all rows that are like one that left in the column that tells most apart. Of all rows
    only these columns and the times are read, and tables lie by time: no other zone of them is read.

    Returns:
        Whether all that left are there.
    """
    told = ", ".join(identifier(name) for name in table.columns)
    there = table.in_file("published")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE put_in AS SELECT {told} FROM came_rows LIMIT 0")
    connection.execute("CREATE OR REPLACE TEMP TABLE places (place BIGINT)")
    if not rows_left:
        return True
    alike = " AND ".join(
        f"there.{identifier(name)} {'=' if table.key else 'IS NOT DISTINCT FROM'} gone.{identifier(name)}"
        for name in table.key or _telling_column(connection, table)
    )
    connection.execute(
        f"""
        INSERT INTO places SELECT there.rowid FROM {there} AS there
        SEMI JOIN left_rows AS gone ON {alike} WHERE {_within_times(connection, table)}
        """
    )
    if not table.key:
        connection.execute(
            f"""
            INSERT INTO put_in SELECT {told} FROM {there} WHERE rowid IN (SELECT place FROM places)
            EXCEPT ALL FROM left_rows
            """
        )
    (are_there,) = connection.execute(
        f"SELECT (SELECT count(*) FROM places) - (SELECT count(*) FROM put_in) = {rows_left}"
    ).fetchall()[0]
    return bool(are_there)


def _telling_column(connection: duckdb.DuckDBPyConnection, table: Table) -> tuple[str, ...]:
    """Where readers do not get the key: the one column that tells best apart what left."""
    counts = ", ".join(f"approx_count_distinct({identifier(name)})" for name in table.columns)
    found = connection.execute(f"SELECT {counts} FROM left_rows").fetchall()[0]
    return (max(zip(found, table.columns, strict=True))[1],)


def _within_times(connection: duckdb.DuckDBPyConnection, table: Table) -> str:
    """SQL: the stretches of time that what left lies in, of those columns in which each such row has a time."""
    kinds = {
        name: kind for name, kind in _kinds(connection, "left_rows", table.columns) if kind in _TIMES or name == _PERIOD
    }
    if not kinds:
        return "true"
    ends = ", ".join(
        f"CASE WHEN count(*) = count({identifier(name)}) THEN CAST({end}({identifier(name)}) AS VARCHAR) END"
        for name in kinds
        for end in ("min", "max")
    )
    found = connection.execute(f"SELECT {ends} FROM left_rows").fetchall()[0]
    within = (
        f"there.{identifier(name)} BETWEEN {kind} {literal(first)} AND {kind} {literal(last)}"
        for (name, kind), first, last in zip(kinds.items(), found[::2], found[1::2], strict=True)
        if first is not None
    )
    return " AND ".join((*within, "true"))


def _last_rows(connection: duckdb.DuckDBPyConnection, table: Table, rows: int) -> str:
    """The rows that were put into a table last, as SQL: DuckDB keeps the order in which they came."""
    last = connection.execute(f"SELECT coalesce(max(rowid), -1) FROM {table.in_file('published')}").fetchall()[0][0]
    return f"(SELECT * FROM {table.in_file('published')} WHERE rowid > {last - rows})"


def _columns(connection: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[str]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in _kinds(connection, relation, columns))


def _kinds(connection: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[str]) -> list[tuple[str, str]]:
    told = ", ".join(identifier(name) for name in columns) or "*"
    described = connection.execute(f"DESCRIBE SELECT {told} FROM {relation}").fetchall()
    return [(name, kind) for name, kind, *_ in described]
