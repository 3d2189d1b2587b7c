"""How two versions differ, by numbers worked out by hand; and the commands that tell it."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.errors import PermanentError
from pipelines.load.warehouse import open_warehouse
from pipelines.publish.difference import TableDifference, compare, two_versions
from pipelines.publish.publish import Version, publish
from pipelines.publish.rollback import rollback
from pipelines.publish.versions import FiguresMoved
from pipelines.settings import Settings
from tests.publish.publish_help import HIDDEN, build_warehouse, settings_in

CHANGE = """
INSERT INTO core.dim_unit VALUES ('H56.14', 'Sở Giáo dục');
UPDATE core.dim_unit SET unit_name_vi = 'Sở Y tế mới' WHERE unit_code = 'H56.12';
DELETE FROM core.dim_unit WHERE unit_code = 'H56.13';
DELETE FROM core.fct_dossier WHERE load_sequence >= 998;
INSERT INTO core.fct_dossier VALUES ('y', 'H56.99', 1), ('z', 'H56.99', 1);
ALTER TABLE core.day_coverage ADD COLUMN note VARCHAR;
UPDATE marts.indicator_daily SET numerator = 990, "value" = 990;
INSERT INTO marts.indicator_daily SELECT * REPLACE (DATE '2026-06-03' AS period) FROM marts.indicator_daily;
DELETE FROM marts.indicator_monthly;
UPDATE staging.stg_loads_in_force SET load_id = 'portal_dossiers/2026-06-03/r1';
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture
def published(settings: Settings) -> tuple[Version, Version]:
    """A version, and one with the changes above."""
    manifest = build_warehouse(settings)
    _do(settings, "INSERT INTO core.dim_unit VALUES ('H56.13', 'Sở Tài chính')")
    _do(settings, "ALTER TABLE core.dim_unit ADD PRIMARY KEY (unit_code)")
    first = publish(settings, manifest, HIDDEN)
    _do(settings, CHANGE)
    return first, publish(settings, manifest, HIDDEN)


def _do(settings: Settings, statements: str) -> None:
    with open_warehouse(settings) as connection:
        connection.execute(statements)


def test_rows_figures_and_loads_that_differ_are_counted(settings: Settings, published: tuple[Version, Version]) -> None:
    found = compare(settings.published_folder, *published)
    assert found.tables == {
        "core.dim_unit": TableDifference(rows_one=2, rows_other=2, only_one=1, only_other=1, changed=1),
        # Without their pseudonyms two dossiers are the same row, twice.
        "core.fct_dossier": TableDifference(rows_one=1000, rows_other=1000, only_one=2, only_other=2),
        "core.day_coverage": TableDifference(rows_one=1, rows_other=1, other_columns=True),
        "marts.indicator_daily": TableDifference(rows_one=1, rows_other=2, only_one=1, only_other=2),
        # The day's old row and the month's have ended: they are other rows now, and two days' began.
        "marts.indicator_history": TableDifference(rows_one=2, rows_other=4, only_other=2, changed=2),
        "marts.indicator_monthly": TableDifference(rows_one=1, rows_other=0, only_one=1),
    }
    # The day moved by 10 and the month is gone; another day is new.
    expected = FiguresMoved(new=1, moved=1, gone=1, greatest=Decimal(10))
    assert found.indicators == {"portal_received": expected}
    assert published[1].difference is not None
    assert published[1].difference.indicators == {"portal_received": expected}
    assert found.loads_came == ("portal_dossiers/2026-06-03/r1",)
    assert found.loads_left == ("portal_dossiers/2026-06-02/r1",)


def test_the_other_way_round_it_says_the_opposite(settings: Settings, published: tuple[Version, Version]) -> None:
    forth, back = (compare(settings.published_folder, *pair) for pair in (published, published[::-1]))
    assert (back.loads_came, back.loads_left) == (forth.loads_left, forth.loads_came)
    assert [(item.rows_one, item.only_one) for item in back.tables.values()] == [
        (item.rows_other, item.only_other) for item in forth.tables.values()
    ]


def test_a_version_does_not_differ_from_itself(settings: Settings, published: tuple[Version, Version]) -> None:
    bare = published[1].model_copy(update={"tables": {}})  # every table is read
    found = compare(settings.published_folder, bare, published[1])
    assert (found.tables, found.indicators, found.loads_came, found.loads_left) == ({}, {}, (), ())


def test_the_one_before_is_what_readers_had_before(settings: Settings, published: tuple[Version, Version]) -> None:
    first, second = published
    folder = settings.published_folder
    assert two_versions(folder, ()) == (first, second)
    rollback(settings, first.version)
    with pytest.raises(PermanentError, match="oldest version that is there"):
        two_versions(folder, ())
    third = publish(settings, settings.home / "manifest.json", HIDDEN)
    assert two_versions(folder, ()) == (first, third)
    with pytest.raises(PermanentError, match="No version nope"):
        two_versions(folder, [first.version, "nope"])


def test_the_commands_tell_it(
    settings: Settings, published: tuple[Version, Version], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (item.version for item in published)
    monkeypatch.setenv("KHOTINH_HOME", str(settings.home))
    runner = CliRunner()

    def khotinh(*arguments: str) -> str:
        done = runner.invoke(app, list(arguments))
        assert done.exit_code == 0, done.output
        return done.output

    told = json.loads(khotinh("diff", "--json"))
    assert (told["one"], told["other"]) == (first, second)
    assert told["indicators"]["portal_received"] == {"new": 1, "moved": 1, "gone": 1, "greatest": "10.000000"}
    assert told["tables"]["core.dim_unit"]["changed"] == 1
    assert json.loads(khotinh("rollback", first, "--note", "sai", "--json"))["from_version"] == second
    versions = json.loads(khotinh("versions", "--json"))
    assert [(item["version"], item["is_current"], item["kept_because"]) for item in versions] == [
        (first, True, "current"), (second, False, "recent"),
    ]  # fmt: skip
    assert [len(item["rolled_back_to_at"]) for item in versions] == [1, 0]
    files = [settings.published_folder / name for name in set(published[0].pointers.values())]
    assert versions[0]["bytes"] == sum(file.stat().st_size for file in files)
    assert runner.invoke(app, ["rollback", first]).exit_code == 1
    assert runner.invoke(app, ["diff", first]).exit_code == 2
