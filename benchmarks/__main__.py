"""`make bench`: every contestant in turn, in one run, as ratios."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.bulk_ingest import CONTESTANTS
from benchmarks.contest import Run, run_apart, screen, show
from benchmarks.dossier_file import write_dossiers
from benchmarks.workbook_read import READERS, write_register

ROWS = int(os.environ.get("KHOTINH_BENCH_ROWS", "1000000"))
ROUNDS = int(os.environ.get("KHOTINH_BENCH_ROUNDS", "3"))
# dlt with Python rows takes minutes: it gets one row in ten, and its seconds are multiplied.
SAMPLE = 10
SHEET_ROWS = int(os.environ.get("KHOTINH_BENCH_SHEET_ROWS", "500000"))


def main() -> None:
    """Runs the bulk ingest of every contestant, round after round, and prints medians and ratios."""
    with TemporaryDirectory(prefix="khotinh-bench-") as work:
        file = Path(work) / "dossiers.csv"
        write_dossiers(file, ROWS)
        screen.print(
            f"{ROWS:,} dossiers, {file.stat().st_size / 1e6:,.0f} MB of CSV, {ROUNDS} rounds, {os.cpu_count()} cores\n"
        )
        runs: dict[str, list[Run]] = {name: [] for name in CONTESTANTS}
        sample = Path(work) / "sample.csv"
        write_dossiers(sample, ROWS // SAMPLE)
        for number in range(ROUNDS):
            for name in CONTESTANTS:
                home = Path(work) / f"{name}-{number}"
                home.mkdir()
                is_sampled = name == "dlt_rows"
                run = run_apart("benchmarks.bulk_ingest", name, sample if is_sampled else file, home)
                runs[name].append(run.times(SAMPLE if is_sampled else 1))
    show("Bulk ingest", runs, bare_DuckDB="duckdb", khotinh="khotinh")
    screen.print("rules_in_sql: the bare statement, and the row rules of the same suite as plain SQL.", style="dim")
    _read_workbooks()


def _read_workbooks() -> None:
    """Reads one register of many rows by each reader, round after round."""
    with TemporaryDirectory(prefix="khotinh-bench-") as work:
        file = Path(work) / "register.xlsx"
        write_register(file, SHEET_ROWS)
        screen.print(f"\n{SHEET_ROWS:,} rows of 12 columns, {file.stat().st_size / 1e6:,.0f} MB of .xlsx")
        runs: dict[str, list[Run]] = {name: [] for name in READERS}
        for _ in range(ROUNDS):
            for name in READERS:
                runs[name].append(run_apart("benchmarks.workbook_read", name, file, work))
    show("A workbook", runs, python_calamine="python_calamine")
    screen.print(
        "khotinh: to typed rows, every cell held to its contract; the other: its cells as Python's.", style="dim"
    )


if __name__ == "__main__":
    main()
