"""A publish moves the pointer to a complete, read-only, de-identified file, or changes nothing that anyone reads."""

from __future__ import annotations

import hashlib
import resource
import stat
import subprocess
import sys
from decimal import Decimal
from importlib.metadata import version as package_version
from pathlib import Path

import duckdb
import orjson
import pytest

from pipelines.described_tables import Words, words_of
from pipelines.errors import PermanentError
from pipelines.load.warehouse import open_warehouse
from pipelines.publish.changes import Earlier
from pipelines.publish.publish import POINTER, current_version, publish, read_versions
from pipelines.publish.roles import LEADERS, ROLES, Product
from pipelines.publish.versions import FiguresMoved, read_manifest
from pipelines.settings import Settings
from tests.publish.publish_help import (
    HIDDEN,
    PSEUDONYM,
    TABLES,
    assert_complete,
    assert_marts_complete,
    build_warehouse,
    settings_in,
    tables_of,
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture
def manifest(settings: Settings) -> Path:
    return build_warehouse(settings)


def _names(settings: Settings) -> list[str]:
    return sorted(file.name for file in settings.published_folder.iterdir())


def _ask(file: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(query).fetchall()


def _do(settings: Settings, statements: str) -> None:
    with open_warehouse(settings) as connection:
        connection.execute(statements)


def test_a_first_publish_is_a_file_a_manifest_and_a_pointer(settings: Settings, manifest: Path) -> None:
    assert current_version(settings.published_folder) is None
    version = publish(settings, manifest, HIDDEN)
    figures = f"figures-{version.version}.duckdb"
    assert _names(settings) == sorted(
        [
            f"manifest-{version.version}.json",
            figures,
            "figures.duckdb",
            "marts.duckdb",
            f"public-{version.version}.duckdb",
            "public.duckdb",
            version.file_name,
            POINTER,
        ]
    )
    assert str((settings.published_folder / "figures.duckdb").readlink()) == figures
    pointer = settings.published_folder / POINTER
    assert str(pointer.readlink()) == version.file_name  # relative: the folder may be moved or mounted elsewhere
    assert current_version(settings.published_folder) == version.version
    assert_complete(pointer)
    assert (version.loads_accepted, version.loads_refused) == (1, 1)
    assert version.newest_load_id == "portal_dossiers/2026-06-03/r1"
    assert version.table_rows["core.fct_dossier"] == 1_000
    assert version.table_rows["meta.quarantine_reasons"] == 2


def test_a_second_publish_moves_the_pointer_and_the_first_version_stays(settings: Settings, manifest: Path) -> None:
    first = publish(settings, manifest, HIDDEN)
    bytes_of_first = (settings.published_folder / first.file_name).read_bytes()
    second = publish(settings, manifest, HIDDEN)
    assert second.version > first.version
    assert current_version(settings.published_folder) == second.version
    assert (settings.published_folder / first.file_name).read_bytes() == bytes_of_first
    assert read_versions(settings.published_folder) == [first, second]
    query = "SELECT version, loads_accepted, loads_refused, newest_load_id FROM meta.versions ORDER BY version"
    rows = [(item.version, 1, 1, "portal_dossiers/2026-06-03/r1") for item in (first, second)]
    assert _ask(settings.published_folder / POINTER, query) == rows
    assert _ask(settings.published_folder / first.file_name, query) == rows[:1]


def test_a_reader_keeps_the_version_that_it_opened(settings: Settings, manifest: Path) -> None:
    first = publish(settings, manifest, HIDDEN)
    pointer = settings.published_folder / POINTER
    query = "SELECT max(version) FROM meta.versions"
    with duckdb.connect(str(pointer), read_only=True) as reader:
        assert reader.execute(query).fetchall() == [(first.version,)]
        second = publish(settings, manifest, HIDDEN)
        assert reader.execute(query).fetchall() == [(first.version,)]
        assert reader.execute("SELECT count(*) FROM core.fct_dossier").fetchall() == [(1_000,)]
    assert _ask(pointer, query) == [(second.version,)]


def test_records_are_for_the_group_and_counts_for_everybody_and_nobody_writes(
    settings: Settings, manifest: Path
) -> None:
    version = publish(settings, manifest, HIDDEN)
    for name, mode in (
        (version.file_name, 0o440),
        (f"figures-{version.version}.duckdb", 0o444),
        (f"manifest-{version.version}.json", 0o444),
    ):
        assert stat.S_IMODE((settings.published_folder / name).stat().st_mode) == mode
    with (
        duckdb.connect(str(settings.published_folder / POINTER), read_only=True) as reader,
        pytest.raises(duckdb.InvalidInputException, match="read-only"),
    ):
        reader.execute("DELETE FROM core.dim_unit")


def test_pseudonyms_row_texts_and_inner_schemas_are_not_in_it(settings: Settings, manifest: Path) -> None:
    version = publish(settings, manifest, HIDDEN)
    file = settings.published_folder / version.file_name
    assert tables_of(file) == TABLES
    columns = {name for (name,) in _ask(file, "SELECT DISTINCT column_name FROM duckdb_columns() WHERE NOT internal")}
    assert not columns & {*HIDDEN, "row_text"}
    assert PSEUDONYM.encode() not in file.read_bytes()
    assert _ask(file, "SELECT * FROM core.fct_dossier LIMIT 1") == [("H56.12", 0)]
    assert _ask(file, "SELECT * FROM meta.dictionary") == [
        ("core", "fct_dossier", "unit_code", "varchar", "Mã đơn vị", "Agency code")
    ]


def test_the_ledger_is_published_with_refusals_and_reasons_counted(settings: Settings, manifest: Path) -> None:
    publish(settings, manifest, HIDDEN)
    file = settings.published_folder / POINTER
    assert _ask(
        file, "SELECT load_id, verdict, file_sha256, refusal_reason FROM meta.loads ORDER BY load_sequence"
    ) == [
        ("portal_dossiers/2026-06-02/r1", "accepted_with_warnings", "ff", None),
        ("portal_dossiers/2026-06-03/r1", "refused", "ee", "it is empty"),
    ]
    assert _ask(file, "SELECT unit_code, reason, rows_count FROM meta.quarantine_reasons ORDER BY reason") == [
        ("H56.12", "a: empty", 2), ("H56.12", "b: empty", 1),
    ]  # fmt: skip
    assert _ask(file, "SELECT dataset, outcome FROM meta.attempts") == [("portal_dossiers", "loaded")]
    assert _ask(file, "SELECT subject_code, state FROM meta.completeness") == [("H56.12", "reported")]


def test_leftovers_of_a_publish_that_was_killed_are_removed_and_no_log_stays(
    settings: Settings, manifest: Path
) -> None:
    folder = settings.published_folder
    folder.mkdir()
    leftovers = [".warehouse-1.duckdb.partial", ".warehouse-1.duckdb.partial.wal", f".{POINTER}.partial"]
    for name in leftovers:
        (folder / name).write_bytes(b"half")
    publish(settings, manifest, HIDDEN)
    assert not set(leftovers) & set(_names(settings))
    assert not [name for name in _names(settings) if name.endswith((".wal", ".partial"))]


def test_a_publish_that_fails_changes_nothing_that_anyone_reads(settings: Settings, manifest: Path) -> None:
    first = publish(settings, manifest, HIDDEN)
    with duckdb.connect(str(settings.warehouse_file)) as connection:
        connection.execute("DROP TABLE ops.completeness")
    with pytest.raises(PermanentError, match=r"no table for meta\.completeness"):
        publish(settings, manifest, HIDDEN)
    assert current_version(settings.published_folder) == first.version
    assert_complete(settings.published_folder / POINTER)
    assert read_versions(settings.published_folder) == [first]


def test_an_old_duckdb_could_read_it(settings: Settings, manifest: Path) -> None:
    version = publish(settings, manifest, HIDDEN)
    header = (settings.published_folder / version.file_name).read_bytes()[:4096]
    assert header[8:12] == b"DUCK"
    assert int.from_bytes(header[12:20], "little") == 65  # storage version of DuckDB 1.2


PUBLISHER = """
import sys
from pathlib import Path
from pipelines.publish.publish import publish
from pipelines.settings import Settings
settings = Settings(_env_file=None, home=Path(sys.argv[1]), lock_seconds=30)
for _ in range(int(sys.argv[3])):
    publish(settings, Path(sys.argv[2]), ["dossier_key", "account_key"])
"""


def test_two_that_publish_at_once_both_end_well(settings: Settings, manifest: Path) -> None:
    command = [sys.executable, "-c", PUBLISHER, str(settings.home), str(manifest), "4"]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    errors = [process.communicate(timeout=60)[1] for process in processes]
    assert errors == ["", ""]
    versions = read_versions(settings.published_folder)
    assert len(versions) == 8
    assert current_version(settings.published_folder) == versions[-1].version
    assert _ask(settings.published_folder / POINTER, "SELECT count(*) FROM meta.versions") == [(8,)]


FULL_DISK = """
import resource, sys
def shrink(event, arguments):
    if event == "open" and "manifest-" in str(arguments[0]) and arguments[1] != "r" and "w" in str(arguments[1]):
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
sys.addaudithook(shrink)
"""


def test_a_disk_that_fills_up_at_the_manifest_costs_a_rerun_and_nothing_else(
    settings: Settings, manifest: Path
) -> None:
    first = publish(settings, manifest, HIDDEN)
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK + PUBLISHER, str(settings.home), str(manifest), "1"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "OSError: [Errno 27] File too large" in done.stderr
    assert current_version(settings.published_folder) == first.version
    assert read_versions(settings.published_folder) == [first]
    second = publish(settings, manifest, HIDDEN)
    assert current_version(settings.published_folder) == second.version
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_a_manifest_file_says_what_the_version_is(settings: Settings, manifest: Path) -> None:
    version = publish(settings, manifest, HIDDEN)
    written = settings.published_folder / f"manifest-{version.version}.json"
    assert read_manifest(written) == version
    fields = orjson.loads(written.read_bytes())
    assert fields["loads"] == {"portal_dossiers/2026-06-02/r1": "ff"}
    assert fields["verdicts"] == {"accepted_with_warnings": 1, "refused": 1}
    assert fields["contract_versions"]["portal_dossiers"] >= 1
    assert (fields["code_version"], fields["duckdb_version"]) == (package_version("khotinh"), duckdb.__version__)
    assert {entry["name"] for entry in fields["files"]} == {
        version.file_name, f"figures-{version.version}.duckdb", f"public-{version.version}.duckdb",
    }  # fmt: skip
    for entry in fields["files"]:
        file = settings.published_folder / entry["name"]
        assert entry["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
        assert entry["file_bytes"] == file.stat().st_size


def test_a_checksum_is_the_sum_of_its_rows_so_that_a_difference_can_be_added(
    settings: Settings, manifest: Path
) -> None:
    first = publish(settings, manifest, HIDDEN)
    _do(settings, "INSERT INTO core.fct_dossier VALUES ('x', 'H56.13', 7)")
    second = publish(settings, manifest, HIDDEN)
    (added,) = _ask(settings.published_folder / POINTER, "SELECT hash('H56.13', 7::BIGINT)")[0]
    before, after = (version.tables["core.fct_dossier"] for version in (first, second))
    assert (after.rows, after.checksum) == (before.rows + 1, before.checksum + int(str(added)))


def test_a_version_tells_what_it_changed_of_the_one_before(settings: Settings, manifest: Path) -> None:
    first = publish(settings, manifest, HIDDEN)
    assert first.difference is not None
    assert first.difference.before is None
    _do(
        settings,
        """
        UPDATE marts.indicator_daily SET numerator = 990, "value" = 990;
        INSERT INTO marts.indicator_daily SELECT * REPLACE (DATE '2026-06-03' AS period) FROM marts.indicator_daily;
        UPDATE ops.loads SET verdict = 'accepted' WHERE load_sequence = 2;
        INSERT INTO staging.stg_loads_in_force VALUES ('portal_dossiers/2026-06-03/r1');
        """,
    )
    second = publish(settings, manifest, HIDDEN).difference
    assert second is not None
    assert second.before == first.version
    assert second.indicators == {
        "portal_received": FiguresMoved(new=1, moved=1, gone=0, greatest=Decimal(10)),
    }
    assert (second.loads_came, second.loads_left) == (("portal_dossiers/2026-06-03/r1",), ())
    # The day's old value ended, its new one and the new day's began; what counts its rows was not touched.
    assert second.tables["marts.indicator_history"] == (2, 4)
    assert second.tables["marts.indicator_daily"] == (1, 2)
    assert "core.fct_dossier" not in second.tables


def test_a_home_of_an_earlier_release_is_read_and_published_upon(settings: Settings, manifest: Path) -> None:
    first = publish(settings, manifest, HIDDEN)
    folder = settings.published_folder
    written = folder / f"manifest-{first.version}.json"
    fields = orjson.loads(written.read_bytes())
    kept = ("version", "published_at", "file_name", "code_version", "loads_accepted", "loads_refused", "newest_load_id")
    written.chmod(0o644)
    written.write_bytes(orjson.dumps({name: fields[name] for name in (*kept, "table_rows")}))
    (folder / "figures.duckdb").unlink()
    (folder / f"figures-{first.version}.duckdb").unlink()
    (old,) = read_versions(folder)
    assert (old.version, old.table_rows, old.all_pointers) == (
        first.version, first.table_rows, {POINTER: first.file_name},
    )  # fmt: skip
    second = publish(settings, manifest, HIDDEN)
    assert (folder / "figures.duckdb").readlink() == Path(f"figures-{second.version}.duckdb")
    assert second.difference is not None
    assert second.difference.loads_came == ()


def test_leaders_get_the_marts_and_where_they_come_from_and_no_records(settings: Settings, manifest: Path) -> None:
    version = publish(settings, manifest, HIDDEN)
    file = settings.published_folder / "figures.duckdb"
    assert_marts_complete(file)
    assert _ask(file, "SELECT max(version) FROM meta.versions") == [(version.version,)]
    assert _ask(file, "SELECT \"value\"::INT FROM marts.indicator_as_of('2999-01-01') WHERE grain = 'daily'") == [
        (1_000,)
    ]
    assert _ask(file, "SELECT DISTINCT schema_name FROM meta.dictionary") == []


def test_a_product_is_made_of_its_roles_file_and_pointed_to_with_it(settings: Settings, manifest: Path) -> None:
    def write(published: Path, folder: Path, _: Earlier | None) -> None:
        (folder / "inner").mkdir(parents=True)
        (rows,) = _ask(published, "SELECT count(*) FROM marts.indicator_daily")[0]
        (folder / "inner" / "rows.txt").write_text(str(rows), encoding="utf-8")

    version = publish(settings, manifest, HIDDEN, products=[Product("page", LEADERS, write)])
    page = settings.published_folder / "page"
    assert page.readlink() == Path(f"page-{version.version}")
    assert (page / "inner" / "rows.txt").read_text() == "1"
    assert stat.S_IMODE((page / "inner" / "rows.txt").stat().st_mode) == 0o444
    assert stat.S_IMODE(page.stat().st_mode) == 0o755
    assert f"page-{version.version}/inner/rows.txt" in {file.name for file in version.files}


def test_a_description_is_split_at_the_first_mark() -> None:
    assert words_of("Mã\n  đơn vị | Agency code | H56") == Words("Mã đơn vị", "Agency code | H56")
    assert words_of("Chỉ tiếng Việt") == Words("Chỉ tiếng Việt", "")


def test_each_role_has_a_pointer_that_is_not_called_like_a_schema(settings: Settings, manifest: Path) -> None:
    """DuckDB 1.2 to 1.4 call an opened file by its name: `marts.x` in `marts.duckdb` is ambiguous there."""
    version = publish(settings, manifest, HIDDEN)
    schemas = {schema for role in ROLES for schema, _ in _ask(
        settings.published_folder / role.pointer, "SELECT DISTINCT schema_name, 1 FROM duckdb_tables()"
    )}  # fmt: skip
    assert schemas == {"core", "marts", "meta"}
    assert not schemas & {Path(role.pointer).stem for role in ROLES}
    assert {role.pointer for role in ROLES} < version.pointers.keys()
