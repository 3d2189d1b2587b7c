"""Form II.06a as the file itself: the form's layout on A4 landscape, and its checks as live formulas beside it.

What stands in it and whether it may be sent was decided before; nothing is counted here. Names that come from outside
are written as texts and never as formulas.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from pipelines.forms.ii06a import COLUMNS, Form, Kind
from pipelines.forms.ii06a_checks import Check, State, may_be_sent
from pipelines.forms.ii06a_told import FIRST_BODY_ROW, cell_name, period, problems, subject, verdict

FORM_SHEET, CHECKS_SHEET, NOTES_SHEET = "II.06a", "Kiểm tra", "Ghi chú"
RESULTS = {State.HOLDS: "Đúng", State.BROKEN: "SAI", State.UNKNOWN: "Không kiểm được"}
UNKNOWN = "–"
_PAPER_A4 = 9
_WIDTHS = (5, 34, *[9.5] * len(COLUMNS))
_LAST = len(_WIDTHS) - 1
_HEADING_ROW = 3
# Rows whose texts take several lines: the title, the verdict, the lowest headings, the columns' numbers.
_HEIGHTS = {0: 90, 1: 32, 5: 48, 6: 26}
# First row below the heading row, first column, last row, last column, text.
_HEADINGS = (
    (0, 0, 2, 0, "STT"), (0, 1, 2, 1, "Lĩnh vực giải quyết"),
    (0, 2, 0, 5, "Số lượng hồ sơ tiếp nhận"), (1, 2, 2, 2, "Tổng số"), (1, 3, 1, 4, "Trong kỳ"),
    (2, 3, 2, 3, "Trực tuyến"), (2, 4, 2, 4, "Trực tiếp, dịch vụ bưu chính"), (1, 5, 2, 5, "Từ kỳ trước"),
    (0, 6, 0, 9, "Số lượng hồ sơ đã giải quyết"), (1, 6, 2, 6, "Tổng số"), (1, 7, 2, 7, "Trước hạn"),
    (1, 8, 2, 8, "Đúng hạn"), (1, 9, 2, 9, "Quá hạn"),
    (0, 10, 0, 12, "Số lượng hồ sơ đang giải quyết"), (1, 10, 2, 10, "Tổng số"), (1, 11, 2, 11, "Trong hạn"),
    (1, 12, 2, 12, "Quá hạn"),
)  # fmt: skip
_NUMBERS = {3: "(3)=(4)+(5)+(6)", 7: "(7)=(8)+(9)+(10)", 11: "(11)=(12)+(13)"}
_CHECK_HEADINGS = (
    ("Ô", 7),
    ("Dòng", 34),
    ("Phép kiểm", 24),
    ("Vế trái", 10),
    ("Vế phải", 10),
    ("Chênh", 8),
    ("Kết quả", 16),
)
_DEFINITIONS = (
    "Tính từ hồ sơ của kho theo định nghĩa II.06a của tỉnh: so sánh theo ngày; không tính trạng thái 1 và 3.",
    "Đã giải quyết: trạng thái 9, 10 theo ngày kết thúc, trạng thái 7 theo ngày rút (coi là đúng hạn).",
    "Đang giải quyết ở trạng thái 5, 6, 8 (chờ bổ sung, chờ phí, tạm dừng) coi là trong hạn.",
    "Hồ sơ không ghi kênh nộp nằm ở cột 3 nhưng không ở cột 4 hay cột 5.",
    "Đơn vị trực thuộc tính vào đơn vị cấp trên. Lĩnh vực theo danh mục thủ tục của kho.",
)


class _Formats:
    """The looks of cells."""

    def __init__(self, book: Workbook) -> None:
        font = {"font_name": "Times New Roman", "font_size": 11, "valign": "vcenter", "text_wrap": True}
        grid, middle, bold = {**font, "border": 1}, {"align": "center"}, {"bold": True}
        number, fault = {**grid, "num_format": "#,##0", "align": "right"}, {"bg_color": "#F8CBAD"}

        def made(*looks: Mapping[str, object]) -> Format:
            return book.add_format({key: value for look in looks for key, value in look.items()})

        self.plain, self.left = made(font, middle), made(font)
        self.title = made(font, middle, bold, {"font_size": 13})
        self.strong = made(font, middle, bold)
        self.note = made(font, {"italic": True, "align": "right"})
        self.heading = made(grid, middle, bold, {"bg_color": "#D9E2F3"})
        self.column_number = made(grid, middle, {"italic": True, "font_size": 9})
        self.may = made(font, middle, bold, {"font_color": "#00803C"})
        self.may_not = made(font, middle, bold, {"font_color": "#C00000"})
        self.text = {False: made(grid), True: made(grid, bold)}
        self.place = {False: made(grid, middle), True: made(grid, middle, bold)}
        # By whether the row is a sum and whether the cell breaks a check.
        self.number = {
            (False, False): made(number), (True, False): made(number, bold),
            (False, True): made(number, fault), (True, True): made(number, bold, fault),
        }  # fmt: skip


def write_form(file: Path, form: Form, done: list[Check]) -> None:
    """Writes the form under its name when it is finished; a file of the same name is replaced.

    Args:
        file: Where it goes, in a folder that is there.
        form: What stands in it.
        done: Its checks.
    """
    partial = file.with_name(f".{file.name}.partial")
    with Workbook(str(partial), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"title": f"II.06a/VPCP/KSTT {form.month.key} – {subject(form)}", "author": "Kho Tỉnh"})
        formats = _Formats(book)
        _write_form(book.add_worksheet(FORM_SHEET), formats, form, done)
        _write_checks(book.add_worksheet(CHECKS_SHEET), formats, form, done)
        _write_notes(book.add_worksheet(NOTES_SHEET), formats, form, done)
    partial.replace(file)


def _write_form(sheet: Worksheet, formats: _Formats, form: Form, done: list[Check]) -> None:
    may = may_be_sent(form, done)
    _lay_out(sheet, "" if may else "KHÔNG GỬI")
    for column, width in enumerate(_WIDTHS):
        sheet.set_column(column, column, width)
    for line, height in _HEIGHTS.items():
        sheet.set_row(line, height)
    _write_title(sheet, formats, form)
    sheet.merge_range(1, 0, 1, _LAST, verdict(form, done), formats.may if may else formats.may_not)
    sheet.merge_range(2, 10, 2, _LAST, "Đơn vị tính: Hồ sơ", formats.note)
    for top, first, bottom, last, text in _HEADINGS:
        if (top, first) == (bottom, last):
            sheet.write_string(_HEADING_ROW + top, first, text, formats.heading)
        else:
            sheet.merge_range(_HEADING_ROW + top, first, _HEADING_ROW + bottom, last, text, formats.heading)
    for column in range(_LAST + 1):
        sheet.write_string(
            FIRST_BODY_ROW - 1, column, _NUMBERS.get(column + 1, f"({column + 1})"), formats.column_number
        )
    broken = {(check.row, check.column) for check in done if check.state is State.BROKEN}
    for place, row in enumerate(form.rows):
        line, is_sum = FIRST_BODY_ROW + place, row.kind is not Kind.FIELD
        sheet.write_string(line, 0, row.number, formats.place[is_sum])
        sheet.write_string(line, 1, row.label, formats.text[is_sum])
        for column, figure in row.figures.items():
            looks = formats.number[is_sum, (place, column) in broken]
            if figure is None:
                sheet.write_string(line, column - 1, UNKNOWN, looks)
            else:
                sheet.write_number(line, column - 1, figure, looks)
    _write_signatures(sheet, formats, FIRST_BODY_ROW + len(form.rows) + 1)
    sheet.repeat_rows(_HEADING_ROW, FIRST_BODY_ROW - 1)
    sheet.freeze_panes(FIRST_BODY_ROW, 2)


def _write_title(sheet: Worksheet, formats: _Formats, form: Form) -> None:
    is_whole = form.scope.unit is None and form.scope.level is None
    receiver = "Văn phòng Chính phủ" if is_whole else "……………………"
    sheet.merge_range(
        0,
        0,
        0,
        2,
        "Biểu số II.06a/VPCP/KSTT\nBan hành kèm theo Thông tư số 01/2020/TT-VPCP ngày 21/10/2020",
        formats.left,
    )
    sheet.merge_range(
        0,
        3,
        0,
        8,
        f"TÌNH HÌNH, KẾT QUẢ GIẢI QUYẾT THỦ TỤC HÀNH CHÍNH\n{subject(form)}\nKỳ báo cáo: {period(form)}",
        formats.title,
    )
    sheet.merge_range(0, 9, 0, _LAST, f"Đơn vị báo cáo: {form.reporter}\nĐơn vị nhận báo cáo: {receiver}", formats.left)


def _write_signatures(sheet: Worksheet, formats: _Formats, line: int) -> None:
    sheet.merge_range(line, 8, line, _LAST, "…………, ngày …… tháng …… năm ………", formats.note)
    for first, last, title, how in (
        (0, 2, "NGƯỜI LẬP BIỂU", "(Ký, ghi rõ họ tên)"), (8, _LAST, "THỦ TRƯỞNG ĐƠN VỊ", "(Ký tên, đóng dấu)"),
    ):  # fmt: skip
        sheet.merge_range(line + 1, first, line + 1, last, title, formats.strong)
        sheet.merge_range(line + 2, first, line + 2, last, how, formats.plain)


def _write_checks(sheet: Worksheet, formats: _Formats, form: Form, done: list[Check]) -> None:
    """Each check as a formula over the form's cells, so that whoever changes a figure sees at once what it breaks."""
    _lay_out(sheet, "")
    last = len(done) + 2
    broken = sum(check.state is State.BROKEN for check in done)
    sheet.merge_range(0, 0, 0, 5, "Số phép kiểm sai (tự tính lại khi sửa số trên biểu)", formats.left)
    sheet.write_formula(0, 6, f'=COUNTIF(G3:G{last},"{RESULTS[State.BROKEN]}")', formats.strong, broken)
    for column, (heading, width) in enumerate(_CHECK_HEADINGS):
        sheet.set_column(column, column, width)
        sheet.write_string(1, column, heading, formats.heading)
    for line, check in enumerate(done, start=2):
        row = form.rows[check.row]
        sheet.write_string(line, 0, cell_name(check.row, check.column), formats.text[False])
        sheet.write_string(line, 1, row.label, formats.text[False])
        sheet.write_string(line, 2, check.says, formats.text[False])
        result = RESULTS[check.state]
        if check.left is None or check.right is None:
            for column in (3, 4, 5):
                sheet.write_string(line, column, UNKNOWN, formats.place[False])
            sheet.write_string(line, 6, result, formats.place[False])
            continue
        looks = formats.number[False, check.state is State.BROKEN]
        sheet.write_formula(line, 3, f"={_on_form(check.row, check.column)}", looks, check.left)
        if check.is_with_the_period_before:
            sheet.write_number(line, 4, check.right, looks)
        else:
            sheet.write_formula(line, 4, f"={_right_side(check)}", looks, check.right)
        sheet.write_formula(line, 5, f"=D{line + 1}-E{line + 1}", looks, check.left - check.right)
        holds, breaks = RESULTS[State.HOLDS], RESULTS[State.BROKEN]
        sheet.write_formula(line, 6, f'=IF(F{line + 1}=0,"{holds}","{breaks}")', formats.place[False], result)
    sheet.freeze_panes(2, 0)
    sheet.repeat_rows(1)
    sheet.autofilter(1, 0, last - 1, len(_CHECK_HEADINGS) - 1)


def _right_side(check: Check) -> str:
    """What the cell must equal, in the form's cells."""
    if check.columns:
        return "+".join(_on_form(check.row, column) for column in check.columns)
    # Fields of a group stand together; the groups do not.
    if check.rows == tuple(range(check.rows[0], check.rows[-1] + 1)):
        name = xl_col_to_name(check.column - 1)
        first, last = FIRST_BODY_ROW + check.rows[0] + 1, FIRST_BODY_ROW + check.rows[-1] + 1
        return f"SUM('{FORM_SHEET}'!{name}{first}:{name}{last})"
    return "+".join(_on_form(row, check.column) for row in check.rows)


def _on_form(place: int, column: int) -> str:
    return f"'{FORM_SHEET}'!{cell_name(place, column)}"


def _write_notes(sheet: Worksheet, formats: _Formats, form: Form, done: list[Check]) -> None:
    _lay_out(sheet, "")
    sheet.set_column(0, 0, 130)
    lines = [
        f"Số liệu của kho, bản công bố {form.version}; {period(form)}; {form.days_covered}/{form.days_expected} ngày đã nạp.",
        *_DEFINITIONS,
        *(vi for vi, _ in problems(form, done)),
    ]
    for line, text in enumerate(lines):
        sheet.write_string(line, 0, text, formats.left)


def _lay_out(sheet: Worksheet, mark: str) -> None:
    """A4 landscape, as wide as one page; a form that may not be sent says so on each."""
    sheet.set_landscape()
    sheet.set_paper(_PAPER_A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.5, right=0.4, top=0.6, bottom=0.6)
    sheet.set_header(f"&C&B{mark}&RKho Tỉnh" if mark else "&RKho Tỉnh")
    sheet.set_footer("&CTrang &P/&N")
