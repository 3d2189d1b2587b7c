"""The layouts seen in the province's own systems, written as files by other libraries than those that read them.

Headings are as in the exports (a `/` parts the levels), rows are made up. Whoever stands in them is nobody.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import xlsxwriter

from pipelines.reference import name_key, read_reference
from pipelines.settings import ENDPOINTS_FILE, SEEDS

PERSONS = ("Nguyễn Thị Kiểm Thử", "Trần Văn Mẫu", "Lê Hoàng Giả", "Phạm Minh Nháp", "Đỗ Thu Phác")
PHONES = ("0912345678", "0987654321", "0368111222")
_REFERENCE = read_reference(SEEDS, ENDPOINTS_FILE)
_TODAY = date(2026, 11, 20)
_ONCE = {name for name, codes in _REFERENCE.unit_codes_by_name(_TODAY, _TODAY).items() if len(codes) == 1}
UNITS = [unit.name_vi for unit in _REFERENCE.units if name_key(unit.name_vi) in _ONCE and unit.valid_to is None]
ROWS = 30


@dataclass(frozen=True)
class Layout:
    """One layout: how its file is written, and what its columns must be found to be.

    Attributes:
        types: By heading: a type, or `personal:` and a class.
        rows: Rows of data.
    """

    name: str
    write: Callable[[Path], None]
    types: dict[str, str] = field(default_factory=dict)
    rows: int = ROWS


def cell(heading: str, row: int) -> str:
    """A likely cell under a heading."""
    last = heading.rsplit("/", 1)[-1].strip().lower()
    day = date(2026, 11, 1) + timedelta(days=row % 28)
    made: tuple[tuple[str, str], ...] = (
        ("mã hồ sơ", f"H56.12-2611{day:%d}-{row:04d}"),
        ("hồ sơ đang", str(row % 7)),
        ("mã tham chiếu", f"GD202611{day:%d}{row:05d}"),
        ("thời gian", f"{day:%d/%m/%Y} 08:{row % 60:02d}:09"),
        ("mã số thuế", f"28012{row:05d}"),
        ("số tiền", f"{row + 1}.{row * 7 % 1000:03d}.000"),
        ("địa chỉ", f"Số {row} phố {PERSONS[row % 5]}"),
        ("đơn vị hoặc người nhận", f"{PERSONS[row % 5]}; {PERSONS[(row + 1) % 5]}"),
        ("người", PERSONS[row % 5]),
        ("cán bộ", PERSONS[row % 5]),
        ("chủ hồ sơ", PERSONS[(row + 2) % 5]),
        ("ký nhận", PERSONS[row % 5] if row % 3 else ""),
        ("nơi nhận", PERSONS[row % 5]),
        ("ghi chú", PHONES[row % 3] if row % 2 else ""),
        ("trích yếu", f"Về việc của ông {PERSONS[row % 5]}"),
        ("tên thủ tục", f"Cấp giấy phép {row % 4}"),
        ("trạng thái", ("Đã trả kết quả", "Đang xử lý")[row % 2]),
        ("ngày", f"{day:%d/%m/%Y}"),
        ("số, ký hiệu", f"{row + 101}/QĐ-UBND"),
        ("số đến", str(row + 1)),
        ("tác giả", UNITS[row % len(UNITS)]),
        ("loại văn bản", ("Quyết định", "Công văn")[row % 2]),
        ("độ khẩn", "Khẩn"),
        ("tỷ lệ", f"{row + 50},5%"),
        ("đánh giá", "Đạt"),
    )
    if last in ("stt", "tt"):
        return str(row + 1)
    if ("đơn vị" in last and "người" not in last) or last == "xử lý chính":
        return UNITS[row % len(UNITS)]
    return next((text for start, text in made if last.startswith(start) or start in last), str(row * 3))


def sheet(headings: str, titles: Sequence[str] = (), blanks: int = 1) -> Callable[[Path], None]:
    """A workbook of texts: title rows, blank rows, one heading row."""
    names = [name.strip() for name in headings.split("|")]

    def write(file: Path) -> None:
        book = xlsxwriter.Workbook(str(file))
        page = book.add_worksheet("Sheet1")
        for place, title in enumerate(titles):
            page.merge_range(place, 0, place, len(names) - 1, title)
        start = len(titles) + (blanks if titles else 0)
        for column, name in enumerate(names):
            page.write_string(start, column, name)
            for row in range(ROWS):
                page.write_string(start + 1 + row, column, cell(name, row))
        book.close()

    return write


def page(heading_rows: Sequence[str], leaves: Sequence[str], *, groups: bool = False) -> Callable[[Path], None]:
    """A "download .xls" that is an HTML page with a BOM; a heading is given as its rows of `text[rN][cN]`."""

    def spelled(row: str) -> str:
        cells = ""
        for one in row.split("|"):
            text, *spans = one.strip().replace("]", "").split("[")
            attributes = "".join(f' {"rowspan" if s[0] == "r" else "colspan"}="{s[1:]}"' for s in spans)
            cells += f"<td{attributes}><b>{text}</b></td>"
        return f"<tr>{cells}</tr>"

    def write(file: Path) -> None:
        lines = [f'<tr><td colspan="{len(leaves)}">CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM</td></tr>']
        lines += [f'<tr><td colspan="{len(leaves)}">(Từ ngày 01/11/2026 đến ngày 30/11/2026)</td></tr>']
        lines += map(spelled, heading_rows)
        sums = [0] * len(leaves)
        for row in range(ROWS):
            if groups and row in (0, 10):
                lines.append(
                    f"<tr><td>{'I' if row == 0 else 'II'}</td><td>Nhóm {row}</td>{'<td></td>' * (len(leaves) - 2)}</tr>"
                )
            texts = [cell(leaf, row) for leaf in leaves]
            for column, text in enumerate(texts):
                sums[column] += int(text) if column > 1 and text.isdecimal() else 0
            lines.append("<tr>" + "".join(f"<td>{text}</td>" for text in texts) + "</tr>")
        totals = "".join(f"<td>{one or ''}</td>" for one in sums[2:])
        lines.append(f"<tr><td></td><td>Tổng cộng</td>{totals}</tr>")
        text = "\ufeff<html><body><table>" + "".join(lines) + "</table></body></html>"
        file.write_bytes(text.encode())

    return write


def cdr(file: Path) -> None:
    """Bodies of Cisco call records with white space before the declaration."""
    records = "".join(
        f'<record type="callLegEnd" time="2026-11-03T01:{row:02d}:07Z" recordIndex="{row}" correlatorIndex="{row + 500}">'
        f'<callLeg id="0f7e0000-1111-2222-3333-0000000000{row:02d}"><reason>callDeactivated</reason>'
        f"<displayName>{PERSONS[row % 5]}</displayName><durationSeconds>{row * 60}</durationSeconds></callLeg></record>"
        for row in range(ROWS)
    )
    session = '<records session="0f7e0000-aaaa-bbbb-cccc-000000000001" callBridge="cb1">'
    file.write_bytes(f'\n <?xml version="1.0"?>{session}{records}</records>'.encode())


def dma(file: Path) -> None:
    """A conference CSV of RealPresence DMA: commas inside quotes, local times."""
    names = (
        "version", "type", "confType", "cluster", "confUUID", "startTime", "endTime", "userID", "roomID", "partCount",
        "classOfService", "userDataA", "userDataB", "userDataC", "maxResourcesUsed",
    )  # fmt: skip
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(names)
    for row in range(ROWS):
        writer.writerow([
            "10.0", "conf", "adhoc", "dma, one", f"0f7e0000-1111-2222-3333-0000000000{row:02d}",
            f"2026-11-03 08:{row:02d}:00", f"2026-11-03 09:{row:02d}:00", f"user{row}", f"{4000 + row}", str(row % 9),
            "Gold", "", PERSONS[row % 5], "", str(row % 9),
        ])  # fmt: skip
    file.write_bytes(text.getvalue().encode())


def polls(file: Path) -> None:
    """Answers of endpoints, a line each."""
    lines = [
        json.dumps({
            "endpoint_code": f"DC-{row + 1:03d}", "outcome": "answered",
            "body": {"registered": row % 2 == 0, "in_call": False, "uptime_seconds": row * 77, "jitter_ms": row / 4},
        })
        for row in range(ROWS)
    ]  # fmt: skip
    file.write_bytes("\n".join(lines).encode())


TITLES = ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "DANH SÁCH", "(Từ ngày 03/11/2026 đến ngày 03/11/2026)")
LAYOUTS = (
    Layout(
        "ho-so-20261103.xlsx",
        sheet("STT | Đơn vị tiếp nhận | Người tiếp nhận | Tên thủ tục hành chính | Mã hồ sơ | Trạng thái | Địa chỉ | Chủ hồ sơ | Ngày nộp hồ sơ | Ngày nhận | Ngày hẹn trả | Ngày kết thúc xử lý", TITLES),
        {"Đơn vị tiếp nhận": "unit_name", "Người tiếp nhận": "personal:name", "Mã hồ sơ": "personal:dossier_code",
         "Địa chỉ": "personal:address", "Chủ hồ sơ": "personal:name", "Ngày hẹn trả": "date"},
    ),
    Layout(
        "ho-so-nop-20261103.xlsx",
        sheet("STT | Đơn vị tiếp nhận | Tên thủ tục hành chính | Mã hồ sơ | Trạng thái | Địa chỉ | Người nộp | Chủ hồ sơ | Ngày nộp hồ sơ | Ngày nhận | Ngày hẹn trả | Ngày kết thúc xử lý"),
        {"Người nộp": "personal:name", "Ngày nhận": "date"},
    ),
    Layout(
        "tre-han-20261103.xlsx",
        sheet("STT | Mã hồ sơ | Ngày tiếp nhận | Ngày hẹn trả | Đơn vị giải quyết | Cán bộ đang xử lý | Ghi chú", TITLES),
        {"Cán bộ đang xử lý": "personal:name", "Ghi chú": "personal:free_text", "Đơn vị giải quyết": "unit_name"},
    ),
    Layout(
        "thanh-toan-20261103.xlsx",
        sheet("STT | Thời gian giao dịch | Hồ sơ | Mã tham chiếu | Số tiền (VNĐ) | Người nộp tiền biên lai | Địa chỉ biên lai | Mã số thuế người nộp tiền biên lai | trạng thái", TITLES),
        {"Thời gian giao dịch": "timestamp", "Mã tham chiếu": "text", "Số tiền (VNĐ)": "amount",
         "Mã số thuế người nộp tiền biên lai": "personal:id_number"},
    ),
    Layout(
        "ii-06a-2026-11.xls",
        page(
            ["STT[r3] | Đơn vị[r3] | Số hồ sơ nhận giải quyết[c4] | Số hồ sơ đã giải quyết[c4] | Số lượng hồ sơ đang giải quyết[c3]",
             "Tổng số[r2] | Trong đó[c2] | Từ kỳ trước[r2] | Tổng số[r2] | Trước hạn[r2] | Đúng hạn[r2] | Quá hạn[r2] | Tổng số[r2] | Trong hạn[r2] | Quá hạn[r2]",
             "Trực tuyến | Trực tiếp, dịch vụ bưu chính"],
            ["STT", "Đơn vị", *["số"] * 11], groups=True,
        ),
        {"Đơn vị": "unit_name", "Số hồ sơ nhận giải quyết / Trong đó / Trực tuyến": "integer",
         "Số lượng hồ sơ đang giải quyết / Quá hạn": "integer"},
    ),
    Layout(
        "theo-don-vi-2026-11.xls",
        page(
            ["STT[r2] | Đơn vị[r2] | Tiếp nhận[c3] | Đã xử lý[c4] | Đang xử lý[c2]",
             "Tổng số | Kỳ trước | Trong kỳ | Qua mạng | Qua BCCI | Trước hạn | Tỷ lệ trước hạn, đúng hạn | Trong hạn | Quá hạn"],
            ["STT", "Đơn vị", *["số"] * 6, "Tỷ lệ", *["số"] * 2],
        ),
        {"Tiếp nhận / Tổng số": "integer", "Đang xử lý / Quá hạn": "integer"},
    ),
    Layout(
        "truc-tuyen-2026-11.xls",
        page(
            ["TT[r3] | Tên đơn vị[r3] | Số lượng hồ sơ tiếp nhận và giải quyết[c4] | Đánh giá theo Quyết định số 01/QĐ-UBND ngày 01/01/2025 của UBND tỉnh[c4][r2]",
             "Tổng số hồ sơ[r2] | Trong đó[c3]",
             "Trực tuyến | Trực tiếp | BCCI | Tỷ lệ hồ sơ nộp trực tuyến | Đánh giá | Tỷ lệ hồ sơ nộp trực tuyến toàn trình | Đánh giá"],
            ["TT", "Tên đơn vị", *["số"] * 4, "Tỷ lệ", "Đánh giá", "Tỷ lệ", "Đánh giá"],
        ),
        {"Tên đơn vị": "unit_name", "Số lượng hồ sơ tiếp nhận và giải quyết / Trong đó / BCCI": "integer"},
    ),
    Layout(
        "dich-vu-2026-11.xlsx",
        sheet("STT | Tên đơn vị | Tổng DVC | DVC toàn trình | DVC một phần | Dịch vụ cung cấp thông tin trực tuyến"),
        {"Tổng DVC": "integer"},
    ),
    Layout(
        "ngay-20261103.xlsx",
        sheet("STT | Tên đơn vị xử lý | Tiếp nhận trong ngày | Có kết quả trong ngày | Đã trả công dân trong ngày | Thu phí, lệ phí trong ngày", TITLES),
        {"Tên đơn vị xử lý": "unit_name"},
    ),
    Layout(
        "so-den-20261103.xlsx",
        sheet("Ngày đến | Số đến | Tác giả | Số, ký hiệu văn bản | Ngày tháng năm văn bản | Tên loại và trích yếu nội dung văn bản | Đơn vị hoặc người nhận văn bản | Ký nhận | Ghi chú | Loại văn bản | Độ khẩn | Lĩnh vực | Xử lý chính",
              ("Sổ lưu cấp số văn bản đến: SỔ VĂN BẢN ĐẾN NĂM 2026",)),
        {"Số đến": "integer", "Tác giả": "unit_name", "Ký nhận": "personal:name", "Độ khẩn": "code",
         "Tên loại và trích yếu nội dung văn bản": "personal:free_text"},
    ),
    Layout(
        "so-di-20261103.xlsx",
        sheet("Số, ký hiệu văn bản | Ngày tháng văn bản | Tên loại và trích yếu nội dung văn bản | Người ký | Nơi nhận văn bản | Đơn vị, người nhận bản lưu | Số lượng bản | Ngày chuyển | Ký nhận | Ghi chú"),
        {"Người ký": "personal:name", "Nơi nhận văn bản": "personal:name", "Số lượng bản": "integer", "Ngày chuyển": "date"},
    ),
    Layout("cdr-20261103.xml", cdr, {"callLeg/displayName": "personal:name", "callLeg/durationSeconds": "integer"}),
    Layout("hoi-nghi-20261103.csv", dma, {"startTime": "timestamp", "partCount": "integer", "userID": "personal:account"}),
    Layout("hoi-20261103.jsonl", polls, {"body.registered": "boolean", "body.jitter_ms": "decimal"}),
)  # fmt: skip
