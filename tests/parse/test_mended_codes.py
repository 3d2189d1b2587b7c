"""Codes whose zeros in front Excel dropped: mended where the list proves it, counted, and set apart where it does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import xlsxwriter

from pipelines.parse import Parsed
from tests.parse.parse_help import DAY, REFERENCE, column, conserves, contract, read, reasons, values, write

LISTS = replace(
    REFERENCE,
    codes={"kind": frozenset({"01", "02", "13", "SENT"}), "place": frozenset({"000123", "123000", "00045", "000000"}),
           "both": frozenset({"01", "1", "02"})},
)  # fmt: skip
OF = contract(
    [column("ma"), column("loai", "code", code_list="kind", width=2), column("noi", "code", code_list="place", width=6)]
)


def _read(folder: Path, *lines: str) -> Parsed:
    return read(write(folder / "a.csv", "ma;loai;noi\n" + "".join(f"{line}\n" for line in lines)), OF, DAY, LISTS)


def test_a_code_that_lost_its_zeros_gets_them_back_and_is_counted_by_column(tmp_path: Path) -> None:
    parsed = _read(tmp_path, "A;1;123", "B;01;000123", "C;13;00123", "D;SENT;0", "E;;123000")
    assert values(parsed, "loai") == ["01", "01", "13", "SENT", None]
    assert values(parsed, "noi") == ["000123", "000123", "000123", "000000", "123000"]
    assert parsed.mended == {"loai": 1, "noi": 3}


def test_what_the_list_does_not_prove_is_set_apart(tmp_path: Path) -> None:
    # 45 would be 000045, which is no code; 00045 is one of another width and stands as it is.
    parsed = _read(tmp_path, "A;3;45", "B;2;00045", "C;001;0000123", "D;١;123")
    assert reasons(parsed) == {
        2: ["loai: not in the list kind", "noi: not in the list place"],
        4: ["loai: not in the list kind", "noi: not in the list place"],
        5: ["loai: not in the list kind"],
    }
    assert parsed.mended == {"loai": 1, "noi": 1}
    assert conserves(parsed)


def test_a_text_that_may_be_either_of_two_codes_is_set_apart(tmp_path: Path) -> None:
    of = contract([column("ma"), column("loai", "code", code_list="both", width=2)])
    parsed = read(write(tmp_path / "a.csv", "ma;loai\nA;1\nB;01\nC;2\n"), of, DAY, LISTS)
    assert reasons(parsed) == {2: ["loai: not in the list both"]}
    assert values(parsed, "loai") == ["01", "02"]


def test_without_a_width_nothing_is_mended(tmp_path: Path) -> None:
    of = contract([column("ma"), column("loai", "code", code_list="kind")])
    parsed = read(write(tmp_path / "a.csv", "ma;loai\nA;1\n"), of, DAY, LISTS)
    assert reasons(parsed) == {2: ["loai: not in the list kind"]}
    assert parsed.mended == {}


def test_a_number_of_a_workbook_is_mended_too(tmp_path: Path) -> None:
    file = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["ma", "loai", "noi"])
        sheet.write_string(1, 0, "A")
        sheet.write_number(1, 1, 1)
        sheet.write_number(1, 2, 123)
    of = OF.model_copy(update={"format": contract([column("ma")], format={"kind": "xlsx"}).format})
    parsed = read(file, of, DAY, LISTS)
    assert (values(parsed, "loai"), values(parsed, "noi")) == (["01"], ["000123"])
