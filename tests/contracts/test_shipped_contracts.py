"""The contracts and suites that ship: each loads, each name in them leads somewhere, what is made from them is current.

A province adds contracts of its own. What every contract must hold is asked of those too; of the list, and of how we
write a suite, only ours are asked.
"""

from __future__ import annotations

import csv
import re
from typing import Any

import duckdb
import pytest

from pipelines.contracts import Contract, read_contracts
from pipelines.contracts_to_dbt import SOURCES_FILE, sources_yaml
from pipelines.parse.rejects import unit_column
from pipelines.reference import read_reference
from pipelines.settings import DBT_PROJECT, ENDPOINTS_FILE, EXPECTATIONS, SEEDS, SOURCES
from pipelines.validate.suites import Rule, Suite, read_suite
from tests.shipped import SHIPPED, shipped_contracts

CONTRACTS = read_contracts(SOURCES)
SUITES = {dataset: read_suite(EXPECTATIONS, dataset) for dataset in CONTRACTS}
RULES = [(dataset, rule) for dataset, suite in SUITES.items() for rule in suite.rules]
OURS = list(shipped_contracts().values())
COLUMN_KEYS = ("column", "column_A", "column_B")
PARAMETERS = {"minimum_rows", "expected_rows", "rows_to_judge", "first_day", "last_day", "first_moment", "next_moment"}


def _columns_named(kwargs: dict[str, Any]) -> set[str]:
    named = {kwargs[key] for key in COLUMN_KEYS if key in kwargs}
    return named | set(kwargs.get("column_list", ())) | set(kwargs.get("column_set", ()))


def test_every_dataset_that_is_meant_has_a_contract_and_a_suite_each() -> None:
    assert set(SHIPPED) <= set(CONTRACTS)
    assert sorted(file.stem for file in EXPECTATIONS.glob("*.yaml")) == list(CONTRACTS)


def test_the_dbt_source_file_is_what_the_contracts_make() -> None:
    assert SOURCES_FILE.read_text(encoding="utf-8") == sources_yaml(CONTRACTS.values()), "run make generate, commit it"


@pytest.mark.parametrize(("dataset", "rule"), RULES, ids=[f"{dataset}-{rule.name}" for dataset, rule in RULES])
def test_a_rule_names_only_columns_that_the_warehouse_holds(dataset: str, rule: Rule) -> None:
    stored = {column.name for column in CONTRACTS[dataset].stored_columns}
    assert _columns_named(rule.kwargs) <= stored
    for value in rule.kwargs.values():
        if isinstance(value, dict):
            assert value["$PARAMETER"] in PARAMETERS
    if rule.type == "unexpected_rows_expectation":
        columns = ", ".join(f'"{column.name}" {column.sql_type}' for column in CONTRACTS[dataset].stored_columns)
        with duckdb.connect(":memory:") as connection:
            connection.execute(f"CREATE TABLE batch (row_number BIGINT, {columns})")
            query = rule.kwargs["unexpected_rows_query"].format(batch="batch")
            answer = connection.execute(query)
            assert [name for name, *_ in answer.description or []] == ["row_number"]


@pytest.mark.parametrize("suite", SUITES.values(), ids=list(SUITES))
def test_check_names_of_a_suite_are_unique(suite: Suite) -> None:
    names = [rule.name for rule in suite.rules]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("contract", OURS, ids=lambda contract: contract.dataset)
def test_every_suite_counts_rows_and_sets_doubled_keys_apart(contract: Contract) -> None:
    rules = {rule.name: rule for rule in SUITES[contract.dataset].rules}
    assert rules["rows_are_accounted_for"].on_failure == "refuse"
    assert rules["export_is_not_empty"].on_failure == (
        "refuse" if contract.volume.empty_on_working_day == "refuse" else "flag"
    )
    unique = rules["record_is_unique"]
    assert unique.on_failure == "quarantine"
    key = {*contract.keys, contract.newest_by} if contract.dataset == "portal_dossiers" else set(contract.keys)
    assert _columns_named(unique.kwargs) == key


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=list(CONTRACTS))
def test_every_code_list_named_by_a_contract_is_in_the_seeds(contract: Contract) -> None:
    codes = read_reference(SEEDS, ENDPOINTS_FILE).codes
    for column in contract.columns:
        if column.code_list is not None:
            assert codes[column.code_list]
        if column.empty_as is not None and column.code_list is not None:
            assert column.empty_as in codes[column.code_list]


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=list(CONTRACTS))
def test_text_that_may_name_a_person_is_classed(contract: Contract) -> None:
    telling = ("full_name", "applicant", "owner_name", "phone", "email", "identity", "address", "note", "summary")
    for column in contract.columns:
        if column.type == "text" and any(word in column.name for word in telling):
            assert column.personal is not None
            assert not column.is_stored


def test_what_tells_persons_apart_is_kept_only_under_a_keyed_hash() -> None:
    kept = {
        (contract.dataset, column.name)
        for contract in OURS
        for column in contract.stored_columns
        if column.personal is not None
    }
    assert kept == {("portal_dossiers", "dossier_key"), ("platform_accounts", "account_key")}


def test_a_quarantined_row_finds_its_owner_wherever_a_unit_stands_in_the_row() -> None:
    owners = {dataset: column.name if (column := unit_column(CONTRACTS[dataset])) else None for dataset in SHIPPED}
    assert owners == {
        "document_exchanges": "recipient_unit_code",
        "document_registers": "author_unit_code",
        "document_signing": "unit_code",
        "officer_forms": None,
        "platform_accounts": "unit_code",
        "portal_dossiers": "unit_code",
        "portal_statistics": "unit_code",
        "videoconference_bbb_meetings": None,
        "videoconference_calls": None,
        "videoconference_dma_calls": None,
        "videoconference_dma_conferences": None,
        "videoconference_endpoint_status": None,
    }


def test_the_officer_form_asks_for_indicators_that_are_defined() -> None:
    with duckdb.connect(":memory:") as connection:
        rows = connection.execute(f"SELECT indicator_code FROM read_csv('{SEEDS}/indicators.csv')").fetchall()
        targets = connection.execute(f"SELECT DISTINCT indicator_code FROM read_csv('{SEEDS}/targets.csv')").fetchall()
    defined = {code for (code,) in rows}
    assert len(defined) == len(rows)
    assert read_reference(SEEDS, ENDPOINTS_FILE).codes["officer_indicator"] <= defined
    assert {code for (code,) in targets if code is not None} <= defined


def test_every_other_indicator_is_made_by_a_model() -> None:
    with (SEEDS / "indicators.csv").open(encoding="utf-8", newline="") as file:
        codes = {row["indicator_code"] for row in csv.DictReader(file) if row["platform"] != "officer"}
    models = "\n".join(file.read_text(encoding="utf-8") for file in (DBT_PROJECT / "models").rglob("*.sql"))
    assert codes
    assert {code for code in codes if not re.search(rf"\b{code}\b", models)} == set()
