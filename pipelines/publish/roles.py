"""Who reads what: a file for each kind of reader, and what else is made of a version beside the files.

A role's permissions are those of its file. A product is made by a pure function of a finished file; which ones there are
says `products`, what is in them where they are made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipelines.open_data.open_files import OPEN_TABLES
from pipelines.publish.changes import Earlier

_EVERYBODY = 0o444
_GROUP = 0o440
# Views of the marts read the crosswalk. Units are here with all that they were called (valid_from, valid_to). Endpoints
# are not: their addresses are the network's.
_NAMES = frozenset(
    ("core", table) for table in ("dim_date", "dim_indicator", "dim_procedure", "dim_unit", "unit_crosswalk")
)


@dataclass(frozen=True)
class Role:
    """A file of a version.

    Attributes:
        name: Begins the file's name; its pointer is `<name>.duckdb`.
        schemas: What it holds of the build file, beside `meta`.
        names: Tables of other schemas that it holds too: those that name what the figures are about.
        meta: Which tables of `meta` it holds; None for all of them.
        alias: Another pointer to the same file.
        is_copied: Whether a new version's file may be the last one's with its changed rows replaced. What lies in a file's
            free blocks is no secret from whoever had the file before; from everybody else it may be.
        mode: Its permissions. Who is in the group says the folder: `chgrp analysts published; chmod g+s published`.
    """

    name: str
    schemas: tuple[str, ...]
    mode: int
    names: frozenset[tuple[str, str]] = frozenset()
    meta: frozenset[str] | None = None
    alias: str | None = None
    is_copied: bool = True

    def holds(self, schema: str, table: str) -> bool:
        """Whether a table is in this file."""
        if schema == "meta":
            return self.meta is None or table in self.meta
        return schema in self.schemas or (schema, table) in self.names

    @property
    def pointer(self) -> str:
        """The symlink that readers open."""
        return f"{self.name}.duckdb"

    @property
    def pointers(self) -> tuple[str, ...]:
        """All symlinks that lead to it."""
        return (self.pointer, self.alias) if self.alias else (self.pointer,)

    def file_name(self, version: str) -> str:
        """The file of one version."""
        return f"{self.name}-{version}.duckdb"


@dataclass(frozen=True)
class Product:
    """A folder of a version, made of the file of a role.

    Attributes:
        name: Its pointer; the folder is `<name>-<version>`.
        role: Of whose file it is made.
        write: Reads the file that it is given and writes below the folder that it is given, which is not there yet. What
            did not change it may link from the folder of an earlier version.
        mode: Permissions of the files in it.
    """

    name: str
    role: Role
    write: Callable[[Path, Path, Earlier | None], object]
    mode: int = _EVERYBODY

    def folder_name(self, version: str) -> str:
        """The folder of one version."""
        return f"{self.name}-{version}"


# Records, without pseudonyms, are for the analysts; counts are for whoever may enter the folder.
ANALYSTS: Final = Role("warehouse", ("core", "marts"), _GROUP)
# DuckDB calls an opened file by its name, and before 1.5 could not tell `marts.indicator_daily` in `marts.duckdb`: who has
# an older one opens the same file as `figures.duckdb`.
LEADERS: Final = Role("figures", ("marts",), _EVERYBODY, _NAMES, alias="marts.duckdb")
PUBLIC: Final = Role(
    "public",
    (),
    _EVERYBODY,
    frozenset(table.source for table in OPEN_TABLES),
    meta=frozenset({"dictionary", "versions"}),
    is_copied=False,
)
ROLES: Final = (ANALYSTS, LEADERS, PUBLIC)
