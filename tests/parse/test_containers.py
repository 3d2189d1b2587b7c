"""Zip and gzip around any layout: what is in them is read as if it had come plain, and what is hostile is refused by name."""

from __future__ import annotations

import gzip
import struct
import zlib
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_LZMA, ZIP_STORED, ZipFile, ZipInfo

import pytest
import xlsxwriter

from pipelines.contracts import Contract
from pipelines.errors import DataRefusedError
from pipelines.parse.containers.unpacking import Bounds, unpack
from tests.parse.parse_help import all_texts, column, conserves, contract, numbers, read, reasons, values, write

COLUMNS = (column("ma", required=True, nullable=False), column("so", "integer"))
CSV = b"ma;so\nA;1\nB;2\n"
OTHER = b"ma;so\nC;3\nD;x\n"


def _of(kind: str, **more: object) -> Contract:
    return contract(COLUMNS, format={"kind": kind, **more})


CSV_OF = _of("csv", delimiter=";")


def _zip(**members: bytes) -> bytes:
    return _zip_of(members)


def _zip_of(members: dict[str, bytes], how: int = ZIP_DEFLATED) -> bytes:
    buffer = BytesIO()
    with ZipFile(buffer, "w", how) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _workbook() -> bytes:
    buffer = BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    sheet = book.add_worksheet("Sheet1")
    for row, cells in enumerate((("ma", "so"), ("A", 1), ("B", 2))):
        sheet.write_row(row, 0, cells)
    book.close()
    return buffer.getvalue()


LAYOUTS = {
    "csv": (CSV_OF, CSV, [2, 3]),
    "json": (_of("json", rows="items"), b'{"items": [{"ma": "A", "so": 1}, {"ma": "B", "so": 2}]}', [1, 2]),
    "json lines": (_of("json"), b'{"ma": "A", "so": 1}\n{"ma": "B", "so": 2}\n', [1, 2]),
    "xml": (_of("xml", rows="r"), b"<rs><r><ma>A</ma><so>1</so></r><r><ma>B</ma><so>2</so></r></rs>", [1, 2]),
    "html": (
        _of("html"),
        b"<table><tr><td>ma<td>so</tr><tr><td>A<td>1</tr><tr><td>B<td>2</tr></table>",
        [2, 3],
    ),
    "xlsx": (_of("xlsx"), _workbook(), [2, 3]),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("around", ["zip", "gzip", "gzip in zip", "zip in zip", "zip in gzip"])
def test_any_layout_comes_out_as_if_it_had_come_plain(layout: str, around: str, tmp_path: Path) -> None:
    of, content, places = LAYOUTS[layout]
    packed = {
        "zip": lambda: _zip(x=content),
        "gzip": lambda: gzip.compress(content),
        "gzip in zip": lambda: _zip(x=gzip.compress(content)),
        "zip in zip": lambda: _zip(x=_zip(y=content)),
        "zip in gzip": lambda: gzip.compress(_zip(y=content)),
    }[around]()
    parsed = read(write(tmp_path / "a.bin", packed), of)
    assert (numbers(parsed), values(parsed, "ma"), values(parsed, "so")) == (places, ["A", "B"], [1, 2])


def test_what_was_unpacked_is_gone_when_nobody_can_ask_for_it(tmp_path: Path) -> None:
    from pipelines.parse.plain_files import read_table  # noqa: PLC0415

    scratch = tmp_path / "scratch"
    scratch.mkdir()
    table = read_table(write(tmp_path / "a.zip", _zip(x=CSV)), CSV_OF, scratch)
    assert [file.read_bytes() for file in scratch.glob("*/*")] == [CSV]
    assert sum(frame.height for frame in table.read()) == sum(frame.height for frame in table.read()) == 2
    del table
    assert not list(scratch.iterdir())


def test_members_are_one_table_and_a_row_is_found_in_its_own(tmp_path: Path) -> None:
    packed = _zip_of({"20260601.csv": CSV, "Sở Y tế.csv": b"so;ma\n4;C\nx;D\n1;A\n"})
    parsed = read(write(tmp_path / "a.zip", packed), CSV_OF)
    assert values(parsed, "ma") == ["A", "B", "C"]
    assert numbers(parsed) == [2, 3, 10_000_002]
    assert reasons(parsed) == {3: ["so: not a readable integer"]}
    assert parsed.rejects.get_column("sheet_name").to_list() == ["2 (xx x xx.xxx)"]
    assert (parsed.rows_read, parsed.rows_duplicate) == (5, 1)
    assert conserves(parsed)


def test_a_row_that_another_rule_rejects_is_found_in_its_member_too(tmp_path: Path) -> None:
    parsed = read(write(tmp_path / "a.zip", _zip_of({"1.csv": CSV, "2.csv": b"ma;so\nC;3\n"})), CSV_OF)
    texts = parsed.texts_of(parsed.rows.frame().get_column("row_number"))
    assert texts.select("ma", "__sheet_name", "__row_in_sheet").rows() == [
        ("A", "1.csv", 2), ("B", "1.csv", 3), ("C", "2.csv", 2),
    ]  # fmt: skip


def test_a_total_row_is_held_against_the_rows_of_its_own_member(tmp_path: Path) -> None:
    of = _of("html", total_labels=["Tổng"])
    page = "<table><tr><td>ma<td>so</tr><tr><td>{}<td>{}</tr><tr><td>Tổng<td>{}</tr></table>"
    right = _zip_of({"1.html": page.format("A", 1, 1).encode(), "2.html": page.format("B", 2, 2).encode()})
    assert read(write(tmp_path / "a.zip", right), of).total_differences == {}
    wrong = _zip_of({"1.html": page.format("A", 1, 2).encode(), "2.html": page.format("B", 2, 1).encode()})
    assert read(write(tmp_path / "b.zip", wrong), of).total_differences != {}


def test_a_column_that_only_some_members_have_refuses_them(tmp_path: Path) -> None:
    packed = _zip_of({"1.csv": CSV, "2.csv": b"ma\nC\n"})
    with pytest.raises(DataRefusedError, match=r"a\.zip: cannot be read: 2\.csv has other headings than 1\.csv"):
        read(write(tmp_path / "a.zip", packed), CSV_OF)


def test_a_key_that_only_some_json_members_have_is_empty_in_the_others(tmp_path: Path) -> None:
    packed = _zip_of({"1.json": b'{"ma": "A"}', "2.json": b'{"so": 2, "ma": "B"}'})
    parsed = read(write(tmp_path / "a.zip", packed), _of("json"))
    assert parsed.rows.frame().rows() == [(1, "A", None), (10_000_001, "B", 2)]


def test_litter_and_folders_are_nothing(tmp_path: Path) -> None:
    members = {
        "thang 6/": b"",
        "thang 6/a.csv": CSV,
        "__MACOSX/thang 6/._a.csv": b"\0\5\x16\7",
        "Thumbs.db": b"\xd0\xcf",
    }
    assert read(write(tmp_path / "a.zip", _zip_of(members)), CSV_OF).rows_read == 2


def test_a_file_of_another_layout_is_never_passed_over_in_silence(tmp_path: Path) -> None:
    file = write(tmp_path / "a.zip", _zip_of({"1.csv": CSV, "ghi chu.pdf": b"%PDF-1.7\n"}))
    with pytest.raises(DataRefusedError, match=r"a\.zip: 2 \(xxx xxx\.xxx\): cannot be read: it is pdf, not csv"):
        read(file, CSV_OF)
    assert read(file, _of("csv", delimiter=";", members="*.csv")).rows_read == 2
    with pytest.raises(DataRefusedError, match=r"none of the 2 files in it is called \*\.txt"):
        read(file, _of("csv", delimiter=";", members="*.txt"))


def test_a_pattern_says_which_of_two_tables_is_meant(tmp_path: Path) -> None:
    members = {
        "calls/DMA_Conference.csv": b"version;type\n1;2\n",
        "calls/DMA_Call.csv": CSV,
        "y.zip": _zip(call_2=OTHER),
    }
    parsed = read(write(tmp_path / "a.zip", _zip_of(members)), _of("csv", delimiter=";", members="*call*"))
    assert values(parsed, "ma") == ["A", "B", "C"]


def test_a_pattern_with_a_folder_counts_folders(tmp_path: Path) -> None:
    file = write(tmp_path / "a.zip", _zip_of({"2026/05/a.csv": OTHER, "2026/06/a.csv": CSV}))
    assert values(read(file, _of("csv", delimiter=";", members="*/06/*.csv")), "ma") == ["A", "B"]


def test_an_empty_zip_is_a_day_without_records_and_no_table(tmp_path: Path) -> None:
    file = write(tmp_path / "a.zip", _zip())
    assert read(file, _of("json")).rows_read == 0
    with pytest.raises(DataRefusedError, match="there is no file in it"):
        read(file, CSV_OF)


def _info(name: str, **more: int) -> ZipInfo:
    info = ZipInfo(name)
    for key, value in more.items():
        setattr(info, key, value)
    return info


def _one(info: ZipInfo, content: bytes = CSV) -> bytes:
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        archive.writestr(info, content)
    return buffer.getvalue()


def _patched(packed: bytes, at: int, form: str, *numbers_: int) -> bytes:
    """The zip with numbers changed in its only central directory entry ([APPNOTE] 4.3.12)."""
    changed = bytearray(packed)
    struct.pack_into(form, changed, changed.index(b"PK\1\2") + at, *numbers_)
    return bytes(changed)


def _doubled() -> bytes:
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        archive.writestr("1.csv", CSV)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("1.csv", OTHER)
    return buffer.getvalue()


def _overlapping() -> bytes:
    """Two entries of the directory that are one and the same file: many make a bomb of a small zip."""
    packed = _zip_of({"1.csv": CSV}, ZIP_STORED)
    begin, end = packed.index(b"PK\1\2"), packed.index(b"PK\5\6")
    entry = packed[begin:end]
    again = packed[:begin] + entry + entry + packed[end:]
    place = again.index(b"PK\5\6")
    return again[: place + 8] + struct.pack("<HHI", 2, 2, 2 * len(entry)) + again[place + 16 :]


def _two_gzips() -> bytes:
    return gzip.compress(CSV) + gzip.compress(b"C;3\n")


STORED = _zip_of({"1.csv": CSV}, ZIP_STORED)
HOSTILE = {
    "climbing": (_zip_of({"../../etc/1.csv": CSV}), r"1 \(.*\) has a name that leads out of the zip"),
    "climbing on Windows": (_zip_of({"..\\1.csv": CSV}), "leads out"),
    "absolute": (_zip_of({"/etc/1.csv": CSV}), "leads out"),
    "a drive": (_zip_of({"C:/1.csv": CSV}), "leads out"),
    "a link": (
        _one(_info("1.csv", create_system=3, external_attr=0o120777 << 16), b"/etc/passwd"),
        r"1\.csv is a link",
    ),
    "one name twice": (None, r"the zip holds two files of one name"),
    "one file twice": (_overlapping(), r"two files of one name|lie over each other"),
    "encrypted": (_patched(STORED, 8, "<H", 1), r"1\.csv is encrypted"),
    "unusually packed": (_zip_of({"1.csv": CSV}, ZIP_LZMA), r"1\.csv is packed in an unusual way"),
    "wrong checksum": (STORED.replace(b"A;1", b"A;7"), r"1\.csv is damaged"),
    "longer than it says": (_patched(STORED, 24, "<I", len(CSV) - 3), r"1\.csv is (?:damaged|not as long)"),
    "shorter than it says": (_patched(_zip_of({"1.csv": CSV}), 24, "<I", 2**29), r"1\.csv is (?:damaged|not as long)"),
    "zip64 that lies": (
        _patched(STORED, 20, "<II", 0xFFFFFFFF, 0xFFFFFFFF),
        r"it is no zip, or it is cut short|damaged|lie over",
    ),
    "a place behind the end": (_patched(STORED, 42, "<I", 10_000), r"damaged|cut short|lie over"),
    "three deep": (_zip(x=_zip(y=_zip(z=CSV))), r"1 \(x\) / 1 \(x\) is a container inside 2 others"),
    "zip cut short": (STORED[:-30], "it is no zip, or it is cut short"),
    "gzip cut short": (gzip.compress(CSV)[:-9], "the gzip is cut short"),
    "gzip of a wrong checksum": (gzip.compress(CSV)[:-8] + bytes(8), "the gzip is damaged"),
    "two gzips": (_two_gzips(), "the gzip goes on behind its end"),
    "something behind a gzip": (gzip.compress(CSV) + b"\0", "the gzip goes on behind its end"),
    "gzip of nothing known": (b"\x1f\x8b\x08" + b"\xff" * 40, "the gzip is damaged|cut short"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_hostile_or_broken_is_refused_by_its_name(what: str, tmp_path: Path) -> None:
    packed, why = HOSTILE[what]
    with pytest.raises(DataRefusedError, match=rf"^a\.zip: .*(?:{why})") as caught:
        read(write(tmp_path / "a.zip", packed or _doubled()), CSV_OF)
    assert caught.value.check == "file_is_readable"


def test_entries_that_share_bytes_are_refused_under_any_names(tmp_path: Path) -> None:
    packed = bytearray(_zip_of({"1.csv": CSV, "2.csv": OTHER}, ZIP_STORED))
    second = packed.index(b"PK\1\2", packed.index(b"PK\1\2") + 1)
    # The second now begins inside the first, as in a quine.
    struct.pack_into("<I", packed, second + 42, 30)
    with pytest.raises(DataRefusedError, match="lie over each other"):
        read(write(tmp_path / "a.zip", bytes(packed)), CSV_OF)


def test_every_bound_is_counted_and_not_believed(tmp_path: Path) -> None:
    many = write(tmp_path / "many.zip", _zip_of({f"{number}.csv": CSV for number in range(5)}))
    packed = write(tmp_path / "packed.zip", _zip_of({"1.csv": b"0" * 100_000}))
    squeezed = write(tmp_path / "a.gz", gzip.compress(b"0" * 100_000))
    twice = write(tmp_path / "twice.zip", _zip_of({f"{number}.csv.gz": gzip.compress(CSV) for number in range(2)}))
    for file, bounds, why in (
        (many, Bounds(members=4), "the zip holds more than 4 files"),
        (many, Bounds(total_bytes=4 * len(CSV)), "the zip unpacks to more than 0 MB in all"),
        (
            twice,
            Bounds(total_bytes=2 * (len(gzip.compress(CSV)) + len(CSV)) - 1),
            r"^cannot be read: 2 .* unpacks to more than 0 MB",
        ),
        (packed, Bounds(ratio=50, ratio_from=1000), r"1.csv unpacks to more than 50 times its size"),
        (squeezed, Bounds(ratio=50, ratio_from=1000), r"the gzip unpacks to more than 50 times its size"),
        (squeezed, Bounds(total_bytes=99_999), "the gzip unpacks to more than 0 MB in all"),
        (many, Bounds(depth=0), "the file is a container inside 0 others"),
    ):
        folder = tmp_path / f"{file.name}-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        with pytest.raises(DataRefusedError, match=why):
            list(unpack(file, folder, bounds))
    within = tmp_path / "within"
    within.mkdir()
    exact = Bounds(members=5, total_bytes=5 * len(CSV))
    assert [plain.told for plain in unpack(many, within, exact)] == [f"{number}.csv" for number in range(5)]


def test_no_name_of_a_member_becomes_a_path(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    packed = write(tmp_path / "a.zip", _zip_of({"Nguyễn Văn An/hồ sơ.csv": CSV}))
    (plain,) = unpack(packed, folder)
    assert plain.file.parent == folder
    assert plain.file.name.isdecimal()
    assert "Nguyễn" not in plain.told


def test_a_workbook_is_counted_before_its_reader_trusts_it(tmp_path: Path) -> None:
    whole = _workbook()
    with ZipFile(BytesIO(whole)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["xl/worksheets/sheet1.xml"] += b" " * (40 * 1024 * 1024)
    with pytest.raises(DataRefusedError, match="a part of it unpacks to more than 100 times its size"):
        read(write(tmp_path / "a.xlsx", _zip_of(members)), _of("xlsx"))


def test_a_gzip_of_raw_bytes_by_hand(tmp_path: Path) -> None:
    """RFC 1952: ten bytes of header, with a file name, a deflated body, its checksum and length."""
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = squeezer.compress(CSV) + squeezer.flush()
    packed = b"\x1f\x8b\x08\x08" + bytes(4) + b"\x02\xff" + b"so lieu.csv\0" + body
    packed += struct.pack("<II", zlib.crc32(CSV), len(CSV))
    parsed = read(write(tmp_path / "a.csv.gz", packed), CSV_OF)
    assert values(parsed, "ma") == ["A", "B"]
    assert all_texts(parsed).get_column("__sheet_name").unique().to_list() == [""]
