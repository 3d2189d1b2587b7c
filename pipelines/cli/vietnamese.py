"""What an officer reads: reasons and refusals in plain Vietnamese, from the words of the contracts and the suites."""

from __future__ import annotations

import re

from pipelines.ingest import Workshop

_CELL_REASONS = {
    r"empty": "để trống",
    r"malformed": "sai cấu trúc",
    r"unknown or ambiguous unit": "không có đơn vị này, hoặc tên trùng nhiều đơn vị",
    r"unknown endpoint": "không có điểm cầu này",
    r"not in the list (?P<list>\w+)": "không có trong danh mục {list}",
    r"not a readable (date|timestamp)": "không đọc được ngày giờ",
    r"not a readable \w+": "không đọc được giá trị",
    r"below (?P<bound>\S+)": "nhỏ hơn {bound}",
    r"above (?P<bound>\S+)": "lớn hơn {bound}",
}
_FILE_CHECKS = {
    "file_is_readable": "Tệp không đọc được, bị cắt hoặc hỏng chữ; đề nghị xuất lại.",
    "headings_are_complete": "Tệp thiếu cột hoặc đổi tên cột; đề nghị kiểm tra mẫu xuất.",
    "headings_are_distinct": "Tệp có hai cột cùng tên; đề nghị xuất lại.",
    "dates_are_of_one_kind": "Cột ngày lẫn ngày Excel và văn bản, ngày tháng có thể bị đảo; đề nghị xuất dạng văn bản.",
    "quarantine_share_is_bearable": "Quá nhiều dòng lỗi nên cả tệp bị từ chối.",
    "columns_keep_their_type": "Một cột bắt buộc đổi kiểu dữ liệu so với mẫu; đề nghị kiểm tra mẫu xuất.",
    "rows_are_conserved": "Số dòng đọc khác số dòng nhận + cách ly + trùng: lỗi của chương trình, cần báo kỹ sư.",
    "declared_total_is_met": "Số dòng nhận được khác tổng số mà nguồn công bố.",
    "total_row_is_the_sum": "Dòng tổng cộng không bằng tổng các dòng.",
    "revision_keeps_most_rows": "Bản mới thiếu hơn một phần năm số dòng của bản trước; vẫn dùng bản trước.",
    "volume_is_in_band": "Số dòng khác hẳn mọi kỳ cùng loại.",
    "unit_groups_are_in_band": "Một nhóm đơn vị có ít dòng hơn hẳn mọi kỳ cùng loại.",
    "no_heading_is_added": "Tệp có thêm cột mới.",
    "no_row_is_set_apart": "Có dòng bị cách ly.",
}
_VOLUME = re.compile(
    r"(?P<rows>\d+) rows(?: of (?P<group>\w+) units)?, expected (?P<low>\d+) to (?P<high>\d+)[^;]*?(?P<months> months)?\)"
)
_GROUPS = {
    "province": "cấp tỉnh", "department": "sở, ngành", "district": "cấp huyện", "commune": "cấp xã",
    "sub_unit": "đơn vị trực thuộc",
}  # fmt: skip


def reason_vi(workshop: Workshop, dataset: str, reason: str) -> str:
    """A quarantine reason (`column: why` or `rule: name`) in Vietnamese; unknown ones stay as they are."""
    if dataset not in workshop.contracts:
        return reason
    subject, _, why = reason.partition(": ")
    if subject == "rule":
        return _rule_vi(workshop, dataset, why) or reason
    contract = workshop.contracts[dataset]
    label = next((column.vi for column in contract.columns if column.name == subject), subject)
    for pattern, sentence in _CELL_REASONS.items():
        if found := re.fullmatch(pattern, why):
            return f"{label}: {sentence.format(**found.groupdict())}"
    return reason


def refusal_vi(workshop: Workshop, dataset: str, message: str) -> str:
    """The first check that a refusal names, in Vietnamese; empty if it names none that is known."""
    check = message.partition(": ")[0]
    if check == "volume_is_in_band" and (found := _VOLUME.search(message)):
        return _volume_vi(found)
    return _FILE_CHECKS.get(check) or _rule_vi(workshop, dataset, check) or ""


def _volume_vi(found: re.Match[str]) -> str:
    """How many rows came and how many were expected."""
    rows, low, high = (int(found[name]) for name in ("rows", "low", "high"))
    group = f" của {_GROUPS.get(found['group'], found['group'])}" if found["group"] else ""
    less = "ít" if rows < low else "nhiều"
    period = "tháng" if found["months"] else "ngày"
    figures = f"{_grouped(rows)} dòng, thường từ {_grouped(low)} đến {_grouped(high)}"
    asks = "đề nghị xuất lại, hoặc xác nhận là đúng (sources/volume_exceptions.csv)"
    return f"Số dòng{group} {less} hơn hẳn mọi {period} cùng loại: {figures}; {asks}."


def _grouped(number: int) -> str:
    return f"{number:,}".replace(",", ".")


def _rule_vi(workshop: Workshop, dataset: str, name: str) -> str | None:
    """What the rule says; columns that it names are told by their labels."""
    says = next((rule.says.vi for rule in workshop.suites[dataset].rules if rule.name == name), None)
    labels = {column.name: f"«{column.vi.partition(' (')[0]}»" for column in workshop.contracts[dataset].columns}
    return says and re.sub(r"[a-z0-9_]+", lambda word: labels.get(word[0], word[0]), says)
