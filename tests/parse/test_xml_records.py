"""Cisco Meeting Server records as they really come: bodies in a zip, legs before calls, re-sent, UTC, hostile."""

# ruff: noqa: DTZ001  (the warehouse keeps naive local times)

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import polars as pl
import pytest

from pipelines.contracts import Contract
from pipelines.errors import DataRefusedError
from pipelines.parse import Parsed, parts, plain_files
from pipelines.parse.records import xml_records
from pipelines.reference import Reference
from tests.parse.parse_help import (
    all_texts,
    column,
    conserves,
    contract,
    numbers,
    read,
    reasons,
    row_texts,
    shipped,
    values,
    whole_reasons,
    write,
)

CALLS: Contract = shipped("videoconference_calls")
ONE, OTHER = "5e551000-0000-4000-8000-000000000001", "5e551000-0000-4000-8000-000000000002"
CALL = "ca110000-0000-4000-8000-000000000001"
LEG, LATER_LEG = "1e900000-0000-4000-8000-000000000001", "1e900000-0000-4000-8000-000000000002"
REGISTERS = Reference(
    units=(),
    endpoint_by_address={"dc001@x.example": "DC-001"},
    codes={"cdr_record_type": frozenset({"callStart", "callEnd", "callLegStart", "callLegUpdate", "callLegEnd"})},
)
START = """  \r\n<?xml version="1.0" encoding="UTF-8"?>
<records session="5e551000-0000-4000-8000-000000000001" callBridge="b-1">
  <record type="callLegStart" time="2026-06-01T17:00:05Z" recordIndex="1" correlatorIndex="0">
    <callLeg id="1e900000-0000-4000-8000-000000000001"><displayName>Trần Thị Bí Mật</displayName><remoteParty>DC001@x.example</remoteParty></callLeg>
  </record>
  <record type="callStart" time="2026-06-01T16:59:59Z" recordIndex="2" correlatorIndex="1">
    <call id="ca110000-0000-4000-8000-000000000001"><name>Họp riêng với ông Lê Kín</name><callType>coSpace</callType></call>
  </record>
</records>"""
END = """<records session="5e551000-0000-4000-8000-000000000001">
  <record type="callLegUpdate" time="2026-06-01T17:00:06Z" correlatorIndex="2">
    <callLeg id="1e900000-0000-4000-8000-000000000001"><state>connected</state><call>ca110000-0000-4000-8000-000000000001</call></callLeg>
  </record>
  <record type="callLegEnd" time="2026-06-02T01:30:00Z" correlatorIndex="3">
    <callLeg id="1e900000-0000-4000-8000-000000000002"><remoteParty>0912345678@else.example</remoteParty><reason>remoteTeardown</reason>
      <durationSeconds>30595</durationSeconds><activatedDuration>30590</activatedDuration>
      <rxVideo><packetStatistics><packetLossBursts><duration>12</duration><density>0.0312</density></packetLossBursts>
      </packetStatistics></rxVideo></callLeg>
  </record>
  <record type="callEnd" time="2026-06-02T01:30:01Z" correlatorIndex="4">
    <call id="ca110000-0000-4000-8000-000000000001"><callLegsCompleted>2</callLegsCompleted><durationSeconds>30602</durationSeconds></call>
  </record>
</records>"""


def _zip(file: Path, **bodies: str | bytes) -> Path:
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name, body in bodies.items():
            archive.writestr(f"{name}.xml", body)
    return file


def _read(file: Path) -> Parsed:
    return read(file, CALLS, reference=REGISTERS)


def test_records_come_in_file_order_with_their_session_call_and_leg(tmp_path: Path) -> None:
    parsed = _read(_zip(tmp_path / "cdr.zip", a=START, b=END))
    assert numbers(parsed) == [1, 2, 10_000_001, 10_000_002, 10_000_003]
    assert values(parsed, "session_id") == [ONE] * 5
    assert values(parsed, "correlator_index") == [0, 1, 2, 3, 4]
    assert values(parsed, "record_type") == ["callLegStart", "callStart", "callLegUpdate", "callLegEnd", "callEnd"]
    assert values(parsed, "call_id") == [None, CALL, CALL, None, CALL]
    assert values(parsed, "leg_id") == [LEG, None, LEG, LATER_LEG, None]
    assert values(parsed, "duration_seconds") == [None, None, None, 30595, 30602]
    assert values(parsed, "packet_loss_rate") == [None, None, None, Decimal("0.0312"), None]
    assert parsed.added_headings == ()


def test_utc_becomes_local_time_across_midnight(tmp_path: Path) -> None:
    parsed = _read(write(tmp_path / "a.xml", START))
    assert values(parsed, "recorded_at") == [datetime(2026, 6, 2, 0, 0, 5), datetime(2026, 6, 1, 23, 59, 59)]


def test_a_party_outside_the_register_is_a_guest_and_none_is_nobody(tmp_path: Path) -> None:
    parsed = _read(_zip(tmp_path / "cdr.zip", a=START, b=END))
    assert values(parsed, "endpoint_code") == ["DC-001", None, None, "GUEST", None]


def test_a_body_that_was_sent_again_is_counted_record_by_record(tmp_path: Path) -> None:
    parsed = _read(_zip(tmp_path / "cdr.zip", a=START, b=END, c=START, d=START))
    assert (parsed.rows_read, parsed.rows.height, parsed.rows_duplicate) == (9, 5, 4)
    assert numbers(parsed) == [1, 2, 10_000_001, 10_000_002, 10_000_003]
    assert conserves(parsed)


def test_a_record_of_another_session_is_another_record(tmp_path: Path) -> None:
    parsed = _read(
        _zip(
            tmp_path / "cdr.zip",
            a=START,
            b=START.replace(
                'session="5e551000-0000-4000-8000-000000000001"', 'session="5e551000-0000-4000-8000-000000000002"'
            ),
        )
    )
    assert parsed.rows_duplicate == 0
    assert values(parsed, "session_id") == [ONE, ONE, OTHER, OTHER]


def test_a_faulty_record_is_set_apart_with_its_body_and_without_names(tmp_path: Path) -> None:
    bad = START.replace('type="callLegStart"', 'type="legStart"').replace("2026-06-01T17:00:05Z", "01/06/2026 17:00")
    bad = bad.replace("DC001@x.example", "0912345678@else.example")
    parsed = _read(_zip(tmp_path / "cdr.zip", a=END, b=bad))
    assert reasons(parsed) == {
        1: ["record_type: not in the list cdr_record_type", "recorded_at: not a readable timestamp"]
    }
    assert parsed.rejects.get_column("sheet_name").to_list() == ["2 (x.xxx)"]
    (text,) = row_texts(parsed)
    assert text["display_name"] == "•••"
    for frame in (parsed.rows.frame(), parsed.rejects, all_texts(parsed)):
        for secret in ("Bí Mật", "Lê Kín", "0912345678"):
            assert secret not in frame.write_json()


def test_a_record_without_its_key_is_rejected_not_lost(tmp_path: Path) -> None:
    parsed = _read(write(tmp_path / "a.xml", START.replace(' correlatorIndex="0"', "")))
    assert reasons(parsed) == {1: ["correlator_index: empty"]}
    assert conserves(parsed)


# What stands in one body, and what is said of it.
BROKEN: dict[str, tuple[str | bytes, str]] = {
    "cut short": (START[:-20], "the XML breaks off before its end"),
    "text": ("no xml at all", "the XML breaks off or is malformed at its beginning"),
    "crossed": ("<a></b>", "the XML breaks off or is malformed at line 1"),
    "empty": ("", "the XML breaks off or is malformed at its beginning"),
    "damaged": (START.replace("Bí", "B\ufffd"), "it holds U+FFFD"),
    "damaged later": (START.replace("Bí", "B&#xfffd;"), "it holds U+FFFD"),
    "a page": ("<html><body>502 Bad Gateway</body></html>", "it is html, not xml"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "it holds NUL bytes"),
    "another list": ("<orders><order id='1'/></orders>", "no element record is in it; elements seen: orders, order"),
}
STRICT = CALLS.model_copy(update={"format": CALLS.format.model_copy(update={"broken_members": "refuse"})})


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_body_refuses_the_file_unless_the_contract_lets_it_be(what: str, tmp_path: Path) -> None:
    body, why = BROKEN[what]
    file = _zip(tmp_path / "cdr.zip", a=START, b=body)
    with pytest.raises(DataRefusedError) as caught:
        read(file, STRICT, reference=REGISTERS)
    assert str(caught.value).startswith("cdr.zip: 2 (x.xxx): ")
    assert why in str(caught.value)


@pytest.mark.parametrize("most_kept", [10, 64 * 1024 * 1024], ids=["read again each time", "kept"])
@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_body_of_a_message_is_one_row_set_apart(
    what: str, most_kept: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bodies around it keep the rows and the numbers that they have without it."""
    monkeypatch.setattr(plain_files, "_MOST_BYTES_KEPT", most_kept)
    body, why = BROKEN[what]
    parsed = _read(_zip(tmp_path / "cdr.zip", a=START, b=body, c=END))
    assert numbers(parsed) == [1, 2, 20_000_001, 20_000_002, 20_000_003]
    assert (parsed.rows_read, parsed.rows.height, parsed.rejects.height, parsed.rows_duplicate) == (6, 5, 1, 0)
    assert parsed.rejects.get_column("sheet_name").to_list() == ["2 (x.xxx)"]
    ((reason,),) = whole_reasons(parsed).values()
    assert reason.startswith("file: cannot be read; ")
    assert why in reason
    assert set(row_texts(parsed)[0].values()) == {None}
    assert "Mật" not in parsed.rejects.write_json()


def test_a_body_that_the_receiver_wrote_is_named(tmp_path: Path) -> None:
    name = "075959123456-0123456789abcdef0123456789abcdef"
    parsed = _read(_zip(tmp_path / "cdr.zip", a=START, **{name: "<a"}))
    assert parsed.rejects.get_column("sheet_name").to_list() == [f"{name}.xml"]


def test_many_bodies_come_in_few_frames_and_keep_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "_FRAMES_AT_ONCE", 3)
    monkeypatch.setattr(parts, "_ROWS_AT_ONCE", 50)
    bodies = {
        f"{number}": START.replace('"1"', f'"{number}"').replace('"0"', f'"{number + 2}"') for number in range(60)
    }
    parsed = _read(_zip(tmp_path / "cdr.zip", **{**bodies, "31": "<records"}))
    assert (parsed.rows_read, parsed.rejects.height) == (2 * 59 + 1, 1)
    found = parsed.rows.frame().filter(pl.col("record_type") == "callLegStart")
    assert found.get_column("correlator_index").to_list() == [number + 2 for number in range(60) if number != 31]
    assert found.get_column("row_number").to_list() == [10_000_000 * n + 1 for n in range(60) if n != 31]
    assert parsed.rejects.get_column("sheet_name").to_list() == ["31.xml"]


def test_a_row_before_the_break_of_its_body_does_not_count(tmp_path: Path) -> None:
    """Nobody knows whether it is whole, and the body will be sent again."""
    cut = START.partition('<record type="callStart"')[0] + "<rec"
    parsed = _read(_zip(tmp_path / "cdr.zip", a=cut, b=END))
    assert numbers(parsed) == [10_000_001, 10_000_002, 10_000_003]
    assert (parsed.rows_read, parsed.rejects.height) == (4, 1)


def test_a_file_that_is_no_member_of_others_is_refused_when_it_is_broken(tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError, match=r"a\.xml: cannot be read: the XML breaks off"):
        _read(write(tmp_path / "a.xml", START[:-20]))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("<!DOCTYPE records [<!ENTITY a 'x'>]><records/>", "declares a document type"),
        ("<records><record>" + "<a/>" * 30_000 + "</record></records>", "a row of the XML is larger than any record"),
    ],
    ids=["bomb", "a row without end"],
)
def test_a_hostile_body_refuses_the_day_all_the_same(body: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError, match=rf"2 \(x\.xxx\): cannot be read: .*{why}"):
        _read(_zip(tmp_path / "cdr.zip", a=START, b=body))


def test_a_body_without_rows_is_one_only_where_the_contract_names_what_they_stand_in(tmp_path: Path) -> None:
    nobody = f'<records session="{ONE}"/>'
    assert _read(write(tmp_path / "a.xml", nobody)).rows_read == 0
    assert _read(_zip(tmp_path / "cdr.zip", a=nobody, b=START)).rows_read == 2
    undeclared = CALLS.model_copy(update={"format": CALLS.format.model_copy(update={"rows_within": ""})})
    with pytest.raises(DataRefusedError, match="no element record is in it; elements seen: records") as caught:
        read(write(tmp_path / "a.xml", nobody), undeclared, reference=REGISTERS)
    assert caught.value.check == "rows_are_where_declared"


def test_a_renamed_row_is_no_day_without_rows_even_beside_sound_bodies_of_one_file(tmp_path: Path) -> None:
    renamed = START.strip().replace("record>", "event>").replace("<record ", "<event ")
    with pytest.raises(
        DataRefusedError, match=r"no element r is in it; elements seen: ds, ban\.ghi, x{6}_x, con, so\."
    ):
        _rows(
            write(
                tmp_path / "a.xml", "<rs><r ma='1'/></rs><ds><ban.ghi><Nguyễn_A/><con><so>1</so></con></ban.ghi></ds>"
            )
        )
    parsed = _read(_zip(tmp_path / "cdr.zip", a=renamed, b=END))
    assert reasons(parsed) == {1: ["file: cannot be read"]}


def _with_entity(declared: str, used: str) -> str:
    return f"""<!DOCTYPE records [{declared}]>
    <records session="{ONE}"><record type="callLegEnd" time="2026-06-01T17:00:05Z" correlatorIndex="1">
    <callLeg id="{LEG}"><reason>{used}</reason></callLeg></record></records>"""


def test_a_document_type_is_refused_and_no_entity_expanded_or_fetched(tmp_path: Path) -> None:
    secret = write(tmp_path / "secret.txt", "TOP-SECRET")
    for declared in (f'<!ENTITY e SYSTEM "file://{secret}">', '<!ENTITY e "TOP-SECRET">'):
        with pytest.raises(DataRefusedError, match="declares a document type") as caught:
            _read(write(tmp_path / "a.xml", _with_entity(declared, "&e;")))
        assert "TOP-SECRET" not in str(caught.value)


def test_an_entity_bomb_is_refused(tmp_path: Path) -> None:
    bomb = '<!ENTITY l0 "ha">' + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    with pytest.raises(DataRefusedError, match=r"declares a document type"):
        _read(write(tmp_path / "a.xml", _with_entity(bomb, "&l9;")))


def test_a_zip_that_is_cut_short_is_no_day(tmp_path: Path) -> None:
    whole = _zip(tmp_path / "cdr.zip", a=START, b=END).read_bytes()
    with pytest.raises(DataRefusedError, match=r"cannot be read"):
        _read(write(tmp_path / "cut.zip", whole[: len(whole) // 2]))


def test_a_member_with_a_wrong_checksum_refuses_the_zip(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "cdr.zip", "w") as archive:
        archive.writestr("a.xml", START)
    content = (
        (tmp_path / "cdr.zip")
        .read_bytes()
        .replace(b"1e900000-0000-4000-8000-000000000001", b"1e900000-0000-4000-8000-000000000007")
    )
    with pytest.raises(DataRefusedError, match=r"cdr\.zip: cannot be read: 1 \(x\.xxx\) is damaged"):
        _read(write(tmp_path / "cdr.zip", content))


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError, match=r"1 \(x\.xxx\) unpacks to more than 100 times its size"):
        _read(_zip(tmp_path / "cdr.zip", a=b" " * (65 * 1024 * 1024)))


def test_an_empty_zip_is_a_day_without_calls(tmp_path: Path) -> None:
    parsed = _read(_zip(tmp_path / "cdr.zip"))
    assert (parsed.rows_read, parsed.rows.height) == (0, 0)


PLAIN = contract(
    [
        column("phien", headings=["../@session"]),
        column("ngay", headings=["../../dau/ngay"]),
        column("ma", headings=["@ma"]),
        column("so", "integer", headings=["con/so"]),
    ],
    keys=["ma"],
    format={"kind": "xml", "rows": "r", "rows_within": "rs"},
)


def _rows(file: Path) -> list[tuple[object, ...]]:
    return read(file, PLAIN).rows.frame().rows()


def test_bodies_that_follow_each_other_are_one_file(tmp_path: Path) -> None:
    one = "\ufeff \r\n<?xml version='1.0' encoding='UTF-16'?>\n<rs session='a'><r ma='1'/></rs>"
    other = "<?xml version='1.0'?><!-- x --><rs session='b'><r ma='2'/><r ma='3'/></rs>\n"
    content = one + "\n" + other + "<rs/>" + one.replace("'1'/>", "'4'/>")
    assert [row[1:4:2] for row in _rows(write(tmp_path / "a.xml", content))] == [
        ("a", "1"), ("b", "2"), ("b", "3"), ("a", "4"),
    ]  # fmt: skip


def test_rows_lie_at_any_depth_under_any_namespace(tmp_path: Path) -> None:
    content = (
        '<s:Envelope xmlns:s="http://s"><s:Body><kq xmlns="http://kq"><dau><ngay>02/06/2026</ngay></dau><ds session="a">'
        '<khac>1</khac><r ma="1"><con><so>7</so></con></r>\n<r ma="2" xmlns:x="http://x" x:ma="9"><x:con><x:so>8</x:so></x:con></r>'
        '<r xmlns:x="http://x" x:ma="3"/></ds></kq></s:Body></s:Envelope>'
    )
    day = "02/06/2026"
    assert _rows(write(tmp_path / "a.xml", content)) == [
        (1, "a", day, "1", 7), (2, "a", day, "2", 8), (3, "a", day, "3", None),
    ]  # fmt: skip


def test_what_a_path_leads_to_must_stand_before_its_rows(tmp_path: Path) -> None:
    content = "<x><ds session='a'><r ma='1'/></ds><dau><ngay>1</ngay></dau></x>"
    with pytest.raises(DataRefusedError, match="stands behind the rows to which it belongs"):
        _rows(write(tmp_path / "a.xml", content))


def test_of_several_texts_none_is_chosen_in_silence(tmp_path: Path) -> None:
    content = "<rs><r ma='1'><con><so>7</so><so>8</so></con></r><r ma='2'><con><so>1<!-- x -->2<?x y?><![CDATA[3]]></so></con></r></rs>"
    parsed = read(write(tmp_path / "a.xml", content), PLAIN)
    assert reasons(parsed) == {1: ["so: not a readable integer"]}
    assert values(parsed, "so") == [123]


def test_xml_inside_a_text_is_text(tmp_path: Path) -> None:
    content = "<rs session='a'><r ma='1'><x><![CDATA[<?xml version='1.0'?><rs><r ma='9'/></rs>]]></x></r></rs>"
    assert [row[3] for row in _rows(write(tmp_path / "a.xml", content))] == ["1"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("<rs><r ma='1'/></rs>502 Bad Gateway", "between two bodies"),
        ("<rs><r ma='1'/></rs>x<rs/>", "between two bodies"),
        ("<rs><r ma='1'/></rs></bodies><bodies>", "malformed at line 1"),
        ("<rs><r ma='1'/></rs></bodies>", "breaks off|malformed"),
        ("<rs>\n<r ma='1' ma='2'/></rs>", "malformed at line 2"),
        ("<rs>\n<r ma='1'/>\n<r", "malformed|breaks off"),
        ("<rs><r ma='1'>&lol;</r></rs>", "malformed at line 1"),
        ("<rs><r ma='&#xfffd;'/></rs>", r"U\\+FFFD"),
        ("<rs><r ma='1'>&#0;</r></rs>", "malformed"),
        ("<a>" * 300, "malformed"),
        ("<rs><r ma='1'>" + "<a/>" * 30_000 + "</r></rs>", "a row of the XML is larger than any record"),
        ("<!DOCTYPE rs SYSTEM 'http://127.0.0.1:9/x.dtd'><rs><r ma='1'/></rs>", "declares a document type"),
        ("<!DOCTYPE rs [<!ENTITY % p SYSTEM 'file:///etc/passwd'> %p;]><rs/>", "declares a document type"),
        ("<rs/><!DOCTYPE rs [<!ENTITY a 'x'>]><rs><r ma='&a;'/></rs>", "declares a document type"),
    ],
)
def test_a_body_that_is_not_sound_refuses_the_file(content: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError, match=rf"^a\.xml: cannot be read: .*(?:{why})".replace("\\\\", "\\")):
        _rows(write(tmp_path / "a.xml", content))


def test_bytes_of_another_encoding_refuse_whatever_is_declared(tmp_path: Path) -> None:
    content = b"<?xml version='1.0' encoding='windows-1252'?><rs><r ma='" + b"\xe0'/></rs>"
    with pytest.raises(DataRefusedError, match="malformed"):
        _rows(write(tmp_path / "a.xml", content))


@pytest.mark.parametrize("block", [1, 2, 5, 300])
def test_a_block_that_cuts_anywhere_changes_nothing(
    block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xml_records, "_BYTES_AT_ONCE", block)
    content = START + "\n" + START.strip().replace('correlatorIndex="', 'correlatorIndex="1') + END
    parsed = _read(write(tmp_path / "a.xml", content))
    assert values(parsed, "correlator_index") == [0, 1, 10, 11, 2, 3, 4]


def test_records_that_are_read_again_each_time_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_files, "_MOST_BYTES_KEPT", 10)
    monkeypatch.setattr(xml_records, "_ROWS_AT_ONCE", 2)
    parsed = _read(_zip(tmp_path / "cdr.zip", a=START, b=END, c=START))
    assert (parsed.rows_read, parsed.rows_duplicate) == (7, 2)
    assert conserves(parsed)
