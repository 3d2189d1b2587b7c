"""One file of a folder outside, or all files that match as one zip.

Where the folder is makes no difference here: `places` opens it. A file that changes while it
is read is not taken: senders should write under a temporary name and rename, and those that do not are waited for.
"""

from __future__ import annotations

import posixpath
import shutil
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.connections import FileConnection
from pipelines.contracts import Files
from pipelines.errors import NotThereError
from pipelines.extract.delivery import (
    LARGEST_FILE_BYTES,
    Delivery,
    Order,
    local_time,
    private_file,
    safe_name,
    too_large,
    without_credentials,
)
from pipelines.extract.folders.folder import Entry, Folder
from pipelines.extract.folders.places import open_folder
from pipelines.extract.patience import patiently

FRESH_SECONDS = 10
SETTLE_SECONDS = 0.5
"""A file changed in the last `FRESH_SECONDS` is looked at again only after this pause: its sender may be at work."""

_EACH_NAME = "{name}"
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_ZIP_MODE = 0o600 << 16


def pull_files(source: Files, order: Order) -> Delivery:
    """Copies the file that the order's path names; with a `*` in it, packs all that match into one zip.

    Raises:
        NotThereError: No such file is there, or its folder is not.
        SettingError: The place does not exist, is not trusted, or does not let the account in.
        TransientError: The place did not answer, or the file kept changing, however often it was tried.
        PermanentError: The path or a listed name climbs out of the place, or may not be read.
        DataRefusedError: The files are larger than `LARGEST_FILE_BYTES`.
    """
    connection = order.settings.connections.files(source.connection)
    return patiently(order.settings, lambda: _pull_once(source, connection, order))


def _pull_once(source: Files, connection: FileConnection, order: Order) -> Delivery:
    with (
        open_folder(connection, order.settings) as folder,
        TemporaryDirectory(dir=order.folder, prefix=".copying-") as name,
    ):
        entries = [entry for entry in folder.find(order.path) if not is_marker(entry.name, source.done_marker)]
        if not entries:
            raise NotThereError(
                f"{order.dataset} {order.partition.key}: {_uri(connection, order)} is not there.",
                "Ask its owner whether it has been made, and check the path in the dataset's contract.",
            )
        if source.done_marker:
            check_marked(folder, posixpath.dirname(order.path), entries, source.done_marker, order.dataset)
        if sum(entry.size for entry in entries) > LARGEST_FILE_BYTES:
            raise too_large(order.dataset, order.path)
        copies = [Path(name) / str(number) for number in range(len(entries))]
        folder.copy(entries, copies)
        check_unchanged(folder, order.path, entries, copies, lambda: folder.find(order.path))
        file = _packed(order, entries, copies) if "*" in order.path else _moved(order, entries[0], copies[0])
    changes = [entry.modified_at for entry in entries if entry.modified_at]
    return Delivery(file, file.name, _uri(connection, order), local_time(max(changes)) if changes else None)


def is_marker(name: str, marker: str | None) -> bool:
    """Whether a file is a sender's mark, and no export."""
    if marker is None:
        return False
    return name.endswith(marker.removeprefix(_EACH_NAME)) if marker.startswith(_EACH_NAME) else name == marker


def is_marked(entry: Entry, marker: str, beside: Mapping[str, Entry]) -> bool:
    """Whether a file's mark is there and no older than the file: a mark of an earlier sending says nothing."""
    mark = beside.get(marker.replace(_EACH_NAME, entry.name))
    if mark is None:
        return False
    return not (mark.modified_at and entry.modified_at) or mark.modified_at >= entry.modified_at


def check_marked(folder: Folder, parent: str, entries: Sequence[Entry], marker: str, dataset: str) -> None:
    """Makes sure that every file has its sender's mark.

    Raises:
        NotThereError: One has none, or one that is older than the file.
    """
    beside = {entry.name: entry for entry in folder.files(parent)}
    unmarked = sum(not is_marked(entry, marker, beside) for entry in entries)
    if unmarked:
        raise NotThereError(
            f"{dataset}: {unmarked} of {len(entries)} files are there without their mark {marker}, or changed after it: "
            "they are not whole yet.",
            "Wait for the sender to finish, or ask whether it still writes marks.",
        )


def check_unchanged(
    folder: Folder, path: str, entries: Sequence[Entry], copies: Sequence[Path], again: Callable[[], Sequence[Entry]],
    patience: tuple[float, float] | None = None,
) -> None:  # fmt: skip
    """Looks again: each file must still have the size and the time it had, and the copy must have that size.

    Args:
        folder: Where they lie.
        path: What the error names.
        entries: The files as they were before they were copied.
        copies: Their copies.
        again: Looks at them once more.
        patience: Up to which age in seconds a file is fresh, and how long the pause before the second look then is.

    Raises:
        TransientError: One changed.
    """
    fresh, settle = patience or (FRESH_SECONDS, SETTLE_SECONDS)
    freshest = datetime.now(UTC) - timedelta(seconds=fresh)
    if any(entry.modified_at and entry.modified_at > freshest for entry in entries):
        time.sleep(settle)
    now = {entry.path: entry for entry in again()}
    for entry, copy in zip(entries, copies, strict=True):
        if now.get(entry.path) != entry or copy.stat().st_size != entry.size:
            raise folder.broken(path, "is still being written: a file changed while it was read")


def _moved(order: Order, entry: Entry, copy: Path) -> Path:
    return copy.replace(order.folder / safe_name(entry.name))


def _packed(order: Order, entries: Sequence[Entry], copies: Sequence[Path]) -> Path:
    """Packs the copies; the same files are the same bytes, whenever they were written or pulled."""
    file = order.file(".zip")
    with private_file(file) as handle, zipfile.ZipFile(handle, "w", zipfile.ZIP_STORED) as archive:
        for entry, copy in zip(entries, copies, strict=True):
            member = zipfile.ZipInfo(entry.name, _ZIP_TIME)
            member.create_system, member.external_attr = 3, _ZIP_MODE
            with copy.open("rb") as source, archive.open(member, "w") as target:
                shutil.copyfileobj(source, target)
    return file


def _uri(connection: FileConnection, order: Order) -> str:
    return f"{without_credentials(connection.url)}/{order.path}"
