"""A table that is brought to what the build holds by its told changes alone holds just that, whatever they were."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.publish.tables import Table, Written, holds_what_was_written, state_of, write_table
from pipelines.publish.versions import TableState

COLUMNS = ("key", "unit_code", "load_sequence", "report_date", "note")
Row = tuple[int, str | None, int | None, date | None, str | None]
# Few values of each, so that rows without their key are often alike, and any of them may be missing.
held = st.dictionaries(
    st.integers(0, 30),
    st.tuples(
        st.sampled_from(["H56.12", "H56.13", None]),
        st.integers(0, 3) | st.none(),
        st.sampled_from([date(2026, 6, 1), date(2026, 7, 1), None]),
        st.sampled_from(["x", None]),
    ),
    max_size=30,
).map(lambda found: [(key, *others) for key, others in found.items()])


class Files:
    """A build file that tells its changes, and the file that is published from it."""

    def __init__(self, *, has_key: bool) -> None:
        self.columns = COLUMNS if has_key else COLUMNS[1:]
        self.key = COLUMNS[:1] if has_key else ()
        self.number = 0
        self.connection = duckdb.connect(":memory:")
        for statement in (
            "ATTACH ':memory:' AS warehouse",
            "ATTACH ':memory:' AS published",
            "CREATE SCHEMA warehouse.core",
            """CREATE TABLE warehouse.core.facts (
                "key" BIGINT, unit_code VARCHAR, load_sequence BIGINT, report_date DATE, note VARCHAR)""",
            """CREATE TABLE warehouse.core.changes AS
                SELECT 0 AS change_number, true AS is_put_in, * FROM warehouse.core.facts""",
        ):
            self.connection.execute(statement)

    def build(self, rows: list[Row]) -> None:
        """Lets the build hold these rows, and tells what left and came."""
        self.number += 1
        self.connection.execute("CREATE OR REPLACE TABLE before AS FROM warehouse.core.facts")
        self.connection.execute("DELETE FROM warehouse.core.facts")
        for row in rows:
            self.connection.execute("INSERT INTO warehouse.core.facts VALUES (?, ?, ?, ?, ?)", row)
        for one, is_put_in, other in (
            ("before", False, "warehouse.core.facts"),
            ("warehouse.core.facts", True, "before"),
        ):
            self.connection.execute(
                f"INSERT INTO warehouse.core.changes SELECT ?, ?, * FROM (FROM {one} EXCEPT ALL FROM {other})",
                [self.number, is_put_in],
            )

    def write(self, before: TableState | None, seen: int) -> Written:
        """Brings the published file to what the build holds."""
        table = Table(
            schema="core",
            name="facts",
            source=("core", "facts"),
            columns=self.columns,
            key=self.key,
            changed_rows=f"SELECT * FROM warehouse.core.changes WHERE change_number > {seen}" if before else None,
            before=before,
        )
        return write_table(self.connection, table)

    def assert_written(self, written: Written) -> None:
        """The file holds what the build does, and says so."""
        told = ", ".join(f'"{name}"' for name in self.columns)
        files = [f"SELECT {told} FROM {name}.core.facts" for name in ("warehouse", "published")]
        for one, other in (files, files[::-1]):
            assert self.connection.execute(f"{one} EXCEPT ALL {other}").fetchall() == []
        assert state_of(self.connection, "published.core.facts") == written.state
        assert holds_what_was_written(self.connection, written)


@pytest.mark.parametrize("has_key", [True, False])
@given(versions=st.lists(st.lists(held, min_size=1, max_size=3), min_size=2, max_size=4))
@settings(max_examples=60, deadline=None)
def test_whatever_several_builds_changed_the_table_holds_what_the_build_holds(
    versions: list[list[list[Row]]], *, has_key: bool
) -> None:
    files = Files(has_key=has_key)
    before, seen = None, 0
    for builds in versions:
        for rows in builds:
            files.build(rows)
        written = files.write(before, seen)
        files.assert_written(written)
        before, seen = written.state, files.number


@pytest.mark.parametrize("has_key", [True, False])
def test_few_changes_are_put_in_and_many_are_written_whole(*, has_key: bool) -> None:
    files = Files(has_key=has_key)
    rows: list[Row] = [(number, "H56.12", number, date(2026, 6, 1), None) for number in range(100)]
    files.build(rows)
    first = files.write(None, 0)
    files.build([*rows[:98], (98, "H56.12", 98, None, "x"), (99, "H56.12", 99, None, "x")])
    second = files.write(first.state, 1)
    assert (first.put_in, second.put_in and second.put_in.rows) == (None, 2)
    files.build([(number, "H56.13", number, date(2026, 6, 1), None) for number in range(100)])
    third = files.write(second.state, 2)
    assert third.put_in is None
    for written in (second, third):
        assert holds_what_was_written(files.connection, written) is (written is third)
    files.assert_written(third)


@pytest.mark.parametrize("has_key", [True, False])
def test_a_row_that_is_not_what_was_put_in_is_noticed(*, has_key: bool) -> None:
    files = Files(has_key=has_key)
    rows: list[Row] = [(number, "H56.12", number, None, None) for number in range(100)]
    files.build(rows)
    first = files.write(None, 0)
    files.build([*rows, (100, "H56.12", 100, None, "x")])
    second = files.write(first.state, 1)
    files.connection.execute("UPDATE published.core.facts SET note = 'y' WHERE note = 'x'")
    assert not holds_what_was_written(files.connection, second)
