"""The faults that the demo province can have: their names, what each one does, and on which day or how often.

A fault is asked for as `NAME`, `NAME:DAY` (ISO) or `NAME:COUNT`. Putting faults into rows belongs to `demo.bad_rows`,
into files to `demo.files`, into answers to `demo.servers`; what they take away from the ledger to `demo.truth`.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final


class Argument(enum.Enum):
    """What may stand behind a fault's colon."""

    NOTHING = "nothing"
    DAY = "day"
    COUNT = "count"


@dataclass(frozen=True)
class Fault:
    """One kind of fault.

    Attributes:
        name: By which it is asked for.
        argument: What can be chosen about it.
        default: The count, or which working day of the run it falls on (0 is the first, -1 the last).
        vi: What it does, in Vietnamese.
        en: What it does, in English.
        file_of: The dataset whose file of the day it spoils; two such faults cannot share a day.
        is_refusal: Whether the day's file cannot be taken over at all.
    """

    name: str
    argument: Argument
    default: int
    vi: str
    en: str
    file_of: str = ""
    is_refusal: bool = False


class FaultError(ValueError):
    """A fault was asked for in a way that cannot be; the message says which and what can."""


EXCHANGES, REGISTERS, DOSSIERS = "document_exchanges", "document_registers", "portal_dossiers"
WHOLE_DAYS_BEFORE_HALF: Final = 5
_COUNT, _DAY, _NOTHING = Argument.COUNT, Argument.DAY, Argument.NOTHING

CATALOGUE: Final = (
    Fault("duplicate_rows", _COUNT, 12, "Dòng lặp y hệt trong trang hồ sơ và tệp văn bản",
          "exact duplicate rows in the portal's pages and the exchange files"),
    Fault("resent_bodies", _COUNT, 3, "Gói bản ghi cuộc gọi được gửi lại", "bodies of call records sent again"),
    Fault("corrected_file", _DAY, 0, "Tệp văn bản của một ngày được sửa sau lần đọc đầu",
          "the exchange file of a day is corrected after it was first read", EXCHANGES),
    Fault("bad_rows", _COUNT, 8, "Thêm các dòng sai mỗi loại một kiểu", "extra rows, each wrong in its own way"),
    Fault("conflicting_rows", _COUNT, 2, "Thêm các cặp dòng cùng khóa, cùng giờ, khác nội dung",
          "extra pairs of rows with one key, one time and different content"),
    Fault("secret_document", _COUNT, 1, "Thêm dòng của văn bản mật, lẽ ra không được đi trên hệ thống",
          "extra rows of a secret document, which must not travel on the system"),
    Fault("future_dates", _COUNT, 2, "Thêm dòng có thời điểm ở tương lai", "extra rows dated in the future"),
    Fault("old_unit_name", _COUNT, 2, "Thêm dòng sổ ghi tên cũ của đơn vị đã sáp nhập",
          "extra rows of the register with the old name of a merged unit"),
    Fault("truncated_file", _DAY, 1, "Sổ văn bản đến bị cắt đôi", "a register cut in half", REGISTERS, is_refusal=True),
    Fault("changed_heading", _DAY, 3, "Sổ văn bản đến đổi tên cột Số đến", "a heading of a register renamed",
          REGISTERS, is_refusal=True),
    Fault("retyped_column", _DAY, 5, "Cột ngày của sổ thành số thứ tự ngày của Excel",
          "a date column of a register comes as Excel's day numbers", REGISTERS, is_refusal=True),
    Fault("cut_csv", _DAY, 5, "Tệp văn bản đứt giữa một dòng", "an exchange file cut in the middle of a row",
          EXCHANGES, is_refusal=True),
    Fault("html_error_page", _DAY, 6, "Thay tệp văn bản là một trang đăng nhập HTML",
          "an HTML login page in place of an exchange file", EXCHANGES, is_refusal=True),
    Fault("wrong_day_file", _DAY, 7, "Tệp văn bản của ngày trước mang tên ngày này",
          "the exchange file of the day before under this day's name", EXCHANGES, is_refusal=True),
    Fault("swapped_columns", _DAY, 8, "Tệp văn bản đổi chỗ hai tiêu đề Đơn vị gửi, Đơn vị nhận",
          "an exchange file whose headings of sender and recipient are exchanged", EXCHANGES, is_refusal=True),
    Fault("lost_leading_zeros", _DAY, 9, "Mã trạng thái của tệp văn bản mất số 0 ở đầu",
          "an exchange file whose status codes lost their leading zeros", EXCHANGES, is_refusal=True),
    Fault("nul_bytes", _DAY, 10, "Tệp văn bản có đoạn bị ghi đè bằng byte 0",
          "an exchange file with cells overwritten by NUL bytes", EXCHANGES, is_refusal=True),
    Fault("double_encoding", _DAY, 11, "Tệp văn bản bị mã hóa UTF-8 hai lần (Hỏa thành Há»a)",
          "an exchange file encoded as UTF-8 twice", EXCHANGES, is_refusal=True),
    Fault("old_unit_code", _DAY, 12, "Tệp văn bản ghi mã đơn vị kiểu cũ (000.xx.yy.H56)",
          "an exchange file with agency codes in the older form (000.xx.yy.H56)"),
    Fault("vanished_rows", _DAY, 13, "Tệp văn bản được thay sau lần đọc đầu và thiếu vài văn bản",
          "the exchange file of a day is replaced after it was first read, and lacks a few documents", EXCHANGES),
    Fault("missing_file", _DAY, 1, "Thiếu tệp văn bản của một ngày", "the exchange file of a day never comes",
          EXCHANGES, is_refusal=True),
    Fault("empty_export", _DAY, 3, "Tệp văn bản của một ngày làm việc chỉ có tiêu đề",
          "the exchange file of a working day has headings only", EXCHANGES, is_refusal=True),
    Fault("http_500_streak", _COUNT, 3, "Cổng trả lỗi 500 cho các yêu cầu đầu tiên",
          "the portal answers 500 to its first requests"),
    Fault("portal_down", _NOTHING, 0, "Cổng luôn trả lỗi 503", "the portal answers 503 to everything"),
    Fault("token_expired_midway", _COUNT, 1, "Mã truy cập cổng hết hạn giữa chừng",
          "the portal's token ends before its time, in the middle of reading"),
    Fault("rate_limited", _COUNT, 2, "Cổng trả lỗi 429 và hẹn hỏi lại sau",
          "the portal answers 429 and says when to come back"),
    Fault("not_found", _DAY, 4, "Cổng trả lỗi 404 cho hồ sơ của một ngày", "the portal answers 404 for a day's dossiers",
          DOSSIERS, is_refusal=True),
    Fault("shifted_pages", _DAY, 1, "Trang hồ sơ bị xê dịch khi đang đọc lần đầu: một hồ sơ hai lần, một hồ sơ không lần nào",
          "pages shift while they are first read: one dossier on two pages, one on none", DOSSIERS),
    Fault("dead_endpoints", _COUNT, 20, "Điểm cầu không bao giờ trả lời", "endpoints that never answer"),
    Fault("slow_endpoints", _COUNT, 10, "Điểm cầu trả lời sau một giây", "endpoints that answer after a second"),
    Fault("endpoint_garbage", _COUNT, 5, "Điểm cầu trả lời không phải JSON", "endpoints whose answer is not JSON"),
    Fault("count_mismatch", _DAY, 2, "Tổng số của cổng lớn hơn số dòng một đơn vị",
          "the portal's total is one more than its rows", DOSSIERS, is_refusal=True),
    Fault("lying_total_row", _NOTHING, 0, "Dòng tổng cộng của thống kê ký số sai",
          "the total row of the signing statistics is wrong"),
    Fault("mixed_dates", _DAY, 2, "Cột ngày của sổ lẫn ngày Excel và văn bản",
          "a date column of a register mixes Excel dates and texts", REGISTERS, is_refusal=True),
    Fault("wrong_encoding", _DAY, 4, "Tệp văn bản có ký tự hỏng U+FFFD", "an exchange file with broken letters (U+FFFD)",
          EXCHANGES, is_refusal=True),
    Fault("added_column", _DAY, 4, "Tệp văn bản có thêm một cột", "an exchange file with a column more"),
    Fault("late_file", _DAY, 2, "Tệp văn bản chỉ có sau khi tệp ngày sau đã được đọc",
          "an exchange file that is there only once the next day's was read", EXCHANGES),
    Fault("halved_export", _DAY, -1, "Tệp văn bản của một ngày làm việc chỉ có nửa số dòng",
          "the exchange file of a working day has half its rows; it is refused after five whole working days",
          EXCHANGES, is_refusal=True),
)  # fmt: skip
BY_NAME: Final[Mapping[str, Fault]] = MappingProxyType({fault.name: fault for fault in CATALOGUE})
DEFAULT_FAULTS: Final = (
    "duplicate_rows", "bad_rows", "conflicting_rows", "http_500_streak", "dead_endpoints:20", "changed_heading",
    "added_column",
)  # fmt: skip


@dataclass(frozen=True)
class Faults:
    """The faults of one run.

    Attributes:
        days: The day on which each chosen fault of the day kind falls.
        counts: How often each chosen fault of the count kind happens.
        lasting: The chosen faults that last the whole run.
    """

    days: Mapping[str, date]
    counts: Mapping[str, int]
    lasting: frozenset[str]

    def is_on(self, name: str, day: date) -> bool:
        """Whether the fault falls on the day."""
        return self.days.get(name) == day

    def count(self, name: str) -> int:
        """How often the fault happens; 0 when it was not asked for."""
        return self.counts.get(name, 0)

    def is_lasting(self, name: str) -> bool:
        """Whether the fault lasts the whole run."""
        return name in self.lasting

    def refused_days(self, dataset: str) -> frozenset[date]:
        """The days on which the dataset's file cannot be taken over, a late one left aside."""
        return frozenset(
            day for name, day in self.days.items() if BY_NAME[name].is_refusal and BY_NAME[name].file_of == dataset
        )


def choose(names: Iterable[str], working_days: list[date], all_days: list[date]) -> Faults:
    """The faults asked for, each with its day or count.

    Args:
        names: As `NAME`, `NAME:DAY` or `NAME:COUNT`.
        working_days: The working days of the run, among which a fault finds its usual day.
        all_days: Every day of the run.

    Raises:
        FaultError: A name is unknown, an argument does not fit, or two faults would spoil one file.
    """
    fault_days: dict[str, date] = {}
    counts: dict[str, int] = {}
    lasting: set[str] = set()
    usual_days = working_days or all_days
    for text in names:
        name, _, argument = text.partition(":")
        if name not in BY_NAME:
            raise FaultError(f"Fault '{name}' is unknown; there are: {', '.join(sorted(BY_NAME))}.")
        fault = BY_NAME[name]
        if fault.argument is Argument.DAY:
            fault_days[name] = _day(name, argument) if argument else usual_days[fault.default % len(usual_days)]
        elif fault.argument is Argument.COUNT:
            counts[name] = _count(name, argument) if argument else fault.default
        elif argument:
            raise FaultError(f"Fault '{name}' takes no argument; '{argument}' was given.")
        else:
            lasting.add(name)
    _refuse_shared_files(fault_days)
    faults = Faults(MappingProxyType(fault_days), MappingProxyType(counts), frozenset(lasting))
    _refuse_unlearned(faults, working_days)
    return faults


def _day(name: str, argument: str) -> date:
    try:
        return date.fromisoformat(argument)
    except ValueError as error:
        raise FaultError(f"Fault '{name}' takes a day as YYYY-MM-DD; '{argument}' was given.") from error


def _count(name: str, argument: str) -> int:
    if not argument.isdigit():
        raise FaultError(f"Fault '{name}' takes a count; '{argument}' was given.")
    return int(argument)


def _refuse_unlearned(faults: Faults, working_days: list[date]) -> None:
    """Half an export can be told from a whole one only after some whole ones; before that the ledger would be wrong."""
    day = faults.days.get("halved_export")
    whole = [earlier for earlier in working_days if earlier not in faults.refused_days(EXCHANGES)]
    if day is not None and (
        day not in working_days or sum(earlier < day for earlier in whole) < WHOLE_DAYS_BEFORE_HALF
    ):
        raise FaultError(
            f"Fault 'halved_export' needs a working day after {WHOLE_DAYS_BEFORE_HALF} whole ones; {day} is none."
        )


def _refuse_shared_files(fault_days: Mapping[str, date]) -> None:
    taken: dict[tuple[str, date], str] = {}
    for name, day in fault_days.items():
        dataset = BY_NAME[name].file_of
        other = taken.setdefault((dataset, day), name)
        if dataset and other != name:
            raise FaultError(
                f"Faults '{other}' and '{name}' both spoil {dataset} of {day}; give one of them another day."
            )
