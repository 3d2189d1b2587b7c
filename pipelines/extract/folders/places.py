"""The one way into a connection's root folder, whatever kind of place it is.

Each kind that needs more than the local disk has a module of its own, imported only where an address asks for it:
their libraries take time to import, and some are extras.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from urllib.parse import unquote, urlsplit

from fsspec.implementations.local import LocalFileSystem

from pipelines.connections import FileConnection
from pipelines.errors import SettingError
from pipelines.extract.folders.folder import Folder
from pipelines.settings import Settings


@contextmanager
def open_folder(connection: FileConnection, settings: Settings) -> Iterator[Folder]:
    """The connection's root folder, open for the length of the block.

    Raises:
        SettingError: The address cannot be used, or the place does not let us in.
        TransientError: The place does not answer.
    """
    address = urlsplit(connection.url)
    match address.scheme:
        case "sftp":
            from pipelines.extract.folders.sftp import open_sftp  # noqa: PLC0415 -- asyncssh takes 0.2 s to import

            with open_sftp(connection, settings) as folder:
                yield folder
        case "ftps":
            from pipelines.extract.folders.ftps import open_ftps  # noqa: PLC0415

            with open_ftps(connection, settings) as folder:
                yield folder
        case "smb":
            _check_installed(connection, "smbclient", "smb")
            from pipelines.extract.folders.smb import open_smb  # noqa: PLC0415 -- an extra

            with open_smb(connection, settings) as folder:
                yield folder
        case "s3":
            _check_installed(connection, "botocore", "s3")
            from pipelines.extract.folders.s3 import open_s3  # noqa: PLC0415 -- an extra

            with open_s3(connection, settings) as folder:
                yield folder
        case _:
            if address.netloc not in {"", "localhost"}:
                raise SettingError(connection.setting, "is not of the form file:///folder.", "Write three slashes.")
            yield Folder(LocalFileSystem(), os.path.normpath(unquote(address.path) or "/"), connection)


def _check_installed(connection: FileConnection, module: str, extra: str) -> None:
    if find_spec(module) is None:
        raise SettingError(
            connection.setting,
            f"is an {extra}:// address, and what reads it is not installed.",
            f"Install it: pip install 'khotinh[{extra}]'.",
        )
