"""A set that moves while it is paged: rows twice, rows never, and the second reading that shows it."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from starlette.responses import JSONResponse

from pipelines import extract
from pipelines.calendar import Partition
from pipelines.contracts import Contract
from pipelines.errors import TransientError
from pipelines.extract.web import pages

from .conftest import MakeSettings
from .servers import Portal

DAY = Partition.parse("2026-06-02")
ROWS: list[dict[str, object]] = [{"maHoSo": f"H56-260602-{number:04d}", "ten": "Đào"} for number in range(25)]
Rows = list[dict[str, object]]


def _pulled(contracts: dict[str, Contract], settings: MakeSettings, work: Path) -> Rows:
    """The rows of the delivery, asked for page by page."""
    delivery = extract.pull(contracts["portal_dossiers"], DAY, settings(http_connections=1), work)
    documents = [orjson.loads(line) for line in delivery.file.read_bytes().splitlines()]
    return [row for document in documents for row in document["items"]]


def _pulls(portal: Portal) -> int:
    return [query["page"] for _, query in portal.asked].count("1")


def _shifted(last: int) -> list[JSONResponse]:
    """Three pages whose total is right, between which the row numbered `last` moved to the front."""
    moved = [ROWS[last], *ROWS[:last], *ROWS[last + 1 :]]
    parts = (ROWS[:10], moved[10:20], moved[20:])
    return [JSONResponse({"total": len(ROWS), "items": part}) for part in parts]


def test_a_row_that_slipped_past_is_had_by_reading_again(
    contracts: dict[str, Contract], portal: Portal, portal_settings: MakeSettings, work: Path
) -> None:
    portal.rows = ROWS
    portal.faults.extend(_shifted(24))
    assert _pulled(contracts, portal_settings, work) == ROWS
    assert _pulls(portal) == 3


def test_repeats_of_the_sources_own_are_believed_when_they_stay(
    contracts: dict[str, Contract], portal: Portal, portal_settings: MakeSettings, work: Path
) -> None:
    portal.rows = [*ROWS, ROWS[3]]
    assert _pulled(contracts, portal_settings, work) == portal.rows
    assert _pulls(portal) == 2


def test_rows_that_come_in_one_answer_cost_no_second_reading(
    contracts: dict[str, Contract], portal: Portal, portal_settings: MakeSettings, work: Path
) -> None:
    portal.rows = [ROWS[0], *ROWS[:9]]
    assert _pulled(contracts, portal_settings, work) == portal.rows
    assert _pulls(portal) == 1


def test_rows_that_never_stand_still_are_transient(
    contracts: dict[str, Contract], portal: Portal, portal_settings: MakeSettings, work: Path
) -> None:
    for pull in range(pages.MOST_READINGS):
        moved = [ROWS[pull], *ROWS[:9], ROWS[pull], *ROWS[11:20]]
        portal.faults.extend(JSONResponse({"total": 25, "items": part}) for part in (moved[:10], moved[10:], ROWS[20:]))
    with pytest.raises(TransientError, match=r"4 rows differ between two readings.*`row_key`"):
        _pulled(contracts, portal_settings, work)
    assert _pulls(portal) == pages.MOST_READINGS
