"""Views travel with the published file: they read its own tables, under whatever name the file is opened."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipelines.errors import PermanentError
from pipelines.publish.views import check_views, write_views

MODELLED = frozenset({("marts", "a_on_a_view"), ("marts", "figures_today")})


@pytest.fixture
def files(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse with a table and two views, and a published file that has the table only."""
    with duckdb.connect(":memory:") as connection:
        for name in ("warehouse", "published"):
            connection.execute(f"ATTACH '{tmp_path / f'{name}.duckdb'}' AS {name}; CREATE SCHEMA {name}.marts")
            connection.execute(f"CREATE TABLE {name}.marts.figures AS SELECT 7 AS figure")
        connection.execute("USE warehouse")
        connection.execute("CREATE VIEW marts.figures_today AS SELECT figure * 2 AS figure FROM marts.figures")
        connection.execute("CREATE VIEW marts.a_on_a_view AS SELECT figure + 1 AS figure FROM marts.figures_today")
        connection.execute("CREATE VIEW marts.of_old AS SELECT 1 AS figure")
        connection.execute("USE memory")
        yield connection


def test_views_that_are_modelled_read_the_tables_beside_them(files: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    write_views(files, ("marts",), MODELLED)
    files.execute("DETACH warehouse; DETACH published")
    (tmp_path / "published.duckdb").rename(tmp_path / "of-another-name.duckdb")
    with duckdb.connect(str(tmp_path / "of-another-name.duckdb"), read_only=True) as reader:
        check_views(reader)
        # The alphabet puts the view on a view first; it waits for the other.
        assert reader.execute("SELECT figure FROM marts.a_on_a_view").fetchall() == [(15,)]
        names = reader.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal ORDER BY 1").fetchall()
        assert names == [("a_on_a_view",), ("figures_today",)]


def test_a_view_of_what_is_not_published_stops_the_publishing(files: duckdb.DuckDBPyConnection) -> None:
    files.execute("DROP TABLE published.marts.figures")
    with pytest.raises(PermanentError, match=r"cannot be published: .*figures"):
        write_views(files, ("marts",), MODELLED)


def test_a_view_that_lost_its_table_is_found_before_anyone_reads_it(
    files: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    write_views(files, ("marts",), MODELLED)
    files.execute("DROP TABLE published.marts.figures; DETACH warehouse; DETACH published")
    with (
        duckdb.connect(str(tmp_path / "published.duckdb"), read_only=True) as reader,
        pytest.raises(PermanentError, match=r"marts\.a_on_a_view cannot be read"),
    ):
        check_views(reader)
