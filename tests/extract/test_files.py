"""Files from a real SFTP server and the local disk: one, many, none, changing, climbing, and who is let in."""

from __future__ import annotations

import gc
import os
import stat
import threading
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import asyncssh
import pytest

from pipelines import extract
from pipelines.calendar import TIME_ZONE, Partition
from pipelines.contracts import Contract, Files
from pipelines.errors import DataRefusedError, NotThereError, PermanentError, SettingError, TransientError
from pipelines.extract.delivery import Delivery
from pipelines.extract.folders import files, names, places

from .conftest import MakeSettings
from .servers import PASSWORD, SftpServer

DAY = Partition.parse("2026-06-02")
WRITTEN_AT = datetime(2026, 6, 3, 5, 10, tzinfo=TIME_ZONE)
EXCHANGES = "exchanges/2026-06/exchange-20260602.csv"

Pull = Callable[..., Delivery]


@pytest.fixture
def pull(contracts: dict[str, Contract], sftp_settings: MakeSettings, work: Path) -> Pull:
    """Pulls the exchanges of a day over SFTP, or another dataset, or another path."""

    def run(dataset: str = "document_exchanges", *, path: str | None = None, **changes: object) -> Delivery:
        return extract.pull(_with_path(contracts[dataset], path), DAY, sftp_settings(**changes), work)

    return run


def _with_path(contract: Contract, path: str | None) -> Contract:
    if path is None or not isinstance(contract.source, Files):
        return contract
    return contract.model_copy(update={"source": contract.source.model_copy(update={"path": path})})


def _write(file: Path, content: bytes = b"MaGoiTin;MaVanBan\r\n") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    os.utime(file, (WRITTEN_AT.timestamp(), WRITTEN_AT.timestamp()))
    return file


def test_one_file_keeps_its_bytes_name_and_time(pull: Pull, sftp: SftpServer, work: Path) -> None:
    _write(sftp.root / EXCHANGES, b"\xef\xbb\xbfMaGoiTin" * 30_000)
    delivery = pull()
    assert delivery.file.read_bytes() == (sftp.root / EXCHANGES).read_bytes()
    assert stat.S_IMODE(delivery.file.stat().st_mode) == 0o600
    assert delivery.file_name == "exchange-20260602.csv"
    assert delivery.source_uri == f"sftp://127.0.0.1:{sftp.port}/{EXCHANGES}"
    assert delivery.source_modified_at == WRITTEN_AT.replace(tzinfo=None)
    assert list(work.iterdir()) == [delivery.file]


def test_many_files_come_over_one_connection_as_one_zip(pull: Pull, sftp: SftpServer, work: Path) -> None:
    folder = sftp.root / "cdr" / "2026-06-02"
    bodies = {f"{number:03d}.xml": f"<records session='{number}'/>".encode() * 100 for number in range(40)}
    for name, body in bodies.items():
        _write(folder / name, body)
    for name in ("041.xml.part", ".042.xml", "043.xml.TMP", "notes.txt"):
        _write(folder / name)
    (folder / "044.xml").mkdir()
    delivery = pull("videoconference_calls")
    assert sftp.connections == 1
    assert delivery.file_name == "videoconference_calls-2026-06-02.zip"
    assert delivery.source_modified_at == WRITTEN_AT.replace(tzinfo=None)
    with zipfile.ZipFile(delivery.file) as archive:
        assert archive.namelist() == sorted(bodies)
        assert {name: archive.read(name) for name in bodies} == bodies
    assert stat.S_IMODE(delivery.file.stat().st_mode) == 0o600
    assert list(work.iterdir()) == [delivery.file]


def test_the_same_files_are_the_same_bytes(pull: Pull, sftp: SftpServer) -> None:
    folder = sftp.root / "cdr" / "2026-06-02"
    for name in ("b.xml", "a.xml"):
        _write(folder / name)
    first = pull("videoconference_calls").file.read_bytes()
    os.utime(folder / "a.xml", (1_700_000_000, 1_700_000_000))
    assert pull("videoconference_calls").file.read_bytes() == first


def test_a_connection_is_closed_in_order(pull: Pull, sftp: SftpServer, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(40):
        _write(sftp.root / "cdr" / "2026-06-02" / f"{number:03d}.xml")
    pull("videoconference_calls")
    gc.collect()
    assert [record.getMessage() for record in caplog.records if record.levelname != "INFO"] == []


def test_a_listing_is_never_stale(pull: Pull, sftp: SftpServer) -> None:
    folder = sftp.root / "cdr" / "2026-06-02"
    _write(folder / "a.xml")
    pull("videoconference_calls")
    _write(folder / "b.xml")
    with zipfile.ZipFile(pull("videoconference_calls").file) as archive:
        assert archive.namelist() == ["a.xml", "b.xml"]


def test_connections_and_threads_do_not_pile_up(pull: Pull, sftp: SftpServer) -> None:
    _write(sftp.root / EXCHANGES)
    pull()
    threads, sockets = threading.active_count(), _open_sockets()
    for _ in range(5):
        pull()
    gc.collect()
    assert threading.active_count() == threads
    assert _open_sockets() <= sockets + 1


@pytest.mark.parametrize("path", [EXCHANGES, "cdr/2026-06-02/*.xml"])
@pytest.mark.parametrize("folder", ["exchanges/2026-06", "cdr/2026-06-02", "other"])
def test_a_missing_file_is_not_there(pull: Pull, sftp: SftpServer, path: str, folder: str) -> None:
    (sftp.root / folder).mkdir(parents=True)
    with pytest.raises(NotThereError, match=r"document_exchanges 2026-06-02: sftp://127"):
        pull(path=path)
    assert sftp.connections == 1


def test_a_missing_root_names_the_setting(pull: Pull, sftp: SftpServer) -> None:
    with pytest.raises(SettingError, match="KHOTINH_DOCUMENTS_URL"):
        pull(documents_url=f"{sftp.url}/khong-co")


def test_a_wrong_password_names_its_setting(pull: Pull, sftp: SftpServer) -> None:
    with pytest.raises(SettingError, match="KHOTINH_DOCUMENTS_PASSWORD") as refused:
        pull(documents_password="sai-mat-khau")
    assert "sai-mat-khau" not in str(refused.value)
    assert sftp.connections == 1


def test_a_wrong_key_names_its_setting(pull: Pull, tmp_path: Path) -> None:
    key_file = tmp_path / "id_ed25519"
    key_file.write_bytes(asyncssh.generate_private_key("ssh-ed25519").export_private_key())
    with pytest.raises(SettingError, match="KHOTINH_DOCUMENTS_KEY_FILE"):
        pull(documents_password=None, documents_key_file=key_file)
    key_file.write_text("not a key", encoding="utf-8")
    with pytest.raises(SettingError, match="KHOTINH_DOCUMENTS_KEY_FILE"):
        pull(documents_key_file=key_file)
    with pytest.raises(SettingError, match="KHOTINH_DOCUMENTS_KEY_FILE"):
        pull(documents_key_file=tmp_path / "none")


def test_an_unknown_host_key_is_never_accepted(pull: Pull, sftp: SftpServer) -> None:
    _write(sftp.root / EXCHANGES)
    sftp.trust(asyncssh.generate_private_key("ssh-ed25519"))
    with pytest.raises(SettingError, match="KHOTINH_DOCUMENTS_KNOWN_HOSTS"):
        pull()
    sftp.known_hosts.write_text("", encoding="utf-8")
    with pytest.raises(SettingError, match="KHOTINH_DOCUMENTS_KNOWN_HOSTS"):
        pull()
    sftp.known_hosts.write_text("[127.0.0.1", encoding="utf-8")
    with pytest.raises(SettingError, match="KHOTINH_DOCUMENTS_KNOWN_HOSTS"):
        pull()


@pytest.mark.parametrize("url", ["sftp://127.0.0.1:1", f"sftp://u:{PASSWORD}@127.0.0.1:1", "sftp://u@127.0.0.1:port"])
def test_an_address_without_user_or_with_password_is_refused(pull: Pull, url: str) -> None:
    with pytest.raises(SettingError, match="KHOTINH_DOCUMENTS_URL") as refused:
        pull(documents_url=url)
    assert PASSWORD not in str(refused.value)


def test_nobody_at_the_address_is_transient(pull: Pull) -> None:
    with pytest.raises(TransientError, match=r"sftp://127\.0\.0\.1:9 does not answer"):
        pull(documents_url="sftp://u@127.0.0.1:9")


@pytest.mark.parametrize("path", ["../x.csv", "/etc/passwd", "a/../../x", "a//x", "./x", "a\\..\\x", "*/x.csv"])
def test_a_path_that_climbs_is_refused(pull: Pull, path: str) -> None:
    with pytest.raises(PermanentError, match=r"Write it without|Keep the"):
        pull(path=path)


@pytest.mark.parametrize("name", ["../evil.xml", "/etc/evil.xml", "x\\evil.xml", "sub/evil.xml"])
def test_a_listed_name_that_climbs_is_refused(pull: Pull, sftp: SftpServer, work: Path, name: str) -> None:
    _write(sftp.root / "cdr" / "2026-06-02" / "a.xml")
    sftp.extra_names = [name]
    with pytest.raises(PermanentError, match="leads out of its folder"):
        pull("videoconference_calls")
    assert list(work.iterdir()) == []


def test_a_file_that_grows_is_not_taken(
    pull: Pull, sftp: SftpServer, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "SETTLE_SECONDS", 0)
    _write(sftp.root / EXCHANGES)
    sftp.growths = 9
    with pytest.raises(TransientError, match="still being written"):
        pull()
    assert sftp.connections == 3
    assert list(work.iterdir()) == []


def test_a_file_that_stops_growing_is_taken_whole(
    pull: Pull, sftp: SftpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "SETTLE_SECONDS", 0)
    file = _write(sftp.root / EXCHANGES)
    sftp.growths = 2
    assert pull().file.read_bytes() == file.read_bytes()
    assert sftp.connections == 3


def test_a_fresh_file_is_looked_at_again_after_a_pause(
    pull: Pull, sftp: SftpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    file = _write(sftp.root / EXCHANGES)
    pull()
    assert pauses == []
    os.utime(file)
    pull()
    assert pauses == [files.SETTLE_SECONDS]


def test_files_that_are_too_large_are_not_copied(pull: Pull, sftp: SftpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST_FILE_BYTES", 5)
    _write(sftp.root / EXCHANGES)
    with pytest.raises(DataRefusedError, match="document_exchanges") as refused:
        pull()
    assert refused.value.check == "file_size"


def test_a_forbidden_file_is_permanent(pull: Pull, sftp: SftpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    _write(sftp.root / EXCHANGES)

    def forbidden(*_: object) -> None:
        raise asyncssh.SFTPPermissionDenied("no")

    monkeypatch.setattr(asyncssh.SFTPServer, "open", forbidden)
    with pytest.raises(PermanentError, match="may not be read"):
        pull()
    assert sftp.connections == 1


def test_a_server_that_fails_is_transient(pull: Pull, sftp: SftpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: object) -> None:
        raise ConnectionAbortedError

    _write(sftp.root / EXCHANGES)
    monkeypatch.setattr(asyncssh.SFTPServer, "stat", silent)
    with pytest.raises(TransientError, match=r"could not be read \(ConnectionLost\)|could not be read \(SFTPFailure\)"):
        pull()
    assert sftp.connections == 3


class TestLocalFolder:
    """The same rules on the local disk, as a mounted share is read."""

    @pytest.fixture
    def pull(self, contracts: dict[str, Contract], plain_settings: MakeSettings, tmp_path: Path, work: Path) -> Pull:
        def run(dataset: str = "officer_forms", *, path: str | None = None, **changes: object) -> Delivery:
            values = {"officer_url": (tmp_path / "phòng họp").as_uri(), **changes}
            contract = _with_path(contracts[dataset], path)
            return extract.pull(contract, Partition.parse("2026-06"), plain_settings(**values), work)

        return run

    def test_one_file(self, pull: Pull, tmp_path: Path) -> None:
        file = _write(tmp_path / "phòng họp" / "bieu-chi-tieu-202606.xlsx")
        delivery = pull()
        assert delivery.file.read_bytes() == file.read_bytes()
        assert stat.S_IMODE(delivery.file.stat().st_mode) == 0o600
        assert delivery.source_modified_at == WRITTEN_AT.replace(tzinfo=None)
        assert delivery.source_uri.startswith("file:///")

    def test_all_that_match(self, pull: Pull, tmp_path: Path) -> None:
        for name in ("b.xlsx", "a.xlsx", "[c].xlsx", "~d.xlsx.tmp"):
            _write(tmp_path / "phòng họp" / name)
        with zipfile.ZipFile(pull(path="*.xlsx").file) as archive:
            assert archive.namelist() == ["[c].xlsx", "a.xlsx", "b.xlsx"]

    def test_missing(self, pull: Pull, tmp_path: Path) -> None:
        with pytest.raises(SettingError, match="KHOTINH_OFFICER_URL"):
            pull()
        (tmp_path / "phòng họp").mkdir()
        with pytest.raises(NotThereError):
            pull()

    @pytest.mark.parametrize("path", ["bieu.xlsx", "*.xlsx"])
    def test_a_link_that_leads_out(self, pull: Pull, tmp_path: Path, path: str) -> None:
        secret = _write(tmp_path / "secret.xlsx")
        (tmp_path / "phòng họp").mkdir()
        (tmp_path / "phòng họp" / "bieu.xlsx").symlink_to(secret)
        with pytest.raises(PermanentError, match="leads out"):
            pull(path=path)

    def test_a_folder_is_no_file(self, pull: Pull, tmp_path: Path) -> None:
        (tmp_path / "phòng họp" / "bieu-chi-tieu-202606.xlsx").mkdir(parents=True)
        with pytest.raises(PermanentError, match="not a file"):
            pull()

    def test_an_address_with_two_slashes(self, pull: Pull) -> None:
        with pytest.raises(SettingError, match="three slashes"):
            pull(officer_url="file://data/forms")


@pytest.mark.parametrize("kind", ["s3", "smb"])
def test_an_extra_that_is_missing_says_how_to_install_it(
    contracts: dict[str, Contract], plain_settings: MakeSettings, work: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(places, "find_spec", lambda _: None)
    settings = plain_settings(
        officer_url=f"{kind}://u@bucket/forms", officer_password="x", officer_access_key="x", officer_secret_key="x"
    )
    with pytest.raises(SettingError, match=rf"KHOTINH_OFFICER_URL.*khotinh\[{kind}\]"):
        extract.pull(contracts["officer_forms"], Partition.parse("2026-06"), settings, work)


def test_unfinished_names_are_lower_case() -> None:
    assert all(suffix == suffix.lower() for suffix in names.UNFINISHED_SUFFIXES)


def _open_sockets() -> int:
    """The server's thread may close one while they are counted; that one is not open any more."""
    sockets = 0
    for link in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            sockets += str(link.readlink()).startswith("socket:")
    return sockets
