"""Reads files of nested records: JSON documents one after the other, and XML bodies such as call detail records.

A column's heading is the path of its value: `body.registered` in JSON; `callLeg/@id`, `../@session` in XML. Numbers
keep the text in which they came: `1.0` stays `1.0`.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile, is_zipfile

import polars as pl
from lxml import etree

from pipelines.contracts import Contract
from pipelines.parse.damage import refuse_damaged_bytes
from pipelines.parse.text_table import ROW_NUMBER, SHEET_NAME, TextTable, unreadable
from pipelines.parse.told_names import told_name

_MEMBER_BYTES = 64 * 1024 * 1024
_MEMBERS = 10_000
_TOTAL_BYTES = 512 * 1024 * 1024


def read_json(file: Path, contract: Contract) -> TextTable:
    """Reads JSON documents that follow each other; `rows` names the list in each, empty if each is a row itself.

    Raises:
        DataRefusedError: The text is no JSON, or the list of rows is not there.
    """
    content = file.read_bytes()
    try:
        text = content.decode(contract.format.encoding)
    except UnicodeDecodeError as error:
        raise unreadable(f"it is not {contract.format.encoding}: {error.reason}") from error
    refuse_damaged_bytes(content)
    records = [_flat(row) for row in _json_rows(text, contract.format.rows)]
    return _as_table(records, [""] * len(records))


def read_xml(file: Path, contract: Contract) -> TextTable:
    """Reads XML bodies, one file or a zip of them; `rows` is the element of a row. Entities are never resolved.

    Raises:
        DataRefusedError: A body is not well-formed, or the zip is damaged or larger than any day's export.
    """
    paths = [heading for column in contract.columns for heading in column.headings]
    records: list[dict[str, str | None]] = []
    members: list[str] = []
    for member, body in _bodies(file):
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        try:
            root = etree.fromstring(body.lstrip(), parser)
        except etree.XMLSyntaxError as error:
            # The parser's message quotes tags and entities, which may be anything that stood behind a < or an &.
            place = f"line {error.lineno}" if error.lineno else "its beginning"
            raise unreadable(f"the XML {member or 'body'} breaks off or is malformed at {place}") from None
        refuse_damaged_bytes(body)
        for element in root.iter(contract.format.rows):
            records.append({path: _xml_value(element, path) for path in paths})
            members.append(member)
    return _as_table(records, members, headings=paths)


def _json_rows(text: str, rows_path: str) -> Iterator[dict[str, Any]]:
    decoder = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)
    position = _after_blanks(text, 0)
    while position < len(text):
        try:
            document, position = decoder.raw_decode(text, position)
        except json.JSONDecodeError as error:
            raise unreadable(f"the JSON breaks off or is malformed at character {error.pos}") from error
        except RecursionError as error:
            raise unreadable("the JSON is nested deeper than any record") from error
        rows = document
        for key in filter(None, rows_path.split(".")):
            rows = rows.get(key) if isinstance(rows, dict) else None
        if not rows_path:
            rows = [document]
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise unreadable(f"there is no list of records under {rows_path!r}")
        yield from rows
        position = _after_blanks(text, position)


def _after_blanks(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position


def _flat(record: dict[str, Any]) -> dict[str, str | None]:
    """One level: nested objects by dotted path, lists as their JSON text, everything as text."""
    flat: dict[str, str | None] = {}
    for key, value in record.items():
        if value is None or isinstance(value, str):
            flat[key] = value
        elif isinstance(value, bool):
            flat[key] = "true" if value else "false"
        elif isinstance(value, dict):
            flat.update({f"{key}.{inner}": text for inner, text in _flat(value).items()})
        else:
            flat[key] = json.dumps(value, ensure_ascii=False)
    return flat


def _bodies(file: Path) -> Iterator[tuple[str, bytes]]:
    if not is_zipfile(file):
        yield "", file.read_bytes()
        return
    try:
        with ZipFile(file) as archive:
            members = archive.infolist()
            if len(members) > _MEMBERS or sum(member.file_size for member in members) > _TOTAL_BYTES:
                raise unreadable("the zip holds more than any day's export")
            for place, member in enumerate(members, 1):
                name = told_name(member.filename, place)
                if member.file_size > _MEMBER_BYTES:
                    raise unreadable(f"{name} is larger than any call record")
                yield name, archive.read(member)
    except (BadZipFile, RuntimeError, zlib.error):
        # Python's zip reader says RuntimeError of a member that is encrypted or packed in an unknown way, and names it.
        raise unreadable("the zip is damaged, encrypted or packed in an unknown way") from None


def _xml_value(element: etree._Element, path: str) -> str | None:
    node: etree._Element | None = element
    *steps, last = path.split("/")
    for step in steps:
        if node is None:
            return None
        node = node.getparent() if step == ".." else node.find(step)
    if node is None:
        return None
    return node.get(last[1:]) if last.startswith("@") else node.findtext(last)


def _as_table(
    records: Sequence[dict[str, str | None]], members: list[str], headings: Sequence[str] | None = None
) -> TextTable:
    names = tuple(headings or dict.fromkeys(key for record in records for key in record))
    if {ROW_NUMBER, SHEET_NAME} & set(names):
        raise unreadable("a key of a record is one that only this program uses")
    columns: dict[str, list[str | None]] = {name: [record.get(name) for record in records] for name in names}
    frame = pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String())).with_columns(
        pl.Series(SHEET_NAME, members, dtype=pl.String)
    )
    frame = frame.with_row_index(ROW_NUMBER, offset=1).with_columns(pl.col(ROW_NUMBER).cast(pl.Int64))
    return TextTable.of_frame(frame, names, headings_are_optional=True)
