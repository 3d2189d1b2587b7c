"""What stands behind a figure: the loads whose records it counts, the rows that were set apart.

Everything is read in the published file. It holds no row of a source; which row of which file was set apart leads to
the original in the archive, for those who may open it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import duckdb

from pipelines.explain.question import Question

_DAYS = """
    WITH days AS (
        SELECT report_date FROM core.day_coverage
        WHERE coverage_code = $coverage AND report_date BETWEEN $first AND $last
    )
"""
_UNIT = "($is_province OR unit_code = $unit)"
_RECEIVED = "is_received_local AND received_date IN (FROM days)"
_SETTLED = "settled_date IN (FROM days)"
_WITH_RESULT = f"{_SETTLED} AND has_result_due AND has_electronic_result IS NOT NULL"
_FINISHED = "national_finished_date IN (FROM days)"
_OPEN = """
    is_received_local AND received_date <= (SELECT max(report_date) FROM days)
    AND coalesce(coalesce(settled_date, gone_date) > (SELECT max(report_date) FROM days), true)
"""
_SENT = "sent_date IN (FROM days) AND ($is_province OR sender_unit_code = $unit)"
_DELIVERED = "sent_date IN (FROM days) AND ($is_province OR recipient_unit_code = $unit)"
_POLLED = """
    core.fct_endpoint_day JOIN meta.loads
    ON is_in_force AND dataset = 'videoconference_endpoint_status' AND partition_key = CAST(report_date AS VARCHAR)
"""
_ASKED = f"report_date BETWEEN $first AND $last AND was_asked AND {_UNIT}"
_ACCOUNTS = f"period = $period AND {_UNIT}"
_REGISTERED = "arrived_date IN (FROM days) AND ($is_province OR author_unit_code = $unit)"
_OF_DATASET: Final = {
    "portal_dossiers": ("core.fct_dossier", f"{_UNIT} AND ({_RECEIVED} OR {_SETTLED} OR {_FINISHED})"),
    "document_exchanges": ("core.fct_document_delivery", f"({_SENT}) OR ({_DELIVERED})"),
    "document_registers": ("core.fct_document_registration", _REGISTERED),
    "document_signing": ("core.fct_document_signing", f"period = $period AND {_UNIT}"),
    "platform_accounts": ("core.fct_account", _ACCOUNTS),
    "officer_forms": (
        "core.fct_officer_figure", "period = $period AND indicator_code = $indicator AND $is_province",
    ),
    "videoconference_endpoint_status": (_POLLED, _ASKED),
}  # fmt: skip
"""Where the records of a dataset are, and which of them speak of this unit and period."""
_COUNTED: Final = {
    **dict.fromkeys(("portal_received", "portal_online", "portal_online_with_result"), _RECEIVED),
    "portal_fully_online": f"{_RECEIVED} AND is_fully_online IS NOT NULL",
    "portal_synchronised": f"{_RECEIVED} AND is_synchronised IS NOT NULL",
    "portal_vneid": f"{_RECEIVED} AND is_vneid_authenticated IS NOT NULL",
    "portal_components_reused": f"{_RECEIVED} AND is_component_reused IS NOT NULL",
    "portal_paid_online": f"{_RECEIVED} AND has_payment_obligation AND is_paid_online IS NOT NULL",
    **dict.fromkeys(("portal_settled", "portal_settled_on_time_local"), _SETTLED),
    "portal_electronic_result": _WITH_RESULT,
    "portal_components_and_result_digitised": f"{_WITH_RESULT} AND is_component_digitised IS NOT NULL",
    "portal_finished_on_time_national": f"{_FINISHED} AND is_finished_on_time_national IS NOT NULL",
    "portal_on_time_qd766": "received_date IN (FROM days) AND national_due_at IS NOT NULL",
    "portal_open_late": _OPEN,
    "document_sent": _SENT,
    **dict.fromkeys(("document_received", "document_completed", "document_resent"), _DELIVERED),
    "document_registered": _REGISTERED,
    **dict.fromkeys(("accounts_issued", "accounts_active"), _ACCOUNTS),
    "videoconference_online": _ASKED,
    "videoconference_packet_loss": f"{_ASKED} AND packet_loss_rate IS NOT NULL",
}  # fmt: skip
"""The very records of an indicator that counts records: those of its denominator, or of the count."""
# Where a record does not say which load told it: the loads of the period. A month's file is that month's.
_OF_PERIOD = """
    SELECT load_id, NULL FROM meta.loads
    WHERE is_in_force AND dataset = $dataset AND partition_key NOT LIKE 'baseline%'
        AND (partition_key BETWEEN $first::VARCHAR AND $last::VARCHAR OR replace(partition_key, '-', '') = $period)
"""
_LOADS = """
    SELECT load_id, file_name, left(file_sha256, 12), arrived_at, verdict FROM meta.loads WHERE list_contains($loads, load_id)
"""
# Rows of the loads in force and of a period's newest file if it was refused, by the day of their file.
_SET_APART = """
    WITH judged AS (
        SELECT * FROM meta.loads
        WHERE list_contains($datasets, dataset) AND partition_key NOT LIKE 'baseline%'
            AND (partition_key BETWEEN $first::VARCHAR AND $last::VARCHAR OR replace(partition_key, '-', '') = $period)
        QUALIFY is_in_force OR (
            verdict = 'refused' AND load_sequence = max(load_sequence) OVER (PARTITION BY dataset, partition_key))
    ),

    by_reason AS (
        SELECT dataset, load_id, file_name, sheet_name, row_number, unit_code, unnest(reasons) AS reason
        FROM meta.quarantined_rows JOIN judged USING (load_id)
        WHERE $is_province OR unit_code = $unit OR unit_code IS NULL
    )

    SELECT dataset, reason, unit_code IS NOT NULL OR $is_province AS is_of_unit, count(*),
        list({'file': file_name, 'sheet': sheet_name, 'row': row_number} ORDER BY file_name, sheet_name, row_number)[:$most]
    FROM by_reason GROUP BY ALL ORDER BY is_of_unit DESC, count(*) DESC, dataset, reason
"""


class RecordsAre(StrEnum):
    """What `LoadBehind.rows` counts.

    `COUNTED`: the records of the figure, its denominator or its count; they add up to it. `OF_PERIOD`: all records of
    the unit in the period, of which the figure may count some only.
    """

    COUNTED = "counted"
    OF_PERIOD = "of_period"


@dataclass(frozen=True)
class LoadBehind:
    """A load with records that the figure is counted from.

    Attributes:
        rows: How many, of what `Explanation.records_are` says; None where the records do not say which load told them.
        file_sha256: The first 12 digits.
    """

    load_id: str
    file_name: str
    file_sha256: str
    arrived_at: datetime
    verdict: str
    rows: int | None


@dataclass(frozen=True)
class SetApart:
    """Rows in quarantine that may have changed the figure, for one reason.

    Attributes:
        is_of_unit: Whether the rows are known to be the unit's; else no unit could be read in them.
        places: The first of them: file, sheet, row.
    """

    dataset: str
    reason: str
    is_of_unit: bool
    rows: int
    places: list[dict[str, Any]]


def datasets_of(connection: duckdb.DuckDBPyConnection, question: Question) -> list[str]:
    """Datasets that the indicator is counted from."""
    query = "SELECT dataset FROM meta.indicator_datasets WHERE indicator_code = ? ORDER BY dataset"
    return [dataset for (dataset,) in connection.execute(query, [question.indicator_code]).fetchall()]


def loads_behind(connection: duckdb.DuckDBPyConnection, question: Question, datasets: list[str]) -> list[LoadBehind]:
    """The loads that told the records behind it last, those with the most first."""
    rows: dict[str, int | None] = {}
    for dataset in datasets:
        query = _records_by_load(question.indicator_code, dataset) or _OF_PERIOD
        asked = {**question.parameters(), "dataset": dataset}
        rows |= dict(connection.execute(query, _named_in(query, asked)).fetchall())
    found = connection.execute(_LOADS, {"loads": list(rows)}).fetchall()
    loads = [LoadBehind(*(*row, rows[row[0]])) for row in found]
    return sorted(loads, key=lambda load: (-(load.rows or 0), load.load_id))


def records_are(indicator: str, loads: list[LoadBehind], counted: float | None) -> RecordsAre | None:
    """What the loads' records are; None where the records do not say which load told them.

    That they are those which the figure counts is proved of each figure by their sum: an indicator whose expressions
    were changed, or a closed figure that stands while its records moved on, is never said to be made of others.
    """
    rows = [load.rows for load in loads]
    if not rows or None in rows:
        return None
    is_known = indicator in _COUNTED and sum(row or 0 for row in rows) == counted
    return RecordsAre.COUNTED if is_known else RecordsAre.OF_PERIOD


def _records_by_load(indicator: str, dataset: str) -> str | None:
    """Counts the records of this unit and period by the load that told them last."""
    if dataset not in _OF_DATASET:
        return None
    table, condition = _OF_DATASET[dataset]
    if indicator in _COUNTED:
        condition = f"{_COUNTED[indicator]}{f' AND {_UNIT}' if dataset == 'portal_dossiers' else ''}"
    return " ".join((_DAYS, "SELECT load_id, count(*)", f"FROM {table}", f"WHERE {condition}", "GROUP BY load_id"))


def rows_set_apart(
    connection: duckdb.DuckDBPyConnection, question: Question, datasets: list[str], most: int = 5
) -> list[SetApart]:
    """Reasons with the number of rows and the first places, the unit's own before those of no unit."""
    asked = {**question.parameters(), "datasets": datasets, "most": most}
    return [SetApart(*row) for row in connection.execute(_SET_APART, _named_in(_SET_APART, asked)).fetchall()]


def _named_in(query: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """DuckDB refuses a parameter that the query does not name."""
    return {name: value for name, value in parameters.items() if f"${name}" in query}
