"""What each load of the demo province should find: rows to accept, to quarantine, and exact repeats.

One row a dataset and partition. A partition is named by its day, a month by its first day, the portal's opening
balance by `baseline`. What the rows add up to belongs to `demo.truth`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

import polars as pl

from demo.accounts import accounts
from demo.bad_rows import Served
from demo.calendar import month_end
from demo.call_records import bodies
from demo.faults import DOSSIERS, EXCHANGES, REGISTERS
from demo.officer_form import FIGURES
from demo.province import Province
from demo.signing import signing
from demo.statistics import GROUPS

BASELINE: Final = "baseline"
ACCEPTED, REFUSED, MISSING = "accepted", "refused", "missing"
SCHEMA: Final = {
    "dataset": pl.String, "partition_key": pl.String, "outcome": pl.String, "rows_read": pl.Int64,
    "rows_accepted": pl.Int64, "rows_quarantined": pl.Int64, "rows_duplicate": pl.Int64,
}  # fmt: skip
Load = tuple[str, str, str, int | None, int | None, int | None, int | None]


def ledger_of_loads(province: Province, *, corrected: bool = False) -> pl.DataFrame:
    """Every load that is due within the run; the counts are null where a file is refused or missing.

    Args:
        province: The province that was served.
        corrected: Whether the file that takes the first one's place by a fault is the one that counts.
    """
    loads = [*_portal(province), *_documents(province, corrected=corrected), *_videoconference(province)]
    loads += _monthly(province)
    return pl.DataFrame(loads, schema=SCHEMA, orient="row").sort("dataset", "partition_key")


def _portal(province: Province) -> Iterator[Load]:
    if province.faults.is_lasting("portal_down"):
        yield from (_without_rows(DOSSIERS, day.isoformat(), MISSING) for day in province.days)
        return
    yield _good(DOSSIERS, BASELINE, len(province.open_items(province.first_day)))
    for day in province.days:
        if province.faults.is_on("count_mismatch", day):
            yield _without_rows(DOSSIERS, day.isoformat(), REFUSED)
        elif province.faults.is_on("not_found", day):
            yield _without_rows(DOSSIERS, day.isoformat(), MISSING)
        else:
            yield _served(DOSSIERS, day, province.dossier_export(day))


def _documents(province: Province, *, corrected: bool) -> Iterator[Load]:
    faults = province.faults
    for day in province.days:
        if faults.is_on("missing_file", day):
            yield _without_rows(EXCHANGES, day.isoformat(), MISSING)
        elif day in faults.refused_days(EXCHANGES):
            yield _without_rows(EXCHANGES, day.isoformat(), REFUSED)
        else:
            yield _served(EXCHANGES, day, province.exchange_export(day, is_corrected=corrected))
        if day in faults.refused_days(REGISTERS):
            yield _without_rows(REGISTERS, day.isoformat(), REFUSED)
        else:
            yield _served(REGISTERS, day, province.register_export(day))


def _videoconference(province: Province) -> Iterator[Load]:
    again = province.faults.count("resent_bodies")
    for day in province.days:
        made = bodies(province.seed, day, province.conferences(day), province.endpoints, again)
        read = made.records + made.repeated
        yield ("videoconference_calls", day.isoformat(), ACCEPTED, read, made.records, 0, made.repeated)
        yield _good("videoconference_endpoint_status", day.isoformat(), len(province.endpoints.codes))


def _monthly(province: Province) -> Iterator[Load]:
    seed, scale, units = province.seed, province.scale, province.units
    for month in province.due_months:
        partition = month.isoformat()
        yield _good("platform_accounts", partition, len(accounts(seed, scale, units, month)))
        yield _good("officer_forms", partition, len(FIGURES))
        if province.faults.is_lasting("lying_total_row"):
            yield _without_rows("document_signing", partition, REFUSED)
        else:
            yield _good("document_signing", partition, len(signing(seed, scale, units, month)))
        if province.faults.is_lasting("portal_down"):
            yield _without_rows("portal_statistics", partition, MISSING)
        else:
            reporting = units.valid(month_end(month), *(kind for kind, _ in GROUPS))
            yield _good("portal_statistics", partition, len(reporting))


def _served(dataset: str, day: date, served: Served) -> Load:
    return (dataset, day.isoformat(), ACCEPTED, len(served.rows), served.good, served.bad, served.duplicate)


def _good(dataset: str, partition: str, rows: int) -> Load:
    return (dataset, partition, ACCEPTED, rows, rows, 0, 0)


def _without_rows(dataset: str, partition: str, outcome: str) -> Load:
    return (dataset, partition, outcome, None, None, None, None)
