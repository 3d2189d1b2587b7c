"""Names, phone numbers, ID numbers and addresses of people who do not exist.

They fill the personal columns of the exports so that the pipeline has something to protect. Each is a function of one
random number per person; the ID numbers carry the century digit 9, which nobody living has.
"""

from __future__ import annotations

import polars as pl

FAMILY_NAMES = ("Nguyễn", "Lê", "Trịnh", "Phạm", "Trần", "Hoàng", "Đỗ", "Mai", "Vũ", "Bùi", "Hà", "Lò", "Cao", "Lương")
MIDDLE_NAMES = ("Văn", "Thị", "Đức", "Minh", "Ngọc", "Hữu", "Thanh", "Xuân", "Quang", "Thu", "Đình", "Bá")
GIVEN_NAMES = (
    "An", "Bình", "Chiến", "Dũng", "Đạt", "Giang", "Hà", "Hòa", "Hương", "Khánh", "Lan", "Linh", "Long",
    "Mai", "Nam", "Nga", "Phúc", "Quân", "Sơn", "Thảo", "Thủy", "Trang", "Tuấn", "Uyên", "Việt", "Yến",
)  # fmt: skip
STREETS = ("đường Lê Lợi", "đường Trần Phú", "đường Bà Triệu", "thôn Đông", "thôn Trung", "khu phố 3", "bản Na")


def full_name(person: pl.Expr) -> pl.Expr:
    """A Vietnamese full name."""
    parts = (_pick(person, 1, FAMILY_NAMES), _pick(person, 14, MIDDLE_NAMES), _pick(person, 168, GIVEN_NAMES))
    return pl.concat_str(parts, separator=" ")


def phone_number(person: pl.Expr) -> pl.Expr:
    """A mobile number of ten digits in a range that is not in use (`0900`)."""
    return pl.concat_str(pl.lit("0900"), _digits(person, 7, 6))


def email_address(person: pl.Expr) -> pl.Expr:
    """An e-mail address in a domain that cannot exist."""
    return pl.concat_str(pl.lit("cd"), _digits(person, 3, 7), pl.lit("@thu.example"))


def identity_number(person: pl.Expr) -> pl.Expr:
    """A personal ID number of twelve digits, leading zero and all."""
    return pl.concat_str(pl.lit("038999"), _digits(person, 11, 6))


def address(person: pl.Expr, place: pl.Expr) -> pl.Expr:
    """A postal address in the named place."""
    number = (person % 190 + 1).cast(pl.String)
    street = _pick(person, 5, STREETS)
    return pl.concat_str(pl.lit("Số "), number, pl.lit(" "), street, pl.lit(", "), place, pl.lit(", tỉnh Thanh Hóa"))


def _pick(person: pl.Expr, divisor: int, choices: tuple[str, ...]) -> pl.Expr:
    return pl.lit(pl.Series(choices)).gather((person // divisor) % len(choices))


def _digits(person: pl.Expr, divisor: int, width: int) -> pl.Expr:
    number: pl.Expr = (person // divisor) % 10**width
    return number.cast(pl.String).str.zfill(width)
