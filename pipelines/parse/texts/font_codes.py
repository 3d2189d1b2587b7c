"""TCVN3 and VNI, the encodings of old fonts: which letter each code draws. They have no codec of their own.

Each letter is proven in the tests. Codes that are missing here are in no text of these fonts.
"""

from __future__ import annotations

# Typed with an old font beside its letters: dashes, quotation marks, an ellipsis, a degree or a square metre.
_PUNCTUATION = {code: bytes([code]).decode("cp1252") for code in b"\x82\x84\x85\x91\x92\x93\x94\x95\x96\x97\xa0"}
_ASCII = {code: chr(code) for code in (0, 9, 10, 12, 13, *range(32, 127))}
TCVN3 = _ASCII | _PUNCTUATION | dict(
    zip(
        bytes.fromhex(
            "a1a2a3a4a5a6a7 a8a9aaabacadae b5b6b7b8b9 bbbcbdbec6 c7c8c9cacb cccecfd0d1 d2d3d4d5d6 d7d8dcddde "
            "dfe1e2e3e4 e5e6e7e8e9 eaebecedee eff1f2f3f4 f5f6f7f8f9 fafbfcfdfe"
        ),
        "ĂÂÊÔƠƯĐăâêôơưđàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ",
        strict=True,
    )
)  # fmt: skip
# VNI writes a plain letter and then its marks; ơ, ư, đ and the toned i and ỵ have codes of their own.
_GRAVE, _ACUTE, _TILDE, _HOOK, _DOT = "\u0300", "\u0301", "\u0303", "\u0309", "\u0323"
_HAT, _BREVE = "\u0302", "\u0306"
_VNI_MARKS = {
    "ø": _GRAVE, "ù": _ACUTE, "õ": _TILDE, "û": _HOOK, "ï": _DOT,
    "â": _HAT, "à": _HAT + _GRAVE, "á": _HAT + _ACUTE, "ã": _HAT + _TILDE, "å": _HAT + _HOOK, "ä": _HAT + _DOT,
    "ê": _BREVE, "è": _BREVE + _GRAVE, "é": _BREVE + _ACUTE, "ü": _BREVE + _TILDE, "ú": _BREVE + _HOOK,
    "ë": _BREVE + _DOT,
}  # fmt: skip
_VNI_LETTERS = {"ô": "ơ", "ö": "ư", "ñ": "đ", "ì": "ì", "í": "í", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ"}
VNI = _ASCII | _PUNCTUATION | {code: chr(code) for code in b"\xa7\xab\xb0\xb1\xb2\xb3\xb7\xbb"} | {
    ord(written): meant
    for small, means in (_VNI_MARKS | _VNI_LETTERS).items()
    for written, meant in ((small, means), (small.upper(), means.upper()))
}  # fmt: skip
