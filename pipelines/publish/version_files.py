"""Writes all that a version is made of under hidden names: the roles' files, and the products made of them.

Whole, or as the last version's files with what changed since: a publish costs what changed, not the history.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from pipelines.publish.changes import Basis, Earlier, changed_since
from pipelines.publish.contents import Contents
from pipelines.publish.files import make_lasting, partial_of
from pipelines.publish.role_file import check_file, copy_of, write_file
from pipelines.publish.roles import ANALYSTS, ROLES, Product
from pipelines.publish.tables import columns_in_build
from pipelines.publish.versions import TableState, Version
from pipelines.quoting import literal


def find_basis(contents: Contents, folder: Path, readable: Sequence[Version], version: Version) -> Basis | None:
    """The newest version, if the new one can be made from it by their difference.

    The first version of a month is written whole: it proves the differences of the month before it, and packs the files.
    So is one with other tables or columns: what readers may no longer have must not lie in a free block of a copy.

    Args:
        contents: What the new version is made from.
        folder: Where versions are published.
        readable: Every version that can be read.
        version: The new one.
    """
    last = max(readable, key=lambda item: item.published_at, default=None)
    if (
        last is None
        or (last.code_version, last.duckdb_version) != (version.code_version, version.duckdb_version)
        or f"{last.published_at:%Y%m}" != f"{version.published_at:%Y%m}"
        or last.published_at >= version.published_at
    ):
        return None
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"ATTACH {literal(str(contents.build))} AS warehouse (READ_ONLY)")
        changed = changed_since(connection, last)
        shape = {
            table.full_name: columns_in_build(connection, table) for table in contents.tables(connection, ANALYSTS)
        }
    is_alike = shape == {name: state.columns for name, state in last.tables.items() if not name.startswith("meta.")}
    is_there = all((folder / role.file_name(last.version)).exists() for role in ROLES)
    return Basis(last, changed) if changed and is_alike and is_there else None


def write_files(
    folder: Path, contents: Contents, version: Version, readable: list[Version], basis: Basis | None
) -> dict[str, TableState]:
    """Writes and checks the file of each role; returns what is in the analysts'."""
    tables: dict[str, TableState] = {}
    known: dict[str, TableState] = {}
    for role in ROLES:
        file = partial_of(folder / role.file_name(version.version))
        copied = (
            basis
            if basis and role.is_copied and _copy(folder, basis, role.file_name(basis.version.version), file)
            else None
        )
        written = write_file(contents, role, file, [*readable, version], known, copied)
        found = check_file(contents, file, written, known)
        if role is ANALYSTS:
            tables = found
        # The others are held against what this one has, of `meta` too.
        known = found | known
        make_lasting(file, role.mode)
    return tables


def write_products(
    folder: Path, contents: Contents, version: Version, products: Sequence[Product], basis: Basis | None
) -> None:
    """Writes the folders that are made of the finished files."""
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"ATTACH {literal(str(contents.build))} AS warehouse (READ_ONLY)")
        for product in products:
            place = partial_of(folder / product.folder_name(version.version))
            earlier = None
            if basis and (before := folder / product.folder_name(basis.version.version)).is_dir():
                earlier = Earlier(before, basis, connection)
            product.write(partial_of(folder / product.role.file_name(version.version)), place, earlier)
            make_lasting(place, product.mode)


def _copy(folder: Path, basis: Basis, name: str, target: Path) -> bool:
    bound = {file.name: file.sha256 for file in basis.version.files}
    return name in bound and copy_of(folder / name, bound[name], target)
