"""How a text becomes a value of its column's type, and what is said when it does not.

Each type is one polars expression from the cell's text to its value; a text that is there and gives no value is a
reason, never a null. Registers and code lists are consulted here; rules between columns belong to `expectations/`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import polars as pl

from pipelines.calendar import TIME_ZONE_NAME, Partition
from pipelines.contracts import Column, ColumnType, Contract
from pipelines.reference import GUEST, Reference, name_key, normalise_agency_code

# NBSP, zero-width characters and the byte order mark stand around texts that were copied from the web.
BLANKS = " \t\r\n\u00a0\u200b\u200c\u200d\u2060\ufeff"
TRUE_TEXTS = ("true", "1", "có", "x")
FALSE_TEXTS = ("false", "0", "không")
EARLIEST_YEAR, LATEST_YEAR = 1990, 2100
_PROCEDURE_CODE = r"^([0-9]\.[0-9]{6})(?:\.000\.00\.00\.[HM][0-9]{2})?$"
# A zero in front of more than seven digits is a telephone or an ID number in the wrong column, not a figure.
_INTEGER = r"^-?(?:0[0-9]{0,7}|[1-9][0-9]{0,17})$"
_AMOUNT = r"^-?(?:0[0-9]{0,7}|[1-9][0-9]{0,15})(?:\.[0-9]{1,2})?$"
_DECIMAL = r"^-?(?:0[0-9]{0,7}|[1-9][0-9]{0,13})(?:\.[0-9]{1,4})?$"
_TEXT = pl.col("text")
_EXCEL_MIDNIGHT = r"^\d{4}-\d{2}-\d{2}(?: 00:00:00)?$"


@dataclass(frozen=True)
class Reading:
    """What reading a file needs.

    Attributes:
        file_name: Its name for people.
        contract, partition, reference: What it should hold, of which period, by which registers.
        hash_key: Key of the pseudonyms.
        scratch: Folder for typed rows that are too many for memory; the system's temporary folder if None.
    """

    file_name: str
    contract: Contract
    partition: Partition
    reference: Reference
    hash_key: bytes
    scratch: Path | None = None


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
    value = _READERS[column.type](_Cells(column, texts, reading))
    return frame.select(value.alias(column.name)).to_series()


@dataclass(frozen=True)
class _Cells:
    """One column's texts (`pl.col("text")` in a frame of their own) and what reading them needs."""

    column: Column
    texts: pl.Series
    reading: Reading


def _text(cells: _Cells) -> pl.Expr:
    column, text = cells.column, _composed(cells.texts)
    value = text
    if column.pattern:
        value = pl.when(text.str.contains(f"^(?:{column.pattern})$")).then(text)
    if column.registry == "endpoints":
        value = pl.when(text.is_in(sorted(cells.reading.reference.endpoint_codes))).then(text)
    if column.pseudonym:
        return value.map_batches(lambda plain: pseudonyms(plain, cells.reading.hash_key), return_dtype=pl.String)
    return value


def _code(cells: _Cells) -> pl.Expr:
    codes, text = cells.reading.reference.codes[cells.column.code_list or ""], _composed(cells.texts)
    return pl.when(text.is_in(sorted(codes))).then(text)


def _composed(texts: pl.Series) -> pl.Expr:
    """The text with each letter and its accents as one sign (NFC); ASCII, the most of it, is so already."""
    is_plain = texts.is_empty() or bool((texts.str.len_bytes() == texts.str.len_chars()).all())
    return _TEXT if is_plain else _TEXT.str.normalize("NFC")


def _endpoint(cells: _Cells) -> pl.Expr:
    addresses = cells.reading.reference.endpoint_by_address
    return _mapped(cells.texts, lambda address: addresses.get(address.lower(), GUEST))


def _count_of(cells: _Cells) -> pl.Expr:
    parts = _TEXT.str.split(cells.column.separator or ";")
    return parts.list.eval(pl.element().str.strip_chars(BLANKS) != "").list.sum().cast(pl.Int64)


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


def _number(cells: _Cells, pattern: str, dtype: pl.DataType) -> pl.Expr:
    text, layout = _TEXT, cells.reading.contract.format
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


def _boolean(_: _Cells) -> pl.Expr:
    lower = _TEXT.str.to_lowercase()
    return pl.when(lower.is_in(TRUE_TEXTS)).then(statement=True).when(lower.is_in(FALSE_TEXTS)).then(statement=False)


def _date(cells: _Cells) -> pl.Expr:
    typed = _TEXT.str.to_date(cells.column.format, strict=False)
    from_excel = (
        pl.when(_TEXT.str.contains(_EXCEL_MIDNIGHT)).then(_TEXT.str.slice(0, 10)).str.to_date("%Y-%m-%d", strict=False)
    )
    return _plausible(pl.coalesce(typed, from_excel))


def _timestamp(cells: _Cells) -> pl.Expr:
    value = _TEXT.str.to_datetime(cells.column.format, strict=False, time_unit="us", time_zone=None)
    if cells.column.time_zone == "UTC":
        value = value.dt.replace_time_zone("UTC").dt.convert_time_zone(TIME_ZONE_NAME).dt.replace_time_zone(None)
    return _plausible(value)


def _plausible(value: pl.Expr) -> pl.Expr:
    """`05/11/26` would be read as the year 26: a year outside any record's life is unreadable."""
    return pl.when(value.dt.year().is_between(EARLIEST_YEAR, LATEST_YEAR)).then(value)


def _mapped(texts: pl.Series, read: Callable[[str], str | None]) -> pl.Expr:
    """Reads each distinct text once; a province has 1,800 codes and millions of rows."""
    distinct = [value for value in texts.unique().to_list() if value is not None]
    values = {value: read(value) for value in distinct}
    if not values:
        return _TEXT
    return _TEXT.replace_strict(list(values), list(values.values()), return_dtype=pl.String)


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


_READERS: dict[ColumnType, Callable[[_Cells], pl.Expr]] = {
    "text": _text,
    "integer": lambda cells: _number(cells, _INTEGER, pl.Int64()),
    "amount": lambda cells: _number(cells, _AMOUNT, pl.Decimal(18, 2)),
    "decimal": lambda cells: _number(cells, _DECIMAL, pl.Decimal(18, 4)),
    "boolean": _boolean,
    "date": _date,
    "timestamp": _timestamp,
    "code": _code,
    "agency_code": lambda cells: _mapped(cells.texts, _agency_codes(cells.column, cells.reading)),
    "unit_name": lambda cells: _mapped(cells.texts, _unit_codes_by_name(cells.reading)),
    "procedure_code": lambda _: _TEXT.str.extract(_PROCEDURE_CODE, 1),
    "endpoint_address": _endpoint,
    "count_of": _count_of,
}


def has_mixed_dates(texts: pl.Series) -> bool:
    """Whether a column holds both typed dates and Excel dates: the fingerprint of a month-day swap by Excel."""
    present = texts.drop_nulls()
    from_excel = present.str.contains(_EXCEL_MIDNIGHT).sum()
    return 0 < from_excel < len(present)
