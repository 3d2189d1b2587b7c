"""A wrong setting ends in one clear sentence that names it, before anything is written."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr

from demo.province import province
from demo.serve import running
from pipelines.cli.run import check_settings
from pipelines.errors import ContractError
from pipelines.ingest import Workshop
from pipelines.settings import SOURCES, Settings
from tests.pipeline.conftest import SCALE


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    """Settings of a province that is up while this module's tests run."""
    made = province(scale=SCALE)
    with running(made) as settings:
        yield settings


def _run(tmp_path: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "khotinh"), "run", "--date", "2026-11-03"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("KHOTINH_")}
    whole = {**clean, "KHOTINH_HOME": str(tmp_path / "home"), "KHOTINH_RETRY_ATTEMPTS": "1", **environment}
    return subprocess.run(command, env=whole, capture_output=True, text=True, check=False, cwd=tmp_path)


@pytest.mark.parametrize(
    ("changed", "named", "why"),
    [
        ({"KHOTINH_PORTAL_CLIENT_SECRET": ""}, "KHOTINH_PORTAL_CLIENT_SECRET", "is not set"),
        ({"KHOTINH_PORTAL_CLIENT_SECRET": "wrong-secret-value"}, "KHOTINH_PORTAL_CLIENT_SECRET", ""),
        ({"KHOTINH_PORTAL_URL": "http://127.0.0.1:9"}, "KHOTINH_PORTAL_URL", "refused"),
        ({"KHOTINH_DOCUMENTS_PASSWORD": "wrong-secret-value"}, "KHOTINH_DOCUMENTS_PASSWORD", ""),
        ({"KHOTINH_OFFICER_URL": "file:///no/such/folder"}, "KHOTINH_OFFICER_URL", "folder"),
        ({"KHOTINH_ENDPOINT_URL": "http://127.0.0.1:9/status"}, "KHOTINH_ENDPOINT_URL", "{address}"),
        ({"KHOTINH_PSEUDONYM_KEY": "short"}, "KHOTINH_PSEUDONYM_KEY", "16 to 64"),
        ({"KHOTINH_HOME": "/dev/null/home"}, "KHOTINH_HOME", "no folder"),
        ({"KHOTINH_LOCK_SECONDS": "soon"}, "KHOTINH_LOCK_SECONDS", ""),
    ],
)
def test_a_wrong_setting_is_named_and_nothing_is_written(
    tmp_path: Path, environment: dict[str, str], changed: dict[str, str], named: str, why: str
) -> None:
    done = _run(tmp_path, {**environment, **changed})
    assert done.returncode == 1, done.stdout
    told = done.stderr.strip()
    assert named in told
    assert why in told
    assert "Traceback" not in told
    assert len(told.splitlines()) == 1
    assert "wrong-secret-value" not in done.stderr + done.stdout
    assert not (tmp_path / "home").exists()


def test_a_malformed_contract_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    file = tmp_path / "sources" / "officer" / "officer_forms.yaml"
    file.parent.mkdir(parents=True)
    contract = yaml.safe_load((SOURCES / "officer" / "officer_forms.yaml").read_text(encoding="utf-8"))
    file.write_text(yaml.safe_dump({**contract, "colums": []}), encoding="utf-8")
    settings = Settings(home=tmp_path / "home", pseudonym_key=SecretStr("sixteen letters or more"))
    workshop = Workshop(settings, sources=tmp_path / "sources")
    with pytest.raises(ContractError, match=r"officer_forms.yaml is not a contract: colums"):
        check_settings(workshop, [])
    assert not (tmp_path / "home").exists()
