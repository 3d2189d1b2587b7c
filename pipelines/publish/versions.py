"""The manifests: what each published version is made of, bound by hashes. How one comes to be is not said here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from pipelines.publish.files import identity_of, name_of_partial, partial_of, sha256_of

# The commit point: a version is published from the moment at which this pointer leads to it.
POINTER: Final = "warehouse.duckdb"


# Larger than what readers of JSON take for a whole number.
_Large = Annotated[int, PlainSerializer(str)]


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class PublishedFile(_Fact):
    """A file of a version.

    Attributes:
        name: Below the published folder.
        file_bytes: Its size.
        written_as: By `identity_of`; empty of an earlier release.
    """

    name: str
    sha256: str
    file_bytes: int
    written_as: str = ""

    def is_still(self, file: Path) -> bool:
        """Whether a file is what was written: the very one, or another one with the same bytes.

        A disk that forgets is found out by whoever reads: DuckDB keeps a checksum with each block.
        """
        return file.is_file() and (identity_of(file) == self.written_as or sha256_of(file) == self.sha256)


class TableState(_Fact):
    """What a table of a version holds.

    Attributes:
        rows: How many.
        checksum: Sum of the hashes of its rows, so that a difference can be added to it. Comparable between versions
            of the same columns that the same DuckDB wrote.
        columns: Names and types, in order.
    """

    rows: int
    checksum: _Large
    columns: str


class FiguresMoved(_Fact):
    """How the figures of one indicator differ from those that could be read before.

    Attributes:
        new, moved, gone: How many came, have another value or other parts, or stand no more.
        greatest: By how much a value moved at most, in the indicator's own unit; None if no value did.
    """

    new: int
    moved: int
    gone: int
    greatest: Decimal | None = None


class Difference(_Fact):
    """What a version changed of the one that readers had before it.

    Attributes:
        before: That version; None for the first.
        tables: Rows before and now, of every table that differs; None where there is no such table.
        indicators: By code, of every indicator that differs.
        loads_came, loads_left: Loads that came into force since, or ceased to be.
    """

    before: str | None
    tables: Mapping[str, tuple[int | None, int | None]] = Field(default_factory=dict)
    indicators: Mapping[str, FiguresMoved] = Field(default_factory=dict)
    loads_came: tuple[str, ...] = ()
    loads_left: tuple[str, ...] = ()


class Version(_Fact):
    """One published version. What earlier releases did not write has a default.

    Attributes:
        version: Its name, which sorts by time.
        published_at: Local time.
        file_name: The file of the analysts.
        table_rows: Rows by `schema.table`.
        loads_accepted, loads_refused: Loads in the ledger at that moment.
        newest_load_id: The last load that went in.
        duckdb_version: Which DuckDB wrote it.
        made_from: The version whose files were copied and their changed rows replaced; None if all was written whole.
        pointers: Where each pointer leads in this version.
        files: All of them but the manifest.
        tables: By `schema.table`.
        keys: Columns that tell the rows of a table apart, where the build file knows them.
        loads: SHA-256 of the file behind each load in force.
        contract_versions: By dataset.
        verdicts: Loads by verdict.
        difference: From the version that readers had before.
        out_of_proportion: In what its difference was out of proportion.
        accepted_because: Why a person published it all the same.
    """

    version: str
    published_at: datetime
    file_name: str
    code_version: str
    loads_accepted: int
    loads_refused: int
    newest_load_id: str | None
    table_rows: dict[str, int]
    duckdb_version: str = ""
    made_from: str | None = None
    pointers: dict[str, str] = Field(default_factory=dict)
    files: tuple[PublishedFile, ...] = ()
    tables: dict[str, TableState] = Field(default_factory=dict)
    keys: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    loads: dict[str, str] = Field(default_factory=dict)
    contract_versions: dict[str, int] = Field(default_factory=dict)
    verdicts: dict[str, int] = Field(default_factory=dict)
    difference: Difference | None = None
    out_of_proportion: tuple[str, ...] = ()
    accepted_because: str | None = None

    @property
    def all_pointers(self) -> dict[str, str]:
        """Where each pointer leads; an earlier release had but one."""
        return self.pointers or {POINTER: self.file_name}


class Rollback(_Fact):
    """Readers were given an earlier version again.

    Attributes:
        moved_at: When, local time.
        from_version, to_version: What they had, and what they have since.
        note: Why.
    """

    moved_at: datetime
    from_version: str
    to_version: str
    note: str | None = None


def rollback_name(record: Rollback) -> str:
    """Name of the record in the published folder."""
    return f"rollback-{record.moved_at:%Y%m%dT%H%M%S%f}.json"


def read_rollbacks(folder: Path) -> list[Rollback]:
    """Every rollback that came to its end, oldest first."""
    return [read_rollback(file) for file in sorted(folder.glob("rollback-*.json"))]


def read_rollback(file: Path) -> Rollback:
    """One record."""
    return Rollback.model_validate_json(file.read_bytes())


def manifest_name(version: str) -> str:
    """Name of the version's manifest in the published folder."""
    return f"manifest-{version}.json"


def version_of_manifest(manifest: Path) -> str:
    """The version that a manifest, named or not yet, belongs to."""
    return name_of_partial(manifest).removeprefix("manifest-").removesuffix(".json")


def current_version(folder: Path) -> str | None:
    """Name of the version that readers have, None before the first publish."""
    pointer = folder / POINTER
    return pointer.resolve().stem.removeprefix("warehouse-") if pointer.exists() else None


def unnamed_manifest(folder: Path) -> Path | None:
    """The manifest of the pointer's version, if the publish ended between the pointer and the manifest's name."""
    partial = partial_of(folder / manifest_name(current_version(folder) or ""))
    return partial if partial.exists() else None


def read_versions(folder: Path) -> list[Version]:
    """Every version that the pointer has led to and that is still in the folder, oldest first."""
    found = sorted(folder.glob(manifest_name("*")), key=lambda file: file.name)
    unnamed = unnamed_manifest(folder)
    return [read_manifest(file) for file in [*found, *([unnamed] if unnamed else [])]]


def newest_if_current(folder: Path, readable: Sequence[Version]) -> Version | None:
    """The newest version, if it is the one that readers have; after a rollback or a clock that was set back it is not."""
    newest = max(readable, key=lambda item: item.published_at, default=None)
    return newest if newest and newest.version == current_version(folder) else None


def read_manifest(file: Path) -> Version:
    """One version, as this or an earlier release wrote it."""
    return Version.model_validate_json(file.read_bytes())
