"""Units through time: the eras have the units that law says, and the map to today is the one others have drawn, too.

The oracle is the package vietnamadminunits (MIT), which knows nothing of our tables: all communes of 30 June 2025 and
of today, where each went on 1 July 2025, and by which names the older ones are known.
"""

from __future__ import annotations

import csv
import unicodedata
from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest
from vietnamadminunits.converter import converter_2025
from vietnamadminunits.database import query

from pipelines.reference import Unit, read_reference
from pipelines.settings import ENDPOINTS_FILE, SEEDS

PROVINCE_NAME, PROVINCE_KEY = "Tỉnh Thanh Hóa", "tinhthanhhoa"
# The package and the national list spell two communes in their own ways; the shipped tables follow the list.
OTHER_SPELLINGS = {"15076": ("Xã Vân Âm", "Xã Vân Am"), "15712": ("Xã Văn Sơn", "Xã Vân Sơn")}
UNITS = read_reference(SEEDS, ENDPOINTS_FILE).units


def _rows(name: str) -> list[dict[str, str]]:
    with (SEEDS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _standing(day: date, unit_type: str) -> list[Unit]:
    return [unit for unit in UNITS if unit.unit_type == unit_type and unit.is_valid(day, day)]


@pytest.mark.parametrize(
    ("day", "communes", "districts"),
    [
        (date(2020, 1, 1), 559, 27),
        (date(2024, 1, 31), 559, 27),
        (date(2024, 2, 1), 558, 27),  # NQ 939: Thiệu Phú into thị trấn Thiệu Hóa
        (date(2024, 12, 31), 558, 27),
        (date(2025, 1, 1), 547, 26),  # NQ 1238: eleven communes and a district fewer
        (date(2025, 6, 30), 547, 26),
        (date(2025, 7, 1), 166, 0),  # NQ 1686
        (date(2026, 11, 22), 166, 0),
    ],
)
def test_each_era_has_the_communes_and_districts_of_the_law(day: date, communes: int, districts: int) -> None:
    standing = _standing(day, "commune")
    assert len(standing) == len({unit.commune_code for unit in standing}) == communes
    assert len(_standing(day, "district")) == districts


def test_communes_have_the_names_and_districts_of_the_official_table_of_2021() -> None:
    day = date(2021, 1, 1)
    districts = {unit.unit_code: unit.name_vi for unit in _standing(day, "district")}
    ours = {
        unit.commune_code: (unit.name_vi.casefold(), districts[unit.parent_unit_code or ""])
        for unit in _standing(day, "commune")
    }
    official = {row["code"]: (row["name"].casefold(), row["district_name"]) for row in _rows("communes_2021.csv")}
    assert ours == official


def test_the_city_of_january_2025_has_the_wards_that_were_resolved() -> None:
    # Hội đồng nhân dân, 30 July 2024: 47 units below the city, 33 wards and 14 communes.
    [city] = [unit for unit in _standing(date(2025, 1, 1), "district") if unit.name_vi == "Thành phố Thanh Hóa"]
    below = [unit for unit in _standing(date(2025, 1, 1), "commune") if unit.parent_unit_code == city.unit_code]
    assert Counter(unit.name_vi.split()[0] for unit in below) == {"Phường": 33, "Xã": 14}


def test_all_166_codes_are_old_ones_and_101_have_another_name() -> None:
    old = {unit.commune_code: unit.name_vi for unit in _standing(date(2025, 6, 30), "commune")}
    new = {unit.commune_code: unit.name_vi for unit in _standing(date(2025, 7, 1), "commune")}
    assert set(new) <= set(old)
    # Of them 84 bear another proper name; the others only became a commune where they had been a town.
    assert sum(old[code] != new[code] for code in new) == 101


def test_the_oracle_knows_the_same_547_and_166() -> None:
    old = {
        row["wardCode"]: row["ward"]
        for row in query(f"SELECT wardCode, ward FROM admin_units_legacy WHERE province = '{PROVINCE_NAME}'")
    }
    new = {
        row["wardCode"]: row["ward"]
        for row in query(f"SELECT wardCode, ward FROM admin_units WHERE province = '{PROVINCE_NAME}'")
    }
    ours_old = {unit.commune_code: unit.name_vi for unit in _standing(date(2025, 6, 30), "commune")}
    ours_new = {unit.commune_code: unit.name_vi for unit in _standing(date(2025, 7, 1), "commune")}
    assert ours_new == new
    assert set(ours_old) == set(old)
    different = {str(code): (name, old[code]) for code, name in ours_old.items() if name != old[code]}
    assert different == OTHER_SPELLINGS


def test_the_oracle_sends_every_commune_where_the_crosswalk_does() -> None:
    old_code = {
        f"{PROVINCE_KEY}_{row['districtKey']}_{row['wardKey']}": row["wardCode"]
        for row in query(
            f"SELECT districtKey, wardKey, wardCode FROM admin_units_legacy WHERE province = '{PROVINCE_NAME}'"
        )
    }
    new_code = {
        row["wardKey"]: row["wardCode"]
        for row in query(f"SELECT wardKey, wardCode FROM admin_units WHERE province = '{PROVINCE_NAME}'")
    }
    theirs: defaultdict[str, set[str]] = defaultdict(set)
    for new, olds in converter_2025.DICT_PROVINCE_WARD_NO_DIVIDED[PROVINCE_KEY].items():
        for old in olds:
            theirs[old_code[old]].add(new_code[new])
    for old, news in converter_2025.DICT_PROVINCE_WARD_DIVIDED[PROVINCE_KEY].items():
        theirs[old_code[old]] |= {new_code[new["newWardKey"]] for new in news}
    ours: defaultdict[str, set[str]] = defaultdict(set)
    for row in _rows("communes_legacy_to_2025.csv"):
        ours[row["old_code"]].add(row["new_code"])
    assert len(ours) == 547
    assert sum(len(new) > 1 for new in ours.values()) == 10
    assert ours == theirs


def test_the_oracle_knows_the_dissolved_and_renamed_under_the_names_they_went_into() -> None:
    rows = query(f"SELECT wardCode, wardKey, wardAlias FROM admin_units_legacy WHERE province = '{PROVINCE_NAME}'")
    known = {row["wardCode"]: f"{row['wardKey']} {row['wardAlias']}" for row in rows}
    changes = _rows("commune_changes.csv")
    assert Counter(bool(row["successor_code"]) for row in changes) == {True: 12, False: 17}
    for row in changes:
        later = row["successor_code"] or row["commune_code"]
        assert _key(row["name_before"]) in known[later] or row["commune_code"] in PROMOTED, row


# Of a commune that only became a ward or a town the package keeps no older name.
PROMOTED = {"15403", "15412", "15829", "15274", "15316", "15925", "15970", "16378", "16414"}


def test_what_was_dissolved_by_2025_is_what_the_table_of_2021_says() -> None:
    dissolved = {row["code"] for row in _rows("communes_2021.csv") if row["status_2025_01"] == "dissolved"}
    assert {row["commune_code"] for row in _rows("commune_changes.csv") if row["successor_code"]} == dissolved


def test_only_the_split_communes_have_weights_and_each_adds_up_to_one() -> None:
    split = {row["old_code"] for row in _rows("communes_legacy_to_2025.csv") if row["n_new"] != "1"}
    weights: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in _rows("commune_split_weights.csv"):
        weights[row["old_code"]] += Decimal(row["weight"])
        assert row["assumption_id"]
        assert date.fromisoformat(row["stated_on"])
    assert set(weights) == split
    assert set(weights.values()) == {Decimal(1)}


def test_every_day_since_2020_has_348_endpoints_each_with_a_unit_of_that_day() -> None:
    with ENDPOINTS_FILE.open(encoding="utf-8", newline="") as file:
        endpoints = list(csv.DictReader(file))
    edges = {date.fromisoformat(row["valid_from"]) for row in (*endpoints, *_rows("units.csv"))}
    for day in sorted(edges | {edge - timedelta(days=1) for edge in edges if edge.year > 2020}):
        text = day.isoformat()
        standing = [
            row for row in endpoints if row["valid_from"] <= text and (not row["valid_to"] or text <= row["valid_to"])
        ]
        assert len({row["endpoint_code"] for row in standing}) == len(standing) == 348
        assert {row["unit_code"] for row in standing} <= {unit.unit_code for unit in UNITS if unit.is_valid(day, day)}
    halls = [
        row
        for row in endpoints
        if row["endpoint_name_vi"].startswith(
            ("Hội trường UBND huyện", "Hội trường UBND thị xã", "Hội trường UBND thành phố")
        )
    ]
    assert len({row["unit_code"] for row in halls}) == 27


def _key(name: str) -> str:
    plain = unicodedata.normalize("NFD", name.casefold().replace("đ", "d"))
    return "".join(letter for letter in plain if letter.isalnum())
