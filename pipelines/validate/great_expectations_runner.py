"""Runs suites with Great Expectations through a DuckDB in memory: on a file's rows, or on the marts of the warehouse.

Only this module judges with Great Expectations, and only `data_docs` imports it besides. Its DuckDB dialect fetches rows after the connection is
closed, so that every rule fails; a listener reads them before (Great Expectations issues 10738 and 11579).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from numbers import Number
from pathlib import Path
from typing import Any
from uuid import uuid4

os.environ["GX_ANALYTICS_ENABLED"] = "false"

import duckdb
import great_expectations as gx
from great_expectations.core import ExpectationSuite
from great_expectations.exceptions import ExpectationNotFoundError
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from sqlalchemy import Engine, event
from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy

from pipelines.parse.typed_rows import TypedRows
from pipelines.validate.suites import MartSuite, Rule, Suite

_TABLE = "rows_to_judge"
Parameter = int | date | datetime


@dataclass(frozen=True)
class RuleResult:
    """What one rule said.

    Attributes:
        rule: The rule.
        is_success: Whether the data satisfies it.
        observed: The number that was seen, as text. Never a cell: of a list of values only its length is told.
        unexpected_count: Rows that break it, None for a rule about the whole table.
        broken_because: The rule itself failed to run, and why; that says nothing of the data.
        row_numbers: Rows that break it, for rules that quarantine.
    """

    rule: Rule
    is_success: bool
    observed: str
    unexpected_count: int | None
    broken_because: str | None
    row_numbers: tuple[int, ...]


def run_suite(
    rows: TypedRows, suite: Suite, parameters: Mapping[str, Parameter], most_rejects: int
) -> list[RuleResult]:
    """Judges rows by a suite.

    Args:
        rows: Typed rows with `row_number`.
        suite: The dataset's suite.
        parameters: Values for `$PARAMETER`.
        most_rejects: A row rule broken more often gives no row numbers: the load is refused as a whole.

    Returns:
        One result a rule, in the suite's order; only those of the malformed rules if there are any.
    """
    if malformed := _malformed(suite.rules, parameters):
        return malformed
    with _datasource(rows) as (context, asset, connection):
        results = _validate(context, asset, suite.rules, parameters)
        answers: list[RuleResult] = []
        for rule, result in zip(suite.rules, results, strict=True):
            answer = _answer(rule, result)
            wanted = rule.on_failure == "quarantine" and not answer.is_success and answer.broken_because is None
            if wanted and (answer.unexpected_count or 0) <= most_rejects:
                numbers = _row_numbers(context, asset, connection, rule, parameters)
                answer = replace(answer, row_numbers=numbers, unexpected_count=len(numbers))
            answers.append(answer)
        return answers


def run_mart_suites(warehouse: Path, suites: Sequence[MartSuite]) -> dict[str, list[RuleResult]]:
    """Judges built tables, each by its suite.

    Args:
        warehouse: The build file; nobody may have it open for writing. It is attached read-only as `warehouse`.
        suites: Of the tables to judge.

    Returns:
        By the mart's name, one result a rule in the suite's order; only those of the malformed rules if there are any.
    """
    answers: dict[str, list[RuleResult]] = {}
    with _duckdb() as (context, source, connection):
        spelled = str(warehouse).replace("'", "''")
        connection.execute(f"ATTACH '{spelled}' AS warehouse (READ_ONLY)")
        try:
            for suite in suites:
                try:
                    connection.execute(f'CREATE VIEW "{suite.name}" AS SELECT * FROM warehouse.{suite.table}')
                except duckdb.CatalogException:
                    answers[suite.name] = [_broken(rule, f"there is no table {suite.table}") for rule in suite.rules]
                    continue
                answers[suite.name] = _malformed(suite.rules, {}) or [
                    _answer(rule, result)
                    for rule, result in zip(
                        suite.rules,
                        _validate(context, source.add_table_asset(suite.name, table_name=suite.name), suite.rules, {}),
                        strict=True,
                    )
                ]
        finally:
            connection.execute("DETACH warehouse")
    return answers


def _answer(rule: Rule, result: Mapping[str, Any]) -> RuleResult:
    return RuleResult(
        rule=rule,
        is_success=bool(result["success"]),
        observed=_without_cells(result["result"].get("observed_value")),
        unexpected_count=_unexpected_count(result, rule),
        broken_because=_broken_because(result),
        row_numbers=(),
    )


def _broken(rule: Rule, why: str) -> RuleResult:
    return RuleResult(rule, is_success=False, observed="", unexpected_count=None, broken_because=why, row_numbers=())


def _without_cells(observed: object) -> str:
    """What a rule saw, fit for a published table: a count or a measure, but no text or date out of a cell."""
    if isinstance(observed, Number):
        return str(observed)
    if isinstance(observed, list | tuple | set | dict):
        return f"{len(observed)} values"
    return ""


@contextmanager
def _datasource(rows: TypedRows) -> Iterator[tuple[Any, Any, duckdb.DuckDBPyConnection]]:
    with _duckdb() as (context, source, connection):
        connection.register("stream", rows.record_batches())
        connection.execute(f"CREATE TABLE {_TABLE} AS SELECT * FROM stream")
        connection.unregister("stream")
        yield context, source.add_table_asset("rows", table_name=_TABLE), connection


@contextmanager
def _duckdb() -> Iterator[tuple[Any, Any, duckdb.DuckDBPyConnection]]:
    """Great Expectations' context and source on a fresh database in memory, and a connection of our own to it."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    source = context.data_sources.add_sql("load", connection_string=f"duckdb:///:memory:{uuid4().hex}")
    engine = source.get_engine()
    # Great Expectations makes engines of its own beside this one.
    event.listen(Engine, "after_cursor_execute", _fetch_before_close)
    raw = engine.raw_connection()
    connection: duckdb.DuckDBPyConnection = raw.driver_connection.cursor()
    try:
        yield context, source, connection
    finally:
        connection.close()
        raw.close()
        engine.dispose()
        event.remove(Engine, "after_cursor_execute", _fetch_before_close)


def _fetch_before_close(conn: Any, cursor: Any, _statement: str, _parameters: Any, context: Any, _many: Any) -> None:
    if conn.dialect.name == "duckdb" and context is not None and cursor.description is not None:
        context.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(cursor, initial_buffer=cursor.fetchall())


def _validate(
    context: Any, asset: Any, rules: tuple[Rule, ...], parameters: Mapping[str, Parameter], *, positions: bool = False
) -> list[dict[str, Any]]:  # fmt: skip
    name = uuid4().hex
    expectations = [
        {"type": rule.type, "kwargs": rule.kwargs, "severity": rule.severity, "meta": {"index": index}}
        for index, rule in enumerate(rules)
    ]
    suite = context.suites.add(ExpectationSuite(name=name, expectations=expectations))
    definition = gx.ValidationDefinition(name=name, data=asset.add_batch_definition_whole_table(name), suite=suite)
    wanted: dict[str, Any] = {"result_format": "BASIC", "partial_unexpected_count": 0}
    if positions:
        wanted = {"result_format": "COMPLETE", "unexpected_index_column_names": ["row_number"]}
    outcome = definition.run(result_format=wanted, expectation_parameters=dict(parameters))
    results: list[dict[str, Any]] = [{}] * len(rules)
    for result in outcome.results:
        results[result.expectation_config.meta["index"]] = {
            "success": result.success, "result": result.result, "exception_info": result.exception_info,
        }  # fmt: skip
    return results


def _row_numbers(
    context: Any, asset: Any, connection: duckdb.DuckDBPyConnection, rule: Rule, parameters: Mapping[str, Parameter]
) -> tuple[int, ...]:
    """All rows that break a rule, not the samples that Great Expectations shows.

    It lists them for its column rules. For compound keys it only hands out a query with an unfilled parameter, so the
    same question is asked here.
    """
    if rule.type == "unexpected_rows_expectation":
        query = str(rule.kwargs["unexpected_rows_query"]).format(batch=_TABLE)
    elif rule.type == "expect_compound_columns_to_be_unique":
        columns = ", ".join(f'"{column}"' for column in rule.kwargs["column_list"])
        query = f"SELECT row_number FROM {_TABLE} QUALIFY count(*) OVER (PARTITION BY {columns}) > 1"
    else:
        result = _validate(context, asset, (rule,), parameters, positions=True)[0]["result"]
        return tuple(sorted({int(place["row_number"]) for place in result["unexpected_index_list"]}))
    # The wrapper around DuckDB's connection returns nothing from `execute`.
    connection.execute(f"SELECT DISTINCT row_number FROM ({query.strip().rstrip(';')}) ORDER BY 1")
    return tuple(number for (number,) in connection.fetchall())


def _unexpected_count(result: Mapping[str, Any], rule: Rule) -> int | None:
    if rule.type == "unexpected_rows_expectation":
        observed = result["result"].get("observed_value")
        return None if observed is None else int(observed)
    count = result["result"].get("unexpected_count")
    return None if count is None else int(count)


def _malformed(rules: Sequence[Rule], parameters: Mapping[str, Parameter]) -> list[RuleResult]:
    return [_broken(rule, why) for rule in rules if (why := _malformed_because(rule, parameters))]


def _malformed_because(rule: Rule, parameters: Mapping[str, Parameter]) -> str | None:
    wanted = [
        value["$PARAMETER"] for value in rule.kwargs.values() if isinstance(value, dict) and "$PARAMETER" in value
    ]
    if unknown := [name for name in wanted if name not in parameters]:
        return f"there is no $PARAMETER {unknown[0]}"
    try:
        ExpectationConfiguration(type=rule.type, kwargs=rule.kwargs).to_domain_obj()
    except (ExpectationNotFoundError, ValueError, TypeError) as error:
        return " ".join(str(error).split())
    return None


def _broken_because(result: Mapping[str, Any]) -> str | None:
    info = result["exception_info"] or {}
    entries = [info] if "raised_exception" in info else list(info.values())
    messages = [str(entry.get("exception_message")) for entry in entries if entry.get("raised_exception")]
    return "; ".join(messages) or None
