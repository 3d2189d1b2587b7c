"""A corrected file over the real run: it takes over though the portal is down, and what was known before it stays known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from subprocess import CompletedProcess

import duckdb
import polars as pl
import pytest

from demo.truth import ledger
from tests.pipeline.conftest import Home, differences, home_with, rows_that_differ

RECORDS = ("dossier", "document_delivery", "document_registration", "conference_leg", "account")


@dataclass(frozen=True)
class Corrected:
    """Two days, of which the first was exported again, and taken in a run in which the portal did not answer.

    Attributes:
        published_before: The version from before the corrected file.
        differences_before: Where that version differs from the ledger as it was then.
        lost: That run.
    """

    home: Home
    published_before: Path
    differences_before: pl.DataFrame
    lost: CompletedProcess[str]


@pytest.fixture(scope="module")
def corrected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corrected]:
    first, last = date(2026, 11, 5), date(2026, 11, 6)
    with home_with(tmp_path_factory.mktemp("corrected"), ["corrected_file:2026-11-05"], first, last) as home:
        home.run(first, last)
        published_before = (home.folder / "published" / "warehouse.duckdb").resolve()
        differences_before = differences(home, ledger(home.made))
        # That morning the portal does not answer either.
        away = {"KHOTINH_PORTAL_URL": "http://127.0.0.1:9", "KHOTINH_RETRY_ATTEMPTS": "2"}
        lost = home.khotinh("run", "--date", str(first), "--json", **away)
        yield Corrected(home, published_before, differences_before, lost)


def test_a_corrected_file_is_a_new_revision_and_takes_over(corrected: Corrected) -> None:
    home = corrected.home
    assert corrected.differences_before.is_empty()
    assert differences(home, ledger(home.made, corrected=True)).is_empty()
    loads = home.query(
        "SELECT load_id FROM meta.loads WHERE dataset = 'document_exchanges' AND partition_key = '2026-11-05'"
    )
    assert loads["load_id"].to_list() == ["document_exchanges/2026-11-05/r1", "document_exchanges/2026-11-05/r2"]


def test_a_platform_that_is_down_does_not_hold_the_others_back(corrected: Corrected) -> None:
    assert corrected.lost.returncode == 1, corrected.lost.stderr
    assert "KHOTINH_PORTAL_URL" in corrected.lost.stderr
    assert '"is_published": true' in corrected.lost.stdout


def test_before_a_correction_is_known_what_was_published_before_it(corrected: Corrected) -> None:
    home, published_before = corrected.home, corrected.published_before
    with duckdb.connect(str(home.folder / "published" / "warehouse.duckdb"), read_only=True) as now:
        now.execute(f"ATTACH '{published_before}' AS before (READ_ONLY)")
        intervals = now.execute(
            """
            SELECT load_id, in_force_from, in_force_until FROM core.load_history
            WHERE dataset = 'document_exchanges' AND partition_key = '2026-11-05' ORDER BY load_sequence
            """
        ).fetchall()
        (original, _, replaced_at), (correction, corrected_at, still) = intervals
        assert (original, correction) == ("document_exchanges/2026-11-05/r1", "document_exchanges/2026-11-05/r2")
        assert replaced_at == corrected_at
        assert still is None
        for record in RECORDS:
            columns = _columns(now, record)
            just_before = (
                f"SELECT {columns} FROM core.{record}_as_known_on(TIMESTAMP '{corrected_at}' - INTERVAL 1 microsecond)"
            )
            at_correction = f"SELECT {columns} FROM core.{record}_as_known_on(TIMESTAMP '{corrected_at}')"
            assert rows_that_differ(now, just_before, f"SELECT {columns} FROM before.core.fct_{record}") == 0, record
            assert rows_that_differ(now, at_correction, f"SELECT {columns} FROM core.fct_{record}") == 0, record
        completed = now.execute(
            f"""
            SELECT
                (SELECT count(*) FROM core.document_delivery_as_known_on(TIMESTAMP '{corrected_at}') WHERE is_completed),
                (SELECT count(*) FROM core.document_delivery_history WHERE is_completed AND known_from < '{corrected_at}'
                    AND known_until IS NULL),
                (SELECT count(*) FROM core.document_delivery_history WHERE known_until = '{corrected_at}' AND NOT is_completed)
            """
        ).fetchone()
        assert completed is not None
        after, known_before, mended = completed
        assert mended > 0
        assert after == known_before + mended


def _columns(connection: duckdb.DuckDBPyConnection, record: str) -> str:
    """What the published history says of a record besides when it was known and who told it."""
    found = connection.execute(f"SELECT * FROM core.{record}_history LIMIT 0").description
    apart = {"known_from", "known_until", "is_gone", "load_id"}
    return ", ".join(str(column[0]) for column in found or [] if column[0] not in apart)
