"""What volumes are judged by beside the contract: the kinds of days, the unit register, the days that are excused.

Read once a run. A change of any of it changes the fingerprint, and verdicts are settled again.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path

from pipelines.calendar import Partition, WorkingDays
from pipelines.contracts import Contract
from pipelines.errors import ContractError, PermanentError
from pipelines.reference import Unit

EXCEPTIONS_NAME = "volume_exceptions.csv"
_HEADINGS = ["dataset", "partition_key", "reason_vi", "approved_by"]


@dataclass(frozen=True)
class VolumeBasis:
    """Calendar, registers and exceptions.

    Attributes:
        unit_types: Unit group by agency code.
        lifetimes: First and last day on which units of a group exist; the last is None while they do.
        excused: Datasets and periods that are never held.
        registers_sha256: Fingerprint of calendar and unit register.
    """

    working_days: WorkingDays
    unit_types: Mapping[str, str]
    lifetimes: Mapping[str, tuple[date, date | None]]
    excused: frozenset[tuple[str, str]]
    registers_sha256: str

    def day_kind(self, partition_key: str) -> str:
        """`working_day`, `saturday`, `sunday` or `holiday` of a day; `month` of a month."""
        partition = Partition.parse(partition_key)
        return "month" if partition.last_day != partition.first_day else self.working_days.kind_of(partition.first_day)

    def unit_groups(self, partition_key: str) -> frozenset[str]:
        """The groups that have units in the period: after 30 June 2025 nobody waits for districts."""
        period = Partition.parse(partition_key)
        return frozenset(
            group
            for group, (first, last) in self.lifetimes.items()
            if first <= period.last_day and (last is None or last >= period.first_day)
        )

    def is_excused(self, dataset: str, partition_key: str) -> bool:
        """Whether an officer vouches for the period's volume, whatever it is."""
        return (dataset, partition_key) in self.excused

    def fingerprint(self, contract: Contract) -> str:
        """Fingerprint of all that the dataset's volumes are judged by."""
        digest = sha256(f"{self.registers_sha256} {contract.mode} {contract.volume.model_dump_json()}".encode())
        digest.update(repr(sorted(key for dataset, key in self.excused if dataset == contract.dataset)).encode())
        return digest.hexdigest()


def read_volume_basis(seeds: Path, units: Collection[Unit], exceptions: Path, datasets: Collection[str]) -> VolumeBasis:
    """Reads what volumes are judged by.

    Args:
        seeds: Folder of the calendar and the unit register.
        units: The unit register, read.
        exceptions: The file of excused periods; none is excused where it does not exist.
        datasets: The datasets that there are.

    Raises:
        ContractError: The file of excused periods is malformed; the message names the line.
    """
    lifetimes: dict[str, tuple[date, date | None]] = {}
    for unit in units:
        first, last = lifetimes.get(unit.unit_type, (unit.valid_from, unit.valid_to))
        ends = None if last is None or unit.valid_to is None else max(last, unit.valid_to)
        lifetimes[unit.unit_type] = (min(first, unit.valid_from), ends)
    digest = sha256()
    for file in (seeds / "units.csv", seeds / "holidays.csv"):
        digest.update(file.read_bytes())
    return VolumeBasis(
        working_days=WorkingDays(seeds / "holidays.csv"),
        unit_types={unit.unit_code: unit.unit_type for unit in units},
        lifetimes=lifetimes,
        excused=_read_exceptions(exceptions, datasets),
        registers_sha256=digest.hexdigest(),
    )


def _read_exceptions(file: Path, datasets: Collection[str]) -> frozenset[tuple[str, str]]:
    if not file.exists():
        return frozenset()
    with file.open(encoding="utf-8-sig", newline="") as stream:
        rows = csv.DictReader(stream)
        if rows.fieldnames != _HEADINGS:
            raise ContractError(f"{file.name} has other headings than {','.join(_HEADINGS)}.", "Mend its first line.")
        excused = set()
        for row in rows:
            dataset, key, reason, approved_by = ((row[heading] or "").strip() for heading in _HEADINGS)
            try:
                Partition.parse(key)
            except PermanentError as error:
                raise ContractError(f"{file.name}, line {rows.line_num}: {error.what}", error.next_step) from error
            if dataset not in datasets:
                raise ContractError(f"{file.name}, line {rows.line_num}: no dataset {dataset!r}.", "Mend the line.")
            if not (reason and approved_by):
                raise ContractError(
                    f"{file.name}, line {rows.line_num}: {dataset} {key} is excused without a reason or an approval.",
                    "Write why, and the post of whoever approved it.",
                )
            excused.add((dataset, key))
    return frozenset(excused)
