"""The registry of indicators, `dbt_project/seeds/indicators.csv`: what each one is, and by which expressions it is counted.

The file is a CSV because that is what an analyst opens in a spreadsheet, what dbt takes as a seed, and what is published:
one file, converted nowhere. Its expressions are ours, not somebody's input; a typo is told with its row all the same.
Nothing here writes SQL: `indicators_to_dbt` does.
"""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from pipelines.errors import ContractError

NEXT_STEP = "Correct that row of dbt_project/seeds/indicators.csv, then run make generate."
_Words = Annotated[str, Field(min_length=1)]
_Maybe = Annotated[str | None, BeforeValidator(lambda text: text or None)]
_MaybeDay = Annotated[date | None, BeforeValidator(lambda text: text or None)]


class Indicator(BaseModel):
    """One row of the registry.

    Attributes:
        grain: By what it is counted: days, from which months follow by `aggregation`, or months as they are.
        aggregation: Of days: their sum, or the last. Of months: `none`, or `distinct` where a thing may stand under several
            units and is one in the province; the relation's row H56 then is the province, not its office.
        zero_denominator: What an empty denominator means: no figure (`no_value`), 0 (`zero`) or 1 (`full`).
        relation: The model that is counted, with a row for units by day (`report_date`) or by month (`period`).
        numerator_sql, denominator_sql: Expressions over one row of it; they are summed by unit. A count has no denominator.
        filter_sql: Which of its rows; None is all.
        coverage: The dataset whose days cover the figure; None where a month is told as a whole.
        bias: Whether the figure is known to be too small or too large; then the caveats say why.
        valid_from, valid_to: Outside of these days there is no figure.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    indicator_code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]+$")]
    group_code: Literal[
        "transparency",
        "settlement",
        "online",
        "payment",
        "digitisation",
        "document",
        "signing",
        "videoconference",
        "adoption",
        "officer",
    ]
    name_vi: _Words
    name_en: _Words
    platform: Literal["portal", "document", "videoconference", "platform", "officer"]
    grain: Literal["daily", "monthly"]
    measure: Literal["count", "share"]
    aggregation: Literal["sum", "last", "none", "distinct"]
    direction: Literal["up", "down", "none"]
    zero_denominator: Literal["no_value", "zero", "full"]
    unit_vi: _Words
    unit_en: _Words
    relation: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]+$")]
    numerator_sql: _Words
    denominator_sql: _Maybe
    filter_sql: _Maybe
    coverage: _Maybe
    legal_source: _Words
    formula_vi: _Words
    numerator_en: _Words
    denominator_en: _Maybe
    bias: Literal["none", "under_counted", "upper_bound"]
    caveat_vi: _Maybe
    caveat_en: _Maybe
    owner: _Words
    valid_from: date
    valid_to: _MaybeDay

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.measure == "share") != (self.denominator_sql is not None):
            raise ValueError("a share needs a denominator_sql and a count has none")
        if self.measure == "count" and self.zero_denominator != "no_value":
            raise ValueError("a count has no denominator that could be zero: zero_denominator is no_value")
        if (self.grain == "daily") != (self.aggregation in ("sum", "last")):
            raise ValueError(
                "a daily indicator says how days make a month (sum or last), a monthly one says none, or distinct where "
                "units do not add up to the province"
            )
        if self.grain == "daily" and self.coverage is None:
            raise ValueError("a daily indicator names the coverage whose days it stands on")
        if (self.caveat_vi is None) != (self.caveat_en is None) or (self.bias != "none" and self.caveat_vi is None):
            raise ValueError("a caveat stands in both languages, and a bias has one")
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("valid_to lies before valid_from")
        return self


def read_indicators(file: Path) -> tuple[Indicator, ...]:
    """The registry, in the order of the file.

    Raises:
        ContractError: A row is malformed or a code stands twice; it names the row and what is wrong with it.
    """
    found: dict[str, Indicator] = {}
    with file.open(encoding="utf-8", newline="") as text:
        for line, row in enumerate(csv.DictReader(text), start=2):
            code = row.get("indicator_code") or "?"
            try:
                indicator = Indicator.model_validate(row)
            except ValidationError as error:
                wrong = "; ".join(_told(one["loc"], one["msg"]) for one in error.errors())
                raise ContractError(f"{file.name}, line {line} ({code}): {wrong}.", NEXT_STEP) from error
            if code in found:
                raise ContractError(f"{file.name}, line {line}: {code} stands there twice.", NEXT_STEP)
            found[code] = indicator
    return tuple(found.values())


def _told(place: tuple[int | str, ...], message: str) -> str:
    return ": ".join([*(str(part) for part in place), message.removeprefix("Value error, ")])
