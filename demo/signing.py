"""The document system's monthly statistics of digital signing: one row a unit, and the workbook that shows it.

It covers all that a unit issued, on paper too, so its figures are not those of the exchange. Figures are documents.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from demo.calendar import month_end
from demo.seeding import generator
from demo.units import Units
from demo.workbooks import Sheet, as_xlsx, total, vietnamese_number

ISSUED_BY_A_UNIT = 42


def signing(seed: int, scale: float, units: Units, month: date) -> pl.DataFrame:
    """What each unit issued and signed in the month: unit (number), issued, by_person, by_organisation."""
    random = generator(seed, "signing", month)
    unit = units.valid(month_end(month), "province", "department", "district", "commune", "sub_unit")
    issued = random.poisson(ISSUED_BY_A_UNIT * scale * units.busyness[unit])
    return pl.DataFrame({
        "unit": unit,
        "issued": issued.astype(np.int64),
        "by_person": random.binomial(issued, 0.88).astype(np.int64),
        "by_organisation": random.binomial(issued, 0.94).astype(np.int64),
    })  # fmt: skip


def signing_workbook(rows: pl.DataFrame, units: Units, month: date, *, is_total_wrong: bool = False) -> bytes:
    """The statistics as the system's workbook.

    Args:
        rows: What `signing` gives.
        units: The registry that the unit numbers point into.
        month: The first day of the month.
        is_total_wrong: Whether the total row lies, as a fault.
    """
    last = month_end(month)
    sheet = Sheet(
        rows=[
            ["CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"],
            ["THỐNG KÊ TÌNH HÌNH KÝ SỐ VĂN BẢN"],
            [f"(Từ ngày {month:%d/%m/%Y} đến ngày {last:%d/%m/%Y})"],
            ["Mã đơn vị", "Tên đơn vị", "Văn bản ban hành", "Đã ký số", None],
            [None, None, None, "Cá nhân", "Cơ quan"],
        ],
        merged=[(0, 0, 0, 4), (1, 0, 1, 4), (2, 0, 2, 4), (3, 0, 4, 0), (3, 1, 4, 1), (3, 2, 4, 2), (3, 3, 3, 4)],
    )
    for unit, *figures in rows.iter_rows():
        sheet.rows.append([units.codes[unit], units.names[unit], *(vietnamese_number(figure) for figure in figures)])
    sums = [rows[name].to_list() for name in ("issued", "by_person", "by_organisation")]
    if is_total_wrong:
        sums[0] = [*sums[0], 1]
    sheet.rows.append([None, "Tổng cộng", *(total(figures) for figures in sums)])
    return as_xlsx(sheet, last)
