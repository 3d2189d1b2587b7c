"""Rows that ought not to be: exact duplicates, rows wrong in one way each, and pairs that contradict one another.

All of them are extra rows. A bad or contradicting row is about a dossier or document that exists nowhere else, so none
of them may ever count. They stay well below the share of bad rows at which a whole load is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
import polars as pl

from demo.faults import Faults
from demo.units import UNIT_KINDS, Units

LARGEST_BAD_SHARE, LARGEST_PAIR_SHARE, LARGEST_DUPLICATE_SHARE = 0.02, 0.005, 0.02
UNKNOWN_UNIT, UNKNOWN_CODE = "H56.999", 77
FUTURE_DAYS: Final = 3_650
EXCEL_DAY_0: Final = date(1899, 12, 30)

PORTAL_KINDS: Final = (
    "unknown_unit", "unreadable_date", "missing_value", "unknown_code", "negative_fee", "malformed_procedure",
    "malformed_dossier", "finished_before_received",
)  # fmt: skip
EXCHANGE_KINDS: Final = (
    "unknown_recipient", "secret_mark", "unreadable_time", "missing_value", "unknown_code", "malformed_document",
)  # fmt: skip


@dataclass(frozen=True)
class Served:
    """Rows as they are served, and what they are worth.

    Attributes:
        rows: The rows, good and bad, in the order in which they are served.
        good: Rows to be accepted.
        bad: Rows to be quarantined.
        duplicate: Rows that repeat a good one exactly.
    """

    rows: pl.DataFrame
    good: int
    bad: int
    duplicate: int


def spoil_dossiers(items: pl.DataFrame, faults: Faults, random: np.random.Generator, day: date) -> Served:
    """The portal's items of a day with the run's row faults among them."""
    wrong = [
        _wrong_dossier(
            items.row(row, named=True), PORTAL_KINDS[(number + day.toordinal()) % len(PORTAL_KINDS)], number, day
        )
        for number, row in enumerate(_sample(random, items, faults.count("bad_rows"), LARGEST_BAD_SHARE))
    ]
    for number, row in enumerate(_sample(random, items, faults.count("conflicting_rows"), LARGEST_PAIR_SHARE)):
        item = items.row(row, named=True)
        item["maHoSo"] = _other_code(item["maHoSo"], 9800 + number)
        wrong += [item, item | {"phi": item["phi"] + 1_000}]
    return _mix(items, wrong, faults, random)


def spoil_exchanges(rows: pl.DataFrame, faults: Faults, random: np.random.Generator, day: date) -> Served:
    """The exchange file's rows of a day with the run's row faults among them."""
    wrong = [
        _wrong_exchange(
            rows.row(row, named=True), EXCHANGE_KINDS[(number + day.toordinal()) % len(EXCHANGE_KINDS)], number, day
        )
        for number, row in enumerate(_sample(random, rows, faults.count("bad_rows"), LARGEST_BAD_SHARE))
    ]
    for number, row in enumerate(_sample(random, rows, faults.count("conflicting_rows"), LARGEST_PAIR_SHARE)):
        item = _other_document(rows.row(row, named=True), 800 + number, day)
        wrong += [item | {"DoKhan": "Khẩn"}, item | {"DoKhan": "Hỏa tốc"}]
    for number, row in enumerate(_sample(random, rows, faults.count("secret_document"), LARGEST_BAD_SHARE)):
        wrong.append(_other_document(rows.row(row, named=True), 700 + number, day) | {"DoMat": "Tuyệt mật"})
    later = f"{day + timedelta(days=FUTURE_DAYS):%d/%m/%Y} 08:00:00"
    for number, row in enumerate(_sample(random, rows, faults.count("future_dates"), LARGEST_BAD_SHARE)):
        sent = {"ThoiGian": later, "TrangThai": ""}
        wrong.append(_other_document(rows.row(row, named=True), 600 + number, day) | sent)
    return _mix(rows, wrong, faults, random)


def spoil_register(rows: pl.DataFrame, faults: Faults, units: Units, day: date) -> Served:
    """The register's rows of a day, as `register_rows` gives them, with the run's row faults at their end."""
    now_known = set(units.names.gather(units.valid(day, *UNIT_KINDS)))
    gone = sorted(set(units.names.gather(units.ended(day))) - now_known)
    count = min(faults.count("old_unit_name"), int(len(rows) * LARGEST_BAD_SHARE), len(gone))
    wrong = rows.head(count).with_columns(
        author=pl.Series(gone[:count], dtype=pl.String),
        number=pl.int_range(pl.len()) + rows["number"].max() + 1 if count else pl.col("number"),
    )
    served = pl.concat([rows, wrong.cast(rows.schema)])
    if faults.is_on("retyped_column", day):
        served = served.with_columns((pl.col("dated").str.to_date("%d/%m/%Y") - EXCEL_DAY_0).dt.total_days())
    return Served(served, len(rows), count, 0)


def _wrong_dossier(item: dict[str, object], kind: str, number: int, day: date) -> dict[str, object]:
    item["maHoSo"] = _other_code(str(item["maHoSo"]), 9900 + number)
    faults: dict[str, dict[str, object]] = {
        "unknown_unit": {"maDonVi": UNKNOWN_UNIT},
        "unreadable_date": {"ngayTiepNhan": f"31/02/{day.year} 10:00:00"},
        "missing_value": {"maTTHC": None},
        "unknown_code": {"trangThai": UNKNOWN_CODE},
        "negative_fee": {"phi": -5_000},
        "malformed_procedure": {"maTTHC": "1.0107"},
        "malformed_dossier": {"maHoSo": f"HS-{day:%Y}-{number:04d}"},
        "finished_before_received": {
            "trangThai": 9,
            "ngayTiepNhan": f"{day:%d/%m/%Y} 10:00:00",
            "ngayKetThuc": f"{day - timedelta(days=2):%d/%m/%Y} 10:00:00",
        },
    }
    return item | faults[kind]


def _wrong_exchange(item: dict[str, object], kind: str, number: int, day: date) -> dict[str, object]:
    faults: dict[str, dict[str, object]] = {
        "unknown_recipient": {"DonViNhan": UNKNOWN_UNIT},
        "secret_mark": {"DoMat": "Mật"},
        "unreadable_time": {"ThoiGian": f"32/13/{day.year} 08:00:00"},
        "missing_value": {"MaVanBan": ""},
        "unknown_code": {"TrangThai": str(UNKNOWN_CODE)},
        "malformed_document": {"MaVanBan": f"van-ban-khong-ma-{number}"},
    }
    return _other_document(item, 900 + number, day) | faults[kind]


def _other_code(dossier_code: str, counter: int) -> str:
    return f"{dossier_code.rsplit('-', 1)[0]}-{counter}"


def _other_document(item: dict[str, object], number: int, day: date) -> dict[str, object]:
    return item | {
        "MaGoiTin": f"GT{day:%y%m%d}-9999{number:03d}-1",
        "MaVanBan": f"{item['DonViGui']},{day:%Y/%m/%d},99{number:03d}/LOI",
        "SoKyHieu": f"99{number:03d}/LOI",
    }


def _sample(random: np.random.Generator, rows: pl.DataFrame, wanted: int, largest_share: float) -> list[int]:
    count = min(wanted, int(len(rows) * largest_share))
    return [int(row) for row in random.permutation(len(rows))[:count]]


def _mix(rows: pl.DataFrame, wrong: list[dict[str, object]], faults: Faults, random: np.random.Generator) -> Served:
    """The good rows in their order, with the wrong ones and the duplicates strewn among them."""
    repeated = _sample(random, rows, faults.count("duplicate_rows"), LARGEST_DUPLICATE_SHARE)
    extra = pl.concat([pl.DataFrame(wrong, schema=rows.schema), rows[repeated]])
    places = np.concatenate([np.arange(len(rows), dtype=np.float64), random.random(len(extra)) * len(rows)])
    mixed = pl.concat([rows, extra])[np.argsort(places, kind="stable")] if len(extra) else rows
    return Served(mixed, len(rows), len(wrong), len(repeated))
