"""Text damaged before it came: found wherever it is, and never where Vietnamese only looks like it."""

from __future__ import annotations

import re

import pytest

from pipelines.errors import DataRefusedError
from pipelines.parse.texts.damage import TWICE_ENCODED, refuse_damaged_bytes

SENTENCES = (
    "Quyết định về việc cải cách thủ tục hành chính",
    "Hỏa tốc",
    "Thường trực Tỉnh ủy",
    "UBND xã Đông Sơn",
    "Sở Nội vụ",
)


def _again(text: str, read_as: str) -> str:
    """The text, once more decoded wrongly; Windows-1252 has no letter for five bytes, browsers keep the control."""
    if read_as == "latin-1":
        return text.encode().decode("latin-1")
    return "".join(
        bytes([byte]).decode("cp1252") if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else chr(byte)
        for byte in text.encode()
    )


@pytest.mark.parametrize("read_as", ["latin-1", "cp1252"])
@pytest.mark.parametrize("sentence", SENTENCES)
def test_text_encoded_twice_is_refused(sentence: str, read_as: str) -> None:
    spoilt = _again(sentence, read_as)
    with pytest.raises(DataRefusedError, match="twice"):
        refuse_damaged_bytes(f"a;b\n{spoilt};c\n".encode())
    assert re.search(TWICE_ENCODED, spoilt)


@pytest.mark.parametrize(
    "text",
    [
        *SENTENCES,
        "XÃ\u00a0NAM XUÂN",
        "«chiếc lá» và “chiếc lá”",
        "«chiếc lá»…",
        "CHÍ HÒA, ĐỒNG Ý, ÃÂÊÔƠƯĐ ãâêôơưđ",
        "Thái Bá°Tân",
        "Montréal, Ærø, Äpfel",
        "25 °C ± 2, § 4, 10 µm, ½",
    ],
)
def test_sound_text_is_left_alone(text: str) -> None:
    refuse_damaged_bytes(text.encode())
    assert not re.search(TWICE_ENCODED, text)


def test_every_letter_of_the_alphabet_is_sound_and_bytes_and_texts_are_judged_alike() -> None:
    letters = "aàáảãạăằắẳẵặâầấẩẫậeèéẻẽẹêềếểễệiìíỉĩịoòóỏõọôồốổỗộơờớởỡợuùúủũụưừứửữựyỳýỷỹỵđ"
    refuse_damaged_bytes((letters + letters.upper()).encode())
    for letter in letters + letters.upper():
        for read_as in ("latin-1", "cp1252"):
            spoilt = _again(letter, read_as)
            is_found = False
            try:
                refuse_damaged_bytes(spoilt.encode())
            except DataRefusedError:
                is_found = True
            assert is_found == bool(re.search(TWICE_ENCODED, spoilt)), (letter, read_as)


def test_nul_bytes_and_the_replacement_character_are_refused() -> None:
    with pytest.raises(DataRefusedError, match="NUL"):
        refuse_damaged_bytes(b"a;b\n1;\0\0\0\n")
    with pytest.raises(DataRefusedError, match=r"U\+FFFD"):
        refuse_damaged_bytes("Th\ufffdờng".encode())
