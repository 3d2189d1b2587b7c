"""Files of more rows than memory should hold: read part by part, kept on disk, and the same in every part."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pipelines.parse import typed_rows
from pipelines.parse.texts import delimited as tables
from pipelines.parse.typed_rows import TypedRows, TypedRowsWriter
from tests.parse.parse_help import column, conserves, contract, numbers, read, reasons, values, write

TWO = contract([column("ma", nullable=False), column("so", "integer")])


def _frame(*row_numbers: int) -> pl.DataFrame:
    return pl.DataFrame(
        {"row_number": row_numbers, "so": [n * 10 for n in row_numbers]}, schema_overrides={"row_number": pl.Int64()}
    )


def test_parts_do_not_show_in_what_was_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_ROWS_AT_ONCE", 3)
    monkeypatch.setattr(typed_rows, "MOST_ROWS_IN_MEMORY", 4)
    # Rows 2 to 13; row 9 repeats row 3 of an earlier part, row 12 repeats row 11, rows 5 and 13 cannot be read.
    lines = ["A;1", "B;2", "C;3", "D;x", "E;5", "F;6", "G;7", "B;2", "H;8", "I;9", "I;9", "J;y"]
    parsed = read(write(tmp_path / "a.csv", "ma;so\n" + "\n".join(lines) + "\n"), TWO)
    assert numbers(parsed) == [2, 3, 4, 6, 7, 8, 10, 11]
    assert values(parsed, "so") == [1, 2, 3, 5, 6, 7, 8, 9]
    assert reasons(parsed) == {5: ["so: not a readable integer"], 13: ["so: not a readable integer"]}
    assert (parsed.rows_read, parsed.rows_duplicate) == (12, 2)
    assert conserves(parsed)
    assert sum(isinstance(part, Path) for part in parsed.rows.parts) >= 3


def test_rows_on_disk_live_as_long_as_their_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typed_rows, "MOST_ROWS_IN_MEMORY", 1)
    writer = TypedRowsWriter(tmp_path)
    for first in (1, 3, 5):
        writer.add(_frame(first, first + 1))
    rows = writer.written(_frame(1).schema)
    fewer = rows.without(pl.Series([2, 5]))
    del writer, rows
    assert [row[0] for row in fewer.frame().rows()] == [1, 3, 4, 6]
    assert fewer.height == 4
    assert fewer.record_batches().read_all().num_rows == 4
    assert list(tmp_path.iterdir())
    del fewer
    assert not list(tmp_path.iterdir())


def test_rows_that_all_go_leave_the_columns() -> None:
    none = TypedRows.of_frame(_frame(1, 2)).without(pl.Series([1, 2]))
    assert (none.height, none.frame().columns) == (0, ["row_number", "so"])
    assert none.record_batches().read_all().schema.names == ["row_number", "so"]
