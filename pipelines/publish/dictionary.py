"""The data dictionary: every published column with its type and its meaning in both languages, from dbt's manifest."""

from __future__ import annotations

from pathlib import Path

from pipelines.described_tables import described_tables

DICTIONARY_COLUMNS = "schema_name, table_name, column_name, data_type, description_vi, description_en"


def dictionary_rows(manifest: Path, schemas: frozenset[str]) -> list[tuple[str, str, str, str, str, str]]:
    """Rows of `meta.dictionary`, one a column, in DICTIONARY_COLUMNS' order."""
    return sorted(
        (table.schema, table.name, column.name, column.data_type, column.words.vi, column.words.en)
        for table in described_tables(manifest).values()
        if table.schema in schemas
        for column in table.columns.values()
    )


def modelled_tables(manifest: Path) -> frozenset[tuple[str, str]]:
    """Schema and name of every table that the project builds now, or that the pipeline writes beside them."""
    return frozenset(described_tables(manifest))
