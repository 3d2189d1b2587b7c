"""A suite's rules as one plain SQL statement, for the benchmark to hold Great Expectations against. Never used to judge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pipelines.validate.suites import Rule, Suite

_BROKEN: dict[str, Callable[[dict[str, Any]], str]] = {
    "expect_column_values_to_not_be_null": lambda of: f"{of['column']} IS NULL",
    "expect_column_value_lengths_to_equal": lambda of: f"length({of['column']}) <> {of['value']}",
    "expect_column_values_to_be_in_set": lambda of: (
        f"{of['column']} NOT IN ({', '.join(repr(value) for value in of['value_set'])})"
    ),
    "expect_column_values_to_be_between": lambda of: (
        f"{of['column']} NOT BETWEEN {of['min_value']} AND {of['max_value']}"
    ),
    "expect_column_pair_values_a_to_be_greater_than_b": lambda of: f"{of['column_A']} < {of['column_B']}",
    "expect_compound_columns_to_be_unique": lambda of: (
        f"count(*) OVER (PARTITION BY {', '.join(of['column_list'])}) > 1"
    ),
    "unexpected_rows_expectation": lambda of: of["unexpected_rows_query"].partition(" WHERE ")[2],
}


def row_rules(suite: Suite) -> tuple[Rule, ...]:
    """The rules that a row can break."""
    return tuple(rule for rule in suite.rules if rule.type in _BROKEN)


def reasons_query(suite: Suite, table: str) -> str:
    """Every row of `table` with the list of the rules that it breaks, as `reasons`."""
    cases = ", ".join(
        f"CASE WHEN {_BROKEN[rule.type](rule.kwargs)} THEN '{rule.name}' END" for rule in row_rules(suite)
    )
    return f"SELECT *, list_filter([{cases}], lambda reason: reason IS NOT NULL) AS reasons FROM {table}"
