"""What the tests of `extract` share: running servers, settings that point at them, the real contracts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipelines.contracts import Contract
from pipelines.settings import Settings
from tests.shipped import shipped_contracts

from .places import Place
from .servers import CLIENT_ID, CLIENT_SECRET, PASSWORD, Loop, Portal, PortalServer, SftpServer

MakeSettings = Callable[..., Settings]


@pytest.fixture(scope="session")
def contracts() -> dict[str, Contract]:
    return shipped_contracts()


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("KHOTINH_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def portal_server() -> Iterator[PortalServer]:
    server = PortalServer()
    yield server
    server.stop()


@pytest.fixture
def portal(portal_server: PortalServer) -> Portal:
    portal_server.portal = Portal()
    return portal_server.portal


@pytest.fixture(scope="session")
def place_server() -> Iterator[Place]:
    server = Place()
    yield server
    server.stop()


@pytest.fixture
def place(place_server: Place) -> Place:
    place_server.asked.clear()
    return place_server


@pytest.fixture(scope="session")
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.stop()


@pytest.fixture
def sftp(loop: Loop, tmp_path: Path) -> Iterator[SftpServer]:
    root = tmp_path / "served"
    root.mkdir()
    server = SftpServer(loop, tmp_path / "known_hosts", root)
    yield server
    server.stop()


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@pytest.fixture
def portal_settings(portal_server: PortalServer) -> MakeSettings:
    def make(**changes: object) -> Settings:
        return _settings(
            {
                "portal_url": portal_server.url,
                "portal_client_id": CLIENT_ID,
                "portal_client_secret": CLIENT_SECRET,
                **changes,
            }
        )

    return make


@pytest.fixture
def sftp_settings(sftp: SftpServer) -> MakeSettings:
    def make(**changes: object) -> Settings:
        values: dict[str, object] = {}
        for connection in ("documents", "videoconference"):
            values |= {
                f"{connection}_url": sftp.url,
                f"{connection}_password": PASSWORD,
                f"{connection}_known_hosts": sftp.known_hosts,
            }
        return _settings({**values, **changes})

    return make


@pytest.fixture
def plain_settings() -> MakeSettings:
    def make(**changes: object) -> Settings:
        return _settings(changes)

    return make


def _settings(values: dict[str, object]) -> Settings:
    """Settings that try thrice, at once, and give up early."""
    quick: dict[str, object] = {"retry_attempts": 3, "retry_seconds": 0, "http_timeout_seconds": 2}
    return Settings(_env_file=None, **{**quick, **values})  # type: ignore[call-arg, arg-type]
