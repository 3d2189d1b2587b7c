"""`khotinh ui`: Dagster's pages, its daemon and its code server, supervised apart so that Ctrl+C ends all three."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from pipelines.cli.console import screen, tells_errors
from pipelines.settings import PROJECT, read_settings

_STOP_SECONDS = 15


@tells_errors
def ui(
    port: Annotated[int, typer.Option(help="Cổng của trang | Port of the page.")] = 3000,
    demo: Annotated[
        bool, typer.Option("--demo", help="Dựng tỉnh mẫu cùng lúc | Bring the demo province up too.")
    ] = False,
) -> None:
    """Mở trang Dagster trên máy này | Open Dagster's pages on this machine (loopback only)."""
    from pipelines.cli.demo import DEMO_DAYS, served_province  # noqa: PLC0415  (the demo is not always installed)
    from pipelines.killed_runs import only_ui  # noqa: PLC0415  (Dagster takes seconds to import)
    from pipelines.orchestration import dagster_home  # noqa: PLC0415  (Dagster takes seconds to import)

    with ExitStack() as stack:
        if demo:
            stack.enter_context(served_province(*DEMO_DAYS, scale=1.0, seed=None, faults=None))
        settings = read_settings()
        # The daemon stands in another folder: a relative home would be another one there.
        os.environ["KHOTINH_HOME"] = str(settings.home)
        dagster_home(settings)
        stack.enter_context(only_ui(settings))
        screen.print(f"http://127.0.0.1:{port}  (Ctrl+C để dừng | to stop)")
        _supervise(
            [_command("dagster-webserver", "-h", "127.0.0.1", "-p", str(port)), _command("dagster-daemon", "run")]
        )


def _command(name: str, *arguments: str) -> list[str]:
    return [str(Path(sys.executable).parent / name), *arguments, "-w", str(PROJECT / "workspace.yaml")]


def _supervise(commands: list[list[str]]) -> None:
    """Runs the commands until one ends or a signal comes, then ends them all."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    processes = [subprocess.Popen(command, env=os.environ, cwd=PROJECT) for command in commands]  # noqa: S603  (our own commands)
    try:
        os.wait()
    except KeyboardInterrupt:
        pass
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
