"""A judged file as small as a test needs it, and a warehouse that is ready for it."""

# ruff: noqa: DTZ001  (the warehouse keeps naive local times)

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.archive import Arrival
from pipelines.contracts import Contract, read_contract
from pipelines.load.ledger import Attempt
from pipelines.load.load import load
from pipelines.load.warehouse import open_warehouse, prepare
from pipelines.parse.rejects import REJECT_SCHEMA
from pipelines.parse.typed_rows import TypedRows
from pipelines.reference import read_reference
from pipelines.settings import ENDPOINTS_FILE, SEEDS, SOURCES, Settings
from pipelines.validate.verdict import Check, Judged, Verdict
from pipelines.validate.volume_basis import read_volume_basis

CONTRACT: Contract = read_contract(SOURCES / "platform" / "platform_accounts.yaml")
BASIS = read_volume_basis(SEEDS, read_reference(SEEDS, ENDPOINTS_FILE).units, Path("nobody is excused"), ())
STARTED, FINISHED = datetime(2026, 7, 2, 5, 30), datetime(2026, 7, 2, 5, 31)
ROWS = pl.Schema({
    "row_number": pl.Int64(), "account_key": pl.String(), "unit_code": pl.String(), "platform_code": pl.String(),
    "issued_date": pl.Date(), "last_login_at": pl.Datetime("us"), "is_locked": pl.Boolean(),
})  # fmt: skip


def settings_in(folder: Path, **more: Any) -> Settings:
    """Settings of a home below `folder`, whatever the environment says."""
    return Settings(_env_file=None, home=folder / "data", **more)  # type: ignore[call-arg]


def rows(*numbers: int) -> pl.DataFrame:
    """One account for each row number."""
    cells = [(n, f"{n:032x}", "H56.12", "portal", date(2026, 6, 1), datetime(2026, 6, 2, 8), False) for n in numbers]
    return pl.DataFrame(cells, schema=ROWS, orient="row")


def rejects(*numbers: int) -> pl.DataFrame:
    """One rejected row for each row number."""
    cells = [(n, "", '{"unit_code":"H99"}', ["unit_code: unknown", "is_locked: empty"], None) for n in numbers]
    return pl.DataFrame(cells, schema=REJECT_SCHEMA, orient="row")


def judged(
    accepted: Sequence[int] = (2, 3), rejected: Sequence[int] = (4,), duplicates: int = 1, *, refused: bool = False
) -> Judged:
    """A file's rows after the verdict."""
    return Judged(
        verdict=Verdict.REFUSED if refused else Verdict.ACCEPTED_WITH_WARNINGS,
        rows=TypedRows.of_frame(rows(*accepted)),
        quarantine=rejects(*rejected),
        checks=(
            Check("no_row_is_set_apart", "warning", is_success=False, observed="", unexpected_count=len(rejected)),
            Check("export_is_not_empty", "critical", is_success=not refused, observed=str(len(accepted))),
        ),
        rows_read=len(accepted) + len(rejected) + duplicates,
        rows_duplicate=duplicates,
        refusal_reason="export_is_not_empty: nothing came" if refused else None,
    )


def arrival(
    digest: str = "a" * 64, key: str = "2026-06", modified_at: datetime | None = None, name: str = "a.csv"
) -> Arrival:
    """A raw file as the archive would hand it over."""
    return Arrival(
        dataset=CONTRACT.dataset, partition_key=key, file=Path(name), file_sha256=digest, file_name=name, file_bytes=77,
        source_uri=f"sftp://host/{name}", source_modified_at=modified_at, arrived_at=STARTED, declared_rows=None,
    )  # fmt: skip


def put(
    settings: Settings, came: Arrival, what: Judged | None = None, contract: Contract = CONTRACT, rules: str = "rules 1"
) -> Attempt:
    """Loads one judged file into the warehouse of `settings`."""
    with open_warehouse(settings) as connection:
        prepare(connection, [contract])
        return load(connection, contract, came, what or judged(), STARTED, FINISHED, rules, BASIS)


def ask(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    """What the warehouse answers."""
    with duckdb.connect(str(settings.warehouse_file), read_only=True) as connection:
        return connection.execute(query).fetchall()
