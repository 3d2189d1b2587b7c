"""Reads delimited text files. Polars does the reading; every cell stays a text."""

from __future__ import annotations

import csv
import mmap
from pathlib import Path

import polars as pl

from pipelines.contracts import Contract
from pipelines.parse.damage import refuse_damaged_bytes
from pipelines.parse.text_table import ROW_NUMBER, SHEET_NAME, TextTable, unreadable

_FIRST_DATA_LINE = 2
_DOUBLED = "_duplicated_0"


def read_csv(file: Path, contract: Contract) -> TextTable:
    """Reads a CSV whose first line holds the headings.

    Raises:
        DataRefusedError: The text is not in the declared encoding, a row has more fields than there are headings,
            or two headings are the same.
    """
    if file.stat().st_size == 0:
        raise unreadable("it is empty, without even its headings")
    _refuse_damaged_text(file)
    try:
        frame = pl.read_csv(
            file,
            separator=contract.format.delimiter,
            infer_schema=False,
            encoding="utf8",
        )
    except pl.exceptions.PolarsError as error:
        # Polars quotes the cell that it stumbled over, which may be a person's name: nothing of it goes further.
        raise unreadable(_why(error)) from None
    # A short row has no last cell; where every row has one, there is nothing to look for.
    if frame.to_series(-1).null_count():
        _refuse_short_rows(file, contract.format.delimiter, frame.width)
    headings = tuple(name.removeprefix("\ufeff").strip() for name in frame.columns)
    if doubled := [name for name in headings if headings.count(name) > 1 or name.endswith(_DOUBLED)]:
        raise unreadable(f"the heading {doubled[0].removesuffix(_DOUBLED)!r} stands twice")
    frame = frame.rename(dict(zip(frame.columns, headings, strict=True)))
    is_blank = frame.select(pl.all_horizontal(pl.all().is_null())).to_series()
    frame = frame.with_row_index(ROW_NUMBER, offset=_FIRST_DATA_LINE).with_columns(
        pl.col(ROW_NUMBER).cast(pl.Int64), pl.lit("").alias(SHEET_NAME)
    )
    return TextTable(frame=frame.filter(~is_blank) if is_blank.any() else frame, headings=headings)


def _refuse_damaged_text(file: Path) -> None:
    with file.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        refuse_damaged_bytes(content)


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
