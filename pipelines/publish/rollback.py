"""Lets readers have an earlier version again, at once. The next publish publishes anew.

The move is recorded beside the versions. What could be read since, the next publish writes into the history of the
indicators; a version's file itself is never changed.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipelines.calendar import now
from pipelines.errors import PermanentError
from pipelines.publish.files import make_lasting, partial_of, sha256_of
from pipelines.publish.pointers import give_name, move_pointers, pointers_turn, settle
from pipelines.publish.versions import Rollback, Version, current_version, read_versions, rollback_name
from pipelines.publish.views import check_views
from pipelines.settings import Settings

_MODE = 0o444


def rollback(settings: Settings, wanted: str, note: str | None = None) -> Rollback:
    """Moves every pointer to an earlier version.

    Args:
        settings: Where the published folder is.
        wanted: The version.
        note: Why; it stays in the record.

    Raises:
        PermanentError: There is no such version, readers have it, or its files are not what was published.
        TransientError: A publish is going on for longer than `lock_seconds`.
    """
    folder = settings.published_folder
    if not folder.is_dir():
        raise _unknown(wanted)
    with pointers_turn(settings):
        settle(folder)
        versions = {item.version: item for item in read_versions(folder)}
        current = current_version(folder)
        if wanted not in versions or current is None:
            raise _unknown(wanted)
        if wanted == current:
            raise PermanentError(
                f"Readers have version {wanted} already.", "", vi=f"Người đọc đang dùng chính bản {wanted}."
            )
        target = versions[wanted]
        _require_sound(folder, target, versions.get(current))
        record = Rollback(moved_at=now(), from_version=current, to_version=wanted, note=note)
        unnamed = partial_of(folder / rollback_name(record))
        unnamed.write_text(record.model_dump_json(indent=2), encoding="utf-8")
        make_lasting(unnamed, _MODE)
        move_pointers(folder, target.all_pointers)
        give_name(unnamed)
    return record


def _unknown(wanted: str) -> PermanentError:
    return PermanentError(
        f"No version {wanted} is in the published folder.",
        "khotinh versions shows those that are.",
        vi=f"Không có bản {wanted} trong thư mục công bố. Xem các bản bằng lệnh khotinh versions.",
    )


def _require_sound(folder: Path, target: Version, current: Version | None) -> None:
    """Makes sure that the version is still what was published, and has a file for every pointer that readers open."""
    if current and (lacking := sorted(current.all_pointers.keys() - target.all_pointers.keys())):
        raise PermanentError(
            f"Version {target.version} has nothing for the pointer {lacking[0]}: an earlier release published it.",
            "Choose a newer version, or publish anew.",
            vi=f"Bản {target.version} do phiên bản phần mềm cũ công bố, thiếu {lacking[0]}. Hãy chọn bản mới hơn.",
        )
    for published in target.files:
        file = folder / published.name
        if not file.is_file() or sha256_of(file) != published.sha256:
            raise _unsound(target, published.name)
    with _opened(folder / target.file_name, target) as connection:
        check_views(connection)
        for table, rows in target.table_rows.items():
            schema, name = table.split(".", 1)
            if connection.execute(f'SELECT count(*) FROM "{schema}"."{name}"').fetchall() != [(rows,)]:
                raise _unsound(target, target.file_name)


def _opened(file: Path, target: Version) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(str(file), read_only=True)
    except duckdb.Error as error:
        raise _unsound(target, file.name) from error


def _unsound(target: Version, name: str) -> PermanentError:
    return PermanentError(
        f"{name} of version {target.version} is not the file that was published.",
        "Readers keep what they have; choose another version, or restore the file from a backup.",
        vi=f"Tệp {name} của bản {target.version} không còn đúng như khi công bố; người đọc vẫn dùng bản đang có.",
    )
