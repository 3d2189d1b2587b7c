"""What codes of the marts are called on the page: both languages, a sign beside the colour, and how calm it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Word:
    """A code in words.

    Attributes:
        vi, en: What people read.
        tone: `good`, `doubt`, `bad` or `quiet`; the style sheet gives it a colour.
        sign: Says the same without colour.
    """

    vi: str
    en: str
    tone: str = "quiet"
    sign: str = "·"


COMPLETENESS: Final[Mapping[str, Word]] = {
    "reported": Word("đã có", "reported", "good", "✓"),
    "zero": Word("báo bằng 0", "reported zero", "good", "0"),
    "late": Word("trễ", "late", "doubt", "!"),
    "missing": Word("thiếu", "missing", "bad", "×"),
    "never_asked": Word("chưa lấy", "never asked for", "quiet", "?"),
}
NOT_COME: Final = Word("đến hạn, chưa có", "due, not there yet", "bad", "○")
"""A period that is owed and due, and of which `meta.completeness` says nothing: nobody has asked for it since."""
FRESHNESS: Final[Mapping[str, Word]] = {
    "fresh": Word("đúng hạn", "up to date", "good", "✓"),
    "late": Word("trễ", "late", "doubt", "!"),
    "unused": Word("không dùng", "not in use", "quiet", "–"),
}
VERDICTS: Final[Mapping[str, Word]] = {
    "accepted": Word("nhận", "accepted", "good", "✓"),
    "accepted_with_warnings": Word("nhận, có cảnh báo", "accepted with warnings", "doubt", "!"),
    "refused": Word("từ chối", "refused", "bad", "×"),
}
TARGETS: Final[Mapping[str, Word]] = {
    "met": Word("đạt", "met", "good", "✓"),
    "in_progress": Word("kỳ chưa hết", "period not over", "quiet", "…"),
    "below": Word("chưa đạt", "below", "doubt", "!"),
    "overdue": Word("quá hạn, chưa đạt", "overdue", "bad", "×"),
    "not_measured": Word("chưa có số liệu", "not measured yet", "quiet", "?"),
    "not_in_force": Word("chưa có hiệu lực", "not in force yet", "quiet", "–"),
    "void": Word("không so sánh được", "cannot be compared", "quiet", "–"),
}
SCOPES: Final[Mapping[str, Word]] = {
    "province": Word("toàn tỉnh", "whole province"),
    "province_level": Word("các đơn vị cấp tỉnh", "units of the province's level"),
    "commune_level": Word("các đơn vị cấp xã", "units of the communes' level"),
}
COVERAGE: Final[Mapping[str, Word]] = {
    "full": Word("đo đủ", "measured", "good", "✓"),
    "partly": Word("đo một phần", "partly measured", "doubt", "◐"),
    "not": Word("không đo được", "cannot be measured", "quiet", "–"),
    "empty": Word("kỳ này không phát sinh", "nothing to divide by in this month", "quiet", "0"),
}
PARTS: Final[Mapping[str, str]] = {
    "1.1": "quyết định công bố đúng hạn",
    "1.2": "thủ tục cập nhật đúng hạn",
    "1.3": "thủ tục công khai đủ các bộ phận tạo thành",
    "3.1": "thủ tục cung cấp trực tuyến toàn trình hoặc một phần",
    "3.2": "dịch vụ trực tuyến có phát sinh hồ sơ",
    "3.5": "thủ tục có phí có thanh toán trực tuyến",
    "4.5b": "thủ tục kết nối Cơ sở dữ liệu quốc gia về dân cư",
    "4.x-copies": "bản sao chứng thực điện tử",
    "4.x-store": "kết quả lưu vào kho cá nhân",
    "5.1": "phản ánh, kiến nghị xử lý đúng hạn",
    "5.2": "mức độ hài lòng",
}
"""Parts of QĐ 766 that nothing measures, in Vietnamese: `meta.qd766_parts` names them in English only."""
RECONCILIATION: Final[Mapping[str, Word]] = {
    "equal": Word("bằng nhau", "equal", "good", "✓"),
    "explained": Word("lệch, đã giải thích", "explained", "good", "≈"),
    "unexplained": Word("lệch, chưa giải thích", "unexplained", "bad", "×"),
    "not_comparable": Word("không so sánh được", "not comparable", "quiet", "–"),
}
GROUPS: Final[Mapping[str, Word]] = {
    "transparency": Word("Công khai, đồng bộ", "Transparency"),
    "settlement": Word("Tiếp nhận, giải quyết", "Received and settled"),
    "online": Word("Hồ sơ trực tuyến", "Online dossiers"),
    "payment": Word("Thanh toán trực tuyến", "Online payment"),
    "digitisation": Word("Số hóa hồ sơ", "Digitisation"),
    "document": Word("Văn bản điện tử", "Electronic documents"),
    "signing": Word("Ký số", "Signing"),
    "videoconference": Word("Hội nghị truyền hình", "Videoconference"),
    "adoption": Word("Tài khoản", "Accounts"),
    "officer": Word("Biểu cán bộ nhập", "The officer's form"),
}
BIAS: Final[Mapping[str, Word]] = {
    "under_counted": Word("đếm thiếu", "under-counted", "doubt", "≥"),
    "upper_bound": Word("cận trên", "upper bound", "doubt", "≤"),
}
DIRECTIONS: Final[Mapping[str, Word]] = {
    "up": Word("cao là tốt", "higher is better"),
    "down": Word("thấp là tốt", "lower is better"),
    "none": Word("không có chiều tốt, xấu", "neither is better"),
}
EMPTY_DENOMINATORS: Final[Mapping[str, Word]] = {
    "no_value": Word("không có giá trị", "no value"),
    "zero": Word("tính bằng 0", "counts as 0"),
    "full": Word("tính bằng 1", "counts as 1"),
}
BUCKETS: Final[Mapping[str, Word]] = {
    "late_over_20": Word("đã trễ trên 20 ngày làm việc", "late by more than 20 working days", "bad", "×"),
    "late_6_20": Word("đã trễ 6–20 ngày làm việc", "late by 6–20 working days", "bad", "×"),
    "late_1_5": Word("đã trễ tới 5 ngày làm việc", "late by up to 5 working days", "doubt", "!"),
    "due_today": Word("đến hạn trong ngày", "due on the day"),
    "due_in_1": Word("đến hạn ngày làm việc tới", "due next working day"),
    "due_in_2": Word("đến hạn sau 2 ngày làm việc", "due in 2 working days"),
    "due_in_3": Word("đến hạn sau 3 ngày làm việc", "due in 3 working days"),
    "due_in_4": Word("đến hạn sau 4 ngày làm việc", "due in 4 working days"),
    "due_in_5": Word("đến hạn sau 5 ngày làm việc", "due in 5 working days"),
    "due_later": Word("đến hạn muộn hơn", "due later"),
    "no_due_date": Word("không có hạn", "no due date"),
}


def word(words: Mapping[str, Word], code: str) -> Word:
    """The code in words; one that this release does not know stands for itself."""
    return words.get(code) or Word(code, code)
