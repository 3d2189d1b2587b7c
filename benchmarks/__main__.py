"""`make bench`: every contestant in turn, in one run, as ratios."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.bulk_ingest import CONTESTANTS
from benchmarks.dossier_file import write_dossiers
from benchmarks.workbook_read import READERS, write_register

ROWS = int(os.environ.get("KHOTINH_BENCH_ROWS", "1000000"))
ROUNDS = int(os.environ.get("KHOTINH_BENCH_ROUNDS", "3"))
# dlt with Python rows takes minutes: it gets one row in ten, and its seconds are multiplied.
SAMPLE = 10
SHEET_ROWS = int(os.environ.get("KHOTINH_BENCH_SHEET_ROWS", "500000"))
screen = Console(highlight=False)


def main() -> None:
    """Runs the bulk ingest of every contestant, round after round, and prints medians and ratios."""
    with TemporaryDirectory(prefix="khotinh-bench-") as work:
        file = Path(work) / "dossiers.csv"
        write_dossiers(file, ROWS)
        screen.print(
            f"{ROWS:,} dossiers, {file.stat().st_size / 1e6:,.0f} MB of CSV, {ROUNDS} rounds, {os.cpu_count()} cores\n"
        )
        runs: dict[str, list[dict[str, Any]]] = {name: [] for name in CONTESTANTS}
        sample = Path(work) / "sample.csv"
        write_dossiers(sample, ROWS // SAMPLE)
        for number in range(ROUNDS):
            for name in CONTESTANTS:
                home = Path(work) / f"{name}-{number}"
                home.mkdir()
                is_sampled = name == "dlt_rows"
                run = _run(name, sample if is_sampled else file, home)
                runs[name].append({**run, "seconds": run["seconds"] * (SAMPLE if is_sampled else 1)})
                screen.print(f"  {runs[name][-1]}", style="dim")
    _show(runs)
    _read_workbooks()


def _read_workbooks() -> None:
    """Reads one register of many rows by each reader, round after round."""
    with TemporaryDirectory(prefix="khotinh-bench-") as work:
        file = Path(work) / "register.xlsx"
        write_register(file, SHEET_ROWS)
        screen.print(f"\n{SHEET_ROWS:,} rows of 12 columns, {file.stat().st_size / 1e6:,.0f} MB of .xlsx")
        runs: dict[str, list[dict[str, Any]]] = {name: [] for name in READERS}
        for _ in range(ROUNDS):
            for name in READERS:
                runs[name].append(_run(name, file, Path(work), "benchmarks.workbook_read"))
                screen.print(f"  {runs[name][-1]}", style="dim")
    table = Table(title="A workbook", title_justify="left")
    for heading in ("reader", "seconds (median)", "x python-calamine", "peak MB"):
        table.add_column(heading, justify="right" if heading != "reader" else "left")
    bare = median(run["seconds"] for run in runs["python_calamine"])
    for name, own in runs.items():
        seconds = median(run["seconds"] for run in own)
        table.add_row(name, f"{seconds:.2f}", f"{seconds / bare:.2f}", f"{max(run['peak_mb'] for run in own):,}")
    screen.print(table)
    screen.print(
        "khotinh: to typed rows, every cell held to its contract; the other: its cells as Python's.", style="dim"
    )


def _run(name: str, file: Path, home: Path, module: str = "benchmarks.bulk_ingest") -> dict[str, Any]:
    command = [sys.executable, "-m", module, name, str(file), str(home)]
    environment = {**os.environ, "RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _show(runs: dict[str, list[dict[str, Any]]]) -> None:
    seconds = {name: median(run["seconds"] for run in own) for name, own in runs.items()}
    table = Table(title="Bulk ingest", title_justify="left")
    for heading in ("contestant", "seconds (median)", "x bare DuckDB", "khotinh is faster by", "peak MB"):
        table.add_column(heading, justify="right" if heading != "contestant" else "left")
    for name, own in runs.items():
        table.add_row(
            name, f"{seconds[name]:.2f}", f"{seconds[name] / seconds['duckdb']:.2f}",
            f"{seconds[name] / seconds['khotinh']:.2f}", f"{max(run['peak_mb'] for run in own):,}",
        )  # fmt: skip
    screen.print(table)
    screen.print("rules_in_sql: the bare statement, and the row rules of the same suite as plain SQL.", style="dim")


if __name__ == "__main__":
    main()
