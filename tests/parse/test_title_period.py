"""The period in a file's title against the one that was asked for: an export of another month looks right but for it."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from pipelines.calendar import Partition
from pipelines.contracts import Contract
from pipelines.errors import DataRefusedError
from pipelines.parse.title_period import title_periods
from tests.parse.parse_help import column, contract, read, write
from tests.parse.xlsx_bytes import book, rows, sheet

NOVEMBER, FIFTH = Partition.parse("2026-11"), Partition.parse("2026-11-05")
WHOLE = "01/11/2026-30/11/2026"
READ = {
    "(Từ ngày 01/11/2026 đến ngày 30/11/2026)": [WHOLE],
    "Từ ngày: 1/11/2026 Đến ngày: 30/11/2026": [WHOLE],
    "Từ ngày 01 tháng 11 năm 2026 đến hết ngày 30 tháng 11 năm 2026": [WHOLE],
    "01/11/2026 - 30/11/2026": [WHOLE],
    "THỐNG KÊ KÝ SỐ THÁNG 11/2026": [WHOLE],
    "Tháng 11 năm 2026": [WHOLE],
    "Quý III năm 2026": ["01/07/2026-30/09/2026"],
    "Quý 4/2026": ["01/10/2026-31/12/2026"],
    "6 tháng đầu năm 2026": ["01/01/2026-30/06/2026"],
    "6 tháng cuối năm 2026": ["01/07/2026-31/12/2026"],
    "Từ tháng 1 đến tháng 6 năm 2026": ["01/01/2026-30/06/2026"],
    "từ 15/10/2026 đến 14/11/2026": ["15/10/2026-14/11/2026"],
    "Ngày 05/11/2026": ["05/11/2026"],
    "Năm 2026": ["01/01/2026-31/12/2026"],
    "Sổ lưu cấp số văn bản đến: SỔ VĂN BẢN ĐẾN NĂM 2026": ["01/01/2026-31/12/2026"],
    "Tháng 11/2026 (so với tháng 10/2026)": [WHOLE, "01/10/2026-31/10/2026"],
    "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM": [],
    "Thanh Hóa, ngày 05 tháng 12 năm 2026": [],
    "Ngày in: 05 tháng 12 năm 2026": [],
    "Tính đến hết ngày 30/11/2026": [],
    "theo Quyết định số 01/QĐ-UBND ngày 01/01/2025 của UBND tỉnh": [],
    "Tháng 13/2026": [],
    "Từ ngày 30/11/2026 đến ngày 01/11/2026": [],
}


@pytest.mark.parametrize("title", READ)
def test_a_period_is_read_however_it_is_spelled(title: str) -> None:
    wanted = READ[title]
    without_accents = "".join(
        letter for letter in unicodedata.normalize("NFD", title.replace("đ", "d").replace("Đ", "D"))
        if not unicodedata.combining(letter)
    )  # fmt: skip
    for spelled in (title, unicodedata.normalize("NFD", title), title.upper(), title.lower(), without_accents):
        assert [str(period) for period in title_periods([spelled])] == wanted


def _of(cadence: str, **layout: str) -> Contract:
    return contract([column("ma", required=True)], cadence=cadence, format={"kind": "xlsx", **layout})


def _file(folder: Path, *titles: str) -> Path:
    return write(folder / "a.xlsx", book({"S": sheet(rows(*((title,) for title in titles), ("ma",), ("A",)))}))


@pytest.mark.parametrize(
    ("title", "partition", "cadence"),
    [
        ("Tháng 11/2026", NOVEMBER, "monthly"),
        ("Từ ngày 01/11/2026 đến ngày 30/11/2026", NOVEMBER, "monthly"),
        ("Tháng 11/2026 so với tháng 10/2026", NOVEMBER, "monthly"),
        ("Kết quả tháng 11 năm 2026; kế hoạch năm 2026", NOVEMBER, "monthly"),
        ("Ngày 05/11/2026", FIFTH, "daily"),
        ("SỔ VĂN BẢN ĐẾN NĂM 2026", FIFTH, "daily"),
        ("Danh sách Lê Văn Kín", FIFTH, "daily"),
        ("Ngày 01/01/2020", Partition.parse("baseline-2026-11-05"), "daily"),
    ],
)
def test_a_title_of_the_period_is_accepted(title: str, partition: Partition, cadence: str, tmp_path: Path) -> None:
    assert read(_file(tmp_path, "Tên báo cáo", title), _of(cadence), partition).rows_read == 1


@pytest.mark.parametrize(
    ("title", "partition", "cadence", "came", "asked"),
    [
        ("Tháng 10/2026", NOVEMBER, "monthly", "01/10/2026-31/10/2026", WHOLE),
        ("Quý IV năm 2026", NOVEMBER, "monthly", "01/10/2026-31/12/2026", WHOLE),
        ("Năm 2026", NOVEMBER, "monthly", "01/01/2026-31/12/2026", WHOLE),
        ("từ 15/10/2026 đến 14/11/2026", NOVEMBER, "monthly", "15/10/2026-14/11/2026", WHOLE),
        ("Ngày 04/11/2026", FIFTH, "daily", "04/11/2026", "05/11/2026"),
        ("Tháng 11/2026", FIFTH, "daily", WHOLE, "05/11/2026"),
        ("SỔ VĂN BẢN ĐẾN NĂM 2025", FIFTH, "daily", "01/01/2025-31/12/2025", "05/11/2026"),
    ],
)
def test_a_title_of_another_period_refuses_and_names_both(
    title: str, partition: Partition, cadence: str, came: str, asked: str, tmp_path: Path
) -> None:
    with pytest.raises(DataRefusedError) as caught:
        read(_file(tmp_path, "Người lập: Lê Văn Kín", f"Lê Văn Kín {title}"), _of(cadence), partition)
    assert caught.value.check == "title_names_its_period"
    assert caught.value.what == f"a.xlsx: its title names the period {came}, and {asked} was asked for."
    assert "Kín" not in str(caught.value)


def test_the_contract_says_what_a_title_must_name(tmp_path: Path) -> None:
    quarter, none = "Quý IV năm 2026", "Danh sách"
    assert read(_file(tmp_path, quarter), _of("monthly", title_period="contains"), NOVEMBER).rows_read == 1
    assert read(_file(tmp_path, "Quý I năm 2020"), _of("monthly", title_period="ignored"), NOVEMBER).rows_read == 1
    with pytest.raises(DataRefusedError, match=r"01/01/2020-31/03/2020"):
        read(_file(tmp_path, "Quý I năm 2020"), _of("monthly", title_period="contains"), NOVEMBER)
    with pytest.raises(DataRefusedError, match="no title names a period, and 01/11/2026-30/11/2026 was asked for"):
        read(_file(tmp_path, none), _of("monthly", title_period="required"), NOVEMBER)


def test_what_stands_above_a_table_of_a_page_is_its_title(tmp_path: Path) -> None:
    page = (
        "<html><head><title>Tháng 1/2020</title><style>p {content: 'Tháng 2/2020'}</style></head><body>"
        "<table><tr><td>Đăng nhập</td></tr></table><p>Từ <b>01/10/2026</b><br>đến <i>31/10/2026</i></p>"
        "<table><tr><th>ma</th></tr><tr><td>A</td></tr></table><p>Tháng 11/2026</p></body></html>"
    )
    of = contract([column("ma", required=True)], cadence="monthly", format={"kind": "html"})
    assert read(write(tmp_path / "a.xls", page), of, Partition.parse("2026-10")).rows_read == 1
    with pytest.raises(DataRefusedError, match=r"names the period 01/10/2026-31/10/2026"):
        read(write(tmp_path / "a.xls", page), of, NOVEMBER)
