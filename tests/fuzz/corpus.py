"""Sound files: one of every shipped contract, and of made ones for the layouts that none of them has."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from pipelines.contracts import Column, Contract, read_contracts
from pipelines.settings import SOURCES
from tests.parse import xls_bytes, xlsx_bytes
from tests.parse.parse_help import SHIPPED, column, contract

REFERENCE = replace(SHIPPED, codes={**SHIPPED.codes, "colour": frozenset({"1", "2"})})
_ENDPOINTS = set(REFERENCE.endpoint_by_address.values())
_UNIT = next(unit for unit in REFERENCE.units if unit.valid_to is None and unit.unit_type == "department")
_MOMENT = datetime(2026, 6, 2, 10, tzinfo=timezone(timedelta(hours=7)))
_ROWS = 6
_VALUES = {
    "amount": "15000", "decimal": "1", "boolean": "true", "agency_code": _UNIT.unit_code, "unit_name": _UNIT.name_vi, "procedure_code": "1.000123",
    "count_of": "A; B", "text": "Đông Sơn",
}  # fmt: skip


@dataclass(frozen=True)
class Sound:
    """A file as it ought to come, and the contract by which it is read."""

    name: str
    contract: Contract
    content: bytes


def corpus() -> list[Sound]:
    """All sound files, in an order that does not change."""
    contracts = [_loosened(one) for one in read_contracts(SOURCES).values()]
    plain = [Sound(one.dataset, one, _content(one)) for one in [*contracts, *_made()]]
    packed = [
        Sound(f"{one.name} {how}", one.contract, _packed(one.content, how))
        for one in plain
        for how in ("zip", "gzip")
        if one.contract in contracts[:3] or one.name.startswith("made")
    ]
    return plain + packed


def _made() -> list[Contract]:
    columns = [
        column("ma", nullable=False), column("so", "integer"), column("ngay", "date"), column("don_vi", "agency_code"),
        column("ho_ten", personal="name"),
    ]  # fmt: skip
    layouts: list[dict[str, Any]] = [
        {"kind": "csv", "delimiter": ";", "total_labels": ["Tổng"]},
        {"kind": "csv", "delimiter": "\t", "encoding": "utf-16", "quote": ""},
        {"kind": "csv", "encoding": "windows-1258"},
        {"kind": "csv", "encoding": "tcvn3"},
        {"kind": "xlsx", "sheets": "all", "total_labels": ["Tổng"]},
        {"kind": "xls", "sheets": "all"},
        {"kind": "html", "total_labels": ["Tổng"], "sheets": "all"},
        {"kind": "json", "rows": "data.rows"},
        {"kind": "json"},
        {"kind": "xml", "rows": "row"},
    ]
    return [
        contract(columns, format=layout).model_copy(update={"dataset": f"made {place} {layout['kind']}"})
        for place, layout in enumerate(layouts)
    ]


def _packed(content: bytes, how: str) -> bytes:
    if how == "gzip":
        return gzip.compress(content, mtime=0)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("1.dat", "2.dat"):
            archive.writestr(zipfile.ZipInfo(name, (2026, 6, 2, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _content(of: Contract) -> bytes:
    by_heading = {one.headings[0]: one for one in of.columns if one.headings}
    paths = list(by_heading)
    rows = [[_cell(one, number) for one in by_heading.values()] for number in range(_ROWS)]
    match of.format.kind:
        case "csv":
            lines = [of.format.delimiter.join(cells) for cells in [paths, *rows]]
            codec = {"windows-1258": "cp1258", "tcvn3": "ascii"}.get(of.format.encoding, of.format.encoding)
            return ("\r\n".join(lines) + "\r\n").encode(codec, "ignore")
        case "json":
            return _json(of, [_nested(paths, cells) for cells in rows])
        case "xml":
            return _xml(of, paths, rows).encode()
        case "html":
            cells = "".join(
                f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in line)}</tr>\n" for line in _grid(of, paths, rows)
            )
            return f"<html><body><table border=1>{cells}</table></body></html>".encode("utf-8-sig")
        case "xls":
            return xls_bytes.workbook({name: xls_bytes.Sheet(_grid(of, paths, rows)) for name in ("Sheet1", "Sheet2")})
        case _:
            sheet = xlsx_bytes.sheet(xlsx_bytes.rows(*_grid(of, paths, rows)))
            return xlsx_bytes.book(
                {"Sheet1": sheet, "Sheet2": sheet} if of.format.sheets == "all" else {"Sheet1": sheet}
            )


def _cell(of: Column, number: int) -> str:
    if of.code_list is not None:
        return min(REFERENCE.codes[of.code_list])
    if of.registry == "endpoints":
        return min(REFERENCE.endpoint_by_address if of.type == "endpoint_address" else _ENDPOINTS)
    if of.type in ("date", "timestamp"):
        return _MOMENT.strftime((of.format or "").replace("%.f", "").replace("%:z", "+07:00"))
    return str(number + 1) if of.type == "integer" else _VALUES[of.type]


def _loosened(of: Contract) -> Contract:
    """The contract with any text where a pattern is asked for: what is spoilt here is the file and not the cells."""
    columns = tuple(
        one.model_copy(update={"pattern": "(?s).*"}) if one.pattern is not None else one for one in of.columns
    )
    return of.model_copy(update={"columns": columns})


def _grid(of: Contract, paths: Sequence[str], rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """A title, the heading on as many rows as the contract says, and the rows."""
    levels = of.format.header_rows
    steps = [path.split(" / ") for path in paths]
    heading = [[step[level] if level < len(step) else "" for step in steps] for level in range(levels)]
    return [["SỔ VĂN BẢN ĐẾN"], *heading, *map(list, rows)]


def _nested(paths: Sequence[str], cells: Sequence[str]) -> dict[str, Any]:
    record: dict[str, Any] = {}
    for path, cell in zip(paths, cells, strict=True):
        *steps, last = path.split(".")
        inner = record
        for step in steps:
            inner = inner.setdefault(step, {})
        inner[last] = cell
    return record


def _json(of: Contract, records: list[dict[str, Any]]) -> bytes:
    if not of.format.rows:
        return "\n".join(json.dumps(one, ensure_ascii=False) for one in records).encode()
    document: Any = records
    for step in reversed(of.format.rows.split(".")):
        document = {"total": len(records), step: document}
    return json.dumps(document, ensure_ascii=False).encode() * 2


def _xml(of: Contract, paths: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    records = "".join(_element(of.format.rows, dict(zip(paths, cells, strict=True))) for cells in rows)
    return f'<?xml version="1.0"?><records session="5e551000-0000-4000-8000-000000000001">{records}</records>\n' * 2


def _element(name: str, values: dict[str, str]) -> str:
    attributes = "".join(f" {path[1:]}={quoteattr(text)}" for path, text in values.items() if path.startswith("@"))
    inner: dict[str, dict[str, str]] = {}
    for path, text in values.items():
        step, _, rest = path.partition("/")
        if not step.startswith(("@", ".")):
            inner.setdefault(step, {})[rest] = text
    body = "".join(
        _element(step, below) if "" not in below else f"<{step}>{escape(below[''])}</{step}>"
        for step, below in inner.items()
    )
    return f"<{name}{attributes}>{body}</{name}>"
