"""What every benchmark shares: a contestant in a process of its own, what it took, and a table of ratios."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import median
from time import monotonic

from rich.console import Console
from rich.table import Table

screen = Console(highlight=False)
_QUIET = {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}


@dataclass(frozen=True)
class Run:
    """What one contestant took once.

    Attributes:
        seconds: Of the work itself: interpreter start and imports are left out for all alike.
        peak_mb: Most memory that its process and those that it started ever held; the two need not fall together.
    """

    name: str
    rows: int
    seconds: float
    peak_mb: int

    def times(self, factor: int) -> Run:
        """As if the work had been so many times as long."""
        return replace(self, seconds=self.seconds * factor)


def compete(name: str, work: Callable[[], int]) -> None:
    """Does a contestant's work, in its own process, and says on standard output what it took."""
    started = monotonic()
    rows = work()
    seconds = monotonic() - started
    peak = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) // 1024
    sys.stdout.write(json.dumps(asdict(Run(name, rows, round(seconds, 3), peak))) + "\n")


def run_apart(module: str, *arguments: object) -> Run:
    """Starts a contestant's process and waits for what it says."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **_QUIET})
    run = Run(**json.loads(done.stdout.splitlines()[-1]))
    screen.print(f"  {run}", style="dim")
    return run


def show(title: str, runs: Mapping[str, Sequence[Run]], **bases: str) -> None:
    """Prints medians and peaks, and for each base, by its heading, how many times its seconds a contestant takes."""
    seconds = {name: median(run.seconds for run in own) for name, own in runs.items()}
    table = Table(title=title, title_justify="left")
    table.add_column("contestant")
    for heading in ("seconds (median)", *(f"x {base.replace('_', ' ')}" for base in bases), "peak MB"):
        table.add_column(heading, justify="right")
    for name, own in runs.items():
        ratios = [f"{seconds[name] / seconds[base]:.2f}" for base in bases.values()]
        table.add_row(name, f"{seconds[name]:.2f}", *ratios, f"{max(run.peak_mb for run in own):,}")
    screen.print(table)
