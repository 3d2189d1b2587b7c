"""What form II.06a and the forecast of lateness should say, counted from the lives of the dossiers themselves.

By the local report's definitions, as known at the end of the last day: whole days, never SQL, never what is served.
Where a stock cannot be known (before the first day, after a lost one) the figures here are what a seer would give.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from demo.calendar import day_number, month_end
from demo.dossiers import ONLINE, day_column
from demo.lifecycle import EXCUSED_STATUSES, UNCOUNTED_STATUSES, WITHDRAWN
from demo.province import Province
from demo.statistics import settled_day
from demo.truth_portal import known_states, lost_days

LATE_BUCKETS: Final = ((5, "late_1_5"), (20, "late_6_20"))


def form_ii06a(province: Province, month: date) -> pl.DataFrame:
    """The form's columns 3 to 13 of a month by reporting unit and field, named as in the mart.

    Args:
        province: The province that was served.
        month: The first day of the month; a month that the run leaves unfinished ends on the run's last day.
    """
    first, last = day_number(month), day_number(min(month_end(month), province.last_day))
    lost = {day_number(day) for day in lost_days(province)}
    covered = [day_number(day) for day in province.days if first <= day_number(day) <= last]
    loaded = [day for day in covered if day not in lost]
    units = province.units
    counted = known_states(province).filter(~pl.col("status").is_in(UNCOUNTED_STATUSES)).with_columns(
        unit_code=pl.lit(units.codes.gather(pl.Series(units.reporting_numbers))).gather(pl.col("unit")),
        field_name_vi=pl.lit(province.dossiers.procedures["field_name_vi"]).gather(pl.col("procedure")),
        received_on=day_column("received"), settled_on=settled_day(), due_on=day_column("due"),
    )  # fmt: skip
    is_new = pl.col("received_on").is_in(loaded)
    is_settled = pl.col("settled_on").is_in(loaded).fill_null(value=False)
    is_withdrawn = pl.col("status") == WITHDRAWN
    is_early = (is_settled & ~is_withdrawn & (pl.col("settled_on") < pl.col("due_on"))).fill_null(value=False)
    is_late = (is_settled & ~is_withdrawn & (pl.col("settled_on") > pl.col("due_on"))).fill_null(value=False)
    is_open = _is_open(last)
    is_overdue = (is_open & (pl.col("due_on") < last) & ~pl.col("status").is_in(EXCUSED_STATUSES)).fill_null(
        value=False
    )
    channel = pl.col("channel")
    figures = counted.group_by("unit_code", "field_name_vi").agg(
        received_online_count=(is_new & (channel == ONLINE)).fill_null(value=False).sum(),
        received_direct_count=(is_new & (channel != ONLINE)).fill_null(value=False).sum(),
        received_channel_unreported_count=(is_new & channel.is_null()).sum(),
        carried_over_count=(_is_open(first - 1)).sum(),
        settled_count=is_settled.sum(),
        settled_early_count=is_early.sum(),
        settled_on_time_count=(is_settled & ~is_early & ~is_late).sum(),
        settled_late_count=is_late.sum(),
        open_count=is_open.sum(),
        open_in_time_count=(is_open & ~is_overdue).sum(),
        open_late_count=is_overdue.sum(),
    )
    return figures.with_columns(pl.exclude("unit_code", "field_name_vi").cast(pl.Int64))


def due_forecast(province: Province) -> pl.DataFrame:
    """Open dossiers at the end of the last day: unit_code, bucket_code, due_count, waiting_count."""
    today, calendar = day_number(province.last_day), province.calendar
    still_open = known_states(province).filter(
        ~pl.col("status").is_in(UNCOUNTED_STATUSES)
    ).with_columns(
        unit_code=pl.lit(province.units.codes).gather(pl.col("unit")), received_on=day_column("received"), settled_on=settled_day(),
        due_on=day_column("due"),
    ).filter(_is_open(today))  # fmt: skip

    def bucket(due_on: int | None) -> str:
        if due_on is None:
            return "no_due_date"
        ahead = calendar.last_position(due_on) - calendar.last_position(today)
        if due_on < today:
            return next((code for most, code in LATE_BUCKETS if -ahead <= most), "late_over_20")
        return "due_today" if ahead == 0 else f"due_in_{ahead}" if ahead <= LATE_BUCKETS[0][0] else "due_later"

    buckets = pl.Series([bucket(due_on) for due_on in still_open["due_on"].to_list()], dtype=pl.String)
    is_waiting = pl.col("status").is_in(EXCUSED_STATUSES)
    return (
        still_open.with_columns(bucket_code=buckets)
        .group_by("unit_code", "bucket_code")
        .agg(due_count=(~is_waiting).sum().cast(pl.Int64), waiting_count=is_waiting.sum().cast(pl.Int64))
    )


def _is_open(day: int) -> pl.Expr:
    """Whether a dossier is open at the end of the day with this number."""
    return ((pl.col("received_on") <= day) & (pl.col("settled_on").is_null() | (pl.col("settled_on") > day))).fill_null(
        value=False
    )
