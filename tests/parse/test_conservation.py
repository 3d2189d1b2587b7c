"""Conservation: whatever a file holds, rows read = rows kept + rows rejected + exact duplicates."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.parse.parse_help import column, conserves, contract, numbers, read, reasons, write

OF = contract([
    column("ma", nullable=False), column("so", "integer", minimum=0), column("ngay", "date"), column("mau", "code"),
    column("ho_ten", personal="name"),
])  # fmt: skip
# Each cell with the number of reasons that it gives, counted by hand.
MA = {"A": 0, "B": 0, "": 1}
SO = {"0": 0, "12": 0, "": 0, "-1": 1, "x": 1, "1,5": 1}
NGAY = {"01/06/2026": 0, "": 0, "31/02/2026": 1, "01/06/26": 1}
MAU = {"1": 0, "SENT": 0, "": 0, "9": 1}
HO_TEN = {"Lê Văn An": 0, "Trần Bí": 0}
ROWS = st.lists(st.tuples(*(st.sampled_from(sorted(cells)) for cells in (MA, SO, NGAY, MAU, HO_TEN))), max_size=40)


def _faults(row: tuple[str, ...]) -> int:
    return sum(cells[cell] for cells, cell in zip((MA, SO, NGAY, MAU, HO_TEN), row, strict=True))


@given(rows=ROWS)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_row_is_kept_rejected_or_a_duplicate(rows: list[tuple[str, ...]]) -> None:
    content = "\n".join(";".join(row) for row in [("ma", "so", "ngay", "mau", "ho_ten"), *rows]) + "\n"
    with TemporaryDirectory() as folder:
        parsed = read(write(Path(folder) / "a.csv", content), OF)
    first_at = {row: number for number, row in reversed(list(enumerate(rows, start=2)))}
    good = sorted(number for row, number in first_at.items() if _faults(row) == 0)
    bad = {number: _faults(row) for row, number in first_at.items() if _faults(row)}
    assert parsed.rows_read == len(rows)
    assert parsed.rows_duplicate == sum(times - 1 for times in Counter(rows).values())
    assert sorted(numbers(parsed)) == good
    assert {number: len(found) for number, found in reasons(parsed).items()} == bad
    assert conserves(parsed)
    assert parsed.rejects.get_column("row_number").is_unique().all()
    assert "Bí" not in parsed.rejects.write_json()
