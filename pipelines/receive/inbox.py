"""A folder a day of bodies as they came. A body that was acknowledged is on the disk, whole, under its final name.

A body is written under a name that every pull passes over, brought to the disk together with its folder, and only
then renamed: a process that dies at any moment leaves whole files and, at most, one unfinished file that nobody
reads. Its name is the time at which it came and a hash, so a body that is sent again is the same file.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import threading
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path

from pipelines.contracts import Contract, Files
from pipelines.errors import ContractError

_UNFINISHED = ".receiving-"
_HASH_CHARACTERS = 32
# Folders that the day alone names, and every file of one suffix in the last: a pull takes whatever it is called.
_PATH = re.compile(r"(?:(?:[^{}*/]|\{day(?::[^{}]*)?\})+/)+\*\.[a-z0-9]{1,8}")
_UNLIKE_DAYS = (date(2026, 1, 1), date(2026, 1, 2), date(2026, 2, 1), date(2027, 1, 1))
_FOLDER_MODE, _FILE_MODE = 0o700, 0o600


@dataclass(frozen=True)
class Receipt:
    """What became of a body.

    Attributes:
        file: Its path below the inbox.
        sha256: Its hash.
        is_repeated: Whether the same bytes had come before on the same day; nothing was written then.
    """

    file: str
    sha256: str
    is_repeated: bool


@dataclass
class Inbox:
    """The bodies of one dataset, below the folder that its connection names.

    Attributes:
        root: The connection's folder.
        template: Path of a day's files below it, as in the contract: `cdr/{day:%Y-%m-%d}/*.xml`.
    """

    root: Path
    template: str
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _day: date | None = field(default=None, repr=False)
    _files: dict[str, Path] = field(default_factory=dict, repr=False)

    @classmethod
    def of_contract(cls, contract: Contract, root: Path) -> Inbox:
        """The inbox from which the contract pulls.

        Raises:
            ContractError: The contract does not pull all the files of a day's folder, or would pass these over.
        """
        source = contract.source
        if not isinstance(source, Files) or source.done_marker or not _has_a_folder_a_day(source.path):
            raise ContractError(
                f"{contract.dataset}: what is pushed cannot be kept where this contract pulls from.",
                "Its source must be kind `files` with a path such as cdr/{day:%Y-%m-%d}/*.xml, and no done_marker.",
            )
        return cls(root, source.path)

    def keep(self, body: bytes, received_at: datetime) -> Receipt:
        """Writes a body down; when this returns, it survives a crash of the machine.

        Args:
            body: The bytes as they came.
            received_at: When, naive in Asia/Ho_Chi_Minh; it names the day's folder and the file.

        Raises:
            OSError: It could not be written; nothing of it is kept, and the sender must send it again.
        """
        digest = sha256(body).hexdigest()
        with self._lock:
            file = self._known(digest, received_at.date())
            if file is not None:
                # A process that was killed after the rename has not brought the name to the disk.
                _names_to_disk(file.parent, self.root)
                return Receipt(self._told(file), digest, is_repeated=True)
            if not self.root.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, "the receiver's folder is gone")
            folder, suffix = self._place(received_at.date())
            file = folder / f"{received_at:%H%M%S%f}-{digest[:_HASH_CHARACTERS]}{suffix}"
            _make_folder(folder)
            _write(file, body)
            self._files[digest[:_HASH_CHARACTERS]] = file
            _names_to_disk(folder, self.root)
        return Receipt(self._told(file), digest, is_repeated=False)

    def check_room(self, size: int) -> None:
        """Makes sure that a body of `size` bytes could be kept, without writing.

        Raises:
            OSError: The folder is gone, may not be written, or the disk is full.
        """
        if not os.access(self.root, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "the receiver's folder cannot be written")
        if shutil.disk_usage(self.root).free < size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def sweep(self, day: date) -> None:
        """Removes the unfinished files that a killed process left in a day's folder."""
        folder, _ = self._place(day)
        for file in folder.glob(f"{_UNFINISHED}*"):
            file.unlink(missing_ok=True)

    def _place(self, day: date) -> tuple[Path, str]:
        folder, _, name = self.template.format(day=day).rpartition("/")
        return self.root / folder, name.rpartition("*")[2]

    def _known(self, digest: str, day: date) -> Path | None:
        """The file of these bytes, if it lies there still: whatever was taken away is written anew."""
        if day != self._day:
            folder, suffix = self._place(day)
            self._files = {
                file.name.removesuffix(suffix)[-_HASH_CHARACTERS:]: file for file in folder.glob(f"*{suffix}")
            }
            self._day = day
        file = self._files.get(digest[:_HASH_CHARACTERS])
        return file if file is not None and _holds(file, digest) else None

    def _told(self, file: Path) -> str:
        return file.relative_to(self.root).as_posix()


def _holds(file: Path, digest: str) -> bool:
    """Whether the file is there with exactly these bytes; a re-sent body is rare, so it is read."""
    try:
        return sha256(file.read_bytes()).hexdigest() == digest
    except OSError:
        return False


def _has_a_folder_a_day(path: str) -> bool:
    return _PATH.fullmatch(path) is not None and len({path.format(day=day) for day in _UNLIKE_DAYS}) == len(
        _UNLIKE_DAYS
    )


def _make_folder(folder: Path) -> None:
    """Makes a folder with its parents, all of them their owner's only."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(mode=_FOLDER_MODE, exist_ok=True)


def _write(file: Path, body: bytes) -> None:
    unfinished = file.with_name(f"{_UNFINISHED}{secrets.token_hex(8)}")
    with ExitStack() as undo:
        undo.callback(unfinished.unlink, missing_ok=True)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, _FILE_MODE)
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(body)
            handle.flush()
            os.fsync(handle.fileno())
        unfinished.rename(file)
        undo.pop_all()


def _names_to_disk(folder: Path, root: Path) -> None:
    """Brings what a folder holds to the disk, and its own name and its parents' names up to the root.

    Each time: another process may have made a folder and been killed before its name was there.
    """
    _to_disk(folder)
    for parent in folder.parents:
        if not parent.is_relative_to(root):
            return
        _to_disk(parent)


def _to_disk(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
