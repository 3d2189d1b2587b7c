"""The ready-made dashboard: its bundle, and in a real Superset its figures through ten publishes."""

from __future__ import annotations

import datetime as dt
import io
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import duckdb
import httpx
import pytest
import yaml

from bi.superset.bundle import BOARD, bundle
from pipelines.load.warehouse import open_warehouse
from pipelines.publish.publish import POINTER, publish
from pipelines.settings import Settings
from tests.bi.small_marts import build_marts
from tests.bi.superset_server import Superset, started
from tests.publish.publish_help import HIDDEN, settings_in

PUBLISHES = 10
# The figures of each chart, by a query on the published file written apart from the bundle's.
FIGURES = {
    "Dossiers received, all days": "SELECT sum(received_count) FROM marts.portal_unit_daily",
    "Settled on time, the province's report": """
        SELECT period, value FROM marts.indicator_daily
        WHERE indicator_code = 'portal_settled_on_time_local' AND unit_code = 'H56' ORDER BY ALL""",
    "Dossiers received by day": """
        SELECT report_date, sum(received_count), sum(received_online_count) FROM marts.portal_unit_daily
        GROUP BY ALL ORDER BY ALL""",
    "Units with most dossiers settled late": """
        SELECT unit_code, any_value(unit_name_vi), sum(settled_late_count), sum(settled_count)
        FROM marts.portal_unit_daily JOIN core.dim_unit USING (unit_code) WHERE is_current GROUP BY ALL ORDER BY ALL""",
    "Documents sent and registered by day": """
        SELECT report_date, sum(sent_count), sum(registered_count) FROM marts.document_unit_daily GROUP BY ALL ORDER BY ALL""",
    "Endpoints online of those asked": """
        SELECT report_date, avg(is_online::INT) FROM marts.videoconference_endpoint_daily WHERE was_asked GROUP BY ALL""",
    "Target board": "SELECT target_name_vi, target_name_en, period, target_value, value, gap, state_code FROM marts.target_progress",
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture
def manifest(settings: Settings) -> Path:
    manifest = build_marts(settings)
    publish(settings, manifest, HIDDEN)
    return manifest


def test_the_bundle_is_the_same_for_the_same_file_and_labels_are_in_both_languages(
    settings: Settings, manifest: Path
) -> None:
    pointer = settings.published_folder / POINTER
    first = bundle(pointer)
    assert bundle(pointer) == first
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        files = {name: yaml.safe_load(archive.read(name)) for name in archive.namelist()}
    [database] = [content for name, content in files.items() if "/databases/" in name]
    assert database["sqlalchemy_uri"] == f"duckdb:///{pointer}?access_mode=READ_ONLY"
    charts = [content for name, content in files.items() if "/charts/" in name]
    datasets = [content for name, content in files.items() if "/datasets/" in name]
    assert {chart["dataset_uuid"] for chart in charts} == {dataset["uuid"] for dataset in datasets}
    titles = [chart["slice_name"] for chart in charts] + [dataset["table_name"] for dataset in datasets]
    titles += [metric["verbose_name"] for dataset in datasets for metric in dataset["metrics"]]
    titles += [label for dataset in datasets for c in dataset["columns"] if (label := c["verbose_name"])]
    assert [title for title in titles if title.count(" | ") != 1] == []
    [by_day] = [dataset for dataset in datasets if dataset["table_name"].endswith("Documents by unit and day")]
    described = {column["column_name"]: (column["description"], column["is_dttm"]) for column in by_day["columns"]}
    assert described["report_date"] == ("Ngày báo cáo | Day of the report", True)
    [dashboard] = [content for name, content in files.items() if "/dashboards/" in name]
    placed = [part["meta"]["uuid"] for key, part in dashboard["position"].items() if key.startswith("CHART-")]
    assert placed == [chart["uuid"] for chart in charts]


def test_every_chart_asks_for_what_its_dataset_has(settings: Settings, manifest: Path) -> None:
    board = yaml.safe_load(BOARD.read_text(encoding="utf-8"))
    with duckdb.connect(str(settings.published_folder / POINTER), read_only=True) as connection:
        for chart in board["charts"]:
            dataset = board["datasets"][chart["dataset"]]
            columns = [*chart.get("by", []), *chart.get("columns", []), *chart.get("filters", {})]
            asked = [*columns, *(dataset["metrics"][metric][1] for metric in chart.get("metrics", []))]
            grouped = f"GROUP BY {', '.join(columns)}" if columns else ""
            connection.execute(f"SELECT {', '.join(asked)} FROM ({dataset['sql']}) {grouped}")


@pytest.mark.long
@pytest.mark.superset
def test_a_real_superset_shows_the_newest_version_through_ten_publishes(
    settings: Settings, manifest: Path, tmp_path: Path
) -> None:
    pointer = settings.published_folder / POINTER
    file = tmp_path / "kho-tinh.zip"
    file.write_bytes(bundle(pointer))
    with started(tmp_path / "superset", file) as superset, ThreadPoolExecutor(1) as pool:
        charts = {
            str(chart["slice_name"]).partition(" | ")[2]: int(chart["id"])
            for chart in superset.get("dashboard/kho-tinh/charts")["result"]
        }
        assert set(charts) == set(FIGURES)
        stop = threading.Event()
        asking = pool.submit(_ask_without_pause, superset, charts["Dossiers received, all days"], stop)
        try:
            for _ in range(PUBLISHES):
                with open_warehouse(settings) as connection:
                    connection.execute("UPDATE marts.portal_unit_daily SET received_count = received_count + 1")
                version = publish(settings, manifest, HIDDEN)
                assert superset.sql("SELECT max(version) AS version FROM meta.versions") == [
                    {"version": version.version}
                ]
                for title, query in FIGURES.items():
                    assert _shown(superset, charts[title]) == _published(pointer, query), title
        finally:
            stop.set()
        seen = asking.result(timeout=120)
    # 6 rows, each one more in each version: 66 before the first of the ten publishes.
    assert seen == sorted(seen)
    assert {(figure - 66) % 6 for figure in seen} == {0}
    assert seen[-1] == 66 + 6 * PUBLISHES
    assert len(seen) > PUBLISHES


def _ask_without_pause(superset: Superset, chart: int, stop: threading.Event) -> list[int]:
    """What a chart shows, again and again while files are published; an error of Superset's ends it."""
    seen = []
    with httpx.Client(base_url=superset.client.base_url, headers=superset.client.headers, timeout=120) as client:
        is_last = False
        while not is_last:
            is_last = stop.is_set()
            answer = client.get(f"/api/v1/chart/{chart}/data/").raise_for_status().json()
            seen.append(int(answer["result"][0]["data"][0]["received"]))
    return seen


def _shown(superset: Superset, chart: int) -> list[tuple[object, ...]]:
    """A chart's rows; Superset tells a day as the milliseconds of its midnight in UTC."""
    rows = [
        tuple(
            dt.datetime.fromtimestamp(value / 1000, dt.UTC).date() if name in ("report_date", "period")
            and isinstance(value, float) else _figure(value)
            for name, value in row.items()
        )
        for row in superset.chart_rows(chart)
    ]  # fmt: skip
    return sorted(rows, key=str)


def _published(pointer: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(pointer), read_only=True) as connection:
        rows = connection.execute(query).fetchall()
    return sorted((tuple(map(_figure, row)) for row in rows), key=str)


def _figure(value: object) -> object:
    return round(float(value), 9) if isinstance(value, (int, float, Decimal)) else value
