"""Law 10 without Law 3 broken: whatever changes, the models built by increments hold what a rebuild from nothing holds."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from tests.pipeline.yard import Yard


@pytest.fixture
def warehouse(yard: Yard, tmp_path: Path) -> Path:
    """A copy to change."""
    return yard.copy(tmp_path / "home")


LEDGER = {f"source.khotinh.ops.{name}" for name in ("loads", "arrivals", "datasets")}


def change(file: Path, *statements: str) -> None:
    """Changes the ledger or the rows, as a load would."""
    with duckdb.connect(str(file)) as connection:
        for statement in statements:
            connection.execute(statement)


def load_again(file: Path, load_id: str, partition_key: str, columns: str = "", rows: str = "true") -> str:
    """The rows of a load once more, as a new load of that partition; some of them, some columns changed.

    Returns:
        The new load's id.
    """
    dataset = load_id.split("/", maxsplit=1)[0]
    new_id = f"{dataset}/{partition_key}/r9"
    own_columns = ", " + columns if columns else ""
    change(
        file,
        f"""
        INSERT INTO ops.arrivals
        SELECT arrivals.* REPLACE ('{new_id}' AS arrival_id, '{partition_key}' AS partition_key, '{new_id}' AS file_sha256,
            NULL AS source_modified_at, TIMESTAMP '2026-11-30 06:00:00' AS arrived_at)
        FROM ops.arrivals JOIN ops.loads USING (arrival_id) WHERE load_id = '{load_id}'
        """,
        f"""
        INSERT INTO ops.loads
        SELECT * REPLACE ('{new_id}' AS load_id, (SELECT max(load_sequence) + 1 FROM ops.loads) AS load_sequence,
            '{new_id}' AS arrival_id, '{partition_key}' AS partition_key, TIMESTAMP '2026-11-30 06:01:00' AS finished_at)
        FROM ops.loads WHERE load_id = '{load_id}'
        """,
        f"INSERT INTO ops.attempts VALUES ('{dataset}', '{partition_key}', 'loaded', '', TIMESTAMP '2026-11-30 06:01:00')",
        f"""
        INSERT INTO raw."{dataset}"
        SELECT * REPLACE ('{new_id}' AS load_id{own_columns}) FROM raw."{dataset}" WHERE load_id = '{load_id}' AND {rows}
        """,
    )
    return new_id


def in_force(file: Path, dataset: str, partition_key: str) -> str:
    """The load of a partition that counts."""
    query = "SELECT load_id FROM staging.stg_loads_in_force WHERE dataset = ? AND partition_key = ?"
    with duckdb.connect(str(file), read_only=True) as connection:
        return str(connection.execute(query, [dataset, partition_key]).fetchall()[-1][0])


def a_new_day(file: Path) -> None:
    """Monday the 9th: new dossiers, and those of Friday again with another status, some of them long late."""
    load_again(
        file, in_force(file, "portal_dossiers", "2026-11-06"), "2026-11-09",
        "updated_at + INTERVAL 3 DAY AS updated_at, CASE WHEN row_number % 3 = 0 THEN '5' ELSE status_code END AS status_code, "
        "CASE WHEN row_number % 2 = 0 THEN md5(dossier_key) ELSE dossier_key END AS dossier_key, "
        "CASE WHEN row_number % 2 = 0 THEN received_at + INTERVAL 3 DAY ELSE received_at END AS received_at",
    )  # fmt: skip
    load_again(
        file, in_force(file, "document_exchanges", "2026-11-06"), "2026-11-09",
        "status_at + INTERVAL 3 DAY AS status_at, "
        "CASE WHEN hash(document_id) % 2 = 0 THEN document_id || '9' ELSE document_id END AS document_id",
    )  # fmt: skip
    load_again(
        file, in_force(file, "document_registers", "2026-11-06"), "2026-11-09",
        "arrived_date + 3 AS arrived_date",
    )  # fmt: skip
    load_again(file, in_force(file, "videoconference_endpoint_status", "2026-11-06"), "2026-11-09")
    load_again(
        file, in_force(file, "videoconference_calls", "2026-11-06"), "2026-11-09",
        "recorded_at + INTERVAL 3 DAY AS recorded_at, correlator_index + 100000 AS correlator_index, "
        "call_id || '9' AS call_id, leg_id || '9' AS leg_id",
    )  # fmt: skip


def corrections(file: Path) -> None:
    """Old days told again with fewer rows, so that records vanish, and a month told otherwise."""
    for dataset in ("document_exchanges", "document_registers"):
        load_again(file, in_force(file, dataset, "2026-11-03"), "2026-11-03", rows="row_number % 3 > 0")
    load_again(
        file,
        in_force(file, "platform_accounts", "2026-10"),
        "2026-10",
        "NOT is_locked AS is_locked",
        "row_number % 9 > 0",
    )
    load_again(file, in_force(file, "document_signing", "2026-10"), "2026-10", "issued_count + 1 AS issued_count")


def late_old_versions(file: Path) -> None:
    """What dossiers were in the month before comes late: no record changes, but what the month's end looked like does."""
    load_again(
        file, in_force(file, "portal_dossiers", "2026-11-05"), "2026-10-30",
        "least(updated_at, TIMESTAMP '2026-10-30 10:00:00') AS updated_at, received_at - INTERVAL 40 DAY AS received_at, "
        "NULL AS finished_at, NULL AS withdrawn_at, '4' AS status_code",
    )  # fmt: skip


def refusal(file: Path) -> None:
    """A load that counted is refused after all: its day is covered no more, and the stock after it is unknown."""
    change(
        file,
        f"UPDATE ops.loads SET verdict = 'refused' WHERE load_id = '{in_force(file, 'portal_dossiers', '2026-11-04')}'",
    )


def acceptance(file: Path) -> None:
    """And accepted again."""
    change(file, "UPDATE ops.loads SET verdict = 'accepted' WHERE load_id LIKE 'portal_dossiers/2026-11-04/%'")


def second_baseline(file: Path) -> None:
    """The stock is asked for again, and half of what the first one held is in it no more."""
    load_again(
        file, in_force(file, "portal_dossiers", "baseline-2026-11-02"), "baseline-2026-11-06", rows="row_number % 2 = 0"
    )  # fmt: skip


def assert_as_rebuilt(yard: Yard, file: Path) -> None:
    """Every table of facts, marts and completeness holds the rows that a rebuild from nothing gives."""
    rebuilt = yard.copy(file.parent.parent / "rebuilt", file)
    assert yard.dbt(rebuilt, "run", "--full-refresh")
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"ATTACH '{file}' AS increments (READ_ONLY); ATTACH '{rebuilt}' AS rebuilt (READ_ONLY)")
        tables = connection.execute(
            """
            SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE database_name = 'rebuilt'
                AND (schema_name IN ('core', 'marts', 'open') OR (schema_name = 'ops' AND table_name = 'completeness')
                    OR table_name IN ('portal_month_counts', 'portal_unit_month_counts', 'portal_stock_flows', 'portal_form_flows', 'indicator_monthly_measured'))
            """
        ).fetchall()
        assert len(tables) > 40
        for (table,) in tables:
            for one, other in (("increments", "rebuilt"), ("rebuilt", "increments")):
                extra = connection.execute(f"FROM {one}.{table} EXCEPT ALL FROM {other}.{table} LIMIT 3").fetchall()
                assert extra == [], f"{table}: only in {one}"
    shutil.rmtree(rebuilt.parent)


def test_a_rebuild_from_nothing_mends_what_no_change_would_touch(yard: Yard, warehouse: Path) -> None:
    """Else it would prove nothing of the increments: it must not take over a row that stands there."""
    change(
        warehouse,
        "UPDATE core.fct_dossier SET fee_amount = 123456",
        "DELETE FROM core.fct_dossier WHERE hash(dossier_key) % 2 = 0",
    )
    assert yard.dbt(warehouse, "run", "--full-refresh", "--select", "fct_dossier")
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"ATTACH '{warehouse}' AS mended (READ_ONLY); ATTACH '{yard.built}' AS built (READ_ONLY)")
        for one, other in (("mended", "built"), ("built", "mended")):
            rows = f"FROM {one}.core.fct_dossier EXCEPT ALL FROM {other}.core.fct_dossier"
            assert connection.execute(rows).fetchall() == []


def test_a_whole_build_in_parts_is_a_whole_build(yard: Yard, warehouse: Path) -> None:
    """Three years of deliveries do not fit into the memory at once."""
    models = {"fct_dossier", "dossier_history", "fct_document_delivery", "document_delivery_history"}
    in_parts = {
        node.name
        for node_id, node in yard.manifest.nodes.items()
        if node_id.startswith("model.") and (node.config.meta.get("increment") or {}).get("in_parts")
    }
    assert in_parts == models
    change(warehouse, "UPDATE core.fct_dossier SET fee_amount = 123456")
    assert yard.dbt(warehouse, "run", "--full-refresh", "--select", *models, "--vars", "rows_of_a_part: 200")
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"ATTACH '{warehouse}' AS parts (READ_ONLY); ATTACH '{yard.built}' AS built (READ_ONLY)")
        for model in models:
            for one, other in (("parts", "built"), ("built", "parts")):
                rows = f"FROM {one}.core.{model} EXCEPT ALL FROM {other}.core.{model}"
                assert connection.execute(rows).fetchall() == [], model


def changes(file: Path, model: str) -> list[tuple[int, bool, int]]:
    """Number of each change that a model tells, whether it was a whole build, and its rows."""
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(
            f"SELECT change_number, is_whole, count(*) FROM staging.{model}__changes GROUP BY ALL ORDER BY ALL"
        ).fetchall()


def test_a_day_and_corrections_of_old_days(yard: Yard, warehouse: Path) -> None:
    a_new_day(warehouse)
    corrections(warehouse)
    late_old_versions(warehouse)
    assert yard.dbt(warehouse, "run")
    assert_as_rebuilt(yard, warehouse)
    # And it was by increments: one change told, and far fewer rows than there are.
    for model in ("fct_dossier", "portal_unit_daily", "document_unit_daily", "indicator_daily", "completeness"):
        told = [one for one in changes(warehouse, model) if not one[1]]
        assert len(told) == 1, (model, told)


def test_what_is_refused_afterwards_and_accepted_again(yard: Yard, warehouse: Path) -> None:
    refusal(warehouse)
    assert yard.dbt(warehouse, "run")
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        left = connection.execute(
            "SELECT count(*) FROM marts.portal_unit_daily WHERE report_date = '2026-11-04'"
        ).fetchall()
    assert left == [(0,)]
    acceptance(warehouse)
    assert yard.dbt(warehouse, "run")
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"ATTACH '{warehouse}' AS again (READ_ONLY); ATTACH '{yard.built}' AS built (READ_ONLY)")
        for table in ("marts.indicator_daily", "marts.portal_unit_daily", "core.portal_open_stock_daily"):
            assert connection.execute(f"FROM built.{table} EXCEPT ALL FROM again.{table}").fetchall() == [], table


def test_what_ended_in_days_that_nobody_loaded_is_open_no_more(yard: Yard, warehouse: Path) -> None:
    """A dossier from before a hole that the baseline after it does not hold: nobody will ever tell how it ended."""
    refusal(warehouse)
    assert yard.dbt(warehouse, "run")
    second_baseline(warehouse)
    assert yard.dbt(warehouse, "run")
    assert [is_whole for _, is_whole, _ in changes(warehouse, "fct_dossier")][-1] is False
    assert_as_rebuilt(yard, warehouse)
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        counted = connection.execute(
            """
            SELECT sum(open_count), (
                SELECT count(*) FROM core.fct_dossier
                WHERE is_received_local AND received_date <= '2026-11-06' AND coalesce(settled_date > '2026-11-06', true)
                    AND dossier_key IN (SELECT dossier_key FROM raw.portal_dossiers WHERE split_part(load_id, '/', 2)
                        IN ('baseline-2026-11-06', '2026-11-06', '2026-11-07', '2026-11-08'))
            ), (SELECT count(*) FROM core.fct_dossier WHERE gone_date = '2026-11-05') > 20
            FROM marts.portal_unit_daily WHERE report_date = '2026-11-06'
            """
        ).fetchone()
    assert counted is not None
    told, expected, are_some_gone = counted
    assert told == expected
    assert are_some_gone


def test_a_build_cut_short_is_caught_up_with(yard: Yard, warehouse: Path) -> None:
    """Some models were built and others not, twice over; then one mart alone; then all."""
    a_new_day(warehouse)
    assert yard.dbt(
        warehouse, "run", "--select", "fct_dossier", "portal_stock_flows", "day_coverage", "fct_document_delivery"
    )
    corrections(warehouse)
    assert yard.dbt(
        warehouse, "run", "--select", "fct_document_delivery", "document_unit_daily", "completeness_subjects"
    )
    refusal(warehouse)
    assert yard.dbt(warehouse, "run", "--select", "indicator_daily")
    assert yard.dbt(warehouse, "run")
    assert_as_rebuilt(yard, warehouse)


def test_a_changed_rule_is_built_anew_from_there_on(yard: Yard, warehouse: Path) -> None:
    """Models that remember another basis, as after a changed seed, and hold what its rule gave."""
    for model, schema in (("portal_stock_flows", "staging"), ("document_unit_daily", "marts"), ("completeness", "ops")):
        change(
            warehouse,
            f"UPDATE staging.{model}__seen SET entry = 'basis:of other rules' WHERE entry LIKE 'basis:%'",
            f"DELETE FROM {schema}.{model} WHERE hash({model}) % 2 = 0",
        )
    a_new_day(warehouse)
    assert yard.dbt(warehouse, "run")
    assert_as_rebuilt(yard, warehouse)
    assert [is_whole for _, is_whole, _ in changes(warehouse, "document_unit_daily")] == [True]
    assert [is_whole for _, is_whole, _ in changes(warehouse, "indicator_daily")] == [True]
    assert [is_whole for _, is_whole, _ in changes(warehouse, "fct_dossier")] == [True, False]


def test_who_lags_behind_by_more_than_is_told_is_built_whole(yard: Yard, warehouse: Path) -> None:
    a_new_day(warehouse)
    assert yard.dbt(warehouse, "run", "--select", "fct_dossier")
    # As after weeks of builds in which only the facts succeeded: what was told first is told no more.
    change(
        warehouse,
        "UPDATE staging.fct_dossier__changes SET change_number = change_number + 20",
        "DELETE FROM staging.fct_dossier__changes WHERE is_whole OR dossier_key < '8'",
    )
    assert yard.dbt(warehouse, "run")
    assert_as_rebuilt(yard, warehouse)


def test_a_check_that_failed_is_not_forgotten(yard: Yard, warehouse: Path) -> None:
    """Checks look at what changed since they passed: a fault stays in sight until it is gone."""
    selected = ("--select", "fct_dossier", "dossier_history", "load_history", "--exclude-resource-type", "unit_test")
    assert yard.dbt(warehouse, "build", *selected)
    first = in_force(warehouse, "portal_dossiers", "2026-11-06")
    faulty = load_again(warehouse, first, "2026-11-09", "'H56.no.such' AS unit_code, 'd' || dossier_key AS dossier_key")
    assert not yard.dbt(warehouse, "build", *selected)
    load_again(warehouse, first, "2026-11-10", "updated_at + INTERVAL 4 DAY AS updated_at")
    assert not yard.dbt(warehouse, "build", *selected)
    assert not yard.dbt(warehouse, "build", *selected)
    change(warehouse, f"UPDATE ops.loads SET verdict = 'refused' WHERE load_id = '{faulty}'")
    assert yard.dbt(warehouse, "build", *selected)


def test_a_check_looks_at_what_changed_and_on_demand_at_everything(yard: Yard, warehouse: Path) -> None:
    """A row that no build made is not looked at day by day: that is what checking everything is for."""
    selected = ("--select", "portal_parts_equal_their_totals")
    assert yard.dbt(warehouse, "test", *selected)
    change(
        warehouse,
        "UPDATE marts.portal_unit_daily SET received_count = received_count + 1 WHERE report_date = '2026-11-03'",
    )
    assert yard.dbt(warehouse, "test", *selected)
    assert not yard.dbt(warehouse, "test", *selected, "--vars", "check_everything: true")


def test_whatever_a_model_reads_can_touch_it(yard: Yard) -> None:
    """A model built by changes reads only what tells its changes or is made of seeds; else it would miss some."""
    nodes = yard.manifest.nodes

    def is_fixed(node_id: str) -> bool:
        if node_id.startswith("source."):
            return False
        return node_id.startswith("seed.") or all(map(is_fixed, nodes[node_id].depends_on_nodes))

    def read_by(node_id: str) -> set[str]:
        """What a model reads, views taken apart."""
        found: set[str] = set()
        for above in nodes[node_id].depends_on_nodes:
            is_view = above in nodes and nodes[above].config.get("materialized") == "view"
            found |= read_by(above) if is_view else {above}
        return found

    built_by_changes = 0
    for node_id, node in nodes.items():
        increment = node.config.meta.get("increment") if node_id.startswith("model.") else None
        if not increment or not increment["inputs"]:
            continue
        built_by_changes += 1
        inputs = {f"model.khotinh.{one[0]}" for one in increment["inputs"]}
        # What the register says of a procedure is a seed; of one that it does not know, the same words are said of all.
        known = inputs | {"model.khotinh.dim_procedure"}
        # A closing's figures are written with it and never changed: whoever follows the closings follows them.
        if "model.khotinh.month_closures_in_force" in inputs:
            known.add("source.khotinh.ops.closed_figures")
        if increment["reads_loads"]:
            known |= {f"source.khotinh.raw.{increment['dataset']}", *LEDGER}
        unseen = {above for above in read_by(node_id) - known if not is_fixed(above)}
        assert unseen == set(), node_id
        for one in inputs:
            assert nodes[one].config.meta.get("increment"), (node_id, one)
    assert built_by_changes >= 7


def test_a_contract_that_asks_for_units_sees_them(yard: Yard, warehouse: Path) -> None:
    """A new layout is a contract and no code: `completeness` in a contract is all that it takes."""
    source = yard.manifest.sources["source.khotinh.raw.document_registers"]
    change(warehouse, "UPDATE ops.datasets SET completeness_subject = 'unit' WHERE dataset = 'document_registers'")
    models = ("completeness_periods", "completeness_subjects", "completeness")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "meta", {"completeness_column": "author_unit_code"})
        patch.setattr(source.config, "meta", {"completeness_column": "author_unit_code"})
        # As reading the project anew would.
        yard.manifest.build_flat_graph()  # type: ignore[no-untyped-call]
        assert yard.dbt(warehouse, "run", "--select", *models)
    yard.manifest.build_flat_graph()  # type: ignore[no-untyped-call]
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        reported = connection.execute(
            """
            SELECT subject_code FROM ops.completeness WHERE dataset = 'document_registers' AND subject_type = 'unit'
                AND day = '2026-11-03' AND state = 'reported' ORDER BY ALL
            """
        ).fetchall()
        authors = connection.execute(
            "SELECT DISTINCT author_unit_code FROM core.fct_document_registration WHERE register_date = '2026-11-03' ORDER BY ALL"
        ).fetchall()
        silent = connection.execute(
            "SELECT count(*) FROM ops.completeness WHERE dataset = 'document_registers' AND day = '2026-11-03' AND state = 'zero'"
        ).fetchall()
    assert reported == authors
    assert len(authors) > 3
    assert silent[0][0] > 3
