"""How a text becomes a value of its column's type, and what is said when it does not.

Each type is one polars expression from the cell's text to its value; a text that is there and gives no value is a
reason, never a null. Registers and code lists are consulted here; rules between columns belong to `expectations/`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path

import polars as pl

from pipelines.calendar import Partition
from pipelines.contracts import Column, ColumnType, Contract
from pipelines.parse.cells.codes import read_code
from pipelines.parse.cells.dates import read_date, read_timestamp
from pipelines.parse.cells.numbers import AMOUNT, DECIMAL, INTEGER, read_number, read_percentage
from pipelines.parse.cells.units import UnitFinder
from pipelines.reference import GUEST, Reference, normalise_agency_code

# NBSP, zero-width characters and the byte order mark stand around texts that were copied from the web.
BLANKS = " \t\r\n\u00a0\u200b\u200c\u200d\u2060\ufeff"
TRUE_TEXTS = ("true", "1", "có", "x")
FALSE_TEXTS = ("false", "0", "không")
_SCHEME = re.compile("^(sips?|h323):")
_PROCEDURE_CODE = r"^([0-9]\.[0-9]{6})(?:\.000\.00\.00\.[HM][0-9]{2})?$"
_TEXT = pl.col("text")
_PARTED, _NO_UNIT = "\x1f", "?"
# Layouts whose cells have a type of their own, so that a date may be a real one.
_WORKBOOKS = ("xlsx", "xls")


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

    @cached_property
    def units(self) -> UnitFinder:
        """Which unit a text of this file means."""
        return UnitFinder(self.reference, self.contract, self.partition)


def clean(text: pl.Expr) -> pl.Expr:
    """The cell's text without blanks around it; an empty one is null."""
    stripped = text.str.strip_chars(BLANKS)
    return pl.when(stripped != "").then(stripped)


def read_value(column: Column, texts: pl.Series, reading: Reading, parents: pl.Series | None = None) -> pl.Series:
    """The values of one column.

    Args:
        column: Its contract.
        texts: Its cleaned texts.
        reading: Period, registers and key.
        parents: The code of the unit above in each row, as `units_above` gives it.

    Returns:
        A series of the column's type, null where the text is empty or gives no value.
    """
    frame = texts.to_frame("text").with_columns(*(() if parents is None else (parents.alias("parent"),)))
    value = _READERS[column.type](_Cells(column, texts, reading, parents))
    return frame.select(value.alias(column.name)).to_series()


def units_above(column: Column, text_of: Callable[[Column], pl.Series], reading: Reading) -> pl.Series | None:
    """The code of the unit above in each row, as the column's `parent` says it; None without one.

    Args:
        column: Its contract.
        text_of: Gives a column's cleaned texts.
        reading: Period, registers and key.
    """
    if column.parent is None:
        return None
    above = reading.contract.column(column.parent)
    text = text_of(above)
    codes = read_value(above, text, reading, units_above(above, text_of, reading))
    # Below a unit that cannot be read nothing is found: it may be another province's.
    return codes.set(codes.is_null() & text.is_not_null(), _NO_UNIT)


@dataclass(frozen=True)
class _Cells:
    """One column's texts (`pl.col("text")` in a frame of their own) and what reading them needs."""

    column: Column
    texts: pl.Series
    reading: Reading
    parents: pl.Series | None = None


def _text(cells: _Cells) -> pl.Expr:
    column, text = cells.column, _composed(cells.texts)
    value = text
    if column.pattern:
        # polars takes Arabic and other digits for a \d; in this syntax a class may stand in a class.
        pattern = column.pattern.replace(r"\d", "[0-9]")
        value = pl.when(text.str.contains(f"^(?:{pattern})$")).then(text)
    if column.registry == "endpoints":
        value = pl.when(text.is_in(sorted(cells.reading.reference.endpoint_codes))).then(text)
    if column.pseudonym:
        return value.map_batches(lambda plain: pseudonyms(plain, cells.reading.hash_key), return_dtype=pl.String)
    return value


def _code(cells: _Cells) -> pl.Expr:
    codes = cells.reading.reference.codes[cells.column.code_list or ""]
    return read_code(_composed(cells.texts), codes, cells.column.width)


def _composed(texts: pl.Series) -> pl.Expr:
    """The text with each letter and its accents as one sign (NFC); ASCII, the most of it, is so already."""
    is_plain = texts.is_empty() or bool((texts.str.len_bytes() == texts.str.len_chars()).all())
    return _TEXT if is_plain else _TEXT.str.normalize("NFC")


def _endpoint(cells: _Cells) -> pl.Expr:
    addresses = cells.reading.reference.endpoint_by_address
    return _mapped(cells.texts, lambda address: addresses.get(_bare_address(address), GUEST))


def _bare_address(address: str) -> str:
    """`sip:DC001@x.example;transport=tls` is the address dc001@x.example."""
    return _SCHEME.sub("", address.lower()).partition(";")[0]


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


def _boolean(_: _Cells) -> pl.Expr:
    lower = _TEXT.str.to_lowercase()
    return pl.when(lower.is_in(TRUE_TEXTS)).then(statement=True).when(lower.is_in(FALSE_TEXTS)).then(statement=False)


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


def _unit(cells: _Cells) -> pl.Expr:
    """The unit that a name or a code means; below the unit above it where the column has a `parent`."""
    units = cells.reading.units
    if cells.parents is None:
        return _mapped(cells.texts, units.find)
    pairs = pl.DataFrame({"text": cells.texts, "parent": cells.parents}).unique().drop_nulls("text")
    meant = [units.find(text, parent) for text, parent in pairs.iter_rows()]
    # A code holds no such sign, so that no two pairs are one.
    both = pl.concat_str("text", pl.col("parent").fill_null(""), separator=_PARTED)
    return both.replace_strict(pairs.select(both).to_series(), pl.Series(meant, dtype=pl.String), default=None)


def _number(cells: _Cells, pattern: str, dtype: pl.DataType) -> pl.Expr:
    return read_number(_TEXT, cells.column, cells.reading.contract.format, pattern, dtype)


def _percentage(cells: _Cells) -> pl.Expr:
    return read_percentage(_TEXT, cells.texts.to_list(), cells.column, cells.reading.contract.format)


def _timestamp(cells: _Cells) -> pl.Expr:
    return read_timestamp(_TEXT, cells.column, is_workbook=cells.reading.contract.format.kind in _WORKBOOKS)


_READERS: dict[ColumnType, Callable[[_Cells], pl.Expr]] = {
    "text": _text,
    "integer": lambda cells: _number(cells, INTEGER, pl.Int64()),
    "amount": lambda cells: _number(cells, AMOUNT, pl.Decimal(18, 2)),
    "decimal": lambda cells: _number(cells, DECIMAL, pl.Decimal(18, 4)),
    "percent": _percentage,
    "boolean": _boolean,
    "date": lambda cells: read_date(_TEXT, cells.column),
    "timestamp": _timestamp,
    "code": _code,
    "agency_code": lambda cells: _mapped(cells.texts, _agency_codes(cells.column, cells.reading)),
    "unit_name": _unit,
    "procedure_code": lambda _: _TEXT.str.extract(_PROCEDURE_CODE, 1),
    "endpoint_address": _endpoint,
    "count_of": _count_of,
}
