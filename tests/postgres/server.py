"""A PostgreSQL server of our own on loopback, Debian's package. Where it is not installed these tests are skipped."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import TupleRow

from pipelines.settings import Settings

_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
PASSWORD = "hu'sh \\ 100%"
IN_A_URL = "hu%27sh%20%5C%20100%25"


@dataclass(frozen=True)
class Server:
    """A running server.

    Attributes:
        folder: Its socket and data.
        port: On 127.0.0.1.
    """

    folder: Path
    port: int

    def settings(self, home: Path, *, database: str = "khotinh", reader: str = "", user: str = "owner") -> Settings:
        """Settings of a home that exports to one of its databases."""
        url = f"postgresql://{user}:{IN_A_URL}@127.0.0.1:{self.port}/{database}"
        return Settings(_env_file=None, home=home, postgres_url=url, postgres_reader=reader)  # type: ignore[call-arg, arg-type]

    def connect(self, user: str = "owner", database: str = "khotinh") -> psycopg.Connection[TupleRow]:
        """A client of it, each statement a transaction of its own."""
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user=user, password=PASSWORD, dbname=database, autocommit=True
        )

    def control(self, *arguments: str) -> None:
        """Runs pg_ctl as whoever owns the data."""
        _as_owner(
            str(_BINARIES[-1] / "pg_ctl"), "--pgdata", str(self.folder / "data"), "--wait", "--silent", *arguments
        )

    def start(self) -> None:
        """Starts it and waits until it answers."""
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=40"
        self.control("--log", str(self.folder / "log"), "--options", options, "start")


def start_server() -> Server:
    """Makes a server with the databases `khotinh` and `other` and starts it; `owner` has to give a password."""
    if not _BINARIES:
        pytest.skip("PostgreSQL is not installed, and these tests ask a real server: make system-packages")
    # A socket's path is short, and the server's account has to reach it: not below pytest's folder.
    folder = Path(tempfile.mkdtemp(prefix="khotinh-postgres-"))
    if (owner := _owner()) is not None:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    secret = folder / "password"
    secret.write_text(PASSWORD, encoding="utf-8")
    secret.chmod(0o644)
    _as_owner(
        str(_BINARIES[-1] / "initdb"), "--pgdata", str(folder / "data"), "--username", "owner", "--pwfile", str(secret),
        "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync",
    )  # fmt: skip
    server = Server(folder, _free_port())
    server.start()
    with server.connect(database="postgres") as connection:
        connection.execute("CREATE DATABASE khotinh")
        connection.execute("CREATE DATABASE other")
    return server


def stop_server(server: Server) -> None:
    """Stops it and removes what it wrote."""
    server.control("--mode", "immediate", "stop")
    shutil.rmtree(server.folder)


def _owner() -> pwd.struct_passwd | None:
    """PostgreSQL refuses root: the account that runs it instead; None for who is not root."""
    return pwd.getpwnam("postgres") if os.geteuid() == 0 else None


def _as_owner(*command: str) -> None:
    owner = _owner()
    account = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if owner else {}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/", **account)  # type: ignore[call-overload]


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
