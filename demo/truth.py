"""The ledger of truth: what every indicator should be, for each unit, day and month.

It is counted from what the generator made, never from what is served and never with SQL, as known at the end of the
last day. A share has a row where its denominator is above zero, a count where its numerator is; the row of `H56` is
the sum over all units. Where a fault makes a file impossible to take over, its day is absent. Days are those of
Asia/Ho_Chi_Minh; a period is `YYYY-MM-DD` or `YYYYMM`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

import numpy as np
import orjson
import polars as pl

from demo.accounts import accounts
from demo.calendar import DAY_SECONDS, day_number, month_end, start_of
from demo.conferences import GUEST, connected
from demo.document_wire import register_rows
from demo.documents import STATUS, TAKEN_IN
from demo.endpoints import Endpoints
from demo.faults import EXCHANGES, REGISTERS
from demo.officer_form import officer_figures
from demo.province import Province
from demo.registry import SEEDS
from demo.servers.endpoints import behaviour
from demo.signing import signing
from demo.truth_portal import as_rows, count, lost_days, portal_rows, share
from demo.truth_qd766 import fee_procedure_rows, progress_rows
from demo.units import PROVINCE_CODE

PARTICIPATION_SECONDS: Final = 300
SUMS: Final = (
    pl.col("numerator").sum(),
    pl.when(pl.col("denominator").count() > 0).then(pl.col("denominator").sum()).alias("denominator"),
)
KEYS: Final = ["indicator_code", "unit_code", "period", "numerator", "denominator"]


def ledger(province: Province, *, corrected: bool = False, late_arrived: bool = False) -> pl.DataFrame:
    """What the marts should say after the whole run.

    Args:
        province: The province that was served.
        corrected: Whether the file that takes the first one's place by a fault (`corrected_file`, `vanished_rows`) was
            read too.
        late_arrived: Whether the file of fault `late_file` was read after it came.

    Returns:
        indicator_code, unit_code, period, numerator (Float64), denominator (Float64, null for counts), sorted.
    """
    first, last = day_number(province.first_day), day_number(province.last_day)
    lost = [day_number(day) for day in lost_days(province)]
    parts = [rows.filter(~pl.col("day").is_in(lost)) for rows in portal_rows(province)]
    parts += [*_exchange_rows(province, corrected=corrected, late_arrived=late_arrived), *_register_rows(province)]
    parts += _videoconference_rows(province)
    daily = _with_province(province, pl.concat(parts).filter(pl.col("day").is_between(first, last)))
    months = [*_monthly_rows(province), *progress_rows(province)]
    months.append(_documents_of_months(province, corrected=corrected, late_arrived=late_arrived))
    monthly = pl.concat([_with_province(province, pl.concat([*_no_rows(), *months])), *fee_procedure_rows(province)])
    dated = (pl.col("day") * DAY_SECONDS * 1_000_000).cast(pl.Datetime("us"))
    whole = pl.concat([
        daily.with_columns(period=dated.dt.strftime("%Y-%m-%d")),
        _months_of(daily).with_columns(period=dated.dt.strftime("%Y%m")),
        monthly.with_columns(period=dated.dt.strftime("%Y%m")),
    ])  # fmt: skip
    is_there = pl.when(pl.col("denominator").is_null()).then(pl.col("numerator")).otherwise(pl.col("denominator")) > 0
    return _valid(whole.filter(is_there)).with_columns(pl.col("numerator").round(4)).select(KEYS).sort(KEYS[:3])


def _valid(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows within the validity of their indicator; of months, those that have a day inside."""
    validity = pl.read_csv(SEEDS / "indicators.csv", infer_schema=False).select(
        "indicator_code", first=pl.col("valid_from"), last=pl.col("valid_to").fill_null("9999-12-31")
    )
    day, first, last = (pl.col(name).str.replace_all("-", "") for name in ("period", "first", "last"))
    length = day.str.len_chars()
    is_valid = day.is_between(first.str.head(length), last.str.head(length))
    return rows.join(validity, on="indicator_code", how="left").filter(is_valid)


def _with_province(province: Province, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows by agency code, with the province's total in place of its own row."""
    total = rows.group_by("indicator_code", "day").agg(*SUMS).with_columns(unit_code=pl.lit(PROVINCE_CODE))
    units = rows.with_columns(unit_code=pl.lit(province.units.codes).gather(pl.col("unit"))).filter(
        pl.col("unit_code") != PROVINCE_CODE
    )
    columns = ["indicator_code", "unit_code", "day", "numerator", "denominator"]
    return pl.concat([units.select(columns), total.select(columns)])


def _months_of(daily: pl.DataFrame) -> pl.DataFrame:
    """Daily rows put together by month: summed, or the month's last day where the indicator says so."""
    indicators = pl.read_csv(SEEDS / "indicators.csv", infer_schema=False)
    is_last = pl.col("indicator_code").is_in(
        indicators.filter(pl.col("aggregation") == "last")["indicator_code"].implode()
    )
    dated = daily.with_columns(
        month=(pl.col("day") * DAY_SECONDS * 1_000_000).cast(pl.Datetime("us")).dt.strftime("%Y%m")
    )
    last_day = pl.col("day").max().over("indicator_code", "month")
    summed = dated.filter(~is_last).group_by("indicator_code", "unit_code", "month").agg(pl.col("day").max(), *SUMS)
    return pl.concat([
        part.select("indicator_code", "unit_code", "day", "numerator", "denominator")
        for part in (summed, dated.filter(is_last).filter(pl.col("day") == last_day))
    ])  # fmt: skip


def _exchange_rows(province: Province, *, corrected: bool, late_arrived: bool) -> Iterator[pl.DataFrame]:
    """Deliveries by sender and by recipient, each on the day on which it was first sent."""
    deliveries = _deliveries(province, corrected=corrected, late_arrived=late_arrived)
    yield count("document_sent", deliveries.with_columns(unit=pl.col("sender")))
    by_recipient = deliveries.with_columns(unit=pl.col("recipient"))
    yield share("document_received", by_recipient, pl.col("is_taken"))
    yield share("document_completed", by_recipient, pl.col("is_done"))
    yield share("document_resent", by_recipient, pl.col("packets") > 1)


def _documents_of_months(province: Province, *, corrected: bool, late_arrived: bool) -> pl.DataFrame:
    """Each sender's different documents of a month, however many recipients they have; `day` is the month's last."""
    deliveries = _deliveries(province, corrected=corrected, late_arrived=late_arrived)
    inside = deliveries.filter(pl.col("day").is_between(day_number(province.first_day), day_number(province.last_day)))
    month = (pl.col("day") * DAY_SECONDS * 1_000_000).cast(pl.Datetime("us")).dt.month_end().dt.epoch("d")
    documents = inside.select("batch", "document", unit="sender", day=month).unique()
    return count("document_documents_sent", documents)


def _deliveries(province: Province, *, corrected: bool, late_arrived: bool) -> pl.DataFrame:
    """Every delivery, from every status that stands in a file that could be read.

    One whose sending stands in no such file has no day, and so counts nowhere.
    """
    faults, end = province.faults, start_of(province.last_day) + DAY_SECONDS
    lost = {day_number(day) for day in faults.refused_days(EXCHANGES)}
    if "late_file" in faults.days and not late_arrived:
        lost.add(day_number(faults.days["late_file"]))
    took = [STATUS[code] for code in TAKEN_IN]
    found = []
    for day in province.days:
        batch = province.documents.batch(day)
        events = province.exchange_statuses(day, is_corrected=corrected)
        known = events.filter((pl.col("at") < end) & ~(pl.col("at") // DAY_SECONDS).is_in(list(lost)))
        delivery = known.group_by("delivery").agg(
            day=(pl.col("at").filter(pl.col("status") == STATUS["SENT"]).min() // DAY_SECONDS).cast(pl.Int64),
            is_taken=pl.col("status").is_in(took).any(),
            is_done=(pl.col("status") == STATUS["06"]).any(),
            packets=pl.col("packet").n_unique(),
        )
        sent = batch.deliveries[delivery["delivery"]]
        sender = batch.documents["sender"].gather(sent["document"])
        columns = {"sender": sender, "recipient": sent["recipient"], "document": sent["document"]}
        found.append(delivery.with_columns(**columns, batch=pl.lit(day_number(day))))
    return pl.concat(found).drop_nulls("day")


def _register_rows(province: Province) -> Iterator[pl.DataFrame]:
    for day in province.days:
        if day not in province.faults.refused_days(REGISTERS):
            rows = register_rows(province.documents, province.seed, day)
            yield count("document_registered", rows.select(unit="sender", day=pl.lit(day_number(day))))


def _videoconference_rows(province: Province) -> Iterator[pl.DataFrame]:
    endpoints, order = province.endpoints, behaviour(province)
    silent = order.dead | order.garbage
    is_silent = np.array([code in silent for code in endpoints.codes])
    province_number = province.units.number_by_code[PROVINCE_CODE]
    for day in province.days:
        unit_numbers = endpoints.unit_numbers(day)
        asked = pl.DataFrame({
            "unit": unit_numbers,
            "is_online": endpoints.is_registered(day) & ~is_silent,
        }).with_row_index("endpoint").with_columns(day=pl.lit(day_number(day)))  # fmt: skip
        yield share("videoconference_online", asked, pl.col("is_online"))
        yield _packet_loss(endpoints, day, silent)
        conferences = province.conferences(day)
        if conferences.calls.is_empty():
            continue
        started = conferences.calls.select(unit=pl.lit(province_number), day=pl.col("start") // DAY_SECONDS)
        yield count("videoconference_conferences", started)
        legs = conferences.legs.filter(pl.col("endpoint") != GUEST)
        joins = legs.with_columns(
            unit=pl.Series(unit_numbers).gather(legs["endpoint"]), day=pl.col("start") // DAY_SECONDS
        )
        yield share("videoconference_failed_joins", joins, ~pl.col("is_joined"))
        seconds = connected(conferences)
        took_part = seconds.filter(pl.col("seconds") >= PARTICIPATION_SECONDS)["endpoint"].unique()
        yield share("videoconference_participation", asked, pl.col("endpoint").is_in(took_part.implode()))
        spent = seconds.select(
            unit=pl.Series(unit_numbers).gather(seconds["endpoint"]),
            day=pl.lit(day_number(day)),
            seconds="seconds",
        )
        total = spent.group_by("unit", "day").agg(
            numerator=pl.col("seconds").sum(), denominator=pl.lit(None, dtype=pl.Float64)
        )
        yield as_rows("videoconference_endpoint_seconds", total)


def _packet_loss(endpoints: Endpoints, day: date, silent: frozenset[str]) -> pl.DataFrame:
    """The packet loss that each endpoint told of itself, in answers that could be read."""
    told = [orjson.loads(answer)["packet_loss_rate"] for answer in endpoints.answers(day).values()]
    heard = pl.DataFrame({"unit": endpoints.unit_numbers(day), "code": endpoints.codes, "loss": told}).filter(
        ~pl.col("code").is_in(list(silent))
    )
    by_unit = heard.with_columns(day=pl.lit(day_number(day))).group_by("unit", "day")
    return as_rows("videoconference_packet_loss", by_unit.agg(numerator=pl.col("loss").sum(), denominator=pl.len()))


def _monthly_rows(province: Province) -> Iterator[pl.DataFrame]:
    """Signing, accounts and the officer's form of the months that are due; `day` is the month's last."""
    is_signing_lost = province.faults.is_lasting("lying_total_row")
    for month in province.due_months:
        day = pl.lit(day_number(month_end(month))).alias("day")
        if not is_signing_lost:
            signed = signing(province.seed, province.scale, province.units, month)
            for name, column in (("organisation", "by_organisation"), ("person", "by_person")):
                figures = signed.select("unit", day, numerator=column, denominator="issued")
                yield as_rows(f"document_signed_by_{name}", figures)
        issued = accounts(province.seed, province.scale, province.units, month).with_columns(day)
        yield count("accounts_issued", issued)
        yield share("accounts_active", issued, (pl.col("last_login") >= start_of(month)) & ~pl.col("is_locked"))
        unit = province.units.number_by_code[PROVINCE_CODE]
        for figure, numerator, denominator in officer_figures(province.seed, month):
            row = pl.DataFrame({"unit": [unit], "numerator": [numerator], "denominator": [denominator]})
            yield as_rows(figure.code, row.with_columns(day))


def _no_rows() -> Iterator[pl.DataFrame]:
    types = {"unit": pl.Int64, "day": pl.Int64, "numerator": pl.Float64, "denominator": pl.Float64}
    yield as_rows("", pl.DataFrame(schema=types))
