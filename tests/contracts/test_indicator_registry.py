"""The registry of indicators: what is made from it is up to date, its rules act, and a typo in it is told with its row."""

from __future__ import annotations

import csv
import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.contracts import read_contracts
from pipelines.errors import ContractError
from pipelines.indicator_names import require_known_names
from pipelines.indicators import Indicator, read_indicators
from pipelines.indicators_page import indicators_page
from pipelines.indicators_to_dbt import (
    DAILY_FILE,
    MONTHLY_FILE,
    PAGE_FILE,
    REGISTRY_FILE,
    declared_columns,
    figures_sql,
    main,
    require_sound_expressions,
)
from pipelines.settings import DBT_PROJECT, SEEDS, SOURCES

REGISTRY = read_indicators(REGISTRY_FILE)
MODELS = DBT_PROJECT / "models"


def named(code: str, **changes: Any) -> Indicator:
    [indicator] = [one for one in REGISTRY if one.indicator_code == code]
    return Indicator.model_validate({**indicator.model_dump(), **changes})


def planted(folder: Path, code: str, **changes: str) -> Path:
    """The registry with some cells of one row changed."""
    with REGISTRY_FILE.open(encoding="utf-8", newline="") as file:
        rows = [{**row, **(changes if row["indicator_code"] == code else {})} for row in csv.DictReader(file)]
    copy = folder / "indicators.csv"
    with copy.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return copy


def rows_of(indicator: Indicator, table: str) -> list[tuple[Any, ...]]:
    """What the made model gives for one indicator, on a table of these rows."""
    # Only the select: how it is built by increments is held by tests/pipeline/test_increments.py.
    sql = re.sub(
        r"( \{\{ touched|\{\{ laid_by_time).*", "", figures_sql([indicator], indicator.grain).partition("\n\n")[2]
    )
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"CREATE TABLE {indicator.relation} AS {table}")
        made = sql.replace(f"{{{{ ref('{indicator.relation}') }}}}", indicator.relation)
        return connection.execute(f"{made} ORDER BY unit_code, period").fetchall()


def test_what_is_made_from_the_registry_is_up_to_date() -> None:
    for file, text in (
        (DAILY_FILE, figures_sql(REGISTRY, "daily")),
        (MONTHLY_FILE, figures_sql(REGISTRY, "monthly")),
        (PAGE_FILE, indicators_page(REGISTRY)),
    ):
        assert file.read_text(encoding="utf-8") == text, f"{file.name}: run make generate"


def test_every_expression_works_on_the_columns_that_its_model_declares() -> None:
    require_sound_expressions(REGISTRY, declared_columns(MODELS))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"numerator_sql": "recieved_count"}, 'portal_received: Binder Error: Referenced column "recieved_count"'),
        ({"numerator_sql": "received_count +"}, "portal_received: Parser Error"),
        ({"filter_sql": "unit_code = 1 = 2 and"}, "portal_received: Parser Error"),
        ({"relation": "portal_procedure_monthly"}, "declares no column report_date and unit_code"),
        ({"relation": "portal_unit_dayly"}, "the relation portal_unit_dayly declares no column"),
    ],
)
def test_an_expression_that_does_not_work_is_told_with_its_row(changes: dict[str, str], told: str) -> None:
    with pytest.raises(ContractError, match="make generate") as error:
        require_sound_expressions([named("portal_received", **changes)], declared_columns(MODELS))
    assert told in str(error.value)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"grain": "weekly"}, "grain: Input should be 'daily' or 'monthly'"),
        ({"legal_source": ""}, "legal_source: String should have at least 1 character"),
        ({"valid_from": "1.1.2020"}, "valid_from: "),
        ({"valid_to": "2019-12-31"}, "valid_to lies before valid_from"),
        ({"denominator_sql": ""}, "a share needs a denominator_sql and a count has none"),
        ({"aggregation": "none"}, "a daily indicator says how days make a month"),
        ({"coverage": ""}, "a daily indicator names the coverage"),
        (
            {"bias": "under_counted", "caveat_vi": "", "caveat_en": ""},
            "a caveat stands in both languages, and a bias has one",
        ),
        ({"indicator_code": "portal_settled"}, "portal_settled stands there twice"),
    ],
)
def test_a_malformed_row_is_told_with_its_line(tmp_path: Path, changes: dict[str, str], told: str) -> None:
    line = 2 + [one.indicator_code for one in REGISTRY].index("portal_online")
    with pytest.raises(ContractError, match=f"indicators.csv, line {line}") as error:
        read_indicators(planted(tmp_path, "portal_online", **changes))
    assert told in str(error.value)


@pytest.mark.parametrize(
    ("seed", "row", "column", "name", "told"),
    [
        ("indicators", "portal_online", "coverage", "portal_dosiers", "no dataset with days; did you mean portal_dossiers?"),
        # A dataset, but one of months: no day is ever covered by it.
        ("indicators", "portal_online", "coverage", "platform_accounts", "no dataset with days"),
        ("indicators", "portal_online", "relation", "portal_unit_dayly", "no model; did you mean portal_unit_daily?"),
        ("targets", "satisfaction_2030", "indicator_code", "oficer_satisfaction", "no indicator; did you mean officer_satisfaction?"),
        ("targets", "online_share_commune_level", "scope_code", "communes_level", "no scope; did you mean commune_level?"),
        ("targets", "satisfaction_2030", "unit_of_count", "percent", "no unit of count."),
        ("open_indicators", "portal_online", "indicator_code", "portal_onlin", "no indicator; did you mean portal_online?"),
        ("open_indicators", "portal_online", "denominator_measure_code", "recieved", "no measure of open_measures.csv; did you mean received?"),
        ("open_measures", "received_online", "parent_measure_code", "recieved", "no measure; did you mean received?"),
        ("open_measures", "received_online", "indicator_code", "portal_onlin", "no indicator; did you mean portal_online?"),
        ("qd766_parts", "2.1", "piece_code", "portal_on_time_qd767", "no indicator; did you mean portal_on_time_qd766?"),
    ],
)  # fmt: skip
def test_an_unknown_name_is_told_with_its_place_and_the_nearest_one(
    tmp_path: Path, seed: str, row: str, column: str, name: str, told: str
) -> None:
    for each in ("indicators", "targets", "open_indicators", "open_measures", "qd766_parts"):
        (tmp_path / f"{each}.csv").write_bytes((SEEDS / f"{each}.csv").read_bytes())
    contracts = list(read_contracts(SOURCES).values())
    require_known_names(tmp_path, MODELS, contracts)
    with (SEEDS / f"{seed}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    [line] = [number for number, cells in enumerate(rows) if cells[0] == row]
    rows[line][rows[0].index(column)] = name
    with (tmp_path / f"{seed}.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    with pytest.raises(ContractError) as error:
        require_known_names(tmp_path, MODELS, contracts)
    # The first cell is the row's name, also where it is itself the unknown one.
    of = name if rows[0].index(column) == 0 else row
    assert f"{seed}.csv, line {line + 1} ({of}): {column}: '{name}' is {told}" in str(error.value)


def test_the_generator_and_doctor_look_names_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in SEEDS.glob("*.csv"):
        (tmp_path / seed.name).write_bytes(seed.read_bytes())
    planted(tmp_path, "portal_online", coverage="portal_dosiers")
    monkeypatch.setattr("pipelines.indicators_to_dbt.SEEDS", tmp_path)
    written = [file.stat().st_mtime_ns for file in (DAILY_FILE, MONTHLY_FILE, PAGE_FILE)]
    with pytest.raises(ContractError, match="did you mean portal_dossiers"):
        main()
    assert [file.stat().st_mtime_ns for file in (DAILY_FILE, MONTHLY_FILE, PAGE_FILE)] == written
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pipelines.cli.doctor.SEEDS", tmp_path)
    answer = CliRunner().invoke(app, ["doctor", "--json"])
    [found] = [line for line in json.loads(answer.stdout) if line["what"] == "indicators"]
    assert not found["is_well"]
    assert "portal_online): coverage: 'portal_dosiers' is no dataset" in found["finding"]


def test_every_indicator_has_a_fixture_that_was_counted_by_hand() -> None:
    tests = yaml.safe_load((MODELS / "marts" / "indicator_registry.yml").read_text(encoding="utf-8"))["unit_tests"]
    by_hand: dict[str, set[str]] = {"daily": set(), "monthly": set()}
    for test in tests:
        grain = test["model"].removeprefix("indicator_figures_")
        if grain in by_hand:
            by_hand[grain] |= {row["indicator_code"] for row in test["expect"]["rows"]}
    for grain, codes in by_hand.items():
        assert codes == {one.indicator_code for one in REGISTRY if one.grain == grain}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("no_value", [("H56.02", 1, 2, None)]),
        ("zero", [("H56.01", 0, 0, 0), ("H56.02", 1, 2, 0)]),
        ("full", [("H56.01", 0, 0, 1), ("H56.02", 1, 2, 1)]),
    ],
)
def test_the_rule_for_an_empty_denominator_acts(rule: str, expected: list[tuple[Any, ...]]) -> None:
    table = (
        "SELECT * FROM (VALUES ('H56.01', DATE '2026-06-01', 0, 0), ('H56.02', DATE '2026-06-01', 1, 2), "
        "('H56.03', DATE '2026-06-01', NULL, NULL)) AS t (unit_code, report_date, paid_online_count, payment_reported_count)"
    )
    found = rows_of(named("portal_paid_online", zero_denominator=rule), table)
    assert [
        (unit, numerator, denominator, nothing) for _, unit, _, numerator, denominator, nothing in found
    ] == expected


def test_outside_of_its_validity_an_indicator_has_no_figure() -> None:
    days = "SELECT 'H56.01' AS unit_code, DATE '2026-05-31' + i::INT AS report_date, 1 AS received_count FROM range(4) AS t (i)"
    indicator = named("portal_received", valid_from=date(2026, 6, 1), valid_to=date(2026, 6, 2))
    assert [row[2] for row in rows_of(indicator, days)] == [date(2026, 6, 1), date(2026, 6, 2)]
    months = "SELECT 'H56.01' AS unit_code, unnest(['202605', '202606', '202607', '202608']) AS period, 1 AS sent_document_count"
    monthly = named("document_documents_sent", valid_from=date(2026, 6, 15), valid_to=date(2026, 7, 1))
    assert [row[2] for row in rows_of(monthly, months)] == ["202606", "202607"]


def test_one_unit_in_several_rows_is_added_up_and_a_filter_leaves_rows_out() -> None:
    table = (
        "SELECT * FROM (VALUES ('H56.01', '202606', 'portal', 4), ('H56.01', '202606', 'document', 2), "
        "('H56.02', '202606', 'portal', 0)) AS t (unit_code, period, platform_code, issued_count)"
    )
    assert [row[3] for row in rows_of(named("accounts_issued"), table)] == [6]
    assert [row[3] for row in rows_of(named("accounts_issued", filter_sql="platform_code = 'portal'"), table)] == [4]


def test_a_target_on_communes_says_of_how_many_it_was_set() -> None:
    with (REGISTRY_FILE.parent / "targets.csv").open(encoding="utf-8", newline="") as file:
        on_communes = [row for row in csv.DictReader(file) if row["indicator_code"] == "officer_communes_digital"]
    assert {row["target_code"]: row["counted_on"] for row in on_communes} == {
        "communes_digital_2025": "559",
        "communes_digital_2030": "166",
    }
