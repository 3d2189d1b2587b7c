"""Raw files under their SHA-256: immutable, private, kept for as long as the retention says.

Same bytes are the same file. Where a file came from is its provenance beside it; what is in it is nobody's business
here.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson

from pipelines.extract import Delivery

_CHUNK = 1024 * 1024
_READ_ONLY, _PRIVATE_FOLDER = 0o400, 0o700


@dataclass(frozen=True)
class Arrival:
    """A raw file in the archive, and how it came.

    Attributes:
        file: Its place in the archive.
        source_modified_at: When the source says it was last written, local time, if it says.
        arrived_at: When it was stored, local time.
        declared_rows: How many rows the source said it would hand over, if it did.
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
