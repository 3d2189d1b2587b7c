"""Publishes one version: written, checked and hashed under hidden names, bound by its manifest, then pointed to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from importlib.metadata import version as package_version
from pathlib import Path

import duckdb

from pipelines.calendar import now
from pipelines.errors import PermanentError
from pipelines.load.ledger import ledger_state
from pipelines.load.warehouse import open_in_turn, writer_turn
from pipelines.publish.changes import changed_since, note_changes
from pipelines.publish.contents import Contents
from pipelines.publish.files import make_lasting, partial_of, sync
from pipelines.publish.indicator_history import (
    append_return_to,
    append_to_history,
    figures_moved,
    take_back_unreadable,
)
from pipelines.publish.ledger import ledger_facts
from pipelines.publish.pointers import give_name, move_pointers, pointers_turn, settle
from pipelines.publish.proportion import OutOfProportionError, out_of_proportion
from pipelines.publish.retention import remove_old_versions
from pipelines.publish.roles import ANALYSTS, ROLES, Product
from pipelines.publish.version_files import find_basis, write_version
from pipelines.publish.versions import (
    POINTER,
    Difference,
    FiguresMoved,
    TableState,
    Version,
    current_version,
    manifest_name,
    newest_if_current,
    read_rollbacks,
    read_versions,
)
from pipelines.settings import Settings

__all__ = ["POINTER", "Version", "current_version", "publish", "read_versions"]
_MANIFEST_MODE = 0o444


def publish(
    settings: Settings,
    manifest: Path,
    hidden_columns: Iterable[str],
    built_from: str | None = None,
    products: Sequence[Product] = (),
    accepted_because: str | None = None,
) -> Version:
    """Publishes what the warehouse holds now.

    Args:
        settings: Where the warehouse and the published folder are.
        manifest: dbt's manifest, for the dictionary.
        hidden_columns: Pseudonyms; they are personal data still and stay in the warehouse.
        built_from: State of the ledger that the marts were built from and judged by; another run may have loaded
            meanwhile. None for whoever knows that nobody did.
        products: What is made of the files, and published with them.
        accepted_because: Why a person wants it published whatever its proportion; None without a person.

    Raises:
        OutOfProportionError: Too much of what readers have would change; no pointer has moved.
        PermanentError: The ledger is in another state by now, or a new file is not what was written; no pointer has
            moved.
    """
    folder = settings.published_folder
    folder.mkdir(parents=True, exist_ok=True)
    contents = Contents(settings.warehouse_file, manifest, frozenset(hidden_columns))
    with writer_turn(settings), pointers_turn(settings):
        settle(folder)
        if built_from is not None:
            _require_state(settings.warehouse_file, built_from)
        readable = read_versions(folder)
        before = _before(folder, readable)
        published_at = now()
        name = f"{published_at:%Y%m%dT%H%M%S%f}"
        with open_in_turn(settings) as connection:
            moved = _append_to_history(connection, folder, name, published_at, readable, contents.telling)
            reasons = out_of_proportion(connection, before)
            if reasons and accepted_because is None:
                # It may wait for days, and models read the history.
                take_back_unreadable(connection, [item.version for item in readable])
                raise OutOfProportionError(reasons)
            note_changes(connection, name, [item.version for item in readable])
        version = Version(
            version=name,
            published_at=published_at,
            file_name=ANALYSTS.file_name(name),
            code_version=package_version("khotinh"),
            duckdb_version=duckdb.__version__,
            table_rows={},
            accepted_because=accepted_because if reasons else None,
            out_of_proportion=tuple(reason.en for reason in reasons),
            **ledger_facts(contents.build),
        )
        basis = find_basis(contents, folder, readable, version)
        tables, files = write_version(folder, contents, version, readable, products, basis)
        version = version.model_copy(
            update={
                "made_from": basis.version.version if basis else None,
                "tables": tables,
                "keys": contents.keys(ANALYSTS),
                "files": files,
                "table_rows": {table: state.rows for table, state in tables.items()},
                "difference": _difference(before, version, tables, moved),
            }
        )
        version = _finish(folder, version, products)
        remove_old_versions(folder, published_at)
        return version


def _append_to_history(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    name: str,
    published_at: datetime,
    readable: list[Version],
    telling: Collection[tuple[str, str]],
) -> dict[str, FiguresMoved]:
    """Tells the history what readers had since the last publish, and what they will have; says what that changes.

    A version that was rolled back to and whose file somebody removed since cannot be told any more.
    """
    names = [item.version for item in readable]
    last = newest_if_current(folder, readable)
    changed_rows = changed_since(connection, last, telling) if last else None
    newest_at = max((item.published_at for item in readable), default=published_at)
    for record in read_rollbacks(folder):
        file = folder / ANALYSTS.file_name(record.to_version)
        if record.moved_at > newest_at:
            changed_rows = None
            if file.exists():
                append_return_to(connection, record.to_version, file, record.moved_at, names)
    append_to_history(connection, name, published_at, names, changed_rows)
    return figures_moved(connection)


def _require_state(warehouse: Path, built_from: str) -> None:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        if ledger_state(connection) != built_from:
            raise PermanentError(
                "Another run loaded, or a month was closed, after the marts were built; readers keep the version before.",
                "Run khotinh run, or the job build_and_publish.",
            )


def _before(folder: Path, readable: list[Version]) -> Version | None:
    """The version that readers have: after a rollback not the newest."""
    current = current_version(folder)
    return next((item for item in readable if item.version == current), None)


def _difference(
    before: Version | None, version: Version, tables: dict[str, TableState], moved: dict[str, FiguresMoved]
) -> Difference:
    if before is None:
        return Difference(before=None, indicators=moved, loads_came=tuple(sorted(version.loads)))
    return Difference(
        before=before.version,
        tables={
            table: (before.table_rows.get(table), tables[table].rows if table in tables else None)
            for table in sorted(tables.keys() | before.table_rows.keys())
            if tables.get(table) != before.tables.get(table)
        },
        indicators=moved,
        # A manifest of an earlier release says nothing of loads.
        loads_came=tuple(sorted(version.loads.keys() - before.loads.keys())) if before.files else (),
        loads_left=tuple(sorted(before.loads.keys() - version.loads.keys())) if before.files else (),
    )


def _finish(folder: Path, version: Version, products: Sequence[Product]) -> Version:
    """Binds the files by the manifest, gives them their names and moves the pointers."""
    pointers = {pointer: role.file_name(version.version) for role in ROLES for pointer in role.pointers}
    pointers |= {product.name: product.folder_name(version.version) for product in products}
    places = tuple(dict.fromkeys(pointers.values()))
    version = version.model_copy(update={"pointers": pointers})
    unnamed = partial_of(folder / manifest_name(version.version))
    unnamed.write_text(version.model_dump_json(indent=2), encoding="utf-8")
    make_lasting(unnamed, _MANIFEST_MODE)
    sync(folder)
    for place in places:
        partial_of(folder / place).rename(folder / place)
    sync(folder)
    # A version without a manifest could not be read: what the history tells of it is taken back by the next publish.
    move_pointers(folder, pointers)
    give_name(unnamed)
    return version
