"""Half an export on a working day: refused, told in Vietnamese, and its day absent rather than half."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import polars as pl
import pytest

from demo.truth import ledger
from tests.pipeline.conftest import Ran, differences, home_with

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 10)
DATASET = "document_exchanges"


@pytest.fixture(scope="module")
def halved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """Ten days, of the last one half the exchange file."""
    with home_with(tmp_path_factory.mktemp("halved"), ["halved_export"], FIRST, LAST) as home:
        yield Ran(home, home.run(FIRST, LAST, "--dataset", DATASET))


def test_half_an_export_is_refused_and_the_rest_is_published(halved: Ran) -> None:
    assert (halved.answer["exit_code"], halved.answer["is_published"]) == (3, True)
    (refused,) = [attempt for attempt in halved.answer["attempts"] if attempt["outcome"] != "loaded"]
    assert (refused["dataset"], refused["partition_key"]) == ("document_exchanges", "2026-11-10")
    assert refused["message"].startswith(f"volume_is_in_band: {refused['rows_accepted']} rows, expected ")


def test_its_day_is_absent_and_no_figure_is_half(halved: Ran) -> None:
    figures = (
        "document_sent", "document_resent", "document_documents_sent", "document_received", "document_completed"
    )  # fmt: skip
    truth = ledger(halved.home.made).filter(pl.col("indicator_code").is_in(figures))
    assert not truth.is_empty()
    assert differences(halved.home, truth).is_empty()
    days = halved.home.query(
        "SELECT DISTINCT period::VARCHAR AS day FROM marts.indicator_daily WHERE indicator_code = 'document_sent' ORDER BY 1"
    )["day"].to_list()
    assert (days[0], days[-1]) == ("2026-11-01", "2026-11-09")
    states = halved.home.query(
        "SELECT state FROM meta.completeness WHERE dataset = 'document_exchanges' AND day = '2026-11-10'"
    )
    assert set(states["state"].to_list()) == {"missing"}


def test_the_band_and_what_it_was_learned_from_are_published(halved: Ran) -> None:
    (line,) = halved.home.query(
        """
        SELECT * EXCLUDE (dataset, partition_key) FROM meta.volumes
        WHERE dataset = 'document_exchanges' AND partition_key = '2026-11-10' AND unit_group = 'all'
        """
    ).to_dicts()
    earlier = halved.home.query(
        """
        SELECT rows_count FROM meta.volumes
        WHERE dataset = 'document_exchanges' AND unit_group = 'all' AND day_kind = 'working_day' AND partition_key < '2026-11-10'
        ORDER BY rows_count
        """
    )["rows_count"].to_list()
    assert (line["state"], line["history_count"], len(earlier)) == ("below", 6, 6)
    assert line["median_count"] == (earlier[2] + earlier[3]) / 2
    assert line["rows_count"] < line["low_count"] <= min(earlier) < line["high_count"]


def test_status_says_so_in_vietnamese(halved: Ran) -> None:
    said = " ".join(halved.home.khotinh("status").stdout.split())
    assert "document_exchanges 2026-11-10 refused: Số dòng ít hơn hẳn mọi ngày cùng loại: " in said
    assert "chưa có số liệu" in said
