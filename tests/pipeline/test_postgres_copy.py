"""Every mart of the usual week on a PostgreSQL server, row by row as it was published."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.postgres.copy import COMPANIONS
from pipelines.postgres.export import export_marts
from pipelines.postgres.server import SERVER, attached
from pipelines.settings import Settings
from tests.pipeline.conftest import Ran
from tests.postgres.server import Server, start_server, stop_server


@pytest.fixture
def server() -> Iterator[Server]:
    server = start_server()
    yield server
    stop_server(server)


def test_every_row_of_every_mart_is_there_and_no_other(usual_week: Ran, server: Server, tmp_path: Path) -> None:
    assert len(differences(usual_week.home.folder / "published" / "warehouse.duckdb", server.settings(tmp_path))) > 25


def differences(published: Path, settings: Settings) -> dict[str, int]:
    """Exports a file, and counts for each mart the rows that only one of the two has: none, or it fails."""
    exported = export_marts(published, settings)
    assert exported is not None
    assert settings.postgres_url is not None
    with attached(settings.postgres_url) as connection:
        connection.execute(f"ATTACH '{published}' AS published (READ_ONLY)")
        connection.execute("USE published")
        marts = connection.execute(
            "SELECT table_schema, table_name FROM information_schema.tables WHERE table_catalog = 'published' "
            "AND (table_schema = 'marts' OR concat_ws('.', table_schema, table_name) IN (SELECT unnest(?)))",
            [list(COMPANIONS)],
        ).fetchall()
        assert set(exported.table_rows) == {name for _, name in marts}
        found = {}
        for schema, name in marts:
            here, there = f"FROM published.{schema}.{name}", f"FROM {SERVER}.khotinh.{name}"
            [(rows, only_here, only_there)] = connection.execute(
                f"SELECT (SELECT count(*) {there}), (SELECT count(*) FROM ({here} EXCEPT ALL {there})), "
                f"(SELECT count(*) FROM ({there} EXCEPT ALL {here}))"
            ).fetchall()
            assert (rows, only_here, only_there) == (exported.table_rows[name], 0, 0), name
            found[name] = rows
    return found
