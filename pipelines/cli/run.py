"""`khotinh run`: pull, judge, load, build, publish."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from time import monotonic
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from pipelines import calendar
from pipelines.cli import summary
from pipelines.cli.console import ExitCode, errors, print_json, screen, tells_errors
from pipelines.cli.doctor import find_strays
from pipelines.connections import address_setting, variable
from pipelines.contracts import Contract
from pipelines.errors import SettingError
from pipelines.extract import reach
from pipelines.ingest import Workshop
from pipelines.load.ledger import Attempt
from pipelines.settings import Settings, read_settings


@tells_errors
def run(
    day: Annotated[datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="Một ngày; mặc định hôm qua | One day; yesterday if nothing is said.")] = None,
    first: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="Ngày đầu | First day.")] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Ngày cuối | Last day.")] = None,
    dataset: Annotated[list[str] | None, typer.Option(help="Chỉ bộ dữ liệu này (lặp lại được) | Only this dataset; may be repeated.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="In kết quả dạng JSON | Print JSON.")] = False,
) -> None:  # fmt: skip
    """Kéo, kiểm tra, nạp, dựng và công bố số liệu | Pull, judge, load, build and publish.

    Running a day again is safe: the same bytes change nothing, new bytes are a new revision.
    """
    days = _days(day, first, last)
    raise typer.Exit(run_days(read_settings(), *days, dataset or [], as_json=as_json))


def run_days(settings: Settings, first: date, last: date, datasets: Sequence[str], *, as_json: bool) -> int:
    """Runs the days and tells the story; the exit code comes back.

    Raises:
        SettingError: A place that never delivered anything cannot be reached; nothing was written.
        ContractError: A contract or a suite is malformed; nothing was written.
    """
    from pipelines.orchestration import run_days as run_in_dagster  # noqa: PLC0415  (Dagster takes seconds to import)

    started = monotonic()
    workshop = Workshop(settings)
    _check_datasets(workshop, datasets)
    check_settings(workshop, datasets)
    with _progress(workshop, first, last, datasets, hidden=as_json) as on_attempt:
        result = run_in_dagster(workshop, first, last, datasets, on_attempt)
    left = find_strays(workshop)
    code = summary.exit_code(result)
    if left and code is ExitCode.DONE:
        code = ExitCode.REFUSED
    if as_json:
        print_json(
            {
                **summary.as_json(result),
                "exit_code": int(code),
                "strays": [vars(stray) for stray in left],
                "not_connected": _not_connected(workshop),
            }
        )
    else:
        summary.show(result, workshop, monotonic() - started)
        for stray in left:
            told = f"{stray.told_name} ({stray.folder}): {stray.vi} | {stray.en}."
            screen.print("[bold yellow]Tệp chưa nhận | Not taken[/]", end=" ")
            screen.print(told, markup=False, soft_wrap=True)
        if absent := _not_connected(workshop):
            screen.print(f"Chưa kết nối | Not connected: {', '.join(absent)}", style="dim", soft_wrap=True)
    return int(code)


def _not_connected(workshop: Workshop) -> list[str]:
    """Datasets that no run asks for here: they are absent, and whoever reads the result must see it."""
    return sorted(workshop.contracts.keys() - workshop.asked().keys())


def check_settings(workshop: Workshop, datasets: Sequence[str]) -> None:
    """Stops before anything is written if a setting is wrong in a home that no run has written yet.

    In a home with a warehouse, a place that does not answer may be an outage at 05:30: it is warned of by the name of
    its setting, its datasets will be recorded as failed, and the others go on.

    Raises:
        SettingError: The first setting that is wrong.
        ContractError: A contract or a suite is malformed.
    """
    workshop.settings.check_home()
    workshop.settings.hash_key()
    _ = workshop.suites, workshop.mart_suites
    contracts = workshop.asked(datasets).values()
    for contract in contracts:
        if contract.is_optional and not workshop.settings.is_connected(contract.source.connection):
            raise not_connected(contract, workshop.settings)
    for _connection, finding in reach.check(contracts, workshop.settings):
        if finding is not None and not workshop.settings.warehouse_file.exists():
            raise finding
        if finding is not None:
            errors.print(f"[yellow]Cảnh báo | Warning:[/] {finding}", soft_wrap=True)


def not_connected(contract: Contract, settings: Settings) -> SettingError:
    """What is to be said of a dataset whose system this province has not connected."""
    if not settings.has_system(contract.source.connection):
        return SettingError(
            variable("systems"),
            f"does not name {contract.source.connection}: {contract.dataset} is not connected.",
            "Name it there if this home has it; the demo province has its own systems only.",
        )
    return SettingError(
        address_setting(contract.source.connection),
        f"is not set: {contract.dataset} is not connected.",
        "Set it if the province has this system.",
    )


def _check_datasets(workshop: Workshop, datasets: Sequence[str]) -> None:
    if unknown := sorted(set(datasets) - set(workshop.contracts)):
        raise typer.BadParameter(
            f"{', '.join(unknown)}: không có bộ dữ liệu này. Có | There are: {', '.join(workshop.contracts)}"
        )


def _days(day: datetime | None, first: datetime | None, last: datetime | None) -> tuple[date, date]:
    if day is not None and (first is not None or last is not None):
        raise typer.BadParameter("--date không đi cùng --from, --to | --date goes without --from and --to")
    if (first is None) != (last is None):
        raise typer.BadParameter("--from và --to đi cùng nhau | --from and --to go together")
    yesterday = calendar.today() - timedelta(days=1)
    if first is not None and last is not None:
        days = first.date(), last.date()
    else:
        days = (day.date(), day.date()) if day is not None else (yesterday, yesterday)
    if days[0] > days[1]:
        raise typer.BadParameter("--from sau --to | --from is after --to")
    if days[1] > yesterday:
        raise typer.BadParameter(f"{days[1]} chưa qua hết | is not over yet")
    return days


@contextmanager
def _progress(
    workshop: Workshop, first: date, last: date, datasets: Sequence[str], *, hidden: bool
) -> Iterator[Callable[[Attempt], None]]:
    daily = [name for name, contract in workshop.asked(datasets).items() if contract.cadence == "daily"]
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
    )
    with Progress(
        *columns, console=errors, transient=True, redirect_stdout=False, redirect_stderr=False, disable=hidden
    ) as progress:
        task = progress.add_task("Kéo và kiểm tra | Pulling and judging", total=len(daily) * ((last - first).days + 1))

        def on_attempt(attempt: Attempt) -> None:
            if len(attempt.partition_key) == len("YYYY-MM-DD"):
                progress.advance(task)
            if progress.finished:
                progress.update(task, description="Dựng và công bố | Building and publishing")

        yield on_attempt
