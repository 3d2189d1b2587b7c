"""Which version a published file is, asked of the file itself: the newest in its own `meta.versions`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from pipelines.errors import PermanentError

_NEWEST = "SELECT version, published_at FROM meta.versions ORDER BY version DESC LIMIT 1"


@dataclass(frozen=True)
class PublishedVersion:
    """The version that a file belongs to; `published_at` is local time, Asia/Ho_Chi_Minh, without a zone."""

    name: str
    published_at: datetime


def published_version(connection: duckdb.DuckDBPyConnection) -> PublishedVersion:
    """The version of the file that the connection reads.

    Raises:
        PermanentError: The file does not tell; then it is no published file.
    """
    try:
        rows = connection.execute(_NEWEST).fetchall()
    except duckdb.CatalogException:
        rows = []
    if not rows:
        raise PermanentError("The file does not say which version it is.", "Give a file that publish has written.")
    return PublishedVersion(*rows[0])
