"""Whether a column may hold persons' data, told by its heading and by what its cells look like.

It errs on the side of a person: whoever knows better takes the class away in the contract. No cell is ever told.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import polars as pl

from pipelines.contracts import PersonalClass
from pipelines.inspection.vietnamese_names import plain, words

# In this order: `Địa chỉ người nộp` is an address, `Số điện thoại người nộp` a telephone number.
_BY_HEADING: tuple[tuple[PersonalClass, re.Pattern[str]], ...] = (
    ("email", re.compile(r"\be ?mail\b|thu dien tu|hop thu")),
    ("phone", re.compile(r"dien thoai|\bsdt\b|\bdt\b|di dong|so may|\bphone\b|\bmobile\b|\btel\b|\bfax\b")),
    ("address", re.compile(r"dia chi|thuong tru|tam tru|cu tru|noi o\b|que quan|\baddress\b")),
    (
        "id_number",
        re.compile(
            r"cccd|cmnd|cmt\b|can cuoc|chung minh|dinh danh(?! (?:van ban|don vi|co quan))|ho chieu|passport|ma so thue"
            r"|\bmst\b|giay to|bao hiem|bhxh|so the\b|identity|tax code"
        ),
    ),
    ("dossier_code", re.compile(r"^(?:ma |so |ma so )?ho so$|bien nhan$|^dossier(?: (?:code|id))?$")),
    ("account", re.compile(r"tai khoan|dang nhap$|\busername\b|\buser ?(?:id|name)\b|\blogin\b|\baccount\b")),
    (
        "free_text",
        re.compile(
            r"ghi chu|noi dung|trich yeu|dien giai|mo ta|ly do|y kien|sinh$|gioi tinh|dan toc|ton giao|mat khau|tieu de"
            r"|\bnotes?\b|\bsummary\b|\bdescription\b|\bremarks?\b|\bcomments?\b|\bsubject\b|\bbirth|passw|passcode"
        ),
    ),
    (
        "name",
        re.compile(
            r"\bho (?:va )?(?:ten|dem)\b|\bnguoi\b|chu ho so|can bo|cong chuc|vien chuc|chuyen vien|lanh dao|ky nhan"
            r"|khach|noi nhan|full name|\bowner\b|\bapplicant\b|display name|thu truong|\bong\b|\bba\b|chu toa"
        ),
    ),
)  # fmt: skip
# Of these a column of small figures is a count: `Số cán bộ`, `Số người nộp`.
_MAY_BE_COUNTED = frozenset({"name", "address", "account", "dossier_code"})
_SMALL_FIGURE = r"^-?[0-9][0-9.,]{0,9}$"
_EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
_PHONE = r"^(?:\+?84|0)[0-9]{8,10}$"
_NUMBER_OF_A_PERSON = r"^[0-9]{9,19}$|^[A-Z][0-9]{7,8}$"
_FEW = 0.02
_SURNAMES = frozenset({
    "nguyen", "tran", "le", "pham", "hoang", "huynh", "phan", "vu", "vo", "dang", "bui", "do", "ho", "ngo", "duong",
    "ly", "dinh", "doan", "lam", "trinh", "truong", "dao", "to", "ta", "ha", "luu", "mai", "cao", "thai", "phung",
    "vuong", "chau", "quach", "luong", "tong", "hua", "la", "thach", "kieu", "trieu", "nong", "lo", "vi", "quang",
})  # fmt: skip
_NAME_WORDS = (2, 5)


def class_by_heading(heading: str, texts: pl.Series) -> PersonalClass | None:
    """The class of personal data that a heading speaks of; its last step decides before the whole path.

    Args:
        heading: The heading or its path.
        texts: Its cleaned cells; where they are small figures, `Số cán bộ` is a count of persons.
    """
    for told in (heading.rsplit("/", 1)[-1], heading):
        folded = " ".join(words(told))
        for personal, pattern in _BY_HEADING:
            if pattern.search(folded):
                counted = personal in _MAY_BE_COUNTED and _share(texts, _SMALL_FIGURE) == 1
                return None if counted else personal
    return None


def class_by_cells(texts: pl.Series) -> PersonalClass | None:
    """The class that the cells look like; a few of them are enough for what has one clear form."""
    bare = texts.str.replace_all(r"[ .\-]", "")
    if _share(texts, _EMAIL) > _FEW:
        return "email"
    if _share(bare, _PHONE) > _FEW:
        return "phone"
    if _share(bare, _NUMBER_OF_A_PERSON) > _FEW:
        return "id_number"
    return None


def hold_names(texts: pl.Series, trade_words: Collection[str]) -> bool:
    """Whether many of the cells look like persons' names."""
    sample = texts.drop_nulls().head(1_000).to_list()
    return sum(is_name(text, trade_words) for text in sample) * 5 > len(sample)


def is_name(text: str, trade_words: Collection[str]) -> bool:
    """Whether a text looks like a Vietnamese name: a surname first, each word with a capital, not all words of the trade."""
    parts = text.split()
    if not _NAME_WORDS[0] <= len(parts) <= _NAME_WORDS[1] or not all(part[:1].isupper() for part in parts):
        return False
    lower = [part.casefold() for part in parts]
    return plain(lower[0]) in _SURNAMES and not all(word in trade_words for word in lower)


def _share(texts: pl.Series, pattern: str) -> float:
    present = texts.drop_nulls()
    return float(present.str.contains(pattern).mean() or 0.0) if len(present) else 0.0  # type: ignore[arg-type]
