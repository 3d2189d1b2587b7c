"""The verdict on one load, and the checks it rests on."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Literal

import polars as pl

from pipelines.calendar import Partition, WorkingDays
from pipelines.contracts import Contract
from pipelines.errors import ContractError, DataRefusedError
from pipelines.parse.cells.dates import EARLIEST_YEAR
from pipelines.parse.parse import Parsed
from pipelines.parse.rejects import REJECT_SCHEMA, reject_rows
from pipelines.parse.typed_rows import TypedRows
from pipelines.validate.suites import Suite


class Verdict(StrEnum):
    """What becomes of a load."""

    ACCEPTED = "accepted"
    ACCEPTED_WITH_WARNINGS = "accepted_with_warnings"
    REFUSED = "refused"


@dataclass(frozen=True)
class Check:
    """One line of `ops.checks`."""

    check_name: str
    severity: Literal["critical", "warning"]
    is_success: bool
    observed: str = ""
    unexpected_count: int | None = None


@dataclass(frozen=True)
class Judged:
    """A file's rows after the verdict.

    Attributes:
        rows: Rows that satisfy every row rule, with `row_number`; none of a file that could not be read.
        quarantine: Rejected rows, as REJECT_SCHEMA.
        refusal_reason: Why the load is refused, else None.
    """

    verdict: Verdict
    rows: TypedRows
    quarantine: pl.DataFrame
    checks: tuple[Check, ...]
    rows_read: int
    rows_duplicate: int
    refusal_reason: str | None = None


def refuse_unread(error: DataRefusedError) -> Judged:
    """The verdict on a file that could not be read as its contract says: no row of it was counted."""
    return Judged(
        verdict=Verdict.REFUSED,
        rows=TypedRows.of_frame(pl.DataFrame(schema={"row_number": pl.Int64()})),
        quarantine=pl.DataFrame(schema=REJECT_SCHEMA),
        checks=(Check(error.check, "critical", is_success=False, observed=error.what),),
        rows_read=0,
        rows_duplicate=0,
        refusal_reason=f"{error.check}: {error}",
    )


def judge(
    parsed: Parsed, contract: Contract, suite: Suite, partition: Partition, working_days: WorkingDays,
    declared_rows: int | None,
) -> Judged:  # fmt: skip
    """Judges parsed rows.

    Args:
        parsed: What the file held.
        contract: The dataset's contract.
        suite: Its expectations.
        partition: The day or month that the file speaks of.
        working_days: The calendar; an empty export means less on a Sunday.
        declared_rows: How many rows the source said it would hand over, if it did.

    Raises:
        ContractError: A rule of the suite could not be run; that says nothing of the data.
    """
    from pipelines.validate.great_expectations_runner import run_suite  # noqa: PLC0415  (seconds to import)

    must_have_rows = _must_have_rows(partition, working_days)
    parameters: dict[str, int | date | datetime] = {
        "minimum_rows": 1 if must_have_rows and contract.volume.empty_on_working_day == "refuse" else 0,
        "expected_rows": 1 if must_have_rows else 0,
        "rows_to_judge": parsed.rows_read - parsed.rows_duplicate - len(parsed.rejects),
        **_period(partition),
    }
    # The share of n rows may fall a hair below a whole number: 0.29 * 100 is 28.999….
    most_rejects = int(contract.max_quarantine_share * max(parsed.rows_read, 1) + 1e-6)
    results = run_suite(parsed.rows, suite, parameters, most_rejects)
    if broken := [result for result in results if result.broken_because]:
        raise ContractError(
            f"Rule {broken[0].rule.name} of expectations/{contract.dataset}.yaml cannot be run: {broken[0].broken_because}",
            "Mend the rule; the data was not judged.",
        )
    reasons: defaultdict[int, list[str]] = defaultdict(list)
    for result in results:
        for number in result.row_numbers:
            reasons[number].append(f"rule: {result.rule.name}")
    rows, quarantine = _set_apart(parsed, reasons, contract)
    checks = [
        Check(result.rule.name, result.rule.severity, result.is_success, result.observed, result.unexpected_count)
        for result in results
    ]
    # Rows that a rule sets apart are counted against the share; rows it could not list are counted by the rule.
    unlisted = sum(
        (result.unexpected_count or 0)
        for result in results
        if result.rule.on_failure == "quarantine" and not result.is_success and not result.row_numbers
    )
    checks.append(_conserves_rows(parsed, rows, quarantine))
    checks += _checks_of_the_file(parsed, contract, len(quarantine) + unlisted, declared_rows)
    says = {result.rule.name: result.rule.says.en for result in results}
    sets_apart = {result.rule.name for result in results if result.rule.on_failure == "quarantine"}
    refusing = [
        check
        for check in checks
        if not check.is_success and check.severity == "critical" and check.check_name not in sets_apart
    ]
    flagged = any(not check.is_success for check in checks)
    reason = "; ".join(f"{check.check_name}: {says.get(check.check_name, check.observed)}" for check in refusing)
    return Judged(
        verdict=Verdict.REFUSED if refusing else Verdict.ACCEPTED_WITH_WARNINGS if flagged else Verdict.ACCEPTED,
        rows=rows,
        quarantine=quarantine,
        checks=tuple(checks),
        rows_read=parsed.rows_read,
        rows_duplicate=parsed.rows_duplicate,
        refusal_reason=reason or None,
    )


def _conserves_rows(parsed: Parsed, rows: TypedRows, quarantine: pl.DataFrame) -> Check:
    """Law 1: what was read is kept, set apart or a repetition, and each row only once."""
    kept, apart = rows.height, len(quarantine)
    return Check(
        "rows_are_conserved",
        "critical",
        is_success=parsed.rows_read == kept + apart + parsed.rows_duplicate,
        observed=f"read {parsed.rows_read} = kept {kept} + set apart {apart} + repeated {parsed.rows_duplicate}",
    )


def _period(partition: Partition) -> dict[str, date | datetime]:
    """The days that the file speaks of, and its moments: from `first_moment` up to, not including, `next_moment`.

    A baseline speaks of all that was before its day.
    """
    first, following = partition.first_day, partition.next_day
    if partition.is_baseline:
        first, following = date(EARLIEST_YEAR, 1, 1), partition.first_day
    return {
        "first_day": first,
        "last_day": following - timedelta(days=1),
        "first_moment": datetime.combine(first, time()),
        "next_moment": datetime.combine(following, time()),
    }


def _must_have_rows(partition: Partition, working_days: WorkingDays) -> bool:
    if partition.is_baseline:
        return False
    return partition.first_day != partition.last_day or working_days.is_working_day(partition.first_day)


def _set_apart(parsed: Parsed, reasons: dict[int, list[str]], contract: Contract) -> tuple[TypedRows, pl.DataFrame]:
    if not reasons:
        return parsed.rows, parsed.rejects
    found = pl.DataFrame(
        {"row_number": list(reasons), "reasons": list(reasons.values())},
        schema={"row_number": pl.Int64(), "reasons": pl.List(pl.String())},
    )
    added = reject_rows(parsed.texts_of, found, contract, parsed.rows)
    kept = parsed.rows.without(found.get_column("row_number"))
    return kept, pl.concat([parsed.rejects, added]).sort("row_number")


def _checks_of_the_file(parsed: Parsed, contract: Contract, rejected: int, declared_rows: int | None) -> list[Check]:
    share = rejected / parsed.rows_read if parsed.rows_read else 0.0
    checks = [
        Check(
            "quarantine_share_is_bearable",
            "critical",
            is_success=share <= contract.max_quarantine_share,
            observed=f"{share:.2%} of the rows are rejected, {contract.max_quarantine_share:.0%} are bearable",
            unexpected_count=rejected,
        )
    ]
    checks.append(
        Check("no_row_is_set_apart", "warning", is_success=rejected == 0, observed="", unexpected_count=rejected)
    )
    if declared_rows is not None:
        checks.append(
            Check(
                "declared_total_is_met",
                "critical",
                is_success=declared_rows == parsed.rows_read,
                observed=f"the source declared {declared_rows} rows, {parsed.rows_read} came",
            )
        )
    if contract.drift.added == "report":
        added = ", ".join(parsed.added_headings)
        checks.append(Check("no_heading_is_added", "warning", is_success=not added, observed=added))
    if any(column.width for column in contract.stored_columns):
        mended = {name: count for name, count in parsed.mended.items() if count}
        told = ", ".join(f"{name} {count}" for name, count in mended.items())
        total = sum(mended.values())
        checks.append(
            Check("codes_were_repaired", "warning", is_success=not total, observed=told, unexpected_count=total)
        )
    if contract.format.total_labels or contract.format.group_columns:
        differences = "; ".join(
            f"{column}: stated {stated}, sum {summed}" for column, (stated, summed) in parsed.total_differences.items()
        )
        checks.append(Check("total_row_is_the_sum", "critical", is_success=not differences, observed=differences))
    return checks
