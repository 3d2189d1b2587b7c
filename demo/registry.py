"""Builds the registries that the demo province ships with: units.csv, unit_successors.csv and endpoints.csv.

Provinces, former districts and communes come from the official tables beside them in `dbt_project/seeds/`; what was
before 2025 is made in `demo.former_units`. Agency codes under H56 and the units inside a department or a commune are
illustrative: a province replaces the three files by its own, with the same headings, and nothing else changes. What any
code means does not belong here.

Run `python -m demo.registry` to write the files; a test compares them with what this module makes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from demo.former_units import (
    DEPARTMENTS_DAY,
    ERA_START,
    ILLUSTRATIVE,
    LAST_DISTRICT_DAY,
    RENAMED_DEPARTMENTS,
    SEEDS,
    TWO_LEVEL_DAY,
    UNIT_HEADINGS,
    Row,
    department_successors,
    earlier_endpoints,
    earlier_units,
    first_days,
    lower_first,
    read,
    unit,
)

__all__ = [
    "ENDPOINTS_FILE", "ENDPOINT_HEADINGS", "SEEDS", "SUCCESSORS_FILE", "SUCCESSOR_HEADINGS", "UNITS_FILE",
    "UNIT_HEADINGS", "as_csv", "department_successors", "endpoints", "units",
]  # fmt: skip

UNITS_FILE = SEEDS / "units.csv"
SUCCESSORS_FILE = SEEDS / "unit_successors.csv"
ENDPOINTS_FILE = SEEDS.parent.parent / "sources" / "videoconference" / "endpoints.csv"

ENDPOINT_HEADINGS = (
    "endpoint_code", "endpoint_name_vi", "unit_code", "address", "sip_address", "valid_from", "valid_to",
)  # fmt: skip
SUCCESSOR_HEADINGS = ("from_unit_code", "to_unit_code", "effective_on", "source")

DEPARTMENTS = (
    "Văn phòng UBND tỉnh", "Sở Nội vụ", "Sở Tư pháp", "Sở Tài chính", "Sở Công Thương",
    "Sở Nông nghiệp và Môi trường", "Sở Xây dựng", "Sở Khoa học và Công nghệ", "Sở Giáo dục và Đào tạo", "Sở Y tế",
    "Sở Văn hóa, Thể thao và Du lịch", "Sở Dân tộc và Tôn giáo", "Thanh tra tỉnh",
    "Ban Quản lý Khu kinh tế Nghi Sơn và các khu công nghiệp",
)  # fmt: skip
DEPARTMENT_PARTS = (
    "Văn phòng", "Thanh tra", "Phòng Kế hoạch - Tài chính", "Phòng Pháp chế", "Phòng Nghiệp vụ 1",
    "Phòng Nghiệp vụ 2", "Phòng Quản lý chuyên ngành", "Trung tâm Dịch vụ công", "Trung tâm Thông tin",
)  # fmt: skip
COMMUNE_PARTS = (
    "Văn phòng HĐND và UBND", "Phòng Kinh tế", "Phòng Văn hóa - Xã hội", "Trung tâm Phục vụ hành chính công",
    "Ban Chỉ huy Quân sự", "Trạm Y tế", "Trung tâm Cung ứng dịch vụ sự nghiệp công", "Trường THCS", "Trường Tiểu học",
)  # fmt: skip
DISTRICT_PARTS = (
    "Văn phòng HĐND và UBND", "Phòng Nội vụ", "Phòng Tư pháp", "Phòng Tài chính - Kế hoạch", "Phòng Nông nghiệp",
    "Phòng Tài nguyên và Môi trường", "Phòng Giáo dục và Đào tạo", "Phòng Y tế", "Phòng Văn hóa - Thông tin",
    "Thanh tra", "Phòng Kinh tế và Hạ tầng", "Bộ phận Một cửa",
)  # fmt: skip
UNITS_TODAY = 1800


def units() -> list[Row]:
    """Every unit that existed since 2020, one row per unit and validity; 1,800 of them exist today."""
    province = unit("H56", "UBND tỉnh Thanh Hóa", "province", "", source="QĐ 20/2020/QĐ-TTg")
    rows = [province]
    departments = [_department(f"H56.{number:02d}", name) for number, name in enumerate(DEPARTMENTS, start=1)]
    rows += departments
    rows += _until_june_2025()
    communes = [
        unit(f"H56.{101 + index}", commune["name"], "commune", "H56", commune["code"], valid_from=TWO_LEVEL_DAY)
        for index, commune in enumerate(read("communes_2025.csv"))
    ]
    rows += communes
    rows += [part for commune in communes for part in _parts(commune, COMMUNE_PARTS)]
    in_departments = [part for department in departments for part in _parts(department, DEPARTMENT_PARTS)]
    rows += in_departments[: UNITS_TODAY - sum(row["valid_to"] == "" for row in rows)]
    former = earlier_units(rows)
    rows += former
    rows += [part for row in former if row["unit_type"] == "district" for part in _parts(row, DISTRICT_PARTS)]
    return rows


def endpoints() -> list[Row]:
    """The 348 endpoints of today (two at the province, one a department, two a commune), then where they stood before."""
    known = units()
    today = [row for row in known if row["valid_to"] == ""]
    places = [("H56", "Hội trường UBND tỉnh", ERA_START), ("H56", "Phòng họp Chủ tịch UBND tỉnh", ERA_START)]
    places += [
        (row["unit_code"], f"Phòng họp {row['unit_name_vi']}", ERA_START)
        for row in today
        if row["unit_type"] == "department"
    ]
    for row in today:
        if row["unit_type"] == "commune":
            places.append((row["unit_code"], f"Phòng họp UBND {lower_first(row['unit_name_vi'])}", TWO_LEVEL_DAY))
            places.append((row["unit_code"], f"Hội trường {lower_first(row['unit_name_vi'])}", TWO_LEVEL_DAY))
    rows = [
        {
            "endpoint_code": f"DC-{number:03d}",
            "endpoint_name_vi": name,
            "unit_code": unit_code,
            "address": f"127.56.{number // 200}.{number % 200 + 1}",
            "sip_address": f"dc{number:03d}@hoinghi.thanhhoa.example",
            "valid_from": valid_from,
            "valid_to": "",
        }
        for number, (unit_code, name, valid_from) in enumerate(places, start=1)
    ]
    return [*rows, *earlier_endpoints(rows, known)]


def as_csv(headings: tuple[str, ...], rows: list[Row]) -> str:
    """The rows as CSV text with a heading line, newline-terminated."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, headings, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def _department(code: str, name: str) -> Row:
    valid_from = DEPARTMENTS_DAY if code in RENAMED_DEPARTMENTS else ERA_START
    return unit(code, name, "department", "H56", valid_from=valid_from, source=ILLUSTRATIVE)


def _until_june_2025() -> list[Row]:
    """Districts and communes that ended on 30 June 2025 as they were then, and the units inside them."""
    rows: list[Row] = []
    districts: dict[str, str] = {}
    began = first_days()
    former = {row["old_code"]: row for row in read("communes_legacy_to_2025.csv")}
    for old_code, commune in former.items():
        if commune["old_district_code"] not in districts:
            code = f"H56.{31 + len(districts)}"
            districts[commune["old_district_code"]] = code
            district = unit(code, commune["old_district_name"], "district", "H56", valid_to=LAST_DISTRICT_DAY)
            rows += [district, *_parts(district, DISTRICT_PARTS)]
        parent = districts[commune["old_district_code"]]
        number = sum(row["parent_unit_code"] == parent and row["unit_type"] == "commune" for row in rows) + 51
        rows.append(
            unit(
                f"{parent}.{number}", commune["old_name"], "commune", parent, old_code,
                valid_from=began.get(old_code, ERA_START), valid_to=LAST_DISTRICT_DAY,
            )
        )  # fmt: skip
    return rows


def _parts(owner: Row, names: tuple[str, ...]) -> Iterator[Row]:
    for number, name in enumerate(names, start=1):
        yield unit(
            f"{owner['unit_code']}.{number:02d}",
            f"{name} {lower_first(owner['unit_name_vi'])}" if owner["unit_type"] == "commune" else f"{name} - {owner['unit_name_vi']}",
            "sub_unit",
            owner["unit_code"],
            owner["commune_code"],
            valid_from=owner["valid_from"],
            valid_to=owner["valid_to"],
            source=ILLUSTRATIVE,
        )  # fmt: skip


def main() -> None:
    """Writes the registries."""
    UNITS_FILE.write_text(as_csv(UNIT_HEADINGS, units()), encoding="utf-8")
    SUCCESSORS_FILE.write_text(as_csv(SUCCESSOR_HEADINGS, department_successors()), encoding="utf-8")
    ENDPOINTS_FILE.write_text(as_csv(ENDPOINT_HEADINGS, endpoints()), encoding="utf-8")


if __name__ == "__main__":
    main()
