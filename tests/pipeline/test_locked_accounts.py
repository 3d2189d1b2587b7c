"""A password that has run out: a month that is pulled again must not knock once for each of its days."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from dagster import materialize
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pipelines.assets.datasets import dataset_asset
from pipelines.ingest import Workshop
from pipelines.load.ledger import Attempt, Outcome
from pipelines.settings import SOURCES
from tests.extract.places import Place, settings_for


@pytest.fixture
def place() -> Iterator[Place]:
    server = Place()
    yield server
    server.stop()


def test_a_wrong_password_is_tried_once_for_all_days_and_each_day_says_so(place: Place, tmp_path: Path) -> None:
    async def refuse(_: Request) -> Response:
        return JSONResponse({"error": "invalid_grant"}, 401)

    place.answer = refuse
    sources = tmp_path / "sources"
    shutil.copytree(SOURCES, sources)
    file = sources / "document" / "document_exchanges.yaml"
    contract = yaml.safe_load(file.read_text(encoding="utf-8"))
    login = {"kind": "password", "path": "/token"}
    contract["source"] = {"kind": "http_download", "connection": "sso", "path": "/report.csv", "login": login}
    file.write_text(yaml.safe_dump(contract, allow_unicode=True), encoding="utf-8")
    attempts: list[Attempt] = []
    settings = settings_for(place, home=tmp_path / "home", pseudonym_key="khoa-thu-nghiem-16")
    workshop = replace(Workshop(settings, sources=sources), report=attempts.append)
    done = materialize(
        [dataset_asset(workshop.contracts["document_exchanges"])], resources={"workshop": workshop}, raise_on_error=False,
        tags={ASSET_PARTITION_RANGE_START_TAG: "2026-06-01", ASSET_PARTITION_RANGE_END_TAG: "2026-06-05"},
    )  # fmt: skip
    assert done.success
    assert place.paths() == ["/token"]
    assert [attempt.partition_key for attempt in attempts] == [f"2026-06-0{day}" for day in range(1, 6)]
    assert {attempt.outcome for attempt in attempts} == {Outcome.FAILED}
    assert all("KHOTINH_SSO_USER" in attempt.message for attempt in attempts)
