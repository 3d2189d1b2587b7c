"""Reads delimited text files, some hundred thousand rows at a time. Polars does the reading; every cell stays a text."""

from __future__ import annotations

import csv
import mmap
from codecs import BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from pipelines.contracts import Contract
from pipelines.parse.damage import refuse_damaged_bytes
from pipelines.parse.text_table import ROW_NUMBER, SHEET_NAME, TextTable, unreadable
from pipelines.reference import name_key

_FIRST_DATA_LINE = 2
_ROWS_AT_ONCE = 100_000
_HEAD_BYTES = 64 * 1024
_DOUBLED = "_duplicated_0"


def read_csv(file: Path, contract: Contract) -> TextTable:
    """Reads a CSV whose first line holds the headings.

    Raises:
        DataRefusedError: The text is not in the declared encoding, a row has more or fewer fields than there are
            headings, or two headings are the same; some of it only when the rows are read.
    """
    if file.stat().st_size == 0:
        raise unreadable("it is empty, without even its headings")
    _refuse_other_encoding(file)
    _refuse_damaged_text(file)
    rows = pl.scan_csv(file, separator=contract.format.delimiter, infer_schema=False, encoding="utf8")
    try:
        names = rows.collect_schema().names()
    except pl.exceptions.PolarsError as error:
        # Polars quotes the cell that it stumbled over, which may be a person's name: nothing of it goes further.
        raise unreadable(_why(error)) from None
    headings = tuple(name.removeprefix("\ufeff").strip() for name in names)
    _refuse_doubled(headings, contract)
    if {ROW_NUMBER, SHEET_NAME} & set(headings):
        raise unreadable("a heading is one that only this program uses")
    renamed = rows.rename(dict(zip(names, headings, strict=True)))
    return TextTable(
        headings, lambda: _frames(renamed, file, contract.format.delimiter), heading_row=_FIRST_DATA_LINE - 1
    )


def _refuse_doubled(headings: tuple[str, ...], contract: Contract) -> None:
    """Of two headings with one name nobody can say which is meant."""
    accepted = {name_key(heading) for column in contract.columns for heading in column.headings}
    for place, heading in enumerate(headings, 1):
        name = heading.removesuffix(_DOUBLED).strip()
        if headings.count(heading) > 1 or heading.endswith(_DOUBLED):
            # Where the heading line is missing, this is a record's cell: only our own words are quoted.
            told = repr(name) if name_key(name) in accepted else f"of column {place}"
            raise unreadable(f"the heading {told} stands twice")


def _frames(rows: pl.LazyFrame, file: Path, delimiter: str) -> Iterator[pl.DataFrame]:
    first_line, is_short_searched = _FIRST_DATA_LINE, False
    try:
        for frame in rows.collect_batches(chunk_size=_ROWS_AT_ONCE, maintain_order=True):
            # A short row has no last cell; where every row has one, there is nothing to look for.
            if not is_short_searched and frame.to_series(-1).null_count():
                _refuse_short_rows(file, delimiter, frame.width)
                is_short_searched = True
            numbered = frame.with_row_index(ROW_NUMBER, offset=first_line).with_columns(
                pl.col(ROW_NUMBER).cast(pl.Int64), pl.lit("").alias(SHEET_NAME)
            )
            is_blank = frame.select(pl.all_horizontal(pl.all().is_null())).to_series()
            first_line += frame.height
            yield numbered.filter(~is_blank) if is_blank.any() else numbered
        if first_line == _FIRST_DATA_LINE:
            empty = dict.fromkeys(rows.collect_schema().names(), pl.String())
            yield pl.DataFrame(schema={ROW_NUMBER: pl.Int64(), **empty, SHEET_NAME: pl.String()})
    except pl.exceptions.PolarsError as error:
        raise unreadable(_why(error)) from None
    except csv.Error:
        # Raised where short rows are looked for.
        raise unreadable("a cell of it is longer than any value") from None


def _refuse_damaged_text(file: Path) -> None:
    with file.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        refuse_damaged_bytes(content)


def _refuse_other_encoding(file: Path) -> None:
    """Another encoding often shows in the headings: said at once, lest they be called missing."""
    with file.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    if head.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        raise unreadable("it is utf-16, not utf-8")
    try:
        getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError as error:
        raise unreadable(f"it is not utf-8: {error.reason}") from None


def _refuse_short_rows(file: Path, delimiter: str, width: int) -> None:
    """A row with fewer fields than headings is a file cut short; polars would fill it up with empty cells."""
    with file.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        has_quotes = content.find(b'"') >= 0
    if has_quotes:
        with file.open(encoding="utf-8-sig", newline="") as text:
            places = (
                number for number, row in enumerate(csv.reader(text, delimiter=delimiter), 1) if 0 < len(row) < width
            )
            first = next(places, None)
    else:
        line = pl.col("line")
        short = (
            pl.scan_lines(file, name="line", row_index_name="number", row_index_offset=1)
            .filter((line.str.strip_chars() != "") & (line.str.count_matches(delimiter, literal=True) < width - 1))
            .select("number")
            .head(1)
            .collect()
        )
        first = short.item() if short.height else None
    if first is not None:
        raise unreadable(f"row {first} has fewer fields than the {width} headings: the file is cut short or damaged")


def _why(error: pl.exceptions.PolarsError) -> str:
    if isinstance(error, pl.exceptions.NoDataError):
        return "it is empty, without even its headings"
    text = str(error)
    if "more fields" in text:
        return "a row has more fields than there are headings"
    if "utf-8" in text:
        return "it is not utf-8"
    return "a quote never closes, or what follows one is no delimiter"
