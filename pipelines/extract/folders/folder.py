"""A folder at a place outside: what lies in it, and copies of it. Read only.

Which files are wanted is `files`' and `drops`' business; how a kind of place is entered and trusted is its own
module's. Paths are relative to the connection's root, and nothing that climbs out of it is ever followed, whoever
named it.
"""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from errno import EFBIG
from pathlib import Path
from time import monotonic
from typing import Any, Protocol

from fsspec.implementations.local import LocalFileSystem

from pipelines.connections import FileConnection
from pipelines.errors import NotThereError, PermanentError, SettingError, TransientError
from pipelines.extract.delivery import LARGEST_FILE_BYTES, private_file, without_credentials
from pipelines.extract.folders.names import inside, is_legible, is_passed_over, is_plain

LONGEST_COPY_SECONDS = 900.0
"""After so long one copy is given up."""

_LONGEST_NAME = 255

ErrorTypes = tuple[type[Exception], ...]


@dataclass(frozen=True)
class Entry:
    """A file as the place describes it.

    Attributes:
        path: Its full path there.
        size: Bytes.
        modified_at: When it was changed last, UTC; None if the place does not say.
        version: What the place calls these bytes, such as a bucket's ETag; None if it has no name for them.
    """

    path: str
    size: int
    modified_at: datetime | None
    version: str | None = None

    @property
    def name(self) -> str:
        """Its name, without any path."""
        return posixpath.basename(self.path)


class FileSystem(Protocol):
    """What is needed of a place, as fsspec names it: to look and to copy. Nothing here writes, so nothing can.

    A file is described by its `name` (full path), `type` (`file`, `directory` or another), `size`, and where the place
    tells them `mtime` or `LastModified`, and `ETag`.
    """

    def info(self, path: str) -> Mapping[str, Any]:
        """The description of one path."""

    def ls(self, path: str, *, detail: bool) -> Sequence[Mapping[str, Any]]:
        """The descriptions of what a folder holds."""

    def get(self, sources: list[str], targets: list[str]) -> object:
        """Copies files here."""


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
    """

    filesystem: FileSystem
    root: str
    connection: FileConnection
    failures: Failures = field(default_factory=Failures)

    def find(self, path: str) -> list[Entry]:
        """The file at `path`, or with `*` in its last part all finished files that match; by name, empty if none.

        Raises:
            SettingError: The root folder is not there.
            PermanentError: The path climbs out of the root, a listed name does, or it may not be read.
            TransientError: The place did not answer.
        """
        full = posixpath.join(self.root, inside(path))
        parent, last = posixpath.split(full)
        with self._translated(path):
            try:
                if "*" not in last:
                    return [self._look(full)]
                pattern = re.compile(".*".join(map(re.escape, last.split("*"))), re.DOTALL)
                matching = [entry for entry in self._list(parent) if pattern.fullmatch(entry.name)]
            except self.failures.absent:
                self.check_root()
                return []
        self._check_names(matching)
        return sorted(matching, key=lambda entry: entry.name)

    def files(self, path: str) -> list[Entry]:
        """All finished files of the folder at `path`, empty for the root itself, by name.

        Raises:
            SettingError: The root folder is not there.
            NotThereError: The folder is not.
            PermanentError: The path climbs out of the root, a listed name does, or it may not be listed.
            TransientError: The place did not answer.
        """
        full = posixpath.join(self.root, inside(path)) if path else self.root
        with self._translated(path):
            try:
                return sorted(self._list(full), key=lambda entry: entry.name)
            except self.failures.absent:
                self.check_root()
        raise NotThereError(f"The folder {self._address(path)} is not there.", "Make it, or correct the contract.")

    def check_root(self) -> None:
        """Makes sure that the root folder is there and may be listed.

        Raises:
            SettingError: It is not, or may not.
            TransientError: The place did not answer.
        """
        with self._translated(""):
            try:
                is_folder = self.filesystem.info(self.root)["type"] == "directory"
                if is_folder:
                    self.filesystem.ls(self.root, detail=True)
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
                self.filesystem.get(sources, list(map(str, targets)))
            except self.failures.absent:
                raise self.broken("", "lost a file while it was read") from None

    def broken(self, name: str, what: str) -> TransientError:
        """The error for a file that could not be read whole this time."""
        return TransientError(f"{self._address(name)} {what}.", "It may work later; run again.")

    def _list(self, parent: str) -> Iterator[Entry]:
        """The finished files of a folder, by what its listing says, so that many cost no more than one look."""
        self._check_inside(parent)
        prefix = parent.rstrip("/") + "/"
        for described in self.filesystem.ls(parent, detail=True):
            path = str(described["name"]).removesuffix("/")
            name = path.removeprefix(prefix)
            if not path.startswith(prefix) or not is_plain(name) or len(name) > _LONGEST_NAME:
                raise PermanentError(
                    f"{self._address('')} lists a name that leads out of its folder.",
                    "Tell its owner: the server is broken, or somebody has tampered with it.",
                )
            if described["type"] == "directory" or is_passed_over(name):
                continue
            if described["type"] == "file":
                yield _entry(path, described)
            else:
                # A link that leads nowhere holds nothing, and must not hide the files beside it.
                with suppress(*self.failures.absent):
                    yield self._look(path, f"A name in {parent}")

    def _look(self, path: str, told: str | None = None) -> Entry:
        """The file at a path; `told` stands for a path that nobody here has chosen: its name may be a person's."""
        self._check_inside(path, told)
        described = self.filesystem.info(path)
        if described["type"] != "file":
            raise PermanentError(
                f"{told or path} is a {described['type']}, not a file.",
                "Remove it from there." if told else "Correct the path in the contract.",
            )
        return _entry(path, described)

    def _check_inside(self, path: str, told: str | None = None) -> None:
        is_local = isinstance(self.filesystem, LocalFileSystem)
        if is_local and not Path(path).resolve().is_relative_to(Path(self.root).resolve()):
            raise PermanentError(
                f"{told or path} leads out of {self.root}.", "Put the file itself there, not a link to it."
            )

    def _check_names(self, entries: Sequence[Entry]) -> None:
        """Names of files that are taken together must be legible, and stay apart where case makes no difference."""
        if not all(is_legible(entry.name) for entry in entries):
            raise PermanentError(
                f"{self._address('')} lists a name with invisible characters.",
                "Ask its owner to rename the file: such a name may look like another one.",
            )
        if len({unicodedata.normalize("NFC", entry.name).casefold() for entry in entries}) < len(entries):
            raise PermanentError(
                f"{self._address('')} lists two names that differ in case only, or one name twice.",
                "Ask its owner which of the two counts, and to rename or remove the other.",
            )

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


def write_blocks(blocks: Iterable[bytes], target: str) -> None:
    """Writes what a place sends into a file, within bounds: a sender without end must not fill the disk or the night.

    Raises:
        TimeoutError: After `LONGEST_COPY_SECONDS`.
        OSError: More came than `LARGEST_FILE_BYTES`.
    """
    last, size = monotonic() + LONGEST_COPY_SECONDS, 0
    with Path(target).open("wb") as file:
        for block in blocks:
            size += len(block)
            if monotonic() > last:
                raise TimeoutError
            if size > LARGEST_FILE_BYTES:
                raise OSError(EFBIG, "more came than was announced")
            file.write(block)


def _entry(path: str, described: Mapping[str, Any]) -> Entry:
    """An entry, whichever name and type the file system gives the time."""
    moment = described.get("mtime", described.get("LastModified"))
    if isinstance(moment, float):
        moment = datetime.fromtimestamp(moment, UTC)
    modified_at = moment if isinstance(moment, datetime) else None
    return Entry(path, int(described["size"]), modified_at, described.get("ETag"))
