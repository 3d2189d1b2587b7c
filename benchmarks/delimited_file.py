"""A large CSV read to typed rows, against DuckDB's bare `read_csv`: `python -m benchmarks.delimited_file [ROWS]`.

Both turn twelve columns into the same types, each in a process of its own; DuckDB checks and explains nothing. The
peak is what a process ever held in memory.
"""

from __future__ import annotations

import os
import sys
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.contest import compete, run_apart, show

ROWS = int(os.environ.get("KHOTINH_BENCH_CSV_ROWS", "5000000"))
_HEADINGS = ("ma", "don_vi", "ngay", "trang_thai", *(f"so_{number}" for number in range(1, 9)))
_ROWS_AT_ONCE = 100_000


def write_statistics(file: Path, rows: int) -> None:
    """Writes `rows` rows of a unit, a day, a status and eight figures."""
    with file.open("w", encoding="utf-8") as stream:
        stream.write(";".join(_HEADINGS) + "\n")
        for first in range(0, rows, _ROWS_AT_ONCE):
            stream.writelines(
                f"{n:09};Ủy ban nhân dân phường số {n % 166};{n % 28 + 1:02}/11/2026;Đã giải quyết;"
                f"{n % 97};{n % 89};{n % 83};{n % 79};{n % 73};{n % 71};{n % 67};{n % 61}\n"
                for n in range(first, min(first + _ROWS_AT_ONCE, rows))
            )


def khotinh(file: Path) -> int:
    """The file by a contract, as a run parses it."""
    from pipelines.calendar import Partition  # noqa: PLC0415
    from pipelines.contracts import Contract  # noqa: PLC0415
    from pipelines.parse import parse  # noqa: PLC0415
    from pipelines.parse.cells.values import Reading  # noqa: PLC0415
    from pipelines.reference import read_reference  # noqa: PLC0415
    from pipelines.settings import ENDPOINTS_FILE, SEEDS  # noqa: PLC0415

    kinds: dict[str, dict[str, str]] = {"ngay": {"type": "date", "format": "%d/%m/%Y"}}
    text = {"type": "text", "pattern": ".*"}
    columns = [
        {"name": name, "headings": [name], "vi": name, "en": name}
        | kinds.get(name, {"type": "integer"} if name.startswith("so_") else text)
        for name in _HEADINGS
    ]
    contract = Contract.model_validate({
        "dataset": "sample", "version": 1, "platform": "portal", "title": {"vi": "Mẫu", "en": "Sample"},
        "description": {"vi": "Mẫu.", "en": "Sample."}, "owner": "Benchmark", "cadence": "daily",
        "due": {"days_after": 1, "time": "05:30"}, "mode": "snapshot",
        "source": {"kind": "files", "connection": "documents", "path": "x.csv"},
        "format": {"kind": "csv", "delimiter": ";"}, "keys": ["ma"], "volume": {"empty_on_working_day": "refuse"},
        "max_quarantine_share": 0.5, "drift": {"added": "report", "missing": "refuse"}, "columns": columns,
    })  # fmt: skip
    reference = read_reference(SEEDS, ENDPOINTS_FILE)
    reading = Reading(file.name, contract, Partition.of_day(date(2026, 11, 30)), reference, b"for the benchmark only")
    return parse(file, reading).rows.height


def duckdb(file: Path) -> int:
    """The bare statement, into a file beside the CSV."""
    import duckdb as engine  # noqa: PLC0415

    types = {name: "BIGINT" if name.startswith("so_") else "VARCHAR" for name in _HEADINGS} | {"ngay": "DATE"}
    with engine.connect(str(file.with_suffix(".duckdb"))) as connection:
        connection.execute(
            f"CREATE TABLE rows AS FROM read_csv(?, header = true, delim = ';', types = {types}, dateformat = '%d/%m/%Y')",
            [str(file)],
        )
        return int(connection.execute("SELECT count(*) FROM rows").fetchall()[0][0])


_CONTESTANTS = {"duckdb": duckdb, "khotinh": khotinh}


def main() -> None:
    """Writes the file, runs both and prints seconds, ratio and peak memory."""
    if len(sys.argv) > 2:  # noqa: PLR2004 (a contestant and its file)
        name, file = sys.argv[1], Path(sys.argv[2])
        compete(name, lambda: _CONTESTANTS[name](file))
        return
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with TemporaryDirectory(prefix="khotinh-bench-") as work:
        file = Path(work) / "statistics.csv"
        write_statistics(file, rows)
        runs = {name: [run_apart("benchmarks.delimited_file", name, file)] for name in _CONTESTANTS}
        bytes_written = file.stat().st_size
    show(f"{rows:,} rows of CSV, {bytes_written / 1e6:,.0f} MB, to typed rows", runs, bare_DuckDB="duckdb")


if __name__ == "__main__":
    main()
