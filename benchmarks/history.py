"""Law 10 measured: a day's build after three years against a day's build after one month.

`python -m benchmarks.history [--months 1 --months 36] [--scale 1.0] [--keep FOLDER]` writes so many months of history,
builds the warehouse, loads one more day, and times the day's `dbt build`, models and data tests, as a run does it. Then
the warehouse is rebuilt whole, and every table must hold the same rows.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

import duckdb
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from benchmarks.history_rows import write_days
from pipelines.build import dbt_environment, dbt_executable
from pipelines.contracts import read_contracts
from pipelines.load.warehouse import prepare
from pipelines.settings import DBT_PROJECT, ENDPOINTS_FILE, SEEDS, SOURCES, Settings

LAST_DAY = date(2026, 11, 1)
DAYS_A_MONTH = 365.25 / 12
BAR = 2.0
BUILD = ("build", "--exclude-resource-type", "unit_test")
REGISTERS = {"units": SEEDS / "units.csv", "procedures": SEEDS / "procedures.csv", "endpoints": ENDPOINTS_FILE}
COMPARED = "schema_name IN ('core', 'marts', 'ops') AND NOT internal"
screen = Console(highlight=False)


@dataclass(frozen=True)
class Built:
    """One `dbt build`.

    Attributes:
        seconds: From the start of the process to its end.
        cpu_seconds: Of the processor, which a crowded machine changes less.
        peak_mb: Most memory that the process held.
        nodes: Seconds of each model and test.
    """

    seconds: float
    cpu_seconds: float
    peak_mb: int
    nodes: dict[str, float]


def main() -> None:
    """Measures each length of history and compares the shortest with the longest."""
    arguments = _arguments()
    with TemporaryDirectory(prefix="khotinh-history-") as work:
        folder = Path(arguments.keep or work)
        days = {months: _measure(folder / f"months-{months}", months, arguments) for months in sorted(arguments.months)}
    shortest, longest = days[min(days)], days[max(days)]
    screen.print(
        f"a day after {max(days)} months takes {longest.seconds / shortest.seconds:.2f} x a day after {min(days)} (bar {BAR:g}), "
        f"{longest.cpu_seconds / shortest.cpu_seconds:.2f} x its CPU"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--months", type=int, action="append", help="lengths of history (default 1 and 36)")
    parser.add_argument("--scale", type=float, default=1.0, help="share of a whole province's rows")
    parser.add_argument("--keep", help="a folder that the warehouses stay in; a history that lies there is used again")
    parser.add_argument("--no-rebuild", action="store_true", help="do not compare with a whole rebuild")
    arguments = parser.parse_args()
    arguments.months = arguments.months or [1, 36]
    return arguments


def _measure(folder: Path, months: int, arguments: argparse.Namespace) -> Built:
    settings = Settings(home=folder / "day", pseudonym_key=SecretStr("a key for the benchmark only"))
    history = Settings(home=folder / "history", pseudonym_key=settings.pseudonym_key)
    if not (history.home / "is_built").exists():
        write_history(history, months, arguments.scale)
    shutil.rmtree(settings.home, ignore_errors=True)
    settings.home.mkdir(parents=True)
    shutil.copy(history.warehouse_file, settings.warehouse_file)
    write_loads(settings, LAST_DAY + timedelta(days=1), LAST_DAY + timedelta(days=1), arguments.scale, begins=False)
    # The first build of a process's life parses the project; a day does not.
    run_dbt(settings, "parse")
    built = run_dbt(settings, *BUILD)
    _show(months, built, settings.warehouse_file)
    if not arguments.no_rebuild:
        rebuilt = Settings(home=folder / "rebuilt", pseudonym_key=settings.pseudonym_key)
        shutil.rmtree(rebuilt.home, ignore_errors=True)
        rebuilt.home.mkdir(parents=True)
        shutil.copy(settings.warehouse_file, rebuilt.warehouse_file)
        whole = run_dbt(rebuilt, *BUILD, "--full-refresh")
        screen.print(f"  rebuilt whole in {whole.seconds:.0f} s, peak {whole.peak_mb:,} MB")
        _compare(settings.warehouse_file, rebuilt.warehouse_file)
    return built


def write_history(settings: Settings, months: int, scale: float) -> None:
    """Writes so many months into a new home, and builds it."""
    shutil.rmtree(settings.home, ignore_errors=True)
    settings.home.mkdir(parents=True)
    started = monotonic()
    first = LAST_DAY - timedelta(days=round(months * DAYS_A_MONTH) - 1)
    write_loads(settings, first, LAST_DAY, scale, begins=True)
    written = monotonic()
    whole = run_dbt(settings, *BUILD)
    (settings.home / "is_built").touch()
    screen.print(
        f"{months} months: written in {written - started:.0f} s, built in {whole.seconds:.0f} s, peak {whole.peak_mb:,} MB, "
        f"{settings.warehouse_file.stat().st_size / 1e9:.1f} GB",
        style="dim",
    )


def write_loads(settings: Settings, first: date, last: date, scale: float, *, begins: bool) -> None:
    """Puts the loads of some days into a home's warehouse; `begins` with the stock that is open before the first."""
    with duckdb.connect(str(settings.warehouse_file)) as connection:
        prepare(connection, read_contracts(SOURCES).values())
        for name, file in REGISTERS.items():
            dated = "" if name == "procedures" else ", types = {'valid_from': 'DATE', 'valid_to': 'DATE'}"
            connection.execute(f"CREATE TEMPORARY TABLE {name} AS FROM read_csv('{file}', header = true{dated})")
        write_days(connection, first, last, scale, begins=begins)


def run_dbt(settings: Settings, *arguments: str) -> Built:
    """One dbt command in a home.

    Raises:
        SystemExit: It failed.
    """
    target = settings.dbt_target_folder
    target.mkdir(parents=True, exist_ok=True)
    command = [str(dbt_executable()), "--no-use-colors", "--quiet", *arguments]
    log = target / "bench.log"
    started = monotonic()
    with log.open("w") as output:
        process = subprocess.Popen(
            command, env={**os.environ, **dbt_environment(settings)}, cwd=DBT_PROJECT, stdout=output, stderr=output
        )
        _, status, usage = os.wait4(process.pid, 0)
    seconds = monotonic() - started
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"dbt {' '.join(arguments)} failed:\n{log.read_text()[-3000:]}")
    results = json.loads((target / "run_results.json").read_text())["results"] if arguments[0] == "build" else []
    nodes = {".".join(node["unique_id"].split(".")[2:3]): float(node["execution_time"]) for node in results}
    return Built(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024, nodes)


def _show(months: int, built: Built, file: Path) -> None:
    with duckdb.connect(str(file), read_only=True) as connection:
        rows = connection.execute(
            "SELECT (SELECT count(*) FROM core.fct_dossier), (SELECT count(*) FROM core.fct_document_delivery)"
        ).fetchall()[0]
    screen.print(
        f"{months} months, {rows[0]:,} dossiers, {rows[1]:,} deliveries: the day's build took {built.seconds:.1f} s, {built.cpu_seconds:.1f} s of CPU"
    )
    screen.print(
        f"  of it {sum(built.nodes.values()):.1f} s in {len(built.nodes)} models and tests; peak {built.peak_mb:,} MB"
    )
    table = Table("slowest", "seconds", box=None)
    for name, seconds in Counter(built.nodes).most_common(20):
        table.add_row(name, f"{seconds:.2f}")
    screen.print(table)


def _compare(one: Path, other: Path) -> None:
    """Every table of readers must hold the same rows, however it was built.

    Raises:
        SystemExit: They differ; the tables are named.
    """
    sums = [_checksums(file) for file in (one, other)]
    differing = sorted(name for name in sums[0].keys() | sums[1].keys() if sums[0].get(name) != sums[1].get(name))
    if differing:
        raise SystemExit(f"the increments differ from the rebuild: {', '.join(differing)}")
    screen.print(f"  {len(sums[0])} tables equal those of a whole rebuild, row by row")


def _checksums(file: Path) -> dict[str, tuple[int, int]]:
    with duckdb.connect(str(file), read_only=True) as connection:
        tables = connection.execute(
            f"SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE {COMPARED} ORDER BY ALL"
        ).fetchall()
        return {
            table: connection.execute(f"SELECT count(*), sum(hash(rows)::HUGEINT) FROM {table} AS rows").fetchall()[0]
            for (table,) in tables
        }


if __name__ == "__main__":
    main()
