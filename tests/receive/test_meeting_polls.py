"""Polls of a BigBlueButton server: asked over real HTTP by the command, kept as they came, read by the contract."""

# ruff: noqa: DTZ001  (the warehouse keeps naive local times)

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import threading
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from typer.testing import CliRunner, Result

from pipelines.calendar import Partition, now
from pipelines.cli.app import app
from pipelines.cli.poll import keep_polling
from pipelines.ingest import Workshop, ingest
from pipelines.load.ledger import Outcome
from pipelines.settings import Settings
from tests.parse.parse_help import conserves, read, reasons, row_texts, shipped, values, write

SECRET = "639259d4-9dd8-4b25-bf01-95f9567eaf4b"
RUNNING, ENDED, WAITING = (f"{letter * 40}-1780279200000" for letter in "abc")
# 1780279200000 ms are 2026-06-01 02:00 UTC, 09:00 here.
MEETING = """<meeting>
<meetingName>Họp kín của ông Kín</meetingName><meetingID>phong-hop-bi-mat</meetingID>
<internalMeetingID>{id}</internalMeetingID><createTime>1780279190000</createTime>
<createDate>Mon Jun 01 02:00:00 UTC 2026</createDate><voiceBridge>70757</voiceBridge><dialNumber>0912345678</dialNumber>
<attendeePW>ap-bi-mat</attendeePW><moderatorPW>mp-bi-mat</moderatorPW>
<running>{running}</running><duration>0</duration><hasUserJoined>true</hasUserJoined><recording>false</recording>
<hasBeenForciblyEnded>false</hasBeenForciblyEnded><startTime>{started}</startTime><endTime>{ended}</endTime>
<participantCount>{people}</participantCount><listenerCount>2</listenerCount>
<voiceParticipantCount>1</voiceParticipantCount><videoCount>1</videoCount><maxUsers>0</maxUsers>
<moderatorCount>1</moderatorCount><attendees><attendee><userID>w_kin</userID><fullName>Trần Thị Bí Mật</fullName>
<role>MODERATOR</role></attendee></attendees><metadata><bbb-origin>Greenlight</bbb-origin></metadata>
<isBreakout>false</isBreakout></meeting>"""
DECLARED = '<?xml version="1.0" encoding="UTF-8"?>\n'
SOME = f"""{DECLARED}<response><returncode>SUCCESS</returncode><meetings>
{MEETING.format(id=RUNNING, running="true", started=1780279200123, ended=0, people=3)}
{MEETING.format(id=ENDED, running="false", started=1780279200000, ended=1780282800000, people=0)}
{MEETING.format(id=WAITING, running="false", started=0, ended=0, people=0)}
</meetings></response>"""
NONE = f"""{DECLARED}<response>
  <returncode>SUCCESS</returncode><meetings/><messageKey>noMeetings</messageKey>
  <message>no meetings were found on this server</message></response>"""
WRONG = """<response><returncode>FAILED</returncode><messageKey>checksumError</messageKey>
<message>Checksums do not match</message></response>"""


class MeetingServer:
    """A server that holds the checksum against its secret, as the API reference says.

    Attributes:
        answer: What it tells who knows the secret.
        status: With which status.
        kind: The hash that it knows.
        asked: Paths that were asked for.
    """

    def __init__(self) -> None:
        self.answer: str | bytes = SOME
        self.status = 200
        self.headers: Mapping[str, str] = {}
        self.kind = "sha256"
        self.asked: list[str] = []
        served = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                served.asked.append(parts.path)
                query = re.sub("&?checksum=[^&]*", "", parts.query)
                good = hashlib.new(served.kind, f"getMeetings{query}{SECRET}".encode()).hexdigest()
                is_right = parse_qs(parts.query).get("checksum") == [good]
                answer = served.answer if is_right else WRONG
                body = answer if isinstance(answer, bytes) else answer.encode()
                self.send_response(served.status if parts.path == "/bigbluebutton/api/getMeetings" else 404)
                for name, value in served.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/bigbluebutton"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Ends it."""
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def _serving() -> Iterator[MeetingServer]:
    server = MeetingServer()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def server() -> Iterator[MeetingServer]:
    with _serving() as running:
        yield running


def _poll(server: MeetingServer, folder: Path, **settings: str) -> Result:
    """Runs the command once, with these settings and no others."""
    folder.mkdir(exist_ok=True)
    env = {
        **{name: None for name in os.environ if name.startswith("KHOTINH_")},
        "KHOTINH_BBB_URL": server.url, "KHOTINH_BBB_SECRET": SECRET,
        "KHOTINH_BBB_POLLS_URL": f"file://{folder}", "KHOTINH_RETRY_ATTEMPTS": "1", **settings,
    }  # fmt: skip
    with chdir(folder.parent):
        done = CliRunner().invoke(app, ["poll-meetings", "--json"], env=env)
    checksums = (hashlib.new(kind, f"getMeetings{SECRET}".encode()).hexdigest() for kind in ("sha1", "sha256"))
    for secret in (SECRET, *checksums):
        assert secret not in done.stdout + done.stderr
    return done


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())


def test_an_answer_is_kept_as_it_came_with_its_time_and_for_nobody_else(server: MeetingServer, tmp_path: Path) -> None:
    before = now().replace(microsecond=0)
    done = _poll(server, tmp_path / "polls")
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    (file,) = _files(tmp_path / "polls")
    assert (told["outcome"], told["meetings"], told["file"]) == (
        "kept",
        3,
        file.relative_to(tmp_path / "polls").as_posix(),
    )
    assert server.asked == ["/bigbluebutton/api/getMeetings"]
    found = re.fullmatch(r'<poll at="([^"]+)">\n?(<response>.*</response>)</poll>\n', file.read_text(), re.DOTALL)
    assert found is not None
    assert found[2] == SOME.removeprefix(DECLARED)
    at = datetime.fromisoformat(found[1])
    assert at.utcoffset() == timedelta(hours=7)
    assert before <= at.replace(tzinfo=None) <= now()
    assert file.parent == tmp_path / "polls" / "bbb" / f"{at:%Y-%m-%d}"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_server_that_knows_only_sha1_is_asked_with_it(server: MeetingServer, tmp_path: Path) -> None:
    server.kind = "sha1"
    refused = _poll(server, tmp_path / "polls")
    assert refused.exit_code == 1
    assert "KHOTINH_BBB_SECRET" in refused.stderr
    assert "KHOTINH_BBB_CHECKSUM=sha1" in refused.stderr
    assert _files(tmp_path / "polls") == []
    assert _poll(server, tmp_path / "polls", KHOTINH_BBB_CHECKSUM="sha1").exit_code == 0


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"KHOTINH_BBB_SECRET": "another secret"}, "KHOTINH_BBB_SECRET"),
        ({"KHOTINH_BBB_SECRET": ""}, "KHOTINH_BBB_SECRET: is not set"),
        ({"KHOTINH_BBB_URL": ""}, "KHOTINH_BBB_URL: is not set"),
        ({"KHOTINH_BBB_CHECKSUM": "md5"}, "KHOTINH_BBB_CHECKSUM"),
        ({"KHOTINH_BBB_POLLS_URL": ""}, "KHOTINH_BBB_POLLS_URL: is not set"),
        ({"KHOTINH_BBB_POLLS_URL": "file:///nowhere/at/all"}, "KHOTINH_BBB_POLLS_URL: /nowhere/at/all is not a folder"),
    ],
    ids=["wrong secret", "no secret", "no address", "unknown hash", "no folder", "folder gone"],
)
def test_a_setting_that_does_not_work_is_named_and_nothing_is_kept(
    server: MeetingServer, settings: dict[str, str], says: str, tmp_path: Path
) -> None:
    done = _poll(server, tmp_path / "polls", **settings)
    assert done.exit_code == 1
    assert says in done.stderr
    assert "another secret" not in done.stdout + done.stderr
    assert _files(tmp_path / "polls") == []


@pytest.mark.parametrize(
    ("answer", "status", "says"),
    [
        ("<html><p>Bad gateway</p>", 200, "no whole XML"),
        (SOME[:-20], 200, "no whole XML"),
        ("<html><p>Welcome</p></html>", 200, "no answer of BigBlueButton"),
        (SOME.replace("UTF-8", "ISO-8859-1", 1), 200, "encoding other than UTF-8"),
        ("<!DOCTYPE response [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>" + SOME.removeprefix(DECLARED), 200, "document type"),
        (SOME.replace("SUCCESS", "FAILED"), 200, "refuses"),
        (SOME, 503, "answered 503"),
        (SOME, 404, "KHOTINH_BBB_URL"),
    ],
    ids=["a page", "broken off", "another XML", "an encoding", "a document type", "refused", "overloaded", "not there"],
)  # fmt: skip
def test_what_is_no_answer_is_not_kept(
    server: MeetingServer, answer: str, status: int, says: str, tmp_path: Path
) -> None:
    server.answer, server.status = answer, status
    done = _poll(server, tmp_path / "polls")
    assert done.exit_code == 1
    assert says in done.stderr
    # What may be better the next time ends no polling; an address with nothing at it does.
    assert [json.loads(line)["outcome"] for line in done.stdout.splitlines()] == (["failed"] if status != 404 else [])
    assert "Kín" not in done.stdout + done.stderr
    assert _files(tmp_path / "polls") == []


def test_a_redirect_elsewhere_is_not_followed_with_the_checksum(server: MeetingServer, tmp_path: Path) -> None:
    with _serving() as other:
        server.status, server.headers = 302, {"Location": f"{other.url}/api/getMeetings?checksum=x"}
        assert _poll(server, tmp_path / "polls").exit_code == 1
        assert other.asked == []


def test_polling_goes_on_after_a_failure_and_keeps_its_pace() -> None:
    outcomes = iter(["kept", "failed", "kept"])
    told: list[object] = []
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        keep_polling(lambda: {"outcome": next(outcomes)}, 300, lambda one: told.append(one["outcome"]), wait)
    assert told == ["kept", "failed", "kept"]
    assert all(290 < seconds <= 300 for seconds in waited)


def _polled(at: str, answer: str) -> str:
    return f'<poll at="{at}">{answer.removeprefix(DECLARED)}</poll>\n'


def test_the_contract_reads_typed_rows_and_no_name(tmp_path: Path) -> None:
    text = _polled("2026-06-02T09:15:00.250+07:00", SOME) + _polled("2026-06-02T02:20:00.000Z", NONE)
    parsed = read(write(tmp_path / "polls.xml", text), shipped("videoconference_bbb_meetings"))
    assert values(parsed, "meeting_id") == [RUNNING, ENDED, WAITING]
    assert set(values(parsed, "polled_at")) == {datetime(2026, 6, 2, 9, 15, 0, 250_000)}
    assert values(parsed, "started_ms") == [1_780_279_200_123, 1_780_279_200_000, 0]
    assert values(parsed, "ended_ms") == [0, 1_780_282_800_000, 0]
    assert values(parsed, "participant_count") == [3, 0, 0]
    assert values(parsed, "is_running") == [True, False, False]
    assert values(parsed, "is_breakout") == [False, False, False]
    assert conserves(parsed)
    told = parsed.rows.frame().write_json()
    for personal in ("Kín", "Bí Mật", "bi-mat", "0912345678", "w_kin", "Greenlight"):
        assert personal not in told


def test_a_meeting_whose_id_could_be_a_name_is_set_apart(tmp_path: Path) -> None:
    text = _polled("2026-06-02T09:15:00+07:00", SOME.replace(RUNNING, "Nguyễn Văn Kín"))
    parsed = read(write(tmp_path / "polls.xml", text), shipped("videoconference_bbb_meetings"))
    assert reasons(parsed) == {1: ["meeting_id: malformed"]}
    assert "Kín" not in str(row_texts(parsed))
    assert conserves(parsed)


def test_from_the_command_through_the_inbox_into_the_warehouse(server: MeetingServer, tmp_path: Path) -> None:
    polls = tmp_path / "polls"
    assert _poll(server, polls).exit_code == 0
    day = datetime.fromisoformat(_files(polls)[0].parent.name).date()
    server.answer = NONE
    empty = json.loads(_poll(server, polls).stdout)
    assert (empty["outcome"], empty["meetings"]) == ("kept", 0)
    settings = Settings.model_validate(
        {"home": tmp_path / "home", "pseudonym_key": "a key of the tests", "bbb_polls_url": f"file://{polls}"}
    )
    (attempt,) = ingest(Workshop(settings), "videoconference_bbb_meetings", Partition.of_day(day))
    assert attempt.outcome is Outcome.LOADED, attempt
    assert (attempt.rows_read, attempt.rows_accepted) == (3, 3)


def test_a_day_that_was_polled_and_empty_is_loaded_and_one_that_was_not_is_missing(
    server: MeetingServer, tmp_path: Path
) -> None:
    server.answer = NONE
    polls = tmp_path / "polls"
    assert _poll(server, polls).exit_code == 0
    (file,) = _files(polls)
    day = datetime.fromisoformat(file.parent.name).date()
    settings = Settings.model_validate(
        {"home": tmp_path / "home", "pseudonym_key": "a key of the tests", "bbb_polls_url": f"file://{polls}"}
    )
    workshop = Workshop(settings)
    (polled,) = ingest(workshop, "videoconference_bbb_meetings", Partition.of_day(day))
    assert polled.outcome is Outcome.LOADED, polled
    assert polled.rows_read == 0
    (missing,) = ingest(workshop, "videoconference_bbb_meetings", Partition.of_day(day - timedelta(days=1)))
    assert missing.outcome in {Outcome.NOT_THERE, Outcome.NOT_DUE}, missing
