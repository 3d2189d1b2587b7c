"""How commands speak: plain Vietnamese first, tables on a terminal, JSON where asked, and the exit codes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from enum import IntEnum
from functools import wraps
from typing import NoReturn, ParamSpec, TypeVar

import orjson
import typer
from rich.console import Console
from rich.table import Table

from pipelines.errors import KhoTinhError
from pipelines.notation import thousands

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")
# A file or a pipe has no width of its own; 80 columns would break every table.
screen = Console(highlight=False, width=None if sys.stdout.isatty() else 150)
errors = Console(stderr=True, highlight=False)


class ExitCode(IntEnum):
    """What a command's exit code says; 2 is the usage error that typer raises."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3


def print_json(value: object) -> None:
    """Prints one JSON document."""
    sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode() + "\n")


def table(title: str, headings: Sequence[str], rows: Sequence[Sequence[object]], numeric: Sequence[str] = ()) -> None:
    """Prints a table; columns named in `numeric` are aligned right and numbers get thousands separators."""
    shown = Table(title=title, title_justify="left", title_style="bold", header_style="bold cyan", show_edge=False)
    for heading in headings:
        shown.add_column(
            heading,
            justify="right" if heading in numeric else "left",
            overflow="fold",
            no_wrap=heading in numeric or heading == headings[0],
        )
    for row in rows:
        shown.add_row(*(thousands(cell) if isinstance(cell, int) else str(cell) for cell in row))
    screen.print(shown)
    screen.print()


def fail(message: str, code: ExitCode = ExitCode.FAILED) -> NoReturn:
    """Ends the command with one clear sentence."""
    errors.print(f"[bold red]Lỗi | Error:[/] {message}", soft_wrap=True)
    raise typer.Exit(code)


def tells_errors(command: Callable[_Parameters, _Result]) -> Callable[_Parameters, _Result]:
    """Turns our own errors into one sentence and exit code 1; any other is a bug and keeps its traceback."""

    @wraps(command)
    def told(*args: _Parameters.args, **kwargs: _Parameters.kwargs) -> _Result:
        try:
            return command(*args, **kwargs)
        except KhoTinhError as error:
            fail(f"{error.vi} | {error}" if error.vi else str(error))

    return told
