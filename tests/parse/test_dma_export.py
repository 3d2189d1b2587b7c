"""A Polycom DMA's export as it comes: a zip of two tables and a note, columns in any order, local times with offset."""

# ruff: noqa: DTZ001  (the warehouse keeps naive local times)

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from pipelines.errors import DataRefusedError
from pipelines.parse import Parsed
from pipelines.reference import Reference
from tests.parse.parse_help import all_texts, conserves, read, reasons, row_texts, shipped, values

PASSCODE = "9137042"
CONFERENCE, OTHER = "c0ffee00-0000-4000-8000-000000000001", "c0ffee00-0000-4000-8000-000000000002"
ONE, TWO, THREE, FOUR = (f"ca110000-0000-4000-8000-00000000000{number}" for number in range(1, 5))
REGISTERS = Reference(
    units=(),
    endpoint_by_address={"dc001@x.example": "DC-001", "dc002@x.example": "DC-002"},
    codes={},
)
CONFERENCES = f"""version,type,confType,cluster,confUUID,startTime,endTime,userID,roomID,partCount,classOfService,userDataA,userDataB,userDataC,maxResourcesUsed
8,CONF,AD-HOC,dma-1,{CONFERENCE},2026-06-01T23:30:00.250+07:00,2026-06-02T00:45:10.000+07:00,LOCAL\\tran.van.kin,77001,12,"Gold, high","Phòng họp ông Kín, tầng 2",,,3
8,CONF,PCO,dma-1,{OTHER},2026-06-01T02:00:00.000Z,2026-06-01T03:00:00.000Z,,77002,2,,,,,1
"""
CALLS = f"""version,type,callType,callUuid,dialin,startTime,endTime,origEndpoint,dialString,destEndpoint,cause,refConfUUID,chairPasscode,userDataA,somethingNew
8,CALL,VMR,{ONE},TRUE,2026-06-01T23:30:00.250+07:00,2026-06-02T00:45:10.000+07:00,sip:DC001@x.example;transport=tls,sip:77001@dma,mcu-1,"ok, normal",{CONFERENCE},{PASSCODE},"Trần Thị Bí Mật, PGĐ",1
8,CALL,VMR,{TWO},FALSE,2026-06-01T16:35:00.000Z,2026-06-01T17:00:00.000Z,mcu-1,,dc002@x.example,,{CONFERENCE},{PASSCODE},,
8,CALL,PT-PT,{THREE},TRUE,2026-06-01T09:00:00.000+07:00,2026-06-01T09:05:00.000+07:00,0912345678,,Lê Kín,,,,,
8,CALL,VMR,{FOUR},TRUE,"2026-06-01T09:00:00.000+07:00,2026-06-01T09:00:01.000+07:00",2026-06-01T09:05:00.000+07:00,"a,b",,"a,b",,{CONFERENCE},{PASSCODE},"Lê Kín, a",
"""


def _export(folder: Path, **members: str) -> Path:
    file = folder / "cdr-2026-06-01.zip"
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        archive.writestr("summary.txt", "4 calls, 2 conferences")
        for name, text in members.items():
            archive.writestr(f"{name}.csv", text.encode())
    return file


def _read(file: Path, dataset: str) -> Parsed:
    return read(file, shipped(dataset), reference=REGISTERS)


def test_conferences_come_in_local_time_whatever_offset_they_are_written_with(tmp_path: Path) -> None:
    parsed = _read(_export(tmp_path, CONFERENCES=CONFERENCES, CALLS=CALLS), "videoconference_dma_conferences")
    assert values(parsed, "conference_id") == [CONFERENCE, OTHER]
    assert values(parsed, "started_at") == [datetime(2026, 6, 1, 23, 30, 0, 250_000), datetime(2026, 6, 1, 9, 0)]
    assert values(parsed, "ended_at") == [datetime(2026, 6, 2, 0, 45, 10), datetime(2026, 6, 1, 10, 0)]
    assert values(parsed, "participant_count") == [12, 2]
    assert conserves(parsed)


def test_calls_name_endpoints_of_the_register_and_guests_by_no_name(tmp_path: Path) -> None:
    parsed = _read(_export(tmp_path, CONFERENCES=CONFERENCES, CALLS=CALLS), "videoconference_dma_calls")
    assert values(parsed, "call_id") == [ONE, TWO, THREE]
    assert values(parsed, "origin_endpoint_code") == ["DC-001", "GUEST", "GUEST"]
    assert values(parsed, "destination_endpoint_code") == ["GUEST", "DC-002", "GUEST"]
    assert values(parsed, "is_dialin") == [True, False, True]
    assert values(parsed, "conference_id") == [CONFERENCE, CONFERENCE, None]
    assert values(parsed, "started_at")[:2] == [datetime(2026, 6, 1, 23, 30, 0, 250_000), datetime(2026, 6, 1, 23, 35)]


def test_a_room_of_several_codecs_is_set_apart_and_the_passcode_goes_nowhere(tmp_path: Path) -> None:
    parsed = _read(_export(tmp_path, CONFERENCES=CONFERENCES, CALLS=CALLS), "videoconference_dma_calls")
    assert list(reasons(parsed).values()) == [["started_at: not a readable timestamp"]]
    assert conserves(parsed)
    assert "chairPasscode" not in str(row_texts(parsed))
    for frame in (parsed.rows.frame(), parsed.rejects, all_texts(parsed)):
        for secret in (PASSCODE, "Kín", "Bí Mật", "0912345678"):
            assert secret not in frame.write_json()


def test_an_export_without_the_table_or_without_the_link_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError, match="none of the 2 files in it is called"):
        _read(_export(tmp_path, CONFERENCES=CONFERENCES), "videoconference_dma_calls")
    with pytest.raises(DataRefusedError, match="refConfUUID"):
        _read(_export(tmp_path, CALLS=CALLS.replace("refConfUUID", "confRef")), "videoconference_dma_calls")
