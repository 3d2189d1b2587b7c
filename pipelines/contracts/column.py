"""One column of an export: how it is called outside, what it becomes, who may see it."""

from __future__ import annotations

import re
from datetime import datetime
from itertools import permutations
from typing import Literal

from pydantic import Field, model_validator

from pipelines.contracts.declared import Declared

ColumnType = Literal[
    "text", "integer", "amount", "decimal", "percent", "boolean", "date", "timestamp", "code",
    "agency_code", "unit_name", "procedure_code", "endpoint_address", "count_of",
]  # fmt: skip
SQL_TYPES: dict[ColumnType, str] = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "amount": "DECIMAL(18,2)",
    "decimal": "DECIMAL(18,4)",
    "percent": "DECIMAL(18,6)",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "code": "VARCHAR",
    "agency_code": "VARCHAR",
    "unit_name": "VARCHAR",
    "procedure_code": "VARCHAR",
    "endpoint_address": "VARCHAR",
    "count_of": "BIGINT",
}
PersonalClass = Literal["name", "phone", "email", "id_number", "address", "free_text", "account", "dossier_code"]
LARGEST_NUMBER = 99_999_999
"""Largest value of a number without a `maximum`: with nine digits it may be a telephone or ID number, its zero eaten."""
LARGEST_SHARE = 100
"""Largest value of a percentage without a `maximum`, as a share: ten thousand percent."""

NUMBERS: frozenset[ColumnType] = frozenset({"integer", "amount", "decimal", "percent"})
MOMENTS: frozenset[ColumnType] = frozenset({"date", "timestamp"})
# A key that does nothing for its column's type is a mistake that nobody would notice.
_ONLY_FOR: dict[str, frozenset[ColumnType]] = {
    "format": MOMENTS, "formats": MOMENTS, "excel_serial": MOMENTS, "in_period": MOMENTS,
    "percent_as": frozenset({"percent"}), "thousands": NUMBERS, "decimal": NUMBERS, "parentheses": NUMBERS,
    "width": frozenset({"code"}), "parent": frozenset({"unit_name"}),
}  # fmt: skip
_SEPARATOR = re.compile(r"[^0-9A-Za-z+()%\u2212-]")
# Directives that leave the year to be guessed, or order day and month as some locale does.
_UNSURE_DIRECTIVES = re.compile(r"%-?[yCgDxcG]")
_PROBES = (datetime(2026, 11, 5, 14, 30, 5), datetime(2026, 5, 11, 1, 2, 3), datetime(2026, 1, 25, 23, 59, 58))  # noqa: DTZ001
_NAME = re.compile(r"^[a-z][a-z0-9_]*$")


class Column(Declared):
    """One column: how it is called outside, what it becomes, who may see it.

    Attributes:
        headings: Accepted headings; for JSON the path of the value, for XML the path of the element or attribute.
        required: The heading must be there, or the file is refused.
        nullable: Whether a row may leave it empty.
        pattern: Regular expression that the text must match as a whole. A text that is kept has one, or a registry:
            a name or a telephone number typed into it must not get through.
        code_list: List in `code_lists.csv` that holds the accepted codes.
        registry: Register that must know the value (units, endpoints).
        format, formats: How a date or a time is written, one way or several that no text can confuse; strftime's
            directives, the year with four digits.
        excel_serial: Epoch of the workbook whose bare day numbers (`45600`, `45600.5`) the column may hold.
        in_period: Every date lies in the file's period. Dates that only do so once day and month change places refuse
            the file; single ones are the suites' matter.
        percent_as: What a bare figure of a percentage is: refused (`sign`), `hundredths` (95.5) or a `share` (0.955).
            A figure with its sign is read in each.
        thousands, decimal: This column's own separators, where they are not the layout's.
        parentheses: `(5)` is minus five.
        width: Digits of a code, zeros in front included, which Excel drops. A shorter text is mended where the list has
            only the longer one; mended cells are counted.
        parent: Column with the unit above: of several units of one name the one below it is meant.
        empty_as: Code that an empty cell means.
        personal: Class of personal data. Such a column ends at the parser unless `pseudonym` is set.
        minimum, maximum: Bounds of a number; without a maximum it is LARGEST_NUMBER.
        hides_row: Where this cell is filled, no other cell of the row may be shown, not even in quarantine: a secret.
        pseudonym: Kept as a keyed hash, because records or persons must be told apart.
    """

    name: str
    type: ColumnType
    headings: tuple[str, ...]
    vi: str
    en: str
    required: bool = False
    nullable: bool = True
    format: str | None = None
    formats: tuple[str, ...] = ()
    excel_serial: Literal[1900, 1904] | None = None
    in_period: bool = False
    time_zone: Literal["Asia/Ho_Chi_Minh", "UTC"] = "Asia/Ho_Chi_Minh"
    pattern: str | None = None
    code_list: str | None = None
    registry: Literal["units", "endpoints"] | None = None
    empty_as: str | None = None
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    separator: str | None = None
    percent_as: Literal["sign", "hundredths", "share"] | None = None
    thousands: str | None = None
    decimal: str | None = None
    parentheses: Literal["negative"] | None = None
    width: int | None = Field(default=None, ge=2, le=20)
    parent: str | None = None
    personal: PersonalClass | None = None
    pseudonym: bool = False
    hides_row: bool = False

    @property
    def is_stored(self) -> bool:
        """Whether the column reaches the warehouse."""
        return self.personal is None or self.pseudonym

    @property
    def sql_type(self) -> str:
        """Its type in the warehouse."""
        return SQL_TYPES[self.type]

    @property
    def largest(self) -> float | None:
        """The largest value that is believed; None of what is no number."""
        if self.maximum is not None or self.type not in NUMBERS:
            return self.maximum
        return LARGEST_SHARE if self.type == "percent" else LARGEST_NUMBER

    @property
    def written_as(self) -> tuple[str, ...]:
        """The formats of a date or a time."""
        return self.formats or ((self.format,) if self.format else ())

    @model_validator(mode="after")
    def _fits_its_type(self) -> Column:
        if not _NAME.match(self.name):
            raise ValueError(f"{self.name!r} is not a snake_case name")
        if self.pattern is not None:
            try:
                re.compile(self.pattern)
            except re.error as error:
                raise ValueError(f"column {self.name}: `pattern` is no regular expression ({error})") from error
        needs: dict[str, tuple[object, str]] = {
            "code": (self.code_list, "code_list"),
            "date": (self.written_as or None, "format"),
            "timestamp": (self.written_as or None, "format"),
            "percent": (self.percent_as, "percent_as"),
            "unit_name": (self.registry, "registry"),
            "endpoint_address": (self.registry, "registry"),
            "count_of": (self.separator, "separator"),
        }
        value, key = needs.get(self.type, (True, ""))
        if value is None:
            raise ValueError(f"column {self.name}: type {self.type} needs `{key}`")
        for key, types in _ONLY_FOR.items():
            if key in self.model_fields_set and self.type not in types:
                raise ValueError(f"column {self.name}: `{key}` means nothing for type {self.type}")
        if self.pseudonym and self.personal is None:
            raise ValueError(f"column {self.name}: `pseudonym` needs a `personal` class")
        if self.type == "text" and self.is_stored and not self.pattern and not self.registry and not self.pseudonym:
            raise ValueError(
                f"column {self.name}: free text may hold anybody's name; bound it by a `pattern`, a `registry` or the type "
                "`code`, or give it a `personal` class"
            )
        return self

    @model_validator(mode="after")
    def _is_written_unmistakably(self) -> Column:
        if self.format and self.formats:
            raise ValueError(f"column {self.name}: give `format` or `formats`, not both")
        for layout in self.written_as:
            if _UNSURE_DIRECTIVES.search(layout) or not {"%Y", "%F"} & set(re.findall("%[A-Za-z]", layout)):
                raise ValueError(f"column {self.name}: {layout!r} does not write the year with four digits (%Y)")
        for one, other in permutations(self.written_as, 2):
            if _can_be_confused(one, other):
                raise ValueError(f"column {self.name}: a text of {one!r} may also be read as {other!r}")
        for key, mark in (("thousands", self.thousands), ("decimal", self.decimal)):
            if mark and not _SEPARATOR.fullmatch(mark):
                raise ValueError(f"column {self.name}: `{key}` must be one sign that is no digit, letter or minus")
        return self


def _can_be_confused(one: str, other: str) -> bool:
    """Whether a text of one format has another meaning in another: day and month would be a guess."""
    for moment in _PROBES:
        try:
            text = moment.strftime(one)
            # Both are naive: what is compared is what a text says, not when it was.
            if datetime.strptime(text, other) != datetime.strptime(text, one):  # noqa: DTZ007
                return True
        except ValueError:
            continue
    return False
