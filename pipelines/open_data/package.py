"""The Frictionless data package: `datapackage.json` says what the files beside it are, so that a tool can prove it.

The standard's first version: the `frictionless` tool checks it whole, and version 2 has no way to say "a file".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from pipelines.described_tables import DescribedColumn, DescribedTable, Words
from pipelines.errors import PermanentError
from pipelines.open_data.tables import WrittenFile, WrittenTable
from pipelines.published_version import PublishedVersion

FILE_NAME = "datapackage.json"
PARQUET_MEDIA_TYPE = "application/vnd.apache.parquet"
_FIELD_TYPES = {
    "VARCHAR": "string", "BOOLEAN": "boolean", "DATE": "date", "TIMESTAMP": "datetime", "TIME": "time",
    "BIGINT": "integer", "INTEGER": "integer", "SMALLINT": "integer", "HUGEINT": "integer", "DECIMAL": "number",
}  # fmt: skip
_FORMATS = {"datetime": "%Y-%m-%dT%H:%M:%S.%f"}


@dataclass(frozen=True)
class Licence:
    """Under which terms files are given away.

    Attributes:
        code: Of the Open Definition's list, such as `CC-BY-4.0`.
        address: Where the terms stand; empty if nowhere.
    """

    code: str
    words: Words
    address: str = ""


@dataclass(frozen=True)
class ForeignKey:
    """A column whose every value stands in another table's column of the same name."""

    column: str
    table: str


@dataclass(frozen=True)
class Resource:
    """A table of the package.

    Attributes:
        title: What it is called; empty for a table that has only a description.
        described: What is declared of its columns and key.
    """

    written: WrittenTable
    described: DescribedTable
    title: str = ""
    foreign_keys: tuple[ForeignKey, ...] = ()


@dataclass(frozen=True)
class Package:
    """What is said of all files together; `name` is lower case and stays the same from version to version."""

    name: str
    title: Words
    description: Words
    licence: Licence
    publisher: str
    version: PublishedVersion


def write_package(folder: Path, package: Package, resources: Sequence[Resource]) -> None:
    """Writes `datapackage.json` beside the files.

    Raises:
        PermanentError: A column has a type that no CSV can tell.
    """
    licence = {"name": package.licence.code, "title": str(package.licence.words), "path": package.licence.address}
    told = {
        "profile": "data-package",
        "name": package.name,
        "title": str(package.title),
        "description": str(package.description),
        "version": package.version.name,
        "created": f"{package.version.published_at.isoformat()}+07:00",
        "licenses": [_without_empty(licence)],
        "contributors": [{"title": package.publisher, "role": "publisher"}],
        "resources": [told for resource in resources for told in (_csv(resource), _parquet(resource))],
    }
    (folder / FILE_NAME).write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2))


def files_of_package(folder: Path) -> dict[str, WrittenFile]:
    """What the package that lies in a folder says of its files, by name."""
    told = orjson.loads((folder / FILE_NAME).read_bytes())
    return {
        one["path"]: WrittenFile(one["path"], one["bytes"], one["hash"].removeprefix("sha256:"))
        for one in told["resources"]
    }


def _csv(resource: Resource) -> dict[str, object]:
    written = resource.written
    return _without_empty(
        {
            "profile": "tabular-data-resource",
            "name": _resource_name(written.name),
            "path": written.csv.name,
            "title": resource.title,
            "description": str(resource.described.words),
            "format": "csv",
            "mediatype": "text/csv",
            "encoding": "utf-8",
            "bytes": written.csv.bytes,
            "hash": f"sha256:{written.csv.sha256}",
            "schema": _schema(resource),
        }
    )


def _parquet(resource: Resource) -> dict[str, object]:
    """As a file: parquet brings its own schema, and the tool compares its bytes."""
    written = resource.written
    return _without_empty(
        {
            "profile": "data-resource",
            "type": "file",
            "name": f"{_resource_name(written.name)}-parquet",
            "path": written.parquet.name,
            "title": resource.title,
            "description": str(resource.described.words),
            "format": "parquet",
            "mediatype": PARQUET_MEDIA_TYPE,
            "bytes": written.parquet.bytes,
            "hash": f"sha256:{written.parquet.sha256}",
        }
    )


def _schema(resource: Resource) -> dict[str, object]:
    described = resource.described
    fields = [_field(name, kind, described.columns.get(name)) for name, kind in resource.written.columns]
    foreign = [
        {"fields": [key.column], "reference": {"resource": _resource_name(key.table), "fields": [key.column]}}
        for key in resource.foreign_keys
    ]
    keys = {"primaryKey": list(described.key), "foreignKeys": foreign}
    return {"fields": fields, "missingValues": [""], **_without_empty(keys)}


def _field(name: str, kind: str, declared: DescribedColumn | None) -> dict[str, object]:
    base = kind.partition("(")[0]
    if kind.endswith("[]") or base not in _FIELD_TYPES:
        raise PermanentError(
            f"Column {name} is a {kind}, which no CSV can tell.", "Cast it in the model, or leave the table out."
        )
    told: dict[str, object] = {"name": name, "type": _FIELD_TYPES[base], "format": _FORMATS.get(_FIELD_TYPES[base], "")}
    if declared is not None:
        limits = {"required": declared.is_required, "unique": declared.is_unique, "enum": list(declared.values)}
        told |= {"title": declared.words.vi, "description": str(declared.words), "constraints": _without_empty(limits)}
    return _without_empty(told)


def _resource_name(table: str) -> str:
    return table.replace("_", "-")


def _without_empty(told: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in told.items() if value}
