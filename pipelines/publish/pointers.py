"""The pointers that readers open: symlinks, each moved by a rename, the one of the analysts' file first.

That first move publishes a version. Whoever publishes or rolls back next brings to its end, or takes back, what a kill
left: after the first move the others follow it, before it nothing has happened. What is pointed to is not looked into.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from pipelines.errors import TransientError
from pipelines.publish.files import PARTIAL, name_of_partial, partial_of, remove, sync
from pipelines.publish.versions import (
    POINTER,
    current_version,
    manifest_name,
    read_manifest,
    read_rollback,
    version_of_manifest,
)
from pipelines.settings import Settings


@contextmanager
def pointers_turn(settings: Settings) -> Iterator[None]:
    """Waits for the right to move the pointers; whoever has the writer's turn too took that one first.

    Raises:
        TransientError: Another process kept it for longer than `lock_seconds`.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(settings.home / "published.lock", timeout=settings.lock_seconds):
            yield
    except Timeout as error:
        raise TransientError(
            f"Another run has been publishing to {settings.published_folder} for {settings.lock_seconds:g} s.",
            "Wait for it to end (khotinh status), then run again.",
        ) from error


def move_pointers(folder: Path, targets: dict[str, str]) -> None:
    """Lets every pointer lead to its target; a reader that connects sees the one before or this one, never neither."""
    for name in sorted(targets, key=lambda name: (name != POINTER, name)):
        move_pointer(folder, name, targets[name])


def move_pointer(folder: Path, name: str, target: str) -> None:
    """Moves one pointer, if it leads elsewhere. The target is named without its folder, which may be mounted anywhere."""
    pointer = folder / name
    if pointer.is_symlink() and str(pointer.readlink()) == target:
        return
    link = partial_of(pointer)
    link.unlink(missing_ok=True)
    link.symlink_to(target)
    link.replace(pointer)
    sync(folder)


def give_name(partial: Path) -> Path:
    """Lets a whole file be seen under its own name."""
    named = partial.with_name(name_of_partial(partial))
    partial.rename(named)
    sync(partial.parent)
    return named


def settle(folder: Path) -> None:
    """Brings to its end or takes back what a kill left; whoever calls has the pointers' turn."""
    current = current_version(folder)
    for manifest in folder.glob(f".{manifest_name('*')}{PARTIAL}"):
        if version_of_manifest(manifest) != current:
            _take_back(folder, manifest)
    if current is not None:
        unnamed = partial_of(folder / manifest_name(current))
        manifest = unnamed if unnamed.exists() else folder / manifest_name(current)
        if manifest.exists():
            move_pointers(folder, read_manifest(manifest).all_pointers)
        if unnamed.exists():
            give_name(unnamed)
    for record in folder.glob(f".rollback-*.json{PARTIAL}"):
        if _was_moved(record, current):
            give_name(record)
    for leftover in folder.glob(f".*{PARTIAL}*"):
        remove(leftover)


def _was_moved(record: Path, current: str | None) -> bool:
    """Whether a rollback moved the first pointer before it was killed; nobody rolls back to what readers have."""
    try:
        return read_rollback(record).to_version == current
    except ValueError:
        return False


def _take_back(folder: Path, manifest: Path) -> None:
    """Removes the files of a version that nobody could read. Without a whole manifest none had its name yet."""
    try:
        version = read_manifest(manifest)
    except ValueError:
        return
    for place in version.all_pointers.values():
        remove(folder / place)
