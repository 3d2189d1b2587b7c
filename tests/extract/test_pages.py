"""Paged JSON and the one file behind the same token: every status, every way in which pages and total disagree."""

from __future__ import annotations

import asyncio
import stat
import time
from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path

import orjson
import pytest
from starlette.responses import JSONResponse, RedirectResponse, Response

from pipelines import extract
from pipelines.calendar import Partition
from pipelines.contracts import Contract
from pipelines.errors import (
    ContractError,
    DataRefusedError,
    NotThereError,
    PermanentError,
    SettingError,
    TransientError,
)
from pipelines.extract.delivery import Delivery
from pipelines.extract.web import answers, calls

from .conftest import MakeSettings
from .servers import Loop, Portal, http_answer

DAY = Partition.parse("2026-06-02")
MONTH = Partition.parse("2026-05")

Pull = Callable[..., Delivery]


@pytest.fixture
def pull(contracts: dict[str, Contract], portal: Portal, portal_settings: MakeSettings, work: Path) -> Pull:
    """Pulls the dossiers of a day, or another dataset and partition."""

    def run(dataset: str = "portal_dossiers", partition: Partition = DAY, **changes: object) -> Delivery:
        return extract.pull(contracts[dataset], partition, portal_settings(**changes), work)

    return run


def _rows(count: int) -> list[dict[str, object]]:
    return [{"maHoSo": f"H56-260602-{number:04d}", "ten": "Nguyễn Thị Đào"} for number in range(count)]


def _read(delivery: Delivery) -> list[dict[str, object]]:
    documents = [orjson.loads(line) for line in delivery.file.read_bytes().splitlines()]
    return [row for document in documents for row in document["items"]]


def test_all_pages_come_in_order_into_one_private_file(pull: Pull, portal: Portal, portal_server_url: str) -> None:
    portal.rows = _rows(95)
    delivery = pull()
    assert _read(delivery) == portal.rows
    assert delivery.declared_rows == 95
    assert delivery.file_name == delivery.file.name == "portal_dossiers-2026-06-02.json"
    assert stat.S_IMODE(delivery.file.stat().st_mode) == 0o600
    assert delivery.source_uri.startswith(f"{portal_server_url}/api/v1/dossiers?changed_since=2026-06-02T00%3A00%3A00")
    assert portal.token_calls == 1
    assert sorted(int(query["page"]) for _, query in portal.asked) == sorted([*range(1, 11), *range(1, 11)])
    assert {query["changed_before"] for _, query in portal.asked} == {"2026-06-03T00:00:00"}


def test_bodies_are_written_as_they_came(pull: Pull, portal: Portal) -> None:
    body = b'{ "total" : 1,\n  "items": [ {"x": 1.10} ] }'
    portal.faults.append(Response(body))
    assert pull().file.read_bytes() == body


@pytest.mark.parametrize("template", ["{month}", "{day", "{0}"])
def test_a_placeholder_that_nobody_fills_is_the_contracts_fault(
    contracts: dict[str, Contract], portal_settings: MakeSettings, work: Path, template: str
) -> None:
    contract = contracts["portal_statistics"]
    source = contract.source.model_copy(update={"path": template})
    with pytest.raises(ContractError, match="portal_statistics"):
        extract.pull(contract.model_copy(update={"source": source}), MONTH, portal_settings(), work)


def test_a_baseline_asks_its_own_query(pull: Pull, portal: Portal) -> None:
    pull(partition=Partition.baseline(DAY.first_day))
    assert portal.asked == [
        ("/api/v1/dossiers", {"open_before": "2026-06-02T00:00:00", "page_size": "1000", "page": "1"})
    ]


def test_an_empty_export_is_a_delivery(pull: Pull, portal: Portal) -> None:
    delivery = pull()
    assert delivery.declared_rows == 0
    assert orjson.loads(delivery.file.read_bytes()) == {"total": 0, "items": []}
    assert len(portal.asked) == 1


def test_an_expired_token_is_replaced_once(pull: Pull, portal: Portal) -> None:
    portal.rows = _rows(35)
    portal.faults.append(JSONResponse({}, 401))
    assert len(_read(pull())) == 35
    assert portal.token_calls == 2


def test_many_threads_with_one_expired_token_ask_for_one_new_one(pull: Pull, portal: Portal) -> None:
    portal.rows = _rows(200)

    class Expiring(set[str]):
        def __contains__(self, token: object) -> bool:
            return super().__contains__(token) and (token != "token-1" or len(portal.asked) < 3)

    portal.tokens = Expiring()
    assert len(_read(pull(http_connections=8))) == 200
    assert portal.token_calls == 2


def test_a_new_token_that_is_refused_too_names_the_credentials(pull: Pull, portal: Portal) -> None:
    portal.faults.extend(JSONResponse({}, 401) for _ in range(5))
    with pytest.raises(SettingError, match=r"KHOTINH_PORTAL_CLIENT_ID.*KHOTINH_PORTAL_CLIENT_SECRET"):
        pull()
    assert (portal.token_calls, len(portal.asked)) == (3, 3)


def test_wrong_credentials_name_their_settings(pull: Pull, portal: Portal) -> None:
    with pytest.raises(SettingError, match=r"KHOTINH_PORTAL_CLIENT_ID.*KHOTINH_PORTAL_CLIENT_SECRET"):
        pull(portal_client_secret="sai")
    assert portal.token_calls == 1


@pytest.mark.parametrize("answer", [JSONResponse({}, 404), Response(b"<html>"), JSONResponse({"access_token": None})])
def test_no_token_at_the_address_names_the_address(pull: Pull, portal: Portal, answer: Response) -> None:
    portal.token_answer = answer
    with pytest.raises(SettingError, match="KHOTINH_PORTAL_URL"):
        pull()
    assert portal.token_calls == 1


def test_a_rate_limit_is_waited_for_and_uses_up_no_attempt(pull: Pull, portal: Portal) -> None:
    portal.faults.extend(Response(status_code=429, headers={"Retry-After": "0"}) for _ in range(5))
    pull(retry_attempts=1)
    assert len(portal.asked) == 6


def test_retry_after_is_kept_to(pull: Pull, portal: Portal) -> None:
    portal.faults.append(Response(status_code=429, headers={"Retry-After": "1"}))
    started = time.monotonic()
    pull()
    assert time.monotonic() - started > 0.9


@pytest.mark.parametrize("retry_after", ["3600", "Fri, 01 Jan 2100 00:00:00 GMT"])
def test_a_rate_limit_without_end_is_transient(
    pull: Pull, portal: Portal, monkeypatch: pytest.MonkeyPatch, retry_after: str
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    portal.faults.extend(Response(status_code=429, headers={"Retry-After": retry_after}) for _ in range(5))
    with pytest.raises(TransientError, match="429"):
        pull()
    assert waits == [answers.LONGEST_RATE_LIMIT_WAIT_SECONDS]


@pytest.mark.parametrize("retry_after", ["", "soon", "-5", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_a_malformed_or_past_retry_after_waits_a_second_at_most(retry_after: str) -> None:
    assert 0 <= answers._seconds_to_wait(retry_after) <= 1


def test_a_streak_of_500_ends_well(pull: Pull, portal: Portal) -> None:
    portal.rows = _rows(5)
    portal.faults.extend([Response(status_code=500), Response(status_code=503)])
    assert len(_read(pull())) == 5
    assert len(portal.asked) == 3


def test_500_without_end_is_transient_after_the_attempts(pull: Pull, portal: Portal, work: Path) -> None:
    portal.faults.extend(Response(status_code=500) for _ in range(9))
    with pytest.raises(TransientError, match=r"portal_dossiers: http.*/api/v1/dossiers answered 500"):
        pull()
    assert len(portal.asked) == 3
    assert list(work.iterdir()) == []


@pytest.mark.parametrize(
    ("status", "error"), [(404, NotThereError), (410, NotThereError), (400, PermanentError), (403, PermanentError)]
)
def test_a_refusal_is_never_asked_again(pull: Pull, portal: Portal, status: int, error: type[Exception]) -> None:
    portal.faults.append(Response(status_code=status))
    with pytest.raises(error, match="portal_dossiers"):
        pull()
    assert len(portal.asked) == 1


def test_a_redirect_is_not_followed(pull: Pull, portal: Portal) -> None:
    portal.faults.append(RedirectResponse("http://user:pw@evil.example/login?token=x"))
    with pytest.raises(PermanentError, match=r"307 and points to http://evil.example/login;"):
        pull()


def test_a_total_that_is_never_reached_is_delivered_for_the_verdict(pull: Pull, portal: Portal) -> None:
    portal.rows = _rows(15)
    portal.totals.extend([17] * 20)
    delivery = pull()
    assert (delivery.declared_rows, len(_read(delivery))) == (17, 15)
    assert [query["page"] for _, query in portal.asked].count("1") == 2


def test_more_rows_than_the_total_are_delivered_for_the_verdict(pull: Pull, portal: Portal) -> None:
    portal.rows = _rows(15)
    portal.totals.extend([14] * 20)
    delivery = pull()
    assert (delivery.declared_rows, len(_read(delivery))) == (14, 15)


def test_a_total_that_changes_while_paging_is_pulled_again(pull: Pull, portal: Portal) -> None:
    portal.rows = _rows(25)
    portal.totals.extend([24, 24, 25])
    delivery = pull(http_connections=1)
    assert (delivery.declared_rows, len(_read(delivery))) == (25, 25)
    assert [query["page"] for _, query in portal.asked] == ["1", "2", "3"] * 3


def test_pages_of_uneven_size_add_up(pull: Pull, portal: Portal) -> None:
    rows = _rows(7)
    parts = (rows[:3], rows[3:4], rows[4:5], rows[5:])
    portal.faults.extend(JSONResponse({"total": 7, "items": part}) for part in (*parts, *parts))
    assert _read(pull(http_connections=1)) == rows


def test_a_body_that_is_not_whole_json_is_asked_again(pull: Pull, portal: Portal) -> None:
    portal.rows = _rows(3)
    portal.faults.append(Response(b'{"total": 3, "items": [{'))
    assert len(_read(pull())) == 3


@pytest.mark.parametrize(
    ("document", "key"),
    [({"total": 1}, "items"), ({"total": 1, "items": {}}, "items"), ({"items": []}, "total"), ([], "items"),
     ({"total": "1", "items": []}, "total"), ({"total": True, "items": []}, "total")],
)  # fmt: skip
def test_another_shape_is_refused_and_names_the_key(pull: Pull, portal: Portal, document: object, key: str) -> None:
    portal.faults.append(JSONResponse(document))
    with pytest.raises(DataRefusedError, match=f"`{key}`") as refused:
        pull()
    assert refused.value.check == "page_shape"
    assert len(portal.asked) == 1


def test_a_download_keeps_its_bytes_name_and_time(pull: Pull, portal: Portal, portal_server_url: str) -> None:
    body = "<html><table><td>Đơn vị</td></table></html>".encode()
    changed = datetime.fromisoformat("2026-06-03T20:15:00+00:00")
    portal.file = Response(
        body, media_type="text/html", headers={"Last-Modified": format_datetime(changed, usegmt=True)}
    )
    delivery = pull("portal_statistics", MONTH)
    assert delivery.file.read_bytes() == body
    assert stat.S_IMODE(delivery.file.stat().st_mode) == 0o600
    assert delivery.file_name == "ii-06a.xls"
    assert delivery.source_uri == f"{portal_server_url}/bao-cao/ii-06a.xls?thang=2026-05"
    assert delivery.source_modified_at == datetime.fromisoformat("2026-06-04T03:15:00")
    assert delivery.declared_rows is None


def test_a_missing_download_is_not_there(pull: Pull, portal: Portal, work: Path) -> None:
    portal.file = Response(status_code=404)
    with pytest.raises(NotThereError, match=r"portal_statistics.*ii-06a\.xls"):
        pull("portal_statistics", MONTH)
    assert list(work.iterdir()) == []


def test_a_download_without_end_is_refused(
    pull: Pull, portal: Portal, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "LARGEST_FILE_BYTES", 1000)
    portal.file = Response(b"x" * 1001)
    with pytest.raises(DataRefusedError, match="portal_statistics") as refused:
        pull("portal_statistics", MONTH)
    assert refused.value.check == "file_size"
    assert list(work.iterdir()) == []


def test_a_cut_off_body_is_transient(
    contracts: dict[str, Contract], portal_settings: MakeSettings, loop: Loop, work: Path
) -> None:
    calls = 0

    async def cut_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        request = await reader.readuntil(b"\r\n\r\n")
        if request.startswith(b"POST"):
            writer.write(http_answer(b'{"access_token": "t"}'))
        else:
            calls += 1
            writer.write(http_answer(b"half of it", length=1000))
        await writer.drain()

    with loop.listening(cut_off) as port:
        settings = portal_settings(portal_url=f"http://127.0.0.1:{port}")
        with pytest.raises(TransientError, match="broke off its answer"):
            extract.pull(contracts["portal_statistics"], MONTH, settings, work)
    assert calls == 3
    assert list(work.iterdir()) == []


def test_a_silent_portal_is_transient(
    contracts: dict[str, Contract], portal_settings: MakeSettings, loop: Loop, work: Path
) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    with loop.listening(silent) as port:
        settings = portal_settings(portal_url=f"http://127.0.0.1:{port}", http_timeout_seconds=0.1, retry_attempts=1)
        with pytest.raises(TransientError, match=r"within 0\.1 s"):
            extract.pull(contracts["portal_dossiers"], DAY, settings, work)


def test_an_address_that_holds_a_password_is_refused(pull: Pull) -> None:
    with pytest.raises(SettingError, match="KHOTINH_PORTAL_URL") as refused:
        pull(portal_url="http://someone:bi-mat@127.0.0.1:1")
    assert "bi-mat" not in str(refused.value)


@pytest.fixture
def portal_server_url(portal_settings: MakeSettings) -> str:
    return portal_settings().connections.http("portal").url
