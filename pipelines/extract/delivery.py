"""What is ordered from a source and what it delivers, as values that every kind of source shares.

Private files, safe names and local times are made here because all kinds need them alike. How a source is reached
belongs to the module of its kind.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit, urlunsplit

from pipelines.calendar import TIME_ZONE, Partition
from pipelines.errors import DataRefusedError
from pipelines.settings import Settings

LARGEST_FILE_BYTES = 512 * 1024 * 1024
"""Bound on one delivery. A full-size day is about 20 MB, ten times that at `--scale 10`; a runaway export is not."""

_LONGEST_NAME = 120


@dataclass(frozen=True)
class Known:
    """What a source delivered last and is still held, byte for byte.

    Attributes:
        file: The file, to be read only.
        file_name, source_uri, source_modified_at: As of the delivery.
        etag: The source's own mark of these bytes.
    """

    file: Path
    file_name: str
    source_uri: str
    source_modified_at: datetime | None
    etag: str


@dataclass(frozen=True)
class Order:
    """One dataset's export of one partition, as asked for: the contract's placeholders are filled in.

    Attributes:
        dataset: Whose export it is; every error names it.
        partition: The day or month asked for.
        path: Path below the source's address; empty for an endpoint poll.
        query: Query parameters, for the kinds that have them.
        settings: How places are reached, and how patiently.
        folder: Existing work folder that takes the delivered file.
        known: What came last, so that a source may say that it still holds.
    """

    dataset: str
    partition: Partition
    path: str
    query: Mapping[str, str | int]
    settings: Settings
    folder: Path
    known: Known | None = None

    def file(self, suffix: str) -> Path:
        """Where a delivery that has no name of its own is written: dataset, partition and `suffix` (`.json`)."""
        return self.folder / f"{self.dataset}-{self.partition.key}{suffix}"


@dataclass(frozen=True)
class Delivery:
    """A complete file that a source handed over.

    Attributes:
        file: The file in the work folder, readable by its owner only.
        file_name: Its name at the source, without any path.
        source_uri: Where it came from, without credentials.
        source_modified_at: When the source changed it last, naive in Asia/Ho_Chi_Minh; None if it does not say.
        declared_rows: How many rows the source itself says there are; None if it does not say.
        etag: The source's own mark of exactly these bytes, if it gives one.
    """

    file: Path
    file_name: str
    source_uri: str
    source_modified_at: datetime | None = None
    declared_rows: int | None = None
    etag: str | None = None


@contextmanager
def private_file(file: Path) -> Iterator[BinaryIO]:
    """Opens `file` for writing with mode 0600; removes it again if the block fails, so no half file is ever left."""
    with ExitStack() as undo:
        undo.callback(file.unlink, missing_ok=True)
        with open(file, "wb", opener=_owner_only) as handle:
            yield handle
        undo.pop_all()


def safe_name(text: str) -> str:
    """The last part of a path or address as a plain file name: no separators, no control characters, at most 120."""
    last = unicodedata.normalize("NFC", text).replace("\\", "/").rstrip("/").rpartition("/")[2]
    name = "".join(letter for letter in last if letter.isprintable() and letter != ":").strip().lstrip(".")
    return name[-_LONGEST_NAME:] or "unnamed"


def local_time(moment: datetime) -> datetime:
    """An aware time as the warehouse stores it: naive, Asia/Ho_Chi_Minh, whole seconds."""
    return moment.astimezone(TIME_ZONE).replace(tzinfo=None, microsecond=0)


def without_credentials(address: str) -> str:
    """An address that may be stored and shown: without user, password, query and fragment."""
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def too_large(dataset: str, name: str) -> DataRefusedError:
    """The refusal of a file beyond `LARGEST_FILE_BYTES`."""
    return DataRefusedError(
        "file_size",
        f"{dataset}: {name} is larger than {LARGEST_FILE_BYTES // 1024**2} MB.",
        "Ask the data's owner whether the export is right; a day's export is far smaller.",
    )


def _owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
