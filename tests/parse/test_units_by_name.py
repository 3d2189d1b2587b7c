"""Units named in words: by code or name, below the unit above, by alias, never by a guess; with what may be meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.calendar import Partition
from pipelines.parse import Parsed, rejects
from pipelines.parse.cells.units import Candidate, Candidates, Relation, UnitFinder, candidates_of, with_candidates
from pipelines.reference import Reference, UnitAlias
from tests.parse.parse_help import SHIPPED, column, contract, read, reasons, values, whole_reasons, write

BEFORE, AFTER = Partition.parse("2025-05"), Partition.parse("2026-11")
COLUMNS = [column("ma"), column("cap_tren", "unit_name"), column("don_vi", "unit_name", parent="cap_tren")]
PAIRS = contract(COLUMNS)
ALONE = contract([column("ma"), column("don_vi", "unit_name")])
UNKNOWN = "unknown or ambiguous unit"


def _read(
    folder: Path, lines: Sequence[str], of: Any = ALONE, period: Partition = AFTER, by: Reference = SHIPPED
) -> Parsed:
    head = ";".join(one.name for one in of.columns)
    rows = [f"{number};{line}" for number, line in enumerate(lines, start=1)]
    return read(write(folder / "a.csv", "\n".join([head, *rows]) + "\n"), of, period, by)


def _with(*aliases: UnitAlias) -> Reference:
    return replace(SHIPPED, aliases=aliases)


def _alias(alias_vi: str, unit_code: str, **more: Any) -> UnitAlias:
    return UnitAlias(alias_vi, unit_code, **{"valid_from": date(2020, 1, 1), "valid_to": None, **more})


def test_units_of_one_name_are_told_apart_by_the_unit_above(tmp_path: Path) -> None:
    # Two wards of 2021 were called Phú Sơn, one in the city of Thanh Hóa (H56.31), one in Bỉm Sơn (H56.32).
    lines = ["Thành phố Thanh Hóa;Phường Phú Sơn", "Thị xã Bỉm Sơn;PHƯỜNG  PHÚ SƠN", "H56.32;Phường Phú Sơn"]
    found = values(_read(tmp_path, lines, PAIRS, BEFORE), "don_vi")
    assert [code.rpartition(".")[0] for code in found] == ["H56.31", "H56.32", "H56.32"]
    register = {unit.unit_code: unit.name_vi for unit in SHIPPED.units if unit.valid_to}
    assert {register[code] for code in found} == {"Phường Phú Sơn"}


def test_without_the_unit_above_the_name_is_ambiguous_and_each_is_a_candidate(tmp_path: Path) -> None:
    parsed = _read(tmp_path, [";Phường Phú Sơn"], PAIRS, BEFORE)
    (reason,) = whole_reasons(parsed)[2]
    told = candidates_of(reason)
    assert told is not None
    assert told.relation is Relation.SAME_NAME
    assert {(unit.name_vi, unit.parent_name_vi) for unit in told.units} == {
        ("Phường Phú Sơn", "Thành phố Thanh Hóa"),
        ("Phường Phú Sơn", "Thị xã Bỉm Sơn"),
    }


@pytest.mark.parametrize("above", ["Thị xã Nghi Sơn", "Huyện Thọ Xuân"])
def test_a_unit_of_another_parent_is_not_taken_though_its_name_is_the_only_one(above: str, tmp_path: Path) -> None:
    parsed = _read(tmp_path, [f"{above};Phường Hàm Rồng"], PAIRS, BEFORE)
    assert reasons(parsed) == {2: [f"don_vi: {UNKNOWN}"]}


def test_below_a_unit_that_cannot_be_read_nothing_is_found(tmp_path: Path) -> None:
    parsed = _read(tmp_path, ["Thành phố Vinh;Phường Hàm Rồng"], PAIRS, BEFORE)
    assert reasons(parsed) == {2: [f"cap_tren: {UNKNOWN}", f"don_vi: {UNKNOWN}"]}


def test_the_unit_above_heads_its_own_group_and_a_lone_name_needs_none(tmp_path: Path) -> None:
    lines = ["Thành phố Thanh Hóa;Thành phố Thanh Hóa", ";Phường Hàm Rồng"]
    assert values(_read(tmp_path, lines, PAIRS, BEFORE), "don_vi") == ["H56.31", "H56.31.51"]


def test_a_group_row_is_the_unit_above(tmp_path: Path) -> None:
    layout = {"kind": "html", "group_column": "huyen"}
    of = contract(
        [column("Đơn vị") | {"name": "don_vi", "type": "unit_name", "registry": "units", "pattern": None, "parent": "huyen"},
         {**column("huyen", "unit_name"), "headings": []}, column("so", "integer")],
        keys=["don_vi"], format=layout,
    )  # fmt: skip
    rows = [("I", "Thành phố Thanh Hóa", ""), ("1", "Phường Phú Sơn", "5"), ("2", "Phường Lam Sơn", "6"),
            ("II", "Thị xã Bỉm Sơn", ""), ("1", "Phường Phú Sơn", "7")]  # fmt: skip
    body = "".join(f"<tr><td>{a}</td><td>{b}</td><td>{c}</td></tr>" for a, b, c in [("STT", "Đơn vị", "so"), *rows])
    parsed = read(write(tmp_path / "a.html", f"<table>{body}</table>"), of, BEFORE, SHIPPED)
    found = dict(zip(values(parsed, "so"), values(parsed, "don_vi"), strict=True))
    assert {so: code.rpartition(".")[0] for so, code in found.items()} == {5: "H56.31", 6: "H56.31", 7: "H56.32"}


def test_a_cell_may_hold_the_code_of_a_unit_of_the_period(tmp_path: Path) -> None:
    assert values(_read(tmp_path, ["H56.08", "000.00.08.H56", "h56.08"]), "don_vi") == ["H56.08"] * 3
    assert reasons(_read(tmp_path, ["H56.31.51"])) == {2: [f"don_vi: {UNKNOWN}"]}  # ended in June 2025


@pytest.mark.parametrize("text", ["UBND Phường Hạc Thành", "P. Hạc Thành", "UBND P. Hạc Thành", "Hạc Thành"])
def test_a_name_with_more_or_less_than_the_register_s_is_not_guessed(text: str, tmp_path: Path) -> None:
    parsed = _read(tmp_path, [text])
    assert reasons(parsed) == {2: [f"don_vi: {UNKNOWN}"]}
    by = _with(_alias(text, "H56.08"), _alias(text.replace("Hạc", "Hàn"), "H56.09"))
    assert values(_read(tmp_path, [text.upper()], by=by), "don_vi") == ["H56.08"]


def test_an_alias_holds_in_its_time_its_dataset_and_below_its_parent(tmp_path: Path) -> None:
    def code(alias: UnitAlias, line: str = "Sở KHCN", of: Any = ALONE) -> list[Any]:
        return values(_read(tmp_path, [line], of, AFTER, _with(alias)), "don_vi")

    assert code(_alias("Sở KHCN", "H56.08")) == ["H56.08"]
    assert code(_alias("Sở KHCN", "H56.08", valid_to=date(2026, 11, 1))) == ["H56.08"]
    assert code(_alias("Sở KHCN", "H56.08", valid_to=date(2026, 10, 31))) == []
    assert code(_alias("Sở KHCN", "H56.08", applies_to="sample")) == ["H56.08"]  # the dataset
    assert code(_alias("Sở KHCN", "H56.08", applies_to="portal")) == ["H56.08"]  # its platform
    assert code(_alias("Sở KHCN", "H56.08", applies_to="document")) == []
    below = _alias("Sở KHCN", "H56.08", parent_unit_code="H56")
    assert code(below) == []  # the file does not say what stands above
    assert code(below, "UBND tỉnh Thanh Hóa;Sở KHCN", PAIRS) == ["H56.08"]
    assert code(below, "Sở Y tế;Sở KHCN", PAIRS) == []


def test_two_aliases_of_one_spelling_that_hold_in_one_place_are_ambiguous(tmp_path: Path) -> None:
    by = _with(_alias("Sở KHCN", "H56.08", applies_to="sample"), _alias("Sở KHCN", "H56.09", applies_to="portal"))
    (reason,) = whole_reasons(_read(tmp_path, ["Sở KHCN"], by=by))[2]
    told = candidates_of(reason)
    assert told is not None
    assert (told.relation, [unit.unit_code for unit in told.units]) == (Relation.SAME_NAME, ["H56.08", "H56.09"])


def test_a_unit_that_merged_is_told_with_its_successors(tmp_path: Path) -> None:
    # Phường Nam Ngạn (14761) went whole into Phường Hàm Rồng (14758) on 1 July 2025.
    (reason,) = whole_reasons(_read(tmp_path, ["Phường Nam Ngạn"]))[2]
    told = candidates_of(reason)
    assert told is not None
    assert told.relation is Relation.SUCCESSOR
    assert [(unit.name_vi, unit.parent_name_vi) for unit in told.units] == [("Phường Hàm Rồng", "UBND tỉnh Thanh Hóa")]


def test_a_unit_that_was_split_is_told_with_every_part(tmp_path: Path) -> None:
    crosswalk = pl.read_csv("dbt_project/seeds/communes_legacy_to_2025.csv", infer_schema=False)
    split = crosswalk.filter(pl.col("n_new") != "1")
    old = {unit.name_vi: unit for unit in SHIPPED.units if unit.commune_code and unit.valid_to}
    new = {unit.name_vi for unit in SHIPPED.units if unit.commune_code and not unit.valid_to}
    name = next(name for name in split["old_name"] if name in old and name not in new)
    (reason,) = whole_reasons(_read(tmp_path, [name]))[2]
    told = candidates_of(reason)
    assert told is not None
    assert {unit.name_vi for unit in told.units} == set(split.filter(pl.col("old_name") == name)["new_name"])


def test_a_misspelt_name_is_told_the_nearest_of_the_period_and_at_most_five(tmp_path: Path) -> None:
    (reason,) = whole_reasons(_read(tmp_path, ["Phường Hạc Thàn"]))[2]
    told = candidates_of(reason)
    assert told is not None
    assert told.relation is Relation.NEAR
    assert told.units[0].name_vi == "Phường Hạc Thành"
    assert len(told.units) <= 5
    today = {(unit.unit_code, unit.name_vi) for unit in SHIPPED.units if unit.valid_to is None}
    assert {(unit.unit_code, unit.name_vi) for unit in told.units} <= today


def test_the_nearest_below_the_unit_above_come_first(tmp_path: Path) -> None:
    parsed = _read(tmp_path, ["Thị xã Bỉm Sơn;Phường Phú Sơm"], PAIRS, BEFORE)
    told = candidates_of(whole_reasons(parsed)[2][0])
    assert told is not None
    assert (told.units[0].name_vi, told.units[0].parent_name_vi) == ("Phường Phú Sơn", "Thị xã Bỉm Sơn")


def test_a_person_s_name_in_the_wrong_column_is_neither_kept_nor_repeated(tmp_path: Path) -> None:
    parsed = _read(tmp_path, ["Nguyễn Thị Kín Đáo"])
    assert "Kín" not in parsed.rejects.write_json()


def test_the_search_ends_for_a_file_of_nothing_but_misspellings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rejects, "MOST_SEARCHES", 3)
    few = contract([column("ma"), column("don_vi", "unit_name")], max_quarantine_share=1)
    parsed = _read(tmp_path, [f"Xã Đông Sơn {number}" for number in range(6)], few)
    told = [candidates_of(reason) for (reason,) in whole_reasons(parsed).values()]
    assert sum(one is not None for one in told) == 3


CODED = Candidates(Relation.NEAR, (Candidate("H56.1", "Trạm (số 2)", "Sở Y tế"), Candidate("H56", "UBND tỉnh", "")))


def test_what_a_reason_suggests_is_read_back() -> None:
    assert candidates_of(with_candidates("a: b", CODED)) == CODED
    assert with_candidates("a: b", None) == "a: b"
    assert candidates_of("a: b") is None
    assert candidates_of("rule: c") is None


def test_every_name_of_the_register_means_its_own_unit_and_no_other() -> None:
    for period in (BEFORE, AFTER):
        finder = UnitFinder(SHIPPED, PAIRS, period)
        valid = [unit for unit in SHIPPED.units if unit.is_valid(period.first_day, period.last_day)]
        for unit in valid:
            assert finder.find(unit.name_vi, unit.parent_unit_code) == unit.unit_code
            assert finder.find(unit.name_vi) in (unit.unit_code, None)
            assert finder.find(unit.unit_code) == unit.unit_code
