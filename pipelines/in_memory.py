"""DuckDB without a file of its own, for whoever attaches some."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

import duckdb


@contextmanager
def in_memory() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that spills into a folder of its own, which is gone afterwards.

    By default all of them spill into the same files of the working directory, and two that do so at once crash.
    """
    with TemporaryDirectory(prefix="khotinh-") as spill, duckdb.connect(":memory:") as connection:
        connection.execute("SET temp_directory = ?", [spill])
        yield connection
