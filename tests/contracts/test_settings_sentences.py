"""A setting that is missing or malformed ends in a sentence that names KHOTINH_X and never shows a secret."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from pipelines.errors import SettingError
from pipelines.settings import Settings, read_settings

SECRET = "Mật-khẩu-không-được-lộ-77"
CREDENTIALS = ("client_id", "client_secret")
Use = Callable[[Settings], object]


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.upper().startswith("KHOTINH_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def _portal(settings: Settings) -> object:
    return settings.connections.http("portal", CREDENTIALS)


def _documents(settings: Settings) -> object:
    return settings.connections.files("documents")


PORTAL = {
    "KHOTINH_PORTAL_URL": "https://portal.example",
    "KHOTINH_PORTAL_CLIENT_ID": "kho",
    "KHOTINH_PORTAL_CLIENT_SECRET": SECRET,
}
DOCUMENTS = {"KHOTINH_DOCUMENTS_URL": "sftp://kho@host:22/x", "KHOTINH_DOCUMENTS_PASSWORD": SECRET}


@pytest.mark.parametrize("value", [None, ""], ids=["not set", "set to nothing"])
@pytest.mark.parametrize("name", PORTAL)
def test_each_setting_of_the_portal_is_asked_for_by_name(
    name: str, value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for other, text in {**PORTAL, name: value}.items():
        if text is not None:
            monkeypatch.setenv(other, text)
    with pytest.raises(SettingError, match=rf"^{name}: is not set") as caught:
        _portal(read_settings())
    assert caught.value.setting == name
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "use"),
    [
        ("KHOTINH_DOCUMENTS_URL", _documents),
        ("KHOTINH_VIDEOCONFERENCE_URL", lambda settings: settings.connections.files("videoconference")),
        ("KHOTINH_OFFICER_URL", lambda settings: settings.connections.files("officer")),
        ("KHOTINH_ENDPOINT_URL", Settings.endpoint_template),
        ("KHOTINH_PSEUDONYM_KEY", Settings.hash_key),
    ],
)
def test_a_missing_setting_is_asked_for_by_name(name: str, use: Use) -> None:
    with pytest.raises(SettingError, match=rf"^{name}: is not set\. Set it"):
        use(read_settings())


@pytest.mark.parametrize(
    "url",
    [f"ftp://kho:{SECRET}@portal.example", f"kho:{SECRET}@portal.example", f"https://kho:{SECRET}@[portal", "https://"],
    ids=["ftp", "no scheme", "half an IPv6 address", "no host"],
)
def test_an_address_that_is_none_is_named_and_not_shown(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in {**PORTAL, "KHOTINH_PORTAL_URL": url}.items():
        monkeypatch.setenv(name, text)
    with pytest.raises(SettingError, match=r"^KHOTINH_PORTAL_URL: ") as caught:
        _portal(read_settings())
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("url", [f"http://kho:{SECRET}@host", "/srv/exports", f"sftp://kho:{SECRET}@[host"])
def test_a_folder_that_is_none_is_named_and_not_shown(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KHOTINH_DOCUMENTS_URL", url)
    with pytest.raises(SettingError, match=r"^KHOTINH_DOCUMENTS_URL: ") as caught:
        _documents(read_settings())
    assert SECRET not in str(caught.value)


def test_an_sftp_server_without_its_known_key_is_not_trusted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, text in DOCUMENTS.items():
        monkeypatch.setenv(name, text)
    with pytest.raises(SettingError, match=r"^KHOTINH_DOCUMENTS_KNOWN_HOSTS: is not set"):
        _documents(read_settings())
    monkeypatch.setenv("KHOTINH_DOCUMENTS_KNOWN_HOSTS", str(tmp_path / "none"))
    with pytest.raises(SettingError, match=r"^KHOTINH_DOCUMENTS_KNOWN_HOSTS: .*none"):
        _documents(read_settings())


def test_an_endpoint_address_names_the_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KHOTINH_ENDPOINT_URL", "http://endpoint.example/status")
    with pytest.raises(SettingError, match=r"^KHOTINH_ENDPOINT_URL: holds neither \{address\} nor \{endpoint_code\}"):
        read_settings().endpoint_template()


@pytest.mark.parametrize("key", ["short", "x" * 15, "x" * 65, "ă" * 33], ids=["short", "15", "65", "66 bytes"])
def test_a_pseudonym_key_of_the_wrong_length_is_refused_unseen(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KHOTINH_PSEUDONYM_KEY", key)
    with pytest.raises(SettingError, match=r"^KHOTINH_PSEUDONYM_KEY: must have 16 to 64") as caught:
        read_settings().hash_key()
    assert key not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KHOTINH_HTTP_TIMEOUT_SECONDS", "soon"),
        ("KHOTINH_HTTP_TIMEOUT_SECONDS", "0"),
        ("KHOTINH_HTTP_CONNECTIONS", "65"),
        ("KHOTINH_ENDPOINT_TIMEOUT_SECONDS", "-1"),
        ("KHOTINH_ENDPOINT_CONCURRENCY", "349"),
        ("KHOTINH_RETRY_ATTEMPTS", "0"),
        ("KHOTINH_RETRY_SECONDS", "-3"),
        ("KHOTINH_RERUN_ATTEMPTS", "two"),
        ("KHOTINH_RERUN_WAIT_SECONDS", "-1"),
        ("KHOTINH_LOCK_SECONDS", "-1"),
    ],
)
def test_a_number_that_is_none_or_out_of_bounds_is_named(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    monkeypatch.setenv("KHOTINH_PORTAL_CLIENT_SECRET", SECRET)
    with pytest.raises(SettingError, match=rf"^{name}: ") as caught:
        read_settings()
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


def test_settings_come_from_the_env_file_and_the_environment_goes_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(
        f"KHOTINH_PORTAL_URL=https://from-file.example/\nKHOTINH_PORTAL_CLIENT_ID=kho\n"
        f"KHOTINH_PORTAL_CLIENT_SECRET={SECRET}\nSOMETHING_ELSE=1\nKHOTINH_LOCK_SECONDS=7\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("KHOTINH_LOCK_SECONDS", "9")
    settings = read_settings()
    connection = settings.connections.http("portal", CREDENTIALS)
    assert connection.url == "https://from-file.example"
    assert connection.secret("client_secret") == SECRET
    assert settings.lock_seconds == 9


def test_no_text_of_the_settings_shows_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in {**PORTAL, **DOCUMENTS, "KHOTINH_PSEUDONYM_KEY": SECRET}.items():
        monkeypatch.setenv(name, text)
    settings = read_settings()
    connection = settings.connections.http("portal", CREDENTIALS)
    for text in (repr(settings), str(settings), repr(connection), settings.model_dump_json(), f"{settings.__dict__}"):
        assert SECRET not in text
    assert isinstance(connection.credentials["client_secret"], SecretStr)


def test_everything_a_run_writes_lies_below_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert read_settings().home == Path("data").absolute()
    monkeypatch.setenv("KHOTINH_HOME", str(tmp_path / "kho"))
    settings = read_settings()
    places = [
        settings.warehouse_file, settings.archive_folder, settings.published_folder, settings.dagster_folder,
        settings.dbt_target_folder,
    ]  # fmt: skip
    assert {place.parent for place in places} == {tmp_path / "kho"}
    assert len(set(places)) == len(places)
    assert not (tmp_path / "kho").exists()


def test_no_print_of_the_settings_holds_a_secret() -> None:
    settings = Settings.model_validate(
        {
            "endpoint_url": "http://may:bi-mat-1@{address}/status?key=bi-mat-1", "pseudonym_key": "bi-mat-2" * 3,
            "cdr_token": "bi-mat-3" * 3, "dma_password": "bi-mat-4", "portal_url": "http://a:bi-mat-5@portal.example",
        }
    )  # fmt: skip
    for shown in (repr(settings), str(settings), str(settings.model_dump()), settings.model_dump_json()):
        assert "bi-mat" not in shown
    assert settings.endpoint_template().startswith("http://may:bi-mat-1@")
    assert settings.is_connected("endpoints")
    assert not Settings.model_validate({"endpoint_url": ""}).is_connected("endpoints")
