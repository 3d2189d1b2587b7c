"""An SFTP server, entered with a password or a key and trusted by its host key alone.

Nothing of the account that runs this is used: no agent, no ~/.ssh, no unknown host. Imported only where an SFTP
address is set, because asyncssh takes 0.2 s to import.
"""

from __future__ import annotations

import asyncio
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote

import asyncssh
from fsspec.asyn import sync
from sshfs import SSHFileSystem

from pipelines.connections import FileConnection
from pipelines.errors import SettingError, TransientError
from pipelines.extract.delivery import without_credentials
from pipelines.extract.folders.folder import LONGEST_COPY_SECONDS, Failures, Folder
from pipelines.extract.folders.names import account_address
from pipelines.settings import Settings

_KEEPALIVE_SECONDS = 5
_CLOSE_SECONDS = 2
_FAILURES = Failures(
    absent=(FileNotFoundError, asyncssh.SFTPNoSuchPath),
    denied=(asyncssh.SFTPPermissionDenied,),
    # sshfs says "can't create any SFTP connections" by a ValueError.
    broken=(OSError, asyncssh.Error, ValueError),
)


@contextmanager
def open_sftp(connection: FileConnection, settings: Settings) -> Iterator[Folder]:
    """The connection's folder, over one SSH connection that is closed at the end.

    Raises:
        SettingError: The address names no user or holds a password, the server's key is not the known one, or the
            server does not let the account in.
        TransientError: The server does not answer.
    """
    address = account_address(connection)
    filesystem = _connect(connection, address, settings)
    try:
        root = posixpath.normpath("/" + unquote(address.path).lstrip("/"))
        yield Folder(SftpFiles(filesystem, settings.http_timeout_seconds), root, connection, _FAILURES)
    finally:
        with suppress(OSError, asyncssh.Error):
            sync(filesystem.loop, _close, filesystem)


class SftpFiles:
    """What an SFTP server holds: sshfs, with a bound on every answer.

    Args:
        filesystem: One that was let in.
        look_seconds: How long a look may take.
    """

    def __init__(self, filesystem: SSHFileSystem, look_seconds: float) -> None:
        self._filesystem = filesystem
        self._look_seconds = look_seconds

    def info(self, path: str) -> Mapping[str, Any]:
        """One path; a link is what it leads to."""
        described: Mapping[str, Any] = self._filesystem.info(path, timeout=self._look_seconds)
        return described

    def ls(self, path: str, *, detail: bool) -> Sequence[Mapping[str, Any]]:
        """What a folder holds."""
        found: Sequence[Mapping[str, Any]] = self._filesystem.ls(path, detail=detail, timeout=self._look_seconds)
        return found

    def get(self, sources: list[str], targets: list[str]) -> None:
        """Copies files, many at once."""
        self._filesystem.get(sources, targets, timeout=LONGEST_COPY_SECONDS)


def _connect(connection: FileConnection, address: SplitResult, settings: Settings) -> SSHFileSystem:
    shown = without_credentials(connection.url)
    known_hosts, key_file = connection.beside("known_hosts"), connection.beside("key_file")
    try:
        return SSHFileSystem(
            address.hostname,
            port=address.port or asyncssh.DEFAULT_PORT,
            username=unquote(address.username or ""),
            password=connection.password.get_secret_value() if connection.password else None,
            client_keys=[_key_file(connection, connection.key_file)] if connection.key_file else None,
            known_hosts=str(connection.known_hosts),
            config=None,
            agent_path=None,
            gss_auth=False,
            gss_kex=False,
            connect_timeout=settings.http_timeout_seconds,
            login_timeout=settings.http_timeout_seconds,
            keepalive_interval=_KEEPALIVE_SECONDS,
            skip_instance_cache=True,
        )
    except asyncssh.HostKeyNotVerifiable:
        raise SettingError(
            known_hosts,
            f"the key of {shown} is not in it.",
            "Compare the server's key with its owner's before you change this file: another server may be answering.",
        ) from None
    except PermissionError:
        secret = key_file if connection.key_file and not connection.password else connection.beside("password")
        what = f"{shown} does not let the account in with it."
        raise SettingError(secret, what, "Correct it, or ask the server's owner for a new one.") from None
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        raise SettingError(key_file, f"is not a usable key ({error}).", "Use a key without a passphrase.") from None
    except ValueError as error:
        raise SettingError(known_hosts, f"cannot be read ({error}).", "Use the format of OpenSSH.") from None
    except (OSError, asyncssh.Error) as error:
        reason = str(error) or type(error).__name__
        raise TransientError(f"{shown} does not answer ({reason}).", "It may work later; run again.") from error


def _key_file(connection: FileConnection, file: Path) -> str:
    if not file.is_file():
        raise SettingError(connection.beside("key_file"), f"the file {file} does not exist.", "Correct the path.")
    return str(file)


async def _close(filesystem: SSHFileSystem) -> None:
    """Closes the channels before the connection: sshfs only does so when it is collected, and too late to be heard."""
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            await filesystem._pool.close()  # noqa: SLF001 -- sshfs has no public way
            filesystem.client.close()
            await filesystem.client.wait_closed()
    finally:
        filesystem.client.abort()
