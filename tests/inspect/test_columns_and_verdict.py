"""What is told of columns, rows and the verdict, with figures counted by hand; and that a run would say the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from demo.files import exchange_file, register_file
from demo.province import province
from pipelines.archive import Arrival
from pipelines.calendar import Partition
from pipelines.ingest import Workshop, examine
from pipelines.inspection import inspect_file
from pipelines.settings import Settings
from tests.inspect.inspect_help import WORKSHOP, column, file_named, khotinh, looked_at
from tests.parse.parse_help import write

HEADINGS = "MaGoiTin;MaVanBan;SoKyHieu;LoaiVanBan;LoaiNghiepVu;DonViGui;DonViNhan;TrangThai;ThoiGian;DoMat;DoKhan"
ROWS = [
    "GT261103-1-1;H56.118,2026/11/03,1/CV;1/CV;Công văn;0;H56.118;H56.12;01;03/11/2026 08:00:00;;Khẩn",
    "GT261103-2-1;H56.118,2026/11/03,2/CV;2/CV;Công văn;0;H56.118;H56.12;;03/11/2026 09:30:00;;",
    "GT261103-3-1;H56.118,2026/11/03,3/CV;3/CV;Công văn;0;H56.118;H56.12;01;hôm qua;;",
    "GT261103-4-1;H56.118,2026/11/03,4/CV;4/CV;Công văn;9;H56.118;H56.99999;01;03/11/2026 07:15:00;;",
]


def exchanges(folder: Path, headings: str = HEADINGS, name: str = "exchange-20261103.csv") -> Path:
    return write(folder / name, "\n".join([headings, *ROWS]) + "\n")


def test_cells_are_counted_and_bounded(tmp_path: Path) -> None:
    answer = looked_at(exchanges(tmp_path))
    counted = {
        name: tuple(column(answer, name)[key] for key in ("filled", "empty", "read", "unread", "minimum", "maximum"))
        for name in ("packet_id", "status_code", "status_at", "business_type_code", "recipient_unit_code")
    }
    assert counted == {
        "packet_id": (4, 0, 4, 0, None, None),
        "status_code": (3, 1, 3, 0, None, None),
        "status_at": (4, 0, 3, 1, "2026-11-03 07:15:00", "2026-11-03 09:30:00"),
        "business_type_code": (4, 0, 3, 1, None, None),
        "recipient_unit_code": (4, 0, 3, 1, None, None),
    }


def test_rejects_have_their_row_and_every_reason_in_vietnamese(tmp_path: Path) -> None:
    answer = looked_at(exchanges(tmp_path))
    assert [(reject["row_number"], [reason["vi"] for reason in reject["reasons"]]) for reject in answer["rejects"]] == [
        (4, ["Thời điểm của trạng thái: không đọc được ngày giờ"]),
        (5, [
            "Loại nghiệp vụ (0 mới, 1 thu hồi, 2 cập nhật, 3 thay thế): không có trong danh mục",
            "Mã đơn vị nhận: không có đơn vị này, hoặc tên trùng nhiều đơn vị",
        ]),
    ]  # fmt: skip
    assert answer["rows"] == {"read": 4, "accepted": 2, "quarantined": 2, "duplicate": 0}
    # Half of the rows are rejected and a twentieth is bearable.
    assert (answer["verdict"], answer["exit_code"]) == ("refused", 3)
    assert answer["refusal"]["vi"] == "Quá nhiều dòng lỗi nên cả tệp bị từ chối."


def test_a_renamed_heading_shows_its_nearest_both_ways(tmp_path: Path) -> None:
    answer = looked_at(exchanges(tmp_path, HEADINGS.replace("ThoiGian", "ThoiGianXuLy")))
    assert answer["dataset"] == "document_exchanges"
    assert answer["missing"] == ["status_at"]
    assert column(answer, "status_at")["nearest_heading"] == "ThoiGianXuLy"
    assert answer["unknown_headings"] == [{"heading": "ThoiGianXuLy", "nearest_heading": "ThoiGian"}]
    # What is there is told all the same.
    assert column(answer, "status_code")["filled"] == 3
    assert (answer["exit_code"], answer["refusal"]["vi"][:13]) == (3, "Tệp thiếu cột")
    shown = khotinh(tmp_path / "exchange-20261103.csv").stdout
    assert "THIẾU | MISSING: 'ThoiGian'" in shown
    assert "'ThoiGianXuLy' – gần giống | nearest: 'ThoiGian'" in shown


def test_period_comes_from_the_option_then_the_name_then_the_calendar(tmp_path: Path) -> None:
    assert looked_at(exchanges(tmp_path))["period"] == {"key": "2026-11-03", "said_by": "file_name"}
    asked = looked_at(exchanges(tmp_path), "--period", "2026-11-05")
    assert asked["period"] == {"key": "2026-11-05", "said_by": "option"}
    # The digits of a hash are no date, and there is no 31 November.
    for name in ("a20261103b.csv", "x-20261131.csv"):
        assert looked_at(exchanges(tmp_path, name=name))["period"]["said_by"] == "default"
        assert "Tên tệp không nói kỳ" in khotinh(tmp_path / name).stdout
    assert "Tên tệp không nói kỳ" not in khotinh(tmp_path / "exchange-20261103.csv").stdout


def test_a_day_stands_for_the_month_of_a_monthly_dataset(tmp_path: Path) -> None:
    content = file_named(province(scale=0.01), "bieu-chi-tieu-202610.xlsx")
    answer = looked_at(write(tmp_path / "bieu.xlsx", content), "--period", "2026-10-05")
    assert answer["period"]["key"] == "2026-10"


@pytest.mark.parametrize(
    "options",
    [
        ("--period", "2026-11"),
        ("--period", "hôm qua"),
        ("--dataset", "nothing_of_ours"),
    ],
)
def test_wrong_usage_is_exit_code_2(tmp_path: Path, options: tuple[str, str]) -> None:
    assert khotinh(exchanges(tmp_path), *options).exit_code == 2


def test_what_is_no_file_is_exit_code_2(tmp_path: Path) -> None:
    assert khotinh(tmp_path / "not-there.csv").exit_code == 2
    assert khotinh(tmp_path).exit_code == 2
    assert khotinh(Path("/dev/zero")).exit_code == 2


@dataclass(frozen=True)
class Case:
    """A fault of the demo, the day that it befalls and the file that it spoils."""

    fault: str
    dataset: str


@pytest.mark.parametrize(
    "case",
    [
        Case("changed_heading", "document_registers"),
        Case("mixed_dates", "document_registers"),
        Case("truncated_file", "document_registers"),
        Case("wrong_encoding", "document_exchanges"),
        Case("added_column", "document_exchanges"),
        Case("empty_export", "document_exchanges"),
        Case("bad_rows", "document_exchanges"),
        Case("conflicting_rows", "document_exchanges"),
        Case("lying_total_row", "document_signing"),
    ],
    ids=lambda case: case.fault,
)
def test_a_run_would_say_the_same(tmp_path: Path, case: Case) -> None:
    made = province(scale=0.01, faults=(case.fault,))
    day = made.faults.days.get(case.fault, date(2026, 11, 3))
    partition = Partition.of_day(day)
    match case.dataset:
        case "document_registers":
            name, content = "so.xlsx", register_file(made, day)
        case "document_exchanges":
            name, content = "exchange.csv", exchange_file(made, day)
        case _:
            partition = Partition.parse("2026-10")
            name, content = "ky-so.xlsx", file_named(made, "ky-so-202610.xlsx")
    file = write(tmp_path / name, content)
    workshop = Workshop(Settings(pseudonym_key=SecretStr("a key of this test, no secret")))
    moment = datetime(2026, 11, 9, 5, 30)  # noqa: DTZ001 (local time)
    arrival = Arrival(case.dataset, partition.key, file, "0" * 64, name, len(content), "", None, moment, None)
    told = examine(workshop, workshop.contracts[case.dataset], partition, arrival)
    found = inspect_file(WORKSHOP, file, case.dataset, partition)
    if found.judgement is None:
        assert found.mismatch is not None
        assert told.verdict == "refused"
        return
    assert found.judgement.verdict == told.verdict
    assert found.judgement.refusal == told.refusal_reason
    assert found.judgement.rows_accepted == told.rows.height
    assert found.judgement.rows_quarantined == told.quarantine.height
    assert {check.check_name for check in found.judgement.failed} == {
        check.check_name for check in told.checks if not check.is_success
    }
