"""The monthly form in which an officer fills in what no shared platform counts.

The figures drift upwards from month to month as such figures do. The list of indicators is the code list
`officer_indicator`; what each one is measured in stands in its note.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from demo.calendar import month_end
from demo.registry import SEEDS
from demo.seeding import generator
from demo.workbooks import Sheet, as_xlsx, vietnamese_number

EPOCH: Final = date(2024, 1, 1)


@dataclass(frozen=True)
class Figure:
    """One line of the form: what it counts, of how many, and how it moves."""

    code: str
    denominator: float
    share: float
    monthly_gain: float
    note: str


FIGURES: Final = (
    Figure("officer_procedures_fully_online", 1_216, 0.72, 0.008, "thủ tục"),
    Figure("officer_satisfaction", 12_480, 0.88, 0.002, "phiếu khảo sát"),
    Figure("officer_users_authenticated", 486_200, 0.81, 0.005, "người dùng"),
    Figure("officer_systems_connected", 64, 0.55, 0.012, "hệ thống"),
    Figure("officer_inspections_online", 318, 0.31, 0.009, "cuộc kiểm tra"),
    Figure("officer_digital_economy_share", 322_450.5, 0.145, 0.002, "tỷ đồng"),
    Figure("officer_enterprises_digital", 20_875, 0.38, 0.006, "doanh nghiệp"),
    Figure("officer_communes_digital", 166, 0.42, 0.011, "xã, phường"),
    Figure("officer_epayment_accounts", 2_760_400, 0.52, 0.007, "người từ 15 tuổi"),
    Figure("officer_science_budget_share", 48_930.5, 0.021, 0.0003, "tỷ đồng"),
)


def indicator_names(seeds: Path = SEEDS) -> dict[str, str]:
    """The Vietnamese name of each indicator that an officer fills in, from the code list."""
    with (seeds / "code_lists.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: row["label_vi"] for row in csv.DictReader(file) if row["list_name"] == "officer_indicator"}


def officer_figures(seed: int, month: date) -> list[tuple[Figure, float, float]]:
    """Each line of the month's form with its numerator and denominator; halves at most, so that sums stay exact."""
    random = generator(seed, "officer-form", month)
    age = (month.year - EPOCH.year) * 12 + month.month - EPOCH.month
    filled_in = []
    for figure in FIGURES:
        share = min(0.995, figure.share + age * figure.monthly_gain * 0.4 + random.uniform(-0.003, 0.003))
        is_money = figure.denominator != int(figure.denominator)
        numerator = round(figure.denominator * share * 2) / 2 if is_money else float(round(figure.denominator * share))
        filled_in.append((figure, numerator, figure.denominator))
    return filled_in


def officer_workbook(seed: int, month: date) -> bytes:
    """The month's form as the officer sends it."""
    sheet = Sheet(
        rows=[
            [f"BIỂU SỐ LIỆU CHUYỂN ĐỔI SỐ THÁNG {month:%m/%Y}"],
            ["Mã chỉ tiêu", "Tên chỉ tiêu", "Tử số", "Mẫu số", "Ghi chú"],
        ],
        merged=[(0, 0, 0, 4)],
    )
    names = indicator_names()
    for figure, numerator, denominator in officer_figures(seed, month):
        numbers = (vietnamese_number(numerator), vietnamese_number(float(denominator)))
        sheet.rows.append([figure.code, names[figure.code], *numbers, figure.note])
    return as_xlsx(sheet, month_end(month))
