"""Folders at real servers on loopback, each of another kind, that the tests fill: FTPS, S3, and the local disk.

Each is a `Place`: what lies there is written by the test behind the server's back, as a sender would.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Protocol

import botocore.session
import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from moto.server import ThreadedMotoServer
from OpenSSL import SSL
from OpenSSL._util import lib as openssl
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import TLS_DTPHandler, TLS_FTPHandler
from pyftpdlib.ioloop import IOLoop
from pyftpdlib.servers import FTPServer

from .servers import PASSWORD, USER

WRITTEN_AT = datetime(2026, 6, 2, 22, 10, tzinfo=UTC)


class Place(Protocol):
    """A folder that a test fills.

    Attributes:
        settings: What is set of the connection that leads there, without the connection's name.
    """

    settings: Mapping[str, object]

    def put(self, path: str, content: bytes) -> datetime:
        """Writes a file; when it was written last, by the place's own word, comes back."""


class LocalPlace:
    """The local disk, where a share may be mounted."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.settings: Mapping[str, object] = {"url": root.as_uri()}

    def put(self, path: str, content: bytes) -> datetime:
        """Writes a file and dates it."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        os.utime(file, (WRITTEN_AT.timestamp(), WRITTEN_AT.timestamp()))
        return WRITTEN_AT


def certificate(folder: Path, name: str = "127.0.0.1") -> Path:
    """A key and a certificate of its own making for an address, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Trung tâm dữ liệu")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(name))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


class FtpsServer(LocalPlace):
    """An FTP server behind explicit TLS over a folder, whose account may list and read and nothing else.

    Attributes:
        extra_lines: Lines that a listing holds beside the true ones.
        unknown: Commands that it does not know.
        demands_reuse: Whether a data channel must go on with the control channel's TLS session, as most servers demand.
        says_goodbye: Whether it ends the TLS of a data channel before it hangs up.
        growing: Whether a file grows by a byte whenever it was read.
        commands: What it was told, without the password.
        clear_data: How many data channels were opened without TLS.
        reused: Whether each data channel's TLS went on with a known session.
    """

    def __init__(self, root: Path, pem: Path) -> None:  # noqa: C901 -- a class of the library in a class of ours
        super().__init__(root)
        self.extra_lines: list[bytes] = []
        self.unknown: set[str] = set()
        self.demands_reuse = True
        self.says_goodbye = True
        self.growing = False
        self.commands: list[str] = []
        self.reused: list[bool] = []
        outer = self

        class Data(TLS_DTPHandler):  # type: ignore[misc]
            def handle_ssl_established(self) -> None:
                is_reused = bool(openssl.SSL_session_reused(self.socket._ssl))
                outer.reused.append(is_reused)
                if outer.demands_reuse and not is_reused:
                    self.cmd_channel.respond("522 SSL connection failed: session reuse required")
                    self.close()

            def _do_ssl_shutdown(self) -> None:
                if outer.says_goodbye:
                    super()._do_ssl_shutdown()
                else:
                    super(TLS_DTPHandler, self).close()

        class Session(TLS_FTPHandler):  # type: ignore[misc]
            dtp_handler = Data

            def process_command(self, cmd: str, *args: Any, **options: Any) -> None:
                outer.commands.append(cmd if cmd == "PASS" else f"{cmd} {args[0] if args else ''}".strip())
                if cmd in outer.unknown:
                    self.respond(f'500 Command "{cmd}" not understood.')
                else:
                    super().process_command(cmd, *args, **options)

            def push_dtp_data(self, data: Any, *args: Any, **options: Any) -> None:
                if options.get("cmd") == "MLSD" and outer.extra_lines:
                    lines = [*data.iterator, *outer.extra_lines]
                    data.iterator = iter(lines)
                super().push_dtp_data(data, *args, **options)

            def on_file_sent(self, file: str) -> None:
                if outer.growing:
                    with Path(file).open("ab") as stream:
                        stream.write(b"+")

        context = SSL.Context(SSL.TLS_SERVER_METHOD)
        context.use_certificate_chain_file(str(pem))
        context.use_privatekey_file(str(pem))
        context.set_session_id(b"khotinh")
        Session.ssl_context = context
        Session.authorizer = DummyAuthorizer()
        Session.authorizer.add_user(USER, PASSWORD, str(root), perm="elr")
        Session.auth_failed_timeout = 0
        self._loop = IOLoop()
        self._server = FTPServer(("127.0.0.1", 0), Session, ioloop=self._loop)
        self.port = self._server.address[1]
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        self.settings = {"url": f"ftps://{USER}@127.0.0.1:{self.port}", "password": PASSWORD, "ca_file": pem}

    def _serve(self) -> None:
        while not self._is_stopping.is_set():
            self._loop.loop(timeout=0.01, blocking=False)
        self._server.close_all()

    def stop(self) -> None:
        """Ends the server and waits for its thread."""
        self._is_stopping.set()
        self._thread.join(5)


class S3Server:
    """An S3 service that checks keys and their rights, for the length of a session of tests."""

    def __init__(self) -> None:
        self._server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.url = f"http://{host}:{port}"

    def client(self, service: str = "s3", key: str = "root", secret: str = PASSWORD) -> Any:
        """A client of the service's owner, or of an account."""
        return botocore.session.Session().create_client(
            service,
            endpoint_url=self.url,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            region_name="us-east-1",
        )

    @contextmanager
    def checking_keys(self) -> Iterator[None]:
        """Inside the block nobody is let in without the right key and the right to what is asked."""
        httpx.post(f"{self.url}/moto-api/reset-auth", content="0").raise_for_status()
        try:
            yield
        finally:
            httpx.post(f"{self.url}/moto-api/reset-auth", content="inf").raise_for_status()

    def account(self, name: str, policy: str) -> tuple[str, str]:
        """A new account with one policy: its keys."""
        iam = self.client("iam")
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="read", PolicyDocument=policy)
        made = iam.create_access_key(UserName=name)["AccessKey"]
        return made["AccessKeyId"], made["SecretAccessKey"]

    def stop(self) -> None:
        """Ends the server."""
        self._server.stop()


class Bucket:
    """A prefix of a bucket of its own."""

    def __init__(self, server: S3Server, name: str) -> None:
        self.name = name
        self.client = server.client()
        self.client.create_bucket(Bucket=name)
        self.settings: Mapping[str, object] = {
            "url": f"s3://{name}/export",
            "endpoint_url": server.url,
            "access_key": "root",
            "secret_key": PASSWORD,
        }

    def put(self, path: str, content: bytes) -> datetime:
        """Writes an object."""
        self.client.put_object(Bucket=self.name, Key=f"export/{path}", Body=content)
        moment: datetime = self.client.head_object(Bucket=self.name, Key=f"export/{path}")["LastModified"]
        return moment
