"""An SFTP server, entered with a password or a key and trusted by its host key alone.

Nothing of the account that runs this is used: no agent, no ~/.ssh, no unknown host. Imported only where an SFTP
address is set, because asyncssh takes 0.2 s to import.
"""

from __future__ import annotations

import asyncio
import posixpath
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

import asyncssh
from fsspec.asyn import sync
from sshfs import SSHFileSystem

from pipelines.errors import SettingError, TransientError
from pipelines.extract.delivery import without_credentials
from pipelines.extract.folders import Failures, Folder
from pipelines.settings import FileConnection, Settings

LONGEST_COPY_SECONDS = 900.0

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
    address = _address(connection)
    filesystem = _connect(connection, address, settings)
    try:
        yield Folder(
            filesystem,
            posixpath.normpath("/" + unquote(address.path).lstrip("/")),
            connection,
            _FAILURES,
            look_options={"timeout": settings.http_timeout_seconds},
            copy_options={"timeout": LONGEST_COPY_SECONDS},
        )
    finally:
        with suppress(OSError, asyncssh.Error):
            sync(filesystem.loop, _close, filesystem)


def _connect(connection: FileConnection, address: SplitResult, settings: Settings) -> SSHFileSystem:
    shown = without_credentials(connection.url)
    known_hosts, key_file = _setting(connection, "KNOWN_HOSTS"), _setting(connection, "KEY_FILE")
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
        secret = key_file if connection.key_file and not connection.password else _setting(connection, "PASSWORD")
        what = f"{shown} does not let the account in with it."
        raise SettingError(secret, what, "Correct it, or ask the server's owner for a new one.") from None
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        raise SettingError(key_file, f"is not a usable key ({error}).", "Use a key without a passphrase.") from None
    except ValueError as error:
        raise SettingError(known_hosts, f"cannot be read ({error}).", "Use the format of OpenSSH.") from None
    except (OSError, asyncssh.Error) as error:
        reason = str(error) or type(error).__name__
        raise TransientError(f"{shown} does not answer ({reason}).", "It may work later; run again.") from error


def _address(connection: FileConnection) -> SplitResult:
    address = urlsplit(connection.url)
    try:
        has_port = address.port is None or address.port > 0
    except ValueError:
        has_port = False
    if not has_port or not address.hostname or not address.username or address.password is not None:
        raise SettingError(
            connection.setting,
            "is not of the form sftp://user@host:port/folder, without a password.",
            f"Correct it; a password belongs into {_setting(connection, 'PASSWORD')}.",
        )
    return address


def _key_file(connection: FileConnection, file: Path) -> str:
    if not file.is_file():
        raise SettingError(_setting(connection, "KEY_FILE"), f"the file {file} does not exist.", "Correct the path.")
    return str(file)


def _setting(connection: FileConnection, name: str) -> str:
    """The setting that stands beside the address: KHOTINH_DOCUMENTS_URL -> KHOTINH_DOCUMENTS_PASSWORD."""
    return f"{connection.setting.removesuffix('URL')}{name}"


async def _close(filesystem: SSHFileSystem) -> None:
    """Closes the channels before the connection: sshfs only does so when it is collected, and too late to be heard."""
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            await filesystem._pool.close()  # noqa: SLF001 -- sshfs has no public way
            filesystem.client.close()
            await filesystem.client.wait_closed()
    finally:
        filesystem.client.abort()
