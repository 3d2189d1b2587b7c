"""The data dictionary: every published column with its type and its meaning in both languages, from dbt's manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

LANGUAGE_MARK = " | "
DICTIONARY_COLUMNS = "schema_name, table_name, column_name, data_type, description_vi, description_en"


def dictionary_rows(manifest: Path, schemas: frozenset[str]) -> list[tuple[str, str, str, str, str, str]]:
    """Rows of `meta.dictionary`, one a column, in DICTIONARY_COLUMNS' order."""
    nodes: dict[str, Any] = orjson.loads(manifest.read_bytes())["nodes"]
    rows = []
    for node in nodes.values():
        if node["resource_type"] not in ("model", "seed") or node["schema"] not in schemas:
            continue
        for column in node["columns"].values():
            vi, en = split_languages(column["description"])
            rows.append((node["schema"], node["alias"], column["name"], column.get("data_type") or "", vi, en))
    return sorted(rows)


def modelled_tables(manifest: Path) -> frozenset[tuple[str, str]]:
    """Schema and name of every table that the project builds now."""
    nodes: dict[str, Any] = orjson.loads(manifest.read_bytes())["nodes"]
    built = [node for node in nodes.values() if node["resource_type"] in ("model", "seed")]
    return frozenset((node["schema"], node["alias"]) for node in built)


def split_languages(description: str) -> tuple[str, str]:
    """The Vietnamese and the English half of `tiếng Việt | English`."""
    vi, _, en = " ".join(description.split()).partition(LANGUAGE_MARK)
    return vi, en
