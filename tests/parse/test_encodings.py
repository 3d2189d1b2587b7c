"""Declared encodings: every letter, every wrong declaration, any block's edge; never a letter guessed."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Callable
from functools import cache
from itertools import product
from pathlib import Path
from typing import get_args

import polars as pl
import pytest
from viparse.normalize.encodings import CHARMAPS

from pipelines.contracts import Encoding
from pipelines.errors import DataRefusedError
from pipelines.parse.texts import encodings
from pipelines.parse.texts.damage import OLD_LETTERS, refuse_damaged_text
from pipelines.parse.texts.encodings import to_utf8
from pipelines.parse.texts.syllables import reads_as_vietnamese
from pipelines.settings import SEEDS
from tests.parse.old_encodings import MARKED, SMALL, VNI, WRITERS, tcvn3, vni, windows_1258

Writer = Callable[[str], bytes]
ENCODINGS: tuple[Encoding, ...] = get_args(Encoding)
# One may be read as the other: the mark at the beginning is all that parts them.
ALIKE = {("utf-8", "utf-8-sig"), ("utf-8-sig", "utf-8"), ("utf-16-le", "utf-16")}
HEADINGS = "Số đến;Tên loại và trích yếu nội dung văn bản;Đơn vị hoặc người nhận văn bản"


@cache
def register(rows: int) -> str:
    """An incoming register with the names of real units."""
    with (SEEDS / "units.csv").open(encoding="utf-8") as seed:
        names = [row["unit_name_vi"] for row in csv.DictReader(seed)][-rows:]
    lines = [f"{number};Quyết định về việc kiện toàn tổ chức;{name}" for number, name in enumerate(names, 1)]
    return "\r\n".join([HEADINGS, *lines, ""])


def converted(content: bytes, declared: Encoding, folder: Path) -> str:
    (folder / "came").write_bytes(content)
    to_utf8(folder / "came", declared, folder / "written")
    return (folder / "written").read_bytes().decode()


def refusal(content: bytes, declared: Encoding, folder: Path) -> str:
    with pytest.raises(DataRefusedError) as caught:
        converted(content, declared, folder)
    assert caught.value.check == "file_is_readable"
    return caught.value.what


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_register_comes_out_in_composed_unicode(encoding: Encoding, tmp_path: Path) -> None:
    text = register(2000)
    wanted = "".join(letter if letter in "ĂÂÊÔƠƯĐ" or letter.isascii() else letter.lower() for letter in text)
    assert converted(WRITERS[encoding](text), encoding, tmp_path) == (wanted if encoding == "tcvn3" else text)


@pytest.mark.parametrize("rows", [30, 2000])
@pytest.mark.parametrize(
    ("declared", "real"),
    [(declared, real) for declared, real in product(ENCODINGS, ENCODINGS) if declared != real and (real, declared) not in ALIKE]
)  # fmt: skip
def test_a_wrong_declaration_is_refused(declared: Encoding, real: Encoding, rows: int, tmp_path: Path) -> None:
    if (declared, real) == ("utf-16-le", "utf-16"):
        assert converted(WRITERS[real](register(rows)), declared, tmp_path) == register(rows)  # the mark agrees
        return
    assert refusal(WRITERS[real](register(rows)), declared, tmp_path).startswith("cannot be read: it ")


@pytest.mark.parametrize("writer", [windows_1258, vni], ids=["windows-1258", "vni"])
def test_letters_that_all_exist_are_refused_where_they_spell_no_vietnamese(writer: Writer, tmp_path: Path) -> None:
    text = "Sở Y tế;Sở Tư pháp;Thanh tra tỉnh;Chi cục Thú y;Sở Nội vụ;Trung tâm Xúc tiến;Chợ Hoa, Thanh Hóa"
    assert "no Vietnamese" in refusal(writer(text), "tcvn3", tmp_path)


@pytest.mark.parametrize("declared", [name for name in ENCODINGS if not name.startswith("utf-16")])
def test_plain_ascii_is_the_same_in_all_of_one_byte(declared: Encoding, tmp_path: Path) -> None:
    assert converted(b"ma;so\nH56.12;1\n", declared, tmp_path) == "ma;so\nH56.12;1\n"


def test_every_letter_of_tcvn3_is_what_iconv_says(tmp_path: Path) -> None:
    assert len(MARKED) == 67
    for letter in [*MARKED, *"ĂÂÊÔƠƯĐ"]:
        assert converted(b"a" + tcvn3(letter) + b"b", "tcvn3", tmp_path) == f"a{letter}b"
    # The library that knows old documents has the same table.
    assert {(code, letter) for code, letter in CHARMAPS["tcvn3"].pairs} == {
        (tcvn3(letter).decode("latin-1"), letter) for letter in [*MARKED, *"ĂÂÊÔƠƯĐ"]
    }


def test_a_toned_capital_of_tcvn3_comes_out_small_and_a_tone_of_another_table_is_refused(tmp_path: Path) -> None:
    assert converted(tcvn3("SỞ Y TẾ TỈNH THANH HÓA"), "tcvn3", tmp_path) == "Sở Y Tế TỉNH THANH HóA"
    # TCVN 5712:1 has capitals of their own, and tones as a code after the letter.
    assert "byte 2 of the file (0x99)" in refusal(b"S\x99", "tcvn3", tmp_path)
    assert "byte 5 of the file (0xB3)" in refusal(b"Thao\xb3ng", "tcvn3", tmp_path)
    assert "no Vietnamese" in refusal(b"PH\x92NG N\x97I V\x82", "tcvn3", tmp_path)


def test_every_letter_of_vni_is_what_its_chart_says(tmp_path: Path) -> None:
    assert set(VNI) == set(MARKED)
    for letter in [*MARKED, *MARKED.upper()]:
        assert converted(vni(letter), "vni", tmp_path) == letter
    # The library lacks ẳ, and has a ỵ of its own; where it speaks otherwise, it agrees.
    known = dict(CHARMAPS["vni"].pairs)
    assert all(known[vni(letter).decode("latin-1")] == letter for letter in SMALL if letter not in "ẳỵìíaeiouy")
    assert converted("Haø Noäi Aáp AÙp aN Naúng".encode("latin-1"), "vni", tmp_path) == "Hà Nội Ấp Áp aN Nẳng"


@pytest.mark.parametrize("wrong", ["Thaùnh phoùù", "T\xe1", "cø", "uâ", "eê", "Zürich"])
def test_a_mark_without_its_letter_is_no_vni(wrong: str, tmp_path: Path) -> None:
    assert "vni: read so, what stands at line 2" in refusal(f"ma\n{wrong}\n".encode("latin-1"), "vni", tmp_path)


def test_every_letter_of_windows_1258_is_composed(tmp_path: Path) -> None:
    for letter in MARKED + MARKED.upper():
        assert converted(windows_1258(f"x {letter} y"), "windows-1258", tmp_path) == f"x {letter} y"
    assert converted("Công ty Nestlé, Zürich, Œuvre, 25 °C “x”…".encode("cp1258"), "windows-1258", tmp_path) == (
        "Công ty Nestlé, Zürich, Œuvre, 25 °C “x”…"
    )


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_no_edge_of_a_block_cuts_a_letter(encoding: Encoding, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "Sở Nội vụ nước Việt, tỉnh Thanh hóa\nQuyết định ở huyện Bá thước\n"
    content = WRITERS[encoding](text)
    for size in range(3, 40):
        monkeypatch.setattr(encodings, "BLOCK", size)
        assert converted(content, encoding, tmp_path) == text


def test_decomposed_utf8_is_composed_across_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encodings, "BLOCK", 7)
    assert converted(unicodedata.normalize("NFD", "Nguyễn Thị Hường").encode(), "utf-8", tmp_path) == "Nguyễn Thị Hường"


@pytest.mark.parametrize(
    ("content", "declared", "told"),
    [
        (b"a\nb\nX\xe3;1\n", "utf-8", "it is not utf-8: line 3, byte 6 of the file (0xE3)"),
        (b"a\rb\rX\xe3;1\r", "utf-8", "it is not utf-8: line 3, byte 6 of the file (0xE3)"),
        (b"a\r\nb\r\nX\xff", "tcvn3", "it is not tcvn3: line 3, byte 8 of the file (0xFF)"),
        (b"\xff\xfea\0\n\0\xff\xdfb\0", "utf-16", "it is not utf-16: line 2, byte 7 of the file (0xFF)"),
        ("ma;so\n".encode("utf-16-le"), "utf-16", "no byte order mark"),
        (b"ma\n\0\0\0\n", "windows-1258", "NUL bytes"),
        ("ma\nXã Na M\ufffdo\n".encode("utf-16"), "utf-16", "U+FFFD"),
        ("ma\nThanh Hoùa\n".encode("utf-16"), "utf-16", "the codes of VNI, TCVN3 or Windows-1258"),
        ("ế".encode() * 800_000, "utf-8", "line 1 goes on and on"),
    ],
)
def test_a_refusal_says_where(content: bytes, declared: Encoding, told: str, tmp_path: Path) -> None:
    assert told in refusal(content, declared, tmp_path)


@pytest.mark.parametrize("writer", [vni, tcvn3, windows_1258], ids=["vni", "tcvn3", "windows-1258"])
@pytest.mark.parametrize(
    "text", ["Sở Công thương tỉnh; đường điện nước; huyện miền núi", "Quyết định cộng tác viên đơn vị trường"]
)
def test_old_codes_kept_as_letters_are_refused(writer: Writer, text: str) -> None:
    spoilt = writer(text).decode("latin-1")
    with pytest.raises(DataRefusedError, match="as if they were letters"):
        refuse_damaged_text(spoilt)
    assert pl.Series([spoilt]).str.contains(OLD_LETTERS).any()
    assert re.search(OLD_LETTERS, spoilt)


@pytest.mark.parametrize(
    "text",
    [
        "Krông Nô, Đắk R’lấp, Ea H’Leo, Chư Prông, Pleiku", "où, août, goût, Noël, Raphaël, naïf, coïncidence, Müller, Malmö",
        "Thanh Hoá, thuý, khoẻ, quý, giường, giặt, quạu, ngoằn ngoèo, khuỷu, moóc", "Windows® 10, m², Tổng số¹, «nước», 5 µg",
        "São Paulo, Ærø, Łódź, Façade", "Jomfruøyene, Tongaøerne, Juleøen, pauseøvelse, oändlig, kopieändelse, niueà",
        "Dự án«chiếc lá» của chi nhánh«Tấm», »etype«s",
    ],
)  # fmt: skip
def test_sound_words_are_let_alone(text: str) -> None:
    refuse_damaged_text(text)


def test_the_spelling_of_vietnamese_is_known() -> None:
    text = register(2000)
    assert reads_as_vietnamese(text)
    assert not reads_as_vietnamese(windows_1258(text).decode("latin-1"))
    assert reads_as_vietnamese("Zürich und Köln")
