"""What of a rejected row may be shown: enough to mend it, nothing that could be a person's.

Personal columns are masked whole. In the others a cell that was read is what its column says, but one that was not
may hold anything that was typed into the wrong column, a name or a telephone number too: unless it looks like the
figure, date or code that it should be, only its shape is shown. The raw archive holds the original.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipelines.contracts import Column

MASK = "•••"
_LONGEST = 120
# A national ID number has 12 digits, an old one 9, a telephone number 10, a passport a letter and 7.
_MOST_DIGITS = 8
_MOST_DIGITS_IN_A_CODE = 6
_MOMENT = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?Z?)?")
_FIGURE = re.compile(r"[-+]?[\d.,:/ %-]+")
_CODE = re.compile(r"(?=.*\d)[A-Z0-9._/-]{1,40}")
_UNIT_WORDS = ("sở", "ban", "ubnd", "ủy ban", "uỷ ban", "phường", "xã", "thị trấn", "huyện", "thị xã", "thành phố",
               "văn phòng", "trung tâm", "chi cục", "phòng", "thanh tra", "tỉnh", "công an", "bệnh viện", "trường")  # fmt: skip


def shape(text: str) -> str:
    """The text with each letter as `x` and each digit as `9`."""
    return "".join("9" if sign.isdigit() else "x" if sign.isalpha() else sign for sign in text[:_LONGEST])


def shown(column: Column, text: str | None, reasons: Sequence[str]) -> str | None:
    """A rejected row's cell as it may be shown.

    Args:
        column: Its column, not a personal one.
        text: The cell as it came.
        reasons: The row's reasons; a cell without a reason of its own was read.
    """
    if text is None or not any(reason.startswith(f"{column.name}: ") for reason in reasons):
        return text
    return text if is_harmless(column, text) else shape(text)


def is_harmless(column: Column, text: str) -> bool:
    """Whether an unread cell can be nobody's name, number or address."""
    digits = sum(sign.isdigit() for sign in text)
    if _MOMENT.fullmatch(text.strip()):
        return True
    if _FIGURE.fullmatch(text):
        return digits <= _MOST_DIGITS
    if _CODE.fullmatch(text):
        return all(len(run) <= _MOST_DIGITS_IN_A_CODE for run in re.findall(r"\d+", text))
    is_unit = column.type == "unit_name" and text.strip().casefold().startswith(_UNIT_WORDS)
    return is_unit and digits <= _MOST_DIGITS_IN_A_CODE
