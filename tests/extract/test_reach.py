"""Bad settings end in one sentence that names the setting, and no error of `extract` ever holds a secret."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest
from starlette.responses import Response

from pipelines import extract
from pipelines.calendar import Partition
from pipelines.contracts import Contract
from pipelines.errors import KhoTinhError

from .conftest import MakeSettings
from .servers import CLIENT_SECRET, PASSWORD, Portal, SftpServer


def _findings(contracts: dict[str, Contract], make: MakeSettings, **changes: object) -> dict[str, str]:
    findings = extract.check(contracts.values(), make(**changes), skip=frozenset())
    return {connection: str(error) for connection, error in findings if error}


@pytest.fixture
def all_settings(
    portal: Portal,
    portal_settings: MakeSettings,
    sftp_settings: MakeSettings,
    tmp_path: Path,
) -> MakeSettings:
    (tmp_path / "forms").mkdir()
    values = {
        **portal_settings().places,
        **sftp_settings().places,
        "officer_url": (tmp_path / "forms").as_uri(),
        "endpoint_url": "http://{address}:8080/status",
    }
    return lambda **changes: sftp_settings(**{**values, **changes})


def test_good_settings_have_no_findings(contracts: dict[str, Contract], all_settings: MakeSettings) -> None:
    findings = extract.check(contracts.values(), all_settings())
    assert findings == [(name, None) for name in ("documents", "endpoints", "officer", "portal", "videoconference")]


def test_what_is_skipped_is_not_asked_for(contracts: dict[str, Contract], plain_settings: MakeSettings) -> None:
    others = frozenset({"documents", "endpoints", "officer", "videoconference"})
    (name, error), *more = extract.check(contracts.values(), plain_settings(), skip=others)
    assert (name, more) == ("portal", [])
    assert "KHOTINH_PORTAL_URL: is not set" in str(error)


@pytest.mark.parametrize(
    ("connection", "changes", "words"),
    [
        (
            "portal",
            {"portal_url": "http://127.0.0.1:9"},
            "PORTAL_URL: http://127.0.0.1:9 does not answer (Connection refused)",
        ),
        ("portal", {"portal_url": "http://khong-co.invalid"}, "PORTAL_URL: http://khong-co.invalid:80: no such host"),
        ("portal", {"portal_url": "http://127.0.0.1:port"}, "PORTAL_URL: is not of the form"),
        ("portal", {"portal_client_secret": "sai"}, "PORTAL_CLIENT_ID"),
        ("portal", {"portal_client_id": None}, "PORTAL_CLIENT_ID: is not set"),
        ("documents", {"documents_password": "sai"}, "DOCUMENTS_PASSWORD"),
        ("documents", {"documents_url": "sftp://u@127.0.0.1:9"}, "DOCUMENTS_URL: sftp://127.0.0.1:9 does not answer"),
        ("documents", {"documents_known_hosts": "/khong/co"}, "DOCUMENTS_KNOWN_HOSTS"),
        ("officer", {"officer_url": "file:///khong/co"}, "OFFICER_URL: file:///khong/co/ is not there"),
        ("endpoints", {"endpoint_url": "http://{x}"}, "ENDPOINT_URL"),
        ("endpoints", {"endpoint_url": "{address}"}, "ENDPOINT_URL: is not of the form"),
    ],
)
def test_a_bad_setting_is_named_and_nothing_else_is(
    contracts: dict[str, Contract],
    all_settings: MakeSettings,
    connection: str,
    changes: dict[str, object],
    words: str,
) -> None:
    findings = _findings(contracts, all_settings, **changes)
    assert list(findings) == [connection]
    assert f"KHOTINH_{words}" in findings[connection]
    assert "\n" not in findings[connection]


def test_a_portal_that_fails_is_a_finding(
    contracts: dict[str, Contract], all_settings: MakeSettings, portal: Portal
) -> None:
    portal.token_answer = Response(status_code=500)
    assert "KHOTINH_PORTAL_URL" in _findings(contracts, all_settings)["portal"]
    assert portal.token_calls == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
@pytest.mark.parametrize("place", ["token", "data"])
def test_no_error_of_the_portal_holds_a_secret(
    contracts: dict[str, Contract], all_settings: MakeSettings, portal: Portal, work: Path, status: int, place: str
) -> None:
    answer = Response(
        CLIENT_SECRET, status, {"Retry-After": "0", "Location": f"http://u:{CLIENT_SECRET}@x/?a={CLIENT_SECRET}"}
    )
    if place == "token":
        portal.token_answer = answer
    portal.faults.extend([answer] * 100)
    with pytest.raises(KhoTinhError) as refused:
        extract.pull(contracts["portal_dossiers"], Partition.parse("2026-06-02"), all_settings(), work)
    _holds_no_secret(refused.value)


@pytest.mark.parametrize(
    "changes", [{"documents_known_hosts": "/dev/null"}, {"documents_password": f"{PASSWORD}x"}, {}]
)
def test_no_error_of_the_sftp_server_holds_a_secret(
    contracts: dict[str, Contract], sftp_settings: MakeSettings, work: Path, changes: dict[str, object]
) -> None:
    with pytest.raises(KhoTinhError) as refused:
        extract.pull(contracts["document_exchanges"], Partition.parse("2026-06-02"), sftp_settings(**changes), work)
    _holds_no_secret(refused.value)


def test_nothing_is_logged_that_should_not_be(
    contracts: dict[str, Contract],
    all_settings: MakeSettings,
    portal: Portal,
    sftp: SftpServer,
    work: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    portal.faults.extend([Response(status_code=500), Response(b"{")])
    extract.pull(contracts["portal_dossiers"], Partition.parse("2026-06-02"), all_settings(), work)
    (sftp.root / "accounts").mkdir()
    (sftp.root / "accounts" / "tai-khoan-202606.csv").write_bytes(b"x")
    extract.pull(contracts["platform_accounts"], Partition.parse("2026-06"), all_settings(), work)
    logged = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert "answered 500. Try 2 follows in 0.0 s." in logged
    assert CLIENT_SECRET not in logged
    assert PASSWORD not in logged
    assert "token-" not in logged


def _holds_no_secret(error: KhoTinhError) -> None:
    shown = "".join(traceback.format_exception(error)) + repr(error) + str(error)
    assert CLIENT_SECRET not in shown
    assert PASSWORD not in shown
