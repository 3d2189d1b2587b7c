"""Reads the published file the way every reader does: read-only, through the pointer, a connection a question."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import duckdb

from pipelines.errors import NothingPublishedError
from pipelines.publish.publish import POINTER
from pipelines.settings import Settings


def query(settings: Settings, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """Rows of one question to the published file.

    Raises:
        NothingPublishedError: Nothing was published yet.
    """
    with open_published(settings) as connection:
        return connection.execute(sql, list(parameters)).fetchall()


@contextmanager
def open_published(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """One version of the published file, for questions whose answers must belong together.

    Raises:
        NothingPublishedError: Nothing was published yet.
    """
    pointer = settings.published_folder / POINTER
    if not pointer.exists():
        raise NothingPublishedError(settings.published_folder)
    with duckdb.connect(str(pointer.resolve()), read_only=True) as connection:
        yield connection
