"""Reads delimited text files. Polars does the reading; every cell stays a text."""

from __future__ import annotations

import mmap
from pathlib import Path

import polars as pl

from pipelines.contracts import Contract
from pipelines.parse.text_table import ROW_NUMBER, SHEET_NAME, TextTable, unreadable

_REPLACEMENT_CHARACTER = "\ufffd".encode()
_FIRST_DATA_LINE = 2


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
        raise unreadable(_first_line(error)) from error
    frame = frame.rename({frame.columns[0]: frame.columns[0].removeprefix("\ufeff")}).rename(str.strip)
    if doubled := [name for name in frame.columns if name.endswith("_duplicated_0")]:
        raise unreadable(f"the heading {doubled[0].removesuffix('_duplicated_0')!r} stands twice")
    headings = tuple(frame.columns)
    frame = frame.with_row_index(ROW_NUMBER, offset=_FIRST_DATA_LINE).with_columns(
        pl.col(ROW_NUMBER).cast(pl.Int64), pl.lit("").alias(SHEET_NAME)
    )
    return TextTable(frame=frame, headings=headings)


def _refuse_damaged_text(file: Path) -> None:
    """U+FFFD in a file means that its text was destroyed before it reached us."""
    with file.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content.find(_REPLACEMENT_CHARACTER) >= 0:
            raise unreadable("it holds U+FFFD, the mark of text damaged by a wrong encoding")


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".")
