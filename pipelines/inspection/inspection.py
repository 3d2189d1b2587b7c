"""One file, looked at from its signature to the verdict that it would get. Nothing is written anywhere."""

from __future__ import annotations

import re
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import orjson

from pipelines.calendar import Partition, today
from pipelines.contracts import Contract
from pipelines.errors import DataRefusedError, MessagesWithheld, PermanentError
from pipelines.extract.delivery import LARGEST_FILE_BYTES
from pipelines.ingest import Workshop
from pipelines.inspection.columns import Mapping, describe
from pipelines.inspection.draft import Draft, draft_file, known_of
from pipelines.inspection.guess import Candidate, Confidence, confidence, rank
from pipelines.parse import parse
from pipelines.parse.cells.units import without_candidates
from pipelines.parse.cells.values import Reading
from pipelines.parse.containers.signature import Mismatch, Signature, mismatch, read_signature
from pipelines.parse.containers.unpacking import BOUNDS
from pipelines.parse.plain_files import read_table
from pipelines.parse.text_table import ROW_NUMBER, SHEET_NAME, TextTable
from pipelines.validate.verdict import Check, Judged, Verdict, judge, refuse_unread

REJECTS_TOLD = 10
_DAY = re.compile(r"(?<![0-9A-Za-z])(20\d\d)-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])(?![0-9A-Za-z])")
_MONTH = re.compile(r"(?<![0-9A-Za-z])(20\d\d)-?(0[1-9]|1[0-2])(?![0-9A-Za-z])")


@dataclass(frozen=True)
class Period:
    """The day or month that the file is judged for, and who says so."""

    partition: Partition
    said_by: Literal["option", "file_name", "default"]


@dataclass(frozen=True)
class Place:
    """Where the table lies.

    Attributes:
        sheet_name: Of the first row: a sheet, or a member of a zip; empty in other files.
        heading_rows: First and last row of the heading, counted from 1; none in XML and JSON.
        first_row: Number of the first row of data.
        row_count: Rows of data.
    """

    sheet_name: str
    heading_rows: tuple[int, int] | None
    first_row: int | None
    row_count: int


@dataclass(frozen=True)
class Reject:
    """A row that would be set apart: its place, every reason, and the faulty cells as the quarantine would show them."""

    row_number: int
    sheet_name: str
    reasons: tuple[str, ...]
    cells: dict[str, str | None]


@dataclass(frozen=True)
class Judgement:
    """What the load would become.

    Attributes:
        failed: Checks that failed, refusing ones and warnings.
        refusal: The refusal in English, as the ledger would keep it.
        reason_counts: Rows set apart by reason.
        rejects: The first `REJECTS_TOLD` of them.
    """

    verdict: Verdict
    failed: tuple[Check, ...]
    refusal: str | None
    rows_read: int
    rows_accepted: int
    rows_quarantined: int
    rows_duplicate: int
    reason_counts: dict[str, int]
    rejects: tuple[Reject, ...]


@dataclass(frozen=True)
class Inspection:
    """All that is told of a file. What could not be looked at is None.

    Attributes:
        is_too_large: Larger than any file that is ever pulled; only its head was looked at.
        candidates: Contracts that share headings with it, the best first; empty if the dataset was given.
        contract: The contract that it was held against, given or guessed.
        mismatch: Why its format cannot be what the contract expects; nothing more is told then.
        draft: Of a file that no contract fits: the contract that would; None if none could.
    """

    file_name: str
    file_bytes: int
    signature: Signature
    is_too_large: bool
    confidence: Confidence
    candidates: tuple[Candidate, ...] = ()
    contract: Contract | None = None
    mismatch: Mismatch | None = None
    period: Period | None = None
    place: Place | None = None
    mapping: Mapping | None = None
    judgement: Judgement | None = None
    draft: Draft | None = None

    @property
    def is_refused(self) -> bool:
        """Whether no load would come of it."""
        return self.judgement is None or self.judgement.verdict is Verdict.REFUSED


def inspect_file(
    workshop: Workshop,
    file: Path,
    dataset: str | None = None,
    asked: Partition | None = None,
    tell: Callable[[str], None] = lambda _step: None,
) -> Inspection:
    """Looks at a file.

    Args:
        workshop: Contracts, suites, registers; its settings are not asked.
        file: A regular file.
        dataset: Whose it is; guessed if None.
        asked: The day or month to judge it for; taken from its name, or the last one that is over, if None.
        tell: Is told each step as it begins: `reading`, `judging`.

    Raises:
        PermanentError: The period does not fit the dataset's cadence, or a rule of its suite cannot be run.
        UnforeseenError: A fault of the program.
    """
    # Pseudonyms are made and thrown away: any key will do, and the real one need not be at hand.
    key = secrets.token_bytes(32)

    def reading_for(contract: Contract) -> Reading:
        partition = period_of(contract, asked if dataset else None, file.name).partition
        return Reading(file.name, contract, partition, workshop.reference, key)

    # A library's message may quote a cell, and what a command says may be kept in a log.
    with MessagesWithheld(f"inspect {file.name}"):
        return _inspect(workshop, file, dataset, asked, tell, reading_for)


def _draft_if_readable(workshop: Workshop, file: Path, signature: Signature) -> Draft | None:
    try:
        return draft_file(workshop, file, signature, known=known_of(workshop.contracts.values()))
    except DataRefusedError:
        return None


def _inspect(
    workshop: Workshop, file: Path, dataset: str | None, asked: Partition | None, tell: Callable[[str], None],
    reading_for: Callable[[Contract], Reading],
) -> Inspection:  # fmt: skip
    tell("reading")
    signature, size = read_signature(file), file.stat().st_size
    unpacked = signature.contents.unpacked_bytes if signature.contents else size
    if size > LARGEST_FILE_BYTES or unpacked > BOUNDS.total_bytes:
        contract = workshop.contracts[dataset] if dataset else None
        sure = Confidence.GIVEN if dataset else Confidence.UNKNOWN
        return Inspection(file.name, size, signature, is_too_large=True, confidence=sure, contract=contract)
    # A text without a line end has no headings; reading it whole would only cost time.
    is_hopeless = signature.is_damaged or signature.plain.is_one_line
    contracts = () if dataset or is_hopeless else tuple(workshop.contracts.values())
    candidates = rank(file, signature, contracts, reading_for)
    sure = Confidence.GIVEN if dataset else confidence(candidates)
    if sure is Confidence.UNKNOWN:
        return Inspection(
            file.name, size, signature, is_too_large=False, confidence=sure, candidates=candidates,
            draft=_draft_if_readable(workshop, file, signature),
        )  # fmt: skip
    contract = workshop.contracts[dataset or candidates[0].dataset]
    period = period_of(contract, asked, file.name)
    wrong = mismatch(signature, contract.format)
    place, mapping, judgement = None, None, None
    if wrong is None:
        reading = replace(reading_for(contract), partition=period.partition)
        place, mapping = _look(file, reading)
        judgement = _judge(workshop, file, reading, tell)
    return Inspection(
        file.name, size, signature, is_too_large=False, confidence=sure, candidates=candidates, contract=contract,
        mismatch=wrong, period=period, place=place, mapping=mapping, judgement=judgement,
    )  # fmt: skip


def period_of(contract: Contract, asked: Partition | None, file_name: str) -> Period:
    """The period that a file of the dataset is judged for.

    Raises:
        PermanentError: A month was asked for, and the dataset comes daily.
    """
    is_monthly = contract.cadence == "monthly"
    if asked is not None:
        if not is_monthly and asked.first_day != asked.last_day:
            raise PermanentError(f"{contract.dataset} comes daily and {asked.key} is a month.", "Give a day.")
        return Period(Partition.of_month(asked.first_day) if is_monthly else asked, "option")
    if found := (is_monthly and _MONTH.search(file_name)) or _DAY.search(file_name):
        try:
            named = Partition.parse("-".join(found.groups()))
        except PermanentError:  # 31 June
            named = None
        if named is not None:
            return Period(Partition.of_month(named.first_day) if is_monthly else named, "file_name")
    yesterday = today() - timedelta(days=1)
    last_month = today().replace(day=1) - timedelta(days=1)
    return Period(Partition.of_month(last_month) if is_monthly else Partition.of_day(yesterday), "default")


def _look(file: Path, reading: Reading) -> tuple[Place | None, Mapping | None]:
    try:
        table = read_table(file, reading.contract, reading.scratch)
        return _place(table, reading.contract), describe(table, reading)
    except DataRefusedError:
        return None, None


def _place(table: TextTable, contract: Contract) -> Place:
    count, first, last = 0, None, table.heading_row
    for frame in table.read():
        first = first or (frame.row(0, named=True) if frame.height else None)
        count += frame.height
    return Place(
        sheet_name=str(first[SHEET_NAME]) if first else "",
        heading_rows=None if last is None else (last - contract.format.header_rows + 1, last),
        first_row=int(first[ROW_NUMBER]) if first else None,
        row_count=count,
    )


def _judge(workshop: Workshop, file: Path, reading: Reading, tell: Callable[[str], None]) -> Judgement:
    contract = reading.contract
    try:
        parsed = parse(file, reading)
    except DataRefusedError as error:
        return _judgement(refuse_unread(error))
    tell("judging")
    suite = workshop.suites[contract.dataset]
    return _judgement(judge(parsed, contract, suite, reading.partition, workshop.working_days, None))


def _judgement(judged: Judged) -> Judgement:
    quarantine = judged.quarantine
    reasons = quarantine.get_column("reasons").explode().drop_nulls().to_list()
    return Judgement(
        verdict=judged.verdict,
        failed=tuple(check for check in judged.checks if not check.is_success),
        refusal=judged.refusal_reason,
        rows_read=judged.rows_read,
        rows_accepted=judged.rows.height,
        rows_quarantined=quarantine.height,
        rows_duplicate=judged.rows_duplicate,
        reason_counts=dict(Counter(map(without_candidates, reasons)).most_common()),
        rejects=tuple(_reject(row) for row in quarantine.head(REJECTS_TOLD).iter_rows(named=True)),
    )


def _reject(row: dict[str, Any]) -> Reject:
    reasons = tuple(row["reasons"])
    texts = orjson.loads(row["row_text"])
    blamed = dict.fromkeys(reason.partition(": ")[0] for reason in reasons)
    return Reject(
        row_number=row["row_number"],
        sheet_name=row["sheet_name"] or "",
        reasons=reasons,
        cells={name: texts[name] for name in blamed if name in texts},
    )
