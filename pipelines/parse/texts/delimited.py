"""Reads delimited text in UTF-8, some hundred thousand rows at a time. Polars does the reading; every cell stays a text.

A row's number is that of its record, counted from 1 with titles, headings and blank lines: the row that a spreadsheet
shows. A cell with line breaks is one record still. Other encodings become UTF-8 before (`encodings`).
"""

from __future__ import annotations

import csv
import mmap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path

import polars as pl

from pipelines.contracts import Contract, Format
from pipelines.errors import DataRefusedError
from pipelines.parse.sheets.heading_rows import told_apart
from pipelines.parse.text_table import ROW_NUMBER, SHEET_NAME, TextTable, unreadable
from pipelines.parse.texts.encodings import sound_text
from pipelines.parse.totals import take_totals
from pipelines.reference import name_key

LONGEST_LINE = 1024 * 1024
# That of Python's csv, which any library may lift for the whole process.
_LONGEST_CELL = 128 * 1024
"""Characters. No row of any export comes near; a file that is one line would end in memory as a whole."""
_HEADING_ROWS_SEARCHED = 40
_ROWS_AT_ONCE = 100_000
_UNNAMED = "__unnamed_"
_MOST_COLUMNS = 512


@dataclass(frozen=True)
class _Layout:
    """Where the heading lies and how its lines are parted.

    Attributes:
        row: The heading's record, from 1.
        title: The texts above it.
        lines: Line ends up to the heading's.
        names: One per field of the heading: its name, or `_UNNAMED` and its place where that is blank.
        line_end: What ends a line: a carriage return alone in files of old systems.
    """

    row: int
    lines: int
    names: tuple[str, ...]
    line_end: str
    title: tuple[str, ...]

    @property
    def named(self) -> list[str]:
        """The columns with a heading."""
        return [name for name in self.names if not name.startswith(_UNNAMED)]

    @property
    def unnamed(self) -> list[str]:
        """The columns that must be empty: those with a blank heading, and one past the last."""
        return [name for name in self.names if name.startswith(_UNNAMED)] + [f"{_UNNAMED}{len(self.names) + 1}"]


def read_csv(file: Path, contract: Contract) -> TextTable:
    """Reads a CSV in UTF-8; its heading is found among the first rows by the contract's headings.

    Raises:
        DataRefusedError: The text is not UTF-8 or damaged, a row has more or fewer fields than there are headings, or
            two headings are the same; some of it only when the rows are read.
    """
    if file.stat().st_size == 0:
        raise _empty()
    line_end = _refuse_unsound(file, contract.format)
    layout = _layout(file, contract, line_end)
    if {ROW_NUMBER, SHEET_NAME} & set(layout.named):
        raise unreadable("a heading is one that only this program uses")
    read = partial(_frames, file, contract.format, layout)
    if not contract.format.total_labels:
        return TextTable(tuple(layout.named), read, heading_row=layout.row, titles=(layout.title,))
    stated = tuple(one for frame in read() for one in take_totals(frame, contract)[1])
    return TextTable(
        tuple(layout.named), lambda: (take_totals(frame, contract)[0] for frame in read()), stated, heading_row=layout.row,
        titles=(layout.title,),
    )  # fmt: skip


def _refuse_unsound(file: Path, layout_format: Format) -> str:
    """Reads all of the text once, in blocks, and tells what ends its lines."""
    length, line, line_ends, quoted = 0, 1, {"\n": 0, "\r": 0}, _Quoted(layout_format.quote)
    for text in sound_text(file, "utf-8"):
        # Only a text of such a length can hold such a line.
        if length + len(text) > LONGEST_LINE:
            lines = text.replace("\r", "\n").split("\n")
            if max(length + len(lines[0]), *map(len, lines)) > LONGEST_LINE:
                raise unreadable(f"a line from line {line} on is longer than {LONGEST_LINE:,} characters")
        last_end = max(text.rfind("\n"), text.rfind("\r"))
        length = len(text) - last_end - 1 if last_end >= 0 else length + len(text)
        if quoted.length_after(text) > LONGEST_LINE:
            # Polars would hold all that follows as one cell, or take two far quotes for a cell of many rows.
            raise _malformed(file, layout_format, 0, _MOST_COLUMNS)
        for mark in line_ends:
            line_ends[mark] += text.count(mark)
        line = 1 + max(line_ends.values())
    return "\r" if line_ends["\r"] and not line_ends["\n"] else "\n"


@dataclass
class _Quoted:
    """How long a quoted cell has been going on."""

    quote: str
    is_open: bool = False
    length: int = 0

    def length_after(self, text: str) -> int:
        """Characters since the quote that is open at the end of `text`, which follows the last one; else 0."""
        count = text.count(self.quote) if self.quote else 0
        self.is_open ^= bool(count % 2)
        began = text.rfind(self.quote) if count else -self.length
        self.length = len(text) - began if self.is_open else 0
        return self.length


def _layout(file: Path, contract: Contract, line_end: str) -> _Layout:
    """The heading: the row with most of the contract's headings, or the first that is not blank if none has any."""
    wanted = {name_key(heading) for column in contract.columns for heading in column.headings}
    above: list[_Record] = []
    best: tuple[int, _Record] | None = None
    for record in islice(_records(file, contract.format), _HEADING_ROWS_SEARCHED):
        cells = [" ".join(cell.split()) for cell in record.cells]
        found = len({name_key(cell) for cell in cells} & wanted)
        above.append(replace(record, cells=cells))
        if any(cells) and (best is None or found > best[0]):
            best = (found, above[-1])
    if best is None:
        raise _empty()
    heading = best[1]
    if len(heading.cells) > _MOST_COLUMNS:
        raise unreadable(f"it has {len(heading.cells)} columns")
    title = tuple(cell for record in above for cell in record.cells if cell and record.row < heading.row)
    told = told_apart(heading.cells, wanted)
    names = tuple(name or f"{_UNNAMED}{place}" for place, name in enumerate(told, 1))
    if len(set(names)) < len(names):
        raise unreadable("a heading is one that only this program uses")
    return _Layout(heading.row, heading.lines, names, line_end, title)


def _frames(file: Path, layout_format: Format, layout: _Layout) -> Iterator[pl.DataFrame]:
    first_row, is_short_searched = layout.row + 1, False
    try:
        for frame in _scan(file, layout_format, layout).collect_batches(chunk_size=_ROWS_AT_ONCE, maintain_order=True):
            # A short row has no last cell; where every row has one, there is nothing to look for.
            if not is_short_searched and frame.get_column(layout.names[-1]).null_count():
                _refuse_short_rows(file, layout_format, layout)
                is_short_searched = True
            numbered = frame.with_row_index(ROW_NUMBER, offset=first_row).with_columns(
                pl.col(ROW_NUMBER).cast(pl.Int64), pl.lit("").alias(SHEET_NAME)
            )
            first_row += frame.height
            yield _data_rows(numbered, layout)
        if first_row == layout.row + 1:
            empty = dict.fromkeys(layout.named, pl.String())
            yield pl.DataFrame(schema={ROW_NUMBER: pl.Int64(), **empty, SHEET_NAME: pl.String()})
    except pl.exceptions.PolarsError:
        # Polars quotes the cell that it stumbled over, which may be a person's name: nothing of it goes further.
        raise _malformed(file, layout_format, layout.row, len(layout.names)) from None


def _scan(file: Path, layout_format: Format, layout: _Layout) -> pl.LazyFrame:
    return pl.scan_csv(
        file,
        has_header=False,
        skip_lines=layout.lines,
        schema=dict.fromkeys([*layout.names, layout.unnamed[-1]], pl.String()),
        missing_columns="insert",
        separator=layout_format.delimiter,
        quote_char=layout_format.quote or None,
        eol_char=layout.line_end,
        encoding="utf8",
    )


def _data_rows(frame: pl.DataFrame, layout: _Layout) -> pl.DataFrame:
    """The rows that hold data: not blank, and not the heading once more."""
    surplus = frame.filter(pl.any_horizontal(pl.col(layout.unnamed).str.strip_chars() != ""))
    if surplus.height:
        raise unreadable(f"row {surplus.item(0, ROW_NUMBER)} has more fields than there are headings")
    rows = frame.drop(layout.unnamed).with_columns(pl.col(layout.named).replace("", None))
    repeated = [pl.col(name).str.strip_chars().eq_missing(pl.lit(name)) for name in layout.named]
    is_data = pl.any_horizontal(pl.col(layout.named).str.strip_chars() != "") & (
        pl.sum_horizontal(repeated) * 2 <= len(repeated)
    )
    return rows.filter(is_data)


@dataclass(frozen=True)
class _Record:
    """A row of the file as Python's own reader sees it: its number, the line ends up to its last, its cells."""

    row: int
    lines: int
    cells: list[str]


def _records(file: Path, layout_format: Format) -> Iterator[_Record]:
    """Reads the file again where polars does not say which row it is about, and at its beginning.

    Raises:
        DataRefusedError: A quote never closes, or what follows one is no delimiter.
    """
    quote = layout_format.quote or None
    with file.open(encoding="utf-8-sig", newline="") as text:
        reader = csv.reader(
            text,
            delimiter=layout_format.delimiter,
            quotechar=quote,
            quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
            strict=True,
        )
        row = 0
        try:
            for row, cells in enumerate(reader, 1):
                if max(map(len, cells), default=0) > _LONGEST_CELL:
                    raise _open_quote(row)
                yield _Record(row, reader.line_num, cells)
        except csv.Error:
            # Its message may quote a cell.
            raise _open_quote(row + 1) from None


def _open_quote(row: int) -> DataRefusedError:
    return unreadable(f"in row {row} a quote never closes, or what follows one is no delimiter")


def _first_row(
    file: Path, layout_format: Format, heading_row: int, is_wanted: Callable[[list[str]], bool]
) -> int | None:
    body = islice(_records(file, layout_format), heading_row, None)
    return next((record.row for record in body if is_wanted(record.cells)), None)


def _refuse_short_rows(file: Path, layout_format: Format, layout: _Layout) -> None:
    """A row with fewer fields than headings is a file cut short; polars would fill it up with empty cells."""
    width = len(layout.names)
    with file.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        is_plain = layout.line_end == "\n" and content.find((layout_format.quote or "\0").encode()) < 0
    if is_plain:
        # Without quotes a line is a row, and its delimiters can be counted.
        line = pl.col("line")
        fields = line.str.count_matches(layout_format.delimiter, literal=True) + 1
        short = (
            pl.scan_lines(file, name="line", row_index_name="number", row_index_offset=1)
            .filter((pl.col("number") > layout.lines) & (fields < width) & (line.str.strip_chars() != ""))
            .select("number")
            .head(1)
            .collect()
        )
        row = short.item() if short.height else None
    else:
        row = _first_row(
            file, layout_format, layout.row, lambda cells: len(cells) < width and any(map(str.strip, cells))
        )
    if row is not None:
        raise unreadable(f"row {row} has fewer fields than the {width} headings: the file is cut short or damaged")


def _malformed(file: Path, layout_format: Format, heading_row: int, width: int) -> DataRefusedError:
    """What polars could not read, told by its row."""
    try:
        row = _first_row(file, layout_format, heading_row, lambda cells: len(cells) > width)
    except DataRefusedError as error:
        return error
    if row is not None:
        return unreadable(f"row {row} has more fields than there are headings")
    return unreadable(
        "a quote stands within a cell, never closes, or what follows it is no delimiter; where quotes are plain text, the "
        'contract declares quote: ""'
    )


def _empty() -> DataRefusedError:
    return unreadable("it is empty, without even its headings")
