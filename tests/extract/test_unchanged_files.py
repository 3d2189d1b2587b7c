"""A file that its source says is as before: not sent again, judged as if it had been, and fetched anew when it is gone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pipelines import extract
from pipelines.calendar import Partition
from pipelines.contracts import Contract
from pipelines.errors import PermanentError
from pipelines.extract import Known
from pipelines.ingest import Workshop, ingest
from pipelines.load.ledger import Outcome

from .places import DAY, PASSWORD, Place, file_contract, settings_for

MONTH = Partition.parse("2026-05")


class Report:
    """A report and its mark.

    Attributes:
        conditions: What each question said it had, empty for nothing.
    """

    def __init__(self, place: Place, body: bytes, etag: str) -> None:
        self.body, self.etag = body, etag
        self.conditions: list[str] = []
        place.answer = self.answer

    async def answer(self, request: Request) -> Response:
        if request.url.path == "/oauth/token":
            return JSONResponse({"access_token": "t"})
        self.conditions.append(told := request.headers.get("If-None-Match", ""))
        if told and told == self.etag:
            return Response(status_code=304)
        return Response(self.body, headers={"ETag": self.etag, "Last-Modified": "Tue, 02 Jun 2026 17:00:00 GMT"})


def test_a_report_is_sent_once_and_fetched_anew_when_it_changed_or_is_gone(place: Place, tmp_path: Path) -> None:
    report = Report(place, b"<table>", '"v1"')
    portal = {"portal_url": place.url, "portal_client_id": "kho", "portal_client_secret": PASSWORD}
    settings = settings_for(place, home=tmp_path / "home", pseudonym_key="k" * 32, **portal)

    def bring_in() -> tuple[Outcome, bool]:
        (attempt,) = ingest(Workshop(settings), "portal_statistics", MONTH)
        return attempt.outcome, "The same bytes were judged before" in attempt.message

    def held() -> list[bytes]:
        files = (file for file in settings.archive_folder.rglob("*") if file.is_file() and file.suffix != ".jsonl")
        return sorted(file.read_bytes() for file in files)

    assert [bring_in(), bring_in()] == [(Outcome.REFUSED, False), (Outcome.REFUSED, True)]
    assert report.conditions == ["", '"v1"']
    report.body, report.etag = b"<table></table>", '"v2"'
    assert bring_in() == (Outcome.REFUSED, False)
    assert bring_in() == (Outcome.REFUSED, True)
    assert report.conditions[2:] == ['"v1"', '"v2"']
    assert held() == [b"<table>", b"<table></table>"]

    for file in settings.archive_folder.rglob("*.xls"):
        file.unlink()
    assert bring_in() == (Outcome.REFUSED, True)
    assert report.conditions[4:] == [""]
    assert held() == [b"<table></table>"]


@pytest.mark.parametrize(
    ("etag", "kept"), [('"abc"', '"abc"'), ('W/"abc"', None), ("abc", None), ('"a\tb"', None), ('""', None)]
)
def test_only_a_mark_of_the_very_bytes_is_kept(
    contracts: dict[str, Contract], place: Place, work: Path, etag: str, kept: str | None
) -> None:
    Report(place, b"x", etag)
    delivery = extract.pull(file_contract(contracts["portal_dossiers"]), DAY, settings_for(place), work)
    assert delivery.etag == kept


def test_what_is_known_of_another_question_is_not_told(
    contracts: dict[str, Contract], place: Place, work: Path, tmp_path: Path
) -> None:
    report = Report(place, b"new", '"v1"')
    (tmp_path / "held").write_bytes(b"old")
    like = contracts["portal_dossiers"]
    sources: tuple[dict[str, Any], ...] = ({}, {"query": {"a": 2}}, {"send": "form", "query": {"a": 1}})
    for number, source in enumerate(sources):
        known = Known(tmp_path / "held", "r.do", f"{place.url}/report.do?a=1", None, '"v1"')
        (folder := work / str(number)).mkdir()
        delivery = extract.pull(file_contract(like, **source), DAY, settings_for(place), folder, known)
        assert delivery.file.read_bytes() == b"new"
    assert set(report.conditions) == {""}


def test_not_modified_is_no_answer_to_who_has_nothing(contracts: dict[str, Contract], place: Place, work: Path) -> None:
    async def answer(_: Request) -> Response:
        return Response(status_code=304)

    place.answer = answer
    with pytest.raises(PermanentError, match="answered 304"):
        extract.pull(file_contract(contracts["portal_dossiers"]), DAY, settings_for(place), work)
    assert list(work.iterdir()) == []
