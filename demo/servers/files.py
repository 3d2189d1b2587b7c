"""The file server: SFTP with a password, read only, over the folder of `demo.files`.

What the files say and when they change does not belong here. It listens on 127.0.0.1 alone.
"""

from __future__ import annotations

import asyncio
import os
import posixpath
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from demo.files import FileTree

USER_NAME = "khotinh"
HOST = "127.0.0.1"
WRITING = asyncssh.FXF_WRITE | asyncssh.FXF_APPEND | asyncssh.FXF_CREAT | asyncssh.FXF_TRUNC


@dataclass(frozen=True)
class FileServer:
    """A running file server: where it listens and how a client knows it."""

    acceptor: asyncssh.SSHAcceptor
    port: int
    known_hosts_line: str

    async def close(self) -> None:
        """Stops listening and drops what is connected."""
        self.acceptor.close()
        await self.acceptor.wait_closed()


class _Door(asyncssh.SSHServer):  # type: ignore[misc]
    """Lets in whoever knows the password."""

    def __init__(self, password: str) -> None:
        self._password = password

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002  (the library's signature)
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return username == USER_NAME and password == self._password


class _Shelf(asyncssh.SFTPServer):  # type: ignore[misc]
    """Offers the folder, and has each file written before it is looked at."""

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], tree: FileTree) -> None:
        super().__init__(channel, chroot=str(tree.folder).encode())
        self._tree = tree
        self._opened: set[str] = set()

    def exit(self) -> None:
        """Ends the session: corrected and late files change places behind whoever read the old ones."""
        for place in sorted(self._opened):
            self._tree.opened(place)
        super().exit()

    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:  # noqa: ARG002
        """Opens a file for reading."""
        if pflags & WRITING:
            raise asyncssh.SFTPPermissionDenied("This demo server is read only.")
        place = await self._ready(path)
        self._opened.add(place)
        return self._local(path).open("rb", buffering=0)

    async def stat(self, path: bytes) -> os.stat_result:
        """The attributes of a file or folder."""
        await self._ready(path)
        return self._local(path).stat()

    async def lstat(self, path: bytes) -> os.stat_result:
        """The attributes of a file or folder; there are no links."""
        return await self.stat(path)

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        """The files and folders in a folder."""
        await self._ready(path)
        async for name in super().scandir(path):
            yield name

    def _local(self, path: bytes) -> Path:
        return Path(os.fsdecode(self.map_path(path)))

    async def _ready(self, path: bytes) -> str:
        place = posixpath.normpath("/" + path.decode()).lstrip("/")
        await asyncio.to_thread(self._tree.ensure, place)
        return place


async def start(tree: FileTree, password: str) -> FileServer:
    """Starts the server on a free port with a host key of its own."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    acceptor = await asyncssh.listen(
        HOST,
        0,
        server_host_keys=[key],
        server_factory=lambda: _Door(password),
        sftp_factory=lambda channel: _Shelf(channel, tree),
        allow_scp=False,
    )
    port = acceptor.get_port()
    public = key.export_public_key().decode().strip()
    return FileServer(acceptor, port, f"[{HOST}]:{port} {public}\n")
