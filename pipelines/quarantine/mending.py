"""Which sentence mends which fault of which row: the contract, the code lists and the registers fill it."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path

from pipelines.calendar import Partition
from pipelines.contracts import Column
from pipelines.ingest import Workshop
from pipelines.quarantine import sentences
from pipelines.quarantine.held import HeldRow
from pipelines.reference import Unit, name_key, normalise_agency_code

RULE = "rule"
# No word of Vietnamese and no code holds it: the cell is told by its shape, and nothing is near a shape.
_MASKED = "xx"
_SAMPLE = datetime(2026, 11, 5, 14, 30)  # noqa: DTZ001  (an example for the reader)
_UNITS_NAMED = 3
_LIKENESS = 0.6
# Each search compares one text with every unit, 15 ms: a file of 100,000 different misspellings must end too.
_MOST_SEARCHES = 200


class Mending:
    """What an officer is told of a row.

    Args:
        workshop: Contracts, suites and registers of today; rows judged by older ones are told by these.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._codes = _code_labels(workshop.seeds / "code_lists.csv")
        self._nearest: dict[tuple[str, str], str] = {}
        self._searches = 0

    def unit_name(self, unit_code: str | None) -> str:
        """The unit's newest name in the register; empty if there is none."""
        named = [unit for unit in self._workshop.reference.units if unit.unit_code == unit_code]
        return max(named, key=lambda unit: unit.valid_from).name_vi if named else ""

    def labels(self, dataset: str) -> dict[str, str]:
        """Vietnamese labels of the dataset's columns, in the contract's order; empty for a dataset of the past."""
        contract = self._workshop.contracts.get(dataset)
        return {column.name: column.vi for column in contract.columns} if contract else {}

    def title(self, dataset: str) -> str:
        """The dataset's Vietnamese title."""
        contract = self._workshop.contracts.get(dataset)
        return contract.title.vi if contract else dataset

    def columns_at_fault(self, dataset: str, reason: str) -> list[str]:
        """The columns that a reason speaks of, in the contract's order."""
        subject, _, name = reason.partition(": ")
        if subject != RULE:
            return [subject]
        suite = self._workshop.suites.get(dataset)
        rule = next((rule for rule in suite.rules if rule.name == name), None) if suite else None
        if rule is None:
            return []
        words = set(re.findall(r"\w+", str(rule.kwargs)))
        return [column for column in self.labels(dataset) if column in words]

    def sentence(self, row: HeldRow, reason: str) -> str:
        """How to mend one fault of a row."""
        subject, _, why = reason.partition(": ")
        if subject == RULE:
            return self._rule_sentence(row.dataset, reason, why)
        contract = self._workshop.contracts.get(row.dataset)
        column = next((column for column in contract.columns if column.name == subject), None) if contract else None
        return self._cell_sentence(column, row, why) if column else sentences.ANOTHER_FAULT

    def _rule_sentence(self, dataset: str, reason: str, name: str) -> str:
        labels = self.labels(dataset)
        if sentence := sentences.RULES.get(name):
            named = [_short(labels[column]) for column in self.columns_at_fault(dataset, reason)]
            return sentence.format(labels=", ".join(named))
        suite = self._workshop.suites.get(dataset)
        says = next((rule.says.vi for rule in suite.rules if rule.name == name), None) if suite else None
        return sentences.ANOTHER_RULE.format(says=says) if says else sentences.ANOTHER_FAULT

    def _cell_sentence(self, column: Column, row: HeldRow, why: str) -> str:
        kind = _kind(why)
        if kind not in sentences.CELLS:
            return sentences.ANOTHER_FAULT
        is_unit = kind == "unknown or ambiguous unit"
        layout = self._workshop.contracts[row.dataset].format
        separators = f", dấu phần nghìn «{layout.thousands}»" if layout.thousands else ""
        separators += f", dấu thập phân «{layout.decimal}»" if column.type in ("amount", "decimal") else ""
        return (
            sentences.CELLS[kind]
            .format(
                label=_short(column.vi),
                shape=sentences.SHAPES.get(column.name) or sentences.SHAPES.get(column.type) or sentences.ANOTHER_SHAPE,
                codes=self._codes.get(column.code_list or "", ""),
                form=_form(column.format or ""),
                separators=separators,
                bound=why.rpartition(" ")[2],
                nearest=self._nearest_units(column, row) if is_unit else "",
            )
            .strip()
        )

    def _nearest_units(self, column: Column, row: HeldRow) -> str:
        text = (row.cells.get(column.name) or "").strip()
        known = self._nearest.get((text, row.partition_key))
        if known is not None:
            return known
        if not text or _MASKED in text or self._searches >= _MOST_SEARCHES:
            return sentences.NO_UNIT_IS_NEAR
        self._searches += 1
        found = self._search(column, text, Partition.parse(row.partition_key))
        self._nearest[text, row.partition_key] = found
        return found

    def _search(self, column: Column, text: str, period: Partition) -> str:
        units = [unit for unit in self._workshop.reference.units if unit.is_valid(period.first_day, period.last_day)]
        if column.type == "unit_name":
            by_key: defaultdict[str, list[Unit]] = defaultdict(list)
            for unit in units:
                by_key[name_key(unit.name_vi)].append(unit)
            if same := by_key.get(name_key(text)):
                return sentences.SAME_NAME.format(units=self._named(same))
            near = [
                unit
                for key in get_close_matches(name_key(text), by_key, _UNITS_NAMED, _LIKENESS)
                for unit in by_key[key]
            ]
        else:
            by_code = {unit.unit_code: unit for unit in units}
            near = [
                by_code[code]
                for code in get_close_matches(normalise_agency_code(text), by_code, _UNITS_NAMED, _LIKENESS)
            ]
        return sentences.NEAREST.format(units=self._named(near)) if near else sentences.NO_UNIT_IS_NEAR

    def _named(self, units: list[Unit]) -> str:
        """Units by code and name, with the unit above: many parts are called Văn phòng."""
        told = []
        for unit in units[:_UNITS_NAMED]:
            above = self.unit_name(unit.unit_code.rpartition(".")[0])
            told.append(f"{unit.unit_code} {unit.name_vi}" + (f" ({above})" if above else ""))
        more = len(units) - _UNITS_NAMED
        return "; ".join(told) + (f" và {more} đơn vị khác" if more > 0 else "")


def _short(label: str) -> str:
    """A label without its explanation in brackets."""
    return label.partition(" (")[0]


def _kind(why: str) -> str:
    """The kind of a cell's fault, as `sentences.CELLS` is keyed."""
    if why.startswith("not in the list "):
        return "list"
    if why.startswith("not a readable "):
        readable = why.removeprefix("not a readable ")
        return "number" if readable in ("integer", "amount", "decimal", "count_of") else readable
    return why.partition(" ")[0] if why.startswith(("below ", "above ")) else why


def _form(layout: str) -> str:
    words = layout
    for mark, word in (("%d", "ngày"), ("%m", "tháng"), ("%Y", "năm"), ("%H", "giờ"), ("%M", "phút"), ("%S", "giây")):
        words = words.replace(mark, word)
    return f"{words}, ví dụ {_SAMPLE.strftime(layout)}"


def _code_labels(file: Path) -> Mapping[str, str]:
    labels: defaultdict[str, list[str]] = defaultdict(list)
    with file.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            labels[row["list_name"]].append(f"{row['code']} {row['label_vi']}")
    return {name: "; ".join(codes) for name, codes in labels.items()}
