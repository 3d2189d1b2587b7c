"""What QĐ 766 and the two definitions of lateness should say, counted from the lives of the dossiers themselves.

A row is one figure of one unit (its number) in one month; nothing here looks at what is served or at any SQL.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import polars as pl

from demo.calendar import DAY_SECONDS, day_number, month_end
from demo.dossiers import day_column
from demo.lifecycle import UNCOUNTED_STATUSES, WITHDRAWN
from demo.province import Province
from demo.statistics import settled_day
from demo.truth_portal import known_states, lost_days, nationally_dated, share, waited
from demo.units import PROVINCE_CODE


def months_of(province: Province) -> list[tuple[date, list[int]]]:
    """Each month of the run by its first day, with the numbers of its days whose export could be taken over."""
    lost = lost_days(province)
    good = [day for day in province.days if day not in lost]
    months = sorted({day.replace(day=1) for day in good})
    return [(month, [day_number(day) for day in good if day.replace(day=1) == month]) for month in months]


def progress_rows(province: Province) -> Iterator[pl.DataFrame]:
    """Part 2.1 of each month: the dossiers received in it, and which of them were on time when it ended.

    A month that is not over ends with its last day; whoever is not done by then is judged by that moment, and the time
    for which it waits for a supplement is no time of handling.
    """
    received = nationally_dated(province, known_states(province))
    for month, days in months_of(province):
        end = pl.lit((max(days) + 1) * DAY_SECONDS - 1, dtype=pl.Int64)
        judged = pl.min_horizontal(pl.col("national").fill_null(end), end)
        is_on_time = (pl.col("supplement_count") <= 1) & (judged - waited(judged) <= pl.col("national_due"))
        cohort = received.filter(day_column("received").is_in(days))
        yield share("portal_on_time_qd766", cohort.with_columns(day=pl.lit(day_number(month_end(month)))), is_on_time)


def fee_procedures(province: Province, days: list[int]) -> pl.DataFrame:
    """Procedures with something to pay among what was received on these days: unit, fee and paid (online, once)."""
    counted = known_states(province).filter(
        ~pl.col("status").is_in(UNCOUNTED_STATUSES)
        & day_column("received").is_in(days)
        & (pl.col("fee") + pl.col("charge") > 0)
        & pl.col("payment").is_not_null()
    )
    paid = counted.group_by("unit", "procedure").agg(is_paid=pl.col("payment").is_in([1, 2]).any())
    whole = paid.group_by("procedure").agg(pl.col("is_paid").any())
    units = paid.group_by("unit").agg(fee=pl.len(), paid=pl.col("is_paid").sum())
    province_row = whole.select(unit=pl.lit(None, dtype=pl.Int32), fee=pl.len(), paid=pl.col("is_paid").sum())
    return pl.concat([units, province_row])


def fee_procedure_rows(province: Province) -> Iterator[pl.DataFrame]:
    """The same of each month as rows of the ledger by agency code; the row without a unit is the province's."""
    codes = pl.lit(province.units.codes).gather(pl.col("unit").fill_null(0))
    for month, days in months_of(province):
        yield (
            fee_procedures(province, days)
            .with_columns(unit_code=pl.when(pl.col("unit").is_null()).then(pl.lit(PROVINCE_CODE)).otherwise(codes))
            .filter(pl.col("unit").is_null() | (pl.col("unit_code") != PROVINCE_CODE))
            .select(
                "unit_code",
                indicator_code=pl.lit("portal_fee_procedures"),
                day=pl.lit(day_number(month_end(month)), dtype=pl.Int64),
                numerator=pl.col("paid").cast(pl.Float64),
                denominator=pl.col("fee").cast(pl.Float64),
            )
            .select("indicator_code", "unit_code", "day", "numerator", "denominator")
        )


def lateness(province: Province, days: list[int]) -> pl.DataFrame:
    """Both definitions over these days of one month: unit, and how many dossiers each of them found on time and late."""
    known = nationally_dated(province, known_states(province)).with_columns(settled_on=settled_day())
    is_local, is_national = (
        day.is_in(days).fill_null(value=False) for day in (pl.col("settled_on"), day_column("national"))
    )
    is_late_local = (pl.col("status") != WITHDRAWN) & (pl.col("settled_on") > day_column("due")).fill_null(value=False)
    is_late_national = (pl.col("supplement_count") > 1) | (
        pl.col("national") - waited(pl.col("national")) > pl.col("national_due")
    )
    is_both = is_local & is_national
    return known.filter(is_local | is_national).group_by("unit").agg(
        settled=is_local.sum(),
        settled_late=(is_local & is_late_local).sum(),
        finished=is_national.sum(),
        finished_late=(is_national & is_late_national).sum(),
        agreeing=(is_both & (is_late_local == is_late_national)).sum(),
        only_local=(is_local & ~is_national).sum(),
        only_national=(is_national & ~is_local).sum(),
    )  # fmt: skip
