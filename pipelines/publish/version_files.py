"""Writes all that a version is made of under hidden names: the roles' files, and the products made of them.

Whole, or as the last version's files with what changed since: a publish costs what changed, not the history.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import duckdb

from pipelines.publish.changes import Basis, Earlier, changed_since
from pipelines.publish.contents import Contents
from pipelines.publish.files import files_in, make_lasting, partial_of, sha256_of
from pipelines.publish.role_file import check_file, copy_of, write_file
from pipelines.publish.roles import ANALYSTS, ROLES, Product, Role
from pipelines.publish.tables import columns_in_build
from pipelines.publish.versions import PublishedFile, TableState, Version
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


def write_version(
    folder: Path,
    contents: Contents,
    version: Version,
    readable: list[Version],
    products: Sequence[Product],
    basis: Basis | None,
) -> tuple[dict[str, TableState], tuple[PublishedFile, ...]]:
    """Writes and checks the file of each role, and the folders that are made of the finished files.

    What is made of a file is made while the next one is written; so are hashes, and so is all brought to the disk.

    Returns:
        What is in the analysts' file, and every file with its hash.
    """
    tables: dict[str, TableState] = {}
    known: dict[str, TableState] = {}
    files: list[Future[list[PublishedFile]]] = []
    folders: list[Future[list[PublishedFile]]] = []
    # To leave the block waits for all of them, whatever has failed.
    with ThreadPoolExecutor() as threads:
        copies = {role: threads.submit(_copy, folder, basis, role, version) for role in ROLES}
        for role in ROLES:
            place = role.file_name(version.version)
            is_copied = copies[role].result()
            written = write_file(
                contents, role, partial_of(folder / place), [*readable, version], known, basis if is_copied else None
            )
            found = check_file(contents, partial_of(folder / place), written, known)
            if role is ANALYSTS:
                tables = found
            # The others are held against what this one has, of `meta` too.
            known = found | known
            files.append(threads.submit(_bring_to_disk, folder, place, role.mode, basis))
            folders += [
                threads.submit(_write_product, folder, contents, version, product, basis)
                for product in products
                if product.role is role
            ]
        return tables, tuple(file for one in (*files, *folders) for file in one.result())


def _copy(folder: Path, basis: Basis | None, role: Role, version: Version) -> bool:
    """Lets a role's file be the basis's, if that one's bytes are those that its manifest binds."""
    if basis is None or not role.is_copied:
        return False
    name = role.file_name(basis.version.version)
    bound = {file.name: file.sha256 for file in basis.version.files}
    return copy_of(folder / name, bound.get(name), partial_of(folder / role.file_name(version.version)))


def _write_product(
    folder: Path, contents: Contents, version: Version, product: Product, basis: Basis | None
) -> list[PublishedFile]:
    """Writes a folder that is made of a finished file."""
    place = product.folder_name(version.version)
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"ATTACH {literal(str(contents.build))} AS warehouse (READ_ONLY)")
        earlier = None
        if basis and (before := folder / product.folder_name(basis.version.version)).is_dir():
            earlier = Earlier(before, basis, connection)
        product.write(partial_of(folder / product.role.file_name(version.version)), partial_of(folder / place), earlier)
    return _bring_to_disk(folder, place, product.mode, basis)


def _bring_to_disk(folder: Path, place: str, mode: int, basis: Basis | None) -> list[PublishedFile]:
    """Makes a new file, or a folder of them, lasting; tells their hashes, or those of the basis's that they are links to."""
    hashed = {}
    for earlier in basis.version.files if basis else ():
        if (file := folder / earlier.name).exists():
            hashed[_inode(file)] = earlier.sha256
    written = partial_of(folder / place)
    make_lasting(written, mode)
    return [
        PublishedFile(
            name=place if file == written else f"{place}/{file.relative_to(written).as_posix()}",
            sha256=hashed.get(_inode(file)) or sha256_of(file),
            file_bytes=file.stat().st_size,
        )
        for file in files_in(written)
    ]


def _inode(file: Path) -> tuple[int, int]:
    told = file.stat()
    return told.st_dev, told.st_ino
