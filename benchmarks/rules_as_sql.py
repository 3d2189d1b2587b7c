"""A suite's rules as one plain SQL statement, for the benchmark to hold Great Expectations against. Never used to judge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pipelines.validate.suites import Rule, Suite

# The day before which the benchmark's file lies.
_PARAMETERS = {"next_moment": "TIMESTAMP '2026-12-01'"}


def _outside(of: dict[str, Any]) -> str:
    """The condition that a value is beyond its bounds."""
    signs = {"min_value": "<=" if of.get("strict_min") else "<", "max_value": ">=" if of.get("strict_max") else ">"}
    bounds = {name: of[name] for name in signs if name in of}
    spelled = {
        name: _PARAMETERS[bound["$PARAMETER"]] if isinstance(bound, dict) else str(bound)
        for name, bound in bounds.items()
    }
    return " OR ".join(f"{of['column']} {signs[name]} {bound}" for name, bound in spelled.items())


_BROKEN: dict[str, Callable[[dict[str, Any]], str]] = {
    "expect_column_values_to_not_be_null": lambda of: f"{of['column']} IS NULL",
    "expect_column_value_lengths_to_equal": lambda of: f"length({of['column']}) <> {of['value']}",
    "expect_column_values_to_be_in_set": lambda of: (
        f"{of['column']} NOT IN ({', '.join(repr(value) for value in of['value_set'])})"
    ),
    "expect_column_values_to_be_between": _outside,
    "expect_column_pair_values_a_to_be_greater_than_b": lambda of: f"{of['column_A']} < {of['column_B']}",
    "expect_compound_columns_to_be_unique": lambda of: (
        f"count(*) OVER (PARTITION BY {', '.join(of['column_list'])}) > 1"
    ),
    "unexpected_rows_expectation": lambda of: of["unexpected_rows_query"].partition(" WHERE ")[2],
}


def row_rules(suite: Suite) -> tuple[Rule, ...]:
    """The rules that set a row apart."""
    return tuple(rule for rule in suite.rules if rule.on_failure == "quarantine")


def reasons_query(suite: Suite, table: str) -> str:
    """Every row of `table` with the list of the rules that it breaks, as `reasons`."""
    cases = ", ".join(
        f"CASE WHEN {_BROKEN[rule.type](rule.kwargs)} THEN '{rule.name}' END" for rule in row_rules(suite)
    )
    return f"SELECT *, list_filter([{cases}], lambda reason: reason IS NOT NULL) AS reasons FROM {table}"
