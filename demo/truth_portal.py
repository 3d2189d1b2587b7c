"""What the portal's indicators should be, counted from the lives of the dossiers themselves.

Nothing here looks at what is served or at any SQL; the definitions are those of `indicators.csv`. A row is one
indicator at one unit (its number) on one day (its number); the province's total is added in `demo.truth`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import polars as pl

from demo.calendar import DAY_SECONDS, day_number, start_of
from demo.dossiers import FULLY_ONLINE, ONLINE, day_column, state_as_of
from demo.faults import DOSSIERS
from demo.lifecycle import (
    EVENTS,
    EXCUSED_STATUSES,
    FINISHED,
    OPEN_STATUSES,
    RETURNED,
    UNCOUNTED_STATUSES,
    WITHDRAWN,
)
from demo.province import Province
from demo.statistics import settled_day

COLUMNS = ("indicator_code", "unit", "day", "numerator", "denominator")


def portal_rows(province: Province) -> Iterator[pl.DataFrame]:
    """Every daily row of the portal's indicators, as known at the end of the last day."""
    known = known_states(province)
    counted = ~pl.col("status").is_in(UNCOUNTED_STATUSES) & pl.col("received").is_not_null()
    received = known.filter(counted).with_columns(day=day_column("received"))
    yield count("portal_received", received)
    yield from _received_shares(received)
    settled = known.with_columns(day=settled_day()).filter(pl.col("day").is_not_null())
    yield count("portal_settled", settled)
    is_in_time = (pl.col("status") == WITHDRAWN) | pl.col("due").is_null() | (pl.col("day") <= day_column("due"))
    yield share("portal_settled_on_time_local", settled, is_in_time)
    yield from _finished_shares(
        known.filter(pl.col("status").is_in([FINISHED, RETURNED])).with_columns(day=day_column("finished"))
    )
    yield share("portal_finished_on_time_national", *_national(province, known))
    yield from _open_late(province, received)


def known_states(province: Province) -> pl.DataFrame:
    """Each dossier as whoever read every export that could be read knows it at the end of the last day."""
    faults = province.faults
    first, last = day_number(province.first_day), day_number(province.last_day)
    lost = sorted(day_number(day) for day in lost_days(province))
    alive = province.dossiers.alive(province.first_day, province.last_day)
    if faults.is_lasting("portal_down"):
        return state_as_of(alive.clear(), 0)
    if not lost:
        return state_as_of(alive, (last + 1) * DAY_SECONDS - 1)
    seen = [
        pl.when(day_column(event).is_between(first, last) & ~day_column(event).is_in(lost)).then(day_column(event))
        for event in EVENTS
    ]
    at_first = state_as_of(alive, start_of(province.first_day) - 1)
    was_open = at_first.select(pl.col("status").is_in(OPEN_STATUSES).fill_null(value=False)).to_series()
    dated = alive.with_columns(last_seen=pl.max_horizontal(seen), was_open=was_open)
    known_until = pl.coalesce(
        (pl.col("last_seen") + 1) * DAY_SECONDS - 1,
        pl.when("was_open").then(pl.lit(start_of(province.first_day) - 1, dtype=pl.Int32)),
    )
    return state_as_of(dated.with_columns(known_until=known_until).drop_nulls("known_until"), pl.col("known_until"))


def nationally_dated(province: Province, known: pl.DataFrame) -> pl.DataFrame:
    """The dossiers received, with `national` (when each ended by QĐ 766, null while open) and `national_due`."""
    received = known.filter(pl.col("received").is_not_null()).with_columns(
        national=pl.coalesce("refused", "stopped", "finished", "returned", "withdrawn").cast(pl.Int64)
    )
    allowed = province.dossiers.procedures["maximum_working_days"].gather(received["procedure"]).to_numpy()
    received_on = (received["received"] // DAY_SECONDS).to_numpy().astype("int64")
    latest = (province.calendar.add_working_days(received_on, allowed.astype("int64")) + 1) * DAY_SECONDS - 1
    return received.with_columns(national_due=pl.coalesce(pl.col("due").cast(pl.Int64), pl.Series(latest)))


def waited(until: pl.Expr) -> pl.Expr:
    """The seconds until a moment for which a dossier waited for its supplement; one that never came is waited for."""
    asked, given = (pl.col(f"supplement_1_{what}").cast(pl.Int64) for what in ("requested", "received"))
    return (pl.min_horizontal(given, until) - asked).fill_null(0).clip(lower_bound=0)


def lost_days(province: Province) -> set[date]:
    """The days of which no dossier export could be taken over."""
    if province.faults.is_lasting("portal_down"):
        return set(province.days)
    return set(province.faults.refused_days(DOSSIERS))


def count(indicator_code: str, rows: pl.DataFrame) -> pl.DataFrame:
    """One row a unit and day with how many rows there are."""
    counted = rows.group_by("unit", "day").agg(numerator=pl.len(), denominator=pl.lit(None, dtype=pl.Float64))
    return as_rows(indicator_code, counted)


def share(indicator_code: str, rows: pl.DataFrame, is_in: pl.Expr, is_reported: pl.Expr | None = None) -> pl.DataFrame:
    """One row a unit and day with how many of the reported rows are in; a null answer is not in."""
    reported = rows if is_reported is None else rows.filter(is_reported)
    counted = reported.group_by("unit", "day").agg(numerator=is_in.fill_null(value=False).sum(), denominator=pl.len())
    return as_rows(indicator_code, counted)


def as_rows(indicator_code: str, counted: pl.DataFrame) -> pl.DataFrame:
    """The counts as rows of the ledger, with the ledger's column types."""
    return counted.select(
        pl.lit(indicator_code).alias("indicator_code"),
        pl.col("unit").cast(pl.Int64),
        pl.col("day").cast(pl.Int64),
        pl.col("numerator").cast(pl.Float64),
        pl.col("denominator").cast(pl.Float64),
    )


def _received_shares(received: pl.DataFrame) -> Iterator[pl.DataFrame]:
    is_online = pl.col("channel") == ONLINE
    yield share("portal_online", received, is_online)
    level = pl.col("service_level")
    is_level_known = ~is_online.fill_null(value=False) | level.is_not_null()
    yield share("portal_fully_online", received, is_online & (level == FULLY_ONLINE), is_level_known)
    is_due = pl.col("status").is_in([FINISHED, RETURNED])
    result = pl.col("electronic_result")
    may_count = is_online.fill_null(value=True) & (~is_due | (result == 1).fill_null(value=True))
    yield share("portal_online_with_result", received, may_count)
    yield share("portal_synchronised", received, pl.col("synchronised").is_not_null())
    is_to_pay = (pl.col("fee") + pl.col("charge") > 0) & pl.col("payment").is_not_null()
    yield share("portal_paid_online", received, pl.col("payment").is_in([1, 2]), is_to_pay)
    yield share("portal_vneid", received, pl.col("vneid") == 1, pl.col("vneid").is_not_null())
    flag = pl.col("components_reused")
    yield share("portal_components_reused", received, flag == 1, flag.is_not_null())


def _finished_shares(finished: pl.DataFrame) -> Iterator[pl.DataFrame]:
    result, components = pl.col("electronic_result"), pl.col("components_digitised")
    yield share("portal_electronic_result", finished, result == 1, result.is_not_null())
    yield share(
        "portal_components_and_result_digitised",
        finished,
        (result == 1) & (components == 1),
        result.is_not_null() & components.is_not_null(),
    )


def _national(province: Province, known: pl.DataFrame) -> tuple[pl.DataFrame, pl.Expr]:
    """The dossiers with a national finish on its day, and whether each was in time."""
    finished = nationally_dated(province, known).drop_nulls("national").with_columns(day=day_column("national"))
    in_time = pl.col("national") - waited(pl.col("national")) <= pl.col("national_due")
    return finished, (pl.col("supplement_count") <= 1) & in_time


def _open_late(province: Province, received: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Open and late dossiers at the end of each day; after a lost day nobody can know them."""
    dated = received.with_columns(
        settled_on=settled_day(),
        due_on=day_column("due"),
        received_on=pl.col("day"),
        is_excused=pl.col("status").is_in(EXCUSED_STATUSES),
    )
    lost = lost_days(province)
    for today in (day_number(day) for day in province.days if not any(gone <= day for gone in lost)):
        still_open = dated.filter(
            (pl.col("received_on") <= today) & (pl.col("settled_on").is_null() | (pl.col("settled_on") > today))
        ).with_columns(day=pl.lit(today))
        yield share("portal_open_late", still_open, (pl.col("due_on") < today) & ~pl.col("is_excused"))
