"""How a text becomes a value of its column's type, and what is said when it does not.

Each type is one polars expression from the cell's text to its value; a text that is there and gives no value is a
reason, never a null. Registers and code lists are consulted here; rules between columns belong to `expectations/`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import assert_never

import polars as pl

from pipelines.calendar import TIME_ZONE_NAME, Partition
from pipelines.contracts import Column, Contract, Format
from pipelines.reference import GUEST, Reference, name_key, normalise_agency_code

# NBSP, zero-width characters and the byte order mark stand around texts that were copied from the web.
BLANKS = " \t\r\n\u00a0\u200b\u200c\u200d\u2060\ufeff"
TRUE_TEXTS = ("true", "1", "có", "x")
FALSE_TEXTS = ("false", "0", "không")
EARLIEST_YEAR, LATEST_YEAR = 1990, 2100
_PROCEDURE_CODE = r"^([0-9]\.[0-9]{6})(?:\.000\.00\.00\.[HM][0-9]{2})?$"
_EXCEL_MIDNIGHT = r"^\d{4}-\d{2}-\d{2}(?: 00:00:00)?$"


@dataclass(frozen=True)
class Reading:
    """What reading a file needs: its name for people, the period, the registers and the key of the pseudonyms."""

    file_name: str
    contract: Contract
    partition: Partition
    reference: Reference
    hash_key: bytes


def clean(text: pl.Expr) -> pl.Expr:
    """The cell's text without blanks around it; an empty one is null."""
    stripped = text.str.strip_chars(BLANKS)
    return pl.when(stripped != "").then(stripped)


def read_value(column: Column, texts: pl.Series, reading: Reading) -> pl.Series:
    """The values of one column.

    Args:
        column: Its contract.
        texts: Its cleaned texts.
        reading: Period, registers and key.

    Returns:
        A series of the column's type, null where the text is empty or gives no value.
    """
    frame = texts.to_frame("text")
    return frame.select(_value(column, pl.col("text"), texts, reading).alias(column.name)).to_series()


def _value(column: Column, text: pl.Expr, texts: pl.Series, reading: Reading) -> pl.Expr:
    match column.type:
        case "text":
            return _text(column, text, texts, reading)
        case "integer":
            return _number(text, reading.contract.format, r"^-?[0-9]{1,18}$", pl.Int64())
        case "amount":
            return _number(text, reading.contract.format, r"^-?[0-9]{1,16}(?:\.[0-9]{1,2})?$", pl.Decimal(18, 2))
        case "decimal":
            return _number(text, reading.contract.format, r"^-?[0-9]{1,14}(?:\.[0-9]{1,4})?$", pl.Decimal(18, 4))
        case "boolean":
            return _boolean(text)
        case "date":
            return _plausible(_date(column, text))
        case "timestamp":
            return _plausible(_timestamp(column, text))
        case "code":
            codes = reading.reference.codes[column.code_list or ""]
            return pl.when(text.is_in(sorted(codes))).then(text)
        case "agency_code":
            return _mapped(texts, text, _agency_codes(column, reading))
        case "unit_name":
            return _mapped(texts, text, _unit_codes_by_name(reading))
        case "procedure_code":
            return text.str.extract(_PROCEDURE_CODE, 1)
        case "endpoint_address":
            addresses = reading.reference.endpoint_by_address
            return _mapped(texts, text, lambda address: addresses.get(address.lower(), GUEST))
        case "count_of":
            return (
                text.str.split(column.separator or ";")
                .list.eval(pl.element().str.strip_chars(BLANKS) != "")
                .list.sum()
                .cast(pl.Int64)
            )
        case _:
            assert_never(column.type)


def _text(column: Column, text: pl.Expr, texts: pl.Series, reading: Reading) -> pl.Expr:
    value = text if texts.is_empty() or column.pattern else text.str.normalize("NFC")
    if column.pattern:
        value = pl.when(text.str.contains(f"^(?:{column.pattern})$")).then(text)
    if column.registry == "endpoints":
        value = pl.when(text.is_in(sorted(reading.reference.endpoint_codes))).then(text)
    if column.pseudonym:
        return value.map_batches(lambda plain: pseudonyms(plain, reading.hash_key), return_dtype=pl.String)
    return value


def pseudonyms(plain: pl.Series, key: bytes) -> pl.Series:
    """Each text under a keyed hash (BLAKE2b with a key, 16 bytes, hexadecimal).

    Dossier codes are counted day by day, so a hash without a key could be turned back by counting.
    """
    keyed = blake2b(key=key, digest_size=16)

    def digest(text: str | None) -> str | None:
        if text is None:
            return None
        state = keyed.copy()
        state.update(text.encode())
        return state.hexdigest()

    return pl.Series(plain.name, [digest(text) for text in plain.to_list()], dtype=pl.String)


def _number(text: pl.Expr, layout: Format, pattern: str, dtype: pl.DataType) -> pl.Expr:
    if layout.zero_marks:
        text = text.replace(dict.fromkeys(layout.zero_marks, "0"))
        text = text.fill_null("0") if "" in layout.zero_marks else text
    if layout.thousands:
        grouped = (
            rf"^-?[1-9][0-9]{{0,2}}(?:{re.escape(layout.thousands)}[0-9]{{3}})+(?:{re.escape(layout.decimal)}[0-9]+)?$"
        )
        text = (
            pl.when(text.str.contains(grouped))
            .then(text.str.replace_all(layout.thousands, "", literal=True))
            .otherwise(text)
        )
    if layout.decimal != ".":
        # A point that is neither a thousands mark nor the decimal mark makes the number unreadable.
        text = pl.when(~text.str.contains(".", literal=True)).then(text.str.replace(layout.decimal, ".", literal=True))
    return pl.when(text.str.contains(pattern)).then(text).cast(dtype, strict=False)


def _boolean(text: pl.Expr) -> pl.Expr:
    lower = text.str.to_lowercase()
    return pl.when(lower.is_in(TRUE_TEXTS)).then(statement=True).when(lower.is_in(FALSE_TEXTS)).then(statement=False)


def _date(column: Column, text: pl.Expr) -> pl.Expr:
    typed = text.str.to_date(column.format, strict=False)
    from_excel = (
        pl.when(text.str.contains(_EXCEL_MIDNIGHT)).then(text.str.slice(0, 10)).str.to_date("%Y-%m-%d", strict=False)
    )
    return pl.coalesce(typed, from_excel)


def _timestamp(column: Column, text: pl.Expr) -> pl.Expr:
    value = text.str.to_datetime(column.format, strict=False, time_unit="us", time_zone=None)
    if column.time_zone == "UTC":
        value = value.dt.replace_time_zone("UTC").dt.convert_time_zone(TIME_ZONE_NAME).dt.replace_time_zone(None)
    return value


def _plausible(value: pl.Expr) -> pl.Expr:
    """`05/11/26` would be read as the year 26: a year outside any record's life is unreadable."""
    return pl.when(value.dt.year().is_between(EARLIEST_YEAR, LATEST_YEAR)).then(value)


def _mapped(texts: pl.Series, text: pl.Expr, read: Callable[[str], str | None]) -> pl.Expr:
    """Reads each distinct text once; a province has 1,800 codes and millions of rows."""
    distinct = [value for value in texts.unique().to_list() if value is not None]
    values = {value: read(value) for value in distinct}
    if not values:
        return text
    return text.replace_strict(list(values), list(values.values()), return_dtype=pl.String)


def _agency_codes(column: Column, reading: Reading) -> Callable[[str], str | None]:
    known = reading.reference.unit_codes() if column.registry == "units" else None

    def read(text: str) -> str | None:
        code = normalise_agency_code(text)
        return code if known is None or code in known else None

    return read


def _unit_codes_by_name(reading: Reading) -> Callable[[str], str | None]:
    codes = reading.reference.unit_codes_by_name(reading.partition.first_day, reading.partition.last_day)

    def read(text: str) -> str | None:
        found = codes.get(name_key(text), [])
        return found[0] if len(found) == 1 else None

    return read


def has_mixed_dates(texts: pl.Series) -> bool:
    """Whether a column holds both typed dates and Excel dates: the fingerprint of a month-day swap by Excel."""
    present = texts.drop_nulls()
    from_excel = present.str.contains(_EXCEL_MIDNIGHT).sum()
    return 0 < from_excel < len(present)
