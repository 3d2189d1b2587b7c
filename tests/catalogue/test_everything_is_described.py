"""Every column that is published is described in Vietnamese and in English; whoever adds a column writes both."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import duckdb
import orjson
import pytest

from pipelines.build import manifest_file
from pipelines.described_tables import DescribedTable, described_tables
from pipelines.load.warehouse import open_warehouse, prepare
from pipelines.open_data.open_files import OPEN_TABLES
from pipelines.publish.dictionary import dictionary_rows
from pipelines.publish.meta import META, META_MODELS
from pipelines.settings import DBT_PROJECT, Settings

PUBLISHED = frozenset({"marts", "core", "meta", "open"})
WRITTEN_BY_PUBLISHING = {"dictionary", "versions"}
Tables = Mapping[tuple[str, str], DescribedTable]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(_env_file=None, home=tmp_path_factory.mktemp("described"), lock_seconds=30)  # type: ignore[call-arg]


@pytest.fixture(scope="module")
def manifest(home: Settings) -> Path:
    return manifest_file(home)


@pytest.fixture(scope="module")
def tables(manifest: Path) -> Tables:
    return {key: table for key, table in described_tables(manifest).items() if table.schema in PUBLISHED}


def _undescribed(tables: Tables) -> list[str]:
    told = [(f"{table.schema}.{table.name}", table.words) for table in tables.values()]
    told += [
        (f"{table.schema}.{table.name}.{column.name}", column.words)
        for table in tables.values()
        for column in table.columns.values()
    ]
    return [name for name, words in told if not words.vi or not words.en or words.vi == words.en]


def test_every_published_table_and_column_is_described_in_both_languages(tables: Tables) -> None:
    assert _undescribed(tables) == []
    assert {table.schema for table in tables.values()} == PUBLISHED
    assert all(table.columns for table in tables.values())


def test_a_column_in_one_language_is_noticed(manifest: Path, tmp_path: Path) -> None:
    told = orjson.loads(manifest.read_bytes())
    told["nodes"]["model.khotinh.indicator_daily"]["columns"]["value"]["description"] = "Giá trị."
    told["sources"]["source.khotinh.meta.loads"]["columns"]["verdict"]["description"] = ""
    (tmp_path / "manifest.json").write_bytes(orjson.dumps(told))
    broken = {key: table for key, table in described_tables(tmp_path / "manifest.json").items() if key[0] in PUBLISHED}
    assert sorted(_undescribed(broken)) == ["marts.indicator_daily.value", "meta.loads.verdict"]


def test_the_dictionary_tells_the_same(manifest: Path, tables: Tables) -> None:
    rows = {row[:3]: row[4:] for row in dictionary_rows(described_tables(manifest).values(), PUBLISHED)}
    assert rows == {
        (table.schema, table.name, column.name): (column.words.vi, column.words.en)
        for table in tables.values()
        for column in table.columns.values()
    }


def test_dbt_compares_the_columns_of_every_published_model(manifest: Path) -> None:
    """So that a column that is not declared, and so not described, stops the build."""
    nodes = orjson.loads(manifest.read_bytes())["nodes"].values()
    models = [node for node in nodes if node["resource_type"] == "model" and node["schema"] in PUBLISHED]
    assert len(models) > 40
    assert [node["name"] for node in models if not node["contract"]["enforced"]] == []


def test_the_tables_of_meta_are_described_column_by_column(home: Settings, tables: Tables) -> None:
    declared = {name: list(table.columns) for (schema, name), table in tables.items() if schema == "meta"}
    found = _columns_of_meta(home)
    assert {name: columns for name, columns in declared.items() if name not in WRITTEN_BY_PUBLISHING} == found
    assert set(declared) >= WRITTEN_BY_PUBLISHING


def test_what_is_open_is_described_column_by_column(tables: Tables) -> None:
    for table in OPEN_TABLES:
        described = tables[table.source]
        assert set(table.columns) <= set(described.columns), table.name
        assert described.key
        assert set(described.key) <= set(table.columns)


def _columns_of_meta(home: Settings) -> dict[str, list[str]]:
    """The columns that publishing's queries give, on a warehouse without a row."""
    with open_warehouse(home) as connection:
        prepare(connection, ())
    declared = described_tables(home.dbt_target_folder / "manifest.json")
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"ATTACH '{home.warehouse_file}' AS warehouse")
        for schema in ("reference", "staging"):
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS warehouse.{schema}")
        for seed in ("indicators", "qd766_parts", "saving_assumptions", "reconciliation_reasons"):
            with (DBT_PROJECT / "seeds" / f"{seed}.csv").open(encoding="utf-8") as lines:
                _create(connection, "reference", seed, next(csv.reader(lines)))
        for schema, model in (("staging", "stg_loads_in_force"), ("staging", "indicator_datasets"),
                              ("staging", "expected_periods"), ("ops", "completeness"), ("ops", "freshness")):  # fmt: skip
            _create(connection, schema, model, list(declared[schema, model].columns))
        return {
            table: [row[0] for row in connection.execute(f"DESCRIBE {query}").fetchall()]
            for table, query in {
                **META,
                **{name: f"FROM warehouse.{'.'.join(source)}" for source, name in META_MODELS.items()},
            }.items()
        }


def _create(connection: duckdb.DuckDBPyConnection, schema: str, table: str, columns: list[str]) -> None:
    connection.execute(
        f"CREATE OR REPLACE TABLE warehouse.{schema}.{table} ({', '.join(f'{column} VARCHAR' for column in columns)})"
    )
