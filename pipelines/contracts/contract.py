"""One dataset's contract as a whole, and how the contracts of a folder are read."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from pipelines.contracts.column import NUMBERS, Column
from pipelines.contracts.declared import Declared, Text
from pipelines.contracts.layout import Format
from pipelines.contracts.source import DropFolder, HttpPages, Source
from pipelines.errors import ContractError

_WITH_NUMBERS = ("xlsx", "xls", "json")
_WORKBOOKS = ("xlsx", "xls")
_LARGEST_SHARE_OF_A_WORKBOOK = 2


class Due(Declared):
    """When an export is due: so many days after its period's last day, at this local time."""

    days_after: int = Field(ge=0)
    time: time


class Completeness(Declared):
    """Of whom a figure is expected each period: every unit or every endpoint, by this column."""

    subject: Literal["unit", "endpoint"]
    column: str


class Volume(Declared):
    """What a number of rows that nobody expects means.

    Attributes:
        empty_on_working_day: No row at all on a day when the offices work.
        below_band, above_band: Fewer or more rows than earlier periods of the same kind let expect.
    """

    empty_on_working_day: Literal["refuse", "warn"]
    below_band: Literal["refuse", "warn"] = "warn"
    above_band: Literal["refuse", "warn"] = "warn"


class Drift(Declared):
    """What happens when headings are added or missing."""

    added: Literal["report", "ignore"]
    missing: Literal["refuse"]


class Contract(Declared):
    """One dataset's contract.

    Attributes:
        mode: `changes`: every accepted load counts and the newest record of a key wins; `snapshot`: the newest
            accepted load of a partition replaces the ones before it.
        baseline: Whether the stock before the first day is pulled once.
        keys: Columns that tell records apart.
        newest_by: Column with the record's own time; the arrival's time breaks ties.
        ignored_headings: Headings of the export that are known and not kept.
        is_optional: Not every province has this system: it is asked for only where its connection's address is set.
        max_quarantine_share: Above this share of quarantined rows the load is refused.
    """

    dataset: str
    version: int = Field(ge=1)
    platform: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: Text
    description: Text
    owner: str
    cadence: Literal["daily", "monthly"]
    due: Due
    mode: Literal["changes", "snapshot"]
    baseline: bool = False
    is_optional: bool = False
    source: Source
    format: Format
    keys: tuple[str, ...] = Field(min_length=1)
    newest_by: str | None = None
    completeness: Completeness | None = None
    volume: Volume
    max_quarantine_share: float = Field(ge=0, le=1)
    drift: Drift
    ignored_headings: tuple[str, ...] = ()
    columns: tuple[Column, ...] = Field(min_length=1)

    @property
    def stored_columns(self) -> tuple[Column, ...]:
        """The columns that reach the warehouse, in order."""
        return tuple(column for column in self.columns if column.is_stored)

    def column(self, name: str) -> Column:
        """The column of that name."""
        return next(column for column in self.columns if column.name == name)

    @model_validator(mode="after")
    def _names_known_columns(self) -> Contract:
        names = [column.name for column in self.columns]
        stored = {column.name for column in self.stored_columns}
        if doubled := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two columns have one name: {', '.join(doubled)}")
        named = set(self.keys)
        if self.newest_by is not None:
            named.add(self.newest_by)
        if self.completeness is not None:
            named.add(self.completeness.column)
        if unknown := sorted(named - stored):
            raise ValueError(f"not a stored column: {', '.join(unknown)}")
        if unknown := sorted(set(self.format.group_columns) - set(names)):
            raise ValueError(f"not a column: {', '.join(unknown)}")
        self._check_parents()
        self._check_separators()
        self._check_percentages()
        if self.mode == "changes" and self.newest_by is None:
            raise ValueError("mode `changes` needs `newest_by`")
        if self.baseline and not (isinstance(self.source, HttpPages) and self.source.baseline_query):
            raise ValueError("`baseline` needs a source with `baseline_query`")
        if isinstance(self.source, DropFolder) and self.source.names.has_day != (self.cadence == "daily"):
            raise ValueError("`name_pattern` tells {day} for a daily dataset, and only for one")
        return self

    def _check_parents(self) -> None:
        """A column's `parent` holds a unit, and no unit stands above itself."""
        parents = {column.name: column.parent for column in self.columns if column.parent}
        units = {column.name for column in self.stored_columns if column.type in ("unit_name", "agency_code")}
        for name, above in parents.items():
            if above not in units:
                raise ValueError(
                    f"column {name}: `parent` is no stored column of type unit_name or agency_code: {above}"
                )
            seen, next_above = {name}, parents.get(name)
            while next_above is not None:
                if next_above in seen:
                    raise ValueError(f"column {name}: `parent` leads back to the column itself")
                seen.add(next_above)
                next_above = parents.get(next_above)

    def _check_separators(self) -> None:
        """A thousands mark that is also the decimal mark would make `1.234` both."""
        for column in self.columns:
            thousands = self.format.thousands if column.thousands is None else column.thousands
            decimal = column.decimal or self.format.decimal
            if column.type in NUMBERS - {"integer"} and thousands == decimal:
                raise ValueError(f"column {column.name}: {decimal!r} is both the thousands and the decimal mark")
            # A workbook's and JSON's own numbers are spelt with the layout's decimal mark before they are read.
            if column.type in NUMBERS and thousands == self.format.decimal and self.format.kind in _WITH_NUMBERS:
                raise ValueError(
                    f"column {column.name}: its thousands mark is the layout's decimal mark, by which the file's own "
                    "numbers are spelt; 1.234 would be read as 1234"
                )

    def _check_percentages(self) -> None:
        """A workbook's cell that shows 95.5% holds 0.955, and its sign is not seen: a bare 95.5 must not pass for it."""
        if self.format.kind not in _WORKBOOKS:
            return
        for column in self.columns:
            if column.percent_as == "hundredths":
                raise ValueError(
                    f"column {column.name}: `percent_as: hundredths` would read a workbook's 95.5% as 0.955%; use `share` "
                    "with a `maximum`, or the type `decimal` where all figures are typed without a sign"
                )
            if column.percent_as == "share" and (
                column.maximum is None or column.maximum > _LARGEST_SHARE_OF_A_WORKBOOK
            ):
                raise ValueError(
                    f"column {column.name}: `percent_as: share` needs a `maximum` of {_LARGEST_SHARE_OF_A_WORKBOOK} or less "
                    "in a workbook; a typed 95.5 would pass for 9550%"
                )


def read_contract(file: Path) -> Contract:
    """Reads one contract.

    Raises:
        ContractError: The file is not YAML, or not a contract; the message names the file and each fault.
    """
    try:
        return Contract.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ContractError(f"{file.name} is not readable YAML: {error}.", "Mend the file.") from error
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'contract'}: {fault['msg']}" for fault in error.errors()
        )
        raise ContractError(f"{file.name} is not a contract: {faults}.", "Mend the named keys.") from error


def read_contracts(folder: Path) -> dict[str, Contract]:
    """Reads every contract below `folder`, keyed by dataset and sorted.

    Raises:
        ContractError: A contract is malformed, misnamed or stands twice.
    """
    contracts: dict[str, Contract] = {}
    for file in sorted(folder.glob("*/*.yaml")):
        contract = read_contract(file)
        if contract.dataset != file.stem:
            raise ContractError(f"{file.name} describes {contract.dataset}.", "Name the file after its dataset.")
        if contract.dataset in contracts:
            raise ContractError(f"{contract.dataset} stands twice below {folder}.", "Keep one contract a dataset.")
        contracts[contract.dataset] = contract
    if not contracts:
        raise ContractError(f"No contract lies below {folder}.", "Run khotinh from the project's folder.")
    return dict(sorted(contracts.items()))
