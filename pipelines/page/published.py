"""Reads the published file for the page. What a release does not hold is told as absent, never as empty."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines.errors import PermanentError
from pipelines.published_version import published_version

Row = dict[str, Any]
_PROVINCE = "H56"
_NOT_THERE = re.compile(r"does not exist|not found in FROM clause|does not have a column")


class Published:
    """One published file, open for reading.

    Args:
        connection: To the file, read-only.

    Attributes:
        absent: What queries asked for and this file does not hold, in DuckDB's words; a complete file leaves it empty.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self.absent: list[str] = []

    def rows(self, query: str, parameters: Sequence[object] = ()) -> list[Row] | None:
        """Rows of a query as dictionaries; None if a table or column that it names is not in this file."""
        try:
            found = self._connection.execute(query, list(parameters))
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            if not _NOT_THERE.search(str(error)):
                raise
            self.absent.append(str(error).partition("\n")[0])
            return None
        names = [column[0] for column in found.description]
        return [dict(zip(names, line, strict=True)) for line in found.fetchall()]

    def day(self, query: str) -> date | None:
        """The one day that a query gives; None if it gives none or what it asks is not in this file."""
        found = self.rows(query)
        value = next(iter(found[0].values())) if found else None
        return value if isinstance(value, date) else None

    def version(self) -> tuple[str, datetime]:
        """The version that the file is, and its moment.

        Raises:
            PermanentError: The file does not tell; then it is no published file.
        """
        found = published_version(self._connection)
        return found.name, found.published_at

    def province(self) -> str:
        """The unit whose row in the indicator tables is the whole province."""
        found = self.rows("SELECT unit_code FROM core.dim_unit WHERE unit_type = 'province' AND is_latest")
        return str(found[0]["unit_code"]) if found else _PROVINCE


@contextmanager
def open_published(file: Path) -> Iterator[Published]:
    """Opens a published file read-only.

    Raises:
        PermanentError: It cannot be opened, or a query of the page fails on it.
    """
    try:
        with duckdb.connect(str(file), read_only=True) as connection:
            yield Published(connection)
    except duckdb.Error as error:
        raise PermanentError(
            f"The page cannot be made from {file}: {error}", "Publish again, then report it."
        ) from error
