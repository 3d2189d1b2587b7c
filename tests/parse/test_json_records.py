"""JSON documents one after the other: numbers keep their text, paths lead inside, a broken document refuses the file."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.contracts import Contract
from pipelines.errors import DataRefusedError
from pipelines.parse import plain_files
from pipelines.parse.records import json_records, json_text
from tests.parse.parse_help import SHIPPED, column, conserves, contract, numbers, read, reasons, shipped, values, write


def _items(*columns: dict[str, object], rows: str = "items") -> Contract:
    return contract(columns, format={"kind": "json", "rows": rows})


MA_SO = _items(column("ma", required=True), column("so", "decimal"))


def test_documents_in_a_row_are_one_list_of_records(tmp_path: Path) -> None:
    content = '{"items": [{"ma": "A"}, {"ma": "B"}], "total": 3}\n\n  {"items": []}{"items": [{"ma": "C", "so": 1}]}\n'
    parsed = read(write(tmp_path / "a.json", content), MA_SO)
    assert parsed.rows.frame().rows() == [(1, "A", None), (2, "B", None), (3, "C", Decimal("1.0000"))]
    assert parsed.added_headings == ()


def test_white_space_before_the_first_document_is_nothing(tmp_path: Path) -> None:
    assert numbers(read(write(tmp_path / "a.json", '\r\n {"items": [{"ma": "A"}]}'), MA_SO)) == [1]


def test_numbers_keep_the_text_in_which_they_came(tmp_path: Path) -> None:
    of = _items(column("ma"), column("so", "decimal"), column("ten", pattern=r"[0-9.]+"))
    content = '{"items": [{"ma": 1.0, "so": 0.1000, "ten": 00}]}'.replace(": 00", ": 1.10")
    assert read(write(tmp_path / "a.json", content), of).rows.frame().rows() == [(1, "1.0", Decimal("0.1000"), "1.10")]
    large = '{"items": [{"ma": 12345678901234567890, "so": 1e3}]}'
    parsed = read(write(tmp_path / "b.json", large), of)
    assert reasons(parsed) == {1: ["so: not a readable decimal"]}


def test_booleans_and_null_are_what_they_are(tmp_path: Path) -> None:
    of = _items(column("ma", nullable=False), column("co", "boolean"), column("so", "integer"))
    content = (
        '{"items": [{"ma": "A", "co": true, "so": null}, {"ma": "B", "co": false, "so": 0}, {"ma": "C", "co": null},'
        ' {"ma": null, "co": true, "so": true}]}'
    )
    parsed = read(write(tmp_path / "a.json", content), of)
    assert parsed.rows.frame().rows() == [(1, "A", True, None), (2, "B", False, 0), (3, "C", None, None)]
    assert reasons(parsed) == {4: ["ma: empty", "so: not a readable integer"]}


def test_a_path_leads_to_a_value_inside(tmp_path: Path) -> None:
    of = contract(
        [column("ma"), column("so", "integer", headings=["body.status.uptime"])],
        format={"kind": "json", "rows": "data.rows"},
    )
    content = '{"data": {"rows": [{"ma": "A", "body": {"status": {"uptime": 5}}}, {"ma": "B", "body": {}}]}}'
    assert read(write(tmp_path / "a.json", content), of).rows.frame().rows() == [(1, "A", 5), (2, "B", None)]


@pytest.mark.parametrize(
    "content",
    [
        '{"items": [{"ma": "A"}, {"ma"',
        '{"items": [{"ma": "A"}]}{"items": [',
        '{"items": [{"ma": "A"}]} trailing',
        "<html>502 Bad Gateway</html>",
        "[" * 200_000,
    ],
    ids=["cut short", "second document cut short", "a text behind", "an error page", "nested without end"],
)
def test_what_breaks_off_refuses_the_whole_file(content: str, tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError, match=r"a\.json: cannot be read: (?:the JSON|it is html, not json)") as caught:
        read(write(tmp_path / "a.json", content), MA_SO)
    assert caught.value.check == "file_is_readable"


def test_a_list_without_a_path_holds_the_rows(tmp_path: Path) -> None:
    of = contract([column("ma"), column("so", "integer")], format={"kind": "json"})
    content = '[{"ma": "A", "so": 1}, {"ma": "B"}]\n[]\n{"ma": "C"}'
    assert read(write(tmp_path / "a.json", content), of).rows.frame().rows() == [
        (1, "A", 1),
        (2, "B", None),
        (3, "C", None),
    ]


def test_a_byte_order_mark_is_no_letter(tmp_path: Path) -> None:
    assert numbers(read(write(tmp_path / "a.json", b'\xef\xbb\xbf{"items": [{"ma": "A"}]}'), MA_SO)) == [1]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ('{"items": [{"ma": "A", "ma": "B"}]}', "a key stands twice in the JSON object at line 1, character 12"),
        ('{"items": [{"ma": "A"}],\n "items": []}', "a key stands twice in the JSON object at line 2"),
        ('{"items": [{"ma": "A", "so": NaN}]}', "NaN or Infinity, which JSON has not, in line 1, character 12"),
        ('{"items": [{"ma": "A", "so": -Infinity}]}', "NaN or Infinity"),
        ('{"items": [{"ma": "A",}]}', "malformed at line 1, character 23"),
        ('{"items": [{"ma": "A"},]}', "malformed at line 1, character 24"),
        ('{"items": [{"ma": "A"}],}', "malformed at line 1, character 25"),
        ('{"items":\n[{"ma": "A"}\n,{"ma" "B"}]}', "malformed at line 3, character 8"),
        ('{"items": [{"ma": "A"}', "malformed at line 1, character 23"),
        ('{"items": [{"ma": 01}]}', "malformed"),
        ('{"items": [{"ma": "A\nB"}]}', "malformed"),
        ('{"items": [{"ma": "\\ud800"}]}', "one of the records 1 to 1 holds half a character"),
        ('{"items": [{"ma": "M\\ufffdo"}]}', r"U\+FFFD"),
        ('{"items": [{"ma": "M\\u0000o"}]}', "NUL"),
        ('{"items": [{"ma": "H\\u00e1\\u00bb\\u008fa"}]}', "encoded as UTF-8 twice"),
        ('{"items": [{"a": {"b": 1}, "a.b": 2}]}', "two values of a record have one path"),
        ('{"items": [' + '{"a":' * 100_000 + "]}", "nested deeper than any record"),
        ('{"items": [{"a": ' + "[" * 100_000 + "]}", "nested deeper than any record"),
        ('{"items": [{' + ",".join(f'"k{n}": 1' for n in range(2001)) + "}]}", "more than 2000 different keys"),
        ("{" + ",".join(f'"k{n}": 1' for n in range(2001)) + "}", "more than 2000 keys"),
    ],
)
def test_what_is_no_strict_json_is_refused_with_its_place(content: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError, match=rf"^a\.json: cannot be read: .*{why}"):
        read(write(tmp_path / "a.json", content), MA_SO)


@pytest.mark.parametrize("window", [1, 2, 3, 7, 64])
def test_a_window_that_cuts_anywhere_changes_nothing(
    window: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_text, "_CHARS_AT_ONCE", window)
    of = _items(column("ma"), column("so", "decimal"), column("co", "boolean"), column("sau", headings=["trong.sau"]))
    content = (
        '{"a": [-1.5e3, {"b": "\\""}], "items": [{"ma": "\\ud83d\\ude00 \\"x\\" \\\\", "so": 12345.678, "co": true,'
        ' "trong": {"sau": "Đông Sơn"}},\r\n {"ma": null, "so": -0.50, "co": false}], "total": 123456789012345678}\n{"items": []} '
    )
    assert read(write(tmp_path / "a.json", content), of).rows.frame().rows() == [
        (1, '\U0001f600 "x" \\', Decimal("12345.6780"), True, "Đông Sơn"),
        (2, None, Decimal("-0.5000"), False, None),
    ]
    with pytest.raises(DataRefusedError, match="malformed at line 2, character 13"):
        read(write(tmp_path / "b.json", '{"items": [{"ma": "A"}]}\n{"items": [{"m'), of)


def test_a_file_that_is_read_again_each_time_gives_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_files, "_MOST_BYTES_KEPT", 10)
    monkeypatch.setattr(json_records, "_ROWS_AT_ONCE", 2)
    content = '{"items": [{"ma": "A"}, {"ma": "A"}, {"ma": "B", "so": "x"}, {"so": 4}, {"ma": "A"}]}'
    parsed = read(write(tmp_path / "a.json", content), MA_SO)
    assert (numbers(parsed), parsed.rows_duplicate) == ([1, 4], 2)
    assert reasons(parsed) == {3: ["so: not a readable decimal"]}
    assert conserves(parsed)


@pytest.mark.parametrize(
    "content",
    ['{"error": "maintenance"}', '{"items": null}', '{"items": {"ma": "A"}}', '{"items": ["A"]}', "[]", "7"],
)
def test_a_document_of_another_shape_refuses_the_file(content: str, tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError, match=r"no list of records under 'items'"):
        read(write(tmp_path / "a.json", content), MA_SO)


def test_damaged_or_foreign_text_refuses_the_file(tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError, match=r"U\+FFFD"):
        read(write(tmp_path / "a.json", '{"items": [{"ma": "M\ufffdo"}]}'), MA_SO)
    with pytest.raises(DataRefusedError, match="not utf-8"):
        read(write(tmp_path / "b.json", b'{"items": [{"ma": "M\xe8o"}]}'), MA_SO)


def test_a_required_field_that_no_record_has_refuses_unless_there_are_no_records(tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError, match="lacks the heading 'ma'"):
        read(write(tmp_path / "a.json", '{"items": [{"maSo": "A", "so": 1}]}'), MA_SO)
    empty = read(write(tmp_path / "b.json", '{"items": [], "total": 0}'), MA_SO)
    assert (empty.rows_read, empty.rows.height) == (0, 0)


def test_a_page_that_came_twice_is_counted_as_duplicates(tmp_path: Path) -> None:
    page = '{"items": [{"ma": "A", "so": 1.0}, {"ma": "B"}], "page": %d}\n'
    parsed = read(write(tmp_path / "a.json", page % 1 + page % 1 + page % 2), MA_SO)
    assert (parsed.rows_read, parsed.rows.height, parsed.rows_duplicate) == (6, 2, 4)
    assert conserves(parsed)


def test_a_silent_endpoint_has_an_outcome_and_no_state(tmp_path: Path) -> None:
    content = (
        '{"endpoint_code": "DC-001", "outcome": "answered", "http_status": 200, "day": "2026-06-02",'
        ' "body": {"registered": true, "in_call": false, "uptime_seconds": 86400, "packet_loss_rate": 0.0125}}\n'
        '{"endpoint_code": "DC-002", "outcome": "timeout", "http_status": null, "day": "2026-06-02", "body": null}\n'
        '{"endpoint_code": "DC-999", "outcome": "answered", "body": {"registered": true, "packet_loss_rate": 1.5}}\n'
    )
    parsed = read(write(tmp_path / "a.json", content), shipped("videoconference_endpoint_status"), reference=SHIPPED)
    assert values(parsed, "endpoint_code") == ["DC-001", "DC-002"]
    assert values(parsed, "is_registered") == [True, None]
    assert values(parsed, "packet_loss_rate") == [Decimal("0.0125"), None]
    assert reasons(parsed) == {3: ["endpoint_code: unknown endpoint", "packet_loss_rate: above 1"]}


def test_endpoints_that_are_all_silent_are_no_missing_heading(tmp_path: Path) -> None:
    content = '{"endpoint_code": "DC-001", "outcome": "timeout", "body": null}\n'
    parsed = read(write(tmp_path / "a.json", content), shipped("videoconference_endpoint_status"), reference=SHIPPED)
    assert values(parsed, "outcome_code") == ["timeout"]
