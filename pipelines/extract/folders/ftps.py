"""An FTP server behind explicit TLS (RFC 4217): both channels encrypted, its certificate verified, read only.

Plain FTP is never spoken: the password is sent after the certificate was verified, and a server that will not protect
the data channel is refused. `ftplib` is used and not fsspec's FTP, which verifies no certificate.
"""

from __future__ import annotations

import ftplib
import posixpath
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from errno import EFBIG
from time import monotonic
from typing import Any
from urllib.parse import unquote

from pipelines.connections import FileConnection
from pipelines.errors import SettingError, TransientError
from pipelines.extract.delivery import without_credentials
from pipelines.extract.folders.folder import Failures, Folder, write_blocks
from pipelines.extract.folders.names import account_address
from pipelines.settings import Settings

LARGEST_LISTING_BYTES = 64 * 1024 * 1024
LONGEST_LISTING_SECONDS = 300.0
_BLOCK = 64 * 1024
_CLOSE_SECONDS = 2.0
_NOT_LOGGED_IN, _NO_SUCH_FILE = "530", "550"
_UNKNOWN_COMMAND = ("500", "502")
# A ValueError is a listing that cannot be read.
_FAILURES = Failures(broken=(OSError, EOFError, ValueError, ftplib.Error))


@contextmanager
def open_ftps(connection: FileConnection, settings: Settings) -> Iterator[Folder]:
    """The connection's folder, over one session that is closed at the end.

    Raises:
        SettingError: The address names no user or holds a password, the certificate is not trusted, the server speaks
            no TLS or protects no data, or does not let the account in.
        TransientError: The server does not answer.
    """
    address = account_address(connection)
    shown = without_credentials(connection.url)
    server = _Server(_tls(connection), settings.http_timeout_seconds)
    try:
        _enter(
            server, connection, address.hostname or "", address.port or ftplib.FTP_PORT, unquote(address.username or "")
        )
        root = posixpath.normpath("/" + unquote(address.path).lstrip("/"))
        yield Folder(FtpsFiles(server), root, connection, _FAILURES)
    except ssl.SSLCertVerificationError as error:
        raise SettingError(
            connection.beside("ca_file"),
            f"the certificate of {shown} is not trusted ({error.verify_message}).",
            "Set it to the file of the authority that made the certificate; ask the server's owner for it.",
        ) from None
    finally:
        server.leave()


class _Server(ftplib.FTP_TLS):
    """A session whose data channels go on with the control channel's TLS session.

    Most servers demand it (vsftpd, FileZilla Server, ProFTPD): it proves that both channels are one client's.
    """

    def __init__(self, context: ssl.SSLContext, timeout: float) -> None:
        super().__init__(context=context, timeout=timeout)

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int | None]:
        # FTP_TLS would begin a session of its own here.
        connection, size = ftplib.FTP.ntransfercmd(self, cmd, rest)  # noqa: S321 -- it is encrypted in the next line
        session = self.sock.session if isinstance(self.sock, ssl.SSLSocket) else None
        with ExitStack() as undo:
            undo.callback(connection.close)
            protected = self.context.wrap_socket(connection, server_hostname=self.host, session=session)
            undo.pop_all()
        return protected, size

    def read(self, command: str) -> Iterator[bytes]:
        """The data that a command makes the server send, until the server says that it was all."""
        connection, _ = self.ntransfercmd(command)
        with connection:
            while block := connection.recv(_BLOCK):
                yield block
            # Some servers hang up without a TLS goodbye. That nothing was cut off is seen by the file's size.
            connection.settimeout(_CLOSE_SECONDS)
            with suppress(OSError):
                if isinstance(connection, ssl.SSLSocket):
                    connection.unwrap()
        self.voidresp()

    def leave(self) -> None:
        """Says goodbye if that is still possible, and hangs up."""
        with suppress(*_FAILURES.broken, AttributeError):
            if self.sock is not None:
                self.sock.settimeout(_CLOSE_SECONDS)
                self.quit()
        self.close()


class FtpsFiles:
    """What an FTP server holds, by MLSD, or where it knows no MLSD by names, sizes and times one by one.

    Args:
        server: A session that was let in.
    """

    def __init__(self, server: _Server) -> None:
        self._server = server

    def info(self, path: str) -> Mapping[str, Any]:
        """One path. What SIZE refuses is looked for in its folder: the server's 550 may mean absent, folder or denied."""
        if path == "/":
            return {"name": "/", "type": "directory", "size": 0}
        try:
            return self._file(path)
        except ftplib.error_perm as error:
            if not str(error).startswith(_NO_SUCH_FILE):
                raise
        for described in self.ls(posixpath.dirname(path), detail=True):
            if described["name"] == path:
                if described["type"] == "file":
                    raise PermissionError(path)
                return described
        raise FileNotFoundError(path)

    def ls(self, path: str, *, detail: bool) -> list[Mapping[str, Any]]:  # noqa: ARG002 -- fsspec's name
        """What a folder holds."""
        try:
            found = [_described(path, name, facts) for name, facts in self._mlsd(path)]
            return [described for described in found if described is not None]
        except ftplib.error_perm as error:
            if str(error).startswith(_UNKNOWN_COMMAND):
                return self._one_by_one(path)
            raise FileNotFoundError(path) from error

    def get(self, sources: list[str], targets: list[str]) -> None:
        """Copies files, one after the other: an FTP session transfers one at a time."""
        self._server.voidcmd("TYPE I")
        for source, target in zip(sources, targets, strict=True):
            try:
                write_blocks(self._server.read(f"RETR {source}"), target)
            except ftplib.error_perm as error:
                if str(error).startswith(_NO_SUCH_FILE):
                    raise PermissionError(source) from error
                raise

    def _mlsd(self, path: str) -> Iterator[tuple[str, dict[str, str]]]:
        """RFC 3659: `type=file;size=12;modify=20260603051000; name`, a line each, facts in any case."""
        for line in self._listed(f"MLSD {path}"):
            facts, _, name = line.partition(" ")
            pairs = (fact.partition("=") for fact in facts.rstrip(";").split(";"))
            yield name, {key.lower(): value for key, _, value in pairs}

    def _listed(self, command: str) -> list[str]:
        """The lines of a listing, within bounds: a server that lists without end must not fill the memory or the night."""
        text, latest = bytearray(), monotonic() + LONGEST_LISTING_SECONDS
        for block in self._server.read(command):
            text += block
            if monotonic() > latest:
                raise TimeoutError
            if len(text) > LARGEST_LISTING_BYTES:
                raise OSError(EFBIG, "the listing has no end")
        return text.decode(self._server.encoding).splitlines()

    def _one_by_one(self, path: str) -> list[Mapping[str, Any]]:
        """For servers without MLSD, such as Microsoft's. What has no size is a folder."""
        try:
            self._server.cwd(path)
        except ftplib.error_perm as error:
            raise FileNotFoundError(path) from error
        found: list[Mapping[str, Any]] = []
        for name in self._names():
            full = posixpath.join(path, name)
            try:
                found.append(self._file(full))
            except ftplib.error_perm:
                found.append({"name": full, "type": "directory", "size": 0})
        return found

    def _names(self) -> list[str]:
        """The names in the session's folder; many servers call an empty folder an error."""
        try:
            return self._listed("NLST")
        except ftplib.error_perm as error:
            if str(error).startswith(_NO_SUCH_FILE):
                return []
            raise

    def _file(self, path: str) -> Mapping[str, Any]:
        self._server.voidcmd("TYPE I")
        size = self._server.size(path)
        moment = self._server.voidcmd(f"MDTM {path}").partition(" ")[2]
        return {"name": path, "type": "file", "size": size or 0, "mtime": _moment(moment)}


def _described(folder: str, name: str, facts: Mapping[str, str]) -> Mapping[str, Any] | None:
    kind = facts.get("type", "").lower()
    if kind in {"cdir", "pdir"}:
        return None
    return {
        "name": posixpath.join(folder, name),
        "type": {"dir": "directory"}.get(kind, kind),
        "size": int(facts.get("size", 0)),
        "mtime": _moment(facts.get("modify", "")),
    }


def _moment(text: str) -> datetime | None:
    """`20260603051000` or `20260603051000.123`, always UTC (RFC 3659, 2.3)."""
    try:
        return datetime.strptime(text.strip()[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _tls(connection: FileConnection) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=str(connection.ca_file) if connection.ca_file else None)
    except (ssl.SSLError, OSError):
        raise SettingError(
            connection.beside("ca_file"), "holds no certificate.", "Use a file of certificates in PEM form."
        ) from None


def _enter(server: _Server, connection: FileConnection, host: str, port: int, user: str) -> None:
    shown = without_credentials(connection.url)
    password = connection.password.get_secret_value() if connection.password else ""
    try:
        server.connect(host, port)
        server.auth()
        server.login(user, password)
        server.prot_p()
    except ssl.SSLCertVerificationError:
        raise
    except ftplib.error_perm as error:
        if str(error).startswith(_NOT_LOGGED_IN):
            what = f"{shown} does not let the account in with it."
            secret = connection.beside("password")
            raise SettingError(secret, what, "Correct it, or ask the server's owner for a new one.") from None
        raise SettingError(
            connection.setting,
            f"{shown} does not protect both channels by explicit TLS (it answers {str(error)[:3]}).",
            "Ask its owner to allow AUTH TLS and PROT P; without them the password and the data could be read.",
        ) from None
    except _FAILURES.broken as error:
        raise TransientError(
            f"{shown} does not answer ({type(error).__name__}).", "It may work later; run again."
        ) from error
