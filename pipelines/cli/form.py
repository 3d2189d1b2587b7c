"""`khotinh form`: a form that the province sends, as the file itself, filled from what is published."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer

from pipelines.calendar import Partition
from pipelines.cli.console import ExitCode, print_json, screen, tells_errors
from pipelines.cli.reader import open_published, query
from pipelines.errors import PermanentError
from pipelines.forms.ii06a import LEVELS, PROVINCE, Form, Scope, read_form
from pipelines.forms.ii06a_checks import Check, State, checks, may_be_sent
from pipelines.forms.ii06a_told import cell_name, period, problems, subject
from pipelines.forms.ii06a_workbook import write_form
from pipelines.reference import name_key
from pipelines.settings import Settings, read_settings

FORMS = ("II.06a",)
_UNITS = """
    SELECT unit_code, arg_max(unit_type, valid_from), arg_max(parent_unit_code, valid_from), list(unit_name_vi)
    FROM core.dim_unit GROUP BY unit_code ORDER BY unit_code
"""


@tells_errors
def form(
    name: Annotated[str, typer.Argument(metavar="BIEU", help="Biểu: II.06a | The form: II.06a.")],
    month: Annotated[str, typer.Option("--period", metavar="YYYY-MM", help="Tháng báo cáo | The month.")],
    level: Annotated[str | None, typer.Option(help="Chỉ một cấp: province, district, commune | One level only.")] = None,
    unit: Annotated[str | None, typer.Option(help="Chỉ một đơn vị, theo mã hoặc tên | One unit only, by its code or name.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", dir_okay=False, help="Tệp xlsx cần ghi; mặc định đặt tên theo kỳ, ở thư mục hiện tại | The file; by default named after the period, in this folder.")] = None,
    force: Annotated[bool, typer.Option("--force", "-f", help="Ghi đè tệp đã có | Replace a file that is there.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="In kết quả dạng JSON | Print JSON.")] = False,
) -> None:  # fmt: skip
    """Lập biểu gửi đi từ số liệu đã công bố, kèm phép kiểm | Fill a form from what is published, with its checks.

    II.06a/VPCP/KSTT (TT 01/2020/TT-VPCP): theo cấp và lĩnh vực, hoặc của một cấp, một đơn vị. Bốn phép cộng của biểu, cột 6 với cột 11 kỳ trước và dòng tổng được kiểm trước khi ghi; trong tệp, trang Kiểm tra có đủ công thức.

    By level and field, or of one level or unit. The form's four sums, column 6 against column 11 of the period before, and the totals are checked before it is written; in the file, the sheet Kiểm tra holds them as formulas.

    Mã thoát | Exit codes: 0 gửi được | may be sent; 3 đã ghi nhưng KHÔNG được gửi, có nói ô nào | written and marked as not to be sent, with the cells named; 2 gõ sai | usage; 1 chưa có số liệu của kỳ | no figures of the period.

    Ví dụ | Examples: khotinh form II.06a --period 2026-10; khotinh form II.06a --period 2026-10 --unit "Sở Y tế" -o so-y-te.xlsx
    """
    if name not in FORMS:
        raise typer.BadParameter(f"{name}: không có biểu này. Có | There are: {', '.join(FORMS)}")
    asked, settings = _month(month), read_settings()
    scope = _scope(settings, level, unit)
    file = output or Path(f"II.06a_{'_'.join(part for part in (asked.key, level, scope.unit) if part)}.xlsx")
    _check_file(file, force=force)
    with open_published(settings) as connection:
        filled = read_form(connection, asked, scope)
    done = checks(filled)
    try:
        write_form(file, filled, done)
    except OSError as error:
        raise PermanentError(f"{file} cannot be written: {error.strerror}.", "Name another file.") from error
    code = ExitCode.DONE if may_be_sent(filled, done) else ExitCode.REFUSED
    if as_json:
        print_json({**_document(filled, done), "file": str(file), "exit_code": int(code)})
    else:
        _show(filled, done, file)
    raise typer.Exit(code)


def _month(text: str) -> Partition:
    """The month as it was typed, 2026-10 or 202610; else a usage error."""
    wrong = typer.BadParameter(f"{text}: biểu lập theo tháng, YYYY-MM | the form is of a month, YYYY-MM")
    try:
        month = Partition.as_typed(text)
    except PermanentError as error:
        raise wrong from error
    if month.first_day == month.last_day:
        raise wrong
    return month


def _scope(settings: Settings, level: str | None, unit: str | None) -> Scope:
    """Whose form is asked for; a usage error for a level or a unit that has none."""
    if level is not None and (not level or level not in LEVELS):
        raise typer.BadParameter(f"{level}: không có cấp này. Có | There are: {', '.join(filter(None, LEVELS))}")
    if unit is None:
        return Scope(level)
    if level is not None:
        raise typer.BadParameter("--level không đi cùng --unit | --level goes without --unit")
    found = query(settings, _UNITS)
    meant = [one for one in found if one[0] == unit] or [
        one for one in found if name_key(unit) in {name_key(name) for name in one[3]}
    ]
    if not meant:
        near = get_close_matches(unit, sorted({name for one in found for name in one[3]}), n=3)
        hint = f". Gần giống | Near: {', '.join(near)}" if near else ""
        raise typer.BadParameter(f"{unit}: không có đơn vị này | no such unit{hint}")
    if len(meant) > 1:
        codes = ", ".join(one[0] for one in meant)
        raise typer.BadParameter(f"{unit}: nhiều đơn vị cùng tên, hãy gõ mã | several units, give the code: {codes}")
    [(code, unit_type, parent, _)] = meant
    if unit_type == "sub_unit":
        raise typer.BadParameter(f"{unit}: tính vào đơn vị cấp trên | counts for the unit above it: {parent}")
    return Scope(unit=code if code != PROVINCE else None)


def _check_file(file: Path, *, force: bool) -> None:
    """A usage error for a file that is no workbook by its name, has no folder, or would be lost."""
    if file.suffix.casefold() != ".xlsx":
        raise typer.BadParameter(f"{file}: tên tệp phải kết thúc bằng .xlsx | the file's name must end in .xlsx")
    if not file.parent.is_dir():
        raise typer.BadParameter(f"{file.parent}: không có thư mục này | there is no such folder")
    if file.exists() and not force:
        raise typer.BadParameter(
            f"{file}: đã có tệp này; thêm --force để ghi đè | is there already; add --force to replace it"
        )


def _document(filled: Form, done: list[Check]) -> dict[str, object]:
    open_checks = [check for check in done if check.state is not State.HOLDS]
    return {
        "form": "II.06a", "period": filled.month.key, "level": filled.scope.level, "unit_code": filled.scope.unit,
        "version": filled.version, "first_date": filled.first_date, "last_date": filled.last_date,
        "days_covered": filled.days_covered, "days_expected": filled.days_expected, "is_complete": filled.is_complete,
        "may_be_sent": may_be_sent(filled, done),
        "rows": [
            {"kind": row.kind.value, "label": row.label, "columns": {str(number): figure for number, figure in row.figures.items()},
             "channel_unreported": row.unreported}
            for row in filled.rows
        ],
        "checks": {state.value: sum(check.state is state for check in done) for state in State},
        "open_checks": [
            {"cell": cell_name(check.row, check.column), "row": filled.rows[check.row].label, "rule": check.says,
             "state": check.state.value, "left": check.left, "right": check.right}
            for check in open_checks
        ],
        "problems": [{"vi": vi, "en": en} for vi, en in problems(filled, done)],
    }  # fmt: skip


def _show(filled: Form, done: list[Check], file: Path) -> None:
    total = filled.rows[-1].figures
    screen.print(f"[bold]II.06a/VPCP/KSTT[/] {subject(filled)}, {period(filled)}", soft_wrap=True)
    figures = (
        ("tiếp nhận | received", 3),
        ("đã giải quyết | settled", 7),
        ("quá hạn", 10),
        ("đang giải quyết | open", 11),
        ("quá hạn", 13),
    )
    told = [
        f"{text} ({column}): {'–' if total[column] is None else f'{total[column]:,}'.replace(',', '.')}"
        for text, column in figures
    ]
    screen.print(f"  {'; '.join(told)}", markup=False, soft_wrap=True)
    for vi, en in problems(filled, done):
        screen.print(f"  - {vi} | {en}", markup=False, soft_wrap=True)
    if may_be_sent(filled, done):
        screen.print("[green]Gửi được | May be sent.[/]")
    else:
        screen.print("[yellow]KHÔNG GỬI | Not to be sent:[/] biểu đã ghi rõ | the form says so.")
    screen.print(f"Đã ghi | Written: {file}", markup=False, soft_wrap=True)
