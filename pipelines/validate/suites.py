"""A suite of expectations as an analyst edits it: one YAML file a dataset in `expectations/`, one a mart below `marts/`.

Here is only what a suite may say. How it is run is the runner's matter, what a failure does its caller's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipelines.contracts import Text
from pipelines.errors import ContractError

OnFailure = Literal["quarantine", "refuse", "flag"]
MARTS_FOLDER = "marts"
LABELS = "{labels}"
"""Stands in a rule's `mend` for the labels of the columns that the rule names."""


class Mend(BaseModel):
    """How to mend a row that a rule set apart, in the words of the officer who does it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    vi: str = Field(min_length=1)

    @model_validator(mode="after")
    def _leaves_no_gap(self) -> Self:
        if set(self.vi.replace(LABELS, "")) & set("{}"):
            raise ValueError(f"`mend` has no other gap than {LABELS}")
        return self


class Rule(BaseModel):
    """One expectation and what its failure does.

    Attributes:
        name: Name of the check in `ops.checks`.
        type: Expectation type of Great Expectations.
        kwargs: Its arguments; `{$PARAMETER: name}` stands for a value known only when a load is judged.
        on_failure: `quarantine` sets the failing rows apart, `refuse` refuses the load, `flag` only warns.
        says: What the rule demands, in both languages.
        mend: What the officer of a row that it set apart is told to do; without it, to do what the rule `says`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    type: str
    kwargs: dict[str, Any]
    on_failure: OnFailure
    says: Text
    mend: Mend | None = None

    @model_validator(mode="after")
    def _only_a_row_is_mended(self) -> Self:
        if self.mend is not None and self.on_failure != "quarantine":
            raise ValueError(
                f"{self.name}: `mend` tells of a row that is set apart, and on_failure is {self.on_failure}"
            )
        return self

    @property
    def severity(self) -> Literal["critical", "warning"]:
        """Great Expectations' severity."""
        return "warning" if self.on_failure == "flag" else "critical"


class Suite(BaseModel):
    """The rules of one dataset."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dataset: str
    rules: tuple[Rule, ...]


class MartSuite(BaseModel):
    """The rules of one mart, judged as a whole after dbt and before publishing.

    Attributes:
        table: `schema.table` in the warehouse.
        rules: Their SQL reads `{batch}`, and every other table under the name `warehouse.<schema>.<table>`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    table: str = Field(pattern=r"^(marts|core|ops)\.[a-z][a-z0-9_]*$")
    rules: tuple[Rule, ...]

    @property
    def name(self) -> str:
        """The table's name without its schema; the file has the same."""
        return self.table.partition(".")[2]

    @model_validator(mode="after")
    def _nothing_is_set_apart(self) -> Self:
        if apart := [rule.name for rule in self.rules if rule.on_failure == "quarantine"]:
            raise ValueError(f"{apart[0]}: a mart's rows cannot be set apart, on_failure is refuse or flag")
        return self


_AnySuite = TypeVar("_AnySuite", Suite, MartSuite)


def read_suite(folder: Path, dataset: str) -> Suite:
    """Reads a dataset's suite.

    Raises:
        ContractError: The file is missing or is not a suite.
    """
    file = folder / f"{dataset}.yaml"
    suite = _read(file, f"expectations/{file.name}", Suite)
    if suite.dataset != dataset:
        raise ContractError(f"{file.name} holds the suite of {suite.dataset}.", "Name the file after its dataset.")
    return suite


def read_mart_suites(folder: Path) -> Mapping[str, MartSuite]:
    """Every suite in a folder by the name of its mart; none if there is no folder.

    Raises:
        ContractError: A file is not a suite.
    """
    suites = {}
    for file in sorted(folder.glob("*.yaml")):
        suite = _read(file, f"expectations/{MARTS_FOLDER}/{file.name}", MartSuite)
        if suite.name != file.stem:
            raise ContractError(f"{file.name} holds the suite of {suite.name}.", "Name the file after its mart.")
        suites[suite.name] = suite
    return suites


def _read(file: Path, shown: str, kind: type[_AnySuite]) -> _AnySuite:
    try:
        return kind.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise ContractError(f"{file.name} is missing in expectations/.", "Write the dataset's suite.") from error
    except (yaml.YAMLError, ValidationError) as error:
        why = re.sub(r"\s+", " ", str(error))
        raise ContractError(f"{shown} is not a suite: {why}.", "Mend the file.") from error
