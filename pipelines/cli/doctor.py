"""`khotinh doctor`: does every setting work, and is the machine fit? Nothing is written."""

from __future__ import annotations

import shutil
from contextlib import suppress
from typing import Annotated

import typer

from pipelines.build import dbt_executable
from pipelines.cli.console import ExitCode, print_json, screen, tells_errors
from pipelines.connections import address_setting
from pipelines.contracts import DropFolder
from pipelines.errors import KhoTinhError, NotThereError, SettingError
from pipelines.extract import Stray, dropped, reach, strays
from pipelines.indicator_names import require_known_names
from pipelines.indicators import read_indicators
from pipelines.ingest import Workshop
from pipelines.settings import DBT_PROJECT, SEEDS, Settings, read_settings

NOT_CONNECTED = "not connected"
_LEAST_FREE_BYTES = 5 * 1024**3


@tells_errors
def doctor(as_json: Annotated[bool, typer.Option("--json", help="In kết quả dạng JSON | Print JSON.")] = False) -> None:
    """Kiểm tra cấu hình, kết nối và máy | Check settings, connections and the machine."""
    settings = read_settings()
    workshop = Workshop(settings)
    findings = [*_of_the_project(workshop), *_of_the_machine(settings)]
    findings += [
        (f"connection {name}", None if error is None else str(error))
        for name, error in reach.check(workshop.contracts.values(), settings)
    ]
    absent = sorted(
        {contract.source.connection for contract in workshop.contracts.values()}
        - {contract.source.connection for contract in workshop.asked().values()}
    )
    findings += _of_the_drops(workshop)
    findings += [
        (f"file {stray.folder}", f"{stray.told_name}: {stray.vi} | {stray.en}.") for stray in find_strays(workshop)
    ]
    if as_json:
        told = [{"what": what, "is_well": error is None, "finding": error} for what, error in findings]
        print_json(
            told + [{"what": f"connection {name}", "is_well": True, "finding": NOT_CONNECTED} for name in absent]
        )
    else:
        for what, error in findings:
            mark = "[green]✓[/]" if error is None else "[red]✗[/]"
            screen.print(f"{mark} {what}{'' if error is None else f': {error}'}", soft_wrap=True)
        for name in absent:
            screen.print(f"[dim]– connection {name}: chưa kết nối | {NOT_CONNECTED} ({address_setting(name)})[/]")
    raise typer.Exit(ExitCode.FAILED if any(error for _, error in findings) else ExitCode.DONE)


def _of_the_drops(workshop: Workshop) -> list[tuple[str, str | None]]:
    """Drop folders that are not there below a connection that works."""
    findings: list[tuple[str, str | None]] = []
    for dataset, contract in workshop.asked().items():
        if isinstance(contract.source, DropFolder):
            try:
                dropped(contract, workshop.settings)
            except NotThereError as error:
                findings.append((f"drop folder of {dataset}", str(error)))
            except KhoTinhError:
                continue  # Told of its connection.
    return findings


def find_strays(workshop: Workshop) -> list[Stray]:
    """Files in drop folders that no contract takes; none of a folder that cannot be looked into, which is told apart."""
    found = []
    contracts = [contract for contract in workshop.asked().values() if isinstance(contract.source, DropFolder)]
    # Several contracts may share a folder; one that is not there must not silence the others.
    folders = {(source.connection, source.folder) for c in contracts if isinstance(source := c.source, DropFolder)}
    for folder in sorted(folders):
        own = [c for c in contracts if isinstance(s := c.source, DropFolder) and (s.connection, s.folder) == folder]
        with suppress(KhoTinhError):
            found += strays(own, workshop.settings)
    return found


def _of_the_project(workshop: Workshop) -> list[tuple[str, str | None]]:
    findings: list[tuple[str, str | None]] = []
    for what, look in (
        ("contracts", lambda: workshop.contracts),
        ("expectations", lambda: (workshop.suites, workshop.mart_suites)),
        ("indicators", lambda: _require_sound_indicators(workshop)),
        ("pseudonym key", workshop.settings.hash_key),
    ):
        try:
            look()
        except KhoTinhError as error:
            findings.append((what, str(error)))
        else:
            findings.append((what, None))
    return findings


def _require_sound_indicators(workshop: Workshop) -> None:
    """The registry's rows, and every name in them and in the seeds that stand on them."""
    read_indicators(SEEDS / "indicators.csv")
    require_known_names(SEEDS, DBT_PROJECT / "models", workshop.contracts.values())


def _of_the_machine(settings: Settings) -> list[tuple[str, str | None]]:
    place = next(folder for folder in (settings.home.resolve(), *settings.home.resolve().parents) if folder.exists())
    free = shutil.disk_usage(place).free
    space = (
        None
        if free >= _LEAST_FREE_BYTES
        else str(SettingError("KHOTINH_HOME", f"only {free / 1024**3:.1f} GB are free.", "Make room or move it."))
    )
    dbt = None if dbt_executable().exists() else f"{dbt_executable()} is missing. Run make setup."
    return [("disk space", space), ("dbt", dbt)]
