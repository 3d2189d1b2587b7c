"""A share at a real `smbd` on loopback, Samba's, which signs and encrypts as a Windows server does.

Samba is no Python package: where `smbd` is not installed these tests are skipped.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import smbclient

from .folder_servers import LocalPlace
from .servers import PASSWORD, USER

_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin"])
_LONGEST_START_SECONDS, _LOOK_AGAIN_SECONDS = 20, 0.02
_ENCRYPTING = {"server min protocol": "SMB3", "server signing": "mandatory", "server smb encrypt": "required"}


class SmbServer(LocalPlace):
    """Samba over a folder of its own, in a new folder: the share THONGKE may be read, GHI is the same for a sender.

    Args:
        folder: Where its configuration, its accounts and its state lie, and what it shares.
        options: What is set otherwise than on a server that demands SMB 3, signed and encrypted.
    """

    def __init__(self, folder: Path, options: Mapping[str, str] | None = None) -> None:
        smbd, pdbedit = (shutil.which(name, path=_PATH) for name in ("smbd", "pdbedit"))
        if not smbd or not pdbedit:
            pytest.skip("smbd is not installed, and these tests ask a real share: make system-packages")
        super().__init__(folder / "share")
        self.root.mkdir()
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port = found.getsockname()[1]
        self.settings = {"url": f"smb://{USER}@127.0.0.1:{self.port}/THONGKE", "password": PASSWORD}
        configuration = self._configure(folder, {**_ENCRYPTING, **(options or {})})
        account = pwd.getpwuid(os.getuid()).pw_name  # Samba's account must be one of the machine's: ours.
        (folder / "users").write_text(f"{account} = {USER}\n")
        common = [f"--configfile={configuration}", f"--log-basename={folder}"]
        subprocess.run(
            [pdbedit, *common, "--create", "--password-from-stdin", "--user", account],
            input=f"{PASSWORD}\n{PASSWORD}\n", text=True, check=True, capture_output=True,
        )  # fmt: skip
        with (folder / "smbd.log").open("wb") as log:
            self._process = subprocess.Popen(
                [smbd, *common, "--foreground", "--no-process-group", "--debug-stdout"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        self._wait(folder / "smbd.log")

    def _configure(self, folder: Path, options: Mapping[str, str]) -> Path:
        state = folder / "state"
        state.mkdir(mode=0o700)
        places = ("private dir", "lock directory", "state directory", "cache directory", "pid directory", "ncalrpc dir")
        lines = {
            "server role": "standalone server",
            "interfaces": "127.0.0.1/8",
            "bind interfaces only": "yes",
            "smb ports": self.port,
            "disable netbios": "yes",
            "passdb backend": f"tdbsam:{state / 'passdb.tdb'}",
            "username map": folder / "users",
            **dict.fromkeys(places, state),
            "load printers": "no",
            "printcap name": "/dev/null",
            "disable spoolss": "yes",
            "rpc start on demand helpers": "no",
            "usershare max shares": "0",
            "follow symlinks": "no",
            "mangled names": "no",  # A name with a control is told as it is.
            **options,
        }
        text = "\n".join(
            [
                "[global]",
                *(f"{name} = {value}" for name, value in lines.items()),
                *("[THONGKE]", f"path = {self.root}", "read only = yes"),
                *("[GHI]", f"path = {self.root}", "read only = no"),
            ]
        )
        configuration = folder / "smb.conf"
        configuration.write_text(f"{text}\n")
        return configuration

    def _wait(self, log: Path) -> None:
        last = time.monotonic() + _LONGEST_START_SECONDS
        while self._process.poll() is None and time.monotonic() < last:
            with socket.socket() as asked:
                if asked.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            # A process that ends has not started: nothing else is worth waiting for.
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_LOOK_AGAIN_SECONDS)
        self.stop()
        raise RuntimeError(f"smbd did not start:\n{log.read_text(errors='replace')}")

    @contextmanager
    def sender_writing(self, path: str) -> Iterator[None]:
        """Inside the block another client has the file open for writing."""
        sessions: dict[str, object] = {}
        options = {"port": self.port, "connection_cache": sessions}
        smbclient.register_session("127.0.0.1", username=USER, password=PASSWORD, encrypt=True, **options)
        try:
            with smbclient.open_file(rf"\\127.0.0.1\GHI\{path}", "r+b", share_access="rw", **options):
                yield
        finally:
            smbclient.reset_connection_cache(connection_cache=sessions)

    def clear(self) -> None:
        """Empties the share."""
        shutil.rmtree(self.root)
        self.root.mkdir()

    def stop(self) -> None:
        """Ends the server, and the processes that it made for those who came."""
        try:
            os.killpg(self._process.pid, signal.SIGTERM)
        except ProcessLookupError:
            return
        finally:
            self._process.wait(10)
