"""The data dictionary: every published column with its type and its meaning in both languages, from dbt's manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

LANGUAGE_MARK = " | "
DICTIONARY_COLUMNS = "schema_name, table_name, column_name, data_type, description_vi, description_en"


def dictionary_rows(manifest: Path, schemas: frozenset[str]) -> list[tuple[str, str, str, str, str, str]]:
    """Rows of `meta.dictionary`, one a column, in DICTIONARY_COLUMNS' order."""
    rows = []
    for node in _described(manifest):
        if node["schema"] not in schemas:
            continue
        for column in node["columns"].values():
            vi, en = split_languages(column["description"])
            rows.append((node["schema"], _name(node), column["name"], column.get("data_type") or "", vi, en))
    return sorted(rows)


def modelled_tables(manifest: Path) -> frozenset[tuple[str, str]]:
    """Schema and name of every table that the project builds now, or that the pipeline writes beside them."""
    return frozenset((node["schema"], _name(node)) for node in _described(manifest))


def _described(manifest: Path) -> list[dict[str, Any]]:
    """Models and seeds, and the sources: a source in a published schema is a table that publishing itself writes."""
    described: dict[str, dict[str, dict[str, Any]]] = orjson.loads(manifest.read_bytes())
    built = [node for node in described["nodes"].values() if node["resource_type"] in ("model", "seed")]
    return [*built, *described.get("sources", {}).values()]


def _name(node: dict[str, Any]) -> str:
    return str(node.get("alias") or node["identifier"])


def split_languages(description: str) -> tuple[str, str]:
    """The Vietnamese and the English half of `tiếng Việt | English`."""
    vi, _, en = " ".join(description.split()).partition(LANGUAGE_MARK)
    return vi, en
