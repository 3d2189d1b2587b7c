"""What an officer reads: reasons and refusals in plain Vietnamese, from the words of the contracts and the suites."""

from __future__ import annotations

import re
from datetime import date, timedelta

from pipelines.calendar import Partition
from pipelines.contracts import Contract
from pipelines.ingest import Workshop
from pipelines.notation import thousands
from pipelines.parse.cells.units import without_candidates
from pipelines.parse.rejects import UNREAD_FILE

_CELL_REASONS = {
    r"empty": "để trống",
    r"malformed": "sai cấu trúc",
    r"unknown or ambiguous unit": "không có đơn vị này, hoặc tên trùng nhiều đơn vị",
    r"unknown endpoint": "không có điểm cầu này",
    r"not in the list \w+": "không có trong danh mục",
    r"names a total that the contract does not": "là dòng tổng cộng, không phải một dòng số liệu",
    r"not a readable (date|timestamp)": "không đọc được ngày giờ",
    r"not a readable \w+": "không đọc được giá trị",
    r"below (?P<bound>\S+)": "nhỏ hơn {bound}",
    r"above (?P<bound>\S+)": "lớn hơn {bound}",
}
_FILE_CHECKS = {
    "file_is_readable": "Tệp không đọc được, bị cắt hoặc hỏng chữ; đề nghị xuất lại.",
    "headings_are_complete": "Tệp thiếu cột hoặc đổi tên cột; đề nghị kiểm tra mẫu xuất.",
    "rows_are_where_declared": "Không thấy dòng số liệu ở chỗ mẫu quy định (phần tử XML đổi tên?); đề nghị kiểm tra mẫu xuất.",
    "dates_are_of_one_kind": "Cột ngày lẫn ngày Excel và văn bản, ngày tháng có thể bị đảo; đề nghị xuất dạng văn bản.",
    "title_names_its_period": "Tiêu đề trong tệp không ghi đúng kỳ cần lấy; đề nghị xuất lại đúng kỳ.",
    "every_sheet_is_read": "Tệp còn một trang (bảng) khác có cùng mẫu mà hợp đồng không đọc; đề nghị xuất một trang, hoặc khai các trang cần đọc.",
    "day_and_month_keep_their_place": "Ngày và tháng của một cột bị đổi chỗ (Excel đọc tháng trước ngày); đề nghị xuất lại, không mở tệp bằng Excel trước khi gửi.",
    "codes_were_repaired": "Có mã bị Excel bỏ mất số 0 ở đầu; kho đã bù lại những mã chắc chắn theo danh mục.",
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
    "page_shape": "Cổng trả lời không đúng mẫu đã thống nhất; đề nghị hỏi đơn vị quản lý.",
    "file_size": "Tệp lớn bất thường nên không nhận; đề nghị kiểm tra lại việc xuất.",
}
_VOLUME = re.compile(
    r"(?P<rows>\d+) rows(?: of (?P<group>\w+) units)?, expected (?P<low>\d+) to (?P<high>\d+)[^;]*?(?P<months> months)?\)"
)
_MISSING = re.compile(r"(?:lacks the heading |, )'([^']+)'(?: \(nearest heading in the file: '([^']+)'\))?(?=[,;] |$)")
_RETYPED = re.compile(r"column '([^']+)' should hold .+?, but (\d+) of its (\d+) cells do not")
_PERIODS = re.compile(r"its title names the period (?P<came>[\d/, -]+), and (?P<asked>[\d/-]+) was asked for")
_GROUPS = {
    "province": "cấp tỉnh", "department": "sở, ngành", "district": "cấp huyện", "commune": "cấp xã",
    "sub_unit": "đơn vị trực thuộc",
}  # fmt: skip
# {title}, {owner} and {command} are those of the dataset and of the partition.
_SOURCE_CHECKS = {
    "source_answers": "Nguồn của “{title}” không trả lời dù đã thử lại; khi nguồn hoạt động, chạy lại: {command}",
    "export_is_there": "Chưa có số liệu “{title}” của kỳ này; đề nghị hỏi {owner}, rồi chạy lại: {command}",
    "source_may_be_read": "Nguồn của “{title}” từ chối cho đọc; cần người quản trị xử lý, rồi chạy lại: {command}",
    "setting_works": "Thiết lập kết nối tới nguồn của “{title}” bị sai; cần người quản trị sửa, rồi chạy lại: {command}",
    "rules_are_sound": "Quy tắc của “{title}” viết sai nên chưa xét được dữ liệu; cần người quản trị sửa.",
}
NO_WORDS = "Chưa có lời giải thích bằng tiếng Việt; xem dòng tiếng Anh bên dưới."
_NAMED_CHECK = re.compile(r"(?:^|; )(?P<check>[a-z][a-z0-9_]*): ")
_JUDGED_BEFORE = "The same bytes were judged before as "


def reason_vi(workshop: Workshop, dataset: str, reason: str) -> str:
    """A quarantine reason (`column: why` or `rule: name`) in Vietnamese, without the units it suggests; unknown ones stay as they are."""
    if dataset not in workshop.contracts:
        return reason
    told = without_candidates(reason)
    if told == UNREAD_FILE:
        return "Cả tệp (bản ghi) này không đọc được"
    subject, _, why = told.partition(": ")
    if subject == "rule":
        says = _rule_vi(workshop, dataset, why)
        return f"Trái quy tắc: {says}" if says else reason
    contract = workshop.contracts[dataset]
    label = next((column.vi for column in contract.columns if column.name == subject), subject)
    for pattern, sentence in _CELL_REASONS.items():
        if found := re.fullmatch(pattern, why):
            return f"{label}: {sentence.format(**found.groupdict())}"
    return reason


def trouble_vi(workshop: Workshop, dataset: str, partition_key: str | None, message: str) -> str:
    """Every check that a refusal or a failure names, in Vietnamese, in the message's order.

    Args:
        workshop: Contracts and suites, whose own words are used.
        dataset: Whose export it is.
        partition_key: The day or month; None for a file that was not pulled.
        message: `check: text; check: text`, as in `ops.attempts`; the texts may hold anything.
    """
    named = dict.fromkeys(found["check"] for found in _NAMED_CHECK.finditer(message))
    sentences = [
        sentence
        for check in named
        if (sentence := _in_detail(check, message) or check_vi(workshop, dataset, check, partition_key)) is not None
    ]
    if _JUDGED_BEFORE in message:
        sentences.append("Nguồn vẫn gửi đúng tệp đã bị từ chối trước đó.")
    return " ".join(sentences) or NO_WORDS


def check_vi(workshop: Workshop, dataset: str, check: str, partition_key: str | None = None) -> str | None:
    """What a check demands or found, in Vietnamese; None for a name that is no check.

    A source's own checks are told of a partition only.
    """
    if check in _SOURCE_CHECKS and partition_key is not None:
        contract = workshop.contracts[dataset]
        command = f"khotinh run --date {_day_to_run(contract, partition_key)} --dataset {dataset}"
        return _SOURCE_CHECKS[check].format(title=contract.title.vi, owner=contract.owner, command=command)
    return _FILE_CHECKS.get(check) or _rule_vi(workshop, dataset, check)


def _day_to_run(contract: Contract, partition_key: str) -> date:
    """The day whose run asks for the partition again; a month is asked for once it is due."""
    partition = Partition.parse(partition_key)
    if contract.cadence == "monthly":
        return partition.last_day + timedelta(days=contract.due.days_after)
    return partition.first_day


def _in_detail(check: str, message: str) -> str | None:
    """What a check found, where its message has figures or headings that an officer needs; None for any other."""
    match check:
        case "volume_is_in_band" if found := _VOLUME.search(message):
            return _volume_vi(found)
        case "headings_are_complete" if missing := _MISSING.findall(message.partition("; it has: ")[0]):
            told = "; ".join(
                f"«{name}»" + (f" (gần nhất trong tệp: «{near}»)" if near else "") for name, near in missing
            )
            return f"Tệp thiếu cột hoặc đổi tên cột: {told}; đề nghị kiểm tra mẫu xuất."
        case "title_names_its_period" if found := _PERIODS.search(message):
            return f"Tiêu đề trong tệp ghi kỳ {found['came']}, cần lấy kỳ {found['asked']}; đề nghị xuất lại đúng kỳ."
        case "columns_keep_their_type" if retyped := _RETYPED.findall(message):
            told = "; ".join(f"«{name}», {unread} trong {filled} ô" for name, unread, filled in retyped)
            return f"Cột bắt buộc đổi kiểu dữ liệu so với mẫu: {told}; đề nghị kiểm tra mẫu xuất."
    return None


def _volume_vi(found: re.Match[str]) -> str:
    """How many rows came and how many were expected."""
    rows, low, high = (int(found[name]) for name in ("rows", "low", "high"))
    group = f" của {_GROUPS.get(found['group'], found['group'])}" if found["group"] else ""
    less = "ít" if rows < low else "nhiều"
    period = "tháng" if found["months"] else "ngày"
    figures = f"{thousands(rows)} dòng, thường từ {thousands(low)} đến {thousands(high)}"
    asks = "đề nghị xuất lại, hoặc xác nhận là đúng (sources/volume_exceptions.csv)"
    return f"Số dòng{group} {less} hơn hẳn mọi {period} cùng loại: {figures}; {asks}."


def _rule_vi(workshop: Workshop, dataset: str, name: str) -> str | None:
    """What the rule says; columns that it names are told by their labels."""
    says = next((rule.says.vi for rule in workshop.suites[dataset].rules if rule.name == name), None)
    labels = {column.name: f"«{column.vi.partition(' (')[0]}»" for column in workshop.contracts[dataset].columns}
    return says and re.sub(r"[a-z0-9_]+", lambda word: labels.get(word[0], word[0]), says)
