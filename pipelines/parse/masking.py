"""What of a rejected row may be shown: enough to mend it, nothing that could be a person's.

Personal columns are masked whole. In the others a cell that was read is what its column says, but one that was not
may hold anything that was typed into the wrong column, a name or a telephone number too: unless it looks like the
figure, date or code that it should be, only its shape is shown. The raw archive holds the original.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from difflib import get_close_matches

from pipelines.contracts import Column
from pipelines.reference import name_key

MASK = "•••"
_LONGEST = 120
# A national ID number has 12 digits, an old one 9, a telephone number 10 or, its zero eaten by Excel, 9; a passport a
# letter and 7.
MOST_DIGITS = 8
_MOST_DIGITS_IN_A_CODE = 6
_DAY = r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})"
_MOMENT = re.compile(rf"{_DAY}(?:[ T]\d{{1,2}}:\d{{2}}(?::\d{{2}}(?:\.\d{{1,6}})?)?Z?)?", re.ASCII)
_FIGURE = re.compile(r"[-+]?[\d.,:/ %-]+", re.ASCII)
_CODE = re.compile(r"(?=.*\d)[A-Z0-9._/-]{1,40}", re.ASCII)
# Capitals beside digits may be a login name: NGUYENVANAN87.
_MOST_LETTERS_IN_A_CODE = 6
_AGENCY = re.compile(r"(?:000|[A-Z]\d{2})(?:\.[A-Z0-9]{2,3}){1,4}", re.ASCII)
_UNIT_WORDS = ("sở", "ban", "ubnd", "ủy ban", "uỷ ban", "nhân dân", "phường", "xã", "thị trấn", "huyện", "thị xã",
               "thành phố", "văn phòng", "trung tâm", "chi cục", "phòng", "thanh tra", "tỉnh", "công an", "bệnh viện",
               "trường")  # fmt: skip
_UNIT_BEGINNING = re.compile(rf"(?:(?:{'|'.join(_UNIT_WORDS)})(?:\s+|$))+", re.IGNORECASE)
_NEAR_ENOUGH = 0.75


def shape(text: str) -> str:
    """The text with each letter as `x` and each digit as `9`; of other signs only ASCII's are told."""
    return "".join(
        "9" if sign.isdigit() else sign if sign.isascii() and not sign.isalpha() else "x" for sign in text[:_LONGEST]
    )


def shown(column: Column, text: str | None, reasons: Sequence[str], unit_names: Collection[str] = ()) -> str | None:
    """A rejected row's cell as it may be shown.

    Args:
        column: Its column, not a personal one.
        text: The cell as it came.
        reasons: The row's reasons; a cell without a reason of its own was read.
        unit_names: Keys (`name_key`) of the units' names.
    """
    if text is None or not any(reason.startswith(f"{column.name}: ") for reason in reasons):
        return text
    if column.type == "unit_name":
        return text if _AGENCY.fullmatch(text) else _shown_unit(text, unit_names)
    return text if is_harmless(text) else shape(text)


def is_harmless(text: str) -> bool:
    """Whether an unread cell can be nobody's name, number or address."""
    if _MOMENT.fullmatch(text.strip()):
        return True
    if _FIGURE.fullmatch(text):
        return has_few_digits(text)
    if _AGENCY.fullmatch(text):
        return True
    return (
        _CODE.fullmatch(text) is not None
        and has_few_digits(text)
        and all(len(run) <= _MOST_DIGITS_IN_A_CODE for run in re.findall(r"\d+", text))
        and all(len(run) <= _MOST_LETTERS_IN_A_CODE for run in re.findall(r"[A-Z]+", text))
    )


def has_few_digits(text: str) -> bool:
    """Whether there are too few digits for a telephone or ID number, however they are parted."""
    return sum(sign.isdigit() for sign in text) <= MOST_DIGITS


def _shown_unit(text: str, unit_names: Collection[str]) -> str:
    """A misspelt unit is to be looked up; of any other only the words that every unit's name begins with are told.

    `Phòng ông Nguyễn Văn An` begins like a unit, too.
    """
    beginning = _UNIT_BEGINNING.match(text)
    if beginning is None:
        return shape(text)
    if get_close_matches(name_key(text), unit_names, 1, _NEAR_ENOUGH) and has_few_digits(text):
        return text
    return beginning.group() + shape(text[beginning.end() :])
