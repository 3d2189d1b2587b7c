"""`khotinh quarantine`: rows set apart, told, handed out to those who mend them, and judged again."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from pipelines.calendar import Partition
from pipelines.cli.console import ExitCode, print_json, screen, table, tells_errors
from pipelines.cli.quarantine_told import (
    count_as_json,
    row_as_json,
    show_counts,
    show_refused,
    show_replay,
    show_rows,
)
from pipelines.cli.republish import Republished, republish, show_publishing
from pipelines.errors import PermanentError
from pipelines.ingest import Workshop
from pipelines.quarantine.held import (
    Choice,
    count_reasons,
    newest_day,
    open_quarantine,
    read_rows,
    refused_files,
    save_rows,
)
from pipelines.quarantine.mending import Mending
from pipelines.quarantine.workbook import Words, write_workbooks
from pipelines.replay import Replay
from pipelines.replay import replay as replay_quarantine
from pipelines.settings import Settings, read_settings
from pipelines.vietnamese import reason_vi

quarantine = typer.Typer(
    no_args_is_help=True,
    help="Dòng bị cách ly: xem, xuất cho đơn vị sửa, chấm lại | Rows set apart: list, hand out, judge again.",
)

Dataset = Annotated[str | None, typer.Option(help="Chỉ bộ dữ liệu này | Only this dataset.")]
Unit = Annotated[
    str | None, typer.Option(help="Mã đơn vị, gồm cả đơn vị trực thuộc | Agency code, with the units below it.")
]
First = Annotated[
    datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="Kỳ từ ngày | Periods from this day.")
]
Last = Annotated[
    datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Kỳ đến ngày | Periods up to this day.")
]
Until = Annotated[
    datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], help="Kỳ đến ngày | Periods up to this day.")
]
AsJson = Annotated[bool, typer.Option("--json", help="In kết quả dạng JSON | Print JSON.")]


@quarantine.command("list")
@tells_errors
def show(
    dataset: Dataset = None, unit: Unit = None, first: First = None, last: Last = None,
    reasons: Annotated[bool, typer.Option("--reasons", help="Gộp mọi đơn vị theo lý do | By reason, over all units.")] = False,
    rows: Annotated[bool, typer.Option("--rows", help="Từng dòng, dữ liệu cá nhân được che | Single rows, personal cells masked.")] = False,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Dòng nào đang bị cách ly, vì sao, tăng hay giảm | What is in quarantine, why, and how it moves."""
    workshop, choice = Workshop(read_settings()), _choice(dataset, unit, first, last)
    _check_dataset(workshop, dataset)
    _check_unit(workshop, unit)
    with open_quarantine(workshop.settings) as connection, _aside(workshop.settings) as folder:
        until = newest_day(connection, choice)
        counts = count_reasons(connection, choice, by_unit=not reasons)
        refused = refused_files(connection, choice)
        total = save_rows(connection, choice, Path(folder) / "rows.parquet")
        held = list(read_rows(Path(folder) / "rows.parquet")) if rows else []
    mending = Mending(workshop)
    if as_json:
        print_json(
            {
                "until": until,
                "rows": total,
                "reasons": [count_as_json(workshop, mending, count) for count in counts],
                "refused_files": [asdict(file) for file in refused],
                **({"quarantined_rows": [row_as_json(workshop, mending, row) for row in held]} if rows else {}),
            }
        )
        return
    if rows:
        show_rows(workshop, mending, held)
    else:
        show_counts(workshop, mending, counts, reasons=reasons)
    show_refused(workshop, refused)
    if until is not None:
        screen.print(
            f"Đang cách ly | In quarantine: [bold]{total}[/] dòng. Tuần này: bảy ngày đến {until:%d/%m/%Y}; số liệu tháng: "
            "tháng mới nhất. Tỷ lệ trên số dòng đọc của cả bộ dữ liệu; dòng sai nhiều chỗ được đếm ở từng lý do."
        )


@quarantine.command()
@tells_errors
def export(
    to: Annotated[Path, typer.Option("--to", help="Thư mục nhận các tệp | Folder for the files.", file_okay=False)],
    dataset: Dataset = None, unit: Unit = None, first: First = None, until: Until = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Xuất mỗi đơn vị một tệp Excel: dòng nào, sai gì, sửa thế nào | One workbook a unit: which rows, what is wrong, how to mend it."""
    workshop, choice = Workshop(read_settings()), _choice(dataset, unit, first, until)
    _check_dataset(workshop, dataset)
    _check_unit(workshop, unit)
    with _aside(workshop.settings) as folder:
        file = Path(folder) / "rows.parquet"
        with open_quarantine(workshop.settings) as connection:
            day = newest_day(connection, choice)
            counts = count_reasons(connection, choice)
            save_rows(connection, choice, file)
        words = Words(Mending(workshop), partial(reason_vi, workshop))
        try:
            written = write_workbooks(to, read_rows(file), counts, day, words) if day else []
        except OSError as error:
            raise PermanentError(f"{to} cannot be written: {error.strerror}.", "Name another folder.") from error
    if as_json:
        print_json([asdict(book) for book in written])
        return
    if not written:
        screen.print("[green]Không có dòng nào bị cách ly | Nothing is in quarantine.[/]")
        return
    shown = [(book.file.name, book.unit_code or "", book.unit_name, book.rows) for book in written]
    table(f"Đã xuất vào | Written to {to}", ("Tệp", "Mã đơn vị", "Đơn vị", "Số dòng"), shown, ("Số dòng",))
    left_out = sum(book.rows_left_out for book in written)
    if left_out:
        screen.print(
            f"[yellow]{left_out} dòng không vừa trang; mỗi tệp ghi rõ | rows did not fit; each file says so.[/]"
        )


@quarantine.command()
@tells_errors
def replay(
    dataset: Dataset = None,
    period: Annotated[str | None, typer.Option(help="Chỉ kỳ này: YYYY-MM-DD hoặc YYYY-MM | Only this period.")] = None,
    publish: Annotated[bool, typer.Option("--publish/--no-publish", help="Dựng và công bố sau khi nạp | Build and publish afterwards.")] = True,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Chấm lại các tệp có dòng cách ly, sau khi hợp đồng, quy tắc hay danh mục được sửa | Judge again after rules were mended."""
    workshop = Workshop(read_settings())
    _check_dataset(workshop, dataset)
    done = replay_quarantine(workshop, dataset, _partition_key(period))
    has_loaded = any(item.load_id for item in done.replayed)
    published = republish(workshop) if publish and has_loaded else Republished()
    code = _exit_code(done, published.failure)
    if as_json:
        print_json(
            {
                "exit_code": int(code),
                "replayed": [asdict(item) for item in done.replayed],
                "unchanged": done.unchanged,
                "published_version": published.version,
                "publish_failure": published.failure,
            }
        )
    else:
        show_replay(workshop, done)
        show_publishing(published)
        if has_loaded and not publish:
            screen.print(
                "Đã nạp, chưa công bố: chạy khotinh run | Loaded, not published: run khotinh run.", soft_wrap=True
            )
    raise typer.Exit(code)


def _exit_code(done: Replay, failure: str | None) -> ExitCode:
    if failure or any(item.failure for item in done.replayed):
        return ExitCode.FAILED
    return ExitCode.REFUSED if any(item.verdict == "refused" for item in done.replayed) else ExitCode.DONE


def _choice(dataset: str | None, unit: str | None, first: datetime | None, last: datetime | None) -> Choice:
    if first is not None and last is not None and first > last:
        raise typer.BadParameter("ngày đầu sau ngày cuối | the first day is after the last")
    return Choice(dataset, unit, _day(first), _day(last))


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _partition_key(period: str | None) -> str | None:
    """The period as the ledger spells it, or a usage error."""
    if period is None:
        return None
    try:
        return period if Partition.parse(period) else None
    except PermanentError as error:
        raise typer.BadParameter(str(error)) from error


def _check_dataset(workshop: Workshop, dataset: str | None) -> None:
    if dataset is not None and dataset not in workshop.contracts:
        raise typer.BadParameter(f"{dataset}: không có bộ dữ liệu này. Có | There are: {', '.join(workshop.contracts)}")


def _check_unit(workshop: Workshop, unit: str | None) -> None:
    """A usage error for what is no unit's code, with the units that may be meant: no row is no news of a unit then."""
    named = {known.unit_code: known.name_vi for known in workshop.reference.units}
    if unit is None or unit in named:
        return
    names = get_close_matches(unit, named.values(), n=3)
    meant = [*(code for code, name in named.items() if name in names), *get_close_matches(unit, named, n=3)]
    hint = "; ".join(f"{code} {named[code]}" for code in dict.fromkeys(meant))
    raise typer.BadParameter(
        f"{unit}: không có mã đơn vị này | no unit has this code."
        + (f" Có phải | Did you mean {hint}?" if hint else "")
    )


def _aside(settings: Settings) -> TemporaryDirectory[str]:
    """A folder for the chosen rows, private as the warehouse is."""
    return TemporaryDirectory(dir=settings.home if settings.home.exists() else None, prefix="quarantine-")
