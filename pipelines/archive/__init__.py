"""Raw files under their SHA-256: immutable, private, kept for as long as the retention says.

Same bytes are the same file. Where a file came from is its provenance beside it; what is in it is nobody's business
here.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from pipelines.errors import PermanentError
from pipelines.extract import Delivery

_CHUNK = 1024 * 1024
_OLD_SECONDS = 24 * 3600
_READ_ONLY, _PRIVATE_FOLDER = 0o400, 0o700


@dataclass(frozen=True)
class Arrival:
    """A raw file in the archive, and how it came.

    Attributes:
        file: Its place in the archive.
        source_modified_at: When the source says it was last written, local time, if it says.
        arrived_at: When it was stored, local time.
        declared_rows: How many rows the source said it would hand over, if it did.
        etag: The source's own mark of exactly these bytes, if it gave one.
    """

    dataset: str
    partition_key: str
    file: Path
    file_sha256: str
    file_name: str
    file_bytes: int
    source_uri: str
    source_modified_at: datetime | None
    arrived_at: datetime
    declared_rows: int | None
    etag: str | None = None


def sweep(archive: Path, prefixes: Sequence[str]) -> None:
    """Makes the folder, its owner's only, and removes the work folders that killed runs left in it.

    Args:
        archive: The archive.
        prefixes: What the names of work folders begin with. One younger than `_OLD_SECONDS` may still be in use.
    """
    archive.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
    oldest = time.time() - _OLD_SECONDS
    for leftover in (folder for prefix in prefixes for folder in archive.glob(f"{prefix}*")):
        with suppress(FileNotFoundError):
            if leftover.stat().st_mtime < oldest:
                shutil.rmtree(leftover, ignore_errors=True)


def store(delivery: Delivery, dataset: str, partition_key: str, archive: Path, arrived_at: datetime) -> Arrival:
    """Moves a delivered file into the archive and writes its provenance.

    The file appears under its hash by rename after its bytes are on disk: a crash leaves either nothing or all of it.
    """
    digest = _sha256(delivery.file)
    folder = archive / digest[:2]
    folder.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
    file = folder / f"{digest}{_suffix(delivery.file_name)}"
    arrival = Arrival(
        dataset=dataset,
        partition_key=partition_key,
        file=file,
        file_sha256=digest,
        file_name=delivery.file_name,
        file_bytes=delivery.file.stat().st_size,
        source_uri=delivery.source_uri,
        source_modified_at=delivery.source_modified_at,
        arrived_at=arrived_at,
        declared_rows=delivery.declared_rows,
        etag=delivery.etag,
    )
    _append_provenance(folder / f"{digest}.provenance.jsonl", arrival)
    if file.exists():
        delivery.file.unlink()
        return arrival
    with delivery.file.open("rb") as stream:
        os.fsync(stream.fileno())
    delivery.file.chmod(_READ_ONLY)
    delivery.file.replace(file)
    _sync_folder(folder)
    return arrival


def fetch(dataset: str, partition_key: str, file_sha256: str, arrived_at: datetime, archive: Path) -> Arrival:
    """The arrival as it was stored, to be judged again; its bytes are held against their hash first.

    Raises:
        PermanentError: The file or its provenance was removed from the archive, or its bytes changed.
    """
    folder = archive / file_sha256[:2]
    for line in _provenance(folder / f"{file_sha256}.provenance.jsonl"):
        came_at = datetime.fromisoformat(line["arrived_at"])
        if (line["dataset"], line["partition_key"], came_at) != (dataset, partition_key, arrived_at):
            continue
        file = folder / f"{file_sha256}{_suffix(line['file_name'])}"
        if not file.exists():
            break
        if _sha256(file) != file_sha256:
            raise PermanentError(f"{file} is not the file that came: its hash differs.", "Restore it from a backup.")
        modified_at = line["source_modified_at"] and datetime.fromisoformat(line["source_modified_at"])
        return Arrival(**{**line, "file": file, "arrived_at": came_at, "source_modified_at": modified_at})
    raise PermanentError(
        f"The file {file_sha256[:12]} of {dataset} {partition_key} is no longer in {archive}.",
        "Restore it from a backup, or pull the period again (khotinh run).",
    )


def _provenance(file: Path) -> list[dict[str, Any]]:
    """The lines of a provenance file; one that a crash cut short says nothing."""
    lines = []
    for line in file.read_bytes().splitlines() if file.exists() else []:
        with suppress(orjson.JSONDecodeError):
            lines.append(orjson.loads(line))
    return lines


def _append_provenance(file: Path, arrival: Arrival) -> None:
    line = {name: value for name, value in vars(arrival).items() if name != "file"}
    with file.open("ab") as stream:
        stream.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
    file.chmod(0o600)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _suffix(file_name: str) -> str:
    suffix = Path(file_name).suffix.lower()
    return suffix if suffix.isascii() and suffix[1:].isalnum() else ""


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
