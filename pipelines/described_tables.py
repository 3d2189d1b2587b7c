"""What dbt's manifest says of each table: its meaning in both languages, its columns, its key, what a column may hold.

Read by whatever describes the warehouse to people or to other tools. What is really in a file is asked of the file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

LANGUAGE_MARK = " | "


@dataclass(frozen=True)
class Words:
    """A text in both languages; empty where nobody wrote it."""

    vi: str
    en: str

    def __str__(self) -> str:
        """Vietnamese first, English beside it."""
        return LANGUAGE_MARK.join(text for text in (self.vi, self.en) if text)


@dataclass(frozen=True)
class DescribedColumn:
    """A column as the project declares it.

    Attributes:
        data_type: As declared; empty for a column without a contract.
        is_required: Whether it is never null.
        is_unique: Whether no two rows agree in it.
        values: The only texts that it may hold; empty if it is not a list of codes.
    """

    name: str
    data_type: str
    words: Words
    is_required: bool = False
    is_unique: bool = False
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class DescribedTable:
    """A table or view as the project declares it.

    Attributes:
        key: Columns that no two rows agree in; empty if none is declared.
        columns: By name, in the order of the declaration.
        tells_changes: Whether its builds say beside it what they changed. What an earlier one said may still be there.
    """

    schema: str
    name: str
    words: Words
    key: tuple[str, ...] = ()
    columns: Mapping[str, DescribedColumn] = field(default_factory=dict)
    tells_changes: bool = False


def described_tables(manifest: Path) -> dict[tuple[str, str], DescribedTable]:
    """Every model, seed and source by schema and name. A source in a published schema is what publishing itself writes."""
    told = orjson.loads(manifest.read_bytes())
    built = [node for node in told["nodes"].values() if node["resource_type"] in ("model", "seed")]
    tests = _tests_by_node(told["nodes"].values())
    tables = [_table(node, tests[node["unique_id"]]) for node in (*built, *told.get("sources", {}).values())]
    return {(table.schema, table.name): table for table in tables}


def words_of(description: str) -> Words:
    """Both halves of `tiếng Việt | English`."""
    vi, _, en = " ".join(description.split()).partition(LANGUAGE_MARK)
    return Words(vi, en)


def _tests_by_node(nodes: Iterable[Mapping[str, Any]]) -> defaultdict[str, list[Mapping[str, Any]]]:
    """Tests that stop a build, of all rows: what only warns, or looks at some rows, may not hold in a published file."""
    found: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for node in nodes:
        if node["resource_type"] == "test" and node.get("test_metadata") and node.get("attached_node"):
            config = node["config"]
            if config["severity"].lower() == "error" and not config.get("where"):
                found[node["attached_node"]].append(node["test_metadata"])
    return found


def _table(node: Mapping[str, Any], tests: list[Mapping[str, Any]]) -> DescribedTable:
    keys = [tuple(one["columns"]) for one in node.get("constraints", []) if one["type"] == "primary_key"]
    keys += [(name,) for name, column in node["columns"].items() if "primary_key" in _constraints(column)]
    keys += [tuple(test["kwargs"]["columns"]) for test in tests if test["name"] == "unique_combination"]
    return DescribedTable(
        schema=node["schema"],
        name=node.get("alias") or node["identifier"],
        words=words_of(node["description"]),
        key=keys[0] if keys else (),
        columns={name: _column(column, tests) for name, column in node["columns"].items()},
        tells_changes="increment" in node.get("config", {}).get("meta", {}),
    )


def _column(column: Mapping[str, Any], tests: list[Mapping[str, Any]]) -> DescribedColumn:
    of_it = {test["name"]: test["kwargs"] for test in tests if test["kwargs"].get("column_name") == column["name"]}
    constraints = _constraints(column)
    values = of_it.get("accepted_values", {}).get("values", [])
    return DescribedColumn(
        name=column["name"],
        data_type=column.get("data_type") or "",
        words=words_of(column["description"]),
        is_required="not_null" in constraints | set(of_it),
        is_unique=bool({"unique", "primary_key"} & (constraints | set(of_it))),
        values=tuple(value for value in values if isinstance(value, str)),
    )


def _constraints(column: Mapping[str, Any]) -> set[str]:
    return {constraint["type"] for constraint in column.get("constraints") or []}
