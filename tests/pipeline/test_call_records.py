"""Call records as two call bridges really send them over two days, and the figures that come of them, by hand.

Legs before their call, links in the next day's file, a call over midnight, a body that was sent again, a record that
was lost, an endpoint that dials in twice, a call that began before anything was loaded.
"""

# ruff: noqa: DTZ001  (the warehouse keeps naive local times)

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from zipfile import ZipFile

import duckdb

from pipelines.build import run_dbt
from pipelines.calendar import Partition
from pipelines.ingest import Workshop, ingest
from pipelines.load.ledger import Outcome
from pipelines.settings import Settings

FIRST, SECOND = date(2026, 6, 1), date(2026, 6, 2)
ONE, OTHER = "5e551000-0000-4000-8000-00000000000a", "5e551000-0000-4000-8000-00000000000b"
NIGHT, MORNING, BEFORE = (f"ca110000-0000-4000-8000-00000000000{number}" for number in (1, 2, 3))
LEGS = tuple(f"1e900000-0000-4000-8000-00000000000{number}" for number in range(6))

LEG_BEFORE_ITS_CALL = f"""\r\n  <?xml version="1.0"?>
<records session="{ONE}" callBridge="158ba4f7-70eb-4a35-982c-71d4f1674277">
<record type="callLegStart" time="2026-06-01T15:59:50Z" recordIndex="1" correlatorIndex="0"><callLeg id="{LEGS[1]}">
  <displayName>Nguyễn Văn Kín</displayName><remoteParty>DC001@hoinghi.thanhhoa.example</remoteParty></callLeg></record>
<record type="callStart" time="2026-06-01T16:00:00Z" recordIndex="2" correlatorIndex="1"><call id="{NIGHT}">
  <name>Họp kín</name><callType>coSpace</callType></call></record>
</records>"""
DIALS_IN_TWICE = f"""<?xml version="1.0"?>
<records session="{ONE}">
<record type="callLegUpdate" time="2026-06-01T16:00:01Z" recordIndex="3" correlatorIndex="2"><callLeg id="{LEGS[1]}">
  <state>connected</state><call>{NIGHT}</call></callLeg></record>
<record type="callLegStart" time="2026-06-01T16:10:00Z" recordIndex="4" correlatorIndex="3"><callLeg id="{LEGS[2]}">
  <remoteParty>dc002@hoinghi.thanhhoa.example</remoteParty></callLeg></record>
<record type="callLegStart" time="2026-06-01T16:30:00Z" recordIndex="6" correlatorIndex="5"><callLeg id="{LEGS[3]}">
  <remoteParty>dc002@hoinghi.thanhhoa.example</remoteParty></callLeg></record>
</records>"""
OTHER_BRIDGE = f"""<?xml version="1.0"?>
<records session="{OTHER}">
<record type="callEnd" time="2026-05-31T17:10:00Z" recordIndex="1" correlatorIndex="0"><call id="{BEFORE}">
  <callLegsCompleted>1</callLegsCompleted><durationSeconds>4200</durationSeconds></call></record>
<record type="callStart" time="2026-06-01T02:00:00Z" recordIndex="2" correlatorIndex="1"><call id="{MORNING}"/></record>
<record type="callLegStart" time="2026-06-01T02:00:00Z" recordIndex="3" correlatorIndex="2"><callLeg id="{LEGS[4]}">
  <remoteParty>dc003@hoinghi.thanhhoa.example</remoteParty></callLeg></record>
<record type="callLegUpdate" time="2026-06-01T02:00:01Z" recordIndex="4" correlatorIndex="3"><callLeg id="{LEGS[4]}">
  <state>connected</state><call>{MORNING}</call></callLeg></record>
<record type="callLegEnd" time="2026-06-01T03:00:00Z" recordIndex="5" correlatorIndex="4"><callLeg id="{LEGS[4]}">
  <reason>remoteTeardown</reason><durationSeconds>3600</durationSeconds></callLeg></record>
<record type="callEnd" time="2026-06-01T03:00:00Z" recordIndex="6" correlatorIndex="5"><call id="{MORNING}">
  <durationSeconds>3600</durationSeconds></call></record>
</records>"""
NEXT_DAY = f"""<?xml version="1.0"?>
<records session="{ONE}">
<record type="callLegUpdate" time="2026-06-01T16:10:01Z" recordIndex="7" correlatorIndex="6"><callLeg id="{LEGS[2]}">
  <state>connected</state><call>{NIGHT}</call></callLeg></record>
<record type="callLegUpdate" time="2026-06-01T16:30:01Z" recordIndex="8" correlatorIndex="7"><callLeg id="{LEGS[3]}">
  <state>connected</state><call>{NIGHT}</call></callLeg></record>
<record type="callLegEnd" time="2026-06-01T16:40:00Z" recordIndex="9" correlatorIndex="8"><callLeg id="{LEGS[2]}">
  <reason>error</reason><durationSeconds>1800</durationSeconds></callLeg></record>
<record type="callLegEnd" time="2026-06-01T17:20:00Z" recordIndex="10" correlatorIndex="9"><callLeg id="{LEGS[3]}">
  <reason>remoteTeardown</reason><durationSeconds>3000</durationSeconds></callLeg></record>
<record type="callEnd" time="2026-06-01T17:30:00Z" recordIndex="11" correlatorIndex="10"><call id="{NIGHT}">
  <durationSeconds>5400</durationSeconds></call></record>
<record type="callLegEnd" time="2026-06-01T17:30:05Z" recordIndex="12" correlatorIndex="11"><callLeg id="{LEGS[1]}">
  <reason>callEnded</reason><durationSeconds>5415</durationSeconds></callLeg></record>
</records>"""

POLYCOM = "c0ffee00-0000-4000-8000-000000000001"
POLYCOM_EXPORT = {
    "conferences.csv": f"""version,type,confType,confUUID,startTime,endTime,partCount
8,CONF,AD-HOC,{POLYCOM},2026-06-02T08:00:00.000+07:00,2026-06-02T09:00:00.000+07:00,3
""",
    "calls.csv": f"""type,callType,callUuid,dialin,startTime,endTime,origEndpoint,destEndpoint,refConfUUID,chairPasscode
CALL,VMR,ca110000-0000-4000-8000-000000000001,TRUE,2026-06-02T07:55:00.000+07:00,2026-06-02T08:30:00.000+07:00,sip:dc001@hoinghi.thanhhoa.example,mcu,{POLYCOM},1234
CALL,VMR,ca110000-0000-4000-8000-000000000009,TRUE,2026-06-02T08:00:00.000+07:00,2026-06-02T09:00:00.000+07:00,ong.kin@khach.example,mcu,{POLYCOM},1234
""",
}

# Two polls of a BigBlueButton server on the first day: 1780279200000 ms are 09:00 here.
WEB = f"{'a' * 40}-1780279190000"
POLLS = {
    f"{time}.xml": f"""<poll at="2026-06-01T{time}:00.000+07:00"><response><returncode>SUCCESS</returncode><meetings><meeting>
<meetingName>Họp kín</meetingName><internalMeetingID>{WEB}</internalMeetingID><running>true</running>
<startTime>1780279200000</startTime><endTime>0</endTime><participantCount>{people}</participantCount></meeting></meetings>
</response></poll>"""
    for time, people in (("09:05", 12), ("09:50", 4))
}


def test_one_broken_body_costs_itself_and_not_its_day(tmp_path: Path) -> None:
    """Of 40 sound bodies and one that breaks off, 40 count; of one and one, none: the contract bears 5%."""
    folder = tmp_path / "cdr" / FIRST.isoformat()
    folder.mkdir(parents=True)
    body = """<records session="{session}"><record type="callStart" time="2026-06-01T02:00:00Z" correlatorIndex="{number}">
      <call id="{call}"><name>Họp kín</name></call></record></records>"""
    whole = [body.format(session=ONE, number=number, call=MORNING) for number in range(40)]
    for number, text in enumerate(whole):
        (folder / f"{number:02}.xml").write_text(text, encoding="utf-8")
    (folder / "15.xml").write_text(whole[15][:-30], encoding="utf-8")
    (folder / "40.xml").write_text(whole[15], encoding="utf-8")
    workshop = Workshop(
        Settings.model_validate(
            {
                "home": tmp_path / "home",
                "pseudonym_key": "a key of the tests",
                "videoconference_url": f"file://{tmp_path}",
            }
        )
    )
    (attempt,) = ingest(workshop, "videoconference_calls", Partition.of_day(FIRST))
    assert (attempt.outcome, attempt.verdict) == (Outcome.LOADED, "accepted_with_warnings")
    assert (attempt.rows_read, attempt.rows_accepted, attempt.rows_quarantined) == (41, 40, 1)
    with duckdb.connect(str(workshop.settings.warehouse_file), read_only=True) as connection:
        (apart,) = connection.execute("SELECT sheet_name, row_number, reasons, row_text FROM ops.quarantine").fetchall()
    assert apart[:3] == ("15.xml", 1, ["file: cannot be read; the XML breaks off before its end"])
    assert "kín" not in apart[3]
    for file in folder.glob("*.xml"):
        if file.name not in {"14.xml", "15.xml"}:
            file.unlink()
    (attempt,) = ingest(workshop, "videoconference_calls", Partition.of_day(FIRST))
    assert attempt.outcome is Outcome.REFUSED
    assert attempt.message.startswith("quarantine_share_is_bearable: 50.00% of the rows are rejected")


def test_two_bridges_and_a_night_give_the_figures_worked_out_by_hand(tmp_path: Path) -> None:
    bodies = {
        FIRST: [LEG_BEFORE_ITS_CALL, DIALS_IN_TWICE, "\n" + DIALS_IN_TWICE, OTHER_BRIDGE],
        SECOND: [NEXT_DAY],
    }
    for day, texts in bodies.items():
        folder = tmp_path / "received" / "cdr" / day.isoformat()
        folder.mkdir(parents=True)
        for number, text in enumerate(texts):
            (folder / f"{number}.xml").write_text(text, encoding="utf-8")
    settings = Settings.model_validate(
        {
            "home": tmp_path / "home",
            "pseudonym_key": "a key of the tests, not a secret",
            "videoconference_url": f"file://{tmp_path}/received",
            "dma_url": f"file://{tmp_path}/dma",
            "bbb_polls_url": f"file://{tmp_path}",
        }
    )
    (tmp_path / "dma").mkdir()
    with ZipFile(tmp_path / "dma" / f"cdr-{SECOND}.zip", "w") as archive:
        for name, text in POLYCOM_EXPORT.items():
            archive.writestr(name, text)
    polls = tmp_path / "bbb" / FIRST.isoformat()
    polls.mkdir(parents=True)
    for name, text in POLLS.items():
        (polls / name).write_text(text, encoding="utf-8")
    workshop = Workshop(settings)
    attempts = [ingest(workshop, "videoconference_calls", Partition.of_day(day))[0] for day in bodies]
    assert [(one.rows_read, one.rows_accepted, one.rows_duplicate) for one in attempts] == [(14, 11, 3), (6, 6, 0)]
    for dataset in ("videoconference_dma_conferences", "videoconference_dma_calls"):
        (attempt,) = ingest(workshop, dataset, Partition.of_day(SECOND))
        assert attempt.rows_accepted == attempt.rows_read > 0

    (polled,) = ingest(workshop, "videoconference_bbb_meetings", Partition.of_day(FIRST))
    assert polled.rows_accepted == polled.rows_read == 2

    marts = ["videoconference_conference", "videoconference_endpoint_daily", "videoconference_record_daily"]
    without = ["--exclude-resource-type", "unit_test", "--exclude-resource-type", "test"]
    run_dbt(settings, ["build", *without, "--select", *(f"+{mart}" for mart in marts)])
    with duckdb.connect(str(settings.warehouse_file), read_only=True) as connection:

        def found(sql: str) -> list[tuple[object, ...]]:
            return connection.execute(sql).fetchall()

        # The polled meeting is known, and no mart below counts it: of what was between two polls nobody knows.
        assert found(
            "SELECT call_id, started_at, ended_at, has_end_record, peak_participant_count"
            " FROM core.fct_conference WHERE system_code = 'bbb'"
        ) == [(f"bbb:{WEB}", datetime(2026, 6, 1, 9, 0), datetime(2026, 6, 1, 9, 50), False, 12)]
        # The call that began on 31 May is of a day that was never loaded: it is no conference of 1 June.
        assert found(
            "SELECT call_id, started_date, duration_seconds, connected_endpoint_count, connected_seconds"
            " FROM marts.videoconference_conference ORDER BY started_at"
        ) == [
            (MORNING, FIRST, 3600, 1, 3600),
            (NIGHT, FIRST, 5400, 2, 9600),
            (f"dma:{POLYCOM}", SECOND, 3600, 1, 1800),
        ]
        # 23:00 to 00:30, of which half an hour is the second day's, and half an hour of the other system's conference; 23:10 to 00:20 in two legs that overlap.
        assert found(
            "SELECT endpoint_code, report_date, attended_conference_count, connected_seconds"
            " FROM marts.videoconference_endpoint_daily WHERE connected_seconds > 0 ORDER BY ALL"
        ) == [
            ("DC-001", FIRST, 1, 3600), ("DC-001", SECOND, 1, 3600),
            ("DC-002", FIRST, 1, 3000), ("DC-002", SECOND, 0, 1200),
            ("DC-003", FIRST, 1, 3600),
        ]  # fmt: skip
        # The record with the index 4 never came.
        assert found("SELECT report_date, missing_record_count FROM marts.videoconference_record_daily ORDER BY 1") == [
            (FIRST, 1),
            (SECOND, 0),
        ]
