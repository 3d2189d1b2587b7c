"""A version that is made from the last one by what changed holds what a whole one would, or is written whole."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from pipelines.calendar import now
from pipelines.errors import PermanentError
from pipelines.load.warehouse import open_warehouse
from pipelines.open_data import write_mart_files
from pipelines.publish import version_files
from pipelines.publish.files import sha256_of
from pipelines.publish.publish import POINTER, publish
from pipelines.publish.roles import LEADERS, ROLES, Product
from pipelines.publish.rollback import rollback
from pipelines.publish.tables import state_of
from pipelines.publish.versions import Version, manifest_name, read_manifest
from tests.publish.publish_help import HIDDEN, build_more, build_warehouse, settings_in, told_whole

# The pseudonym is the key, so readers have none; of two columns either may be empty.
FACTS = "dossier_key VARCHAR, unit_code VARCHAR, load_sequence BIGINT, note VARCHAR"
Rows = list[tuple[str | None, int | None, str | None]]


class Yard:
    """A home whose `core.fct_dossier` and `marts.indicator_daily` are built as dbt's increments build them."""

    def __init__(self, folder: Path) -> None:
        self.settings = settings_in(folder)
        self.manifest = build_warehouse(self.settings)
        told = json.loads(self.manifest.read_text(encoding="utf-8"))
        key = {"type": "primary_key", "columns": ["indicator_code", "unit_code", "period"]}
        told["nodes"]["m.indicator_daily"]["constraints"] = [key]
        self.manifest.write_text(json.dumps(told), encoding="utf-8")
        with open_warehouse(self.settings) as connection:
            connection.execute(f"CREATE OR REPLACE TABLE core.fct_dossier ({FACTS})")
        told_whole(self.settings, "core.fct_dossier", "marts.indicator_daily", "ops.completeness")

    def build(self, schema: str, table: str, *statements: str, told: bool = True) -> None:
        """Changes a table, and tells what left it and came."""
        build_more(self.settings, f"{schema}.{table}", *statements, told=told)

    def hold(self, held: Rows) -> None:
        """Lets the facts be these rows."""
        values = ", ".join(
            f"('{number:032x}', {_sql(unit)}, {_sql(sequence)}, {_sql(note)})"
            for number, (unit, sequence, note) in enumerate(held)
        )
        self.build(
            "core",
            "fct_dossier",
            "DELETE FROM core.fct_dossier",
            *([f"INSERT INTO core.fct_dossier VALUES {values}"] if held else []),
        )

    def publish(self, products: tuple[Product, ...] = ()) -> Version:
        """One version; whatever its proportion."""
        return publish(self.settings, self.manifest, HIDDEN, products=products, accepted_because="a test")

    def published(self, version: Version, role_number: int = 0) -> Path:
        """Its file of a role."""
        return self.settings.published_folder / ROLES[role_number].file_name(version.version)

    def assert_published(self, version: Version) -> None:
        """Each file holds what the build holds, and the manifest says what the file holds."""
        for role_number, tables in enumerate(
            (("core.fct_dossier", "marts.indicator_daily"), ("marts.indicator_daily",))
        ):
            with duckdb.connect(":memory:") as connection:
                connection.execute(f"ATTACH '{self.settings.warehouse_file}' AS build (READ_ONLY)")
                connection.execute(f"ATTACH '{self.published(version, role_number)}' AS file (READ_ONLY)")
                for table in tables:
                    built = (
                        f"(SELECT * EXCLUDE (dossier_key) FROM build.{table})"
                        if "dossier" in table
                        else f"build.{table}"
                    )
                    for one, other in ((built, f"file.{table}"), (f"file.{table}", built)):
                        assert connection.execute(f"FROM {one} EXCEPT ALL FROM {other}").fetchall() == []
                    assert version.tables[table] == state_of(connection, f"file.{table}")


def _sql(value: object) -> str:
    return "NULL" if value is None else repr(value)


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    return Yard(tmp_path)


def test_what_changed_is_replaced_and_the_rest_is_copied(yard: Yard) -> None:
    yard.hold([("H56.12", number % 7, None) for number in range(100)])
    first = yard.publish()
    assert first.made_from is None
    yard.build("core", "fct_dossier", "UPDATE core.fct_dossier SET note = 'x' WHERE load_sequence = 3")
    second = yard.publish()
    assert second.made_from == first.version
    yard.assert_published(second)
    assert second.difference
    assert second.difference.tables.keys() >= {"core.fct_dossier"}
    third = yard.publish()
    assert (third.made_from, third.tables["core.fct_dossier"]) == (second.version, second.tables["core.fct_dossier"])
    yard.assert_published(third)


def test_several_builds_between_two_versions_are_one_difference(yard: Yard) -> None:
    yard.hold([("H56.12", number, None) for number in range(50)])
    first = yard.publish()
    for number in (1, 2, 1):
        yard.build("core", "fct_dossier", f"UPDATE core.fct_dossier SET note = '{number}' WHERE load_sequence = 7")
    second = yard.publish()
    assert second.made_from == first.version
    yard.assert_published(second)


def test_a_table_that_was_rebuilt_whole_is_written_whole(yard: Yard) -> None:
    yard.hold([("H56.12", number, None) for number in range(50)])
    yard.publish()
    yard.build("core", "fct_dossier", "UPDATE core.fct_dossier SET note = 'rebuilt'", told=False)
    with open_warehouse(yard.settings) as connection:
        connection.execute("UPDATE staging.fct_dossier__changes SET change_number = change_number + 1, is_whole = true")
    yard.assert_published(yard.publish())


def test_a_table_whose_oldest_changes_are_forgotten_is_written_whole(yard: Yard) -> None:
    yard.hold([("H56.12", number, None) for number in range(50)])
    yard.publish()
    for number in range(3):
        yard.build(
            "core", "fct_dossier", f"UPDATE core.fct_dossier SET note = '{number}' WHERE load_sequence = {number}"
        )
    with open_warehouse(yard.settings) as connection:
        connection.execute(
            "DELETE FROM staging.fct_dossier__changes WHERE change_number < (SELECT max(change_number) FROM staging.fct_dossier__changes)"
        )
    yard.assert_published(yard.publish())


@pytest.mark.parametrize(
    ("schema", "table", "gone"),
    [
        ("core", "fct_dossier", "'00', 'H56.12', 3, 'never there'"),
        ("marts", "indicator_daily", "'portal_received', 'H56.99', DATE '2026-06-02', 1, NULL, 1"),
    ],
)
def test_a_table_that_lacks_a_row_that_left_is_written_whole(yard: Yard, schema: str, table: str, gone: str) -> None:
    """The copy is not what the changes tell of."""
    yard.hold([("H56.12", number, None) for number in range(50)])
    first = yard.publish()
    with open_warehouse(yard.settings) as connection:
        told = f"staging.{table}__changes"
        connection.execute(f"INSERT INTO {told} SELECT max(change_number) + 1, false, false, {gone} FROM {told}")
        connection.execute(f"INSERT INTO {told} BY NAME FROM {told} WHERE NOT is_put_in")
    second = yard.publish()
    assert second.made_from == first.version
    yard.assert_published(second)


def test_what_came_and_left_again_is_no_change(yard: Yard) -> None:
    yard.hold([("H56.12", number, None) for number in range(50)])
    first = yard.publish()
    for note in ("'x'", "NULL"):
        yard.build("core", "fct_dossier", f"UPDATE core.fct_dossier SET note = {note} WHERE load_sequence = 7")
    second = yard.publish()
    assert second.tables["core.fct_dossier"] == first.tables["core.fct_dossier"]
    yard.assert_published(second)


def test_a_model_that_is_published_in_meta_is_made_by_its_changes_too(yard: Yard) -> None:
    first = yard.publish()
    late = ", ".join(f"('portal_dossiers', DATE '2026-06-03', 'unit', 'H56.{number}', 'late')" for number in range(9))
    for statement in (
        f"INSERT INTO ops.completeness VALUES {late}",
        "UPDATE ops.completeness SET state = 'reported' WHERE subject_code = 'H56.7'",
    ):
        yard.build("ops", "completeness", statement)
        second = yard.publish()
        assert second.made_from is not None
        for role_number in (0, 1):
            with duckdb.connect(":memory:") as connection:
                connection.execute(f"ATTACH '{yard.settings.warehouse_file}' AS build (READ_ONLY)")
                connection.execute(f"ATTACH '{yard.published(second, role_number)}' AS file (READ_ONLY)")
                for one, other in (("build.ops", "file.meta"), ("file.meta", "build.ops")):
                    differing = f"FROM {one}.completeness EXCEPT ALL FROM {other}.completeness"
                    assert connection.execute(differing).fetchall() == []
                assert second.tables["meta.completeness"] == state_of(connection, "file.meta.completeness")
    assert second.tables["meta.completeness"].rows == first.tables["meta.completeness"].rows + 9


def test_a_row_that_came_without_being_told_is_not_published(yard: Yard) -> None:
    yard.hold([("H56.12", number, None) for number in range(50)])
    first = yard.publish()
    yard.build("core", "fct_dossier", "INSERT INTO core.fct_dossier VALUES ('f', 'H56.12', 77, NULL)", told=False)
    with pytest.raises(PermanentError, match=r"core\.fct_dossier is not in"):
        yard.publish()
    assert (yard.settings.published_folder / POINTER).resolve().name == first.file_name


def test_what_a_model_told_that_tells_no_more_says_nothing_of_its_rows(yard: Yard) -> None:
    """Its table is built anew each time, and what it told before lies beside it for ever."""
    yard.hold([("H56.12", number, None) for number in range(50)])
    told_whole(yard.settings, "marts.indicator_monthly")
    yard.publish()
    models = json.loads(yard.manifest.read_text(encoding="utf-8"))
    for node in models["nodes"].values():
        node["config"] = {"meta": {}}
    yard.manifest.write_text(json.dumps(models), encoding="utf-8")
    yard.build("core", "fct_dossier", "UPDATE core.fct_dossier SET note = 'x' WHERE load_sequence = 3", told=False)
    yard.build("marts", "indicator_daily", 'UPDATE marts.indicator_daily SET numerator = 7, "value" = 7', told=False)
    second = yard.publish()
    yard.assert_published(second)
    assert second.difference
    assert second.difference.indicators["portal_received"].moved == 1


def test_after_a_clock_that_was_set_back_the_newest_version_is_not_the_last(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    told_whole(yard.settings, "marts.indicator_monthly")
    noon = now().replace(day=20, hour=12)
    for hours, change in (
        (0, "UPDATE marts.indicator_daily SET numerator = 1"),
        (4, "UPDATE marts.indicator_daily SET numerator = 2"),
        (2, "DELETE FROM marts.indicator_daily"),
        (6, "UPDATE marts.indicator_daily SET numerator = 4"),
    ):
        monkeypatch.setattr("pipelines.publish.publish.now", lambda moment=noon + timedelta(hours=hours): moment)
        yard.build("marts", "indicator_daily", change)
        version = yard.publish()
        yard.assert_published(version)
        with duckdb.connect(":memory:") as connection:
            connection.execute(f"ATTACH '{yard.settings.warehouse_file}' AS build (READ_ONLY)")
            connection.execute(f"ATTACH '{yard.published(version)}' AS file (READ_ONLY)")
            told = [
                connection.execute(f"FROM {name}.marts.indicator_history ORDER BY ALL").fetchall()
                for name in ("build", "file")
            ]
        assert told[0] == told[1]


def test_a_version_after_a_rollback_is_written_whole(yard: Yard) -> None:
    """Somebody may have gone back because of the file, not because of the build."""
    first, second = yard.publish(), yard.publish()
    rollback(yard.settings, first.version)
    third = yard.publish()
    assert (second.made_from, third.made_from) == (first.version, None)
    assert yard.publish().made_from == third.version


@pytest.mark.parametrize("place", [0, 9, -1], ids=["its hash", "what says that it is a DuckDB file", "its end"])
def test_a_file_whose_bytes_changed_is_not_copied(yard: Yard, place: int) -> None:
    yard.hold([("H56.12", number, None) for number in range(50)])
    first = yard.publish()
    file = yard.published(first)
    file.chmod(0o600)
    with file.open("r+b") as opened:
        at = place % file.stat().st_size
        opened.seek(at)
        there = opened.read(1)[0]
        opened.seek(at)
        opened.write(bytes([there ^ 1]))
    yard.build("core", "fct_dossier", "UPDATE core.fct_dossier SET note = 'x' WHERE load_sequence = 3")
    yard.assert_published(yard.publish())


def test_the_first_version_of_a_month_is_written_whole(yard: Yard) -> None:
    first = yard.publish()
    manifest = yard.settings.published_folder / manifest_name(first.version)
    manifest.chmod(0o600)
    earlier = first.model_copy(update={"published_at": first.published_at.replace(day=1) - timedelta(days=1)})
    manifest.write_text(earlier.model_dump_json(), encoding="utf-8")
    second = yard.publish()
    assert second.made_from is None
    assert yard.publish().made_from == second.version


def test_a_build_file_of_another_life_is_published_whole(yard: Yard) -> None:
    """Its change numbers began anew, and tell nothing of what was published from the file before it."""
    yard.hold([("H56.12", number, None) for number in range(50)])
    yard.publish()
    yard.settings.warehouse_file.unlink()
    other = Yard(yard.settings.home.parent)
    other.hold([("H56.13", number, None) for number in range(40)])
    version = other.publish()
    assert version.made_from is None
    other.assert_published(version)


def test_a_column_that_is_hidden_now_lies_in_no_free_block(yard: Yard) -> None:
    yard.hold([("H56.12", number, "a secret of old") for number in range(5000)])
    first = yard.publish()
    assert b"a secret of old" in yard.published(first).read_bytes()
    second = publish(yard.settings, yard.manifest, (*HIDDEN, "note"), accepted_because="a test")
    assert second.made_from is None
    assert b"a secret of old" not in yard.published(second).read_bytes()


def test_a_table_that_a_role_may_no_longer_have_is_in_no_copy(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    yard.publish()
    fewer = replace(LEADERS, names=frozenset())
    monkeypatch.setattr(version_files, "ROLES", (ROLES[0], fewer, ROLES[2]))
    version = yard.publish()
    with duckdb.connect(str(yard.published(version, 1)), read_only=True) as connection:
        found = connection.execute("SELECT DISTINCT schema_name FROM duckdb_tables() ORDER BY 1").fetchall()
    assert found == [("marts",), ("meta",)]


def test_what_the_public_may_have_is_never_a_copy(yard: Yard) -> None:
    """A figure that is hidden since would still lie in a free block of it."""
    yard.publish()
    assert yard.publish().made_from is not None
    assert [role.is_copied for role in ROLES] == [True, True, False]


@pytest.fixture
def files(yard: Yard) -> tuple[Yard, Product]:
    yard.build(
        "marts",
        "indicator_daily",
        "INSERT INTO marts.indicator_daily SELECT 'portal_received', 'H56.12', DATE '2026-07-01' + range::INT, range, NULL, range FROM range(60)",
    )
    return (
        yard,
        Product(
            "marts",
            LEADERS,
            lambda published, folder, earlier: write_mart_files(published, yard.manifest, folder, earlier),
        ),
    )


def test_files_of_months_that_did_not_change_are_those_of_the_version_before(files: tuple[Yard, Product]) -> None:
    yard, product = files
    first = yard.publish((product,))
    yard.build(
        "marts", "indicator_daily", "UPDATE marts.indicator_daily SET value = 99 WHERE period = DATE '2026-08-03'"
    )
    second = yard.publish((product,))
    assert second.made_from == first.version
    folders = [yard.settings.published_folder / product.folder_name(version.version) for version in (first, second)]
    names = {file.name for file in folders[0].iterdir()}
    assert names == {file.name for file in folders[1].iterdir()}
    linked = {name for name in names if (folders[0] / name).samefile(folders[1] / name)}
    assert {"indicator_daily-202606.csv", "indicator_daily-202607.csv", "indicator_daily-202607.parquet"} <= linked
    assert not linked & {"indicator_daily-202608.csv", "indicator_daily-202608.parquet", "datapackage.json"}
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"ATTACH '{yard.published(second, 1)}' AS file (READ_ONLY)")
        for source in (
            f"read_parquet('{folders[1]}/indicator_daily-*.parquet')",
            f"read_csv('{folders[1]}/indicator_daily-*.csv')",
        ):
            assert (
                connection.execute(f"SELECT count(*), sum(value) FROM {source}").fetchall()
                == connection.execute("SELECT count(*), sum(value) FROM file.marts.indicator_daily").fetchall()
            )
    hashes = {file.name.split("/", 1)[-1]: file.sha256 for file in second.files}
    told = json.loads((folders[1] / "datapackage.json").read_bytes())["resources"]
    assert all(one["hash"] == f"sha256:{hashes[one['path']]}" for one in told)
    assert read_manifest(yard.settings.published_folder / manifest_name(second.version)) == second


@pytest.mark.parametrize("is_replaced", [False, True])
def test_a_file_that_somebody_changed_is_not_linked(files: tuple[Yard, Product], *, is_replaced: bool) -> None:
    yard, product = files
    first = yard.publish((product,))
    file = yard.settings.published_folder / product.folder_name(first.version) / "indicator_daily-202607.csv"
    written = file.read_bytes()
    changed = written.replace(b"2026-07-05,4.0000", b"2026-07-05,9.0000")
    assert changed != written
    file.chmod(0o600)
    if is_replaced:
        file.unlink()
    file.write_bytes(changed)
    second = yard.publish((product,))
    assert second.made_from == first.version
    assert (yard.settings.published_folder / product.folder_name(second.version) / file.name).read_bytes() == written
    assert all(sha256_of(yard.settings.published_folder / one.name) == one.sha256 for one in second.files)


@pytest.mark.parametrize("left", [None, b"{"])
def test_where_the_package_of_the_files_is_gone_they_are_written_anew(
    files: tuple[Yard, Product], left: bytes | None
) -> None:
    yard, product = files
    first = yard.publish((product,))
    package = yard.settings.published_folder / product.folder_name(first.version) / "datapackage.json"
    package.unlink()
    if left is not None:
        package.write_bytes(left)
    second = yard.publish((product,))
    assert second.made_from == first.version
    assert all(sha256_of(yard.settings.published_folder / one.name) == one.sha256 for one in second.files)
