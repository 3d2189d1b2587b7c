"""One column of an export: how it is called outside, what it becomes, who may see it."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import model_validator

from pipelines.contracts.declared import Declared

ColumnType = Literal[
    "text", "integer", "amount", "decimal", "boolean", "date", "timestamp", "code",
    "agency_code", "unit_name", "procedure_code", "endpoint_address", "count_of",
]  # fmt: skip
SQL_TYPES: dict[ColumnType, str] = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "amount": "DECIMAL(18,2)",
    "decimal": "DECIMAL(18,4)",
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
    time_zone: Literal["Asia/Ho_Chi_Minh", "UTC"] = "Asia/Ho_Chi_Minh"
    pattern: str | None = None
    code_list: str | None = None
    registry: Literal["units", "endpoints"] | None = None
    empty_as: str | None = None
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    separator: str | None = None
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
        is_number = self.type in ("integer", "amount", "decimal")
        return LARGEST_NUMBER if self.maximum is None and is_number else self.maximum

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
            "date": (self.format, "format"),
            "timestamp": (self.format, "format"),
            "unit_name": (self.registry, "registry"),
            "endpoint_address": (self.registry, "registry"),
            "count_of": (self.separator, "separator"),
        }
        value, key = needs.get(self.type, (True, ""))
        if value is None:
            raise ValueError(f"column {self.name}: type {self.type} needs `{key}`")
        if self.pseudonym and self.personal is None:
            raise ValueError(f"column {self.name}: `pseudonym` needs a `personal` class")
        if self.type == "text" and self.is_stored and not self.pattern and not self.registry and not self.pseudonym:
            raise ValueError(
                f"column {self.name}: free text may hold anybody's name; bound it by a `pattern`, a `registry` or the type "
                "`code`, or give it a `personal` class"
            )
        return self
