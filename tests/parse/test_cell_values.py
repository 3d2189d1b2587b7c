"""What each type reads and what it refuses: a text that gives no value is a reason, never a null."""

# ruff: noqa: DTZ001  (the warehouse keeps naive local times)

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.calendar import Partition
from pipelines.parse import Parsed
from tests.parse.parse_help import DAY, KEY, column, contract, read, reasons, values, write

Case = tuple[str, dict[str, Any], dict[str, Any], str, object]
VIETNAMESE = {"thousands": ".", "decimal": ","}
READABLE: list[Case] = [
    ("integer", {}, {}, "0", 0),
    ("integer", {}, {}, "-12", -12),
    ("integer", {}, {}, "007", 7),
    ("integer", {}, {}, "99999999", 99_999_999),
    ("integer", {"maximum": 1e18}, {}, "999999999999999999", 999_999_999_999_999_999),
    ("integer", {}, {}, "\u00a0 5\u200b", 5),
    ("integer", {}, VIETNAMESE, "1.234.567", 1_234_567),
    ("integer", {}, VIETNAMESE, "-1.234", -1234),
    ("integer", {}, VIETNAMESE, "1234", 1234),
    ("integer", {}, {"thousands": ","}, "1,234", 1234),
    ("integer", {}, {"zero_marks": ["-"]}, "-", 0),
    ("integer", {}, {"zero_marks": ["-", ""]}, "", 0),
    ("amount", {}, {}, "150000", Decimal("150000.00")),
    ("amount", {}, {}, "0.5", Decimal("0.50")),
    ("amount", {}, VIETNAMESE, "1.500.000,25", Decimal("1500000.25")),
    ("decimal", {}, {}, "1.5", Decimal("1.5000")),
    ("decimal", {}, {}, "1.234", Decimal("1.2340")),
    ("decimal", {}, VIETNAMESE, "1,5", Decimal("1.5000")),
    ("decimal", {}, VIETNAMESE, "1.234", Decimal("1234.0000")),
    ("decimal", {}, {}, "-0.0001", Decimal("-0.0001")),
    ("boolean", {}, {}, "true", True),
    ("boolean", {}, {}, "1", True),
    ("boolean", {}, {}, "CÓ", True),
    ("boolean", {}, {}, "X", True),
    ("boolean", {}, {}, "0", False),
    ("boolean", {}, {}, "Không", False),
    ("boolean", {}, {}, "FALSE", False),
    ("date", {}, {}, "05/11/2026", date(2026, 11, 5)),
    ("date", {}, {}, "5/1/2026", date(2026, 1, 5)),
    ("date", {}, {}, "29/02/2024", date(2024, 2, 29)),
    ("date", {}, {}, "01/01/1990", date(1990, 1, 1)),
    ("timestamp", {}, {}, "05/11/2026 23:59:59", datetime(2026, 11, 5, 23, 59, 59)),
    ("timestamp", {"format": "%Y-%m-%dT%H:%M:%SZ", "time_zone": "UTC"}, {}, "2026-06-01T17:30:00Z", datetime(2026, 6, 2, 0, 30)),
    ("code", {}, {}, "2", "2"),
    ("agency_code", {}, {}, "000.03.12.h56", "H56.12.03"),
    ("agency_code", {}, {}, "H56.31", "H56.31"),  # a unit that ended keeps its dossiers
    ("unit_name", {}, {}, "SỞ  Y TẾ", "H56.12"),
    ("procedure_code", {}, {}, "1.010708", "1.010708"),
    ("procedure_code", {}, {}, "1.010708.000.00.00.H56", "1.010708"),
    ("procedure_code", {}, {}, "2.000123.000.00.00.M12", "2.000123"),
    ("endpoint_address", {}, {}, "DC001@X.example", "DC-001"),
    ("endpoint_address", {}, {}, "0912345678@else.example", "GUEST"),
    ("count_of", {}, {}, "Sở Y tế", 1),
    ("count_of", {}, {}, '"Sở Y tế; Sở Nội vụ ;; \u00a0;"', 2),
    ("text", {}, {}, "Ho\u0300a Bi\u0300nh", "Hòa Bình"),
    ("text", {"pattern": "^[0-9]{2,}/.+$"}, {}, "07/QĐ-UBND", "07/QĐ-UBND"),
    ("text", {"pattern": r"\d+/[\d.]+"}, {}, "12/3.4", "12/3.4"),
    ("text", {"registry": "endpoints"}, {}, "DC-002", "DC-002"),
]  # fmt: skip
UNREADABLE: list[Case] = [
    ("integer", {}, {}, "1.0", "not a readable integer"),
    ("integer", {}, {}, "1 234", "not a readable integer"),
    ("integer", {}, {}, "1.234", "not a readable integer"),
    ("integer", {}, {}, "1000000000000000000", "not a readable integer"),
    ("integer", {}, {}, "+5", "not a readable integer"),
    ("integer", {}, {}, "-", "not a readable integer"),
    ("integer", {}, {}, "٣", "not a readable integer"),
    ("integer", {}, {}, "NaN", "not a readable integer"),
    ("integer", {}, VIETNAMESE, "1.23", "not a readable integer"),
    ("integer", {}, VIETNAMESE, "1.2345", "not a readable integer"),
    ("integer", {}, VIETNAMESE, "1,234", "not a readable integer"),
    ("integer", {}, VIETNAMESE, "0.125", "not a readable integer"),
    ("amount", {}, {}, "1,5", "not a readable amount"),
    ("amount", {}, {}, "0.005", "not a readable amount"),
    ("amount", {}, {}, "12 đ", "not a readable amount"),
    ("decimal", {}, {}, "1,5", "not a readable decimal"),
    ("decimal", {}, {}, "1e3", "not a readable decimal"),
    ("decimal", {}, {}, "95%", "not a readable decimal"),
    ("decimal", {}, {}, "inf", "not a readable decimal"),
    ("decimal", {}, VIETNAMESE, "1.5", "not a readable decimal"),
    ("decimal", {}, VIETNAMESE, "1,5,5", "not a readable decimal"),
    ("boolean", {}, {}, "2", "not a readable boolean"),
    ("boolean", {}, {}, "yes", "not a readable boolean"),
    ("date", {}, {}, "31/02/2026", "not a readable date"),
    ("date", {}, {}, "29/02/2026", "not a readable date"),
    ("date", {}, {}, "13/13/2026", "not a readable date"),
    ("date", {}, {}, "05/11/26", "not a readable date"),
    ("date", {}, {}, "05/11/2206", "not a readable date"),
    ("date", {}, {}, "05/11/1899", "not a readable date"),
    ("date", {}, {}, "11-05-2026", "not a readable date"),
    ("date", {}, {}, "05/11/2026 08:00", "not a readable date"),
    ("timestamp", {}, {}, "31/02/2026 10:00:00", "not a readable timestamp"),
    ("timestamp", {}, {}, "05/11/2026", "not a readable timestamp"),
    ("timestamp", {}, {}, "05/11/2026 24:00:00", "not a readable timestamp"),
    ("timestamp", {}, {}, "05/11/26 10:00:00", "not a readable timestamp"),
    ("code", {}, {}, "3", "not in the list colour"),
    ("code", {}, {}, "sent", "not in the list colour"),
    ("code", {"empty_as": "SENT"}, {}, "7", "not in the list colour"),
    ("agency_code", {}, {}, "H57.12", "unknown or ambiguous unit"),
    ("agency_code", {}, {}, "H56.99", "unknown or ambiguous unit"),
    ("unit_name", {}, {}, "Văn phòng", "unknown or ambiguous unit"),  # two units bear it
    ("unit_name", {}, {}, "Huyện Đông Sơn", "unknown or ambiguous unit"),  # it ended before the day
    ("unit_name", {}, {}, "Sở Hàng không", "unknown or ambiguous unit"),
    ("procedure_code", {}, {}, "1.01070", "malformed"),
    ("procedure_code", {}, {}, "1.0107088", "malformed"),
    ("procedure_code", {}, {}, "1.010708.000.00.00", "malformed"),
    ("text", {"pattern": "^[0-9]{2,}/.+$"}, {}, "7/QĐ-UBND", "malformed"),
    ("text", {"pattern": "[0-9]{2}"}, {}, "A12B", "malformed"),  # a pattern is of the whole text
    ("text", {"pattern": r"\d+/[\d.]+"}, {}, "٣٤/٥.٦", "malformed"),  # polars' own \d takes them
    ("text", {"pattern": r"\d+"}, {}, "１２", "malformed"),
    ("text", {"registry": "endpoints"}, {}, "DC-003", "unknown endpoint"),
]  # fmt: skip
EMPTY = ["", "  ", "\u00a0", "\u200b", '""']


def _ids(cases: list[Case]) -> list[str]:
    return [f"{kind}-{text!r}-{'vi' if layout.get('decimal') else ''}" for kind, _, layout, text, _ in cases]


def _one(folder: Path, kind: str, more: dict[str, Any], layout: dict[str, Any], text: str) -> Parsed:
    of = contract([column("ma"), column("gia_tri", kind, **more)], format={"kind": "csv", "delimiter": ";", **layout})
    return read(write(folder / "a.csv", f"ma;gia_tri\nA;{text}\n"), of)


@pytest.mark.parametrize(("kind", "more", "layout", "text", "value"), READABLE, ids=_ids(READABLE))
def test_a_text_is_read(
    kind: str, more: dict[str, Any], layout: dict[str, Any], text: str, value: object, tmp_path: Path
) -> None:
    parsed = _one(tmp_path, kind, more, layout, text)
    assert reasons(parsed) == {}
    assert values(parsed, "gia_tri") == [value]


@pytest.mark.parametrize(("kind", "more", "layout", "text", "reason"), UNREADABLE, ids=_ids(UNREADABLE))
def test_a_text_that_gives_no_value_is_a_reason(
    kind: str, more: dict[str, Any], layout: dict[str, Any], text: str, reason: object, tmp_path: Path
) -> None:
    parsed = _one(tmp_path, kind, more, layout, text)
    assert reasons(parsed) == {2: [f"gia_tri: {reason}"]}


@pytest.mark.parametrize("text", EMPTY)
@pytest.mark.parametrize("kind", ["text", "integer", "decimal", "boolean", "date", "timestamp", "code", "agency_code"])
def test_an_empty_cell_is_null_where_it_may_be_and_a_reason_where_not(kind: str, text: str, tmp_path: Path) -> None:
    assert values(_one(tmp_path, kind, {}, {}, text), "gia_tri") == [None]
    assert reasons(_one(tmp_path, kind, {"nullable": False}, {}, text)) == {2: ["gia_tri: empty"]}


@pytest.mark.parametrize("text", EMPTY)
def test_only_an_empty_cell_stands_for_the_declared_code(text: str, tmp_path: Path) -> None:
    assert values(_one(tmp_path, "code", {"empty_as": "SENT", "nullable": False}, {}, text), "gia_tri") == ["SENT"]


def test_bounds_are_inclusive(tmp_path: Path) -> None:
    of = contract([column("ma"), column("ty_le", "decimal", minimum=0, maximum=1)])
    content = "ma;ty_le\nA;0\nB;1\nC;-0.0001\nD;1.0001\nE;\n"
    parsed = read(write(tmp_path / "a.csv", content), of)
    assert reasons(parsed) == {4: ["ty_le: below 0"], 5: ["ty_le: above 1"]}
    assert values(parsed, "ma") == ["A", "B", "E"]


def test_a_unit_is_looked_up_by_name_in_the_period_of_the_export(tmp_path: Path) -> None:
    of = contract([column("ma"), column("don_vi", "unit_name")])
    file = write(tmp_path / "a.csv", "ma;don_vi\nA;Huyện Đông Sơn\n")
    assert values(read(file, of, Partition.parse("2025-06-30")), "don_vi") == ["H56.31"]
    assert values(read(file, of, Partition.parse("2025-07-01")), "don_vi") == []


ACCOUNTS = contract([column("khoa", personal="account", pseudonym=True, nullable=False), column("so", "integer")])


def test_a_pseudonym_is_keyed_stable_and_32_hex_digits(tmp_path: Path) -> None:
    one = read(write(tmp_path / "a.csv", "khoa;so\nmai.nt;1\nhung.lv;2\n"), ACCOUNTS)
    again = read(write(tmp_path / "b.csv", "khoa;so\n hung.lv\u00a0;7\nmai.nt;8\n"), ACCOUNTS)
    other = read(write(tmp_path / "c.csv", "khoa;so\nmai.nt;1\n"), ACCOUNTS, DAY, key=KEY[::-1])
    mai, hung = values(one, "khoa")
    assert re.fullmatch(r"[0-9a-f]{32}", mai)
    assert mai != hung
    assert values(again, "khoa") == [hung, mai]
    assert values(other, "khoa") != [mai]
    # BLAKE2b of RFC 7693 with this key and a digest of 16 bytes, worked out from the standard's text.
    assert mai == "19dc381c1cdae75adfd32f37121297db"


def test_a_pseudonym_of_nothing_is_nothing_and_of_a_malformed_code_is_none(tmp_path: Path) -> None:
    of = contract(
        [
            column("khoa", personal="dossier_code", pseudonym=True, nullable=False, pattern="^H56-[0-9]{4}$"),
            column("so"),
        ]
    )
    parsed = read(write(tmp_path / "a.csv", "khoa;so\n;1\nH56-12;2\nH56-1234;3\n"), of)
    assert reasons(parsed) == {2: ["khoa: empty"], 3: ["khoa: malformed"]}
    assert values(parsed, "so") == ["3"]
    assert "H56-1" not in parsed.rejects.write_json()
