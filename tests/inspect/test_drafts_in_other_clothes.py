"""Containers, old encodings, several sheets, titles, quotes and namespaces are drafted so that the file itself is read."""

from __future__ import annotations

import gzip
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.contracts import Contract, read_contract
from pipelines.inspection.record_paths import xml_rows_and_paths
from tests.inspect.inspect_help import khotinh, looked_at, zipped
from tests.inspect.layouts_seen import PERSONS, UNITS
from tests.parse.old_encodings import tcvn3, vni, windows_1258
from tests.parse.parse_help import write
from tests.parse.xls_bytes import Sheet, workbook

ROWS = 30
HEADS = ("Mã phiếu", "Đơn vị tiếp nhận", "Người nộp", "Ngày nhận", "Số lượng")


def rows(*, first: int = 0) -> list[tuple[str, ...]]:
    """A unit's register of the third of November; whoever stands in it is nobody."""
    return [
        (f"P-{row:05d}", UNITS[row % 9], PERSONS[row % 5], "03/11/2026", str(row % 7 + 1))
        for row in range(first, first + ROWS)
    ]


def lines(cells: list[tuple[str, ...]], delimiter: str = ";", heads: tuple[str, ...] = HEADS) -> str:
    return "".join(f"{delimiter.join(row)}\r\n" for row in (heads, *cells))


def drafted(file: Path, count: int) -> tuple[Contract, str]:
    """The draft, after it was accepted and has read its own file with every row accounted for; nobody is told."""
    result = khotinh(file, "--draft", "--json")
    assert result.exit_code == 0, result.stdout
    text = json.loads(result.stdout)["contract_yaml"]
    path = write(file.parent / "drafted.yaml", text)
    answer = looked_at(file, "--contract", str(path))
    assert answer["rows"] == {"read": count, "accepted": count, "quarantined": 0, "duplicate": 0}, answer["reasons"]
    assert answer["verdict"].startswith("accepted"), answer["refusal"]
    assert [person for person in PERSONS if person in result.stdout] == []
    return read_contract(path), text


def shown(contract: Contract, heading: str) -> dict[str, Any]:
    """What the draft says of one column, names and texts aside."""
    column = next(column for column in contract.columns if heading in column.headings)
    kept = column.model_dump(exclude_defaults=True)
    return {key: kept[key] for key in kept if key not in ("name", "headings", "vi", "en", "required", "nullable")}


def test_every_sheet_of_an_old_workbook_that_shares_the_heading_is_read(tmp_path: Path) -> None:
    sheets = {f"Tháng {place}": Sheet([HEADS, *rows(first=place * 100)]) for place in (1, 2)}
    contract, _ = drafted(write(tmp_path / "so-20261103.xls", workbook(sheets)), 2 * ROWS)
    assert (contract.format.kind, contract.format.sheets) == ("xls", "all")


def test_a_sheet_behind_a_cover_is_named(tmp_path: Path) -> None:
    sheets = {"Bìa": Sheet([["Báo cáo"]]), "Số liệu": Sheet([HEADS, *rows()])}
    contract, _ = drafted(write(tmp_path / "so-20261103.xls", workbook(sheets)), ROWS)
    assert contract.format.sheets == ("Số liệu",)


@pytest.mark.parametrize(("encoding", "content"), [
    ("tcvn3", tcvn3(lines(rows()))),
    ("vni", vni(lines(rows()))),
    ("windows-1258", windows_1258(lines(rows()))),
    ("utf-16", lines(rows(), "\t").encode("utf-16")),
])  # fmt: skip
def test_the_encoding_that_is_sound_is_proposed(tmp_path: Path, encoding: str, content: bytes) -> None:
    file = write(tmp_path / "so-20261103.csv.gz", gzip.compress(content))
    contract, text = drafted(file, ROWS)
    assert contract.format.encoding == encoding
    assert shown(contract, "Đơn vị tiếp nhận")["type"] == "unit_name"
    assert shown(contract, "Người nộp") == {"type": "text", "personal": "name"}
    if encoding != "utf-16":
        others = {"tcvn3", "vni", "windows-1258"} - {encoding}
        why = next(line for line in text.splitlines() if "không phải UTF-8" in line or "bảng mã nào" in line)
        assert "TODO" in why
        assert all(other in why for other in others)


def test_a_text_in_no_known_encoding_is_refused_with_the_reason(tmp_path: Path) -> None:
    file = write(tmp_path / "x.csv", "Номер;Дата\nP-1;Ёлка\n".encode("koi8-r"))
    result = khotinh(file, "--draft")
    assert result.exit_code == 3
    assert "tcvn3" in result.stderr


def test_of_two_kinds_in_a_zip_one_is_named_and_the_other_told(tmp_path: Path) -> None:
    calls = lines(rows(), ",")
    conferences = lines(
        [(str(row), f"{row % 9}", "03/11/2026") for row in range(9)], ",", ("Số phòng", "Số máy", "Ngày")
    )
    content = zipped({"call-20261103.csv": calls.encode(), "conf-20261103.csv": conferences.encode()})
    contract, text = drafted(write(tmp_path / "dma-20261103.zip", content), ROWS)
    assert contract.format.members == "call-*.csv"
    assert "1 tệp khác loại" in text


def test_titles_quotes_percentages_times_and_separators_are_told(tmp_path: Path) -> None:
    heads = (
        "Mã phiếu",
        "Thời điểm",
        "Ngày lập",
        "Tỷ lệ trước hạn",
        "Tỷ lệ đúng hạn",
        "Khối lượng",
        "Độ dài",
        "Ghi chú",
    )
    cells = [
        (f"P-{row:05d}", f"{row % 28 + 1:02d}/11/2026" + (" 08:15" if row % 2 else ""), "03/11/2026", f"{row + 50},5%",
         f"{row + 50},5", f"{row + 1}.250,5", f"{row}.5", f"{PERSONS[row % 5]}; gọi lại")
        for row in range(ROWS)
    ]  # fmt: skip
    text = "BÁO CÁO\r\n(Từ ngày 01/11/2026 đến ngày 30/11/2026)\r\n" + "".join(
        ";".join(f"'{cell}'" for cell in row) + "\r\n" for row in (heads, *cells)
    )
    contract, _ = drafted(write(tmp_path / "so-20261103.csv", text.encode("utf-8-sig")), ROWS)
    layout = contract.format
    assert (layout.quote, layout.thousands, layout.decimal, layout.title_period) == ("'", ".", ",", "contains")
    assert shown(contract, "Thời điểm") == {"type": "timestamp", "formats": ("%d/%m/%Y %H:%M", "%d/%m/%Y")}
    assert shown(contract, "Ngày lập") == {"type": "date", "format": "%d/%m/%Y", "in_period": True}
    assert shown(contract, "Tỷ lệ trước hạn") == {"type": "percent", "percent_as": "sign"}
    assert shown(contract, "Tỷ lệ đúng hạn") == {"type": "percent", "percent_as": "hundredths"}
    assert shown(contract, "Khối lượng")["type"] == "decimal"
    assert shown(contract, "Độ dài") == {"type": "decimal", "thousands": "", "decimal": ".", "minimum": 0}


@pytest.mark.parametrize(
    ("lists", "within"),
    [("<a>{0}</a><a>{0}</a>", "a"), ("<a>{0}</a><b>{0}</b>", ""), ("<a>{0}<next>2</next></a>", "")],
    ids=["one name", "two names", "something else beside the rows"],
)
def test_what_holds_rows_is_proposed_where_it_holds_nothing_else(tmp_path: Path, lists: str, within: str) -> None:
    cells = "".join(f"<r n='{number}'/>" for number in range(5))
    file = write(tmp_path / "x.xml", f"<x>{lists.format(cells)}</x>".encode())
    assert xml_rows_and_paths([file]) == ("r", within, ("@n",))


def test_records_in_a_namespace_are_found(tmp_path: Path) -> None:
    body = "".join(
        f'<m:record id="r{row}" m:at="{date(2026, 11, 3) + timedelta(days=row % 3)}"><m:count>{row}</m:count></m:record>'
        for row in range(ROWS)
    )
    content = f'<?xml version="1.0" encoding="utf-16"?><m:list xmlns:m="urn:example:x">{body}</m:list>'.encode("utf-16")
    contract, _ = drafted(write(tmp_path / "x-20261103.zip", zipped({"a.xml": content})), ROWS)
    layout = contract.format
    assert (layout.kind, layout.rows, layout.rows_within, layout.encoding) == ("xml", "record", "list", "utf-16")
    assert shown(contract, "@at")["type"] == "date"
    assert shown(contract, "count")["type"] == "integer"
