"""What a file is, told by its bytes: each kind, each encoding, and files that lie."""

from __future__ import annotations

import gzip
import io
import struct
import tracemalloc
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.contracts import Format
from pipelines.parse.containers.signature import HEAD_BYTES, FileKind, Mismatch, Signature, mismatch, read_signature
from tests.inspect.inspect_help import zipped
from tests.parse.parse_help import write

OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def signature(folder: Path, content: bytes | str) -> Signature:
    return read_signature(write(folder / "file.bin", content))


def workbook() -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    book.add_worksheet().write_string(0, 0, "Số đến")
    book.close()
    return buffer.getvalue()


def ole2(*names: str) -> bytes:
    """An OLE2 file whose directory, in the sector after the header, holds streams of these names ([MS-CFB] 2.2, 2.6)."""
    header = bytearray(512)
    header[:8] = OLE2
    struct.pack_into("<H", header, 30, 9)
    struct.pack_into("<I", header, 48, 0)
    directory = b""
    for name in ("Root Entry", *names):
        raw = name.encode("utf-16-le")
        directory += (raw + b"\0\0").ljust(64, b"\0") + struct.pack("<H", len(raw) + 2) + bytes(62)
    return bytes(header) + directory.ljust(1024, b"\0")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", FileKind.EMPTY),
        (b" \r\n\n", FileKind.EMPTY),
        ("a;b\n1;2\n", FileKind.CSV),
        ("một dòng chữ\nhai dòng\n", FileKind.TEXT),
        ('{"items": []}', FileKind.JSON),
        ('[\n {"a": 1}\n]', FileKind.JSON),
        ('{"items": [{"a": 1}]}\n{"items": []}\n', FileKind.JSON_LINES),
        ('{"a": 1}\n{"a": 2}\n', FileKind.JSON_LINES),
        ('{\n "a": 1\n}\n', FileKind.JSON),
        ('\n <?xml version="1.0"?>\n<!-- x --><records/>', FileKind.XML),
        ("<records session='1'/>", FileKind.XML),
        ("<html><body><table><tr><td>1</td></tr></table>", FileKind.HTML),
        ('<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0//EN"><html/>', FileKind.HTML),
        ("  <TABLE><tr>", FileKind.HTML),
        (workbook(), FileKind.XLSX),
        (ole2("Workbook"), FileKind.XLS),
        (ole2("Book"), FileKind.XLS),
        (ole2("EncryptionInfo", "EncryptedPackage"), FileKind.ENCRYPTED_WORKBOOK),
        (ole2("WordDocument"), FileKind.OLE2),
        (b"%PDF-1.7\n%\xe2\xe3", FileKind.PDF),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", FileKind.BINARY),
        (bytes(1000), FileKind.BINARY),
    ],
)
def test_kind_by_content(tmp_path: Path, content: bytes | str, kind: FileKind) -> None:
    assert signature(tmp_path, content).kind is kind


def test_name_counts_for_nothing(tmp_path: Path) -> None:
    assert read_signature(write(tmp_path / "so.xls", workbook())).kind is FileKind.XLSX
    assert read_signature(write(tmp_path / "so.xlsx", "<table><tr>")).kind is FileKind.HTML


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("Họ tên;Đơn vị\n".encode(), "utf-8"),
        ("Họ tên;Đơn vị\n".encode("utf-8-sig"), "utf-8-sig"),
        ("Họ tên;Đơn vị\n".encode("utf-16"), "utf-16"),
        ("Ho ten;Don vi\nA;B\n".encode("utf-16-le"), "utf-16"),
        ("Ho ten;Don vi\nA;B\n".encode("utf-16-be"), "utf-16"),
        ("Đơn vị;Số đến\n".encode("cp1258", "replace"), "not utf-8"),
        (b"\xa7\xac n v\xde;S\xe8 \xae\xd5n\n", "not utf-8"),  # TCVN3
    ],
)
def test_encoding(tmp_path: Path, content: bytes, encoding: str) -> None:
    found = signature(tmp_path, content)
    assert (found.kind, found.encoding, found.delimiter) == (FileKind.CSV, encoding, ";")


def test_a_letter_cut_where_the_head_ends_is_no_fault(tmp_path: Path) -> None:
    text = "a;b\n" + "x" * (HEAD_BYTES - 5) + "ế" * 10
    assert text.encode()[:HEAD_BYTES].decode(errors="ignore").encode() != text.encode()[:HEAD_BYTES]
    assert signature(tmp_path, text).encoding == "utf-8"


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a;b;c\n1,5;2,5;3,5\n", ";"),
        ("a\tb\n1,0\t2,0\n", "\t"),
        ("a,b\n1,2\n", ","),
        ("a|b\n1|2\n", "|"),
        ('"Số; ký hiệu",b\n"1;2",3\n"4",5\n', ","),
    ],
)
def test_delimiter(tmp_path: Path, text: str, delimiter: str) -> None:
    assert signature(tmp_path, text).delimiter == delimiter


def test_zip_names_its_members_and_knows_the_first(tmp_path: Path) -> None:
    found = signature(tmp_path, zipped({"body-1.xml": b"<records/>", "body-2.xml": b"<records/>"}))
    assert found.kind is FileKind.ZIP
    assert found.contents is not None
    assert found.contents.names == ("body-1.xml", "body-2.xml")
    assert found.contents.unpacked_bytes == 20
    assert found.inside == Signature(FileKind.XML, "utf-8", is_ascii=True)
    assert found.layout == "xml"


def test_a_zip_has_the_layout_of_its_first_file_that_is_no_litter(tmp_path: Path) -> None:
    found = signature(tmp_path, zipped({"__MACOSX/._a.csv": b"\0\5", "thang 6/": b"", "thang 6/a.csv": b"a;b\n1;2\n"}))
    assert found.contents is not None
    assert found.contents.names == ("thang 6/a.csv",)
    assert found.inside == Signature(FileKind.CSV, "utf-8", ";", is_ascii=True)
    assert found.layout == "csv"


def test_gzip_tells_what_is_in_it(tmp_path: Path) -> None:
    found = signature(tmp_path, gzip.compress(b"a;b\n1;2\n"))
    assert found.kind is FileKind.GZIP
    assert found.inside == Signature(FileKind.CSV, "utf-8", ";", is_ascii=True)
    assert found.layout == "csv"


def test_workbook_cut_short_is_told(tmp_path: Path) -> None:
    content = workbook()
    found = signature(tmp_path, content[: len(content) // 2])
    assert (found.kind, found.is_damaged) == (FileKind.XLSX, True)
    assert mismatch(found, Format(kind="xlsx")) is Mismatch.DAMAGED


@pytest.mark.parametrize(
    ("content", "expected", "why"),
    [
        ("a;b\n", Format(kind="csv", delimiter=";"), None),
        ("a,b\n", Format(kind="csv", delimiter=";"), Mismatch.DELIMITER),
        ("a\n1\n", Format(kind="csv", delimiter=";"), None),
        ("a;b\n".encode("utf-16"), Format(kind="csv", delimiter=";"), Mismatch.ENCODING),
        (b"\xa7\xac;b\n", Format(kind="csv", delimiter=";"), Mismatch.ENCODING),
        (b"\xa7\xac;b\n", Format(kind="csv", delimiter=";", encoding="tcvn3"), None),
        ("Đơn vị;b\n", Format(kind="csv", delimiter=";", encoding="tcvn3"), Mismatch.ENCODING),
        ("a;b\n", Format(kind="csv", delimiter=";", encoding="vni"), None),
        ("Đơn vị;b\n".encode("utf-16"), Format(kind="csv", delimiter=";", encoding="utf-16"), None),
        ("Đơn vị;b\n", Format(kind="csv", delimiter=";", encoding="utf-16"), Mismatch.ENCODING),
        ("CỘNG HÒA, ĐỘC LẬP\n\na;b\n1;2\n", Format(kind="csv", delimiter=";"), None),
        ("x" * (HEAD_BYTES + 1), Format(kind="csv"), Mismatch.NO_LINE_END),
        ('{"a": 1}\n{"a": 2}', Format(kind="json"), None),
        ("a;b\n", Format(kind="json"), Mismatch.KIND),
        (zipped({"x.xml": b"<r/>"}), Format(kind="xml"), None),
        (zipped({"x.csv": b"a;b\n"}), Format(kind="csv", delimiter=";"), None),
        (zipped({"x.csv": b"a;b\n"}), Format(kind="csv"), Mismatch.DELIMITER),
        (zipped({"x.csv": b"a;b\n"}), Format(kind="xml"), Mismatch.KIND),
        (zipped({"x.pdf": b"%PDF-1.7"}), Format(kind="csv"), Mismatch.KIND),
        (zipped({"x.pdf": b"%PDF-1.7"}), Format(kind="csv", members="*.csv"), None),
        (zipped({"x.zip": zipped({"x.csv": b"a;b\n"})}), Format(kind="csv"), None),
        (gzip.compress("a;b\n".encode("utf-16"), mtime=0), Format(kind="csv", delimiter=";"), Mismatch.ENCODING),
        ("<table>", Format(kind="xlsx"), Mismatch.KIND),
        (ole2("Workbook"), Format(kind="xlsx"), Mismatch.KIND),
    ],
)
def test_mismatch_with_a_contract(tmp_path: Path, content: bytes | str, expected: Format, why: Mismatch | None) -> None:
    assert mismatch(signature(tmp_path, content), expected) is why


@contextmanager
def few_bytes(most_read: int = 6 * 1024 * 1024, most_held: int = 24 * 1024 * 1024) -> Iterator[None]:
    """Fails if the block reads or holds more: time says little on a busy machine, bytes do."""
    tracemalloc.start()
    before = _bytes_read()
    try:
        yield
        assert _bytes_read() - before < most_read
        assert tracemalloc.get_traced_memory()[1] < most_held
    finally:
        tracemalloc.stop()


def _bytes_read() -> int:
    return int(Path("/proc/self/io").read_text().split()[1])


@pytest.mark.parametrize("head", [b"x" * HEAD_BYTES, b'{"items":[' + b"[" * HEAD_BYTES, b"<a>" + b"<b>" * HEAD_BYTES])
def test_two_gigabytes_in_one_line_cost_a_head(tmp_path: Path, head: bytes) -> None:
    file = write(tmp_path / "huge", head)
    with file.open("r+b") as stream:
        stream.truncate(2 * 1024**3)
    with few_bytes():
        read_signature(file)


def test_bombs_are_not_unpacked(tmp_path: Path) -> None:
    packed = tmp_path / "bomb.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("x.xml", "w") as member:
        for _ in range(100):
            member.write(bytes(1024 * 1024))
    squeezed = write(tmp_path / "bomb.gz", gzip.compress(bytes(100 * 1024 * 1024)))
    with few_bytes():
        assert read_signature(packed).kind is FileKind.ZIP
        assert read_signature(squeezed).inside == Signature(FileKind.BINARY)


def test_a_false_table_of_contents_is_not_believed(tmp_path: Path) -> None:
    content = bytearray(zipped({"x.xml": b"<r/>"}))
    end = content.rindex(b"PK\x05\x06")
    struct.pack_into("<I", content, end + 12, 0xFFFFFF00)
    file = write(tmp_path / "lies.zip", bytes(content))
    with few_bytes():
        assert read_signature(file).is_damaged


def test_members_without_number_are_not_listed(tmp_path: Path) -> None:
    file = tmp_path / "many.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(30_000):
            archive.writestr(f"body-{number:0250d}.xml", b"")
    with few_bytes(most_read=10 * 1024 * 1024, most_held=40 * 1024 * 1024):
        assert read_signature(file).is_damaged


MAGIC = {
    b"": frozenset(FileKind),
    b"PK\x03\x04": frozenset({FileKind.ZIP, FileKind.XLSX}),
    OLE2: frozenset({FileKind.XLS, FileKind.OLE2, FileKind.ENCRYPTED_WORKBOOK}),
    b"\x1f\x8b": frozenset({FileKind.GZIP}),
    b"%PDF-": frozenset({FileKind.PDF}),
    b"\xff\xfe": frozenset(FileKind) - {FileKind.ZIP, FileKind.GZIP, FileKind.PDF, FileKind.BINARY},
    b"<": frozenset(FileKind) - {FileKind.EMPTY, FileKind.ZIP, FileKind.GZIP, FileKind.PDF},
    b"{": frozenset(FileKind) - {FileKind.EMPTY, FileKind.ZIP, FileKind.GZIP, FileKind.PDF},
}


@given(head=st.sampled_from(list(MAGIC)), rest=st.binary(max_size=600))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_have_a_signature(tmp_path: Path, head: bytes, rest: bytes) -> None:
    assert signature(tmp_path, head + rest).kind in MAGIC[head]
