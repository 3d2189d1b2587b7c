"""What holds at every kind of place, tried at a real server of each; and what each kind has of its own."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path

import pytest

from pipelines import extract
from pipelines.calendar import TIME_ZONE, Partition
from pipelines.contracts import Contract, Files
from pipelines.errors import KhoTinhError, NotThereError, PermanentError, SettingError, TransientError
from pipelines.extract.delivery import Delivery
from pipelines.extract.folders import files, s3
from pipelines.extract.folders import ftps as ftps_module

from .conftest import MakeSettings
from .folder_servers import Bucket, FtpsServer, LocalPlace, Place, S3Server, certificate
from .servers import PASSWORD, USER, SftpServer
from .smb_server import SmbServer

DAY = Partition.parse("2026-06-02")
KINDS = ["local", "sftp", "ftps", "s3", "smb"]

Pull = Callable[..., Delivery]
_numbers = count()


@pytest.fixture(scope="session")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "5")  # A page of a listing; 1,000 at Amazon's.
        server = S3Server()
        yield server
    server.stop()


@pytest.fixture
def served(tmp_path: Path) -> Path:
    folder = tmp_path / "place"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def ftps(served: Path, pem: Path) -> Iterator[FtpsServer]:
    server = FtpsServer(served, pem)
    yield server
    server.stop()


@pytest.fixture
def bucket(s3_server: S3Server) -> Bucket:
    return Bucket(s3_server, f"thong-ke-{next(_numbers)}")


@pytest.fixture(scope="session")
def samba(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmbServer]:
    server = SmbServer(tmp_path_factory.mktemp("smb"))
    yield server
    server.stop()


@pytest.fixture
def smb_server(samba: SmbServer) -> SmbServer:
    samba.clear()
    return samba


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, served: Path) -> Place:
    """The root folder of a connection, at each kind of place in turn."""
    match request.param:
        case "local":
            return LocalPlace(served)
        case "sftp":
            server: SftpServer = request.getfixturevalue("sftp")
            found = LocalPlace(server.root)
            found.settings = {"url": server.url, "password": PASSWORD, "known_hosts": server.known_hosts}
            return found
        case kind:
            place: Place = request.getfixturevalue({"ftps": "ftps", "s3": "bucket", "smb": "smb_server"}[kind])
            return place


@pytest.fixture
def pull(contracts: dict[str, Contract], plain_settings: MakeSettings, work: Path) -> Pull:
    """Pulls a path of a place."""

    def run(place: Place, path: str, **changes: object) -> Delivery:
        contract = contracts["document_exchanges"]
        assert isinstance(contract.source, Files)
        contract = contract.model_copy(update={"source": contract.source.model_copy(update={"path": path})})
        settings = plain_settings(
            **{f"documents_{name}": value for name, value in {**place.settings, **changes}.items()}
        )
        return extract.pull(contract, DAY, settings, work)

    return run


def _finding(contracts: Mapping[str, Contract], make: MakeSettings, place: Place, **changes: object) -> str | None:
    """What `khotinh doctor` finds of the place."""
    settings = make(**{f"documents_{name}": value for name, value in {**place.settings, **changes}.items()})
    ((name, error),) = extract.check([contracts["document_exchanges"]], settings)
    assert name == "documents"
    return str(error) if error else None


class TestEveryPlace:
    """What a dataset's owner may count on wherever the export lies."""

    def test_a_file_keeps_its_bytes_name_and_time(self, pull: Pull, place: Place, work: Path) -> None:
        content = "MãGóiTin;Trạng thái\r\n".encode() * 20_000
        written_at = place.put("thang 6/báo cáo 02.06.2026.csv", content)
        delivery = pull(place, "thang 6/báo cáo 02.06.2026.csv")
        assert delivery.file.read_bytes() == content
        assert delivery.file_name == "báo cáo 02.06.2026.csv"
        assert delivery.source_modified_at == written_at.astimezone(TIME_ZONE).replace(tzinfo=None, microsecond=0)
        assert delivery.source_uri.endswith("/thang 6/báo cáo 02.06.2026.csv")
        assert PASSWORD not in delivery.source_uri
        assert USER not in delivery.source_uri
        assert stat.S_IMODE(delivery.file.stat().st_mode) == 0o600
        assert list(work.iterdir()) == [delivery.file]

    def test_an_empty_file_is_a_file(self, pull: Pull, place: Place) -> None:
        place.put("a.csv", b"")
        assert pull(place, "a.csv").file.read_bytes() == b""

    def test_all_that_match_come_as_one_zip(self, pull: Pull, place: Place) -> None:
        bodies = {f"{number:03d}.csv": f"a;{number}".encode() * 50 for number in range(12)}
        for name, body in bodies.items():
            place.put(f"cdr/{name}", body)
        for name in ("012.csv.part", ".013.csv", "~$014.csv", "015.CSV.TMP", "016.csv.crdownload", "notes.txt"):
            place.put(f"cdr/{name}", b"x")
        place.put("cdr/017.csv/inside.csv", b"x")
        with zipfile.ZipFile(pull(place, "cdr/*.csv").file) as archive:
            assert {name: archive.read(name) for name in archive.namelist()} == bodies
            assert archive.namelist() == sorted(bodies)

    @pytest.mark.parametrize("path", ["exports/none.csv", "exports/*.csv", "none/a.csv", "none/*.csv"])
    def test_what_is_absent_is_not_there(self, pull: Pull, place: Place, path: str) -> None:
        place.put("exports/other.txt", b"x")
        with pytest.raises(NotThereError, match="document_exchanges 2026-06-02"):
            pull(place, path)

    def test_a_folder_is_no_file(self, pull: Pull, place: Place) -> None:
        place.put("a.csv/inside.csv", b"x")
        with pytest.raises(PermanentError, match="not a file"):
            pull(place, "a.csv")

    @pytest.mark.parametrize("name", ["báo\u202ecsv.csv", "bao\u200bcao.csv", "a\x07.csv"])
    def test_a_name_that_is_not_what_it_looks_like_is_refused(self, pull: Pull, place: Place, name: str) -> None:
        place.put(f"in/{name}", b"x")
        with pytest.raises(PermanentError, match="invisible characters"):
            pull(place, "in/*.csv")

    def test_two_names_that_differ_in_case_only_are_refused(self, pull: Pull, place: Place) -> None:
        place.put("in/Báo cáo.csv", b"x")
        place.put("in/báo cáo.CSV", b"y")
        with pytest.raises(PermanentError, match="differ in case"):
            pull(place, "in/*")

    @pytest.mark.parametrize("path", ["../x.csv", "/etc/passwd", "a/../x", "a//x", "a\\x", "x\r\nDELE a.csv"])
    def test_a_path_that_climbs_is_never_asked_for(self, pull: Pull, place: Place, path: str) -> None:
        with pytest.raises(PermanentError, match="Write it without"):
            pull(place, path)

    def test_an_encoded_address_is_read_as_it_is_meant(self, pull: Pull, place: Place) -> None:
        place.put("phòng họp/a.csv", b"x")
        url = f"{place.settings['url']}/ph%C3%B2ng%20h%E1%BB%8Dp"
        assert pull(place, "a.csv", url=url).file.read_bytes() == b"x"

    def test_a_place_that_works_is_no_finding(
        self, contracts: dict[str, Contract], plain_settings: MakeSettings, place: Place
    ) -> None:
        place.put("a.csv", b"x")
        assert _finding(contracts, plain_settings, place) is None

    def test_a_root_that_is_not_there_names_the_setting(
        self, contracts: dict[str, Contract], plain_settings: MakeSettings, place: Place, pull: Pull
    ) -> None:
        place.put("a.csv", b"x")
        url = f"{place.settings['url']}/khong-co"
        if url.startswith("s3"):
            # A bucket has no folders: a prefix of which nothing is there yet is an empty one, and no wrong setting.
            with pytest.raises(NotThereError):
                pull(place, "a.csv", url=url)
            assert _finding(contracts, plain_settings, place, url=url) is None
            return
        with pytest.raises(SettingError, match=r"KHOTINH_DOCUMENTS_URL.*is not there"):
            pull(place, "a.csv", url=url)
        assert "KHOTINH_DOCUMENTS_URL" in str(_finding(contracts, plain_settings, place, url=url))

    @pytest.mark.parametrize("path", ["a.csv", "*.csv"])
    def test_a_file_that_changes_while_it_is_read_is_not_taken(
        self, pull: Pull, place: Place, path: str, work: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The sender writes on between our copy and our second look, each time."""
        monkeypatch.setattr(files, "SETTLE_SECONDS", 0)
        place.put("a.csv", b"x")
        grown = b"x"
        unchanged = files.check_unchanged

        def sender_goes_on(*seen: object) -> None:
            nonlocal grown
            grown += b"+"
            place.put("a.csv", grown)
            unchanged(*seen)  # type: ignore[arg-type]

        monkeypatch.setattr(files, "check_unchanged", sender_goes_on)
        with pytest.raises(TransientError, match="still being written"):
            pull(place, path)
        assert grown == b"x+++"
        assert list(work.iterdir()) == []


class TestFtps:
    """Explicit TLS on both channels, or nothing."""

    def test_both_channels_are_one_session_and_nothing_is_written(self, pull: Pull, ftps: FtpsServer) -> None:
        ftps.put("a.csv", b"x" * 300_000)
        before = sorted(ftps.root.rglob("*")), ftps.root.stat().st_mtime_ns
        pull(ftps, "*.csv")
        assert ftps.reused == [True] * len(ftps.reused)
        assert len(ftps.reused) >= 3
        assert {command.split()[0] for command in ftps.commands} == {
            "AUTH", "PBSZ", "PROT", "USER", "PASS", "TYPE", "EPSV", "PASV", "MLSD", "RETR", "QUIT",
        } - {"EPSV"}  # fmt: skip
        assert ftps.commands.index("AUTH TLS") < ftps.commands.index("PASS")
        assert (sorted(ftps.root.rglob("*")), ftps.root.stat().st_mtime_ns) == before

    def test_a_server_that_hangs_up_without_goodbye(self, pull: Pull, ftps: FtpsServer) -> None:
        ftps.says_goodbye = False
        ftps.put("a.csv", b"x" * 300_000)
        assert pull(ftps, "a.csv").file.stat().st_size == 300_000

    def test_a_certificate_of_nobody_we_know(
        self, contracts: dict[str, Contract], plain_settings: MakeSettings, pull: Pull, ftps: FtpsServer
    ) -> None:
        ftps.put("a.csv", b"x")
        with pytest.raises(SettingError, match=r"KHOTINH_DOCUMENTS_CA_FILE.*not trusted"):
            pull(ftps, "a.csv", ca_file=None)
        assert "PASS" not in ftps.commands
        assert "CA_FILE" in str(_finding(contracts, plain_settings, ftps, ca_file=None))

    def test_a_certificate_of_another_host(self, pull: Pull, served: Path, tmp_path: Path) -> None:
        other = certificate(tmp_path, "127.0.0.9")
        server = FtpsServer(served, other)
        try:
            with pytest.raises(SettingError, match=r"KHOTINH_DOCUMENTS_CA_FILE.*IP address mismatch"):
                pull(server, "a.csv")
            assert "PASS" not in server.commands
        finally:
            server.stop()

    @pytest.mark.parametrize(
        ("content", "words"), [("", "holds no certificate"), (None, "is not a file"), ("-----BEGIN", "holds no")]
    )
    def test_a_ca_file_that_is_none(
        self, pull: Pull, ftps: FtpsServer, tmp_path: Path, content: str | None, words: str
    ) -> None:
        file = tmp_path / "ca.pem"
        if content is not None:
            file.write_text(content, encoding="utf-8")
        with pytest.raises(SettingError, match=f"KHOTINH_DOCUMENTS_CA_FILE.*{words}"):
            pull(ftps, "a.csv", ca_file=file)

    @pytest.mark.parametrize("command", ["AUTH", "PROT"])
    def test_a_server_that_will_not_protect_is_refused(self, pull: Pull, ftps: FtpsServer, command: str) -> None:
        ftps.unknown = {command}
        with pytest.raises(SettingError, match=r"KHOTINH_DOCUMENTS_URL.*does not protect"):
            pull(ftps, "a.csv")
        assert ("PASS" in ftps.commands) == (command == "PROT")
        assert "MLSD" not in " ".join(ftps.commands)

    def test_a_wrong_password_names_its_setting(self, pull: Pull, ftps: FtpsServer) -> None:
        with pytest.raises(SettingError, match="KHOTINH_DOCUMENTS_PASSWORD") as refused:
            pull(ftps, "a.csv", password="sai-mat-khau")
        assert "sai-mat-khau" not in str(refused.value)

    @pytest.mark.parametrize("path", ["in/a.csv", "in/*.csv", "none/*.csv", "empty/*.csv"])
    def test_a_server_without_listings_for_machines(self, pull: Pull, ftps: FtpsServer, path: str) -> None:
        """Microsoft's knows no MLSD: names, sizes and times are asked for one by one."""
        ftps.unknown = {"MLSD"}
        (ftps.root / "empty").mkdir()
        written_at = ftps.put("in/a.csv", b"x" * 1000)
        ftps.put("in/folder.csv/b.csv", b"x")
        if path.startswith("in"):
            delivery = pull(ftps, path)
            assert delivery.source_modified_at == written_at.astimezone(TIME_ZONE).replace(tzinfo=None)
            if "*" in path:
                with zipfile.ZipFile(delivery.file) as archive:
                    assert archive.namelist() == ["a.csv"]
        else:
            with pytest.raises(NotThereError):
                pull(ftps, path)

    @pytest.mark.parametrize(
        "name", ["../evil.csv", "/etc/evil.csv", "sub/evil.csv", "x\\evil.csv", "..", "", "x" * 300]
    )
    def test_a_listed_name_that_climbs_is_refused(self, pull: Pull, ftps: FtpsServer, work: Path, name: str) -> None:
        ftps.put("in/a.csv", b"x")
        ftps.extra_lines = [f"type=file;size=1;modify=20260603000000; {name}\r\n".encode()]
        with pytest.raises(PermanentError, match="leads out of its folder"):
            pull(ftps, "in/*.csv")
        assert list(work.iterdir()) == []

    @pytest.mark.parametrize(
        "line", [b"type=file;size=nhieu;modify=1; a.csv\r\n", b"type=file;size=1; \xff\xfe.csv\r\n"]
    )
    def test_a_listing_that_makes_no_sense_is_said_so(self, pull: Pull, ftps: FtpsServer, line: bytes) -> None:
        ftps.put("in/a.csv", b"x")
        ftps.extra_lines = [line]
        with pytest.raises(TransientError, match="could not be read"):
            pull(ftps, "in/*.csv")

    @pytest.mark.parametrize(
        ("bound", "most", "words"),
        [("LARGEST_LISTING_BYTES", 1000, "could not be read"), ("LONGEST_LISTING_SECONDS", -1.0, "in time")],
    )
    def test_a_listing_without_end_is_cut_off(
        self, pull: Pull, ftps: FtpsServer, monkeypatch: pytest.MonkeyPatch, bound: str, most: float, words: str
    ) -> None:
        monkeypatch.setattr(ftps_module, bound, most)
        ftps.put("in/a.csv", b"x")
        ftps.extra_lines = [f"type=file;size=1;modify=20260603000000; {n}.txt\r\n".encode() for n in range(100)]
        with pytest.raises(TransientError, match=words):
            pull(ftps, "in/*.csv")

    def test_a_file_that_may_not_be_read(self, pull: Pull, ftps: FtpsServer) -> None:
        ftps.put("a.csv", b"x")
        ftps.root.joinpath("b.csv").symlink_to("/etc/hostname")
        with pytest.raises(PermanentError, match=r"may not be read|not a file"):
            pull(ftps, "b.csv")

    def test_a_server_that_stops_is_transient(self, pull: Pull, ftps: FtpsServer) -> None:
        ftps.stop()
        with pytest.raises(TransientError, match=r"ftps://127\.0\.0\.1:\d+ does not answer"):
            pull(ftps, "a.csv")


class TestS3:
    """A bucket, Amazon's or another's."""

    def test_more_objects_than_a_page_holds(self, pull: Pull, bucket: Bucket) -> None:
        names = [f"{number:04d}.csv" for number in range(12)]
        for name in names:
            bucket.put(f"in/{name}", name.encode())
        with zipfile.ZipFile(pull(bucket, "in/*.csv").file) as archive:
            assert archive.namelist() == names
            assert archive.read("0011.csv") == b"0011.csv"

    def test_objects_named_like_folders(self, pull: Pull, bucket: Bucket) -> None:
        for key in ("export/", "export/in/", "export/in/a.csv/"):
            bucket.client.put_object(Bucket=bucket.name, Key=key, Body=b"")
        bucket.put("in/a.csv", b"the file")
        bucket.put("in/a.csv/inside.csv", b"x")
        bucket.put("in", b"an object of the folder's name")
        with zipfile.ZipFile(pull(bucket, "in/*.csv").file) as archive:
            assert archive.namelist() == ["a.csv"]
            assert archive.read("a.csv") == b"the file"
        assert pull(bucket, "in/a.csv").file.read_bytes() == b"the file"

    def test_the_newest_version_counts_and_a_deleted_one_is_gone(self, pull: Pull, bucket: Bucket) -> None:
        bucket.client.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
        for body in (b"old", b"new"):
            bucket.put("a.csv", body)
        assert pull(bucket, "a.csv").file.read_bytes() == b"new"
        bucket.client.delete_object(Bucket=bucket.name, Key="export/a.csv")
        for path in ("a.csv", "*.csv"):
            with pytest.raises(NotThereError):
                pull(bucket, path)

    def test_an_object_replaced_by_as_many_bytes_in_the_same_second_is_a_change(
        self, pull: Pull, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(files, "SETTLE_SECONDS", 0)
        bucket.put("a.csv", b"0")
        bodies = iter(b"123")
        unchanged = files.check_unchanged

        def replaced(*seen: object) -> None:
            bucket.put("a.csv", bytes([next(bodies)]))
            unchanged(*seen)  # type: ignore[arg-type]

        monkeypatch.setattr(files, "check_unchanged", replaced)
        with pytest.raises(TransientError, match="still being written"):
            pull(bucket, "a.csv")

    @pytest.mark.parametrize("key", ["export/in/../evil.csv", "export/in//evil.csv"])
    def test_a_key_that_climbs_is_not_followed(self, pull: Pull, bucket: Bucket, key: str) -> None:
        bucket.client.put_object(Bucket=bucket.name, Key=key, Body=b"x")
        bucket.put("in/a.csv", b"x")
        with zipfile.ZipFile(pull(bucket, "in/*.csv").file) as archive:
            assert archive.namelist() == ["a.csv"]

    def test_keys_and_rights_are_told_apart(
        self,
        contracts: dict[str, Contract],
        plain_settings: MakeSettings,
        pull: Pull,
        s3_server: S3Server,
        bucket: Bucket,
    ) -> None:
        """An account that may list and read and nothing else is enough; a wrong key is named by its setting."""
        bucket.put("a.csv", b"x")
        arn = f"arn:aws:s3:::{bucket.name}"
        allow = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":%s,"Resource":["%s","%s/*"]}]}'
        key, secret = s3_server.account(f"{bucket.name}-r", allow % ('["s3:ListBucket","s3:GetObject"]', arn, arn))
        other, other_secret = s3_server.account(f"{bucket.name}-n", allow % ('["s3:ListAllMyBuckets"]', arn, arn))
        right = {"access_key": key, "secret_key": secret}
        with s3_server.checking_keys():
            assert pull(bucket, "*.csv", **right).file_name.endswith(".zip")
            assert pull(bucket, "a.csv", **right).file.read_bytes() == b"x"
            assert _finding(contracts, plain_settings, bucket, **right) is None
            with pytest.raises(SettingError, match="KHOTINH_DOCUMENTS_ACCESS_KEY"):
                pull(bucket, "a.csv", access_key="AKIAKHONGCO", secret_key=secret)
            with pytest.raises(SettingError, match="KHOTINH_DOCUMENTS_SECRET_KEY") as refused:
                pull(bucket, "a.csv", access_key=key, secret_key="khoa-sai")
            assert "khoa-sai" not in str(refused.value)
            with pytest.raises(PermanentError, match="may not be read"):
                pull(bucket, "a.csv", access_key=other, secret_key=other_secret)
            finding = _finding(contracts, plain_settings, bucket, access_key=other, secret_key=other_secret)
            assert "may not be listed" in str(finding)

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"url": "s3://khong-co-thung-nay/export"}, "KHOTINH_DOCUMENTS_URL.*no such bucket"),
            ({"url": "s3://B@D/export"}, "KHOTINH_DOCUMENTS_URL: is not of the form"),
            ({"url": "s3:///export"}, "KHOTINH_DOCUMENTS_URL: is not of the form"),
            ({"url": "s3://a..b!/export"}, "KHOTINH_DOCUMENTS_URL: names no possible bucket"),
            ({"endpoint_url": "khong phai"}, "KHOTINH_DOCUMENTS_ENDPOINT_URL: is not an http"),
            ({"access_key": None}, "KHOTINH_DOCUMENTS_ACCESS_KEY: is not set"),
            ({"secret_key": None}, "KHOTINH_DOCUMENTS_SECRET_KEY: is not set"),
        ],
    )
    def test_a_bad_setting_is_named(self, pull: Pull, bucket: Bucket, changes: dict[str, object], words: str) -> None:
        with pytest.raises(SettingError, match=words):
            pull(bucket, "a.csv", **changes)

    def test_nobody_at_the_endpoint_is_transient(
        self, contracts: dict[str, Contract], plain_settings: MakeSettings, pull: Pull, bucket: Bucket
    ) -> None:
        with pytest.raises(TransientError, match="does not answer"):
            pull(bucket, "a.csv", endpoint_url="http://127.0.0.1:9")
        finding = _finding(contracts, plain_settings, bucket, endpoint_url="http://127.0.0.1:9")
        assert "KHOTINH_DOCUMENTS_ENDPOINT_URL" in str(finding)

    def test_nothing_of_the_machines_own_account_is_used(
        self, pull: Pull, bucket: Bucket, plain_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """With these in the environment, botocore as it comes would ask elsewhere, or not at all."""
        bucket.put("a.csv", b"x")
        for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
            monkeypatch.setenv(name, "khong-co")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path))
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path))
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "another")
        assert pull(bucket, "a.csv").file.read_bytes() == b"x"
        settings = plain_settings(documents_url="s3://b", documents_access_key="k", documents_secret_key="s")
        client = s3._client(settings.connections.files("documents"), settings)
        assert client.meta.endpoint_url == "https://s3.amazonaws.com"


class TestSmb:
    """A share at Samba, which demands SMB 3, signed and encrypted, and lets the account read."""

    @pytest.mark.parametrize("options", [{"server max protocol": "SMB2_10"}, {}], ids=["SMB 2", "SMB 3"])
    def test_a_server_that_does_not_encrypt_is_refused(
        self, contracts: dict[str, Contract], plain_settings: MakeSettings, pull: Pull, tmp_path: Path,
        options: dict[str, str],
    ) -> None:  # fmt: skip
        server = SmbServer(tmp_path, {"server min protocol": "SMB2", "server smb encrypt": "off", **options})
        try:
            server.put("a.csv", b"x")
            with pytest.raises(SettingError, match=r"KHOTINH_DOCUMENTS_URL.*does not encrypt"):
                pull(server, "a.csv")
            assert "does not encrypt" in str(_finding(contracts, plain_settings, server))
        finally:
            server.stop()

    @pytest.mark.parametrize("path", ["a.csv", "*.csv"])
    def test_a_file_that_a_sender_has_open_is_left_for_later(
        self, pull: Pull, smb_server: SmbServer, path: str
    ) -> None:
        smb_server.put("a.csv", b"x")
        with smb_server.sender_writing("a.csv"), pytest.raises(TransientError, match="could not be read"):
            pull(smb_server, path)
        assert pull(smb_server, "a.csv").file.read_bytes() == b"x"

    @pytest.mark.parametrize("path", ["lien.csv", "*.csv", "ngoai/a.csv", "ngoai/*.csv"])
    def test_a_link_that_leads_out_is_not_followed(
        self, pull: Pull, smb_server: SmbServer, tmp_path: Path, work: Path, path: str
    ) -> None:
        (tmp_path / "secret").mkdir()
        (tmp_path / "secret" / "a.csv").write_bytes(b"secret")
        (smb_server.root / "lien.csv").symlink_to(tmp_path / "secret" / "a.csv")
        (smb_server.root / "ngoai").symlink_to(tmp_path / "secret")
        with pytest.raises(NotThereError):
            pull(smb_server, path)
        assert list(work.iterdir()) == []

    def test_a_listed_name_that_climbs_is_refused(self, pull: Pull, smb_server: SmbServer, work: Path) -> None:
        smb_server.put("in/..\\a.csv", b"x")
        with pytest.raises(PermanentError, match="leads out of its folder"):
            pull(smb_server, "in/*.csv")
        assert list(work.iterdir()) == []

    def test_a_wrong_password_names_its_setting(self, pull: Pull, smb_server: SmbServer) -> None:
        with pytest.raises(SettingError, match="KHOTINH_DOCUMENTS_PASSWORD") as refused:
            pull(smb_server, "a.csv", password="sai-mat-khau")
        assert "sai-mat-khau" not in str(refused.value)

    @pytest.mark.parametrize(
        ("url", "words"),
        [
            ("smb://u@127.0.0.1:{port}", "KHOTINH_DOCUMENTS_URL: names no share"),
            ("smb://127.0.0.1:{port}/THONGKE", "KHOTINH_DOCUMENTS_URL: is not of the form smb://user@host"),
            (f"smb://{USER}@127.0.0.1:{{port}}/KHONGCO", "KHOTINH_DOCUMENTS_URL.*is not there"),
        ],
    )
    def test_a_bad_address_is_named(self, pull: Pull, smb_server: SmbServer, url: str, words: str) -> None:
        with pytest.raises(SettingError, match=words):
            pull(smb_server, "a.csv", url=url.format(port=smb_server.port))

    def test_nobody_at_the_address_is_transient(self, pull: Pull, smb_server: SmbServer) -> None:
        with pytest.raises(TransientError, match="does not answer"):
            pull(smb_server, "a.csv", url="smb://u@127.0.0.1:9/THONGKE")


def test_a_folder_that_is_a_link_out_is_not_listed(pull: Pull, served: Path, tmp_path: Path) -> None:
    place = LocalPlace(served)
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "a.csv").write_bytes(b"x")
    (served / "in").symlink_to(tmp_path / "secret")
    for path in ("in/*.csv", "in/a.csv"):
        with pytest.raises(PermanentError, match="leads out"):
            pull(place, path)


@pytest.mark.parametrize("kind", ["ftps", "s3", "smb"])
def test_no_error_holds_a_secret(request: pytest.FixtureRequest, pull: Pull, kind: str) -> None:
    place: Place = request.getfixturevalue({"ftps": "ftps", "s3": "bucket", "smb": "smb_server"}[kind])
    for changes in ({"password": f"{PASSWORD}x", "secret_key": f"{PASSWORD}x"}, {"url": f"{place.settings['url']}/x"}):
        with pytest.raises(KhoTinhError) as refused:
            pull(place, "a.csv", **changes)
        assert PASSWORD not in str(refused.value) + repr(refused.value)
