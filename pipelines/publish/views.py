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

    Raises:
        PermanentError: A view reads something that is not published.
    """
    found: list[tuple[str, str, str]] = connection.execute(
        """
        SELECT schema_name, view_name, sql FROM duckdb_views()
        WHERE database_name = 'warehouse' AND schema_name IN (SELECT unnest(?)) AND NOT internal ORDER BY ALL
        """,
        [list(schemas)],
    ).fetchall()
    waiting = [text for schema, view, text in found if (schema, view) in modelled]
    # A view's text names schemas, not the file, whose name is another one in each version.
    connection.execute("USE published")
    while waiting:
        refused = {text: why for text in waiting if (why := _refusal(connection, text))}
        # One that reads another view has to wait for it.
        if len(refused) == len(waiting):
            raise PermanentError(
                f"A view cannot be published: {next(iter(refused.values()))}",
                "Let the model name schemas only, and read published tables only.",
            )
        waiting = list(refused)
    connection.execute("USE memory")


def check_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Asks each view of the file that is in use for its columns, as a reader would.

    Raises:
        PermanentError: A view cannot be read.
    """
    found = connection.execute(
        "SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = current_database() AND NOT internal"
    ).fetchall()
    for schema, view in found:
        if why := _refusal(connection, f'FROM "{schema}"."{view}" LIMIT 0'):
            raise PermanentError(f"{schema}.{view} cannot be read in the new file: {why}", "Run khotinh run again.")


def _refusal(connection: duckdb.DuckDBPyConnection, statement: str) -> str:
    try:
        connection.execute(statement)
    except duckdb.CatalogException as error:
        return str(error)
    return ""
