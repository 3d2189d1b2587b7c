"""What is in a published file: tables without their pseudonyms, views, macros, and `meta`. Where it lies is not said here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from pipelines.errors import PermanentError
from pipelines.publish.dictionary import DICTIONARY_COLUMNS, dictionary_rows, modelled_tables
from pipelines.publish.files import WAL
from pipelines.publish.indicator_history import TABLE as INDICATOR_HISTORY
from pipelines.publish.indicator_history import write_indicator_as_of
from pipelines.publish.meta import META
from pipelines.publish.moments import LOCAL_MOMENT
from pipelines.publish.roles import ANALYSTS, Role
from pipelines.publish.versions import TableState, Version
from pipelines.publish.views import check_views, write_views
from pipelines.quoting import literal

# BI tools lag behind: every DuckDB from 1.2 on reads this storage version.
STORAGE_VERSION: Final = "v1.2.0"
META_SCHEMA: Final = "meta"
# Of each file its own.
_OF_THE_FILE = ("dictionary", "versions")
_AGAIN = "Run khotinh run again."


@dataclass(frozen=True)
class Contents:
    """What a version is made from.

    Attributes:
        build: The build file, which nobody writes meanwhile.
        manifest: dbt's, for the dictionary and for what is built now.
        hidden: Columns that stay in the build file.
    """

    build: Path
    manifest: Path
    hidden: frozenset[str]


def write_file(contents: Contents, role: Role, file: Path, versions: list[Version]) -> None:
    """Writes all of a role's file.

    Args:
        contents: From where.
        role: Whose file it is.
        file: Is not there yet.
        versions: Every version that can be read, and the one that this file is of.

    Raises:
        PermanentError: A view reads what the role does not have.
    """
    modelled = modelled_tables(contents.manifest)
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"ATTACH {literal(str(contents.build))} AS warehouse (READ_ONLY)")
        connection.execute(f"ATTACH {literal(str(file))} AS published (STORAGE_VERSION '{STORAGE_VERSION}')")
        for schema, table in _tables(connection, [role], modelled):
            columns = visible_columns(connection, schema, table, contents.hidden)
            connection.execute(f'CREATE SCHEMA IF NOT EXISTS published."{schema}"')
            connection.execute(
                f'CREATE TABLE published."{schema}"."{table}" AS '
                f'SELECT {", ".join(columns)} FROM warehouse."{schema}"."{table}"'
            )
            if '"is_gone"' in columns:
                _write_as_known_on(connection, schema, table)
            if f"{schema}.{table}" == INDICATOR_HISTORY:
                connection.execute("USE published")
                write_indicator_as_of(connection)
                connection.execute("USE memory")
        write_views(connection, role.schemas, modelled)
        connection.execute("CREATE SCHEMA published.meta")
        for table, query in META.items():
            if role.holds(META_SCHEMA, table):
                connection.execute(f"CREATE TABLE published.meta.{table} AS {query}")
        _write_dictionary(connection, contents, role)
        _write_versions(connection, versions)
        connection.execute("CHECKPOINT published")
        connection.execute("DETACH published")


def check_file(file: Path, expected: dict[str, TableState]) -> dict[str, TableState]:
    """Opens a new file as a reader would: no log left behind, every view readable, every table as it is in its sources.

    Args:
        file: A finished file.
        expected: What is known of its tables by other ways.

    Returns:
        What is in it, by `schema.table`, without what is written of the file itself.

    Raises:
        PermanentError: The file does not hold what was written.
    """
    if file.with_name(f"{file.name}{WAL}").exists():
        raise PermanentError(f"{file.name} was closed with its log beside it.", _AGAIN)
    with duckdb.connect(str(file), read_only=True) as connection:
        check_views(connection)
        tables: list[tuple[str, str]] = connection.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal ORDER BY ALL"
        ).fetchall()
        found = {
            f"{schema}.{table}": state_of(connection, f'"{schema}"."{table}"')
            for schema, table in tables
            if (schema, table) not in {(META_SCHEMA, own) for own in _OF_THE_FILE}
        }
    for name, state in expected.items():
        if found.get(name) != state:
            raise PermanentError(f"{name} is not in {file.name} as it was written.", _AGAIN)
    return found


def state_of(connection: duckdb.DuckDBPyConnection, table: str, columns: list[str] | None = None) -> TableState:
    """Rows, checksum and columns of a table, or of some of its columns."""
    described = connection.execute(f"DESCRIBE SELECT {', '.join(columns or ['*'])} FROM {table}").fetchall()
    names = [f'"{name}"' for name, *_ in described]
    rows, checksum = connection.execute(
        f"SELECT count(*), coalesce(sum(CAST(hash({', '.join(names)}) AS HUGEINT)), 0) FROM {table}"
    ).fetchall()[0]
    return TableState(rows=rows, checksum=checksum, columns=", ".join(f"{name} {kind}" for name, kind, *_ in described))


def states_in_build(contents: Contents, roles: Iterable[Role]) -> dict[str, TableState]:
    """What the tables of the roles' schemas must hold, read from the build file."""
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"ATTACH {literal(str(contents.build))} AS warehouse (READ_ONLY)")
        return {
            f"{schema}.{table}": state_of(
                connection,
                f'warehouse."{schema}"."{table}"',
                visible_columns(connection, schema, table, contents.hidden),
            )
            for schema, table in _tables(connection, roles, modelled_tables(contents.manifest))
        }


def keys_in_build(contents: Contents) -> dict[str, tuple[str, ...]]:
    """Primary keys of the tables, by `schema.table`, of those that readers can see whole."""
    with duckdb.connect(str(contents.build), read_only=True) as connection:
        found: list[tuple[str, str, list[str]]] = connection.execute(
            """
            SELECT schema_name, table_name, constraint_column_names FROM duckdb_constraints()
            WHERE constraint_type = 'PRIMARY KEY' ORDER BY ALL
            """
        ).fetchall()
    modelled = modelled_tables(contents.manifest)
    return {
        f"{schema}.{table}": tuple(columns)
        for schema, table, columns in found
        if (schema, table) in modelled and ANALYSTS.holds(schema, table) and not contents.hidden & set(columns)
    }


def visible_columns(
    connection: duckdb.DuckDBPyConnection, schema: str, table: str, hidden: frozenset[str]
) -> list[str]:
    """The quoted names of the columns that readers get."""
    described = connection.execute(f'DESCRIBE warehouse."{schema}"."{table}"').fetchall()
    return [f'"{name}"' for name, *_ in described if name not in hidden]


def _tables(
    connection: duckdb.DuckDBPyConnection, roles: Iterable[Role], modelled: frozenset[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Tables to publish; one that no model builds any more would be published with its last figures for ever."""
    found: list[tuple[str, str]] = connection.execute(
        """
        SELECT schema_name, table_name FROM duckdb_tables()
        WHERE database_name = 'warehouse' ORDER BY ALL
        """
    ).fetchall()
    return [table for table in found if table in modelled and any(role.holds(*table) for role in roles)]


def _write_as_known_on(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> None:
    """Puts the table macro `X_as_known_on(moment)` beside the table `X_history`: what was known of X at that moment."""
    # Its text names the table without the file, whose name is another one in each version.
    connection.execute("USE published")
    connection.execute(
        f"""
        CREATE MACRO "{schema}"."{table.removesuffix("_history")}_as_known_on"(moment) AS TABLE
        SELECT * FROM "{schema}"."{table}"
        WHERE known_from <= {LOCAL_MOMENT}
            AND (known_until IS NULL OR known_until > {LOCAL_MOMENT}) AND NOT is_gone
        """
    )
    connection.execute("USE memory")


def _write_dictionary(connection: duckdb.DuckDBPyConnection, contents: Contents, role: Role) -> None:
    columns = ", ".join(f"{name} VARCHAR" for name in DICTIONARY_COLUMNS.split(", "))
    connection.execute(f"CREATE TABLE published.meta.dictionary ({columns})")
    schemas = frozenset((META_SCHEMA, *role.schemas, *(schema for schema, _ in role.names)))
    described = dictionary_rows(contents.manifest, schemas)
    if rows := [row for row in described if role.holds(row[0], row[1]) and row[2] not in contents.hidden]:
        # By columns: row by row it took longer than everything else in a small file.
        connection.execute(
            "INSERT INTO published.meta.dictionary "
            "SELECT unnest(?), unnest(?), unnest(?), unnest(?), unnest(?), unnest(?)",
            [list(column) for column in zip(*rows, strict=True)],
        )


def _write_versions(connection: duckdb.DuckDBPyConnection, versions: list[Version]) -> None:
    connection.execute(
        """
        CREATE TABLE published.meta.versions (
            version VARCHAR, published_at TIMESTAMP, code_version VARCHAR, loads_accepted BIGINT, loads_refused BIGINT,
            newest_load_id VARCHAR)
        """
    )
    connection.executemany(
        "INSERT INTO published.meta.versions VALUES (?, ?, ?, ?, ?, ?)",
        [
            (
                item.version, item.published_at, item.code_version, item.loads_accepted, item.loads_refused,
                item.newest_load_id,
            )
            for item in versions
        ],
    )  # fmt: skip
