"""One reader's way through a large register: `python -m benchmarks.workbook_read khotinh|python_calamine FILE HOME`.

Prints the seconds of the work itself as JSON: interpreter start and imports are left out for both alike.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

from benchmarks.contest import compete

_HEADINGS = (
    "Ngày đến", "Số đến", "Tác giả", "Số, ký hiệu văn bản", "Ngày tháng năm văn bản",
    "Tên loại và trích yếu nội dung văn bản", "Đơn vị hoặc người nhận văn bản", "Ký nhận", "Ghi chú", "Loại văn bản",
    "Độ khẩn", "Xử lý chính",
)  # fmt: skip


def write_register(file: Path, rows: int) -> None:
    """Writes a register of incoming documents that is plainly made up."""
    import xlsxwriter  # noqa: PLC0415

    with xlsxwriter.Workbook(file) as book:
        page = book.add_worksheet("Sổ")
        page.write_row(0, 0, ["Sổ lưu cấp số văn bản đến: SỔ VĂN BẢN ĐẾN NĂM 2026"])
        page.write_row(1, 0, _HEADINGS)
        for number in range(1, rows + 1):
            page.write_row(
                number + 1, 0,
                ["02/06/2026", number, "Sở Y tế", f"{number % 9_999 + 10}/QĐ-SYT", "01/06/2026",
                 f"V/v thử nghiệm số {number}", "Sở Nội vụ; Sở Y tế", "", "", "Quyết định", "", "Sở Nội vụ"],
            )  # fmt: skip


def khotinh(file: Path, home: Path) -> Callable[[], int]:
    """Parse by the register's contract, to typed rows."""
    from pipelines.calendar import Partition  # noqa: PLC0415
    from pipelines.contracts import read_contract  # noqa: PLC0415
    from pipelines.parse import parse  # noqa: PLC0415
    from pipelines.parse.cells.values import Reading  # noqa: PLC0415
    from pipelines.reference import read_reference  # noqa: PLC0415
    from pipelines.settings import ENDPOINTS_FILE, SEEDS, SOURCES  # noqa: PLC0415

    contract = read_contract(SOURCES / "document" / "document_registers.yaml")
    day, reference = Partition.of_day(date(2026, 6, 2)), read_reference(SEEDS, ENDPOINTS_FILE)
    reading = Reading(file.name, contract, day, reference, b"a key for the benchmark only", home)
    return lambda: parse(file, reading).rows.height


def python_calamine(file: Path, _: Path) -> Callable[[], int]:
    """The bare reader, row after row, nothing understood and nothing kept."""
    from python_calamine import CalamineWorkbook  # noqa: PLC0415

    return lambda: sum(1 for _ in CalamineWorkbook.from_path(str(file)).get_sheet_by_index(0).iter_rows()) - 2


READERS = {"khotinh": khotinh, "python_calamine": python_calamine}


def main() -> None:
    """Runs one contestant and prints what it took."""
    name, file, home = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    compete(name, READERS[name](file, home))


if __name__ == "__main__":
    main()
