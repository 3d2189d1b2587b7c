"""A suite of expectations as an analyst edits it: one YAML file a dataset in `expectations/`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from pipelines.contracts import Text
from pipelines.errors import ContractError

OnFailure = Literal["quarantine", "refuse", "flag"]


class Rule(BaseModel):
    """One expectation and what its failure does.

    Attributes:
        name: Name of the check in `ops.checks`.
        type: Expectation type of Great Expectations.
        kwargs: Its arguments; `{$PARAMETER: name}` stands for a value known only when a load is judged.
        on_failure: `quarantine` sets the failing rows apart, `refuse` refuses the load, `flag` only warns.
        says: What the rule demands, in both languages.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    type: str
    kwargs: dict[str, Any]
    on_failure: OnFailure
    says: Text

    @property
    def severity(self) -> Literal["critical", "warning"]:
        """Great Expectations' severity."""
        return "warning" if self.on_failure == "flag" else "critical"


class Suite(BaseModel):
    """The rules of one dataset."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dataset: str
    rules: tuple[Rule, ...]


def read_suite(folder: Path, dataset: str) -> Suite:
    """Reads a dataset's suite.

    Raises:
        ContractError: The file is missing or is not a suite.
    """
    file = folder / f"{dataset}.yaml"
    try:
        suite = Suite.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise ContractError(f"{file.name} is missing in expectations/.", "Write the dataset's suite.") from error
    except (yaml.YAMLError, ValidationError) as error:
        why = re.sub(r"\s+", " ", str(error))
        raise ContractError(f"expectations/{file.name} is not a suite: {why}.", "Mend the file.") from error
    if suite.dataset != dataset:
        raise ContractError(f"{file.name} holds the suite of {suite.dataset}.", "Name the file after its dataset.")
    return suite
