"""The rows that are in quarantine now, and how their number moves from week to week.

Now: the loads in force, and the freshest file of a period if it was refused. A file that was judged again after its
rules were mended stands with its last judgement only. This opens the build warehouse; readers see the reasons alone,
in `meta.quarantine_reasons`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

import duckdb
import orjson

from pipelines.errors import PermanentError
from pipelines.load.warehouse import open_warehouse
from pipelines.settings import Settings

_FETCHED = 1_000
_IS_BUILT = "SELECT 1 FROM duckdb_views() WHERE schema_name = 'staging' AND view_name = 'stg_loads_in_force'"
# The order of freshness is the gate's own (stg_loads_in_force).
_VIEWS = """
CREATE OR REPLACE TEMP VIEW loads_now AS
WITH judged AS (
    SELECT loads.*, file_name, file_sha256, arrived_at,
        least(coalesce(source_modified_at, arrived_at), arrived_at) AS known_at
    FROM ops.loads JOIN ops.arrivals USING (arrival_id)
),

freshest AS (
    SELECT * FROM judged
    QUALIFY row_number() OVER (
        PARTITION BY dataset, partition_key ORDER BY known_at DESC, arrived_at DESC, load_sequence DESC
    ) = 1
),

chosen AS (
    SELECT * FROM judged WHERE load_id IN (SELECT load_id FROM staging.stg_loads_in_force)
    UNION ALL
    SELECT * FROM freshest WHERE verdict = 'refused'
)

SELECT *,
    CASE length(partition_key)
        WHEN 7 THEN CAST(partition_key || '-01' AS DATE) ELSE CAST(right(partition_key, 10) AS DATE)
    END AS day
FROM chosen
QUALIFY row_number() OVER (PARTITION BY dataset, partition_key, file_sha256 ORDER BY load_sequence DESC) = 1;

CREATE OR REPLACE TEMP VIEW rows_now AS
SELECT dataset, partition_key, day, load_id, file_name, loads_now.file_sha256, sheet_name, row_number, unit_code, row_text, reasons
FROM ops.quarantine JOIN loads_now USING (load_id);
"""
_CHOSEN = """
    SELECT * FROM rows_now
    WHERE ($dataset IS NULL OR dataset = $dataset)
        AND ($unit IS NULL OR unit_code = $unit OR starts_with(unit_code, $unit || '.'))
        AND ($first IS NULL OR day >= $first) AND ($last IS NULL OR day <= $last)
"""
_SAVED = """
    SELECT dataset, partition_key, load_id, file_name, file_sha256, sheet_name, row_number, unit_code, row_text, reasons
    FROM read_parquet(?)
    ORDER BY unit_code NULLS LAST, dataset, partition_key, file_name, load_id, sheet_name, row_number
"""
_NEWEST_DAY = """
    SELECT coalesce($last, max(day) FILTER (cadence = 'daily'), max(day))
    FROM loads_now JOIN ops.datasets USING (dataset)
"""
# What follows `; ` in a reason are the units that may be meant: another misspelling is the same fault.
# A week for what comes daily, a month for what comes monthly.
_COUNTS = """
    WITH windows AS (
        SELECT dataset,
            CASE cadence WHEN 'monthly' THEN max(day) ELSE CAST($until AS DATE) - 6 END AS this_first,
            CASE cadence WHEN 'monthly' THEN max(day) ELSE CAST($until AS DATE) END AS this_last,
            CASE cadence WHEN 'monthly' THEN CAST(max(day) - INTERVAL 1 MONTH AS DATE) ELSE CAST($until AS DATE) - 13 END AS before_first,
            CASE cadence WHEN 'monthly' THEN CAST(max(day) - INTERVAL 1 MONTH AS DATE) ELSE CAST($until AS DATE) - 7 END AS before_last
        FROM loads_now JOIN ops.datasets USING (dataset)
        WHERE day <= CAST($until AS DATE)
        GROUP BY dataset, cadence
    ),

    read AS (
        SELECT dataset,
            coalesce(sum(rows_read) FILTER (day BETWEEN this_first AND this_last), 0)::BIGINT AS read_this_week,
            coalesce(sum(rows_read) FILTER (day BETWEEN before_first AND before_last), 0)::BIGINT AS read_week_before
        FROM loads_now JOIN windows USING (dataset)
        GROUP BY dataset
    ),

    by_reason AS (
        SELECT dataset, CASE WHEN $by_unit THEN unit_code END AS unit_code, day,
            unnest(list_distinct(list_transform(reasons, lambda reason: split_part(reason, '; ', 1)))) AS reason
        FROM rows_now
        WHERE ($dataset IS NULL OR dataset = $dataset)
            AND ($unit IS NULL OR unit_code = $unit OR starts_with(unit_code, $unit || '.'))
    ),

    counted AS (
        SELECT dataset, unit_code, reason,
            count(*) FILTER (($first IS NULL OR day >= $first) AND ($last IS NULL OR day <= $last)) AS rows_count,
            min(day) FILTER (($first IS NULL OR day >= $first) AND ($last IS NULL OR day <= $last)) AS first_day,
            max(day) FILTER (($first IS NULL OR day >= $first) AND ($last IS NULL OR day <= $last)) AS last_day,
            count(*) FILTER (day BETWEEN this_first AND this_last) AS this_week,
            count(*) FILTER (day BETWEEN before_first AND before_last) AS week_before
        FROM by_reason JOIN windows USING (dataset)
        GROUP BY dataset, unit_code, reason
    )

    SELECT dataset, unit_code, reason, rows_count, first_day, last_day,
        this_week, week_before, read_this_week, read_week_before
    FROM counted JOIN read USING (dataset)
    WHERE rows_count > 0
    ORDER BY dataset, unit_code NULLS LAST, rows_count DESC, reason
"""


@dataclass(frozen=True)
class Choice:
    """Which rows are asked for; None leaves a bound open.

    Attributes:
        unit_code: The unit and the units below it.
        first_day, last_day: Days of the periods; a month stands on its first day.
    """

    dataset: str | None = None
    unit_code: str | None = None
    first_day: date | None = None
    last_day: date | None = None

    def parameters(self) -> dict[str, str | date | None]:
        """The choice as the queries name it."""
        return {"dataset": self.dataset, "unit": self.unit_code, "first": self.first_day, "last": self.last_day}


class Trend(StrEnum):
    """How the share of rejected rows moved. More rows read are more rejects, so the share decides, not the number."""

    MORE = "more"
    LESS = "less"
    SAME = "same"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class ReasonCount:
    """How often one reason stands in quarantine. A row with two reasons counts under each.

    Attributes:
        unit_code: None where the row's unit could not be read, or where the units are counted together.
        first_day, last_day: The first and the last period with such a row.
        this_week, week_before: Rows of the seven days up to the newest one, and of the seven before; for what comes
            monthly, of the newest month and the one before.
        read_this_week, read_week_before: Rows that the whole dataset had in these days.
    """

    dataset: str
    unit_code: str | None
    reason: str
    rows: int
    first_day: date
    last_day: date
    this_week: int
    week_before: int
    read_this_week: int
    read_week_before: int

    @property
    def share_this_week(self) -> float | None:
        """Share of the rows read, None if none was."""
        return self.this_week / self.read_this_week if self.read_this_week else None

    @property
    def share_week_before(self) -> float | None:
        """Share of the rows read, None if none was."""
        return self.week_before / self.read_week_before if self.read_week_before else None

    @property
    def trend(self) -> Trend:
        """Both shares compared as they are shown, in hundredths of a percent."""
        now, before = self.share_this_week, self.share_week_before
        if now is None or before is None:
            return Trend.UNKNOWN
        difference = round(now, 4) - round(before, 4)
        return Trend.SAME if not difference else Trend.MORE if difference > 0 else Trend.LESS


@dataclass(frozen=True)
class HeldRow:
    """One row in quarantine.

    Attributes:
        row_number: Line, sheet row or record, as a person counts it from 1.
        cells: The texts as they came, by column; personal ones masked.
    """

    dataset: str
    partition_key: str
    load_id: str
    file_name: str
    file_sha256: str
    sheet_name: str
    row_number: int
    unit_code: str | None
    cells: dict[str, str | None]
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class RefusedFile:
    """The freshest file of a period, refused as a whole."""

    dataset: str
    partition_key: str
    file_name: str
    refusal_reason: str


@contextmanager
def open_quarantine(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Opens the build warehouse with the views that the questions below stand on.

    Raises:
        PermanentError: Nothing was loaded or built yet.
        TransientError: Another run kept the warehouse for longer than `lock_seconds`.
    """
    if not settings.warehouse_file.exists():
        raise PermanentError(f"Nothing was loaded in {settings.home} yet.", "Run khotinh run first.")
    with open_warehouse(settings) as connection:
        if connection.execute(_IS_BUILT).fetchone() is None:
            raise PermanentError(f"{settings.warehouse_file} was never built.", "Run khotinh run first.")
        connection.execute(_VIEWS)
        yield connection


def newest_day(connection: duckdb.DuckDBPyConnection, choice: Choice) -> date | None:
    """The day up to which weeks are counted: the chosen last day, else the newest that came; None if nothing did."""
    found: date | None = connection.execute(_NEWEST_DAY, {"last": choice.last_day}).fetchall()[0][0]
    return found


def count_reasons(
    connection: duckdb.DuckDBPyConnection, choice: Choice, *, by_unit: bool = True
) -> list[ReasonCount]:  # fmt: skip
    """Counts by dataset, unit and reason, or over all units."""
    until = newest_day(connection, choice)
    if until is None:
        return []
    parameters = {**choice.parameters(), "by_unit": by_unit, "until": until}
    return [ReasonCount(*row) for row in connection.execute(_COUNTS, parameters).fetchall()]


def refused_files(connection: duckdb.DuckDBPyConnection, choice: Choice) -> list[RefusedFile]:
    """Files of which no row counts, whether or not a row of them could be read."""
    found = connection.execute(
        """
        SELECT dataset, partition_key, file_name, refusal_reason FROM loads_now
        WHERE verdict = 'refused' AND ($dataset IS NULL OR dataset = $dataset)
            AND ($first IS NULL OR day >= $first) AND ($last IS NULL OR day <= $last)
        ORDER BY day, dataset
        """,
        {"dataset": choice.dataset, "first": choice.first_day, "last": choice.last_day},
    )
    return [RefusedFile(*row) for row in found.fetchall()]


def save_rows(connection: duckdb.DuckDBPyConnection, choice: Choice, file: Path) -> int:
    """Copies the chosen rows to a parquet file, so that nobody waits while they are told; says how many."""
    connection.execute("CREATE OR REPLACE TEMP TABLE rows_chosen AS " + _CHOSEN, choice.parameters())
    chosen = connection.table("rows_chosen")
    chosen.write_parquet(str(file))
    return len(chosen)


def read_rows(file: Path) -> Iterator[HeldRow]:
    """The saved rows by unit, dataset, period and place in the file; rows of no readable unit come last."""
    with duckdb.connect() as connection:
        found = connection.execute(_SAVED, [str(file)])
        while rows := found.fetchmany(_FETCHED):
            for dataset, key, load_id, name, digest, sheet, number, unit, text, reasons in rows:
                yield HeldRow(
                    dataset, key, load_id, name, digest, sheet, number, unit, orjson.loads(text), tuple(reasons)
                )
