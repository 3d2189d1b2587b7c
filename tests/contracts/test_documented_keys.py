"""Every key of a contract is explained in docs/extending.md, and a dataset of whom figures are owed is looked after."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from typing import get_args

import pytest
import yaml

from pipelines import contracts
from pipelines.contracts import ColumnType, read_contracts
from pipelines.contracts.declared import Declared
from pipelines.contracts_to_dbt import sources_yaml
from pipelines.settings import PROJECT, SOURCES

REFERENCE = (PROJECT / "docs" / "extending.md").read_text(encoding="utf-8")
SPELLED = set(re.findall(r"`([a-z][a-z0-9_]*)[`:]", REFERENCE)) | set(re.findall(r"[{,] ?([a-z_]+):", REFERENCE))
MODULES = [
    importlib.import_module(found.name) for found in pkgutil.iter_modules(contracts.__path__, "pipelines.contracts.")
]
MODELS = {
    name: found
    for module in MODULES
    for name, found in vars(module).items()
    if inspect.isclass(found) and issubclass(found, Declared) and found is not Declared
}


@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_key_of_a_contract_is_explained(name: str) -> None:
    assert sorted(set(MODELS[name].model_fields) - SPELLED) == []


def test_every_type_of_a_column_is_explained() -> None:
    assert sorted(set(get_args(ColumnType)) - SPELLED) == []


def test_the_models_are_found() -> None:
    assert {"Column", "Contract", "Format", "Files", "HttpPages", "EndpointPoll"} <= MODELS.keys()


def test_whoever_owes_a_figure_is_told_to_the_models() -> None:
    """A contract with `completeness` reaches the model by the source that is made of it, with no line written by hand."""
    contracts = read_contracts(SOURCES)
    told = yaml.safe_load(sources_yaml(contracts.values()))["sources"][0]["tables"]
    asked = {table["name"]: table["config"]["meta"]["completeness_column"] for table in told if "config" in table}
    owing = {name: one.completeness.column for name, one in contracts.items() if one.completeness}
    assert asked == owing
    assert owing
