"""Writes, checks and switches to one version of the published file."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version as package_version
from pathlib import Path

import duckdb
import orjson

from pipelines.calendar import now
from pipelines.errors import PermanentError
from pipelines.load.ledger import ledger_state
from pipelines.load.warehouse import open_in_turn, writer_turn
from pipelines.publish.dictionary import DICTIONARY_COLUMNS, dictionary_rows, modelled_tables
from pipelines.publish.indicator_history import TABLE as INDICATOR_HISTORY
from pipelines.publish.indicator_history import append_to_history, write_indicator_as_of
from pipelines.publish.meta import META
from pipelines.publish.moments import LOCAL_MOMENT
from pipelines.publish.views import check_views, write_views
from pipelines.settings import Settings

POINTER = "warehouse.duckdb"
PUBLISHED_SCHEMAS = ("core", "marts")
# BI tools lag behind: every DuckDB from 1.2 on reads this storage version.
STORAGE_VERSION = "v1.2.0"
_READ_ONLY = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH


@dataclass(frozen=True)
class Version:
    """One published version.

    Attributes:
        version: Its name, which sorts by time.
        published_at: Local time.
        file_name: The file beside the manifest.
        table_rows: Rows by `schema.table`.
        loads_accepted, loads_refused: Loads in the ledger at that moment.
        newest_load_id: The last load that went in.
    """

    version: str
    published_at: datetime
    file_name: str
    code_version: str
    loads_accepted: int
    loads_refused: int
    newest_load_id: str | None
    table_rows: dict[str, int]


def publish(
    settings: Settings, manifest: Path, hidden_columns: Iterable[str], built_from: str | None = None
) -> Version:
    """Publishes what the warehouse holds now.

    Args:
        settings: Where the warehouse and the published folder are.
        manifest: dbt's manifest, for the dictionary.
        hidden_columns: Pseudonyms; they are personal data still and stay in the warehouse.
        built_from: State of the ledger that the marts were built from and judged by; another run may have loaded
            meanwhile. None for whoever knows that nobody did.

    Raises:
        PermanentError: The ledger is in another state by now, or the new file is not what was written; the pointer has not moved.
    """
    folder = settings.published_folder
    folder.mkdir(parents=True, exist_ok=True)
    with writer_turn(settings):
        if (unnamed := _unnamed_manifest(folder)) is not None:
            _name_manifest(unnamed)
        for leftover in folder.glob(".*.partial*"):
            leftover.unlink()
        published_at = now()
        name = f"{published_at:%Y%m%dT%H%M%S%f}"
        partial = folder / f".warehouse-{name}.duckdb.partial"
        if built_from is not None:
            _require_state(settings.warehouse_file, built_from)
        with open_in_turn(settings) as connection:
            append_to_history(connection, name, published_at, [item.version for item in read_versions(folder)])
        version = _write(
            settings.warehouse_file, partial, manifest, frozenset(hidden_columns), name, published_at, folder
        )
        _check(partial, version)
        partial_manifest = folder / f".manifest-{name}.json.partial"
        partial_manifest.write_bytes(orjson.dumps(asdict(version), option=orjson.OPT_INDENT_2))
        for unfinished in (partial, partial_manifest):
            unfinished.chmod(_READ_ONLY)
            _sync(unfinished)
        file = folder / version.file_name
        partial.rename(file)
        # A version without a manifest could not be read: what the history tells of it is taken back by the next publish.
        _point_to(folder, file)
        _name_manifest(partial_manifest)
    return version


def _require_state(warehouse: Path, built_from: str) -> None:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        if ledger_state(connection) != built_from:
            raise PermanentError(
                "Another run loaded, or a month was closed, after the marts were built; readers keep the version before.",
                "Run khotinh run, or the job build_and_publish.",
            )


def read_versions(folder: Path) -> list[Version]:
    """Every version that the pointer has led to and that is still in the folder, oldest first."""
    unnamed = _unnamed_manifest(folder)
    return [_read_version(file) for file in [*sorted(folder.glob("manifest-*.json")), *([unnamed] if unnamed else [])]]


def current_version(folder: Path) -> str | None:
    """Name of the version that the pointer leads to, None before the first publish."""
    pointer = folder / POINTER
    return pointer.resolve().stem.removeprefix("warehouse-") if pointer.exists() else None


def _unnamed_manifest(folder: Path) -> Path | None:
    """The manifest of the pointer's version, if the publish ended between the pointer and the manifest's name."""
    partial = folder / f".manifest-{current_version(folder)}.json.partial"
    return partial if partial.exists() else None


def _name_manifest(partial: Path) -> None:
    partial.rename(partial.with_name(partial.name.removeprefix(".").removesuffix(".partial")))
    _sync(partial.parent)


def _read_version(file: Path) -> Version:
    fields = orjson.loads(file.read_bytes())
    return Version(**{**fields, "published_at": datetime.fromisoformat(fields["published_at"])})


def _write(
    warehouse: Path, partial: Path, manifest: Path, hidden: frozenset[str], name: str, published_at: datetime, folder: Path
) -> Version:  # fmt: skip
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"ATTACH '{_quoted(warehouse)}' AS warehouse (READ_ONLY)")
        connection.execute(f"ATTACH '{_quoted(partial)}' AS published (STORAGE_VERSION '{STORAGE_VERSION}')")
        table_rows = {}
        for schema, table in _tables(connection, modelled_tables(manifest)):
            connection.execute(f'CREATE SCHEMA IF NOT EXISTS published."{schema}"')
            columns = ", ".join(f'"{column}"' for column in _columns(connection, schema, table) if column not in hidden)
            connection.execute(
                f'CREATE TABLE published."{schema}"."{table}" AS SELECT {columns} FROM warehouse."{schema}"."{table}"'
            )
            table_rows[f"{schema}.{table}"] = _count(connection, f'published."{schema}"."{table}"')
            if "is_gone" in columns:
                _write_as_known_on(connection, schema, table)
        write_views(connection, PUBLISHED_SCHEMAS, modelled_tables(manifest))
        if INDICATOR_HISTORY in table_rows:
            connection.execute("USE published")
            write_indicator_as_of(connection)
            connection.execute("USE memory")
        connection.execute("CREATE SCHEMA published.meta")
        for table, query in META.items():
            connection.execute(f"CREATE TABLE published.meta.{table} AS {query}")
            table_rows[f"meta.{table}"] = _count(connection, f"published.meta.{table}")
        accepted, refused, newest = connection.execute(
            """
            SELECT count(*) FILTER (verdict <> 'refused'), count(*) FILTER (verdict = 'refused'), max_by(load_id, load_sequence)
            FROM warehouse.ops.loads
            """
        ).fetchall()[0]
        version = Version(
            version=name,
            published_at=published_at,
            file_name=f"warehouse-{name}.duckdb",
            code_version=package_version("khotinh"),
            loads_accepted=accepted,
            loads_refused=refused,
            newest_load_id=newest,
            table_rows=table_rows,
        )
        _write_dictionary(connection, manifest, hidden)
        _write_versions(connection, [*read_versions(folder), version])
        connection.execute("CHECKPOINT published")
        connection.execute("DETACH published")
    return version


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


def _write_dictionary(connection: duckdb.DuckDBPyConnection, manifest: Path, hidden: frozenset[str]) -> None:
    columns = ", ".join(f"{name} VARCHAR" for name in DICTIONARY_COLUMNS.split(", "))
    connection.execute(f"CREATE TABLE published.meta.dictionary ({columns})")
    rows = [row for row in dictionary_rows(manifest, frozenset(PUBLISHED_SCHEMAS)) if row[2] not in hidden]
    if rows:
        connection.executemany("INSERT INTO published.meta.dictionary VALUES (?, ?, ?, ?, ?, ?)", rows)


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
                item.version,
                item.published_at,
                item.code_version,
                item.loads_accepted,
                item.loads_refused,
                item.newest_load_id,
            )
            for item in versions
        ],
    )


def _tables(connection: duckdb.DuckDBPyConnection, modelled: frozenset[tuple[str, str]]) -> list[tuple[str, str]]:
    """Tables to publish; one that no model builds any more would be published with its last figures for ever."""
    found: list[tuple[str, str]] = connection.execute(
        """
        SELECT schema_name, table_name FROM duckdb_tables()
        WHERE database_name = 'warehouse' AND schema_name IN (?, ?) ORDER BY ALL
        """,
        list(PUBLISHED_SCHEMAS),
    ).fetchall()
    return [table for table in found if table in modelled]


def _columns(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> list[str]:
    rows = connection.execute(
        """
        SELECT column_name FROM duckdb_columns()
        WHERE database_name = 'warehouse' AND schema_name = ? AND table_name = ? ORDER BY column_index
        """,
        [schema, table],
    ).fetchall()
    return [name for (name,) in rows]


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])


def _check(file: Path, version: Version) -> None:
    """Opens the new file as a reader would: no log left behind, every table there with its rows."""
    if file.with_name(f"{file.name}.wal").exists():
        raise PermanentError(f"{file.name} was closed with its log beside it.", "Run khotinh run again.")
    with duckdb.connect(str(file), read_only=True) as connection:
        for table, rows in version.table_rows.items():
            schema, name = table.split(".")
            found = _count(connection, f'"{schema}"."{name}"')
            if found != rows:
                raise PermanentError(
                    f"{table} has {found} rows in the new file, {rows} were written.", "Run khotinh run again."
                )
        check_views(connection)


def _point_to(folder: Path, file: Path) -> None:
    """Moves the pointer by rename: a reader that connects sees the version before or this one, never neither."""
    link = folder / f".{POINTER}.partial"
    link.unlink(missing_ok=True)
    link.symlink_to(file.name)
    link.replace(folder / POINTER)
    _sync(folder)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
