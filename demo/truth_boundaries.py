"""What the figures of the ledger should be on the boundaries of today, by the official tables and never with SQL.

For days from 1 January 2025 on: one change lies between them and today. Who stands where before that is told by more
tables than the demo province needs.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Final

import polars as pl

from demo.former_units import LAST_DISTRICT_DAY, read
from demo.registry import UNITS_FILE

SUMS: Final = ["numerator", "denominator"]


def on_todays_boundaries(ledger: pl.DataFrame) -> pl.DataFrame:
    """The ledger's rows with the figures of former units shared out among those of today.

    Args:
        ledger: Rows of `demo.truth.ledger`, of days or months from 2025 on.

    Returns:
        The same columns; `unit_code` is null where no unit of today took the figures over.
    """
    shares = pl.DataFrame(_shares(), schema=["unit_code", "today_code", "weight"], orient="row")
    shared = ledger.join(shares, on="unit_code", how="left").with_columns(
        pl.when(pl.col("weight").is_null())
        .then(pl.col("unit_code"))
        .otherwise(pl.col("today_code"))
        .alias("unit_code"),
        pl.col("weight").fill_null(1.0),
    )
    return shared.group_by("indicator_code", "unit_code", "period").agg(
        (pl.col("numerator") * pl.col("weight")).sum(),
        pl.when(pl.col("denominator").count() > 0).then((pl.col("denominator") * pl.col("weight")).sum()),
    )


def _shares() -> list[tuple[str, str | None, float]]:
    """Of each unit that ended on 30 June 2025: a unit of today, or none, and the share that it has of it."""
    units = pl.read_csv(UNITS_FILE, infer_schema=False).rows(named=True)
    today = {
        row["commune_code"]: row["unit_code"] for row in units if row["unit_type"] == "commune" and not row["valid_to"]
    }
    weights = {(row["old_code"], row["new_code"]): float(row["weight"]) for row in read("commune_split_weights.csv")}
    moves: defaultdict[str, list[str]] = defaultdict(list)
    for row in read("communes_legacy_to_2025.csv"):
        moves[row["old_code"]].append(row["new_code"])
    shares: list[tuple[str, str | None, float]] = []
    for unit in (row for row in units if row["valid_to"] == LAST_DISTRICT_DAY):
        if unit["unit_type"] == "commune":
            old = unit["commune_code"]
            shares += [(unit["unit_code"], today[new], weights.get((old, new), 1.0)) for new in moves[old]]
        else:
            shares.append((unit["unit_code"], None, 1.0))
    return shares
