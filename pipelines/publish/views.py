"""The views of a published file: they cost a version nothing and read whatever tables lie beside them."""

from __future__ import annotations

import duckdb

from pipelines.errors import PermanentError


def write_views(
    connection: duckdb.DuckDBPyConnection, schemas: tuple[str, ...], modelled: frozenset[tuple[str, str]]
) -> None:
    """Puts the warehouse's views into the published file, after the tables that they read.

    Args:
        connection: Has both files attached, as `warehouse` and `published`.
        schemas: Which schemas are published.
        modelled: Schema and name of every view that the project builds now.
    """
    found: list[tuple[str, str, str]] = connection.execute(
        """
        SELECT schema_name, view_name, sql FROM duckdb_views()
        WHERE database_name = 'warehouse' AND schema_name IN (SELECT unnest(?)) AND NOT internal ORDER BY ALL
        """,
        [list(schemas)],
    ).fetchall()
    # A view's text names schemas, not the file, whose name is another one in each version.
    connection.execute("USE published")
    for schema, view, text in found:
        if (schema, view) in modelled:
            connection.execute(text)
    connection.execute("USE memory")


def check_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Asks each view of the file that is open for its columns, as a reader would.

    Raises:
        PermanentError: A view reads something that is not in the file.
    """
    found = connection.execute("SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal").fetchall()
    for schema, view in found:
        try:
            connection.execute(f'FROM "{schema}"."{view}" LIMIT 0')
        except duckdb.Error as error:
            raise PermanentError(
                f"The view {schema}.{view} cannot be read in the new file: {error}",
                "Let the model name schemas only, and read published tables only.",
            ) from error
