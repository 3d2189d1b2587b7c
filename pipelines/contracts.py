"""The contract of a dataset: what its owner exports, where it lies, how each column is read, who may see it.

One YAML file in `sources/<platform>/` is one contract; an unknown key is an error. From it come the parser, the
warehouse table, the dbt source and the data dictionary. What the rows must satisfy together stands in
`expectations/`; how to pull and read is code in `extract` and `parse` that no contract needs to know.
"""

from __future__ import annotations

import re
from datetime import time
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipelines.errors import ContractError

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


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(_Strict):
    """A label in both languages."""

    vi: str
    en: str


class Due(_Strict):
    """When an export is due: so many days after its period's last day, at this local time."""

    days_after: int = Field(ge=0)
    time: time


class HttpPages(_Strict):
    """Rows that come page by page as JSON behind a token, with a total to check against."""

    kind: Literal["http_pages"]
    connection: Literal["portal"]
    path: str
    query: dict[str, str]
    baseline_query: dict[str, str] = {}
    page_parameter: str
    rows: str
    total: str


class HttpDownload(_Strict):
    """One file that an HTTP address hands out behind a token."""

    kind: Literal["http_download"]
    connection: Literal["portal"]
    path: str
    query: dict[str, str] = {}


class Files(_Strict):
    """One file, or with a `*` in the path all that match, in a folder reached by SFTP, S3 or the local disk."""

    kind: Literal["files"]
    connection: Literal["documents", "videoconference", "officer"]
    path: str


class EndpointPoll(_Strict):
    """One status question to each registered endpoint. Without history only today can be asked."""

    kind: Literal["endpoint_poll"]
    connection: Literal["endpoints"]
    query: dict[str, str] = {}
    has_history: bool


Source = Annotated[HttpPages | HttpDownload | Files | EndpointPoll, Field(discriminator="kind")]


class Format(_Strict):
    """How the rows lie in the file.

    Attributes:
        kind: The layout, whatever the file's extension says.
        encoding: Declared, never guessed.
        rows: Path to the list of rows (JSON) or the name of a row's element (XML).
        header_rows: Levels of the heading (xlsx, html); a column's heading is its path joined by ` / `.
        thousands, decimal: Separators of numbers; `1.234` says nothing on its own.
        zero_marks: Texts that stand for zero.
        total_labels: Rows so labelled are a check on the sum, never data.
        group_column: Column that takes the label of the group row above.
    """

    kind: Literal["csv", "json", "xlsx", "html", "xml"]
    encoding: Literal["utf-8", "utf-8-sig"] = "utf-8"
    delimiter: str = ","
    rows: str = ""
    header_rows: int = Field(default=1, ge=1, le=4)
    thousands: str = ""
    decimal: str = "."
    zero_marks: tuple[str, ...] = ()
    total_labels: tuple[str, ...] = ()
    group_column: str | None = None


class Column(_Strict):
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


class Completeness(_Strict):
    """Of whom a figure is expected each period: every unit or every endpoint, by this column."""

    subject: Literal["unit", "endpoint"]
    column: str


class Volume(_Strict):
    """What a number of rows that nobody expects means.

    Attributes:
        empty_on_working_day: No row at all on a day when the offices work.
        below_band, above_band: Fewer or more rows than earlier periods of the same kind let expect.
    """

    empty_on_working_day: Literal["refuse", "warn"]
    below_band: Literal["refuse", "warn"] = "warn"
    above_band: Literal["refuse", "warn"] = "warn"


class Drift(_Strict):
    """What happens when headings are added or missing."""

    added: Literal["report", "ignore"]
    missing: Literal["refuse"]


class Contract(_Strict):
    """One dataset's contract.

    Attributes:
        mode: `changes`: every accepted load counts and the newest record of a key wins; `snapshot`: the newest
            accepted load of a partition replaces the ones before it.
        baseline: Whether the stock before the first day is pulled once.
        keys: Columns that tell records apart.
        newest_by: Column with the record's own time; the arrival's time breaks ties.
        ignored_headings: Headings of the export that are known and not kept.
        max_quarantine_share: Above this share of quarantined rows the load is refused.
    """

    dataset: str
    version: int = Field(ge=1)
    platform: Literal["portal", "document", "videoconference", "platform", "officer"]
    title: Text
    description: Text
    owner: str
    cadence: Literal["daily", "monthly"]
    due: Due
    mode: Literal["changes", "snapshot"]
    baseline: bool = False
    source: Source
    format: Format
    keys: tuple[str, ...] = Field(min_length=1)
    newest_by: str | None = None
    completeness: Completeness | None = None
    volume: Volume
    max_quarantine_share: float = Field(ge=0, le=1)
    drift: Drift
    ignored_headings: tuple[str, ...] = ()
    columns: tuple[Column, ...] = Field(min_length=1)

    @property
    def stored_columns(self) -> tuple[Column, ...]:
        """The columns that reach the warehouse, in order."""
        return tuple(column for column in self.columns if column.is_stored)

    def column(self, name: str) -> Column:
        """The column of that name."""
        return next(column for column in self.columns if column.name == name)

    @model_validator(mode="after")
    def _names_known_columns(self) -> Contract:
        names = [column.name for column in self.columns]
        stored = {column.name for column in self.stored_columns}
        if doubled := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two columns have one name: {', '.join(doubled)}")
        named = set(self.keys)
        if self.newest_by is not None:
            named.add(self.newest_by)
        if self.completeness is not None:
            named.add(self.completeness.column)
        if unknown := sorted(named - stored):
            raise ValueError(f"not a stored column: {', '.join(unknown)}")
        if self.format.group_column and self.format.group_column not in names:
            raise ValueError(f"not a column: {self.format.group_column}")
        if self.mode == "changes" and self.newest_by is None:
            raise ValueError("mode `changes` needs `newest_by`")
        if self.baseline and not (isinstance(self.source, HttpPages) and self.source.baseline_query):
            raise ValueError("`baseline` needs a source with `baseline_query`")
        return self


def read_contract(file: Path) -> Contract:
    """Reads one contract.

    Raises:
        ContractError: The file is not YAML, or not a contract; the message names the file and each fault.
    """
    try:
        return Contract.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ContractError(f"{file.name} is not readable YAML: {error}.", "Mend the file.") from error
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'contract'}: {fault['msg']}" for fault in error.errors()
        )
        raise ContractError(f"{file.name} is not a contract: {faults}.", "Mend the named keys.") from error


def read_contracts(folder: Path) -> dict[str, Contract]:
    """Reads every contract below `folder`, keyed by dataset and sorted.

    Raises:
        ContractError: A contract is malformed, misnamed or stands twice.
    """
    contracts: dict[str, Contract] = {}
    for file in sorted(folder.glob("*/*.yaml")):
        contract = read_contract(file)
        if contract.dataset != file.stem:
            raise ContractError(f"{file.name} describes {contract.dataset}.", "Name the file after its dataset.")
        if contract.dataset in contracts:
            raise ContractError(f"{contract.dataset} stands twice below {folder}.", "Keep one contract a dataset.")
        contracts[contract.dataset] = contract
    if not contracts:
        raise ContractError(f"No contract lies below {folder}.", "Run khotinh from the project's folder.")
    return dict(sorted(contracts.items()))
