"""Makes Superset's import file from `dashboard.yaml` and a published file: database, datasets, charts, one dashboard.

Columns with their types and meanings are read from the published file, so that they never differ from it. Identifiers
follow from the names here, so a second import finds what the first one brought: Superset then lays out the dashboard anew,
and leaves charts, datasets and database as they are there. Ids, users and rights are Superset's own.
"""

from __future__ import annotations

import io
import uuid
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import orjson
import yaml

BOARD = Path(__file__).with_name("dashboard.yaml")
DATABASE = "Kho Tỉnh"
_ROOT = "kho_tinh"
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "kho-tinh/superset")
# A zip tells when each file was written: the same input gives the same bytes.
_MOMENT = (2026, 1, 1, 0, 0, 0)
Parts = Mapping[str, Any]


def bundle(published: Path) -> bytes:
    """The zip file that `superset import-dashboards` and its page *Import dashboard* take.

    Args:
        published: The pointer to the published file, as the Superset server sees it; its address goes into the bundle.
    """
    board: Parts = yaml.safe_load(BOARD.read_text(encoding="utf-8"))
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _files(board, published):
            text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
            archive.writestr(zipfile.ZipInfo(f"{_ROOT}/{name}", _MOMENT), text)
    return written.getvalue()


def _files(board: Parts, published: Path) -> Iterator[tuple[str, Parts]]:
    yield "metadata.yaml", {"version": "1.0.0", "type": "Dashboard", "timestamp": "2026-01-01T00:00:00+00:00"}
    yield "databases/kho_tinh.yaml", _database(published)
    with duckdb.connect(str(published), read_only=True) as connection:
        for name, dataset in board["datasets"].items():
            yield f"datasets/kho_tinh/{name}.yaml", _dataset(connection, name, dataset)
    for number, chart in enumerate(board["charts"]):
        yield f"charts/{number:02}.yaml", _chart(number, chart, board["datasets"][chart["dataset"]])
    yield "dashboards/kho_tinh.yaml", _dashboard(board)


def _database(published: Path) -> Parts:
    return {
        "database_name": DATABASE,
        # Superset opens and closes for each query (NullPool): each one reads the newest version.
        "sqlalchemy_uri": f"duckdb:///{published.absolute()}?access_mode=READ_ONLY",
        "uuid": _id("database"),
        "expose_in_sqllab": True,
        "allow_dml": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "extra": {"allows_virtual_table_explore": True},
        "version": "1.0.0",
    }


def _dataset(connection: duckdb.DuckDBPyConnection, name: str, dataset: Parts) -> Parts:
    described = {
        column: f"{vi} | {en}"
        for column, vi, en in connection.execute(
            "SELECT column_name, description_vi, description_en FROM meta.dictionary WHERE concat_ws('.', schema_name, table_name) = ?",
            [dataset["table"]],
        ).fetchall()
    }
    columns = connection.execute(f"DESCRIBE {dataset['sql']}").fetchall()
    return {
        "table_name": dataset["title"],
        "description": dataset["title"],
        "sql": dataset["sql"],
        "main_dttm_col": dataset.get("time"),
        # Superset would keep answers for a day; a new version has to show.
        "cache_timeout": -1,
        "uuid": _id(f"dataset {name}"),
        "database_uuid": _id("database"),
        "columns": [
            {
                "column_name": column,
                "verbose_name": dataset.get("labels", {}).get(column),
                "type": kind,
                "description": described.get(column),
                "is_dttm": kind in ("DATE", "TIMESTAMP"),
            }
            for column, kind, *_ in columns
        ],
        "metrics": [
            {"metric_name": metric, "verbose_name": title, "expression": expression}
            for metric, (title, expression) in dataset.get("metrics", {}).items()
        ],
        "version": "1.0.0",
    }


def _chart(number: int, chart: Parts, dataset: Parts) -> Parts:
    metrics = chart.get("metrics", [])
    filters = chart.get("filters", {})
    is_over_time = chart["viz_type"].startswith("echarts_timeseries")
    by = [dataset["time"]] if is_over_time else chart.get("by", chart.get("columns", []))
    limit = chart.get("limit", 10_000)
    params = {
        "viz_type": chart["viz_type"],
        "metrics": metrics,
        "adhoc_filters": [
            {"clause": "WHERE", "expressionType": "SIMPLE", "subject": column, "operator": "==", "comparator": value}
            for column, value in filters.items()
        ],
        "row_limit": limit,
        "y_axis_format": chart.get("format", "SMART_NUMBER"),
        "show_legend": True,
        **({"metric": metrics[0]} if chart["viz_type"] == "big_number_total" else {}),
        **({"x_axis": dataset["time"], "time_grain_sqla": "P1D"} if is_over_time else {}),
        **({"query_mode": "raw", "all_columns": by} if "columns" in chart else {"groupby": [] if is_over_time else by}),
    }
    query = {
        "columns": by,
        "metrics": metrics,
        "filters": [{"col": column, "op": "==", "val": value} for column, value in filters.items()],
        "orderby": [[by[0], True]] if is_over_time or "columns" in chart else [[metrics[0], False]],
        "row_limit": limit,
    }
    # What Superset's page would save with the chart: with it the chart answers through the API at once.
    context = {
        "datasource": {"id": 0, "type": "table"},
        "force": False,
        "queries": [query],
        "form_data": params,
        "result_format": "json",
        "result_type": "full",
    }
    return {
        "slice_name": chart["title"],
        "viz_type": chart["viz_type"],
        "params": params,
        "query_context": orjson.dumps(context).decode(),
        "uuid": _id(f"chart {number}"),
        "dataset_uuid": _id(f"dataset {chart['dataset']}"),
        "version": "1.0.0",
    }


def _dashboard(board: Parts) -> Parts:
    rows = list(_rows(board["charts"]))
    position: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"id": "ROOT_ID", "type": "ROOT", "children": ["GRID_ID"]},
        "GRID_ID": {"id": "GRID_ID", "type": "GRID", "parents": ["ROOT_ID"], "children": []},
        "HEADER_ID": {"id": "HEADER_ID", "type": "HEADER", "meta": {"text": board["title"]}},
    }
    for number, row in enumerate(rows):
        row_id = f"ROW-{number}"
        position["GRID_ID"]["children"].append(row_id)
        position[row_id] = {
            "id": row_id,
            "type": "ROW",
            "parents": ["ROOT_ID", "GRID_ID"],
            "children": [f"CHART-{index}" for index, _ in row],
            "meta": {"background": "BACKGROUND_TRANSPARENT"},
        }
        for index, chart in row:
            position[f"CHART-{index}"] = {
                "id": f"CHART-{index}",
                "type": "CHART",
                "parents": ["ROOT_ID", "GRID_ID", row_id],
                "children": [],
                "meta": {"uuid": _id(f"chart {index}"), "chartId": index, "width": chart["width"], "height": 50,
                         "sliceName": chart["title"]},
            }  # fmt: skip
    return {
        "dashboard_title": board["title"],
        "slug": board["slug"],
        "uuid": _id("dashboard"),
        "position": position,
        "metadata": {"cross_filters_enabled": True, "refresh_frequency": 0},
        "published": True,
        "version": "1.0.0",
    }


def _rows(charts: Sequence[Parts]) -> Iterator[list[tuple[int, Parts]]]:
    """The charts with their numbers, as many to a row as its twelve columns hold."""
    row: list[tuple[int, Parts]] = []
    for numbered in enumerate(charts):
        if sum(chart["width"] for _, chart in [*row, numbered]) > 12:  # noqa: PLR2004
            yield row
            row = []
        row.append(numbered)
    yield row


def _id(name: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, name))
