"""What a publish costs after one more day, against a plain copy of the file last published; and what readers wait for.

`python -m benchmarks.publishing [--months 36] [--scale 0.5] [--days 3] [--keep FOLDER]` writes a history as
`benchmarks.history` does, publishes it, and then day by day: loads, builds, publishes, and copies the file that was last
published. Whatever a publish makes is counted: three files, the page, mart files, open data, catalogue, manifest. Then
every query of the page and of the recipes in `docs/querying` is asked of the last version, and its page is opened.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import monotonic, perf_counter
from typing import Any
from unittest.mock import patch

import duckdb
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from benchmarks.first_view import show_first_views
from benchmarks.history import BUILD, LAST_DAY, run_dbt, write_history, write_loads
from pipelines.contracts import read_contracts
from pipelines.page import write_page
from pipelines.page.published import Published, Row
from pipelines.publish.products import products_of
from pipelines.publish.publish import POINTER, publish
from pipelines.settings import PROJECT, SOURCES, Settings

COPIES = 3.0
MILLISECONDS = 100.0
ASKED = 5
_RECIPE = re.compile(r'"{1,3}\s*((?:SELECT|FROM)\b[^"]*?)"{1,3}')
screen = Console(highlight=False)


@dataclass(frozen=True)
class Asked:
    """A query and how long it takes: the median of some, in a process that has the file open."""

    source: str
    query: str
    milliseconds: float


def main() -> None:
    """Measures each day's publish, then the queries."""
    arguments = _arguments()
    with TemporaryDirectory(prefix="khotinh-publishing-") as work:
        folder, key = Path(arguments.keep or work), SecretStr("a key for the benchmark only")
        history, settings = (Settings(home=folder / name, pseudonym_key=key) for name in ("history", "home"))
        if not (history.home / "is_built").exists():
            write_history(history, arguments.months, arguments.scale)
        shutil.rmtree(settings.home, ignore_errors=True)
        shutil.copytree(history.home, settings.home)
        hidden = _pseudonyms()
        _publish(settings, hidden)
        ratios = [_day(settings, hidden, number, arguments.scale) for number in range(1, arguments.days + 1)]
        screen.print(f"a publish after one more day takes {median(ratios):.2f} x a plain copy (bar {COPIES:g})")
        _show_queries(settings.published_folder / POINTER)
        show_first_views(settings.published_folder / "page")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--months", type=int, default=36, help="length of the history")
    parser.add_argument(
        "--scale", type=float, default=0.5, help="share of a whole province's rows; 0.5 makes about 2 GB"
    )
    parser.add_argument("--days", type=int, default=3, help="days that are loaded, built and published")
    parser.add_argument("--keep", help="a folder that the home stays in; a history that lies there is used again")
    return parser.parse_args()


def _pseudonyms() -> tuple[str, ...]:
    contracts = read_contracts(SOURCES).values()
    return tuple({column.name for contract in contracts for column in contract.stored_columns if column.pseudonym})


def _day(settings: Settings, hidden: Sequence[str], number: int, scale: float) -> float:
    day = LAST_DAY + timedelta(days=number)
    write_loads(settings, day, day, scale, begins=False)
    run_dbt(settings, *BUILD)
    last = (settings.published_folder / POINTER).resolve()
    copied = _copy(last, settings.home / "copy.duckdb")
    published = _publish(settings, hidden)
    screen.print(
        f"  {last.stat().st_size / 1e9:.2f} GB: copied and brought to the disk in {copied:.1f} s, published in {published:.1f} s"
    )
    return published / copied


def _publish(settings: Settings, hidden: Sequence[str]) -> float:
    manifest = settings.dbt_target_folder / "manifest.json"
    started = monotonic()
    version = publish(settings, manifest, hidden, products=products_of(manifest), accepted_because="a benchmark")
    seconds = monotonic() - started
    if version.made_from is None:
        screen.print(f"  written whole in {seconds:.1f} s", style="dim")
    return seconds


def _copy(source: Path, target: Path) -> float:
    """Seconds of a plain copy that is as lasting as a publish."""
    started = monotonic()
    shutil.copyfile(source, target)
    with target.open("rb") as opened:
        os.fsync(opened.fileno())
    seconds = monotonic() - started
    target.unlink()
    return seconds


def _show_queries(published: Path) -> None:
    asked = sorted([*_page_queries(published), *_recipes(published)], key=lambda one: -one.milliseconds)
    table = Table("slowest queries", "ms", box=None)
    for one in asked[:10]:
        table.add_row(f"{one.source}: {' '.join(one.query.split())[:90]}", f"{one.milliseconds:.0f}")
    screen.print(table)
    slow = sum(one.milliseconds > MILLISECONDS for one in asked)
    screen.print(f"{len(asked)} queries, {slow} above {MILLISECONDS:g} ms")


def _page_queries(published: Path) -> list[Asked]:
    """Every query that the page asks, as it is made."""
    found: dict[tuple[str, str], Asked] = {}
    ask = Published.rows

    def timed(self: Published, query: str, parameters: Sequence[object] = ()) -> list[Row] | None:
        seconds = []
        for _ in range(ASKED):
            started = perf_counter()
            rows = ask(self, query, parameters)
            seconds.append(perf_counter() - started)
        key = (query, repr(parameters))
        found[key] = Asked("page", query, median(seconds) * 1000)
        return rows

    with TemporaryDirectory(prefix="khotinh-page-") as folder, patch.object(Published, "rows", timed):
        write_page(published, Path(folder) / "page")
    return list(found.values())


def _recipes(published: Path) -> Iterator[Asked]:
    """Every query in `docs/querying` that needs no server; what it asks to be filled in is filled with a figure's key."""
    with duckdb.connect(str(published), read_only=True) as connection:
        figure: tuple[Any, ...] = connection.execute(
            "SELECT indicator_code, unit_code, period FROM marts.indicator_monthly ORDER BY ALL LIMIT 1"
        ).fetchall()[0]
        for page in sorted((PROJECT / "docs" / "querying").glob("*.md")):
            for query in _RECIPE.findall(page.read_text(encoding="utf-8")):
                if "khotinh." in query or "'targets.parquet'" in query:
                    continue
                seconds = []
                for _ in range(ASKED):
                    started = perf_counter()
                    connection.execute(query, figure[: query.count("?")]).fetchall()
                    seconds.append(perf_counter() - started)
                yield Asked(page.name, query, median(seconds) * 1000)


if __name__ == "__main__":
    main()
