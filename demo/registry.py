"""Builds the registries that the demo province ships with: units.csv and endpoints.csv.

Provinces, former districts and communes come from the official tables beside them in `dbt_project/seeds/`.
Agency codes under H56 and the units inside a department or a commune are illustrative: a province replaces the
two files by its own, with the same headings, and nothing else changes. What any code means does not belong here.

Run `python -m demo.registry` to write both files; a test compares them with what this module makes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SEEDS = ROOT / "dbt_project" / "seeds"
UNITS_FILE = SEEDS / "units.csv"
ENDPOINTS_FILE = ROOT / "sources" / "videoconference" / "endpoints.csv"

UNIT_HEADINGS = (
    "unit_code", "unit_name_vi", "unit_type", "parent_unit_code", "commune_code", "valid_from", "valid_to", "source",
)  # fmt: skip
ENDPOINT_HEADINGS = (
    "endpoint_code", "endpoint_name_vi", "unit_code", "address", "sip_address", "valid_from", "valid_to",
)  # fmt: skip

ERA_START, LAST_DISTRICT_DAY, TWO_LEVEL_DAY = "2020-01-01", "2025-06-30", "2025-07-01"
OFFICIAL, ILLUSTRATIVE = "NQ 1686/NQ-UBTVQH15; mã đơn vị minh họa", "minh họa"

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


def units() -> list[dict[str, str]]:
    """Every unit that existed since 2020, one row per unit and validity; 1,800 of them exist today."""
    province = _unit("H56", "UBND tỉnh Thanh Hóa", "province", "", source="QĐ 20/2020/QĐ-TTg")
    rows = [province]
    departments = [
        _unit(f"H56.{number:02d}", name, "department", "H56", source=ILLUSTRATIVE)
        for number, name in enumerate(DEPARTMENTS, start=1)
    ]
    rows += departments
    rows += _former_units()
    communes = [
        _unit(f"H56.{101 + index}", commune["name"], "commune", "H56", commune["code"], valid_from=TWO_LEVEL_DAY)
        for index, commune in enumerate(_read("communes_2025.csv"))
    ]
    rows += communes
    rows += [part for commune in communes for part in _parts(commune, COMMUNE_PARTS)]
    in_departments = [part for department in departments for part in _parts(department, DEPARTMENT_PARTS)]
    rows += in_departments[: UNITS_TODAY - sum(row["valid_to"] == "" for row in rows)]
    return rows


def endpoints() -> list[dict[str, str]]:
    """The 348 videoconference endpoints: two at the province, one a department, two a commune."""
    today = [row for row in units() if row["valid_to"] == ""]
    places = [("H56", "Hội trường UBND tỉnh"), ("H56", "Phòng họp Chủ tịch UBND tỉnh")]
    places += [
        (row["unit_code"], f"Phòng họp {row['unit_name_vi']}") for row in today if row["unit_type"] == "department"
    ]
    for row in today:
        if row["unit_type"] == "commune":
            places.append((row["unit_code"], f"Phòng họp UBND {_lower_first(row['unit_name_vi'])}"))
            places.append((row["unit_code"], f"Hội trường {_lower_first(row['unit_name_vi'])}"))
    return [
        {
            "endpoint_code": f"DC-{number:03d}",
            "endpoint_name_vi": name,
            "unit_code": unit_code,
            "address": f"127.56.{number // 200}.{number % 200 + 1}",
            "sip_address": f"dc{number:03d}@hoinghi.thanhhoa.example",
            "valid_from": ERA_START,
            "valid_to": "",
        }
        for number, (unit_code, name) in enumerate(places, start=1)
    ]


def as_csv(headings: tuple[str, ...], rows: list[dict[str, str]]) -> str:
    """The rows as CSV text with a heading line, newline-terminated."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, headings, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def _former_units() -> list[dict[str, str]]:
    """Districts and communes that ended on 30 June 2025, and the units inside them."""
    rows: list[dict[str, str]] = []
    districts: dict[str, str] = {}
    former = {row["old_code"]: row for row in _read("communes_legacy_to_2025.csv")}
    for old_code, commune in former.items():
        if commune["old_district_code"] not in districts:
            code = f"H56.{31 + len(districts)}"
            districts[commune["old_district_code"]] = code
            district = _unit(code, commune["old_district_name"], "district", "H56", valid_to=LAST_DISTRICT_DAY)
            rows += [district, *_parts(district, DISTRICT_PARTS)]
        parent = districts[commune["old_district_code"]]
        number = sum(row["parent_unit_code"] == parent and row["unit_type"] == "commune" for row in rows) + 51
        rows.append(
            _unit(f"{parent}.{number}", commune["old_name"], "commune", parent, old_code, valid_to=LAST_DISTRICT_DAY)
        )
    return rows


def _parts(owner: dict[str, str], names: tuple[str, ...]) -> Iterator[dict[str, str]]:
    for number, name in enumerate(names, start=1):
        yield _unit(
            f"{owner['unit_code']}.{number:02d}",
            f"{name} {_lower_first(owner['unit_name_vi'])}" if owner["unit_type"] == "commune" else f"{name} - {owner['unit_name_vi']}",
            "sub_unit",
            owner["unit_code"],
            owner["commune_code"],
            valid_from=owner["valid_from"],
            valid_to=owner["valid_to"],
            source=ILLUSTRATIVE,
        )  # fmt: skip


def _unit(
    code: str,
    name: str,
    unit_type: str,
    parent: str,
    commune_code: str = "",
    *,
    valid_from: str = ERA_START,
    valid_to: str = "",
    source: str = OFFICIAL,
) -> dict[str, str]:
    return dict(
        zip(UNIT_HEADINGS, (code, name, unit_type, parent, commune_code, valid_from, valid_to, source), strict=True)
    )


def _lower_first(name: str) -> str:
    return name[0].lower() + name[1:]


def _read(name: str) -> list[dict[str, str]]:
    with (SEEDS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def main() -> None:
    """Writes both registries."""
    UNITS_FILE.write_text(as_csv(UNIT_HEADINGS, units()), encoding="utf-8")
    ENDPOINTS_FILE.write_text(as_csv(ENDPOINT_HEADINGS, endpoints()), encoding="utf-8")


if __name__ == "__main__":
    main()
