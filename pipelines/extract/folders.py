"""A folder at a place outside, reached through fsspec: what lies in it, and copies of it. Read only.

Which files are wanted is `files`' business; how an SFTP server is entered and trusted is `sftp`'s. Paths are relative
to the connection's root, and nothing that climbs out of it is ever followed, whoever named it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import fsspec
from fsspec.implementations.local import LocalFileSystem

from pipelines.errors import PermanentError, SettingError, TransientError
from pipelines.extract.delivery import private_file, without_credentials
from pipelines.settings import FileConnection

UNFINISHED_SUFFIXES = (".part", ".tmp", ".filepart")
"""Names that senders give to a file until it is whole. Such files are passed over, and those that begin with a dot."""

ErrorTypes = tuple[type[Exception], ...]


@dataclass(frozen=True)
class Entry:
    """A file as the place describes it.

    Attributes:
        path: Its full path there.
        size: Bytes.
        modified_at: When it was changed last, UTC; None if the place does not say.
    """

    path: str
    size: int
    modified_at: datetime | None

    @property
    def name(self) -> str:
        """Its name, without any path."""
        return posixpath.basename(self.path)


@dataclass(frozen=True)
class Failures:
    """What a file system raises when a file is absent, when it may not be read, and when the place does not answer."""

    absent: ErrorTypes = (FileNotFoundError, NotADirectoryError)
    denied: ErrorTypes = (PermissionError,)
    broken: ErrorTypes = (OSError,)


@dataclass(frozen=True)
class Folder:
    """A connection's root folder, open for the length of one pull.

    Attributes:
        filesystem: How it is reached.
        root: Its path there.
        connection: The settings behind it.
        failures: What its file system raises.
        look_options, copy_options: Options of each look and each copy, such as a timeout.
    """

    filesystem: fsspec.AbstractFileSystem
    root: str
    connection: FileConnection
    failures: Failures = field(default_factory=Failures)
    look_options: Mapping[str, float] = field(default_factory=dict)
    copy_options: Mapping[str, float] = field(default_factory=dict)

    def find(self, path: str) -> list[Entry]:
        """The file at `path`, or with `*` in its last part all finished files that match; by name, empty if none.

        Raises:
            SettingError: The root folder is not there.
            PermanentError: The path climbs out of the root, a listed name does, or it may not be read.
            TransientError: The place did not answer.
        """
        full = posixpath.join(self.root, _inside(path))
        parent, last = posixpath.split(full)
        with self._translated(path):
            try:
                if "*" not in last:
                    return [self._look(full)]
                pattern = re.compile(".*".join(map(re.escape, last.split("*"))), re.DOTALL)
                matching = [entry for entry in self._list(parent) if pattern.fullmatch(entry.name)]
                return sorted(matching, key=lambda entry: entry.name)
            except self.failures.absent:
                self.check_root()
                return []

    def check_root(self) -> None:
        """Makes sure that the root folder is there and may be listed.

        Raises:
            SettingError: It is not, or may not.
            TransientError: The place did not answer.
        """
        with self._translated(""):
            try:
                is_folder = self.filesystem.info(self.root, **self.look_options)["type"] == "directory"
                if is_folder:
                    self.filesystem.ls(self.root, detail=True, **self.look_options)
            except self.failures.absent:
                is_folder = False
            except self.failures.denied:
                raise SettingError(
                    self.connection.setting,
                    f"{self._address('')} may not be listed by this account.",
                    "Ask its owner for the right to read it.",
                ) from None
        if not is_folder:
            raise SettingError(
                self.connection.setting,
                f"{self._address('')} is not there, or is not a folder.",
                "Correct the path in the environment or in .env.",
            )

    def copy(self, entries: Sequence[Entry], targets: Sequence[Path]) -> None:
        """Copies each entry to its target, many at a time where the place can. The copies are their owner's only.

        Raises:
            PermanentError: One may not be read.
            TransientError: The place did not answer, or one is no longer there.
        """
        for target in targets:
            with private_file(target):
                pass
        sources = [entry.path for entry in entries]
        # Nobody knows what a file is called that was found by a `*`: none of these is named.
        with self._translated(""):
            try:
                self.filesystem.get(sources, list(map(str, targets)), **self.copy_options)
            except self.failures.absent:
                raise self.broken("", "lost a file while it was read") from None

    def broken(self, name: str, what: str) -> TransientError:
        """The error for a file that could not be read whole this time."""
        return TransientError(f"{self._address(name)} {what}.", "It may work later; run again.")

    def _list(self, parent: str) -> Iterator[Entry]:
        """The finished files of a folder, by what its listing says, so that many cost no more than one look."""
        prefix = parent.rstrip("/") + "/"
        for described in self.filesystem.ls(parent, detail=True, **self.look_options):
            path = str(described["name"]).removesuffix("/")
            name = path.removeprefix(prefix)
            if not path.startswith(prefix) or not _is_plain(name):
                raise PermanentError(
                    f"{self._address('')} lists a name that leads out of its folder.",
                    "Tell its owner: the server is broken, or somebody has tampered with it.",
                )
            if described["type"] == "directory" or name.startswith(".") or name.lower().endswith(UNFINISHED_SUFFIXES):
                continue
            yield _entry(path, described) if described["type"] == "file" else self._look(path)

    def _look(self, path: str) -> Entry:
        is_local = isinstance(self.filesystem, LocalFileSystem)
        if is_local and not Path(path).resolve().is_relative_to(Path(self.root).resolve()):
            raise PermanentError(f"{path} leads out of {self.root}.", "Put the file itself there, not a link to it.")
        described = self.filesystem.info(path, **self.look_options)
        if described["type"] != "file":
            raise PermanentError(f"{path} is a {described['type']}, not a file.", "Correct the path in the contract.")
        return _entry(path, described)

    @contextmanager
    def _translated(self, name: str) -> Iterator[None]:
        try:
            yield
        except self.failures.denied as error:
            raise PermanentError(
                f"{self._address(name)} may not be read by this account.", "Ask its owner for the right to read it."
            ) from error
        except self.failures.broken as error:
            is_late = isinstance(error, TimeoutError)
            what = "did not answer in time" if is_late else f"could not be read ({type(error).__name__})"
            raise self.broken(name, what) from error

    def _address(self, name: str) -> str:
        return posixpath.join(without_credentials(self.connection.url), name)


def _inside(path: str) -> str:
    """The path itself, if it stays below the root and has a `*` in its last part at most."""
    *parents, last = path.split("/")
    if not all(map(_is_plain, [*parents, last])):
        raise PermanentError(
            f"{path!r} is no path below a connection's root.", "Write it without .., empty parts or a leading /."
        )
    if any("*" in parent for parent in parents):
        raise PermanentError(f"{path!r} has a * in a folder's name.", "Keep the * to the file's name.")
    return path


def _is_plain(name: str) -> bool:
    return name not in {"", ".", ".."} and not any(letter in name for letter in "/\\\0")


def _entry(path: str, described: Mapping[str, object]) -> Entry:
    """An entry, whichever name and type the file system gives the time."""
    moment = described.get("mtime", described.get("LastModified"))
    if isinstance(moment, float):
        moment = datetime.fromtimestamp(moment, UTC)
    return Entry(path, int(str(described["size"])), moment if isinstance(moment, datetime) else None)
