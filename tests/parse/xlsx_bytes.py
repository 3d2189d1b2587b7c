"""Writes .xlsx files part by part, so that a test can say every byte: no reader's and no writer's library stands between."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZIP_DEFLATED, ZipFile

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
# The styles by number: 0 general, 1 day, 2 day as dd/mm/yyyy, 3 percent, 4 moment.
_STYLES = (
    f'<styleSheet xmlns="{MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="dd/mm/yyyy"/></numFmts><cellXfs>'
    '<xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="10"/><xf numFmtId="22"/></cellXfs></styleSheet>'
)


def cell(place: str, text: str) -> str:
    """A cell with a text of its own."""
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'


def row(number: int, *texts: str | None, first: str = "A") -> str:
    """A row of texts and, where one begins with `<`, of cells as they stand; None leaves a place empty."""
    cells = [
        text if text.startswith("<c ") else cell(f"{chr(ord(first) + index)}{number}", text)
        for index, text in enumerate(texts)
        if text is not None
    ]
    return f'<row r="{number}">{"".join(cells)}</row>'


def rows(*lines: Sequence[str | None], start: int = 1, first: str = "A") -> str:
    """Rows that follow each other."""
    return "".join(row(number, *line, first=first) for number, line in enumerate(lines, start))


def sheet(data: str, merged: Sequence[str] = (), before: str = "") -> str:
    """A sheet's XML."""
    spans = "".join(f'<mergeCell ref="{one}"/>' for one in merged)
    merges = f"<mergeCells>{spans}</mergeCells>" if merged else ""
    return f'{_HEAD}<worksheet xmlns="{MAIN}">{before}<sheetData>{data}</sheetData>{merges}</worksheet>'


def book(
    sheets: Mapping[str, str], *, shared: str = "", is_1904: bool = False, states: Mapping[str, str] | None = None,
    more: Mapping[str, bytes] | None = None,
) -> bytes:  # fmt: skip
    """A workbook.

    Args:
        sheets: XML by the sheet's name.
        shared: The `si` elements of the shared strings.
        is_1904: Whether dates are counted from 1904.
        states: `hidden` or `veryHidden` by the sheet's name.
        more: Further members of the zip.
    """
    listed = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{i}" r:id="rId{i}"'
        + (f' state="{states[name]}"' if states and name in states else "")
        + "/>"
        for i, name in enumerate(sheets, 1)
    )
    epoch = ' date1904="1"' if is_1904 else ""
    related = "".join(
        f'<Relationship Id="rId{i}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{i}.xml"/>'
        for i in range(1, len(sheets) + 1)
    )
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{_HEAD}<workbook xmlns="{MAIN}" xmlns:r="{_OFFICE}"><workbookPr{epoch}/>'
        f"<sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{related}'
        f'<Relationship Id="rIdS" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
        f'<Relationship Id="rIdT" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
        "xl/sharedStrings.xml": f'{_HEAD}<sst xmlns="{MAIN}">{shared}</sst>',
        "xl/styles.xml": f"{_HEAD}{_STYLES}",
        **{f"xl/worksheets/sheet{i}.xml": content for i, content in enumerate(sheets.values(), 1)},
        **(more or {}),
    }
    buffer = io.BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()
