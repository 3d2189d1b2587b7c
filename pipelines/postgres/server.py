"""The PostgreSQL server as DuckDB sees it: attached under `SERVER`, asked and told in PostgreSQL's own words.

DuckDB's `postgres` extension comes as a wheel and is loaded from where it lies: nothing is downloaded. Errors of the
server become this project's, without the password. What is written to it is not known here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
from pydantic import SecretStr
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from pipelines.connections import malformed, variable
from pipelines.errors import KhoTinhError, PermanentError, SettingError, TransientError
from pipelines.quoting import literal

SERVER = "server"
URL_SETTING = "postgres_url"
_EXTENSION = "postgres_scanner"
# A server that takes the call and says nothing more must not hold its caller: libpq's own bounds, in seconds.
_BOUNDS = {
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
    "application_name": "khotinh",
}
# What no later try mends, as the server's English messages have it; all else may go through at the next publish.
_LASTING = (
    "permission denied",
    "must be owner",
    "depend on it",
    "already exists",
    "does not exist",
    "is not supported",
)


@contextmanager
def attached(url: SecretStr) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB session in memory that has the server attached as `SERVER`.

    Args:
        url: `postgresql://user:password@host:port/database?sslmode=verify-full`; the query holds libpq's parameters.

    Raises:
        SettingError: The address cannot be read, or the extension is not installed.
        TransientError: The server does not answer, does not let us in, or leaves in the middle.
        PermanentError: It refuses what it is told, and will again.
    """
    address = _address(url)
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"LOAD {literal(str(_extension_file()))}")
        password = f", PASSWORD {literal(str(address.password))}" if address.password else ""
        # The extension quotes its connection string in errors: the password goes in by another door.
        connection.execute(f"CREATE SECRET {SERVER} (TYPE postgres{password})")
        try:
            connection.execute(f"ATTACH {literal(_conninfo(address))} AS {SERVER} (TYPE postgres, SECRET {SERVER})")
        except duckdb.Error as error:
            raise TransientError(
                f"PostgreSQL at {address.host or 'the local socket'} does not let us in: {_told(error, address)}",
                f"Start the server, or correct {variable(URL_SETTING)}. The published file is not touched by this; the "
                "next publish catches up.",
            ) from None
        try:
            yield connection
        except duckdb.Error as error:
            raise _refused(error, address) from None
        finally:
            # One that is still open when DuckDB closes, on a connection that is gone, would end the process.
            with suppress(duckdb.Error):
                connection.execute("ROLLBACK")


def tell(connection: duckdb.DuckDBPyConnection, statements: str) -> None:
    """Runs statements on the server, within the session's transaction; DuckDB then looks anew at what is there."""
    connection.execute(f"CALL postgres_execute('{SERVER}', ?)", [statements])
    connection.execute("CALL pg_clear_cache()")


def ask(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    """Rows of a query that the server answers, within the session's transaction."""
    return connection.execute(f"FROM postgres_query('{SERVER}', ?)", [query]).fetchall()


def _refused(error: duckdb.Error, address: URL) -> KhoTinhError:
    told = _told(error, address)
    if any(marker in told for marker in _LASTING):
        return PermanentError(
            f"PostgreSQL refuses the marts: {told}",
            "Its readers keep the version before. Give our account what it lacks, or remove what stands in the way.",
        )
    return TransientError(
        f"PostgreSQL did not take the marts: {told}",
        "Its readers keep the version before; the next publish catches up.",
    )


def _told(error: duckdb.Error, address: URL) -> str:
    """What the server said, on one line, without the statement that it answers, and the password never in it."""
    told = " ".join(str(error).split()).rpartition('": ')[2]
    return told.replace(str(address.password), "•••") if address.password else told


def _address(url: SecretStr) -> URL:
    try:
        address = make_url(url.get_secret_value())
    except (ArgumentError, ValueError):
        raise _not_an_address() from None
    if address.get_backend_name() not in ("postgresql", "postgres") or not address.database:
        raise _not_an_address()
    password = address.query.get("password")
    return (
        address.difference_update_query(["password"]).set(password=password) if isinstance(password, str) else address
    )


def _not_an_address() -> SettingError:
    return malformed(URL_SETTING, "is no address like postgresql://user:password@host:5432/database.")


def _conninfo(address: URL) -> str:
    asked = {name: value for name, value in address.query.items() if isinstance(value, str)}
    parts = {
        "host": address.host,
        "port": address.port,
        "user": address.username,
        "dbname": address.database,
        **_BOUNDS,
        **asked,
    }
    return " ".join(
        "{}='{}'".format(name, str(value).replace("\\", "\\\\").replace("'", "\\'"))
        for name, value in parts.items()
        if value is not None
    )


def _extension_file() -> Path:
    found = find_spec(f"duckdb_extension_{_EXTENSION}")
    if found is None or found.origin is None:
        raise SettingError(
            variable(URL_SETTING),
            f"is set, and DuckDB's extension {_EXTENSION} is not installed.",
            f"Install the extra postgres: duckdb-extension-postgres-scanner=={duckdb.__version__}.",
        )
    return Path(found.origin).parent / "extensions" / f"v{duckdb.__version__}" / f"{_EXTENSION}.duckdb_extension"
