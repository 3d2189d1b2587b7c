"""Whole files that ought not to be: cut, mistaken for another, encoded twice, with columns that are not what they say.

Rows that are wrong one by one belong to `demo.bad_rows`; which day a fault falls on to `demo.faults`.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from datetime import date
from typing import Final

import polars as pl

from demo.dossier_wire import old_forms
from demo.faults import Faults

BROKEN_LETTERS: Final = str.maketrans("ếịườ", "\ufffd\ufffd\ufffd\ufffd")
OVERWRITTEN: Final = "Công văn".encode()
CUT_AFTER_BYTES: Final = 40
LOGIN_PAGE: Final = """<!DOCTYPE html>
<html lang="vi"><head><meta charset="utf-8"><title>Đăng nhập</title></head>
<body><form method="post" action="/dang-nhap">
<p>Phiên làm việc đã hết hạn; đề nghị đăng nhập lại.</p>
<input name="tai_khoan"><input name="mat_khau" type="password"><button>Đăng nhập</button>
</form></body></html>
"""


def spoil_exchange_rows(rows: pl.DataFrame, faults: Faults, day: date) -> pl.DataFrame:
    """The rows of an exchange file with the faults that befall its columns on the day."""
    if faults.is_on("empty_export", day):
        rows = rows.clear()
    if faults.is_on("halved_export", day):
        rows = rows.head(len(rows) // 2)
    if faults.is_on("added_column", day):
        rows = rows.with_columns(pl.lit("TRUC-TINH").alias("MaKenhTruyen"))
    if faults.is_on("swapped_columns", day):
        rows = rows.rename({"DonViGui": "DonViNhan", "DonViNhan": "DonViGui"})
    if faults.is_on("lost_leading_zeros", day):
        rows = rows.with_columns(pl.col("TrangThai").str.strip_chars_start("0"))
    if faults.is_on("old_unit_code", day):
        rows = rows.with_columns(old_forms(rows[name]).alias(name) for name in ("DonViGui", "DonViNhan"))
    return rows


def spoil_exchange_bytes(content: bytes, faults: Faults, day: date) -> bytes:
    """An exchange file's bytes with the faults that befall the file as a whole on the day."""
    if faults.is_on("wrong_encoding", day):
        return content.decode().translate(BROKEN_LETTERS).encode()
    if faults.is_on("double_encoding", day):
        return BOM_UTF8 + content.removeprefix(BOM_UTF8).decode("latin-1").encode()
    if faults.is_on("nul_bytes", day):
        return content.replace(OVERWRITTEN, bytes(len(OVERWRITTEN)), 3)
    if faults.is_on("cut_csv", day):
        return content[: content.index(b"\n", len(content) // 2) + CUT_AFTER_BYTES]
    if faults.is_on("html_error_page", day):
        return LOGIN_PAGE.encode()
    return content
