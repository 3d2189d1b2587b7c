"""The endpoint poll against raw sockets: dead, slow, refusing and babbling endpoints beside good ones."""

from __future__ import annotations

import asyncio
import csv
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import calendar, extract
from pipelines.calendar import Partition
from pipelines.contracts import Contract
from pipelines.errors import ContractError, NotThereError, SettingError, TransientError
from pipelines.extract import endpoints
from pipelines.extract.delivery import Delivery

from .conftest import MakeSettings
from .servers import Loop, as_json, http_answer

DAY = Partition.parse("2026-06-02")
GOOD = as_json({"registered": True, "in_call": False, "jitter_ms": 4.5})
TOO_DEEP = b'{"a":' + b"[" * 400 + b"]" * 400 + b"}"
ANSWERS = {
    "OK": http_answer(GOOD),
    "LIST": http_answer(b"[1]"),
    "TEXT": http_answer("đang khởi động ".encode() * 100),
    "BAD": http_answer(b"x", status="500 Oops"),
    "MOVED": b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
    "BABBLE": b"\x00\xff\x16\x03 what is this\r\n\r\n",
    "CUT": http_answer(GOOD, length=5000),
    "DEEP": http_answer(TOO_DEEP),
    "HUGE": http_answer(b'{"a": "' + b"x" * (endpoints.LARGEST_ANSWER_BYTES + 1) + b'"}'),
}

Poll = Callable[..., Delivery]


@dataclass
class Meeting:
    """Where the `MEET` endpoints wait for one another before they answer."""

    wanted: int = 1
    present: int = 0
    most_at_once: int = 0
    full: asyncio.Event = field(default_factory=asyncio.Event)

    async def joined(self) -> None:
        """Comes back once as many as wanted have been here at the same time."""
        self.present += 1
        self.most_at_once = max(self.most_at_once, self.present)
        if self.present >= self.wanted:
            self.full.set()
        await self.full.wait()
        self.present -= 1


@pytest.fixture
def meeting() -> Meeting:
    return Meeting()


@pytest.fixture
def asked() -> Counter[str]:
    """How often each endpoint was asked."""
    return Counter()


@pytest.fixture
def port(loop: Loop, meeting: Meeting, asked: Counter[str]) -> Iterator[int]:
    """Answers by the code in the path: DEAD never, SLOW in drips, LATE the second time, all else from ANSWERS."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        name = request.split(" ")[1].partition("?")[0].strip("/")
        code = name.partition("-")[0]
        asked[name] += 1
        if code == "DEAD" or (code == "LATE" and asked[name] == 1):
            await reader.read()
            return
        if code == "MEET":
            await meeting.joined()
        answer = ANSWERS.get(code, http_answer(GOOD))
        for piece in (bytes([letter]) for letter in answer) if code == "SLOW" else (answer,):
            writer.write(piece)
            await writer.drain()
            if code == "SLOW":
                await asyncio.sleep(0.05)

    with loop.listening(answer) as port:
        yield port


@pytest.fixture
def poll(
    contracts: dict[str, Contract],
    plain_settings: MakeSettings,
    tmp_path: Path,
    work: Path,
    port: int,
    monkeypatch: pytest.MonkeyPatch,
) -> Poll:
    """Polls endpoints of these codes; `REFUSED` ones lie at a port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        refusing = free.getsockname()[1]

    def run(*codes: str, partition: Partition = DAY, has_history: bool = True, **changes: object) -> Delivery:
        rows = [
            (code, f"127.0.0.1:{refusing if code.startswith('REFUSED') else port}", "2020-01-01", "") for code in codes
        ]
        monkeypatch.setattr(endpoints, "ENDPOINTS_FILE", _registry(tmp_path, rows))
        contract = contracts["videoconference_endpoint_status"]
        source = contract.source.model_copy(update={"has_history": has_history})
        values = {"endpoint_url": "http://{address}/{endpoint_code}", "endpoint_timeout_seconds": 1, **changes}
        return extract.pull(contract.model_copy(update={"source": source}), partition, plain_settings(**values), work)

    return run


def _registry(folder: Path, rows: list[tuple[str, str, str, str]]) -> Path:
    file = folder / "endpoints.csv"
    with file.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(("endpoint_code", "address", "valid_from", "valid_to"))
        writer.writerows(rows)
    return file


def _lines(delivery: Delivery) -> dict[str, dict[str, object]]:
    return {str(line["endpoint_code"]): line for line in map(orjson.loads, delivery.file.read_bytes().splitlines())}


def test_every_way_to_answer_is_an_outcome_of_its_own(poll: Poll) -> None:
    delivery = poll("OK-2", "OK-1", "REFUSED", "DEAD", "SLOW", *(set(ANSWERS) - {"OK"}))
    lines = _lines(delivery)
    assert list(lines) == sorted(lines)
    assert delivery.declared_rows == len(lines) == len(ANSWERS) + 4
    assert lines["OK-1"] == {
        "endpoint_code": "OK-1",
        "day": "2026-06-02",
        "outcome": "answered",
        "http_status": 200,
        "body": orjson.loads(GOOD),
        "body_text": None,
    }
    assert {code: line["outcome"] for code, line in lines.items()} == {
        **dict.fromkeys(set(ANSWERS) - {"OK"}, "error"),
        **dict.fromkeys(("OK-1", "OK-2"), "answered"),
        **dict.fromkeys(("DEAD", "SLOW"), "timeout"),
        "REFUSED": "refused",
    }
    assert (lines["BAD"]["http_status"], lines["BAD"]["body"], lines["BAD"]["body_text"]) == (500, None, "x")
    assert len(str(lines["TEXT"]["body_text"])) == endpoints.KEPT_TEXT_CHARACTERS
    assert (lines["LIST"]["body"], lines["LIST"]["body_text"]) == (None, "[1]")
    assert lines["MOVED"]["http_status"] == 302


def test_the_same_answers_are_the_same_bytes(poll: Poll) -> None:
    codes = ("OK-1", "DEAD", "LIST", "REFUSED", "SLOW")
    assert poll(*codes).file.read_bytes() == poll(*reversed(codes)).file.read_bytes()


def test_nobody_waits_for_a_slow_one(poll: Poll, meeting: Meeting) -> None:
    """All of `MEET` wait until every one of them was asked: one after the other, the first would time out."""
    meeting.wanted = 20
    codes = [f"OK-{number:03d}" for number in range(328)] + [f"MEET-{number:02d}" for number in range(20)]
    lines = _lines(poll(*codes, endpoint_timeout_seconds=60))
    assert Counter(line["outcome"] for line in lines.values()) == {"answered": 348}


def test_the_bound_on_questions_at_once_holds(poll: Poll, meeting: Meeting) -> None:
    meeting.wanted = 3
    lines = _lines(
        poll(*(f"MEET-{number}" for number in range(6)), endpoint_concurrency=3, endpoint_timeout_seconds=60)
    )
    assert Counter(line["outcome"] for line in lines.values()) == {"answered": 6}
    assert meeting.most_at_once == 3


def test_whoever_stayed_silent_is_asked_once_more_and_nobody_else_is(poll: Poll, asked: Counter[str]) -> None:
    lines = _lines(poll("OK", "BAD", "DEAD", "LATE"))
    assert {code: line["outcome"] for code, line in lines.items()} == {
        "OK": "answered",
        "BAD": "error",
        "DEAD": "timeout",
        "LATE": "answered",
    }
    assert asked == {"OK": 1, "BAD": 1, "DEAD": 2, "LATE": 2}


def test_not_one_answer_is_our_own_network(poll: Poll, work: Path) -> None:
    with pytest.raises(TransientError, match="not one of 2 endpoints"):
        poll("REFUSED-1", "REFUSED-2")
    assert list(work.iterdir()) == []


def test_a_day_before_every_endpoint_is_not_there(poll: Poll) -> None:
    with pytest.raises(NotThereError, match="no endpoint that is valid"):
        poll("OK", partition=Partition.parse("2019-12-31"))


def test_the_past_of_endpoints_without_history_is_not_there(poll: Poll) -> None:
    with pytest.raises(NotThereError, match="videoconference_endpoint_status 2026-06-02"):
        poll("OK", has_history=False)
    today = Partition.of_day(calendar.today())
    assert len(_lines(poll("OK", has_history=False, partition=today))) == 1


def test_the_address_and_no_credentials_are_kept(poll: Poll) -> None:
    delivery = poll("OK", endpoint_url="http://may:bi-mat@{address}/{endpoint_code}?key=bi-mat")
    assert delivery.source_uri == "http://{address}/{endpoint_code}"
    assert b"bi-mat" not in delivery.file.read_bytes()
    assert delivery.file_name == "videoconference_endpoint_status-2026-06-02.json"


@pytest.mark.parametrize("template", ["http://{address}/{name}", "http://{address", "{address}", "ftp://{address}/"])
def test_a_malformed_template_names_the_setting(poll: Poll, template: str) -> None:
    with pytest.raises(SettingError, match="KHOTINH_ENDPOINT_URL"):
        poll("OK", endpoint_url=template)


def test_only_endpoints_of_the_day_are_asked(tmp_path: Path) -> None:
    rows = [("B", "b", "2020-01-01", ""), ("A", "a", "2020-01-01", "2026-06-02"), ("C", "c", "2026-06-03", "")]
    registry = _registry(tmp_path, rows)
    assert [endpoint.code for endpoint in endpoints.read_endpoints(registry, date(2026, 6, 2))] == ["A", "B"]
    assert [endpoint.code for endpoint in endpoints.read_endpoints(registry, date(2026, 6, 3))] == ["B", "C"]


def test_a_malformed_registry_is_named(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"endpoints\.csv"):
        endpoints.read_endpoints(_registry(tmp_path, [("A", "a", "someday", "")]), date(2026, 6, 2))
    with pytest.raises(ContractError, match=r"none\.csv"):
        endpoints.read_endpoints(tmp_path / "none.csv", date(2026, 6, 2))


@given(st.binary(max_size=200), st.integers(100, 599))
def test_no_answer_breaks_the_poll(body: bytes, status: int) -> None:
    answer = endpoints._judge(status, body)
    line = endpoints._line(endpoints.Endpoint("DC-001", "x"), date(2026, 6, 2), answer)
    assert orjson.loads(line)["outcome"] in {"answered", "error"}
