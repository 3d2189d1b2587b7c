"""`khotinh status`: what is published, what came and what did not, in the published file's own words."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from pipelines.cli.console import print_json, screen, table, tells_errors
from pipelines.cli.reader import query
from pipelines.cli.standing import (
    read_closed_months,
    read_due_forecast,
    read_freshness,
    read_reconciliation,
    show_closed_months,
    show_due_forecast,
    show_freshness,
    show_reconciliation,
)
from pipelines.ingest import Workshop
from pipelines.publish.publish import current_version
from pipelines.settings import read_settings
from pipelines.vietnamese import trouble_vi

_DATASETS = """
    SELECT dataset, title_vi, max(partition_key) FILTER (verdict <> 'refused' AND partition_key NOT LIKE 'baseline%'),
        count(load_id) FILTER (verdict <> 'refused'), count(load_id) FILTER (verdict = 'refused'),
        coalesce(sum(rows_accepted) FILTER (verdict <> 'refused'), 0)::BIGINT, coalesce(sum(rows_quarantined), 0)::BIGINT,
        max(arrived_at)
    FROM meta.datasets LEFT JOIN meta.loads USING (dataset)
    GROUP BY ALL ORDER BY dataset
"""
# A day whose newest load was refused or whose export did not come, unless an accepted load stands for it.
_OPEN_TROUBLES = """
    WITH last_word AS (
        SELECT dataset, partition_key, outcome, message, attempted_at
        FROM meta.attempts
        QUALIFY row_number() OVER (PARTITION BY dataset, partition_key ORDER BY attempted_at DESC) = 1
    ),

    in_force AS (
        SELECT dataset, partition_key, max_by(load_id, load_sequence) AS load_id
        FROM meta.loads WHERE is_in_force GROUP BY ALL
    )

    SELECT last_word.dataset, last_word.partition_key, outcome, message, coalesce(load_id, '') AS load_in_force
    FROM last_word LEFT JOIN in_force USING (dataset, partition_key)
    WHERE outcome IN ('refused', 'failed', 'not_there')
    ORDER BY partition_key DESC, dataset
"""
_FAILED_MART_CHECKS = """
    SELECT mart, check_name, severity, unexpected_count FROM meta.mart_checks WHERE NOT is_success ORDER BY ALL
"""
_COMPLETENESS = """
    SELECT day::VARCHAR, dataset, subject_type, state, count(*) FROM meta.completeness
    WHERE day >= (SELECT max(day) FROM meta.completeness WHERE state = 'reported') - INTERVAL 6 DAY
    GROUP BY ALL ORDER BY ALL
"""


@tells_errors
def status(as_json: Annotated[bool, typer.Option("--json", help="In kết quả dạng JSON | Print JSON.")] = False) -> None:
    """Số liệu nào đã về, đã công bố, còn thiếu | What came, what is published, what is missing."""
    settings = read_settings()
    workshop = Workshop(settings)
    datasets = query(settings, _DATASETS)
    troubles = query(settings, _OPEN_TROUBLES)
    mart_checks = query(settings, _FAILED_MART_CHECKS)
    freshness, reconciliation = read_freshness(settings), read_reconciliation(settings)
    forecast, closed = read_due_forecast(settings), read_closed_months(settings)
    version = current_version(settings.published_folder)
    absent = workshop.contracts.keys() - workshop.asked().keys()
    if as_json:
        names = (
            "dataset",
            "title_vi",
            "last_partition",
            "loads_accepted",
            "loads_refused",
            "rows_accepted",
            "rows_quarantined",
            "last_arrival",
        )
        trouble_names = ("dataset", "partition_key", "outcome", "message", "load_in_force")
        check_names = ("mart", "check_name", "severity", "unexpected_count")
        states = ("day", "dataset", "subject_type", "state", "subjects")
        print_json(
            {
                "version": version,
                "datasets": [
                    {**dict(zip(names, row, strict=True)), "is_connected": row[0] not in absent} for row in datasets
                ],
                "troubles": [dict(zip(trouble_names, row, strict=True)) for row in troubles],
                "mart_checks_failed": [dict(zip(check_names, row, strict=True)) for row in mart_checks],
                "completeness": [dict(zip(states, row, strict=True)) for row in query(settings, _COMPLETENESS)],
                "freshness": freshness,
                "due_forecast": forecast,
                "closed_months": closed,
                "reconciliation": reconciliation,
            }
        )
        return
    screen.print(f"[bold]Bản đang công bố | Published version:[/] {version}\n")
    # The newest period stands below, in the table of freshness; both together fit 100 columns.
    numeric = ("Nạp", "Từ chối", "Dòng nhận", "Cách ly")
    shown = [
        [f"{dataset}\n[dim]{title}[/]", *counts, _arrival(arrived_at, is_connected=dataset not in absent)]
        for dataset, title, _, *counts, arrived_at in datasets
    ]
    table("Bộ dữ liệu | Datasets", ("Bộ dữ liệu", *numeric, "Về lúc"), shown, numeric)
    show_freshness(freshness)
    show_due_forecast(forecast)
    show_closed_months(closed)
    show_reconciliation(reconciliation)
    says = {(mart, rule.name): rule.says for mart, suite in workshop.mart_suites.items() for rule in suite.rules}
    for mart, check_name, _, _ in mart_checks:
        # The version may be older than the suite.
        told = says.get((mart, check_name))
        demand = f"{told.vi} | {told.en}" if told else check_name
        screen.print(f"[yellow]{mart}[/] không đạt | fails: {demand}", soft_wrap=True)
    if not troubles:
        screen.print("[green]Không có việc tồn đọng | Nothing is open.[/]")
    for dataset, partition, outcome, message, in_force in troubles:
        stands = f"vẫn dùng | still in force: {in_force}" if in_force else "chưa có số liệu | no figures"
        why = trouble_vi(workshop, dataset, partition, message)
        screen.print(f"[yellow]{dataset} {partition}[/] {outcome}: {why} [dim]({stands})[/]", soft_wrap=True)
        screen.print(f"  {message}", style="dim", markup=False, soft_wrap=True)


def _arrival(arrived_at: datetime | None, *, is_connected: bool) -> str:
    if arrived_at is not None:
        return f"{arrived_at:%d/%m/%Y %H:%M}"
    return "—" if is_connected else "chưa kết nối"
