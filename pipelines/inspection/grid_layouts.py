"""The layout of one delimited text, workbook or page: its heading, its quotation mark, the sheets that share a heading."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.contracts import Text
from pipelines.errors import DataRefusedError
from pipelines.inspection.heading_rows import HeadingRows, find_heading, find_heading_line, is_datum
from pipelines.inspection.insides import TODO, Seen
from pipelines.inspection.raw_rows import Sheet, delimited_rows
from pipelines.parse.text_table import unreadable


@dataclass
class Found:
    """What is known so far of a layout.

    Attributes:
        headings: Of records the paths, of a grid the names of its columns.
        figures: Of each column the texts that are figures.
        sheets: Sheets or tables that were looked at.
        quotes: Signs that may quote, the likeliest first; only of a delimited text.
    """

    kind: str
    headings: tuple[str, ...] = ()
    keys: dict[str, Any] = field(default_factory=dict)
    figures: list[tuple[str, ...]] = field(default_factory=list)
    sheets: tuple[Sheet, ...] = ()
    quotes: tuple[str, ...] = ()
    reasons: list[Text] = field(default_factory=list)


def delimited(one: Seen, trade_words: Collection[str]) -> Found:
    """A delimited text in UTF-8.

    Raises:
        DataRefusedError: No row can be its heading, or a quote never closes.
    """
    delimiter = one.signature.delimiter or ","
    refusal = None
    for place, quote in enumerate(quotes := _likely_quotes(one.file, delimiter)):
        try:
            sheet = delimited_rows(one.file, delimiter, quote)
        except DataRefusedError as error:
            refusal = refusal or error
            continue
        heading = find_heading_line(sheet.rows, trade_words)
        if heading is None:
            raise _no_heading()
        found = Found("csv", _named(heading), {"delimiter": delimiter}, list(sheet.figures), quotes=quotes[place:])
        if heading.first:
            found.reasons.append(
                Text(
                    vi=f"{heading.first} dòng trên tiêu đề là tên báo cáo, không phải dữ liệu",
                    en=f"the {heading.first} lines above the heading are titles and no data",
                )
            )
        return found
    raise refusal or unreadable("there is no cell in it")


def _likely_quotes(file: Path, delimiter: str) -> tuple[str, ...]:
    """The quotation mark that stands at both ends of most cells, then the usual one, then none."""
    cells = [cell for row in delimited_rows(file, delimiter, "").rows for cell in row if cell]
    apostrophes = sum(len(cell) > 1 and cell[0] == cell[-1] == "'" for cell in cells)
    return ("'", '"', "") if apostrophes * 2 > len(cells) else ('"', "")


def grids(kind: str, sheets: Sequence[Sheet], trade_words: Collection[str]) -> Found:
    """The sheets or tables that share the heading under which most rows stand."""
    groups: dict[HeadingRows, list[Sheet]] = {}
    by_paths: dict[tuple[str, ...], HeadingRows] = {}
    for sheet in sheets:
        if heading := find_heading(sheet.rows, sheet.merged, trade_words):
            groups.setdefault(by_paths.setdefault(heading.paths, heading), []).append(sheet)
    visible = {
        heading: shown for heading, group in groups.items() if (shown := [one for one in group if one.is_visible])
    }
    if not visible:
        raise _no_heading() if sheets else unreadable("there is no cell in it")
    heading, chosen = max(visible.items(), key=lambda item: sum(sheet.row_count for sheet in item[1]))
    found = Found(kind, _named(heading), {"header_rows": heading.levels})
    found.sheets = tuple(sheets)
    found.figures = [column for sheet in chosen for column in sheet.figures]
    found.keys |= _sheets_key(kind, sheets, chosen, len(groups[heading]) - len(chosen), trade_words)
    if "sheets" in found.keys:
        found.reasons.append(
            Text(
                vi=f"{TODO}: {len(chosen)}/{len(sheets)} trang có cùng tiêu đề được đọc; tên trang đổi theo kỳ thì dùng mẫu "
                "(Tháng *)",
                en=f"{len(chosen)} of {len(sheets)} sheets share the heading and are read; where names change with the "
                "period use a pattern (Tháng *)",
            )
        )
    return found


def _sheets_key(
    kind: str, sheets: Sequence[Sheet], chosen: Sequence[Sheet], hidden: int, trade_words: Collection[str]
) -> dict[str, Any]:
    """Which sheets a contract must name; nothing where it is the first one."""
    if kind == "html":
        return {"sheets": "all"} if len(chosen) > 1 else {}
    visible = [sheet for sheet in sheets if sheet.is_visible]
    if not hidden and len(chosen) == len(visible) and len(chosen) > 1:
        return {"sheets": "all"}
    if not hidden and len(chosen) == 1 and chosen[0].is_first:
        return {}
    if any(is_datum(sheet.name, trade_words) for sheet in chosen):
        raise unreadable("the sheets to read must be named, and their names look like somebody's data")
    return {"sheets": tuple(sheet.name for sheet in chosen)}


def _named(heading: HeadingRows) -> tuple[str, ...]:
    return tuple(path for path in heading.paths if path)


def _no_heading() -> DataRefusedError:
    """Nothing is told of the first row: it is most likely a record."""
    return unreadable(
        "no row of it can be its heading: the first rows look like records, so the heading line is missing"
    )
