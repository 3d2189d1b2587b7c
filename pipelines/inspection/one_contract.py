"""A workshop with one contract that does not lie in `sources/` yet, so that a draft can be tried on its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pipelines.contracts import Contract, read_contract
from pipelines.ingest import Workshop
from pipelines.inspection.skeleton import first_suite
from pipelines.settings import Settings
from pipelines.validate.suites import Suite, read_suite


@dataclass(frozen=True)
class OneContract(Workshop):
    """The shipped registers, one contract of its own, and its suite: the one that lies there, or the first rules."""

    file: Path = field(default=Path())

    @cached_property
    def contract(self) -> Contract:
        """The contract in the file."""
        return read_contract(self.file)

    @cached_property
    def contracts(self) -> Mapping[str, Contract]:
        """It alone."""
        return {self.contract.dataset: self.contract}

    @cached_property
    def suites(self) -> Mapping[str, Suite]:
        """Its suite alone."""
        dataset = self.contract.dataset
        there = (self.expectations / f"{dataset}.yaml").is_file()
        return {dataset: read_suite(self.expectations, dataset) if there else first_suite(self.contract)}


def workshop_of(file: Path, settings: Settings) -> OneContract:
    """The workshop of one contract.

    Raises:
        ContractError: The file is not a contract; only when it is asked for.
    """
    return OneContract(settings, file=file)
