"""The installed command, in a process of its own that need not import everything first.

A server process has imported what the command imports (seconds of processor time) and runs nothing itself; each command
is a fork of it, with its own environment, folder and output, and ends with its own exit code.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory

_IMPORTED = ["pipelines.cli.app", "pipelines.orchestration", "pipelines.validate.great_expectations_runner"]


def run_command(arguments: Sequence[str], environment: Mapping[str, str], folder: Path) -> CompletedProcess[str]:
    """Runs `khotinh` with these arguments in that folder, and with this environment only."""
    with TemporaryDirectory(prefix="khotinh-output-") as outputs:
        stdout, stderr = Path(outputs, "stdout"), Path(outputs, "stderr")
        process = _server().Process(target=_run, args=(list(arguments), dict(environment), folder, stdout, stderr))
        process.start()
        process.join()
        assert process.exitcode is not None
        return CompletedProcess(
            ["khotinh", *arguments], process.exitcode, stdout.read_text("utf-8"), stderr.read_text("utf-8")
        )


def _server() -> ForkServerContext:
    context = get_context("forkserver")
    context.set_forkserver_preload(_IMPORTED)
    return context


def _run(arguments: list[str], environment: dict[str, str], folder: Path, stdout: Path, stderr: Path) -> None:
    for file, descriptor in ((stdout, 1), (stderr, 2)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), descriptor)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["khotinh", *arguments]

    from pipelines.cli.app import main  # noqa: PLC0415  (in the command's process, as the installed script does)

    main()
