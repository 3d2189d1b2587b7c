"""A written workbook as another program sees it: values by calamine, formulas from the XML, computed again here."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import fastexcel
from lxml import etree

NAMESPACE = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
_CELL = re.compile(r"(?:'(?P<sheet>[^']+)'!)?(?P<cell>[A-Z]+\d+)")
_SUM = re.compile(r"SUM\('(?P<sheet>[^']+)'!(?P<column>[A-Z]+)(?P<first>\d+):(?P=column)(?P<last>\d+)\)")
_IF = re.compile(r'IF\((?P<cell>[A-Z]+\d+)=0,"(?P<yes>[^"]*)","(?P<no>[^"]*)"\)')
_COUNTIF = re.compile(r'COUNTIF\((?P<column>[A-Z]+)(?P<first>\d+):[A-Z]+(?P<last>\d+),"(?P<what>[^"]*)"\)')


class Book:
    """One workbook; `cells[sheet][address]` is what another program shows without computing anything."""

    def __init__(self, file: Path) -> None:
        reader = fastexcel.read_excel(file)
        self.sheets = reader.sheet_names
        self.cells: dict[str, dict[str, str]] = {}
        self.formulas: dict[str, dict[str, str]] = {}
        self.xml: dict[str, etree._Element] = {}
        with zipfile.ZipFile(file) as archive:
            for number, name in enumerate(self.sheets, start=1):
                self.xml[name] = etree.fromstring(archive.read(f"xl/worksheets/sheet{number}.xml"))
        for name in self.sheets:
            table = reader.load_sheet(name, header_row=None, dtypes="string", skip_rows=0).to_polars()
            self.cells[name] = {
                f"{_letters(column)}{line}": value
                for line, row in enumerate(table.iter_rows(), start=1)
                for column, value in enumerate(row)
                if value is not None
            }
            self.formulas[name] = {
                cell.get("r", ""): cell.findtext("x:f", "", NAMESPACE)
                for cell in self.xml[name].findall(".//x:c", NAMESPACE)
                if cell.find("x:f", NAMESPACE) is not None
            }

    @property
    def merged(self) -> set[str]:
        """The merged ranges of the form."""
        return {merge.get("ref", "") for merge in self.xml["II.06a"].findall(".//x:mergeCell", NAMESPACE)}

    def computed(self, sheet: str, address: str) -> float | str:
        """The cell's value with every formula behind it computed anew."""
        formula = self.formulas[sheet].get(address)
        if formula is None:
            text = self.cells[sheet].get(address, "0")
            return float(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else text
        if found := _IF.fullmatch(formula):
            return found["yes"] if self.computed(sheet, found["cell"]) == 0 else found["no"]
        if found := _COUNTIF.fullmatch(formula):
            lines = range(int(found["first"]), int(found["last"]) + 1)
            return float(sum(self.computed(sheet, f"{found['column']}{line}") == found["what"] for line in lines))
        if found := _SUM.fullmatch(formula):
            lines = range(int(found["first"]), int(found["last"]) + 1)
            return sum(self._number(found["sheet"], f"{found['column']}{line}") for line in lines)
        terms = re.split(r"(?=[+-])", formula)
        return sum(self._term(sheet, term) for term in terms)

    def _term(self, sheet: str, term: str) -> float:
        sign = -1 if term.startswith("-") else 1
        found = _CELL.fullmatch(term.lstrip("+-"))
        assert found is not None, f"a formula that this reader does not know: {term}"
        return sign * self._number(found["sheet"] or sheet, found["cell"])

    def _number(self, sheet: str, address: str) -> float:
        value = self.computed(sheet, address)
        assert isinstance(value, float), f"{sheet}!{address} is {value!r}, which no sum can take"
        return value


def _letters(column: int) -> str:
    return chr(ord("A") + column)
