"""How the rows lie in a file that no contract names: the layout that a contract would have to declare, and why.

What is found is tried at once: the table comes from the layout's own reader, so that a drafted contract reads the file
as it was looked at here. What the columns hold is the business of `column_types`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.contracts import Contract, Format, Text
from pipelines.inspection.heading_rows import HeadingRows, find_heading, is_datum, title_period
from pipelines.inspection.raw_rows import Sheet, delimited_rows, html_tables, workbook_sheets
from pipelines.inspection.record_paths import json_rows_path, xml_rows_and_paths
from pipelines.parse.plain_files import read_table
from pipelines.parse.signature import Signature
from pipelines.parse.text_table import ROW_NUMBER, SHEET_NAME, TextTable, unreadable
from pipelines.reference import name_key

TOTAL_LABELS = ("Tổng", "Tổng cộng", "Tổng số", "Toàn tỉnh", "Cộng", "Cộng chung", "Tổng cộng chung")
GROUP_MARK = r"^[IVX]+$"
_NUMBERED = re.compile(r" \(\d+\)$")
_LEAST_AMBIGUOUS = 3


@dataclass(frozen=True)
class Layout:
    """A layout found, and the table read by it.

    Attributes:
        format: What the contract declares.
        table: The rows, read so.
        doubled: Headings that stand more than once; no column can be told from the other by them.
        hidden_count: Keys of records that look like somebody's data and are therefore no headings.
        has_groups: Whether group rows (`I Sở, ban, ngành`) stand among the data.
        title_period: Days that the title rows speak of.
        sheets: Name and rows of each sheet of a workbook.
        reasons: How each guess was come by, and what must be checked.
    """

    format: Format
    table: TextTable
    doubled: tuple[str, ...] = ()
    hidden_count: int = 0
    has_groups: bool = False
    title_period: tuple[date, date] | None = None
    sheets: tuple[Sheet, ...] = ()
    reasons: tuple[Text, ...] = ()


@dataclass
class _Found:
    """What is known so far of a layout."""

    kind: str
    headings: tuple[str, ...] = ()
    keys: dict[str, Any] = field(default_factory=dict)
    sheets: list[Sheet] = field(default_factory=list)
    heading: HeadingRows | None = None
    reasons: list[Text] = field(default_factory=list)


def find_layout(file: Path, signature: Signature, trade_words: Collection[str]) -> Layout:
    """Finds the layout of a file.

    Args:
        file: A regular file.
        signature: What it is.
        trade_words: Words that stand in known headings.

    Raises:
        DataRefusedError: No contract could read it as it is, or no heading can be told in it.
    """
    finders: dict[str, Callable[[Path, Signature, Collection[str]], _Found]] = {
        "csv": _delimited, "xlsx": _workbook, "html": _page, "json": _json, "xml": _xml,
    }  # fmt: skip
    if signature.layout is None or signature.is_damaged or signature.is_one_line:
        raise unreadable(f"a {signature.kind} can be read by no contract as it is")
    if signature.encoding not in (None, "utf-8", "utf-8-sig"):
        raise unreadable(f"its text is {signature.encoding}: no contract reads it before it is exported as UTF-8")
    found = finders[signature.layout](file, signature, trade_words)
    layout = _read(file, found)
    return _with_rows_that_are_no_data(_in_its_notation(layout, found), found, trade_words)


def provisional(layout: Format, headings: Iterable[str]) -> Contract:
    """A contract that keeps nothing, only to read a table by."""
    names = list(headings) or ["-"]
    columns: list[dict[str, Any]] = [
        {"name": f"c_{place}", "type": "text", "headings": [heading], "vi": "-", "en": "-", "personal": "free_text"}
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


def _delimited(file: Path, signature: Signature, trade_words: Collection[str]) -> _Found:
    encoding = signature.encoding or "utf-8"
    found = _Found("csv", sheets=delimited_rows(file, signature, encoding))
    found.keys = {"delimiter": signature.delimiter or ",", "encoding": encoding}
    return _with_heading(found, trade_words, only_first=True)


def _workbook(file: Path, _signature: Signature, trade_words: Collection[str]) -> _Found:
    return _with_heading(_Found("xlsx", sheets=workbook_sheets(file)), trade_words)


def _page(file: Path, _signature: Signature, trade_words: Collection[str]) -> _Found:
    return _with_heading(_Found("html", sheets=html_tables(file)), trade_words)


def _with_heading(found: _Found, trade_words: Collection[str], *, only_first: bool = False) -> _Found:
    if not found.sheets:
        raise unreadable("there is no cell in it")
    rows = found.sheets[0].rows
    found.heading = find_heading(rows, trade_words, only_first=only_first)
    if found.heading is None:
        # Nothing is told of the first row: it is most likely a record.
        raise unreadable(
            "no row of it can be its heading: the first rows look like records, so the heading line is missing"
        )
    found.headings = tuple(path for path in found.heading.paths if path)
    if not only_first:
        found.keys["header_rows"] = found.heading.levels
    return found


def _json(file: Path, signature: Signature, _trade_words: Collection[str]) -> _Found:
    encoding = signature.encoding or "utf-8"
    rows = json_rows_path(file, encoding)
    return _Found("json", keys={"rows": rows, "encoding": encoding})


def _xml(file: Path, _signature: Signature, _trade_words: Collection[str]) -> _Found:
    rows, paths = xml_rows_and_paths(file)
    return _Found("xml", headings=paths, keys={"rows": rows})


def _read(file: Path, found: _Found) -> Layout:
    """The table, read with nothing but the heading known."""
    once = [heading for heading, times in Counter(found.headings).items() if times == 1]
    declared = Format.model_validate({"kind": found.kind, **found.keys})
    table = read_table(file, provisional(declared, once))
    doubled = tuple(
        name for name in table.headings if _NUMBERED.search(name) and _NUMBERED.sub("", name) in table.headings
    )
    doubled += tuple(dict.fromkeys(_NUMBERED.sub("", name) for name in doubled))
    period = title_period(found.sheets[0].rows, found.heading.first) if found.heading and found.sheets else None
    return Layout(
        declared, table, doubled, title_period=period, sheets=tuple(found.sheets), reasons=tuple(found.reasons)
    )


def _in_its_notation(layout: Layout, found: _Found) -> Layout:
    """With the separators of numbers, as far as the texts tell them."""
    texts = found.sheets[0].figures if found.sheets else ()
    notation, reason = number_notation(texts)
    marks = _zero_marks(layout.table) if found.kind != "xml" else ()
    if not notation and not marks:
        return layout
    declared = layout.format.model_copy(update={**notation, "zero_marks": marks})
    return replace(layout, format=declared, reasons=(*layout.reasons, *([reason] if reason else [])))


def number_notation(texts: Iterable[str]) -> tuple[dict[str, str], Text | None]:
    """The separators that figures written as texts tell: `1.234.567` and `95,5` do, `1.234` alone does not."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts[_spelling(text)] += 1
    dots = counts["1.234.567"] + counts["1,5"]
    commas = counts["1,234,567"] + counts["1.5"]
    if dots and not commas:
        return {"thousands": ".", "decimal": ","}, Text(
            vi=f"{dots} ô viết như 1.234.567 hoặc 95,5", en=f"{dots} cells are written like 1.234.567 or 95,5"
        )
    if commas and not dots and (counts["1,234,567"] or counts["1,234"]):
        return {"thousands": ",", "decimal": "."}, Text(
            vi=f"{commas + counts['1,234']} ô viết như 1,234 hoặc 95.5",
            en=f"{commas + counts['1,234']} cells are written like 1,234 or 95.5",
        )
    for sign, other in ((".", ","), (",", ".")):
        if not dots and not commas and counts[f"1{sign}234"] >= _LEAST_AMBIGUOUS and not counts[f"1{other}234"]:
            return {"thousands": sign, "decimal": other}, Text(
                vi=f"TODO(người điền): {counts[f'1{sign}234']} ô viết như 1{sign}234, luôn ba chữ số sau dấu: coi là hàng nghìn; hỏi lại nơi gửi",
                en=f"{counts[f'1{sign}234']} cells are written like 1{sign}234, always three digits after the sign: taken for thousands; ask the owner",
            )
    return {}, None


def _spelling(text: str) -> str:
    """The one of six ways in which a figure is written; empty for one that says nothing."""
    bare = text.lstrip("-")
    if re.fullmatch(r"\d{1,3}(\.\d{3}){2,}(,\d+)?|\d{1,3}(\.\d{3})+,\d+", bare):
        return "1.234.567"
    if re.fullmatch(r"\d{1,3}(,\d{3}){2,}(\.\d+)?|\d{1,3}(,\d{3})+\.\d+", bare):
        return "1,234,567"
    if re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", bare):
        return "1.234"
    if re.fullmatch(r"[1-9]\d{0,2},\d{3}", bare):
        return "1,234"
    if re.fullmatch(r"\d+,\d+", bare):
        return "1,5"
    return "1.5" if re.fullmatch(r"\d+\.\d+", bare) else ""


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


def _with_rows_that_are_no_data(layout: Layout, found: _Found, trade_words: Collection[str]) -> Layout:
    """With total rows and group rows named, and what would tell somebody's data left out."""
    hidden = sum(is_datum(name, trade_words) for name in layout.table.headings) if found.kind in ("json", "xml") else 0
    layout = replace(layout, hidden_count=hidden)
    if found.kind not in ("xlsx", "html"):
        return layout
    frame = pl.concat(layout.table.read())
    cells = frame.drop(ROW_NUMBER, SHEET_NAME)
    known = {name_key(label): label for label in TOTAL_LABELS}
    texts = cells.unpivot().get_column("value").drop_nulls().unique().to_list()
    labels = tuple(sorted({known[name_key(text)] for text in texts if name_key(text) in known}, key=TOTAL_LABELS.index))
    has_groups = cells.width > 1 and bool(cells.to_series(0).str.contains(GROUP_MARK).any())
    if not labels and not has_groups:
        return layout
    declared = layout.format.model_copy(update={"total_labels": labels})
    return replace(layout, format=declared, has_groups=has_groups)
