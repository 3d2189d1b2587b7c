"""Form II.06a in words: where a figure stands on the sheet, and why the form may not be sent."""

from __future__ import annotations

from collections.abc import Iterator

from xlsxwriter.utility import xl_rowcol_to_cell

from pipelines.forms.ii06a import LEVELS, Form, Restated
from pipelines.forms.ii06a_checks import Check, State, may_be_sent

# Above it: the title, the verdict, the unit of count, three rows of headings and the columns' numbers.
FIRST_BODY_ROW = 7


def cell_name(place: int, column: int) -> str:
    """The address on the sheet of a row's figure, by the form's own column number."""
    name: str = xl_rowcol_to_cell(FIRST_BODY_ROW + place, column - 1)
    return name


def subject(form: Form) -> str:
    """Whose dossiers the form counts."""
    if form.scope.level is not None:
        return LEVELS[form.scope.level]
    return form.reporter if form.scope.unit else "Toàn tỉnh"


def period(form: Form) -> str:
    """The period as the form names it: from and to only where every day between is counted."""
    if form.days_covered <= (form.last_date - form.first_date).days:
        counted = f"số liệu của {form.days_covered}/{form.days_expected} ngày, đến hết ngày {form.last_date:%d/%m/%Y}"
        return f"Tháng {form.month.first_day:%m/%Y} ({counted})"
    return f"Tháng {form.month.first_day:%m/%Y} (từ ngày {form.first_date:%d/%m/%Y} đến ngày {form.last_date:%d/%m/%Y})"


def verdict(form: Form, done: list[Check]) -> str:
    """One line for the form itself: whether it may be sent."""
    if may_be_sent(form, done):
        unchecked = any(check.state is State.UNKNOWN for check in done)
        return "Đủ điều kiện gửi: kỳ đủ ngày, các phép kiểm đều khớp" + (
            "; cột 6 không kiểm được vì kho không có kỳ trước." if unchecked else "."
        )
    return "KHÔNG GỬI: " + "; ".join(_short(form, done)) + ". Xem trang Kiểm tra."


def problems(form: Form, done: list[Check]) -> list[tuple[str, str]]:
    """Each reason against sending it and each check that could not be made, in Vietnamese and in English."""
    told = []
    if form.days_covered < form.days_expected:
        told.append((
            f"Kỳ chưa đủ: mới nạp {form.days_covered}/{form.days_expected} ngày, số liệu đến hết {form.last_date:%d/%m/%Y}.",
            f"The period is not whole: {form.days_covered} of {form.days_expected} days are loaded.",
        ))  # fmt: skip
    if not form.is_opening_known:
        told.append(
            (
                "Không biết tồn đầu kỳ: cột 3 và 6 để trống.",
                "The opening stock is not known: columns 3 and 6 are empty.",
            )
        )
    if not form.is_closing_known:
        told.append(
            (
                "Không biết tồn cuối kỳ: cột 11 đến 13 để trống.",
                "The closing stock is not known: columns 11 to 13 are empty.",
            )
        )
    if form.restated is not None:
        told.append(_moved(form.restated))
    told += [_broken(form, check) for check in done if check.state is State.BROKEN]
    if form.is_opening_known and any(row.open_before is None for row in form.rows):
        told.append((
            "Cột 6 không kiểm được: kho không có cột 11 của kỳ trước.",
            "Column 6 cannot be checked: the file does not hold column 11 of the period before.",
        ))  # fmt: skip
    return told


def _short(form: Form, done: list[Check]) -> Iterator[str]:
    if not form.is_complete:
        yield f"kỳ chưa đủ ({form.days_covered}/{form.days_expected} ngày)"
    if form.restated is not None:
        yield "tháng đã chốt, số nay khác số đã chốt"
    if broken := sum(check.state is State.BROKEN for check in done):
        yield f"{broken} phép kiểm không khớp"


def _moved(restated: Restated) -> tuple[str, str]:
    columns = ", ".join(map(str, restated.columns))
    vi = (
        f"Tháng đã chốt lúc {restated.closed_at:%H:%M ngày %d/%m/%Y}; từ đó biểu đã đổi: {restated.rows} dòng (theo đơn vị "
        f"và lĩnh vực), ở cột {columns}. Biểu này là số hiện nay; số đã chốt nằm ở bản công bố {restated.version}. "
        "Muốn gửi số hiện nay thì mở lại tháng rồi chốt lại (khotinh close)."
    )
    en = (
        f"The month was closed at {restated.closed_at:%Y-%m-%d %H:%M}; since then the form moved: {restated.rows} rows (by "
        f"unit and field), in columns {columns}. This is today's count; what was closed is in the version "
        f"{restated.version}. To send today's, re-open the month and close it again (khotinh close)."
    )
    return vi, en


def _broken(form: Form, check: Check) -> tuple[str, str]:
    row = form.rows[check.row]
    where = f"{cell_name(check.row, check.column)} ({row.label})"
    vi = f"Ô {where}: {check.says} không khớp, {check.left} ≠ {check.right}."
    en = f"Cell {where}: {check.left} is not {check.right}."
    if check.is_with_the_period_before and form.before_closed_at is not None:
        vi += f" Cột 11 kỳ trước là số đã chốt lúc {form.before_closed_at:%H:%M ngày %d/%m/%Y}."
        en += f" Column 11 of the period before is as it was closed at {form.before_closed_at:%Y-%m-%d %H:%M}."
    if check.columns == (4, 5, 6) and check.left == (check.right or 0) + row.unreported:
        vi += f" {row.unreported} hồ sơ không ghi kênh nộp; đề nghị đơn vị bổ sung trên cổng."
        en += f" The channel of {row.unreported} dossiers was not reported."
    return vi, en
