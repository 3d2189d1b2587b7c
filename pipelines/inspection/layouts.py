"""How the rows lie in a file that no contract names: the layout that a contract would have to declare, and why.

What is found is tried at once: the table comes from the layout's own reader, so that a drafted contract reads the file
as it was looked at here. What the columns hold is the business of `column_types`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.contracts import Contract, Format, Text
from pipelines.errors import DataRefusedError
from pipelines.inspection.grid_layouts import Found, delimited, grids
from pipelines.inspection.heading_rows import is_datum
from pipelines.inspection.insides import TODO, Seen, members_pattern, seen, told_encoding
from pipelines.inspection.notations import layout_notation
from pipelines.inspection.raw_rows import Sheet, sheets_of_workbook, tables_of_page
from pipelines.inspection.record_paths import json_rows_path, xml_rows_and_paths
from pipelines.parse.cells.total_labels import TOTAL_LABELS
from pipelines.parse.containers.signature import Signature
from pipelines.parse.containers.unpacking import PlainFile, unpack
from pipelines.parse.plain_files import read_table
from pipelines.parse.scratch import ScratchFolder
from pipelines.parse.text_table import ROW_NUMBER, SHEET_NAME, TextTable, unreadable
from pipelines.parse.title_period import TitlePeriod, title_periods
from pipelines.reference import name_key

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


def _of_members(members: Iterable[PlainFile], folder: ScratchFolder, trade_words: Collection[str]) -> Found:
    """The layout of the members that hold most, and how they are told from the others."""
    groups: dict[tuple[object, ...], list[tuple[Seen, Found]]] = {}
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


def _of_plain(files: Sequence[Seen], trade_words: Collection[str]) -> Found:
    """The layout of plain files of one kind; of grids and delimited texts the first one shows it.

    Raises:
        DataRefusedError: No contract could read them, or no heading can be told.
    """
    first = files[0]
    paths = [one.file for one in files]
    match first.signature.layout:
        case "csv":
            return delimited(first, trade_words)
        case "xlsx" | "xls" as kind:
            return grids(kind, sheets_of_workbook(first.file), trade_words)
        case "html":
            return grids("html", tables_of_page(first.file), trade_words)
        case "json":
            return Found("json", keys={"rows": json_rows_path(paths)})
        case "xml":
            rows, within, headings = xml_rows_and_paths(paths)
            return Found("xml", headings=headings, keys={"rows": rows} | ({"rows_within": within} if within else {}))
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


def _read(file: Path, found: Found) -> Layout:
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
        periods=tuple(dict.fromkeys(period for title in table.titles for period in title_periods(title))),
        sheets=found.sheets,
        reasons=tuple(found.reasons),
    )


def _table(file: Path, found: Found) -> TextTable:
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


def _declared(found: Found) -> Format:
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


def _with_rows_that_are_no_data(file: Path, layout: Layout, found: Found, trade_words: Collection[str]) -> Layout:
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
