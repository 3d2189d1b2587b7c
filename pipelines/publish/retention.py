"""Which versions stay: all of the last fourteen days and the last of each month for ever. The others go, whole.

The version that readers have stays, and one that a reader holds open. Nothing that no manifest names is touched.
"""

from __future__ import annotations

import fcntl
import struct
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

from pipelines.publish.files import partial_of
from pipelines.publish.pointers import settle
from pipelines.publish.versions import Version, current_version, manifest_name, read_versions

KEPT_WHOLE: Final = timedelta(days=14)
# struct flock of Linux on 64 bits: type, whence, start, length, process.
_FLOCK = "hhqqi4x"


class Keeping(StrEnum):
    """Why a version is kept."""

    CURRENT = "current"
    RECENT = "recent"
    MONTH_END = "month_end"
    IN_USE = "in_use"


def kept_because(folder: Path, versions: Sequence[Version], moment: datetime) -> dict[str, Keeping]:
    """The versions that stay at a moment, and why; those that are missing may go."""
    current = current_version(folder)
    newest_of_month = {f"{item.published_at:%Y%m}": item.version for item in versions}
    kept = {}
    for item in versions:
        if item.version == current:
            kept[item.version] = Keeping.CURRENT
        elif item.published_at >= moment - KEPT_WHOLE:
            kept[item.version] = Keeping.RECENT
        elif item.version in newest_of_month.values():
            kept[item.version] = Keeping.MONTH_END
        elif any(is_held(folder / place) for place in item.all_pointers.values()):
            kept[item.version] = Keeping.IN_USE
    return kept


def remove_old_versions(folder: Path, moment: datetime) -> list[str]:
    """Removes what need not stay, and says which; whoever calls has the pointers' turn.

    A version goes by losing its manifest's name: from then on it is one that nobody can read, and a kill leaves it to be
    taken back by whoever comes next.
    """
    versions = read_versions(folder)
    kept = kept_because(folder, versions, moment)
    gone = [item.version for item in versions if item.version not in kept]
    for version in gone:
        manifest = folder / manifest_name(version)
        manifest.rename(partial_of(manifest))
    if gone:
        settle(folder)
    return gone


def is_held(file: Path) -> bool:
    """Whether another process has the file open as DuckDB does, under a lock of its own.

    Never to be asked of a file that this process has open: asking would drop its lock.
    """
    if not file.is_file():
        return False
    with file.open("rb") as opened:
        asked = struct.pack(_FLOCK, fcntl.F_WRLCK, 0, 0, 0, 0)
        answer = fcntl.fcntl(opened, fcntl.F_GETLK, asked)
    return bool(struct.unpack(_FLOCK, answer)[0] != fcntl.F_UNLCK)
