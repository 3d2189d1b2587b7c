"""One contestant's bulk ingest of the dossier file: `python -m benchmarks.bulk_ingest khotinh|duckdb|dlt FILE HOME`.

Prints the seconds of the work itself as JSON: interpreter start and imports are left out for all alike.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

from benchmarks.contest import compete
from benchmarks.dossier_file import MOMENT, csv_contract
from pipelines.contracts import Column


def khotinh(file: Path, home: Path) -> Callable[[], int]:
    """Parse, validate with the dataset's suite, load with checks and quarantine."""
    from pydantic import SecretStr  # noqa: PLC0415

    import pipelines.validate.great_expectations_runner  # noqa: F401, PLC0415
    from pipelines import archive  # noqa: PLC0415
    from pipelines.calendar import Partition, now  # noqa: PLC0415
    from pipelines.extract import Delivery  # noqa: PLC0415
    from pipelines.ingest import Workshop, examine  # noqa: PLC0415
    from pipelines.load.ledger import Outcome  # noqa: PLC0415
    from pipelines.load.load import load  # noqa: PLC0415
    from pipelines.load.warehouse import open_warehouse, prepare  # noqa: PLC0415
    from pipelines.settings import Settings  # noqa: PLC0415

    workshop = Workshop(Settings(home=home, pseudonym_key=SecretStr("a key for the benchmark only")))
    contract, partition = csv_contract(), Partition.baseline(date(2026, 12, 1))
    copy = home / "incoming.csv"
    copy.write_bytes(file.read_bytes())
    delivery = Delivery(
        file=copy, file_name=file.name, source_uri="file:///benchmark", source_modified_at=None, declared_rows=None
    )
    with open_warehouse(workshop.settings) as connection:
        prepare(connection, workshop.contracts.values())
    arrival = archive.store(delivery, contract.dataset, partition.key, workshop.settings.archive_folder, now())

    def work() -> int:
        started_at = now()
        judged = examine(workshop, contract, partition, arrival)
        with open_warehouse(workshop.settings) as connection:
            attempt = load(
                connection, contract, arrival, judged, started_at, now(), "benchmark", workshop.volume_basis
            )  # fmt: skip
        if attempt.outcome is not Outcome.LOADED:
            raise SystemExit(f"not loaded: {attempt.message}")
        return attempt.rows_accepted

    return work


def duckdb(file: Path, home: Path) -> Callable[[], int]:
    """The bare statement: the same columns with the same types, nothing checked and nothing explained."""
    import duckdb as engine  # noqa: PLC0415

    columns = csv_contract().columns
    types = {column.headings[0]: _bare_type(column) for column in columns}
    wanted = ", ".join(f'"{column.headings[0]}" AS {column.name}' for column in columns if column.is_stored)

    def work() -> int:
        with engine.connect(str(home / "bare.duckdb")) as connection:
            connection.execute(
                f"CREATE TABLE dossiers AS SELECT {wanted} FROM read_csv(?, header = true, types = {types}, "
                f"timestampformat = '{MOMENT}')",
                [str(file)],
            )
            return int(connection.execute("SELECT count(*) FROM dossiers").fetchall()[0][0])

    return work


# The code ends here under a hash too, as the suite demands.
_HASHED = "(SELECT * REPLACE (md5(dossier_key) AS dossier_key) FROM dossiers)"


def rules_in_sql(file: Path, home: Path) -> Callable[[], int]:
    """The bare statement and the suite's row rules as plain SQL: bad rows set apart with every reason, the rest kept."""
    import duckdb as engine  # noqa: PLC0415

    from benchmarks.rules_as_sql import reasons_query  # noqa: PLC0415
    from pipelines.settings import EXPECTATIONS  # noqa: PLC0415
    from pipelines.validate.suites import read_suite  # noqa: PLC0415

    bare = duckdb(file, home)
    query = reasons_query(read_suite(EXPECTATIONS, "portal_dossiers"), _HASHED)

    def work() -> int:
        bare()
        with engine.connect(str(home / "bare.duckdb")) as connection:
            connection.execute(f"CREATE TABLE judged AS {query}")
            connection.execute("CREATE TABLE quarantine AS FROM judged WHERE len(reasons) > 0")
            connection.execute("CREATE TABLE accepted AS SELECT * EXCLUDE (reasons) FROM judged WHERE len(reasons) = 0")
            return int(connection.execute("SELECT count(*) FROM accepted").fetchall()[0][0])

    return work


def dlt(file: Path, home: Path) -> Callable[[], int]:
    """Dlt as its documentation shows it: the file's rows as Arrow batches into DuckDB."""
    import dlt as engine  # noqa: PLC0415
    from pyarrow import csv  # noqa: PLC0415

    @engine.resource(name="dossiers", write_disposition="append")
    def dossiers():  # type: ignore[no-untyped-def]  # noqa: ANN202
        options = csv.ConvertOptions(timestamp_parsers=[MOMENT])
        yield from csv.open_csv(file, convert_options=options)

    pipeline = engine.pipeline(
        "benchmark",
        destination=engine.destinations.duckdb(str(home / "dlt.duckdb")),
        dataset_name="raw",
        pipelines_dir=str(home),
    )

    def work() -> int:
        pipeline.run(dossiers())
        return int(pipeline.last_trace.last_normalize_info.row_counts["dossiers"])

    return work


def dlt_rows(file: Path, home: Path) -> Callable[[], int]:
    """Dlt with Python rows, its usual way for a source that needs a look at each row."""
    import csv as lines  # noqa: PLC0415

    import dlt as engine  # noqa: PLC0415

    @engine.resource(name="dossiers", write_disposition="append")
    def dossiers():  # type: ignore[no-untyped-def]  # noqa: ANN202
        with file.open(encoding="utf-8", newline="") as stream:
            yield from lines.DictReader(stream)

    pipeline = engine.pipeline(
        "benchmark_rows",
        destination=engine.destinations.duckdb(str(home / "dlt_rows.duckdb")),
        dataset_name="raw",
        pipelines_dir=str(home),
    )

    def work() -> int:
        pipeline.run(dossiers())
        return int(pipeline.last_trace.last_normalize_info.row_counts["dossiers"])

    return work


def _bare_type(column: Column) -> str:
    return "VARCHAR" if column.type == "boolean" else column.sql_type


CONTESTANTS = {"khotinh": khotinh, "duckdb": duckdb, "rules_in_sql": rules_in_sql, "dlt": dlt, "dlt_rows": dlt_rows}


def main() -> None:
    """Runs one contestant and prints what it took."""
    name, file, home = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    compete(name, CONTESTANTS[name](file, home))


if __name__ == "__main__":
    main()
