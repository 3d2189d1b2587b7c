"""A mart's suite: what it may say, what it stops, and how a rule that breaks is told from a mart that breaks it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.errors import ContractError, PermanentError
from pipelines.load.warehouse import open_warehouse, prepare
from pipelines.publish.mart_checks import require_sound_marts
from pipelines.settings import DBT_PROJECT, EXPECTATIONS, Settings
from pipelines.validate.suites import MartSuite, read_mart_suites
from tests.load.load_help import ask, settings_in

QUERY = "unexpected_rows_expectation"
NAME, AT = "Nguyễn Thị Kín", "TIMESTAMP '2026-06-02 08:09:10'"


def _rule(name: str, on_failure: str, kind: str = QUERY, **kwargs: object) -> dict[str, Any]:
    return {
        "name": name, "type": kind, "kwargs": kwargs, "on_failure": on_failure, "says": {"vi": "v", "en": f"say {name}."},
    }  # fmt: skip


def _suites(
    folder: Path, *rules: dict[str, Any], table: str = "marts.shares", file: str = ""
) -> Mapping[str, MartSuite]:
    folder.mkdir(exist_ok=True)
    content = yaml.safe_dump({"table": table, "rules": list(rules)}, allow_unicode=True)
    (folder / f"{file or table.partition('.')[2]}.yaml").write_text(content, encoding="utf-8")
    return read_mart_suites(folder)


@pytest.fixture
def built(tmp_path: Path) -> Settings:
    """A warehouse with one mart of two shares, one above 1, and a register beside it."""
    settings = settings_in(tmp_path)
    with open_warehouse(settings) as connection:
        prepare(connection, ())
        connection.execute("CREATE SCHEMA marts; CREATE SCHEMA core")
        connection.execute("CREATE TABLE core.dim_unit AS SELECT 'H56.12' AS unit_code")
        connection.execute(
            f"CREATE TABLE marts.shares AS FROM (VALUES ('H56.12', 0.5, '{NAME}', {AT}), ('H56.99', 1.5, '{NAME}', {AT})) AS v (unit_code, share, note, seen_at)"
        )
    return settings


SHARE = _rule("share_is_one_at_most", "refuse", "expect_column_values_to_be_between", column="share", max_value=1)
REGISTER = _rule(
    "unit_is_known", "flag",
    unexpected_rows_query="SELECT note FROM {batch} WHERE unit_code NOT IN (SELECT unit_code FROM warehouse.core.dim_unit)",
)  # fmt: skip


def test_a_critical_failure_names_rule_and_mart_and_is_recorded(built: Settings, tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match=r"shares: share_is_one_at_most \(say share_is_one_at_most\.\)") as caught:
        require_sound_marts(built, _suites(tmp_path / "marts", SHARE, REGISTER))
    assert "keep the version before" in caught.value.what
    assert "unit_is_known" not in caught.value.what
    assert ask(built, "SELECT mart, check_name, severity, is_success, unexpected_count FROM ops.mart_checks ORDER BY 2") == [
        ("shares", "share_is_one_at_most", "critical", False, 1),
        ("shares", "unit_is_known", "warning", False, 1),
    ]  # fmt: skip


def test_a_warning_is_recorded_and_stops_nothing(built: Settings, tmp_path: Path) -> None:
    require_sound_marts(built, _suites(tmp_path / "marts", REGISTER))
    assert ask(built, "SELECT is_success FROM ops.mart_checks") == [(False,)]


def test_what_was_observed_is_never_a_cell(built: Settings, tmp_path: Path) -> None:
    curious = (
        _rule("values", "flag", "expect_column_distinct_values_to_be_in_set", column="note", value_set=["x"]),
        _rule("in_set", "flag", "expect_column_values_to_be_in_set", column="note", value_set=["x"]),
        _rule("maximum", "flag", "expect_column_max_to_be_between", column="seen_at", max_value="2020-01-01T00:00:00"),
        _rule("common", "flag", "expect_column_most_common_value_to_be_in_set", column="note", value_set=["x"]),
        _rule("rows", "flag", unexpected_rows_query="SELECT * FROM {batch}"),
    )
    require_sound_marts(built, _suites(tmp_path / "marts", *curious))
    told = ask(built, "SELECT check_name, observed, unexpected_count, is_success FROM ops.mart_checks ORDER BY 1")
    assert [name for name, _, _, is_success in told if not is_success] == [
        "common",
        "in_set",
        "maximum",
        "rows",
        "values",
    ]
    assert NAME not in str(told)
    assert ("maximum", "", None, False) in told
    assert ("common", "1 values", None, False) in told
    assert ("in_set", "", 2, False) in told


@pytest.mark.parametrize(
    "rule",
    [
        _rule("odd", "refuse", unexpected_rows_query="SELECT nothing FROM {batch}"),
        _rule("odd", "flag", unexpected_rows_query="SELEC 1 FROM {batch}"),
        _rule("odd", "refuse", unexpected_rows_query="SELECT unit_code FROM {batch}, warehouse.marts.no_such_mart"),
        _rule("odd", "flag", "expect_column_values_to_not_be_null", column="no_such_column"),
        _rule("odd", "refuse", "expect_column_values_to_be_beautiful", column="share"),
        _rule("odd", "refuse", "expect_table_row_count_to_equal", value={"$PARAMETER": "nobody_knows"}),
    ],
    ids=["column", "syntax", "table", "warning", "type", "parameter"],
)
def test_a_rule_that_cannot_run_is_a_contract_error_and_says_nothing_of_the_mart(
    built: Settings, tmp_path: Path, rule: dict[str, Any]
) -> None:
    with pytest.raises(ContractError, match=r"Rule odd of expectations/marts/shares\.yaml cannot be run") as caught:
        require_sound_marts(built, _suites(tmp_path / "marts", SHARE, rule))
    assert "Mend the rule" in caught.value.next_step
    assert ask(built, "SELECT count(*) FROM ops.mart_checks") == [(0,)]


def test_a_suite_of_a_table_that_is_not_there_cannot_be_run(built: Settings, tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"marts/gone\.yaml cannot be run: there is no table marts\.gone"):
        require_sound_marts(built, _suites(tmp_path / "marts", REGISTER, table="marts.gone"))


def test_a_rule_cannot_change_what_it_judges(built: Settings, tmp_path: Path) -> None:
    writing = _rule("odd", "flag", unexpected_rows_query="DELETE FROM warehouse.marts.shares RETURNING 1 AS one")
    with pytest.raises(ContractError, match="cannot be run"):
        require_sound_marts(built, _suites(tmp_path / "marts", writing))
    assert ask(built, "SELECT count(*) FROM marts.shares") == [(2,)]


@pytest.mark.parametrize(
    ("rule", "table", "file", "why"),
    [
        ({**SHARE, "on_failure": "quarantine"}, "marts.shares", "", "cannot be set apart"),
        ({**SHARE, "severity": "low"}, "marts.shares", "", "severity"),
        (SHARE, "raw.portal_dossiers", "", "table"),
        (SHARE, "marts.shares", "other", "holds the suite of shares"),
    ],
)
def test_a_suite_that_a_mart_cannot_have_is_a_contract_error(
    tmp_path: Path, rule: dict[str, Any], table: str, file: str, why: str
) -> None:
    with pytest.raises(ContractError, match=why):
        _suites(tmp_path / "marts", rule, table=table, file=file)


def test_every_mart_has_a_suite_and_every_suite_a_mart() -> None:
    files = (DBT_PROJECT / "models" / "marts").glob("*.sql")
    models = {file.stem for file in files if "schema='staging'" not in file.read_text()}
    suites = read_mart_suites(EXPECTATIONS / "marts")
    assert {suite.name for suite in suites.values() if suite.table.startswith("marts.")} == models
    names = [(suite.name, rule.name) for suite in suites.values() for rule in suite.rules]
    assert len(names) == len(set(names))
