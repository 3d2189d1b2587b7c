"""What changed in the build file since a version was published, as dbt's increments tell it.

Each publish notes in the build file how far each table's numbered changes had come. A build file that is restored or
rebuilt from nothing has no such note of the version that readers have, and then nothing is known of the difference. How
changes are told says `dbt_project/macros/increment.sql`; what is done with them is not said here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from pipelines.publish.indicator_history import TABLE as INDICATOR_HISTORY
from pipelines.publish.indicator_history import changed_after
from pipelines.publish.versions import Version

_TOLD: Final = "__changes"
_NOTES = """
CREATE TABLE IF NOT EXISTS ops.published_changes (
    version VARCHAR NOT NULL, schema_name VARCHAR NOT NULL, table_name VARCHAR NOT NULL, change_number BIGINT NOT NULL)
"""
_MODELS = f"""
SELECT built.schema_name, built.table_name
FROM duckdb_tables() AS built
JOIN duckdb_tables() AS told
    ON told.schema_name = 'staging' AND told.table_name = built.table_name || '{_TOLD}'
        AND told.database_name = built.database_name
WHERE built.schema_name <> 'staging' AND NOT built.temporary
ORDER BY ALL
"""
# A build tells its changes under the next number, or that everything is new; the oldest are forgotten.
_ALL_IS_TOLD = """
SELECT coalesce(max(change_number) >= $seen AND min(change_number) <= $seen + 1, false)
    AND count(*) FILTER (is_whole AND change_number > $seen) = 0
FROM warehouse.staging."{table}__changes"
"""


@dataclass(frozen=True)
class Basis:
    """A version that a new one can be made from by their difference.

    Attributes:
        version: It.
        changed_rows: For each table (`schema.table`) whose every change since is told, a query on the build file, attached
            as `warehouse`, for the rows that left it or came (`is_put_in`): a row that changed is two.
    """

    version: Version
    changed_rows: Mapping[str, str]


@dataclass(frozen=True)
class Earlier:
    """A folder of an earlier version, as whoever makes the same folder anew may use it.

    Attributes:
        folder: Of the earlier version.
        basis: That version, and what changed since.
        connection: Has the build file attached as `warehouse`.
    """

    folder: Path
    basis: Basis
    connection: duckdb.DuckDBPyConnection

    def is_as_written(self, name: str) -> bool:
        """Whether a file below the folder is still there as the version's manifest binds it."""
        file = self.folder / name
        bound = {one.name: one for one in self.basis.version.files}.get(f"{self.folder.name}/{name}")
        return bound is not None and bound.is_still(file)

    def changed_values(self, table: str, expression: str) -> frozenset[object] | None:
        """What an expression gives for the rows that left or came since; None if that is not known."""
        rows = self.basis.changed_rows.get(table)
        if rows is None:
            return None
        found = self.connection.execute(f"SELECT DISTINCT {expression} FROM ({rows})").fetchall()
        return frozenset(value for (value,) in found)


def note_changes(connection: duckdb.DuckDBPyConnection, version: str, readable: Collection[str]) -> None:
    """Notes how far the changes have come that this version will hold.

    Args:
        connection: The build file, opened for writing within the publish's turn.
        version: Which is being published.
        readable: Notes of other versions than these are of no use any more.
    """
    connection.execute(_NOTES)
    connection.execute("DELETE FROM ops.published_changes WHERE version NOT IN (SELECT unnest(?))", [list(readable)])
    for schema, table in connection.execute(_MODELS).fetchall():
        connection.execute(
            f'INSERT INTO ops.published_changes SELECT ?, ?, ?, max(change_number) FROM staging."{table}{_TOLD}"',
            [version, schema, table],
        )


def changed_since(
    connection: duckdb.DuckDBPyConnection, version: Version, telling: Collection[tuple[str, str]]
) -> dict[str, str]:
    """The queries of a `Basis`; empty if the build file knows nothing of the version.

    Args:
        connection: Has the build file attached as `warehouse`.
        version: Which was published.
        telling: Schemas and names of the models whose builds tell their changes: of another one, what it told once is still
            there, and says nothing of its last builds.
    """
    there: list[tuple[str, str]] = connection.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'warehouse'"
    ).fetchall()
    if ("ops", "published_changes") not in there:
        return {}
    noted: list[tuple[str, str, int]] = connection.execute(
        "SELECT schema_name, table_name, change_number FROM warehouse.ops.published_changes WHERE version = ? ORDER BY ALL",
        [version.version],
    ).fetchall()
    if not noted:
        return {}
    changed = {INDICATOR_HISTORY: changed_after(version.published_at)}
    for schema, table, seen in noted:
        if (schema, table) in telling and ("staging", f"{table}{_TOLD}") in there:
            (is_told,) = connection.execute(_ALL_IS_TOLD.format(table=table), {"seen": seen}).fetchall()[0]
            if is_told:
                changed[f"{schema}.{table}"] = (
                    f'SELECT * FROM warehouse.staging."{table}{_TOLD}" WHERE change_number > {seen}'
                )
    return changed
