"""Writes a role's file, and reads it back: tables, views, macros and `meta`. What is in it says `contents`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import duckdb

from pipelines.errors import PermanentError
from pipelines.in_memory import in_memory
from pipelines.publish.changes import Basis
from pipelines.publish.contents import Contents
from pipelines.publish.dictionary import DICTIONARY_COLUMNS, dictionary_rows
from pipelines.publish.files import WAL, copy_bytes
from pipelines.publish.indicator_history import TABLE as INDICATOR_HISTORY
from pipelines.publish.indicator_history import write_indicator_as_of
from pipelines.publish.meta import META, META_MODELS, META_SCHEMA
from pipelines.publish.moments import LOCAL_MOMENT
from pipelines.publish.roles import Role
from pipelines.publish.tables import Table, Written, holds_what_was_written, state_of, write_table
from pipelines.publish.versions import PublishedFile, TableState, Version
from pipelines.publish.views import check_views, write_views
from pipelines.quoting import identifier, literal

# BI tools lag behind: every DuckDB from 1.2 on reads this storage version.
STORAGE_VERSION: Final = "v1.2.0"
# Of each file its own.
_OF_THE_FILE = frozenset({"meta.dictionary", "meta.versions"})
_AGAIN = "Run khotinh run again."
_WRITABLE: Final = 0o600


def write_file(
    contents: Contents,
    role: Role,
    file: Path,
    versions: list[Version],
    basis: Basis | None = None,
) -> list[Written]:
    """Writes all of a role's file.

    Args:
        contents: From where.
        role: Whose file it is.
        file: Is not there yet, or is a copy of the basis's.
        versions: Every version that can be read, and the one that this file is of.
        basis: The version that the file is a copy of; None if it is not there yet.

    Returns:
        Its tables, without `meta`.

    Raises:
        PermanentError: A view reads what the role does not have, or a model of `meta` is not built.
    """
    with in_memory() as connection:
        connection.execute(f"ATTACH {literal(str(contents.build))} AS warehouse (READ_ONLY)")
        connection.execute(f"ATTACH {literal(str(file))} AS published (STORAGE_VERSION '{STORAGE_VERSION}')")
        tables = contents.tables(connection, role, basis)
        _require_models_of_meta(tables, role)
        if basis:
            # Small steps, and other files are written meanwhile: threads of one's own would wait for each other.
            connection.execute("SET threads = 1")
            _remove_what_is_written_anew(connection)
        written = [write_table(connection, table) for table in tables]
        for table in tables:
            if "is_gone" in table.columns:
                _write_as_known_on(connection, table.schema, table.name)
            if table.full_name == INDICATOR_HISTORY:
                connection.execute("USE published")
                write_indicator_as_of(connection)
                connection.execute("USE memory")
        write_views(connection, role.schemas, frozenset(contents.described))
        connection.execute("CREATE SCHEMA IF NOT EXISTS published.meta")
        for name, query in META.items():
            if role.holds(META_SCHEMA, name):
                connection.execute(f"CREATE TABLE published.meta.{name} AS {query}")
        _write_dictionary(connection, contents, role)
        _write_versions(connection, versions)
        connection.execute("CHECKPOINT published")
        connection.execute("DETACH published")
    return written


def copy_of(source: Path, bound: PublishedFile, target: Path) -> bool:
    """Copies a published file; False, and nothing copied, if it is not any more what its manifest binds."""
    if not bound.is_still(source):
        return False
    copy_bytes(source, target)
    target.chmod(_WRITABLE)
    return True


def check_file(contents: Contents, file: Path, written: list[Written]) -> dict[str, TableState]:
    """Opens a new file as a reader would: no log left behind, every view readable, every table as it is in its sources.

    Args:
        contents: What it was written from.
        file: A finished file.
        written: Its tables, without `meta`.

    Returns:
        What is in it, by `schema.table`, without what is written of the file itself.

    Raises:
        PermanentError: The file does not hold what was written.
    """
    if file.with_name(f"{file.name}{WAL}").exists():
        raise PermanentError(f"{file.name} was closed with its log beside it.", _AGAIN)
    with in_memory() as connection:
        connection.execute(f"ATTACH {literal(str(contents.build))} AS warehouse (READ_ONLY)")
        connection.execute(f"ATTACH {literal(str(file))} AS published (READ_ONLY)")
        connection.execute("USE published")
        check_views(connection)
        found = {one.table.full_name: one.state for one in written if holds_what_was_written(connection, one)}
        for name in _meta_tables(connection):
            if name not in found:
                found[name] = state_of(connection, name)
    for name in sorted({one.table.full_name for one in written} - found.keys()):
        raise PermanentError(f"{name} is not in {file.name} as it was written.", _AGAIN)
    return found


def require_same(found: Mapping[str, Mapping[str, TableState]]) -> None:
    """Holds the finished files of a version against each other.

    Args:
        found: What is in each, as `check_file` tells it, by the name of its role.

    Raises:
        PermanentError: Two of them do not hold the same under one name.
    """
    first: dict[str, TableState] = {}
    for role, tables in found.items():
        for name, state in tables.items():
            if first.setdefault(name, state) != state:
                raise PermanentError(f"{name} is another one in the file of {role}.", _AGAIN)


def _require_models_of_meta(tables: list[Table], role: Role) -> None:
    there = {table.name for table in tables if table.schema == META_SCHEMA}
    for name in META_MODELS.values():
        if role.holds(META_SCHEMA, name) and name not in there:
            raise PermanentError(
                f"The warehouse has no table for {META_SCHEMA}.{name}.", "Run the job build_and_publish."
            )


def _remove_what_is_written_anew(connection: duckdb.DuckDBPyConnection) -> None:
    """Views and macros, which cost nothing, and what is asked for `meta`."""
    for schema, name in _names(connection, "view_name", "duckdb_views() WHERE NOT internal"):
        connection.execute(f"DROP VIEW published.{identifier(schema)}.{identifier(name)}")
    for schema, name in _names(connection, "function_name", "duckdb_functions() WHERE function_type = 'table_macro'"):
        connection.execute(f"DROP MACRO TABLE published.{identifier(schema)}.{identifier(name)}")
    for schema, name in _names(connection, "table_name", f"duckdb_tables() WHERE schema_name = '{META_SCHEMA}'"):
        if name not in META_MODELS.values():
            connection.execute(f"DROP TABLE published.{identifier(schema)}.{identifier(name)}")


def _names(connection: duckdb.DuckDBPyConnection, column: str, relation: str) -> list[tuple[str, str]]:
    return connection.execute(
        f"SELECT DISTINCT schema_name, {column} FROM {relation} AND database_name = 'published' ORDER BY ALL"
    ).fetchall()


def _meta_tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    there = (
        f"{schema}.{name}"
        for schema, name in _names(connection, "table_name", f"duckdb_tables() WHERE schema_name = '{META_SCHEMA}'")
    )
    return [name for name in there if name not in _OF_THE_FILE]


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
    described = dictionary_rows(contents.described.values(), schemas)
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
