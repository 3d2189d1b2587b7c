"""Accounts on the shared platforms: who has one, since when, and when it was last used.

One row an account and platform. An account stays the same from month to month; only its last login moves. The file
carries login names and full names, which the pipeline has to protect. Times are moments on the local clock.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import numpy as np
import polars as pl

from demo import people
from demo.calendar import DAY_SECONDS, Numbers, day_number, month_end
from demo.dossier_wire import PORTAL_TIME
from demo.seeding import generator
from demo.units import Units

ACCOUNTS: Final = 20_000
PLATFORM_SHARES: Final = {"document": 0.58, "portal": 0.31, "videoconference": 0.11}
SHARE: Final = {"locked": 0.04, "used this month": 0.79, "never used": 0.03}
FIRST_ISSUE: Final = date(2020, 1, 2)
ISSUE_DAYS: Final = 2_600
OFFICE_START, OFFICE_SECONDS = 27_000, 36_000


def accounts(seed: int, scale: float, units: Units, month: date) -> pl.DataFrame:
    """The accounts issued by the end of the month.

    Returns:
        One row an account: user (a number, unique on its platform), person, platform, unit (number), issued (day
        number), last_login (moment, null if never), is_locked.
    """
    lasting, count = generator(seed, "accounts"), round(ACCOUNTS * scale)
    sizes = [round(count * share) for share in PLATFORM_SHARES.values()]
    user = np.concatenate([np.arange(size) for size in sizes])
    platform = np.repeat(np.array(list(PLATFORM_SHARES)), sizes)
    issued = day_number(FIRST_ISSUE) + (lasting.random(len(user)) ** 2.5 * ISSUE_DAYS).astype(np.int64)
    is_locked = lasting.random(len(user)) < SHARE["locked"]
    seat, person = lasting.random(sizes[0]), lasting.integers(0, 2**62, sizes[0])
    frame = pl.DataFrame({
        "user": user,
        "person": person[user],
        "platform": platform,
        "unit": _units(units, month, seat)[user],
        "issued": issued,
        "last_login": _last_login(seed, month, issued),
        "is_locked": is_locked,
    })  # fmt: skip
    end = day_number(month_end(month))
    return frame.filter(pl.col("issued") <= end).with_columns(
        pl.when(pl.col("last_login") >= 0).then(pl.col("last_login")).alias("last_login")
    )


def accounts_csv(rows: pl.DataFrame, units: Units) -> bytes:
    """The accounts as the platform's CSV file: `;` between fields, a byte order mark, dates as texts."""
    login = pl.concat_str(pl.lit("nguoidung"), pl.col("user").cast(pl.String).str.zfill(6))
    issued = (pl.col("issued") * DAY_SECONDS * 1_000_000).cast(pl.Datetime("us")).dt.strftime("%d/%m/%Y")
    table = rows.select(
        login.alias("TenDangNhap"),
        people.full_name(pl.col("person")).alias("HoTen"),
        pl.lit(units.codes).gather(pl.col("unit")).alias("MaDonVi"),
        pl.col("platform").alias("NenTang"),
        issued.alias("NgayCap"),
        (pl.col("last_login") * 1_000_000).cast(pl.Datetime("us")).dt.strftime(PORTAL_TIME).alias("DangNhapCuoi"),
        pl.when("is_locked").then(pl.lit("true")).otherwise(pl.lit("false")).alias("DaKhoa"),
    )
    return table.write_csv(separator=";", include_bom=True).encode()


def _units(units: Units, month: date, seat: np.typing.NDArray[np.float64]) -> Numbers:
    """Where each user works: a fixed seat in the province, held by the unit that stands there in that month."""
    everyone = units.valid(month_end(month), "province", "department", "district", "commune", "sub_unit")
    limits = np.cumsum(np.sqrt(units.busyness[everyone]))
    return np.asarray(everyone[np.searchsorted(limits, seat * limits[-1], side="right")], dtype=np.int64)


def _last_login(seed: int, month: date, issued: Numbers) -> Numbers:
    """In the month for most, some time before for others, and never (-1) for a few."""
    random = generator(seed, "logins", month)
    first, last = day_number(month), day_number(month_end(month))
    fate, share = random.random(len(issued)), random.random(len(issued))
    since = np.maximum(issued, first)
    recent = since + (share * np.maximum(last - since + 1, 1)).astype(np.int64)
    before = issued + (share * np.maximum(first - issued, 0)).astype(np.int64)
    day = np.where(fate < SHARE["used this month"], recent, np.minimum(before, last))
    return np.where(
        fate > 1 - SHARE["never used"],
        -1,
        day * DAY_SECONDS + OFFICE_START + random.integers(0, OFFICE_SECONDS, len(issued)),
    )
