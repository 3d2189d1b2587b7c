"""One server for the folder's tests, empty again for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.postgres.server import Server, start_server, stop_server


@pytest.fixture(scope="session")
def running() -> Iterator[Server]:
    server = start_server()
    yield server
    stop_server(server)


@pytest.fixture
def server(running: Server) -> Server:
    with running.connect() as connection:
        connection.execute("DROP SCHEMA IF EXISTS khotinh CASCADE")
    return running
