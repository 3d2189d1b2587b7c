"""Brings one published version to the server: all tables and the row that says which version it is, in one transaction.

Rows are deleted and inserted, never a table swapped or emptied, so a statement that runs meanwhile, and a transaction at
REPEATABLE READ, sees one version whole. What is exported: `marts`, tables and views, and what gives its codes their
names. Keys and indexes are not: the published file states none, and a mart is read in milliseconds without.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
from pydantic import SecretStr

from pipelines.errors import PermanentError
from pipelines.postgres.server import SERVER, ask, attached, tell
from pipelines.postgres.shape import SCHEMA, Column, comments, server_type, to_shape
from pipelines.published_version import published_version
from pipelines.quoting import identifier, literal

VERSION_TABLE = "khotinh_version"
"""One row: the version that stands there, when it was published (local time), its tables, and who was let in."""
COMPANIONS = ("core.dim_unit", "meta.indicators")
"""Tables beside the marts that give their codes names; of a unit's names the newest is marked (is_latest)."""
# Any number that is ours: two exports to one server go one after the other.
_TURN = 6_584_011
_WAIT = "10s"
# Changing columns waits for whoever reads the table, and new readers wait behind that. Shorter than PostgreSQL's
# deadlock_timeout (1 s), so that it is the export that gives way, never a reader.
_SHORT_WAIT = "300ms"
_MAKE = f"""
    SET LOCAL lock_timeout = '{_WAIT}'; SET LOCAL client_min_messages = warning;
    SELECT pg_advisory_xact_lock({_TURN});
    CREATE SCHEMA IF NOT EXISTS {SCHEMA};
    CREATE TABLE IF NOT EXISTS {SCHEMA}.{VERSION_TABLE} (
        version text NOT NULL, published_at timestamp NOT NULL, tables text[] NOT NULL, reader text NOT NULL)
"""
_VERSION_COMMENT = (
    "Phiên bản đang có ở đây, ghi cùng giao dịch với số liệu | The version that stands here, written with its figures"
)
_SHAPES = f"""
    SELECT relname::text, attname::text, format_type(atttypid, atttypmod), coalesce(col_description(attrelid, attnum), '')
    FROM pg_catalog.pg_class JOIN pg_catalog.pg_attribute ON attrelid = pg_class.oid
    WHERE relnamespace = '{SCHEMA}'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
    ORDER BY relname, attnum
"""
_PUBLISHED = """
    SELECT columns.schema_name, columns.table_name, columns.column_name, columns.data_type,
        coalesce(concat_ws(' | ', nullif(description_vi, ''), nullif(description_en, '')), '')
    FROM duckdb_columns() AS columns
    LEFT JOIN published.meta.dictionary USING (schema_name, table_name, column_name)
    WHERE columns.database_name = 'published' AND NOT columns.internal
        AND (columns.schema_name = 'marts' OR concat_ws('.', columns.schema_name, columns.table_name) IN (SELECT unnest(?)))
    ORDER BY columns.table_name, columns.column_index
"""


@dataclass(frozen=True)
class Exported:
    """What stands on the server now.

    Attributes:
        version: Its name, as in `meta.versions`.
        table_rows: Rows by table; empty if the server had this version already.
    """

    version: str
    table_rows: dict[str, int]


def copy_marts(published: Path, url: SecretStr, reader: str) -> Exported:
    """Brings the marts of a published file to a server, in this process.

    Not to be called where others work: a connection that is cut at the wrong moment ends the process within DuckDB's
    extension, past any handler (seen with 1.5.5). `export_marts` gives it a process of its own.

    Args:
        published: A finished published file, or the pointer to it.
        url: The server's address.
        reader: Role there that may read; empty for none.

    Raises:
        SettingError, TransientError, PermanentError: As `export_marts`.
    """
    with attached(url) as connection:
        connection.execute(f"ATTACH {literal(str(published))} AS published (READ_ONLY)")
        # A view's text names schemas, not the file.
        connection.execute("USE published")
        connection.execute("BEGIN")
        exported = _replace(connection, reader)
        connection.execute("COMMIT")
    return exported


def _replace(connection: duckdb.DuckDBPyConnection, reader: str) -> Exported:
    tell(connection, _MAKE)
    version = published_version(connection)
    before = ask(connection, f"SELECT version, reader, tables FROM {SCHEMA}.{VERSION_TABLE}")
    if [(version.name, reader)] == [row[:2] for row in before]:
        return Exported(version.name, {})
    tables = _published_tables(connection)
    _make_room(connection, tables, before[0][2] if before else [])
    counts = {name: _copy(connection, schema, name, columns) for (schema, name), columns in tables.items()}
    names = ", ".join(map(literal, counts))
    tell(
        connection,
        f"""
        COMMENT ON TABLE {SCHEMA}.{VERSION_TABLE} IS {literal(_VERSION_COMMENT)};
        DELETE FROM {SCHEMA}.{VERSION_TABLE};
        INSERT INTO {SCHEMA}.{VERSION_TABLE}
        VALUES ({literal(version.name)}, {literal(str(version.published_at))}, ARRAY[{names}]::text[], {literal(reader)})
        """,
    )
    if reader:
        tell(
            connection,
            f"""
            GRANT USAGE ON SCHEMA {SCHEMA} TO {identifier(reader)};
            GRANT SELECT ON ALL TABLES IN SCHEMA {SCHEMA} TO {identifier(reader)}
            """,
        )
    return Exported(version.name, counts)


def _published_tables(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], list[Column]]:
    """Columns by schema and name of what the published file holds for the server, in the order of names."""
    found: dict[tuple[str, str], list[Column]] = {}
    for schema, table, column, kind, comment in connection.execute(_PUBLISHED, [list(COMPANIONS)]).fetchall():
        found.setdefault((schema, table), []).append(Column(column, server_type(table, column, kind), comment))
    return found


def _make_room(
    connection: duckdb.DuckDBPyConnection, tables: Mapping[tuple[str, str], Sequence[Column]], ours: Collection[str]
) -> None:
    """Removes our tables that are no more, and leaves the others empty and in shape."""
    there: dict[str, set[Column]] = {table: set() for table in ours}
    for table, column, kind, comment in ask(connection, _SHAPES):
        if table in ours:
            there[table].add(Column(column, kind, comment))
    wanted = {name: columns for (_, name), columns in tables.items()}
    statements = [f"SET LOCAL lock_timeout = '{_SHORT_WAIT}'"]
    statements += [f"DROP TABLE {SCHEMA}.{identifier(table)}" for table in ours if table not in wanted]
    for table, columns in wanted.items():
        statements += to_shape(table, columns, {c.name: c.type for c in there[table]} if table in there else None)
    statements.append(f"SET LOCAL lock_timeout = '{_WAIT}'")
    for table, columns in wanted.items():
        statements += comments(table, [column for column in columns if column not in there.get(table, set())])
        statements.append(f"DELETE FROM {SCHEMA}.{identifier(table)}")
    tell(connection, "; ".join(statements))


def _copy(connection: duckdb.DuckDBPyConnection, schema: str, table: str, columns: Sequence[Column]) -> int:
    names = ", ".join(identifier(column.name) for column in columns)
    source = f"published.{schema}.{identifier(table)}"
    connection.execute(f"INSERT INTO {SERVER}.{SCHEMA}.{identifier(table)} ({names}) SELECT {names} FROM {source}")
    read = int(connection.execute(f"SELECT count(*) FROM {source}").fetchall()[0][0])
    written = int(ask(connection, f"SELECT count(*) FROM {SCHEMA}.{identifier(table)}")[0][0])
    if read != written:
        raise PermanentError(
            f"{table} has {written} rows on the PostgreSQL server, {read} were read; nothing was changed there.",
            "Report it with the version of DuckDB and of the server.",
        )
    return written
