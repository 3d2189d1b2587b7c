"""Whose file it is: every contract is held against a file, by its headings and by how many of its cells can be read.

A contract is tried in the file's own format, so that a right table in a wrong format is recognised too.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import polars as pl

from pipelines.contracts import Contract
from pipelines.errors import DataRefusedError
from pipelines.inspection.columns import Mapping, describe
from pipelines.parse.cells.values import Reading
from pipelines.parse.containers.signature import HEAD_BYTES, Signature
from pipelines.parse.panics import PanicsRefused
from pipelines.parse.plain_files import read_table
from pipelines.parse.sheets.heading_rows import ROWS_SEARCHED
from pipelines.parse.sheets.workbook import workbook_heads
from pipelines.parse.text_table import ROW_NUMBER, SHEET_NAME, TextTable

_ROWS_TRIED = 1_000
_WORKBOOKS = ("xlsx", "xls")
_LEAST_SCORE, _SURE_SCORE = 0.2, 0.7
_NEAR, _CLEAR_LEAD = 0.1, 0.3
_KEY = re.compile(r'"([^"\\]{1,80})"\s*:')


class Confidence(StrEnum):
    """How sure the guess is. `near` means that a second contract fits almost as well."""

    GIVEN = "given"
    SURE = "sure"
    LIKELY = "likely"
    NEAR = "near"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Candidate:
    """One contract held against the file.

    Attributes:
        headings_share: Headings that the file and the contract share, of all that either has (Dice, 0 to 1).
        cells_share: Of the first rows' filled cells, those that could be read; None where no row could be.
    """

    dataset: str
    headings_share: float
    cells_share: float | None

    @property
    def score(self) -> float:
        """0 to 1: the headings count once, and as much again if the cells below them can be read."""
        return self.headings_share * (0.5 + 0.5 * (self.cells_share or 0.0))


def rank(
    file: Path, signature: Signature, contracts: Sequence[Contract], reading_for: Callable[[Contract], Reading]
) -> tuple[Candidate, ...]:
    """Every contract that shares a heading with the file, the best first."""
    tried = [as_if for contract in contracts if (as_if := _in_format_of(signature, contract)) is not None]
    read = _reader(file, signature, tried)
    found = [
        candidate
        for contract in tried
        if (candidate := _try(read, file, signature, contract, reading_for(contract))).score
    ]
    return tuple(sorted(found, key=lambda candidate: (-candidate.score, candidate.dataset)))


def confidence(candidates: Sequence[Candidate]) -> Confidence:
    """How sure the best candidate is."""
    best = candidates[0].score if candidates else 0.0
    second = candidates[1].score if len(candidates) > 1 else 0.0
    if best < _LEAST_SCORE:
        return Confidence.UNKNOWN
    if best - second < _NEAR:
        return Confidence.NEAR
    return Confidence.SURE if best >= _SURE_SCORE and best - second >= _CLEAR_LEAD else Confidence.LIKELY


def _in_format_of(signature: Signature, contract: Contract) -> Contract | None:
    """The contract as it would be if it expected this file's format; XML goes with XML only, its paths are its own."""
    layout, own = signature.layout, contract.format
    if layout is None or (layout == "xml") != (own.kind == "xml"):
        return None
    change = {"kind": layout, "delimiter": signature.plain.delimiter or own.delimiter}
    return contract.model_copy(update={"format": own.model_copy(update=change)})


def _reader(file: Path, signature: Signature, contracts: Sequence[Contract]) -> Callable[[Contract], TextTable]:
    """Reads the file by a contract; a workbook, which opens slowly, is opened once for all of them."""
    if contracts and signature.layout in _WORKBOOKS and signature.inside is None:
        decimals = {contract.format.decimal for contract in contracts}
        with suppress(DataRefusedError), PanicsRefused():
            return workbook_heads(file, decimals, ROWS_SEARCHED + _ROWS_TRIED)
    return lambda contract: read_table(file, contract)


def _try(
    read: Callable[[Contract], TextTable], file: Path, signature: Signature, contract: Contract, reading: Reading
) -> Candidate:
    table: TextTable | None
    try:
        table = read(contract).head(_ROWS_TRIED)
    except DataRefusedError:
        # Cut short, damaged or in another encoding: the headings at its beginning may still tell whose it is.
        table = _head_of(file, signature)
    if table is None:
        return Candidate(contract.dataset, 0.0, None)
    mapping = describe(table, reading)
    columns = [found for found in mapping.columns if found.read is not None]
    filled = sum(found.filled for found in columns)
    share = sum(found.filled - found.unread for found in columns) / filled if filled else None
    return Candidate(contract.dataset, _headings_share(mapping, contract), share)


def _headings_share(mapping: Mapping, contract: Contract) -> float:
    # In XML the headings are the contract's own paths: only one that leads to a value says something.
    is_path = contract.format.kind == "xml"
    matched = sum(bool(found.filled if is_path else found.headings) for found in mapping.columns)
    return 2 * matched / (len(mapping.columns) + matched + mapping.unknown_count)


def _head_of(file: Path, signature: Signature) -> TextTable | None:
    """The headings at the beginning of a CSV or JSON, with no rows."""
    if signature.layout not in ("csv", "json") or signature.inside is not None:
        return None
    with file.open("rb") as stream:
        encoding = "utf-16" if signature.encoding == "utf-16" else "utf-8-sig"
        text = stream.read(HEAD_BYTES).decode(encoding, "replace")
    try:
        names = (
            _KEY.findall(text)
            if signature.layout == "json"
            else next(csv.reader(text.splitlines()[:1], delimiter=signature.delimiter or ","), [])
        )
    except csv.Error:
        return None
    headings = tuple(dict.fromkeys(name.strip() for name in names if name.strip()))
    schema = {**dict.fromkeys(headings, pl.String()), ROW_NUMBER: pl.Int64(), SHEET_NAME: pl.String()}
    return TextTable.of_frame(pl.DataFrame(schema=schema), headings)
