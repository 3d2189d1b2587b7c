"""The units and endpoints of before 2025, as far as they differ from those of 30 June 2025: eras of the registries.

A commune that only took another name or rank keeps its agency code and gets a second validity; one that came to another
district, or a district that ended, has a code of its own. Which commune went where is told by `commune_changes.csv`
(resolutions of the Standing Committee); what figures become of it is the warehouse's matter.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final, TypeAlias

Row: TypeAlias = dict[str, str]

SEEDS: Final = Path(__file__).resolve().parent.parent / "dbt_project" / "seeds"
UNIT_HEADINGS: Final = (
    "unit_code", "unit_name_vi", "unit_type", "parent_unit_code", "commune_code", "valid_from", "valid_to", "source",
)  # fmt: skip
ERA_START, LAST_DISTRICT_DAY, TWO_LEVEL_DAY = "2020-01-01", "2025-06-30", "2025-07-01"
# Huyện Đông Sơn went into the city, and its communes with it.
DISTRICT_ENDED, DISTRICT_CODE, DISTRICT_DAY = "405", "H56.57", "2025-01-01"
DISTRICT_SOURCE: Final = "NQ 1238/NQ-UBTVQH15; mã đơn vị minh họa"
OFFICIAL, ILLUSTRATIVE = "NQ 1686/NQ-UBTVQH15; mã đơn vị minh họa", "minh họa"

DEPARTMENTS_DAY: Final = "2025-03-01"
DEPARTMENTS_SOURCE: Final = "NQ 18-NQ/TW; nghị quyết của HĐND tỉnh 2/2025 (số hiệu chưa kiểm); mã đơn vị minh họa"
RENAMED_DEPARTMENTS: Final = {"H56.06": "Sở Nông nghiệp và Phát triển nông thôn", "H56.12": "Ban Dân tộc"}
MERGED_DEPARTMENTS: Final = (
    ("H56.15", "Sở Kế hoạch và Đầu tư", "H56.04"),
    ("H56.16", "Sở Tài nguyên và Môi trường", "H56.06"),
    ("H56.17", "Sở Giao thông vận tải", "H56.07"),
    ("H56.18", "Sở Thông tin và Truyền thông", "H56.08"),
    ("H56.19", "Sở Lao động - Thương binh và Xã hội", "H56.02"),
)


def read(name: str) -> list[Row]:
    """The rows of an official table."""
    with (SEEDS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def unit(
    code: str,
    name: str,
    unit_type: str,
    parent: str,
    commune_code: str = "",
    *,
    valid_from: str = ERA_START,
    valid_to: str = "",
    source: str = OFFICIAL,
) -> Row:
    """A row of units.csv."""
    return dict(
        zip(UNIT_HEADINGS, (code, name, unit_type, parent, commune_code, valid_from, valid_to, source), strict=True)
    )


def lower_first(name: str) -> str:
    """The name as it stands inside a sentence: `Xã Na Mèo` as `xã Na Mèo`."""
    return name[0].lower() + name[1:]


def first_days() -> Row:
    """The day from which a commune was what it was on 30 June 2025, by its code; the others were so since 2020."""
    began = {row["commune_code"]: row["effective_on"] for row in read("commune_changes.csv") if row["name_after"]}
    return {**dict.fromkeys(_moved(), DISTRICT_DAY), **began}


def earlier_units(later: Sequence[Row]) -> list[Row]:
    """What stood before the changes: a district, communes that were dissolved, moved or renamed, departments.

    Args:
        later: The rows of 30 June 2025 and after.
    """
    changes = {row["commune_code"]: row for row in read("commune_changes.csv")}
    at_the_end = {
        row["commune_code"]: row
        for row in later
        if row["unit_type"] == "commune" and row["valid_to"] == LAST_DISTRICT_DAY
    }
    districts = {row["unit_name_vi"]: row["unit_code"] for row in later if row["unit_type"] == "district"}
    moved, taken = _moved(), {row["unit_code"] for row in later}
    rows = [
        unit(DISTRICT_CODE, "Huyện Đông Sơn", "district", "H56", valid_to=_before(DISTRICT_DAY), source=DISTRICT_SOURCE)
    ]
    for commune in read("communes_2021.csv"):
        code, change = commune["code"], changes.get(commune["code"])
        if not change and code not in moved:
            continue
        if change and not change["successor_code"] and code not in moved:
            kept = at_the_end[code]
            agency, parent = kept["unit_code"], kept["parent_unit_code"]
        else:
            parent = DISTRICT_CODE if code in moved else districts[commune["district_name"]]
            agency = next(free for number in range(51, 100) if (free := f"{parent}.{number}") not in taken)
            taken.add(agency)
        ended = change["effective_on"] if change else DISTRICT_DAY
        source = f"{change['source']}; mã đơn vị minh họa" if change else DISTRICT_SOURCE
        rows.append(
            unit(agency, commune["name"], "commune", parent, code, valid_to=_before(ended), source=source)
        )  # fmt: skip
    departments = [*RENAMED_DEPARTMENTS.items(), *((code, name) for code, name, _ in MERGED_DEPARTMENTS)]
    rows += [
        unit(code, name, "department", "H56", valid_to=_before(DEPARTMENTS_DAY), source=DEPARTMENTS_SOURCE)
        for code, name in departments
    ]
    return rows


def department_successors() -> list[Row]:
    """Which department took over what another one did: rows of unit_successors.csv."""
    return [
        {"from_unit_code": old, "to_unit_code": new, "effective_on": DEPARTMENTS_DAY, "source": DEPARTMENTS_SOURCE}
        for old, _, new in MERGED_DEPARTMENTS
    ]


def earlier_endpoints(today: Sequence[Row], units: Sequence[Row]) -> Iterator[Row]:
    """Where the communes' endpoints stood before July 2025: at the commune of that code, one a district at its seat.

    Args:
        today: The endpoints of today.
        units: Every unit and validity.
    """
    by_code = {row["unit_code"]: row for row in units if not row["valid_to"]}
    former = [row for row in units if row["unit_type"] == "commune" and row["valid_to"]]
    stood = [
        (endpoint, old)
        for endpoint in today
        if by_code[endpoint["unit_code"]]["unit_type"] == "commune"
        for old in sorted(former, key=lambda row: row["valid_from"])
        if old["commune_code"] == by_code[endpoint["unit_code"]]["commune_code"]
    ]
    districts = {row["unit_code"]: row for row in units if row["unit_type"] == "district"}
    # A district's hall is that of the first of its communes.
    halls: Row = {}
    for endpoint, old in stood:
        if endpoint["endpoint_name_vi"].startswith("Hội trường"):
            halls.setdefault(old["parent_unit_code"], endpoint["endpoint_code"])
    for endpoint, old in stood:
        is_seat = halls[old["parent_unit_code"]] == endpoint["endpoint_code"]
        place = districts[old["parent_unit_code"]] if is_seat else old
        room = "Hội trường" if endpoint["endpoint_name_vi"].startswith("Hội trường") else "Phòng họp UBND"
        yield endpoint | {
            "endpoint_name_vi": f"{room} {'UBND ' if is_seat else ''}{lower_first(place['unit_name_vi'])}",
            "unit_code": place["unit_code"],
            "valid_from": old["valid_from"],
            "valid_to": old["valid_to"],
        }


def _moved() -> set[str]:
    return {row["code"] for row in read("communes_2021.csv") if row["district_code"] == DISTRICT_ENDED}


def _before(day: str) -> str:
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()
