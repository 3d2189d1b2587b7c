"""How the rows lie in a file that no contract names: the layout that a contract would have to declare, and why.

What is found is tried at once: the table comes from the layout's own reader, so that a drafted contract reads the file
as it was looked at here. What the columns hold is the business of `column_types`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.contracts import Contract, Format, Text
from pipelines.errors import DataRefusedError
from pipelines.inspection.heading_rows import HeadingRows, find_heading, find_heading_line, is_datum
from pipelines.inspection.insides import TODO, Seen, members_pattern, seen, told_encoding
from pipelines.inspection.notations import layout_notation
from pipelines.inspection.raw_rows import Sheet, delimited_rows, sheets_of_workbook, tables_of_page
from pipelines.inspection.record_paths import json_rows_path, xml_rows_and_paths
from pipelines.parse.plain_files import read_table
from pipelines.parse.scratch import ScratchFolder
from pipelines.parse.signature import Signature
from pipelines.parse.text_table import ROW_NUMBER, SHEET_NAME, TextTable, unreadable
from pipelines.parse.title_period import TitlePeriod, title_periods
from pipelines.parse.unpacking import PlainFile, unpack
from pipelines.reference import name_key

TOTAL_LABELS = ("Tổng", "Tổng cộng", "Tổng số", "Toàn tỉnh", "Cộng", "Cộng chung", "Tổng cộng chung")
GROUP_MARK = r"^[IVX]+$"
_NUMBERED = re.compile(r" \(\d+\)$")
_RECORDS = frozenset({"json", "xml"})
_MEMBERS_LOOKED_AT = 50
_LONG = 30


@dataclass(frozen=True)
class Layout:
    """A layout found, and the table read by it.

    Attributes:
        format: What the contract declares.
        table: The rows, read so.
        doubled: Headings that stand more than once; no column can be told from the other by them.
        hidden_count: Keys of records that look like somebody's data and are therefore no headings.
        has_groups: Whether group rows (`I Sở, ban, ngành`) stand among the data.
        periods: Periods that the title rows name.
        sheets: Name and rows of each sheet of a workbook or table of a page.
        reasons: How each guess was come by, and what must be checked.
    """

    format: Format
    table: TextTable
    doubled: tuple[str, ...] = ()
    hidden_count: int = 0
    has_groups: bool = False
    periods: tuple[TitlePeriod, ...] = ()
    sheets: tuple[Sheet, ...] = ()
    reasons: tuple[Text, ...] = ()


@dataclass
class _Found:
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


def find_layout(file: Path, signature: Signature, trade_words: Collection[str]) -> Layout:
    """Finds the layout of a file, in whatever container it is.

    Args:
        file: A regular file.
        signature: What it is.
        trade_words: Words that stand in known headings.

    Raises:
        DataRefusedError: No contract could read it as it is, or no heading can be told in it.
    """
    if signature.is_damaged or signature.is_one_line:
        raise unreadable(f"a {signature.kind} can be read by no contract as it is")
    folder = ScratchFolder(None)
    found = _of_members(unpack(file, folder.path), folder, trade_words)
    return _with_rows_that_are_no_data(file, _read(file, found), found, trade_words)


def _of_members(members: Iterable[PlainFile], folder: ScratchFolder, trade_words: Collection[str]) -> _Found:
    """The layout of the members that hold most, and how they are told from the others."""
    groups: dict[tuple[object, ...], list[tuple[Seen, _Found]]] = {}
    refusals: dict[str, DataRefusedError] = {}
    for plain in islice(members, _MEMBERS_LOOKED_AT):
        try:
            one = seen(plain.file, plain.name, folder.path)
            found = _of_plain([one], trade_words)
        except DataRefusedError as error:
            refusals[plain.name] = error
            continue
        key = found.headings if found.kind not in _RECORDS else ()
        groups.setdefault((found.kind, key), []).append((one, found))
    if not groups:
        raise next(iter(refusals.values()), unreadable("there is no file in it"))
    best = max(groups.values(), key=lambda group: sum(one.file.stat().st_size for one, _ in group))
    names = [one.name for one, _ in best]
    others = [one.name for group in groups.values() if group is not best for one, _ in group] + list(refusals)
    found = best[0][1] if best[0][1].kind not in _RECORDS else _of_plain([one for one, _ in best], trade_words)
    # Of several members one whose letters are not all ASCII tells the encoding.
    telling = next((one for one, _ in best if told_encoding(one)), best[0][0])
    if telling.encoding not in (None, "utf-8"):
        found.keys["encoding"] = telling.encoding
    found.reasons += [why for why in (told_encoding(telling),) if why]
    if others:
        found.keys["members"] = members_pattern(names, others, trade_words)
        found.reasons.append(
            Text(
                vi=f"{TODO}: tệp nén còn {len(others)} tệp khác loại không được đọc; cần thì phác thảo hợp đồng thứ hai",
                en=f"the archive holds {len(others)} files of other kinds that are not read; draft a second contract if needed",
            )
        )
    return found


def _of_plain(files: Sequence[Seen], trade_words: Collection[str]) -> _Found:
    """The layout of plain files of one kind; of grids and delimited texts the first one shows it.

    Raises:
        DataRefusedError: No contract could read them, or no heading can be told.
    """
    first = files[0]
    paths = [one.file for one in files]
    match first.signature.layout:
        case "csv":
            return _delimited(first, trade_words)
        case "xlsx" | "xls" as kind:
            return _grids(kind, sheets_of_workbook(first.file), trade_words)
        case "html":
            return _grids("html", tables_of_page(first.file), trade_words)
        case "json":
            return _Found("json", keys={"rows": json_rows_path(paths)})
        case "xml":
            rows, headings = xml_rows_and_paths(paths)
            return _Found("xml", headings=headings, keys={"rows": rows})
    raise unreadable(f"a {first.signature.kind} can be read by no contract as it is")


def provisional(layout: Format, headings: Iterable[str]) -> Contract:
    """A contract that keeps nothing, only to read a table by."""
    names = list(headings) or ["-"]
    columns: list[dict[str, Any]] = [
        {
            "name": f"c_{place}",
            "type": "text",
            "headings": [heading],
            "vi": "-",
            "en": "-",
            "personal": "free_text",
            "required": layout.has_sheets,
        }
        for place, heading in enumerate(names)
    ]
    columns[0]["pseudonym"] = True
    return Contract.model_validate({
        "dataset": "draft", "version": 1, "platform": "draft", "title": {"vi": "-", "en": "-"},
        "description": {"vi": "-", "en": "-"}, "owner": "-", "cadence": "daily",
        "due": {"days_after": 1, "time": "05:30"}, "mode": "snapshot",
        "source": {"kind": "files", "connection": "draft", "path": "draft"}, "format": layout,
        "keys": ["c_0"], "volume": {"empty_on_working_day": "warn"}, "max_quarantine_share": 1,
        "drift": {"added": "report", "missing": "refuse"}, "columns": columns,
    })  # fmt: skip


def _delimited(one: Seen, trade_words: Collection[str]) -> _Found:
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
        found = _Found("csv", _named(heading), {"delimiter": delimiter}, list(sheet.figures), quotes=quotes[place:])
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


def _grids(kind: str, sheets: Sequence[Sheet], trade_words: Collection[str]) -> _Found:
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
    found = _Found(kind, _named(heading), {"header_rows": heading.levels})
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


def _read(file: Path, found: _Found) -> Layout:
    """The table, read with nothing but the heading and the notation of numbers known."""
    notation, why = layout_notation(found.figures)
    found.keys |= notation
    found.reasons += [why] if why else []
    table = _table(file, found)
    doubled = tuple(
        name for name in table.headings if _NUMBERED.search(name) and _NUMBERED.sub("", name) in table.headings
    )
    doubled += tuple(dict.fromkeys(_NUMBERED.sub("", name) for name in doubled))
    marks = _zero_marks(table) if found.kind != "xml" else ()
    declared = _declared(found).model_copy(update={"zero_marks": marks})
    return Layout(
        declared,
        table,
        doubled,
        periods=tuple(title_periods(table.title)),
        sheets=found.sheets,
        reasons=tuple(found.reasons),
    )


def _table(file: Path, found: _Found) -> TextTable:
    """The table by the first quotation mark with which all of it can be read."""
    once = [heading for heading, times in Counter(found.headings).items() if times == 1]
    if len(found.quotes) < 2:  # noqa: PLR2004 (nothing to choose)
        found.keys.update(zip(("quote",), found.quotes, strict=False))
        return read_table(file, provisional(_declared(found), once))
    found.keys["quote"] = found.quotes[0]
    try:
        table = read_table(file, provisional(_declared(found), once))
        for _ in table.read():
            pass
    except DataRefusedError as error:
        found.quotes = found.quotes[1:]
        try:
            return _table(file, found)
        except DataRefusedError:
            raise error from None
    return table


def _declared(found: _Found) -> Format:
    return Format.model_validate({"kind": found.kind, **found.keys})


def _zero_marks(table: TextTable) -> tuple[str, ...]:
    """`-` where it stands among figures."""
    frame = pl.concat(table.read())
    for name in table.headings:
        texts = frame.get_column(name).drop_nulls().str.strip_chars()
        dashes = int((texts == "-").sum())
        figures = int(texts.str.contains(r"^-?[0-9][0-9.,]*$").sum())
        if dashes and figures and dashes + figures == len(texts):
            return ("-",)
    return ()


def _with_rows_that_are_no_data(file: Path, layout: Layout, found: _Found, trade_words: Collection[str]) -> Layout:
    """With total rows and group rows named, and what would tell somebody's data left out."""
    if found.kind in _RECORDS:
        return replace(layout, hidden_count=sum(is_datum(name, trade_words) for name in layout.table.headings))
    frame = pl.concat(layout.table.read())
    cells = frame.drop(ROW_NUMBER, SHEET_NAME)
    known = {name_key(label): label for label in TOTAL_LABELS}
    texts = {text for column in cells.iter_columns() for text in column.filter(column.str.len_chars() < _LONG).unique()}
    labels = tuple(sorted({known[name_key(text)] for text in texts if name_key(text) in known}, key=TOTAL_LABELS.index))
    has_groups = found.kind != "csv" and cells.width > 1 and bool(cells.to_series(0).str.contains(GROUP_MARK).any())
    if labels:
        found.keys["total_labels"] = labels
        declared = layout.format.model_copy(update={"total_labels": labels})
        layout = replace(layout, format=declared, table=_table(file, found))
    return replace(layout, has_groups=has_groups)
