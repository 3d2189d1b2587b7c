"""Writers of the old Vietnamese encodings, made without the program's own tables.

TCVN3 by glibc's `iconv` (its small letters and plain capitals are those of TCVN 5712:1; a toned capital shares the
small letter's code, as the ABC fonts do), VNI by its chart typed letter by letter, Windows-1258 by Python's codec.
"""

from __future__ import annotations

import subprocess
import unicodedata
from collections.abc import Callable, Mapping

SMALL = "aàáảãạăằắẳẵặâầấẩẫậeèéẻẽẹêềếểễệiìíỉĩịoòóỏõọôồốổỗộơờớởỡợuùúủũụưừứửữựyỳýỷỹỵđ"  # 12 vowels of 6 tones, and đ
MARKED = "".join(letter for letter in SMALL if not letter.isascii())
"""The 67 small letters beyond ASCII; with their capitals they are the 134."""

_PLAIN_CAPITALS = "ĂÂÊÔƠƯĐ"
_VNI_CHART = """
    à aø á aù ả aû ã aõ ạ aï ă aê ằ aè ắ aé ẳ aú ẵ aü ặ aë â aâ ầ aà ấ aá ẩ aå ẫ aã ậ aä
    è eø é eù ẻ eû ẽ eõ ẹ eï ê eâ ề eà ế eá ể eå ễ eã ệ eä ì ì í í ỉ æ ĩ ó ị ò
    ò oø ó où ỏ oû õ oõ ọ oï ô oâ ồ oà ố oá ổ oå ỗ oã ộ oä ơ ô ờ ôø ớ ôù ở ôû ỡ ôõ ợ ôï
    ù uø ú uù ủ uû ũ uõ ụ uï ư ö ừ öø ứ öù ử öû ữ öõ ự öï ỳ yø ý yù ỷ yû ỹ yõ ỵ î đ ñ
"""
VNI: Mapping[str, str] = dict(zip(_VNI_CHART.split()[::2], _VNI_CHART.split()[1::2], strict=True))


def tcvn3(text: str) -> bytes:
    """TCVN3, as a program of the time wrote it."""
    held = "".join(letter if letter.isascii() or letter in _PLAIN_CAPITALS else letter.lower() for letter in text)
    return subprocess.run(
        ["iconv", "-f", "UTF-8", "-t", "TCVN"],  # noqa: S607
        input=held.encode(),
        capture_output=True,
        check=True,
    ).stdout


def vni(text: str) -> bytes:
    """VNI for Windows."""
    return "".join(
        VNI.get(letter) or (VNI[letter.lower()].upper() if letter.lower() in VNI else letter) for letter in text
    ).encode("latin-1")


def windows_1258(text: str) -> bytes:
    """Windows-1258: letters with a hat, a horn or a breve as one code, tones as a second one."""
    return b"".join(map(_windows_1258_letter, text))


def _windows_1258_letter(letter: str) -> bytes:
    try:
        return letter.encode("cp1258")
    except UnicodeEncodeError:
        tone = next(mark for mark in unicodedata.normalize("NFD", letter) if mark in "\u0300\u0301\u0303\u0309\u0323")
        rest = unicodedata.normalize("NFC", unicodedata.normalize("NFD", letter).replace(tone, ""))
        return (rest + tone).encode("cp1258")


WRITERS: Mapping[str, Callable[[str], bytes]] = {
    "utf-8": lambda text: text.encode(),
    "utf-8-sig": lambda text: text.encode("utf-8-sig"),
    "utf-16": lambda text: text.encode("utf-16"),
    "utf-16-le": lambda text: text.encode("utf-16-le"),
    "utf-16-be": lambda text: text.encode("utf-16-be"),
    "windows-1258": windows_1258,
    "tcvn3": tcvn3,
    "vni": vni,
}
