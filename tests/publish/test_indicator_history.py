"""What was published, and when: every version's figures can be read again, and nothing that nobody could read is there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.calendar import now
from pipelines.load.warehouse import open_warehouse
from pipelines.publish.indicator_history import append_to_history
from pipelines.publish.publish import POINTER, Version, current_version, publish, read_versions
from pipelines.settings import Settings
from tests.publish.publish_help import HIDDEN, PSEUDONYM, build_warehouse, settings_in

START = datetime.fromisoformat("2026-11-10 06:00:00")
EVER_AFTER = datetime.fromisoformat("2100-01-01 00:00:00")
Figures = Mapping[tuple[str, str], int]
_TABLES = """
CREATE SCHEMA marts; CREATE SCHEMA ops;
CREATE TABLE marts.indicator_daily (indicator_code VARCHAR, unit_code VARCHAR, period DATE, numerator DECIMAL(18,4),
    denominator DECIMAL(18,4), "value" DECIMAL(18,6));
CREATE TABLE marts.indicator_monthly (indicator_code VARCHAR, unit_code VARCHAR, period VARCHAR, numerator DECIMAL(18,4),
    denominator DECIMAL(18,4), "value" DECIMAL(18,6));
"""


@pytest.fixture
def marts() -> Iterator[duckdb.DuckDBPyConnection]:
    """Empty indicator marts."""
    with duckdb.connect() as connection:
        connection.execute(_TABLES)
        yield connection


def _build(connection: duckdb.DuckDBPyConnection, figures: Figures) -> None:
    """Makes the marts tell these daily counts, by unit and day, and each unit's sum as its month."""
    connection.execute("DELETE FROM marts.indicator_daily; DELETE FROM marts.indicator_monthly")
    for (unit, day), count in figures.items():
        connection.execute(
            "INSERT INTO marts.indicator_daily VALUES ('i', ?, ?, ?, NULL, ?)", [unit, day, count, count]
        )
    connection.execute(
        """
        INSERT INTO marts.indicator_monthly
        SELECT 'i', unit_code, '202611', sum(numerator), NULL, sum(numerator) FROM marts.indicator_daily GROUP BY unit_code
        """
    )


def _version(number: int) -> str:
    return f"v{number:03}"


def _at(number: int) -> datetime:
    return START + timedelta(days=number)


def _history(connection: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    return connection.execute(
        """
        SELECT grain, unit_code, period, "value"::INT, version_from, version_until FROM marts.indicator_history ORDER BY ALL
        """
    ).fetchall()


def _as_of(connection: duckdb.DuckDBPyConnection, moment: datetime) -> dict[tuple[str, str], int]:
    found = connection.execute(
        """
        SELECT unit_code, period, "value"::INT FROM marts.indicator_history
        WHERE grain = 'daily' AND known_from <= $at AND (known_until IS NULL OR known_until > $at)
        """,
        {"at": moment},
    ).fetchall()
    figures = {(unit, period): value for unit, period, value in found}
    assert len(figures) == len(found)
    return figures


def test_a_figure_has_a_row_for_each_value_and_the_versions_that_had_it(marts: duckdb.DuckDBPyConnection) -> None:
    _build(marts, {("A", "2026-11-02"): 5, ("B", "2026-11-02"): 7, ("A", "2026-11-03"): 1})
    assert append_to_history(marts, "v1", _at(1), []) == 5
    # The same again: nothing. Then A is corrected, B vanishes. Then B is back as it was.
    assert append_to_history(marts, "v2", _at(2), ["v1"]) == 0
    _build(marts, {("A", "2026-11-02"): 6, ("A", "2026-11-03"): 1})
    assert append_to_history(marts, "v3", _at(3), ["v1", "v2"]) == 4
    _build(marts, {("A", "2026-11-02"): 6, ("B", "2026-11-02"): 7, ("A", "2026-11-03"): 1})
    assert append_to_history(marts, "v4", _at(4), ["v1", "v2", "v3"]) == 2
    assert _history(marts) == [
        ("daily", "A", "2026-11-02", 5, "v1", "v3"),
        ("daily", "A", "2026-11-02", 6, "v3", None),
        ("daily", "A", "2026-11-03", 1, "v1", None),
        ("daily", "B", "2026-11-02", 7, "v1", "v3"),
        ("daily", "B", "2026-11-02", 7, "v4", None),
        ("monthly", "A", "202611", 6, "v1", "v3"),
        ("monthly", "A", "202611", 7, "v3", None),
        ("monthly", "B", "202611", 7, "v1", "v3"),
        ("monthly", "B", "202611", 7, "v4", None),
    ]


def test_a_share_of_the_same_value_with_other_parts_is_another_figure(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute("INSERT INTO marts.indicator_daily VALUES ('i', 'A', '2026-11-02', 1, 2, 0.5)")
    append_to_history(marts, "v1", _at(1), [])
    marts.execute("UPDATE marts.indicator_daily SET numerator = 2, denominator = 4")
    assert append_to_history(marts, "v2", _at(2), ["v1"]) == 1


def test_what_a_killed_publish_wrote_is_taken_back(marts: duckdb.DuckDBPyConnection) -> None:
    _build(marts, {("A", "2026-11-02"): 5, ("B", "2026-11-02"): 7})
    append_to_history(marts, "v1", _at(1), [])
    kept = _history(marts)
    _build(marts, {("A", "2026-11-02"): 6, ("C", "2026-11-02"): 7})
    append_to_history(marts, "v2", _at(2), ["v1"])
    assert _history(marts) != kept
    # v2 never got its manifest; by the next publish the source is back at what it said before.
    _build(marts, {("A", "2026-11-02"): 5, ("B", "2026-11-02"): 7})
    assert append_to_history(marts, "v3", _at(3), ["v1"]) == 0
    assert _history(marts) == kept


def test_versions_that_were_removed_were_readable_all_the_same(marts: duckdb.DuckDBPyConnection) -> None:
    for number in range(1, 4):
        _build(marts, {("A", "2026-11-02"): number})
        append_to_history(marts, _version(number), _at(number), [_version(earlier) for earlier in range(1, number)])
    kept = _history(marts)
    # Nothing changes for three versions, and somebody removes all but the last of them.
    for number in range(4, 7):
        append_to_history(marts, _version(number), _at(number), [_version(3), _version(number - 1)])
    append_to_history(marts, _version(7), _at(7), [_version(6)])
    assert _history(marts) == kept


FIGURES = st.dictionaries(
    st.tuples(st.sampled_from("ABC"), st.sampled_from(["2026-11-02", "2026-11-03"])), st.integers(0, 3)
)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(publishes=st.lists(st.tuples(FIGURES, st.booleans()), min_size=1, max_size=8))
def test_whatever_was_readable_at_a_moment_can_be_read_again(publishes: list[tuple[Figures, bool]]) -> None:
    """Publishes of any figures, some of them killed before they could be read."""
    with duckdb.connect() as connection:
        connection.execute(_TABLES)
        readable: dict[int, Figures] = {}
        for number, (figures, is_killed) in enumerate([*publishes, ({}, False)]):
            _build(connection, figures)
            append_to_history(connection, _version(number), _at(number), [_version(done) for done in readable])
            if not is_killed:
                readable[number] = figures
        for number in range(len(publishes) + 1):
            read = [done for done in readable if done <= number]
            assert _as_of(connection, _at(number)) == (readable[read[-1]] if read else {})
        told = {version for _, _, _, _, *versions in _history(connection) for version in versions if version}
        assert told <= {_version(done) for done in readable}
        assert _sums(connection, "SELECT grain, period, rows_count, checksum FROM ops.indicator_history_sums") == _sums(
            connection,
            """
            SELECT grain, period, count(*), sum(hash(indicator_code, unit_code, numerator, denominator, "value"))
            FROM marts.indicator_history WHERE known_until IS NULL GROUP BY ALL
            """,
        )


def _sums(connection: duckdb.DuckDBPyConnection, query: str) -> set[tuple[object, ...]]:
    """The sums by which the next publish knows the periods that differ."""
    return set(connection.execute(query).fetchall())


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


def _correct(home: Settings, value: int) -> None:
    with open_warehouse(home) as connection:
        connection.execute('UPDATE marts.indicator_daily SET numerator = ?, "value" = ?', [value, value])


def _read(home: Settings, moment: datetime) -> list[int]:
    with duckdb.connect(str(home.published_folder / POINTER), read_only=True) as connection:
        query = "SELECT \"value\"::INT FROM marts.indicator_as_of(?) WHERE grain = 'daily'"
        return [value for (value,) in connection.execute(query, [moment]).fetchall()]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Ho_Chi_Minh", "America/New_York"])
def test_now_is_the_provinces_now_on_a_machine_of_any_zone(home: Settings, zone: str) -> None:
    """On a server in UTC the local time of `now()` would lie hours before the first version: no rows, and no word."""
    manifest = build_warehouse(home)
    models = json.loads(manifest.read_bytes())
    models["nodes"]["m.history"] = {**models["nodes"]["m.a"], "alias": "dossier_history", "columns": {}}
    manifest.write_text(json.dumps(models), encoding="utf-8")
    with open_warehouse(home) as connection:
        connection.execute(f"""
            CREATE TABLE core.dossier_history AS SELECT '{PSEUDONYM}' AS dossier_key, 'H56.12' AS unit_code,
                TIMESTAMP '{now():%Y-%m-%d %H:%M:%S}' AS known_from, NULL::TIMESTAMP AS known_until, false AS is_gone
        """)
    publish(home, manifest, HIDDEN)
    with duckdb.connect(str(home.published_folder / POINTER), read_only=True) as connection:
        connection.execute(f"SET TimeZone = '{zone}'")
        for macro, rows in (("marts.indicator_as_of", 2), ("core.dossier_as_known_on", 1)):
            for moment, expected in (
                ("now()", rows),
                ("now() - INTERVAL 1 hour", 0),
                ("DATE '2020-01-01'", 0),
                ("'2999-01-01'", rows),
            ):
                found = connection.execute(f"SELECT count(*) FROM {macro}({moment})").fetchall()
                assert found == [(expected,)], (macro, moment)


def test_readers_ask_the_published_file_what_was_published_at_a_moment(home: Settings) -> None:
    manifest = build_warehouse(home)
    versions: list[Version] = []
    for value in (1_000, 1_001, 1_001, 999):
        _correct(home, value)
        versions.append(publish(home, manifest, HIDDEN))
    moments = [version.published_at for version in versions]
    assert [_read(home, moment) for moment in moments] == [[1_000], [1_001], [1_001], [999]]
    assert _read(home, moments[0] - timedelta(microseconds=1)) == []
    assert _read(home, moments[3] - timedelta(microseconds=1)) == [1_001]
    # 1,000, 1,001 and 999 of the day; the month did not move.
    assert versions[3].table_rows["marts.indicator_history"] == 4


def test_a_publish_that_fails_after_the_history_was_written_leaves_nothing_of_it(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = build_warehouse(home)
    first = publish(home, manifest, HIDDEN)
    _correct(home, 1)
    with monkeypatch.context() as patch:
        patch.setattr("pipelines.publish.version_files.check_file", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            publish(home, manifest, HIDDEN)
    assert _read(home, EVER_AFTER) == [1_000]
    _correct(home, 2)
    third = publish(home, manifest, HIDDEN)
    assert [version.version for version in read_versions(home.published_folder)] == [first.version, third.version]
    with duckdb.connect(str(home.published_folder / POINTER), read_only=True) as connection:
        assert connection.execute(
            """
            SELECT "value"::INT, version_from, version_until, known_from FROM marts.indicator_history
            WHERE grain = 'daily' ORDER BY version_from
            """
        ).fetchall() == [
            (1_000, first.version, third.version, first.published_at),
            (2, third.version, None, third.published_at),
        ]


def test_a_version_that_the_pointer_never_led_to_was_never_published(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = build_warehouse(home)
    first = publish(home, manifest, HIDDEN)
    _correct(home, 777)
    with monkeypatch.context() as patch:
        patch.setattr("pipelines.publish.publish.move_pointers", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            publish(home, manifest, HIDDEN)
    # Nobody read 777, and by the next publish it is corrected.
    _correct(home, 1_000)
    third = publish(home, manifest, HIDDEN)
    assert [version.version for version in read_versions(home.published_folder)] == [first.version, third.version]
    with duckdb.connect(str(home.published_folder / POINTER), read_only=True) as connection:
        told = connection.execute('SELECT "value"::INT, version_from, version_until FROM marts.indicator_history')
        assert set(told.fetchall()) == {(1_000, first.version, None)}


def test_a_version_that_the_pointer_led_to_was_published_though_its_manifest_had_no_name_yet(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = build_warehouse(home)
    first = publish(home, manifest, HIDDEN)
    _correct(home, 777)
    with monkeypatch.context() as patch:
        patch.setattr("pipelines.publish.publish.give_name", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            publish(home, manifest, HIDDEN)
    second = current_version(home.published_folder)
    assert [version.version for version in read_versions(home.published_folder)] == [first.version, second]
    _correct(home, 1_000)
    third = publish(home, manifest, HIDDEN)
    assert [version.version for version in read_versions(home.published_folder)] == [
        first.version, second, third.version,
    ]  # fmt: skip
    with duckdb.connect(str(home.published_folder / POINTER), read_only=True) as connection:
        told = connection.execute(
            "SELECT \"value\"::INT, version_from FROM marts.indicator_history WHERE grain = 'daily'"
        )
        assert set(told.fetchall()) == {(1_000, first.version), (777, second), (1_000, third.version)}
