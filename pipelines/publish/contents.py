"""What is in a published file: which tables, without which columns. How it is written is not said here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb

from pipelines.described_tables import DescribedTable, described_tables
from pipelines.in_memory import in_memory
from pipelines.publish.changes import Basis
from pipelines.publish.indicator_history import KEY as HISTORY_KEY
from pipelines.publish.indicator_history import TABLE as INDICATOR_HISTORY
from pipelines.publish.meta import META_MODELS, META_SCHEMA
from pipelines.publish.roles import Role
from pipelines.publish.tables import Table
from pipelines.quoting import literal


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

    @cached_property
    def described(self) -> dict[tuple[str, str], DescribedTable]:
        """Every table that the project builds now, or that the pipeline writes beside them, by schema and name."""
        return described_tables(self.manifest)

    @cached_property
    def telling(self) -> frozenset[tuple[str, str]]:
        """Those whose builds tell their changes."""
        return frozenset(place for place, table in self.described.items() if table.tells_changes)

    def tables(self, connection: duckdb.DuckDBPyConnection, role: Role, basis: Basis | None = None) -> list[Table]:
        """Tables of a role; one that no model builds any more would be published with its last figures for ever.

        Args:
            connection: Has the build file attached as `warehouse`.
            role: Whose.
            basis: The version that their file is a copy of.
        """
        found: list[tuple[str, str, list[str]]] = connection.execute(
            """
            SELECT schema_name, table_name, list(column_name ORDER BY column_index)
            FROM duckdb_tables() JOIN duckdb_columns() USING (database_name, schema_name, table_name)
            WHERE database_name = 'warehouse' GROUP BY ALL ORDER BY ALL
            """
        ).fetchall()
        constraints: list[tuple[str, str, list[str]]] = connection.execute(
            """
            SELECT schema_name, table_name, constraint_column_names FROM duckdb_constraints()
            WHERE database_name = 'warehouse' AND constraint_type = 'PRIMARY KEY'
            """
        ).fetchall()
        keys = {(schema, name): tuple(columns) for schema, name, columns in constraints}
        return [
            self._table((schema, name), columns, keys.get((schema, name), ()), basis)
            for schema, name, columns in found
            if (schema, name) in self.described and role.holds(*_published_as(schema, name))
        ]

    def keys(self, role: Role) -> dict[str, tuple[str, ...]]:
        """Columns that tell the rows of a table apart, by `schema.table`, of those that the role can see whole."""
        with in_memory() as connection:
            connection.execute(f"ATTACH {literal(str(self.build))} AS warehouse (READ_ONLY)")
            return {table.full_name: table.key for table in self.tables(connection, role) if table.key}

    def _table(
        self, source: tuple[str, str], columns: list[str], constraint: tuple[str, ...], basis: Basis | None
    ) -> Table:
        key = constraint or self.described[source].key
        full_name = ".".join(source)
        schema, name = _published_as(*source)
        return Table(
            schema=schema,
            name=name,
            source=source,
            columns=tuple(column for column in columns if column not in self.hidden),
            key=HISTORY_KEY if full_name == INDICATOR_HISTORY else () if self.hidden & set(key) else key,
            changed_rows=basis.changed_rows.get(full_name) if basis else None,
            before=basis.version.tables.get(f"{schema}.{name}") if basis else None,
        )


def _published_as(schema: str, name: str) -> tuple[str, str]:
    model = META_MODELS.get((schema, name))
    return (META_SCHEMA, model) if model else (schema, name)
