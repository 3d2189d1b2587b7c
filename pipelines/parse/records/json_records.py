"""Reads JSON records: a column's heading is the path of its value, `body.registered`.

Numbers keep the text in which they came, with the contract's decimal mark: `1.0` stays `1.0`. How JSON itself is read is `json_text`'s matter.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.contracts import Contract
from pipelines.parse.records.json_text import MOST_KEYS, json_rows
from pipelines.parse.text_table import ROW_NUMBER, SHEET_NAME, TextTable, unreadable
from pipelines.parse.texts.damage import refuse_damaged_bytes

_ROWS_AT_ONCE = 20_000
_CELLS_AT_ONCE = 1_000_000

Record = dict[str, str | None]


def read_json(file: Path, contract: Contract, *, is_kept: bool = True) -> TextTable:
    """Reads JSON documents that follow each other; `rows` names the list in each, empty if each is a row itself.

    Args:
        file: UTF-8.
        contract: Where the rows lie.
        is_kept: Holds the rows once they were read; else the file is read again each time they are asked for.

    Raises:
        DataRefusedError: The text is no JSON, or the list of rows is not there.
    """
    if file.stat().st_size:
        with file.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            refuse_damaged_bytes(content)
    kept: list[pl.DataFrame] = []
    keys: dict[str, None] = {}
    for frame in _frames(file, contract.format.rows, contract.format.decimal):
        keys.update(dict.fromkeys(frame.columns[1:-1]))
        _refuse_too_many(keys)
        if is_kept:
            kept.append(frame)
    names = tuple(keys)
    if is_kept:
        frame = pl.concat([_empty(names), *kept], how="diagonal").select(ROW_NUMBER, *names, SHEET_NAME)
        return TextTable.of_frame(frame, names, headings_are_optional=True)
    empty = _empty(names)

    def read() -> Iterator[pl.DataFrame]:
        for frame in _frames(file, contract.format.rows, contract.format.decimal):
            yield pl.concat([empty, frame], how="diagonal").select(ROW_NUMBER, *names, SHEET_NAME)

    return TextTable(names, read, headings_are_optional=True)


def _frames(file: Path, rows: str, decimal: str) -> Iterator[pl.DataFrame]:
    """The records in frames that fit in memory; each has the keys that its own records have."""
    number, cells = 1, 0
    held: list[Record] = []
    for row in json_rows(file, rows, decimal):
        if not isinstance(row, dict):
            raise unreadable(f"there is no list of records under {rows!r}")
        record: Record = {}
        try:
            _flatten(row, "", record)
        except RecursionError:
            raise unreadable(f"record {number + len(held)} is nested deeper than any record") from None
        held.append(record)
        cells += len(record)
        if len(held) >= _ROWS_AT_ONCE or cells >= _CELLS_AT_ONCE:
            yield _frame(held, number)
            number, cells, held = number + len(held), 0, []
    if held:
        yield _frame(held, number)


def _frame(records: list[Record], first_number: int) -> pl.DataFrame:
    keys = dict.fromkeys(key for record in records for key in record)
    _refuse_too_many(keys)
    if {ROW_NUMBER, SHEET_NAME} & set(keys):
        raise unreadable("a key of a record is one that only this program uses")
    columns = {key: [record.get(key) for record in records] for key in keys}
    try:
        # Marks of damage may come as escapes, which only now are letters.
        refuse_damaged_bytes("\n".join(cell for column in columns.values() for cell in column if cell).encode())
        refuse_damaged_bytes("\n".join(keys).encode())
    except UnicodeEncodeError:
        last = first_number + len(records) - 1
        raise unreadable(f"one of the records {first_number} to {last} holds half a character") from None
    cells = pl.DataFrame(columns, schema=dict.fromkeys(keys, pl.String()))
    numbers = pl.int_range(first_number, first_number + len(records), dtype=pl.Int64, eager=True)
    return cells.select(numbers.alias(ROW_NUMBER), pl.all(), pl.lit("").alias(SHEET_NAME))


def _empty(names: tuple[str, ...]) -> pl.DataFrame:
    return pl.DataFrame(schema={ROW_NUMBER: pl.Int64(), **dict.fromkeys(names, pl.String()), SHEET_NAME: pl.String()})


def _refuse_too_many(keys: dict[str, None]) -> None:
    if len(keys) > MOST_KEYS:
        raise unreadable(f"its records have more than {MOST_KEYS} different keys")


def _flatten(value: dict[str, Any], prefix: str, record: Record) -> None:
    """One level: nested objects by dotted path, lists as their JSON text, everything as text."""
    for name, inner in value.items():
        key = prefix + name
        if isinstance(inner, dict):
            _flatten(inner, f"{key}.", record)
            continue
        if key in record:
            raise unreadable("two values of a record have one path")
        if inner is None or isinstance(inner, str):
            record[key] = inner
        elif isinstance(inner, bool):
            record[key] = "true" if inner else "false"
        else:
            record[key] = json.dumps(inner, ensure_ascii=False)
