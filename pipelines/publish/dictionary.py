"""The data dictionary: every published column with its type and its meaning in both languages, from dbt's manifest."""

from __future__ import annotations

from collections.abc import Iterable

from pipelines.described_tables import DescribedTable

DICTIONARY_COLUMNS = "schema_name, table_name, column_name, data_type, description_vi, description_en"


def dictionary_rows(
    described: Iterable[DescribedTable], schemas: frozenset[str]
) -> list[tuple[str, str, str, str, str, str]]:
    """Rows of `meta.dictionary`, one a column of these schemas, in DICTIONARY_COLUMNS' order."""
    return sorted(
        (table.schema, table.name, column.name, column.data_type, column.words.vi, column.words.en)
        for table in described
        if table.schema in schemas
        for column in table.columns.values()
    )
