"""Apache Superset, really started, in its own environment. Without that (`make superset`) these tests are skipped."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipelines.settings import PROJECT

SUPERSET = Path(os.environ.get("KHOTINH_SUPERSET_ENVIRONMENT", PROJECT / ".venv-superset")) / "bin" / "superset"
PASSWORD = "only-on-loopback"
_CONFIG = """
import os
SECRET_KEY = "0123456789012345678901234567890123456789abcdef"
SQLALCHEMY_DATABASE_URI = f"sqlite:///{os.environ['SUPERSET_HOME']}/superset.db"
WTF_CSRF_ENABLED = False
TALISMAN_ENABLED = False
"""


class Superset:
    """A running Superset, asked through its API as its administrator."""

    def __init__(self, port: int) -> None:
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120)
        account = {"username": "admin", "password": PASSWORD, "provider": "db"}
        self.client.headers["Authorization"] = f"Bearer {self._post('security/login', account)['access_token']}"

    def get(self, path: str) -> Any:
        """What a page of the API answers."""
        answer = self.client.get(f"/api/v1/{path}")
        answer.raise_for_status()
        return answer.json()

    def sql(self, query: str) -> list[dict[str, Any]]:
        """Rows of a query in SQL Lab."""
        database = self.get("database/")["result"][0]["id"]
        answer = self._post("sqllab/execute/", {"database_id": database, "sql": query, "runAsync": False})
        rows: list[dict[str, Any]] = answer["data"]
        return rows

    def chart_rows(self, chart: int) -> list[dict[str, Any]]:
        """What a chart shows."""
        [result] = self.get(f"chart/{chart}/data/")["result"]
        assert result["error"] is None
        rows: list[dict[str, Any]] = result["data"]
        return rows

    def _post(self, path: str, content: object) -> Any:
        answer = self.client.post(f"/api/v1/{path}", json=content)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def started(home: Path, bundle: Path) -> Iterator[Superset]:
    """A Superset with its own database below `home` and the bundle imported."""
    if not SUPERSET.exists():
        pytest.skip("Superset is not installed: make superset")
    home.mkdir()
    (home / "superset_config.py").write_text(_CONFIG, encoding="utf-8")
    environment = {"PATH": os.defpath, "HOME": str(home), "SUPERSET_HOME": str(home), "PYTHONPATH": str(home),
                   "FLASK_APP": "superset"}  # fmt: skip
    account = (
        "--username",
        "admin",
        "--firstname",
        "a",
        "--lastname",
        "b",
        "--email",
        "a@localhost",
        "--password",
        PASSWORD,
    )
    log = home / "log"
    with log.open("wb") as told:
        for step in (
            ("db", "upgrade"),
            ("fab", "create-admin", *account),
            ("init",),
            ("import-dashboards", "--path", str(bundle), "--username", "admin"),
        ):
            done = subprocess.run([SUPERSET, *step], env=environment, stdout=told, stderr=told, check=False)
            assert done.returncode == 0, f"superset {step[0]}:\n{log.read_text()[-3000:]}"
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
        command = [str(SUPERSET), "run", "--with-threads", "--port", str(port)]
        with subprocess.Popen(command, env=environment, stdout=told, stderr=told) as server:
            try:
                _wait(server, port, log)
                yield Superset(port)
            finally:
                server.send_signal(signal.SIGTERM)


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    while server.poll() is None:
        try:
            httpx.get(f"http://127.0.0.1:{port}/health").raise_for_status()
        except httpx.TransportError:
            continue
        return
    pytest.fail(f"superset run ended:\n{log.read_text()[-3000:]}")
