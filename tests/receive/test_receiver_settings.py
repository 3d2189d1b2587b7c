"""What keeps a receiver from being started: an open port, a weak token, a folder that is not there."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from pydantic import SecretStr

from pipelines.contracts import Files, read_contract
from pipelines.errors import ContractError, SettingError
from pipelines.receive import Inbox, Senders
from pipelines.settings import SOURCES, Settings
from tests.receive.receiver import KHOTINH


@pytest.mark.parametrize(
    ("addresses", "token", "host", "setting"),
    [
        ("", None, "0.0.0.0", "KHOTINH_CDR_HOST"),  # noqa: S104  -- what must not be
        ("", None, "::", "KHOTINH_CDR_HOST"),
        ("", None, "receiver.example", "KHOTINH_CDR_HOST"),
        ("10.0.0.1, nobody", None, "127.0.0.1", "KHOTINH_CDR_SENDERS"),
        ("10.0.0.1/8", None, "127.0.0.1", "KHOTINH_CDR_SENDERS"),
        ("", "short", "127.0.0.1", "KHOTINH_CDR_TOKEN"),
        ("", "sixteen/letters/and/more", "127.0.0.1", "KHOTINH_CDR_TOKEN"),
    ],
)
def test_a_receiver_that_would_be_open_or_cannot_be_meant_is_not_started(
    addresses: str, token: str | None, host: str, setting: str
) -> None:
    with pytest.raises(SettingError) as caught:
        Senders.of_settings(addresses, SecretStr(token) if token else None, host)
    assert caught.value.setting == setting
    assert token is None or token not in str(caught.value)


def test_addresses_of_both_families_are_known_again() -> None:
    senders = Senders.of_settings("10.1.2.3,fd00::/8", None, "::")
    assert [senders.may_push(address, "") for address in ("10.1.2.3", "::ffff:10.1.2.3", "fd00::7", "10.1.2.4", "")] == [
        True, True, True, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, "KHOTINH_VIDEOCONFERENCE_URL: is not set"),
        ({"KHOTINH_CDR_FOLDER": "/nowhere/at/all"}, "KHOTINH_CDR_FOLDER: /nowhere/at/all is not a folder"),
        ({"KHOTINH_VIDEOCONFERENCE_URL": "s3://bucket/x"}, "KHOTINH_CDR_FOLDER: is not set"),
    ],
    ids=["nothing set", "not there", "not of this machine"],
)
def test_the_command_says_which_setting_to_mend(settings: dict[str, str], says: str, tmp_path: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("KHOTINH_")}
    done = subprocess.run(
        [KHOTINH, "receive-cdr", "--port", "0"],
        env={**clean, **settings}, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert says in done.stderr


@pytest.mark.parametrize(
    ("path", "marker"),
    [
        ("cdr/{day:%Y-%m-%d}/cdr-*.xml", None),
        ("cdr/{day:%Y-%m}/*.xml", None),
        ("cdr/{day_start:%Y-%m-%d}/*.xml", None),
        ("cdr-{day:%Y-%m-%d}/*", None),
        ("cdr/*.xml", None),
        ("cdr/{day:%Y-%m-%d}/*.xml", "_SUCCESS"),
    ],
)
def test_a_contract_that_would_not_pull_what_is_pushed_takes_none(
    path: str, marker: str | None, tmp_path: Path
) -> None:
    contract = read_contract(SOURCES / "videoconference" / "videoconference_calls.yaml")
    source = Files(kind="files", connection="videoconference", path=path, done_marker=marker)
    with pytest.raises(ContractError, match="cannot be kept"):
        Inbox.of_contract(contract.model_copy(update={"source": source}), tmp_path)
    for fine in ("cdr/{day:%Y-%m-%d}/*.xml", "{day:%Y}/{day:%m}/{day:%d}/*.xml"):
        Inbox.of_contract(
            contract.model_copy(update={"source": source.model_copy(update={"path": fine, "done_marker": None})}),
            tmp_path,
        )


def test_an_empty_folder_setting_is_none_and_not_the_working_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KHOTINH_CDR_FOLDER", "")
    assert Settings().cdr_folder is None
