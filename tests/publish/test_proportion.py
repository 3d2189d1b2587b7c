"""A publish that would change or take away most of what readers have waits for a person; new figures never do."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pipelines.load.warehouse import open_warehouse
from pipelines.publish.proportion import OutOfProportionError
from pipelines.publish.publish import POINTER, Version, current_version, publish, read_versions
from pipelines.settings import Settings
from tests.publish.publish_help import HIDDEN, build_warehouse, settings_in

# 3,000 daily figures of one indicator, a month that is closed and a table that may shrink.
HISTORY = """
INSERT INTO marts.indicator_daily
    SELECT 'portal_received', 'H56.' || range % 30, DATE '2026-01-01' + CAST(range // 30 AS INTEGER), range, NULL, range
    FROM range(3000);
INSERT INTO marts.indicator_monthly SELECT * REPLACE ('202605' AS period, true AS is_closed) FROM marts.indicator_monthly;
INSERT INTO core.fct_dossier SELECT 'x', 'H56.12', range FROM range(2000);
"""
# 3,001 figures could be read, 1,000 twice: 1,500 are not more than half of them.
HALF = 'UPDATE marts.indicator_daily SET "value" = "value" + 1 WHERE "value" < 1499'
MORE = 'UPDATE marts.indicator_daily SET "value" = "value" + 1 WHERE "value" < 1500'
GONE = 'DELETE FROM marts.indicator_daily WHERE "value" < 1500'
NEW = """
INSERT INTO marts.indicator_daily SELECT * REPLACE (period + INTERVAL 1 YEAR AS period) FROM marts.indicator_daily;
INSERT INTO marts.indicator_daily SELECT * REPLACE ('new_one' AS indicator_code) FROM marts.indicator_daily;
"""
CLOSED = 'UPDATE marts.indicator_monthly SET "value" = "value" + 1 WHERE period = \'202605\''
RUNNING = 'UPDATE marts.indicator_monthly SET "value" = "value" + 1 WHERE period = \'202606\''
REOPENED = f"{CLOSED}; UPDATE marts.indicator_monthly SET is_closed = false"
SHRUNK = "DELETE FROM core.fct_dossier WHERE load_sequence < 900"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture
def manifest(settings: Settings) -> Path:
    manifest = build_warehouse(settings)
    _do(settings, HISTORY)
    publish(settings, manifest, HIDDEN)
    return manifest


def _do(settings: Settings, statements: str) -> None:
    with open_warehouse(settings) as connection:
        connection.execute(statements)


def _before(settings: Settings) -> Version:
    return read_versions(settings.published_folder)[-1]


@pytest.mark.parametrize("change", [HALF, NEW, RUNNING, REOPENED, "SELECT 1"])
def test_what_happens_every_day_is_published(settings: Settings, manifest: Path, change: str) -> None:
    _do(settings, change)
    done = publish(settings, manifest, HIDDEN, accepted_because="not needed")
    assert (done.out_of_proportion, done.accepted_because) == ((), None)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (MORE, "1501 of 3001 published daily figures of portal_received moved or vanished"),
        (
            GONE,
            "1501 of 3001 published daily figures of portal_received moved or vanished; "  # noqa: ISC004
            "marts.indicator_daily shrank from 3001 to 1500 rows",
        ),
        (f"{NEW}; {MORE}", "1501 of 3001 published daily figures of portal_received moved or vanished"),
        (CLOSED, "1 figures of closed month 202605 move"),
        (SHRUNK, "core.fct_dossier shrank from 3000 to 1200 rows"),
    ],
    ids=["moved", "gone", "moved among new ones", "closed month", "shrunk"],
)
def test_what_is_out_of_proportion_waits_for_a_person(
    settings: Settings, manifest: Path, change: str, reason: str
) -> None:
    before = _before(settings)
    _do(settings, change)
    for _ in range(2):
        with pytest.raises(OutOfProportionError, match="khotinh publish --accept") as refused:
            publish(settings, manifest, HIDDEN)
        assert "; ".join(told.en for told in refused.value.reasons) == reason
        assert current_version(settings.published_folder) == before.version
        assert [item.version for item in read_versions(settings.published_folder)] == [before.version]
        assert not list(settings.published_folder.glob(".*"))
        # Models read the history while it waits.
        with open_warehouse(settings) as connection:
            told = connection.execute("SELECT DISTINCT version_from, version_until FROM marts.indicator_history")
            assert told.fetchall() == [(before.version, None)]
    done = publish(settings, manifest, HIDDEN, accepted_because="bảng mã mới từ 01/06")
    assert current_version(settings.published_folder) == done.version
    assert _before(settings) == done
    assert ("; ".join(done.out_of_proportion), done.accepted_because) == (reason, "bảng mã mới từ 01/06")
    assert done.difference is not None
    assert done.difference.before == before.version
    # The next day goes on from there, and the history tells only what could be read.
    assert publish(settings, manifest, HIDDEN).out_of_proportion == ()
    with duckdb.connect(str(settings.published_folder / POINTER), read_only=True) as connection:
        published = connection.execute("SELECT DISTINCT version_from FROM marts.indicator_history").fetchall()
    assert {version for (version,) in published} <= {before.version, done.version}
