"""`khotinh demo`: brings the demo province up, by itself or for one whole run on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Annotated

import typer

from pipelines.cli.console import screen, tells_errors
from pipelines.cli.run import run_days
from pipelines.errors import PermanentError
from pipelines.settings import PROJECT, Settings, read_settings

DEMO_DAYS = (date(2026, 11, 2), date(2026, 11, 8))
_STOP_SECONDS = 20
_MARK = "demo-province"
"""File in a home that says whose data it holds."""

demo = typer.Typer(no_args_is_help=True, help="Tỉnh mẫu có đáp án biết trước | A demo province with known answers.")

First = Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="Ngày đầu | First day.")]
Last = Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Ngày cuối | Last day.")]
Scale = Annotated[
    float, typer.Option(min=0.01, max=10, help="Quy mô so với một tỉnh thật | Size, 1 is a real province.")
]
Seed = Annotated[int | None, typer.Option(help="Cùng hạt giống, cùng số liệu | The same seed gives the same bytes.")]
Fault = Annotated[
    list[str] | None,
    typer.Option(
        help="Lỗi dựng sẵn, lặp lại được; `none` là không lỗi | A fault by name, may be repeated; `none` for none."
    ),
]


@demo.command("run")
@tells_errors
def run_demo(
    first: First = datetime(2026, 11, 2), last: Last = datetime(2026, 11, 8), scale: Scale = 1.0, seed: Seed = None,
    fault: Fault = None, as_json: Annotated[bool, typer.Option("--json", help="In kết quả dạng JSON | Print JSON.")] = False,
) -> None:  # fmt: skip
    """Dựng tỉnh mẫu, kéo bảy ngày, công bố | Bring the province up, pull its days, publish."""
    _take_home(read_settings())
    if not as_json:
        screen.print(f"Tỉnh mẫu | Demo province: {first:%d/%m/%Y} – {last:%d/%m/%Y}, quy mô | scale {scale:g}")
    with served_province(first.date(), last.date(), scale=scale, seed=seed, faults=fault):
        code = run_days(read_settings(), first.date(), last.date(), [], as_json=as_json)
    raise typer.Exit(code)


def _take_home(settings: Settings) -> None:
    """Marks the home as the demo's: its figures must never stand among a real province's.

    Raises:
        PermanentError: The home holds data that another run brought.
    """
    mark = settings.home / _MARK
    if settings.warehouse_file.exists() and not mark.exists():
        raise PermanentError(
            f"{settings.home} holds a warehouse that the demo province did not make.",
            "Give the demo a home of its own: KHOTINH_HOME=/tmp/demo khotinh demo run.",
        )
    settings.check_home()
    settings.home.mkdir(parents=True, exist_ok=True)
    mark.touch()


@demo.command()
@tells_errors
def serve(
    first: First = datetime(2026, 11, 2), last: Last = datetime(2026, 11, 8), scale: Scale = 1.0, seed: Seed = None,
    fault: Fault = None,
) -> None:  # fmt: skip
    """Dựng tỉnh mẫu và để đó | Bring the province up and leave it up; prints its settings for another terminal."""
    with served_province(first.date(), last.date(), scale=scale, seed=seed, faults=fault) as environment:
        for name, value in environment.items():
            sys.stdout.write(f"export {name}='{value}'\n")
        sys.stdout.flush()
        screen.print("# Ctrl+C để dừng | to stop")
        try:
            sys.stdin.read()
        except KeyboardInterrupt:
            return


@contextmanager
def served_province(
    first: date, last: date, *, scale: float, seed: int | None, faults: Sequence[str] | None
) -> Iterator[dict[str, str]]:  # fmt: skip
    """The demo province in a process of its own; its settings are in the environment while it is up.

    Raises:
        PermanentError: It did not come up.
    """
    command = [sys.executable, "-m", "demo.serve", "--from", str(first), "--to", str(last), "--scale", str(scale)]
    command += ["--seed", str(seed)] if seed is not None else []
    command += ["--no-faults"] if faults == ["none"] else [part for name in faults or [] for part in ("--fault", name)]
    process = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            raise PermanentError("The demo province did not come up.", "Its own message stands above.")
        environment: dict[str, str] = json.loads(line)["environment"]
        before = {name: os.environ.get(name) for name in environment}
        os.environ.update(environment)
        try:
            yield environment
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
    finally:
        if process.stdin:
            process.stdin.close()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
