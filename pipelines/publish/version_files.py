"""Writes all that a version is made of under hidden names: the roles' files, and the products made of them.

Whole, or as the last version's files with what changed since: a publish costs what changed, not the history.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path

from pipelines.in_memory import in_memory
from pipelines.publish.changes import Basis, Earlier, changed_since
from pipelines.publish.contents import Contents
from pipelines.publish.files import files_in, identity_of, make_lasting, partial_of, sha256_of
from pipelines.publish.meta import META_SCHEMA
from pipelines.publish.role_file import check_file, copy_of, require_same, write_file
from pipelines.publish.roles import ANALYSTS, ROLES, Product, Role
from pipelines.publish.tables import columns_in_build
from pipelines.publish.versions import PublishedFile, TableState, Version, newest_if_current
from pipelines.quoting import literal


def find_basis(contents: Contents, folder: Path, readable: Sequence[Version], version: Version) -> Basis | None:
    """The newest version, if the new one can be made from it by their difference.

    The first version of a month is written whole: it proves the differences of the month before it, and packs the files.
    So is the first after a rollback, which may have been away from a faulty file, or after a clock that was set back; and
    one with other tables or columns: what readers may no longer have must not lie in a free block of a copy.

    Args:
        contents: What the new version is made from.
        folder: Where versions are published.
        readable: Every version that can be read.
        version: The new one.
    """
    last = newest_if_current(folder, readable)
    if (
        last is None
        or (last.code_version, last.duckdb_version) != (version.code_version, version.duckdb_version)
        or f"{last.published_at:%Y%m}" != f"{version.published_at:%Y%m}"
        or last.published_at >= version.published_at
    ):
        return None
    with in_memory() as connection:
        connection.execute(f"ATTACH {literal(str(contents.build))} AS warehouse (READ_ONLY)")
        changed = changed_since(connection, last, contents.telling)
        shape = {
            table.full_name: columns_in_build(connection, table) for table in contents.tables(connection, ANALYSTS)
        }
    there = {name: state.columns for name, state in last.tables.items()}
    is_alike = shape == {name: there[name] for name in there if name in shape or not name.startswith(f"{META_SCHEMA}.")}
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
    """Writes and checks the file of each role side by side, and as soon as one is finished, what is made of it.

    Returns:
        What is in the analysts' file, and every file with its hash.

    Raises:
        PermanentError: A file is not what was written, or what another one says under the same name.
    """
    found: dict[str, dict[str, TableState]] = {}
    made: list[Future[list[PublishedFile]]] = []
    # To leave the block waits for all of them, whatever has failed.
    with ThreadPoolExecutor() as threads:
        writing = {
            threads.submit(_write_role, folder, contents, [*readable, version], role, basis): role for role in ROLES
        }
        for written in as_completed(writing):
            role = writing[written]
            found[role.name] = written.result()
            made.append(threads.submit(_bring_to_disk, folder, role.file_name(version.version), role.mode, basis))
            made += [
                threads.submit(_write_product, folder, contents, version, product, basis)
                for product in products
                if product.role is role
            ]
        require_same(found)
        files = sorted((file for one in made for file in one.result()), key=lambda file: file.name)
    return found[ANALYSTS.name], tuple(files)


def _write_role(
    folder: Path, contents: Contents, versions: list[Version], role: Role, basis: Basis | None
) -> dict[str, TableState]:
    """Writes and checks a role's file; tells what is in it."""
    file = partial_of(folder / role.file_name(versions[-1].version))
    is_copied = basis is not None and role.is_copied and _copy(folder, contents, basis, role, file)
    written = write_file(contents, role, file, versions, basis if is_copied else None)
    return check_file(contents, file, written)


def _copy(folder: Path, contents: Contents, basis: Basis, role: Role, target: Path) -> bool:
    """Lets a role's file be the basis's, if its bytes are those that its manifest binds and its tables those of the role."""
    name = role.file_name(basis.version.version)
    bound = {file.name: file for file in basis.version.files}
    if name not in bound or not copy_of(folder / name, bound[name], target):
        return False
    if _is_of_role(target, contents, role):
        return True
    target.unlink()
    return False


def _is_of_role(file: Path, contents: Contents, role: Role) -> bool:
    """Whether a file has the tables that the role may have now: one taken from it must not lie in a free block of a copy."""
    with in_memory() as connection:
        connection.execute(f"ATTACH {literal(str(contents.build))} AS warehouse (READ_ONLY)")
        connection.execute(f"ATTACH {literal(str(file))} AS published (READ_ONLY)")
        there = connection.execute(
            """
            SELECT schema_name || '.' || table_name FROM duckdb_tables()
            WHERE database_name = 'published'
            """
        ).fetchall()
        may_have = {table.full_name for table in contents.tables(connection, role)}
        return {name for (name,) in there if name in may_have or not name.startswith(f"{META_SCHEMA}.")} == may_have


def _write_product(
    folder: Path, contents: Contents, version: Version, product: Product, basis: Basis | None
) -> list[PublishedFile]:
    """Writes a folder that is made of a finished file."""
    place = product.folder_name(version.version)
    with in_memory() as connection:
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
            written_as=identity_of(file),
        )
        for file in files_in(written)
    ]


def _inode(file: Path) -> tuple[int, int]:
    told = file.stat()
    return told.st_dev, told.st_ino
