"""What stands on a real PostgreSQL server after an export: the published marts, whole, or what stood there before."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import duckdb
import psycopg
import pytest

from pipelines.errors import PermanentError, SettingError, TransientError, UnforeseenError
from pipelines.postgres import export
from pipelines.postgres.copy import Exported, copy_marts
from pipelines.postgres.export import export_marts
from pipelines.settings import Settings, read_settings
from tests.postgres.server import IN_A_URL, PASSWORD, Server, start_server, stop_server
from tests.postgres.versions import published_file
from tests.publish.publish_help import HIDDEN, build_warehouse, settings_in


def _ask(server: Server, query: str, user: str = "owner") -> list[tuple[object, ...]]:
    with server.connect(user) as connection:
        return connection.execute(query).fetchall()


def _copy(published: Path, settings: Settings) -> Exported:
    """An export in this process, as `export_marts` does it in another: a second less each."""
    assert settings.postgres_url is not None
    return copy_marts(published, settings.postgres_url, settings.postgres_reader)


def _tables(server: Server) -> list[str]:
    return [
        str(name) for (name,) in _ask(server, "SELECT tablename FROM pg_tables WHERE schemaname = 'khotinh' ORDER BY 1")
    ]


def test_without_the_setting_nothing_is_done(tmp_path: Path) -> None:
    for url in (None, ""):
        settings = Settings(_env_file=None, home=tmp_path, postgres_url=url)  # type: ignore[call-arg, arg-type]
        assert export_marts(tmp_path / "no such file", settings) is None


def test_the_marts_of_a_real_publish_stand_there_with_their_version(server: Server, tmp_path: Path) -> None:
    from pipelines.publish.publish import POINTER, publish  # noqa: PLC0415  (the way that the pipeline takes)

    home = settings_in(tmp_path)
    version = publish(home, build_warehouse(home), HIDDEN)
    exported = export_marts(home.published_folder / POINTER, server.settings(tmp_path))
    assert exported is not None
    rows = {name.split(".")[1]: count for name, count in version.table_rows.items() if name.startswith("marts.")}
    assert exported.table_rows == {**rows, "dim_unit": 1, "indicators": 1}
    assert _tables(server) == sorted([*exported.table_rows, "khotinh_version"])
    assert _ask(server, "SELECT version, published_at FROM khotinh.khotinh_version") == [
        (version.version, version.published_at)
    ]
    assert _ask(
        server, "SELECT indicator_code, period, numerator, denominator, value FROM khotinh.indicator_daily"
    ) == [("portal_received", dt.date(2026, 6, 2), Decimal("1000.0000"), None, Decimal("1000.000000"))]


def test_every_type_arrives_as_it_is(server: Server, tmp_path: Path) -> None:
    file = published_file(
        tmp_path,
        1,
        """
        CREATE TABLE marts.kinds AS SELECT 123456789012.123456::DECIMAL(18,6) AS share, 170::HUGEINT AS huge, 7::BIGINT AS count,
            3::INTEGER AS small, 2::SMALLINT AS smaller, 0.1::DOUBLE AS double, true AS is_so, DATE '2026-02-28' AS day,
            TIME '05:30' AS due, TIMESTAMP '2026-11-08 05:30:00.123456' AS at, 'Sở Y tế \\ "x"' AS name,
            ['a', NULL, 'ă,{}'] AS reasons, [1.25, 2]::DECIMAL(9,2)[] AS parts
        UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
        """,
    )
    _copy(file, server.settings(tmp_path))
    assert _ask(server, "SELECT * FROM khotinh.kinds ORDER BY day NULLS LAST") == [
        (Decimal("123456789012.123456"), Decimal(170), 7, 3, 2, 0.1, True, dt.date(2026, 2, 28), dt.time(5, 30),
         dt.datetime.fromisoformat("2026-11-08T05:30:00.123456"), 'Sở Y tế \\ "x"', ["a", None, "ă,{}"],
         [Decimal("1.25"), Decimal("2.00")]),
        (None,) * 13,
    ]  # fmt: skip
    kinds = "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'khotinh.kinds'::regclass AND attnum > 0"
    assert [kind for (kind,) in _ask(server, f"{kinds} ORDER BY attnum")][:4] == [
        "numeric(18,6)", "numeric(38,0)", "bigint", "integer",
    ]  # fmt: skip


def test_a_type_that_postgresql_has_not_is_said_and_nothing_changes(server: Server, tmp_path: Path) -> None:
    _copy(published_file(tmp_path, 1), server.settings(tmp_path))
    file = published_file(tmp_path, 2, "CREATE TABLE marts.odd AS SELECT {'a': 1} AS pair")
    with pytest.raises(PermanentError, match=r"odd\.pair is STRUCT"):
        _copy(file, server.settings(tmp_path))
    assert _ask(server, "SELECT version, (SELECT count(*) FROM khotinh.sent) FROM khotinh.khotinh_version") == [
        ("v0001", 1)
    ]


def test_columns_and_tables_come_go_and_change_and_an_old_version_comes_back(server: Server, tmp_path: Path) -> None:
    settings = server.settings(tmp_path)
    first = published_file(tmp_path, 1)
    second = published_file(
        tmp_path,
        2,
        """
        DROP VIEW marts.sent_today; DROP TABLE marts.sent; CREATE TABLE marts.arrived AS SELECT 5 AS day;
        CREATE OR REPLACE TABLE marts.received AS SELECT 'H56' AS unit_code, 2.5::DECIMAL(24,8) AS value, true AS "is new";
        INSERT INTO meta.dictionary VALUES ('marts', 'received', 'value', '', 'Giá trị ''x'' \\', 'Value'),
            ('marts', 'received', 'unit_code', '', 'Mã', 'Code')
        """,
    )
    for file, marts in ((first, ["received", "sent", "sent_today"]), (second, ["arrived", "received"]),
                        (first, ["received", "sent", "sent_today"])):  # fmt: skip
        exported = _copy(file, settings)
        assert _tables(server) == sorted(["dim_unit", "khotinh_version", *marts])
        with duckdb.connect(str(file), read_only=True) as connection:
            for name in marts:
                columns = ", ".join(f'"{c}"' for (c,) in connection.execute(
                    "SELECT column_name FROM duckdb_columns() WHERE table_name = ?", [name]).fetchall())  # fmt: skip
                published = connection.execute(f"SELECT {columns} FROM marts.{name} ORDER BY ALL").fetchall()
                there = _ask(server, f"SELECT {columns} FROM khotinh.{name}")
                assert sorted(there) == sorted(published)
                assert exported.table_rows[name] == len(published)
        if file == second:
            described = "SELECT attname, col_description(attrelid, attnum) FROM pg_attribute WHERE attrelid = 'khotinh.received'::regclass"
            assert set(_ask(server, f"{described} AND attnum > 0 AND NOT attisdropped")) == {
                ("unit_code", "Mã | Code"), ("value", "Giá trị 'x' \\ | Value"), ("is new", None),
            }  # fmt: skip


def test_a_long_transaction_keeps_its_version_through_a_change_of_columns(server: Server, tmp_path: Path) -> None:
    """A table that was dropped and made again would be empty for it, without an error."""
    settings = server.settings(tmp_path)
    _copy(published_file(tmp_path, 1), settings)
    with server.connect() as reader:
        reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        assert reader.execute("SELECT version FROM khotinh.khotinh_version").fetchall() == [("v0001",)]
        _copy(published_file(tmp_path, 2, "ALTER TABLE marts.received ADD COLUMN note VARCHAR"), settings)
        told = "SELECT version, (SELECT sum(value) FROM khotinh.received), (SELECT count(*) FROM khotinh.sent) FROM khotinh.khotinh_version"
        assert reader.execute(told).fetchall() == [("v0001", Decimal(400), 1)]
        reader.execute("COMMIT")
        assert reader.execute(told).fetchall() == [("v0002", Decimal(800), 2)]


def test_the_same_version_again_writes_nothing(server: Server, tmp_path: Path) -> None:
    file = published_file(tmp_path, 3)
    first = _copy(file, server.settings(tmp_path))
    written = "SELECT xmin::text, count(*) FROM khotinh.received GROUP BY 1"
    before = _ask(server, written)
    again = _copy(file, server.settings(tmp_path))
    assert (first.version, len(first.table_rows)) == ("v0003", 4)
    assert (again.version, again.table_rows) == ("v0003", {})
    assert _ask(server, written) == before


def test_the_reader_may_read_and_no_more(server: Server, tmp_path: Path) -> None:
    with server.connect() as connection:
        connection.execute('DROP ROLE IF EXISTS "bi Đọc"')
        connection.execute("CREATE ROLE \"bi Đọc\" LOGIN PASSWORD 'x'")
        connection.execute("ALTER ROLE \"bi Đọc\" PASSWORD E'hu\\'sh \\\\ 100%'")
    try:
        _copy(published_file(tmp_path, 1), server.settings(tmp_path))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            _ask(server, "SELECT count(*) FROM khotinh.received", "bi Đọc")
        # The same version, and another reader: that is work.
        _copy(tmp_path / "warehouse-v0001.duckdb", server.settings(tmp_path, reader="bi Đọc"))
        _copy(
            published_file(tmp_path, 2, "CREATE TABLE marts.more AS SELECT 1 AS a"),
            server.settings(tmp_path, reader="bi Đọc"),
        )
        assert _ask(server, "SELECT count(*) FROM khotinh.more", "bi Đọc") == [(1,)]
        for forbidden in ("DELETE FROM khotinh.more", "CREATE TABLE khotinh.mine ()", "DROP TABLE khotinh.more"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                _ask(server, forbidden, "bi Đọc")
    finally:
        with server.connect() as connection:
            connection.execute('DROP OWNED BY "bi Đọc"; DROP ROLE "bi Đọc"')


def test_the_documented_accounts_are_enough(server: Server, tmp_path: Path) -> None:
    """docs/operating.md: an account that may make its schema and nothing else, and grants by hand that last."""
    settings = server.settings(tmp_path, database="other", user="account")
    with server.connect(database="other") as connection:
        for role in ("account", "bi"):
            connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD E'hu\\'sh \\\\ 100%'")
        connection.execute("GRANT CREATE ON DATABASE other TO account")
    _copy(published_file(tmp_path, 1), settings)
    with server.connect("account", "other") as connection:
        connection.execute("GRANT USAGE ON SCHEMA khotinh TO bi")
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA khotinh TO bi")
        connection.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA khotinh GRANT SELECT ON TABLES TO bi")
    _copy(published_file(tmp_path, 2, "CREATE TABLE marts.more AS SELECT 1 AS a"), settings)
    with server.connect("bi", "other") as connection:
        assert connection.execute("SELECT version, a FROM khotinh.khotinh_version, khotinh.more").fetchall() == [
            ("v0002", 1)
        ]


def test_what_others_keep_in_the_schema_is_neither_taken_nor_removed(server: Server, tmp_path: Path) -> None:
    with server.connect() as connection:
        connection.execute("CREATE SCHEMA khotinh; CREATE TABLE khotinh.theirs AS SELECT 1 AS a")
        connection.execute("CREATE TABLE khotinh.sent AS SELECT 'theirs' AS day")
    with pytest.raises(PermanentError, match=r'relation "sent" already exists'):
        _copy(published_file(tmp_path, 1), server.settings(tmp_path))
    assert _tables(server) == ["sent", "theirs"]
    with server.connect() as connection:
        connection.execute("DROP TABLE khotinh.sent")
    _copy(tmp_path / "warehouse-v0001.duckdb", server.settings(tmp_path))
    _copy(published_file(tmp_path, 2), server.settings(tmp_path))
    assert _ask(server, "SELECT a FROM khotinh.theirs") == [(1,)]


def test_a_view_of_somebody_that_stands_in_the_way_is_named(server: Server, tmp_path: Path) -> None:
    _copy(published_file(tmp_path, 1), server.settings(tmp_path))
    with server.connect() as connection:
        connection.execute("CREATE VIEW public.of_an_analyst AS SELECT day FROM khotinh.sent_today")
    try:
        with pytest.raises(PermanentError, match=r"view of_an_analyst depends on"):
            _copy(published_file(tmp_path, 2, "DROP VIEW marts.sent_today"), server.settings(tmp_path))
        assert _ask(server, "SELECT version FROM khotinh.khotinh_version") == [("v0001",)]
    finally:
        with server.connect() as connection:
            connection.execute("DROP VIEW public.of_an_analyst")


def test_changed_columns_give_way_to_a_reader_who_holds_them_and_never_kill_it(server: Server, tmp_path: Path) -> None:
    """Two tables that both change, read by one transaction in the other order: PostgreSQL would call that a deadlock."""
    _copy(published_file(tmp_path, 1), server.settings(tmp_path))
    second = published_file(
        tmp_path, 2, "ALTER TABLE marts.received ADD COLUMN a INT; ALTER TABLE marts.sent ADD COLUMN a INT"
    )
    with server.connect() as reader, ThreadPoolExecutor(1) as pool:
        reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM khotinh.sent")
        exporting = pool.submit(_copy, second, server.settings(tmp_path))
        with server.connect() as watcher:
            while not exporting.done() and not watcher.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchall():
                pass
        assert reader.execute("SELECT count(*) FROM khotinh.received").fetchall() == [(400,)]
        with pytest.raises(TransientError, match=r"lock timeout.*the next publish catches up"):
            exporting.result(timeout=60)
        reader.execute("COMMIT")
    assert _ask(server, "SELECT count(*) FROM khotinh.sent") == [(1,)]
    _copy(second, server.settings(tmp_path))
    assert _ask(server, "SELECT count(*), count(a) FROM khotinh.sent") == [(2, 0)]


def test_a_connection_that_is_cut_in_the_middle_leaves_the_version_before(server: Server, tmp_path: Path) -> None:
    export_marts(published_file(tmp_path, 1), server.settings(tmp_path))
    second = published_file(tmp_path, 2)
    with server.connect() as holder, ThreadPoolExecutor(1) as pool:
        # The export waits for `sent` when the rows of `received` are already deleted.
        holder.execute("BEGIN; LOCK TABLE khotinh.sent IN SHARE ROW EXCLUSIVE MODE")
        exporting = pool.submit(export_marts, second, server.settings(tmp_path))
        cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE NOT granted AND locktype = 'relation'"
        while not exporting.done() and holder.execute(cut).fetchall() == [(0,)]:
            pass
        with pytest.raises(TransientError, match=r"(server closed|was cut).*the next publish catches up"):
            exporting.result(timeout=60)
        holder.execute("ROLLBACK")
    assert _ask(server, "SELECT version, (SELECT count(*) FROM khotinh.sent) FROM khotinh.khotinh_version") == [
        ("v0001", 1)
    ]


def test_a_server_that_is_down_is_told_without_the_password_and_the_next_export_catches_up(tmp_path: Path) -> None:
    own = start_server()
    try:
        own.control("--mode", "fast", "stop")
        with pytest.raises(TransientError, match="next publish catches up") as raised:
            export_marts(published_file(tmp_path, 1), own.settings(tmp_path))
        _assert_no_secret(str(raised.getrepr(chain=True)))
        own.start()
        export_marts(published_file(tmp_path, 2), own.settings(tmp_path))
        assert _ask(own, "SELECT count(*) FROM khotinh.sent") == [(2,)]
    finally:
        stop_server(own)


def test_a_wrong_password_and_an_account_without_rights_are_told_without_it(server: Server, tmp_path: Path) -> None:
    address = f"127.0.0.1:{server.port}/khotinh"
    file = published_file(tmp_path, 1)
    for url, secret, error in (
        (f"postgresql://owner:wr0ng-secret@{address}", "wr0ng-secret", TransientError),
        (f"postgres://owner@{address}?password=wr0ng-secret", "wr0ng-secret", TransientError),
        ("postgresql://owner:s3cret/x@127.0.0.1:1/khotinh", "s3cret", TransientError),
        ("postgresql://owner:s3cret@127.0.0.1:1", "s3cret", SettingError),
        ("mysql://owner:s3cret@127.0.0.1:1/khotinh", "s3cret", SettingError),
        ("s3cret", "s3cret", SettingError),
    ):
        settings = Settings(_env_file=None, home=tmp_path, postgres_url=url)  # type: ignore[call-arg, arg-type]
        assert secret not in repr(settings)
        with pytest.raises(error) as raised:
            export_marts(file, settings)
        assert secret not in str(raised.value)
    with server.connect() as connection:
        connection.execute("CREATE ROLE stranger LOGIN PASSWORD 'wr0ng-secret'")
    settings = Settings(_env_file=None, home=tmp_path, postgres_url=f"postgresql://stranger:wr0ng-secret@{address}")  # type: ignore[call-arg, arg-type]
    with pytest.raises(PermanentError, match="permission denied for database"):
        _copy(file, settings)


def _assert_no_secret(text: str) -> None:
    assert PASSWORD not in text
    assert IN_A_URL not in text


def test_the_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KHOTINH_POSTGRES_URL", "postgresql://a:b@c/d")
    monkeypatch.setenv("KHOTINH_POSTGRES_READER", "bi")
    settings = read_settings()
    assert settings.postgres_url is not None
    assert (settings.postgres_url.get_secret_value(), settings.postgres_reader) == ("postgresql://a:b@c/d", "bi")


def test_a_server_that_never_answers_is_left_after_a_while(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _copy(published_file(tmp_path, 1), server.settings(tmp_path))
    monkeypatch.setattr(export, "LIMIT_SECONDS", 3)
    with server.connect() as holder:
        holder.execute("BEGIN; LOCK TABLE khotinh.sent IN SHARE ROW EXCLUSIVE MODE")
        with pytest.raises(TransientError, match=r"was ended\. Its readers keep the version before"):
            export_marts(published_file(tmp_path, 2), server.settings(tmp_path))
        holder.execute("ROLLBACK")
    assert _ask(server, "SELECT count(*) FROM khotinh.sent") == [(1,)]


def test_what_is_a_fault_of_the_program_is_told_as_one(server: Server, tmp_path: Path) -> None:
    broken = tmp_path / "broken.duckdb"
    with duckdb.connect(str(broken)) as connection:
        connection.execute(
            """
            CREATE SCHEMA meta; CREATE TABLE meta.versions AS SELECT NULL::VARCHAR AS version, NOW() AS published_at;
            CREATE TABLE meta.dictionary (schema_name VARCHAR, table_name VARCHAR, column_name VARCHAR,
                description_vi VARCHAR, description_en VARCHAR)
            """
        )
    with pytest.raises(UnforeseenError, match=r"AttributeError at quoting\.py"):
        export_marts(broken, server.settings(tmp_path))
