"""The registers: two spellings of one name are one, two units of one name are two, a code has one form."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import ContractError
from pipelines.reference import Reference, Unit, name_key, normalise_agency_code, read_reference
from pipelines.settings import ENDPOINTS_FILE, PROJECT, SEEDS

NAME_LETTERS = "aăâbcdđeêghiklmnoôơpqrstuưvxyAĐHQ òóỏõọùúủũụỳýỷỹỵàáảãạèéẻẽẹ\u00ad\u200b\u00a0\u2009-–.;"
ALIAS_HEAD = "alias_vi,unit_code,parent_unit_code,applies_to,valid_from,valid_to,added_by,note\n"
OLD_LAST_DAY, NEW_FIRST_DAY = date(2025, 6, 30), date(2025, 7, 1)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (unicodedata.normalize("NFC", "Sở Giáo dục và Đào tạo"), unicodedata.normalize("NFD", "Sở Giáo dục và Đào tạo")),
        ("Đông Sơn", "\u00d0ông Sơn"),
        ("Đông Sơn", "\u0189ông Sơn"),
        ("xã Đông", "XÃ \u00d0ÔNG"),
        ("lao động", "lao \u00f0ộng"),
        ("Sở Nội vụ", "  Sở\u00a0Nội \t vụ\n"),
        ("Sở Nội vụ", "Sở Nội\u200b vụ"),
        ("Sở Nội vụ", "\ufeffSở Nội vụ"),
        ("Sở Nội vụ", "Sở N\u200cội v\u200dụ\u2060"),
        ("Hòa Bình", "Hoà Bình"),
        ("Xã Yên Hòa", "Xã Yên Hoà"),
        ("Thủy Nguyên", "Thuỷ Nguyên"),
        ("Cẩm Thủy", "CẨM THUỶ"),
        ("sức khỏe", "sức khoẻ"),
        ("Thúy", "Thuý"),
        ("Xã Hòa Lộc", "Xã Hoà Lộc"),  # in the middle, too
        ("Thủy Khẩu Hòa", "THUỶ KHẨU HOÀ"),
        ("Thọ Xuân", "Thọ Xu\u00adân"),
        ("Thọ Xuân", "Thọ\u2009Xuân\u202f"),
        ("Thọ Xuân", "\u200eThọ\u3000Xuân"),
        ("Thọ Xuân", "Thọ Xuân."),
        ("Thọ Xuân", "Thọ Xuân ;"),
        ("Phòng Y tế - Huyện Nga Sơn", "Phòng Y tế – Huyện Nga Sơn"),
        ("Phòng Y tế - Huyện Nga Sơn", "Phòng Y tế—Huyện Nga Sơn"),
        ("Phòng Y tế - Huyện Nga Sơn", "Phòng Y tế \u2011Huyện Nga Sơn"),
        ("UBND", "ＵＢＮＤ"),
    ],
)  # fmt: skip
def test_two_spellings_of_one_name_have_one_key(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Quý Lộc", "Qúy Lộc"),  # the u after q is no vowel: the tone never moves
        ("Hoằng Hóa", "Hoằng Hoa"),
        ("Đông Sơn", "Dông Sơn"),
        ("Hoàn", "Hòan"),  # not at the word's end
        ("Xã Đông Sơn", "Đông Sơn"),
        ("Mỹ Sơn", "Mĩ Sơn"),  # i and y are an alias's matter
        ("Xã Hải Bình", "X. Hải Bình"),
    ],
)
def test_two_names_keep_two_keys(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


def test_quy_keeps_its_tone_in_either_case() -> None:
    assert name_key("Quý") == "quý"
    assert name_key("QUÝ") == "quý"
    assert name_key("Thọ Quỳ") == "thọ quỳ"


@given(st.text(alphabet=NAME_LETTERS, max_size=24))
def test_a_key_is_its_own_key_and_knows_no_encoding_form(name: str) -> None:
    key = name_key(name)
    assert name_key(key) == key
    assert name_key(unicodedata.normalize("NFD", name)) == key
    assert name_key(name.upper()) == key


@pytest.mark.parametrize(
    ("came", "code"),
    [
        ("H56", "H56"),
        ("H56.12.03", "H56.12.03"),
        (" h56.12.03 ", "H56.12.03"),
        ("000.03.12.H56", "H56.12.03"),  # read right to left: H56, then 12, then 03
        ("000.00.12.H56", "H56.12"),
        ("000.00.00.H56", "H56"),
        ("000.101.H56", "H56.101"),
        ("05.101.H56", "H56.101.05"),
        ("M12.345.67", "M12.345.67"),
        ("", ""),
    ],
)
def test_an_agency_code_is_read_left_to_right(came: str, code: str) -> None:
    assert normalise_agency_code(came) == code


GROUP = st.integers(min_value=1, max_value=999).map(lambda number: f"{number:02d}")


@given(st.lists(GROUP, max_size=3))
def test_both_forms_of_a_code_are_one_and_a_normal_form_stays(groups: list[str]) -> None:
    new = ".".join(["H56", *groups])
    old = ".".join(["000", *["00"] * (2 - len(groups)), *reversed(groups), "H56"])
    assert normalise_agency_code(new) == new
    assert normalise_agency_code(old) == new
    assert normalise_agency_code(normalise_agency_code(old)) == new


@given(st.text(alphabet="H0123456789.mM ", max_size=20))
def test_normalising_twice_is_normalising_once(text: str) -> None:
    once = normalise_agency_code(text)
    assert normalise_agency_code(once) == once


REFERENCE = Reference(
    units=(
        Unit("H56.31", "Huyện Đông Sơn", "district", date(2020, 1, 1), OLD_LAST_DAY),
        Unit("H56.31.02", "Xã Đông Hòa", "commune", date(2020, 1, 1), OLD_LAST_DAY),
        Unit("H56.32.02", "Xã Đông Hoà", "commune", date(2020, 1, 1), OLD_LAST_DAY),
        Unit("H56.101", "Xã Đông Hòa", "commune", NEW_FIRST_DAY, None),
    ),
    endpoint_by_address={"dc001@x.example": "DC-001"},
    codes={},
)


def test_a_name_is_looked_up_among_the_units_of_its_time() -> None:
    old = REFERENCE.unit_codes_by_name(date(2025, 6, 1), OLD_LAST_DAY)
    new = REFERENCE.unit_codes_by_name(NEW_FIRST_DAY, date(2025, 7, 31))
    assert old == {"huyện đông sơn": ["H56.31"], "xã đông hòa": ["H56.31.02", "H56.32.02"]}
    assert new == {"xã đông hòa": ["H56.101"]}


def test_a_period_over_the_change_knows_both_and_calls_it_ambiguous() -> None:
    both = REFERENCE.unit_codes_by_name(OLD_LAST_DAY, NEW_FIRST_DAY)
    assert both["xã đông hòa"] == ["H56.31.02", "H56.32.02", "H56.101"]


def test_a_unit_is_valid_on_its_first_and_its_last_day() -> None:
    district = REFERENCE.units[0]
    assert district.is_valid(OLD_LAST_DAY, OLD_LAST_DAY)
    assert not district.is_valid(NEW_FIRST_DAY, NEW_FIRST_DAY)
    assert district.is_valid(date(2020, 1, 1), date(2020, 1, 1))
    assert not district.is_valid(date(2019, 12, 31), date(2019, 12, 31))


def test_a_code_that_was_ever_valid_is_known() -> None:
    assert REFERENCE.unit_codes() == {"H56.31", "H56.31.02", "H56.32.02", "H56.101"}


def test_the_shipped_registers_are_of_the_provinces_size() -> None:
    reference = read_reference(SEEDS, ENDPOINTS_FILE)
    today = date(2026, 6, 1)
    valid = [unit for unit in reference.units if unit.is_valid(today, today)]
    assert len(valid) == 1_800
    assert sum(unit.unit_type == "commune" for unit in valid) == 166
    assert not any(unit.unit_type == "district" for unit in valid)
    assert len(reference.endpoint_codes) == 348
    assert len({unit.unit_code for unit in valid}) == 1_800
    communes = {name_key(unit.name_vi) for unit in valid if unit.unit_type == "commune"}
    names = reference.unit_codes_by_name(today, today)
    assert all(len(names[name]) == 1 for name in communes)


def test_registers_are_read_from_the_folders_that_are_given(tmp_path: Path) -> None:
    (tmp_path / "code_lists.csv").write_text("list_name,code,label_vi,note\nmàu,1,Đỏ,\nmàu,2,Xanh,\n", encoding="utf-8")
    (tmp_path / "units.csv").write_text(
        "unit_code,unit_name_vi,unit_type,parent_unit_code,commune_code,valid_from,valid_to,source\n"
        "H44,UBND tỉnh Quảng Trị,province,,,2025-07-01,,x\n",
        encoding="utf-8",
    )
    (tmp_path / "unit_aliases.csv").write_text(ALIAS_HEAD)
    (tmp_path / "communes_legacy_to_2025.csv").write_text("old_code,new_code\n")
    (tmp_path / "commune_changes.csv").write_text("commune_code,successor_code\n")
    (tmp_path / "endpoints.csv").write_text(
        "endpoint_code,endpoint_name_vi,unit_code,address,sip_address,valid_from,valid_to\n"
        "QT-1,Hội trường,H44,127.0.0.1,QT1@Quangtri.example,2025-07-01,\n",
        encoding="utf-8",
    )
    reference = read_reference(tmp_path, tmp_path / "endpoints.csv")
    assert reference.codes == {"màu": frozenset({"1", "2"})}
    assert reference.endpoint_by_address == {"qt1@quangtri.example": "QT-1"}
    assert reference.units == (Unit("H44", "UBND tỉnh Quảng Trị", "province", date(2025, 7, 1), None),)


def test_no_two_units_below_one_parent_have_one_key_in_any_era() -> None:
    for day in (date(2021, 6, 1), OLD_LAST_DAY, NEW_FIRST_DAY, date(2026, 11, 1)):
        keys: dict[tuple[str | None, str], str] = {}
        for unit in read_reference(SEEDS, ENDPOINTS_FILE).units:
            if unit.is_valid(day, day):
                own = (unit.parent_unit_code, name_key(unit.name_vi))
                assert keys.setdefault(own, unit.unit_code) == unit.unit_code


def test_every_commune_that_ended_went_somewhere_and_in_the_end_to_one_of_today() -> None:
    reference = read_reference(SEEDS, ENDPOINTS_FILE)
    communes = [unit for unit in reference.units if unit.unit_type == "commune"]
    today = {unit.unit_code for unit in communes if unit.valid_to is None}
    assert set(reference.successors) == {unit.unit_code for unit in communes if unit.valid_to}
    assert {code for codes in reference.successors.values() for code in codes if code in today} == today
    assert all(set(codes) & today for codes in reference.successors.values())
    # Of the 547, ten were split between two or three; an eleventh had gone into one of them before.
    ways = [len(set(codes) & today) for codes in reference.successors.values()]
    assert sorted(ways, reverse=True)[:12] == [3, 3, *[2] * 9, 1]


def test_a_commune_dissolved_before_goes_to_the_next_one_then_to_that_of_today() -> None:
    reference = read_reference(SEEDS, ENDPOINTS_FILE)
    names = {unit.unit_code: unit.name_vi for unit in sorted(reference.units, key=lambda unit: unit.valid_from)}
    [dissolved] = [unit.unit_code for unit in reference.units if unit.name_vi == "Xã Hà Thái"]
    assert [names[code] for code in reference.successors[dissolved]] == ["Xã Thái Lai", "Xã Lĩnh Toại"]
    # A commune of the district that ended is itself again under another code, then part of a ward.
    [moved] = [unit.unit_code for unit in reference.units if unit.name_vi == "Thị trấn Rừng Thông"]
    assert [names[code] for code in reference.successors[moved]] == ["Phường Rừng Thông", "Phường Đông Sơn"]


UNITS_HEAD = "unit_code,unit_name_vi,unit_type,parent_unit_code,commune_code,valid_from,valid_to,source\n"
UNITS = UNITS_HEAD + (
    "H56,UBND tỉnh,province,,,2020-01-01,,x\n"
    "H56.31,Huyện Đông Sơn,district,H56,,2020-01-01,2025-06-30,x\n"
    "H56.12,Sở Y tế,department,H56,,2020-01-01,,x\n"
    "H56.12.03,Văn phòng,part,H56.12,,2020-01-01,,x\n"
)


def _seeds(folder: Path, *aliases: str) -> Path:
    (folder / "code_lists.csv").write_text("list_name,code,label_vi,note\n")
    (folder / "units.csv").write_text(UNITS)
    (folder / "communes_legacy_to_2025.csv").write_text("old_code,new_code\n")
    (folder / "commune_changes.csv").write_text("commune_code,successor_code\n")
    (folder / "unit_aliases.csv").write_text(ALIAS_HEAD + "".join(f"{line}\n" for line in aliases))
    (folder / "endpoints.csv").write_text("endpoint_code,sip_address\n")
    return folder


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("SYT,H56.99,,,2020-01-01,,Sở,", "names H56.99, which is no unit of its time"),
        ("Đông Sơn,H56.31,,,2025-07-01,,Sở,", "names H56.31, which is no unit of its time"),
        ("SYT,H56.12,H56.98,,2020-01-01,,Sở,", "names H56.98, which is no unit"),
        ("SỞ  Y TẾ,H56,,,2020-01-01,,Sở,", "is the name of the unit H56.12"),
        ("Văn phòng,H56,H56.12,,2020-01-01,,Sở,", "is the name of the unit H56.12.03"),
        (" ,H56.12,,,2020-01-01,,Sở,", "has no alias_vi"),
        ("SYT,H56.12,,,01/01/2020,,Sở,", "is no alias"),
        ("SYT,H56.12", "is no alias"),
        ("syt,H56,,portal,2024-01-01,,Sở,", "stands already for H56.12"),
    ],
)
def test_an_alias_that_is_unsound_is_refused_with_its_line(line: str, why: str, tmp_path: Path) -> None:
    first = "SYT,H56.12,,,2020-01-01,,Sở," if "already" in why else "BYT,H56.12,,,2020-01-01,,Sở,"
    folder = _seeds(tmp_path, first, line)
    with pytest.raises(ContractError, match=r"Line 3 of unit_aliases\.csv ") as caught:
        read_reference(folder, folder / "endpoints.csv")
    assert why in str(caught.value)


def test_one_spelling_may_mean_two_units_where_no_file_can_confuse_them(tmp_path: Path) -> None:
    folder = _seeds(
        tmp_path,
        "Huyện Đông Sơn,H56.12,,,2025-07-01,,Sở,",  # the district's name is free once it has ended
        "VP,H56.12.03,H56.12,,2020-01-01,,Sở,",
        "VP,H56.12,H56,,2020-01-01,,Sở,",
        "SYT,H56.12,,portal,2020-01-01,,Sở,",
        "SYT,H56,,document,2020-01-01,,Sở,",
        "S,H56.12,,,2020-01-01,2024-12-31,Sở,",
        "S,H56,,,2025-01-01,,Sở,",
    )
    assert len(read_reference(folder, folder / "endpoints.csv").aliases) == 7


def test_the_shipped_aliases_mean_what_they_say() -> None:
    reference = read_reference(SEEDS, ENDPOINTS_FILE)
    assert {"Sở KH&CN", "Sở GD&ĐT"} <= {alias.alias_vi for alias in reference.aliases}
    by_code = {unit.unit_code: unit.name_vi for unit in reference.units if unit.valid_to is None}
    spelt = {alias.alias_vi: by_code[alias.unit_code] for alias in reference.aliases}
    assert spelt["Sở KH&CN"] == "Sở Khoa học và Công nghệ"
    assert spelt["Sở GD&ĐT"] == "Sở Giáo dục và Đào tạo"


def test_examples_give_the_health_department_its_own_code() -> None:
    """An officer copies them: another department's code in its place gives that one's figures under the wrong name."""
    reference = read_reference(SEEDS, ENDPOINTS_FILE)
    [health] = [unit.unit_code for unit in reference.units if unit.name_vi == "Sở Y tế"]
    files = [*(PROJECT / "docs").glob("*.md"), *PROJECT.glob("*.md"), *(PROJECT / "pipelines").rglob("*.py")]
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    codes = [re.findall(r"H56[.]\d+", line) for line in lines if re.search("Sở Y tế|so-y-te|SYT", line)]
    assert {code for found in codes for code in found} == {health}
