"""Which sentence mends which fault of which row: the contract, the code lists and the registers fill it."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from pipelines.contracts import NUMBERS, Column
from pipelines.ingest import Workshop
from pipelines.parse.cells.units import candidates_of, without_candidates
from pipelines.parse.rejects import UNREAD_FILE
from pipelines.quarantine import sentences
from pipelines.quarantine.held import HeldRow
from pipelines.validate.suites import LABELS, Rule

RULE = "rule"
_WITH_DECIMALS = NUMBERS - {"integer"}
_SAMPLE = datetime(2026, 11, 5, 14, 30)  # noqa: DTZ001  (an example for the reader)


class Mending:
    """What an officer is told of a row.

    Args:
        workshop: Contracts, suites and registers of today; rows judged by older ones are told by these.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._codes = _code_labels(workshop.seeds / "code_lists.csv")

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
        if without_candidates(reason) == UNREAD_FILE:
            return []
        subject, _, name = reason.partition(": ")
        if subject != RULE:
            return [subject]
        rule = self._rule(dataset, name)
        if rule is None:
            return []
        words = set(re.findall(r"\w+", str(rule.kwargs)))
        return [column for column in self.labels(dataset) if column in words]

    def sentence(self, row: HeldRow, reason: str) -> str:
        """How to mend one fault of a row."""
        return self.sentence_of(row.dataset, reason)

    def sentence_of(self, dataset: str, reason: str) -> str:
        """How to mend one fault of the rows of a dataset."""
        if without_candidates(reason) == UNREAD_FILE:
            return sentences.UNREAD_FILE
        subject, _, why = reason.partition(": ")
        if subject == RULE:
            return self._rule_sentence(dataset, reason, why)
        contract = self._workshop.contracts.get(dataset)
        column = next((column for column in contract.columns if column.name == subject), None) if contract else None
        return self._cell_sentence(column, dataset, why) if column else sentences.ANOTHER_FAULT

    def _rule_sentence(self, dataset: str, reason: str, name: str) -> str:
        rule = self._rule(dataset, name)
        if rule is None:
            return sentences.ANOTHER_FAULT
        if rule.mend is None:
            return sentences.ANOTHER_RULE.format(says=rule.says.vi)
        labels = self.labels(dataset)
        named = [_short(labels[column]) for column in self.columns_at_fault(dataset, reason)]
        return rule.mend.vi.replace(LABELS, ", ".join(named))

    def _rule(self, dataset: str, name: str) -> Rule | None:
        """The rule of that name today; none if it, or its dataset, is of the past."""
        suite = self._workshop.suites.get(dataset)
        return next((rule for rule in suite.rules if rule.name == name), None) if suite else None

    def _cell_sentence(self, column: Column, dataset: str, why: str) -> str:
        kind = _kind(without_candidates(why))
        if kind not in sentences.CELLS:
            return sentences.ANOTHER_FAULT
        layout = self._workshop.contracts[dataset].format
        thousands = layout.thousands if column.thousands is None else column.thousands
        separators = f", dấu phần nghìn «{thousands}»" if thousands else ""
        separators += f", dấu thập phân «{column.decimal or layout.decimal}»" if column.type in _WITH_DECIMALS else ""
        return (
            sentences.CELLS[kind]
            .format(
                label=_short(column.vi),
                shape=sentences.SHAPES.get(column.name) or sentences.SHAPES.get(column.type) or sentences.ANOTHER_SHAPE,
                codes=self._codes.get(column.code_list or "", ""),
                form=" hoặc ".join(map(_form, column.written_as)),
                separators=separators,
                decimal=column.decimal or layout.decimal,
                bound=why.rpartition(" ")[2],
                nearest=_units_meant(why),
            )
            .strip()
        )


def _units_meant(why: str) -> str:
    """The units of the register that the reason suggests, in the officer's words."""
    found = candidates_of(why)
    if found is None:
        return sentences.NO_UNIT_IS_NEAR
    return sentences.UNITS_MEANT[found.relation].format(units="; ".join(map(str, found.units)))


def _short(label: str) -> str:
    """A label without its explanation in brackets."""
    return label.partition(" (")[0]


def _kind(why: str) -> str:
    """The kind of a cell's fault, as `sentences.CELLS` is keyed."""
    if why.startswith("not in the list "):
        return "list"
    if why.startswith("not a readable "):
        readable = why.removeprefix("not a readable ")
        return "number" if readable in (*NUMBERS, "count_of") and readable != "percent" else readable
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
