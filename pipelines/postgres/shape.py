"""What a mart is in PostgreSQL, and the statements that bring the table on the server to that shape.

A reader in a long transaction keeps its snapshot of the rows, but not of a table that was dropped and made again: it
would find it empty, without an error. So a table is made once, and columns come and go in place. One whose type changes goes
and comes: whoever had such a transaction open since before reads NULL in it until the transaction ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipelines.errors import PermanentError
from pipelines.quoting import identifier, literal

SCHEMA = "khotinh"
"""The schema on the server that is ours."""
_TYPES = {
    "BOOLEAN": "boolean",
    "SMALLINT": "smallint",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "HUGEINT": "numeric(38,0)",
    "DOUBLE": "double precision",
    "DATE": "date",
    "TIME": "time without time zone",
    "TIMESTAMP": "timestamp without time zone",
    "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
    "VARCHAR": "text",
}
_DECIMAL = re.compile(r"DECIMAL(\(\d+,\d+\))")


@dataclass(frozen=True)
class Column:
    """A column as it must be on the server.

    Attributes:
        name: As in the published file.
        type: PostgreSQL's, as its `format_type` writes it.
        comment: What it means, Vietnamese first; empty where the dictionary has nothing.
    """

    name: str
    type: str
    comment: str


def server_type(table: str, column: str, duckdb_type: str) -> str:
    """PostgreSQL's type that holds every value of DuckDB's; a list is an array.

    Raises:
        PermanentError: There is none; nothing is written then, for a column that is left out looks like one that is not.
    """
    element = duckdb_type.removesuffix("[]")
    decimal = _DECIMAL.fullmatch(element)
    found = f"numeric{decimal[1]}" if decimal else _TYPES.get(element)
    if found is None:
        raise PermanentError(
            f"{table}.{column} is {duckdb_type}, and the export to PostgreSQL does not know what that is there.",
            "Give the column another type in its model, or add the type to pipelines/postgres/shape.py.",
        )
    return found + duckdb_type[len(element) :]


def to_shape(table: str, columns: Iterable[Column], there: Mapping[str, str] | None) -> list[str]:
    """Statements that make the table, or change the columns of the one that is there; its rows stay.

    Args:
        table: Its name.
        columns: What it must have.
        there: Type by column of the table on the server; None if there is none.
    """
    wanted = {column.name: column.type for column in columns}
    before = there or {}
    changes = [
        *(f"DROP COLUMN {identifier(column)}" for column, kind in before.items() if wanted.get(column) != kind),
        *(f"ADD COLUMN {identifier(column)} {kind}" for column, kind in wanted.items() if before.get(column) != kind),
    ]
    return [
        *([f"CREATE TABLE {SCHEMA}.{identifier(table)} ()"] if there is None else []),
        *([f"ALTER TABLE {SCHEMA}.{identifier(table)} {', '.join(changes)}"] if changes else []),
    ]


def comments(table: str, columns: Iterable[Column]) -> list[str]:
    """Statements that say of each column what it means."""
    return [
        f"COMMENT ON COLUMN {SCHEMA}.{identifier(table)}.{identifier(column.name)} IS {literal(column.comment)}"
        for column in columns
    ]
