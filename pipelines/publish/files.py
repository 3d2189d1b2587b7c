"""Files of the published folder as the disk knows them: synced, hashed, named, made read-only. Which files is not said here."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PARTIAL: Final = ".partial"
# DuckDB's own log, which a file that was closed well does not have.
WAL: Final = ".wal"
_AT_ONCE: Final = 1 << 30


def partial_of(file: Path) -> Path:
    """The hidden name that a file has until it is whole."""
    return file.with_name(f".{file.name}{PARTIAL}")


def name_of_partial(partial: Path) -> str:
    """The name that a file gets when it is whole."""
    return partial.name.removeprefix(".").removesuffix(PARTIAL)


def files_in(place: Path) -> Iterator[Path]:
    """The file itself, or every file below a folder, in the order of their names."""
    if place.is_file():
        yield place
    else:
        yield from sorted(file for file in place.rglob("*") if file.is_file())


def make_lasting(place: Path, mode: int) -> None:
    """Gives a file, or every file of a folder, its permissions, and brings it to the disk.

    Whoever may read a folder's files may look into it; its owner may still remove it.
    """
    for file in files_in(place):
        file.chmod(mode)
        sync(file)
    if place.is_dir():
        for folder in (*(inner for inner in place.rglob("*") if inner.is_dir()), place):
            folder.chmod(0o700 | mode | (mode & 0o044) >> 2)
            sync(folder)


def copy_bytes(source: Path, target: Path) -> None:
    """Copies a large file; where the file system can, both share the blocks that neither writes."""
    with source.open("rb") as opened, target.open("wb") as written:
        try:
            while os.copy_file_range(opened.fileno(), written.fileno(), _AT_ONCE):
                pass
        except OSError:  # Some shares cannot.
            opened.seek(0)
            written.seek(0)
            shutil.copyfileobj(opened, written)


def remove(place: Path) -> None:
    """Removes a file, a link or a folder, if it is there."""
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)


def sha256_of(file: Path) -> str:
    """The file's hash, as hexadecimal digits."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def identity_of(file: Path) -> str:
    """What a file system gives another value as soon as somebody writes the file, or puts another one in its place.

    Its name and its permissions may change meanwhile.
    """
    told = file.stat()
    return f"{told.st_dev}:{told.st_ino}:{told.st_size}:{told.st_mtime_ns}"


def sync(path: Path) -> None:
    """Waits until a file's content, or a folder's names, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
