"""A Windows or Samba share over SMB 3, signed and encrypted, entered with an account. Read only.

A share that is mounted on this machine is a local folder (`file:///`). smbprotocol's own calls and not fsspec's SMB,
which demands no encryption, keeps its sessions in a place that all share, and opens files so that others can write.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import unquote

import smbclient
from smbprotocol.connection import Connection
from smbprotocol.exceptions import (
    AccessDenied,
    BadNetworkName,
    LogonFailure,
    SMBAuthenticationError,
    SMBException,
    SMBOSError,
)
from smbprotocol.header import NtStatus

from pipelines.connections import FileConnection
from pipelines.errors import SettingError, TransientError
from pipelines.extract.delivery import without_credentials
from pipelines.extract.folders.folder import Failures, Folder, write_blocks
from pipelines.extract.folders.names import account_address
from pipelines.settings import Settings

_PORT = 445
_BLOCK = 1024 * 1024
# smbprotocol says "failed to connect" by a ValueError.
_FAILURES = Failures(broken=(OSError, SMBException, ValueError))
_ABSENT = {
    NtStatus.STATUS_OBJECT_NAME_NOT_FOUND,
    NtStatus.STATUS_OBJECT_PATH_NOT_FOUND,
    NtStatus.STATUS_NOT_FOUND,
    NtStatus.STATUS_NO_SUCH_FILE,
    NtStatus.STATUS_NOT_A_DIRECTORY,
}


@contextmanager
def open_smb(connection: FileConnection, settings: Settings) -> Iterator[Folder]:
    """The connection's share and folder, over one session that is closed at the end.

    Raises:
        SettingError: The address names no user or no share, or holds a password; the server does not let the account
            in, or does not encrypt.
        TransientError: The server does not answer.
    """
    address = account_address(connection)
    root = posixpath.normpath("/" + unquote(address.path).lstrip("/"))
    if root == "/":
        raise SettingError(
            connection.setting,
            "names no share.",
            "Write it smb://user@host/share/folder; another domain's user as DOMAIN%5Cuser.",
        )
    sessions: dict[str, Connection] = {}
    host, port = address.hostname or "", address.port or _PORT
    try:
        _enter(connection, sessions, host, port, unquote(address.username or ""), settings.http_timeout_seconds)
        yield Folder(SmbFiles(host, port, sessions), root, connection, _FAILURES)
    finally:
        with suppress(*_FAILURES.broken):
            smbclient.reset_connection_cache(fail_on_error=False, connection_cache=sessions)


class SmbFiles:
    """What a share holds. A link is no file: where it leads is not for this side to follow.

    Args:
        host: The server.
        port: Its port.
        sessions: smbprotocol's store, which holds the one session.
    """

    def __init__(self, host: str, port: int, sessions: dict[str, Connection]) -> None:
        self._host = host
        self._options: dict[str, Any] = {"port": port, "connection_cache": sessions}

    def info(self, path: str) -> Mapping[str, Any]:
        """One path; a folder other than a share's own is found in its parent's listing, with all that it says of it."""
        parent, name = posixpath.split(path)
        if parent == "/":
            with _translated(path):
                smbclient.listdir(self._unc(path), search_pattern="?", **self._options)
            return {"name": path, "type": "directory", "size": 0}
        for described in self._scan(parent, name):
            if described["name"].casefold() == path.casefold():
                return {**described, "name": path}
        raise FileNotFoundError(path)

    def ls(self, path: str, *, detail: bool) -> list[Mapping[str, Any]]:  # noqa: ARG002 -- fsspec's name
        """What a folder holds."""
        return list(self._scan(path, "*"))

    def get(self, sources: list[str], targets: list[str]) -> None:
        """Copies files. One that somebody has open for writing is not read: Windows says so, and this asks for it."""
        for source, target in zip(sources, targets, strict=True):
            with (
                _translated(source),
                smbclient.open_file(self._unc(source), "rb", share_access="r", **self._options) as file,
            ):
                write_blocks(iter(partial(file.read, _BLOCK), b""), target)

    def _scan(self, folder: str, pattern: str) -> Iterator[Mapping[str, Any]]:
        with _translated(folder):
            for entry in smbclient.scandir(self._unc(folder), search_pattern=pattern, **self._options):
                moment: datetime = entry.smb_info.last_write_time
                kind = "link" if entry.is_symlink() else "directory" if entry.is_dir(follow_symlinks=False) else "file"
                size = entry.smb_info.end_of_file
                # As the server tells it: `entry.name` is what follows the last backslash of it.
                name = posixpath.join(folder, entry.smb_info.file_name)
                yield {"name": name, "type": kind, "size": size, "mtime": moment}

    def _unc(self, path: str) -> str:
        if ":" in path:  # A colon would name another stream of a file.
            raise FileNotFoundError(path)
        return "\\\\" + self._host + path.replace("/", "\\")


def _enter(
    connection: FileConnection, sessions: dict[str, Connection], host: str, port: int, user: str, seconds: float
) -> None:
    shown = without_credentials(connection.url)
    try:
        smbclient.register_session(
            host,
            username=user,
            password=connection.password.get_secret_value() if connection.password else None,
            port=port,
            encrypt=True,  # SMB 3 can, older servers cannot.
            require_signing=True,
            connection_timeout=seconds,
            connection_cache=sessions,
        )
    except (LogonFailure, SMBAuthenticationError, AccessDenied):
        raise SettingError(
            connection.beside("password"),
            f"{shown} does not let the account in with it.",
            "Correct it, or ask the server's owner for a new one.",
        ) from None
    except _FAILURES.broken as error:
        if isinstance(error, SMBException) and "encryption" in str(error):
            raise SettingError(
                connection.setting,
                f"{shown} does not encrypt: it speaks no SMB 3, or its encryption is off.",
                "Ask its owner to allow SMB 3 with encryption, or mount the share on this machine and use file:///.",
            ) from None
        raise TransientError(
            f"{shown} does not answer ({type(error).__name__}).", "It may work later; run again."
        ) from error


@contextmanager
def _translated(path: str) -> Iterator[None]:
    """The library's errors as those that a folder asks about."""
    try:
        yield
    except BadNetworkName as error:
        raise FileNotFoundError(path) from error
    except AccessDenied as error:
        raise PermissionError(path) from error
    except SMBOSError as error:
        if error.ntstatus == NtStatus.STATUS_SHARING_VIOLATION:
            raise BlockingIOError(path) from error
        if error.ntstatus in _ABSENT:
            raise FileNotFoundError(path) from error
        if error.ntstatus == NtStatus.STATUS_ACCESS_DENIED:
            raise PermissionError(path) from error
        raise
