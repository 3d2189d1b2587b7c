"""What each fault of the demo province comes to: what happens, what the officer reads, whether the day has figures.

The table is the promise. `tests/faults/test_fault_matrix.py` keeps it by a real run of each line, and `docs/faults.md` is
written from it: `python -m demo.fault_matrix`. A fault without a line, or a line without a fault, fails the tests.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from demo.faults import BY_NAME, DOSSIERS, EXCHANGES, REGISTERS, Argument

DOC_FILE: Final = Path(__file__).resolve().parents[1] / "docs" / "faults.md"
DAY: Final = date(2026, 11, 5)
SIGNING, CALLS, STATUS = "document_signing", "videoconference_calls", "videoconference_endpoint_status"


class Ending(enum.Enum):
    """How the day's load ends."""

    LOADED = "loaded"
    QUARANTINED = "loaded, the wrong rows quarantined"
    RETRIED = "asked again, then loaded"
    REFUSED = "refused"
    MISSING = "missing"


@dataclass(frozen=True)
class Line:
    """One fault at one dataset.

    Attributes:
        fault: Its name in the catalogue.
        dataset: Whose load is looked at.
        ending: How the load ends at last.
        by: The checks that refused it or set rows apart, or in words what makes the load good.
        reads: What the officer reads, sentence by sentence, as the run prints it; nothing where nothing is to be done.
        quarantined, duplicate: Rows set apart and exact repeats, as the run counts them; at the line's scale.
        argument: Count to ask for, where not one.
        scale: Size of the province; some faults need more rows.
        partition: The day or month.
        readings: Days that are asked for one after the other, counted from `DAY`.
        first_reads: What the officer reads after the first reading, where there are several.
    """

    fault: str
    dataset: str
    ending: Ending
    by: str
    reads: tuple[str, ...] = ()
    quarantined: int = 0
    duplicate: int = 0
    argument: int = 1
    scale: float = 0.02
    partition: str = DAY.isoformat()
    readings: tuple[int, ...] = (0,)
    first_reads: tuple[str, ...] = ()

    @property
    def asked_for(self) -> str:
        """The fault as the province takes it, on `DAY`."""
        match BY_NAME[self.fault].argument:
            case Argument.DAY:
                return f"{self.fault}:{DAY}"
            case Argument.COUNT:
                return f"{self.fault}:{self.argument}"
            case Argument.NOTHING:
                return self.fault

    @property
    def has_figures(self) -> bool:
        """Whether the day has figures; a day without has none, never zero."""
        return self.ending not in (Ending.REFUSED, Ending.MISSING)


UNREADABLE = "Tệp không đọc được, bị cắt hoặc hỏng chữ; đề nghị xuất lại."
TOO_MANY = "Quá nhiều dòng lỗi nên cả tệp bị từ chối."
NOT_THERE_EXCHANGES = (
    "Chưa có số liệu “Trạng thái gửi nhận văn bản” của kỳ này; đề nghị hỏi Văn phòng UBND tỉnh, "
    "rồi chạy lại: khotinh run --date 2026-11-05 --dataset document_exchanges"
)
NOT_THERE_DOSSIERS = (
    "Chưa có số liệu “Hồ sơ thủ tục hành chính” của kỳ này; đề nghị hỏi Trung tâm Phục vụ hành chính công tỉnh, "
    "rồi chạy lại: khotinh run --date 2026-11-05 --dataset portal_dossiers"
)
NO_ANSWER_DOSSIERS = (
    "Nguồn của “Hồ sơ thủ tục hành chính” không trả lời dù đã thử lại; khi nguồn hoạt động, "
    "chạy lại: khotinh run --date 2026-11-05 --dataset portal_dossiers"
)
_L, _Q, _AGAIN, _R, _M = Ending.LOADED, Ending.QUARANTINED, Ending.RETRIED, Ending.REFUSED, Ending.MISSING

MATRIX: Final = (
    Line("duplicate_rows", EXCHANGES, _L, "exact repeats are counted once", ("Trùng: 12",), duplicate=12, argument=12),
    Line("resent_bodies", CALLS, _L, "records with one key and one content are counted once", ("Trùng: 26",), duplicate=26),
    Line("corrected_file", EXCHANGES, _L, "the newer file takes the older one's place", readings=(0, 0)),
    Line("vanished_rows", EXCHANGES, _L, "the newer file takes the older one's place; what it lacks no longer counts",
         readings=(0, 0)),
    Line("bad_rows", DOSSIERS, _Q, "cell and row rules", (
        "Khóa hồ sơ (mã hồ sơ được băm có khóa): sai cấu trúc",
        "Phí (đồng): nhỏ hơn 0",
        "Mã thủ tục hành chính: để trống",
        "Mã thủ tục hành chính: sai cấu trúc",
        "Thời điểm tiếp nhận: không đọc được ngày giờ",
        "Trái quy tắc: Ngày kết thúc không sớm hơn ngày tiếp nhận.",
        "Trạng thái hồ sơ: không có trong danh mục",
        "Mã đơn vị giải quyết: không có đơn vị này, hoặc tên trùng nhiều đơn vị",
    ), quarantined=8, argument=8),
    Line("bad_rows", EXCHANGES, _Q, "cell and row rules", (
        "Mã định danh văn bản (đơn vị, ngày, số/ký hiệu): để trống",
        "Mã định danh văn bản (đơn vị, ngày, số/ký hiệu): sai cấu trúc",
        "Mã đơn vị nhận: không có đơn vị này, hoặc tên trùng nhiều đơn vị",
        "Trái quy tắc: Văn bản mật không được đi trên hệ thống: đây là sự cố phải báo cáo.",
        "Thời điểm của trạng thái: không đọc được ngày giờ",
        "Trạng thái (SENT là đã gửi, hệ thống để trống): không có trong danh mục",
    ), quarantined=8, argument=8),
    Line("conflicting_rows", EXCHANGES, _Q, "record_is_unique",
         ("Trái quy tắc: Không có hai dòng khác nhau của cùng văn bản, nơi nhận, gói tin, trạng thái và thời điểm.",),
         quarantined=4, argument=2),
    Line("secret_document", EXCHANGES, _Q, "document_is_not_secret",
         ("Trái quy tắc: Văn bản mật không được đi trên hệ thống: đây là sự cố phải báo cáo.",), quarantined=1),
    Line("future_dates", EXCHANGES, _Q, "status_is_of_its_day", ("Trái quy tắc: Thời điểm của trạng thái phải trong ngày của tệp.",),
         quarantined=2, argument=2),
    Line("old_unit_name", REGISTERS, _Q, "author_unit_code: unknown or ambiguous unit",
         ("Mã đơn vị ban hành (tra từ tên): không có đơn vị này, hoặc tên trùng nhiều đơn vị",),
         quarantined=2, argument=2, scale=0.1),
    Line("truncated_file", REGISTERS, _R, "file_is_readable", (UNREADABLE,)),
    Line("changed_heading", REGISTERS, _R, "headings_are_complete",
         (("Tệp thiếu cột hoặc đổi tên cột: «Số đến» (gần nhất trong tệp: «Số thứ tự đến»); "
          "đề nghị kiểm tra mẫu xuất."),)),
    Line("mixed_dates", REGISTERS, _R, "dates_are_of_one_kind",
         ("Cột ngày lẫn ngày Excel và văn bản, ngày tháng có thể bị đảo; đề nghị xuất dạng văn bản.",)),
    Line("retyped_column", REGISTERS, _R, "columns_keep_their_type",
         (("Cột bắt buộc đổi kiểu dữ liệu so với mẫu: «Ngày tháng năm văn bản», 15 trong 15 ô; "
          "đề nghị kiểm tra mẫu xuất."),)),
    Line("empty_export", EXCHANGES, _R, "export_is_not_empty", ("Ngày làm việc phải có dữ liệu.",)),
    Line("halved_export", EXCHANGES, _R, "volume_is_in_band",
         (("Số dòng ít hơn hẳn mọi ngày cùng loại: 1.018 dòng, thường từ 1.529 đến 2.896; đề nghị xuất lại, "
          "hoặc xác nhận là đúng (sources/volume_exceptions.csv)."),), readings=(-8, -7, -6, -3, -2, -1, 0)),
    Line("wrong_encoding", EXCHANGES, _R, "file_is_readable", (UNREADABLE,)),
    Line("double_encoding", EXCHANGES, _R, "file_is_readable", (UNREADABLE,)),
    Line("nul_bytes", EXCHANGES, _R, "file_is_readable", (UNREADABLE,)),
    Line("cut_csv", EXCHANGES, _R, "file_is_readable", (UNREADABLE,)),
    Line("html_error_page", EXCHANGES, _R, "file_is_readable", (UNREADABLE,)),
    Line("wrong_day_file", EXCHANGES, _R, "export_is_of_its_day, quarantine_share_is_bearable",
         ("Phần lớn dòng phải thuộc ngày của tệp; tệp của ngày khác thì đề nghị xuất lại đúng ngày.", TOO_MANY)),
    Line("swapped_columns", EXCHANGES, _R, "sender_is_who_issued_the_document",
         ("Đơn vị gửi phải là đơn vị ghi trong mã văn bản; có thể cột Đơn vị gửi và Đơn vị nhận bị đổi chỗ.",)),
    Line("lost_leading_zeros", EXCHANGES, _R, "columns_keep_their_type",
         ("Cột bắt buộc đổi kiểu dữ liệu so với mẫu: «TrangThai», 1493 trong 1924 ô; đề nghị kiểm tra mẫu xuất.",)),
    Line("old_unit_code", EXCHANGES, _L, "the older form is read as the newer one"),
    Line("added_column", EXCHANGES, _L, "no_heading_is_added warns", ("Tệp có thêm cột mới.",)),
    Line("lying_total_row", SIGNING, _R, "total_row_is_the_sum", ("Dòng tổng cộng không bằng tổng các dòng.",),
         partition="2026-10"),
    Line("count_mismatch", DOSSIERS, _R, "declared_total_is_met",
         ("Số dòng nhận được khác tổng số mà nguồn công bố.",)),
    Line("missing_file", EXCHANGES, _M, "export_is_there", (NOT_THERE_EXCHANGES,)),
    Line("late_file", EXCHANGES, _L, "the day is missing until its file is there and asked for",
         readings=(0, 1, 0), first_reads=(NOT_THERE_EXCHANGES,)),
    Line("not_found", DOSSIERS, _M, "export_is_there", (NOT_THERE_DOSSIERS,)),
    Line("portal_down", DOSSIERS, _M, "source_answers", (NO_ANSWER_DOSSIERS,)),
    Line("http_500_streak", DOSSIERS, _AGAIN, "each 500 is asked again", argument=3),
    Line("rate_limited", DOSSIERS, _AGAIN, "each 429 is waited for as long as it says", argument=2),
    Line("token_expired_midway", DOSSIERS, _AGAIN, "a 401 fetches a new token", scale=0.08),
    Line("shifted_pages", DOSSIERS, _AGAIN, "pages are read until two readings agree", scale=0.08),
    Line("dead_endpoints", STATUS, _L, "they count as offline", argument=3),
    Line("slow_endpoints", STATUS, _L, "they are waited for, and count as online", argument=3),
    Line("endpoint_garbage", STATUS, _L, "they count as offline", argument=3),
)  # fmt: skip

_HEAD = """\
# Faults

What becomes of each fault that the demo province can have. Written by `make generate-demo` from `demo/fault_matrix.py`; a
test runs every line for real and compares. Try one yourself, on any day:
`khotinh demo run --fault NAME` or `--fault NAME:DAY` or `--fault NAME:COUNT`.

A day without figures is absent everywhere; it is never zero. Whatever was in force before a refused or missing file
stays in force. Sentences are those of the run and of `khotinh status`.

| Fault | Dataset | What happens | By | The officer reads | Figures of the day |
|---|---|---|---|---|---|
"""


def as_markdown() -> str:
    """The matrix as a page."""
    return _HEAD + "".join(map(_row, MATRIX))


def _row(line: Line) -> str:
    fault = BY_NAME[line.fault]
    told = "<br>".join(line.reads) or "nothing: there is nothing to do"
    if line.first_reads:
        told = f"first: {' '.join(line.first_reads)}<br>then {told}"
    figures = "yes" if line.has_figures else "none"
    name = f"`{line.fault}`: {fault.en}"
    return f"| {name} | `{line.dataset}` | {line.ending.value} | {line.by} | {told} | {figures} |\n"


if __name__ == "__main__":
    DOC_FILE.write_text(as_markdown(), encoding="utf-8")
