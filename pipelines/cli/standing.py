"""How the published figures stand: against the working calendar, the portal's own table, what falls due, what is closed.

Four sections of `khotinh status`. What is late and what is explained was decided by the models; nothing is judged here.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from pipelines.cli.console import screen, table
from pipelines.cli.reader import query
from pipelines.notation import thousands
from pipelines.settings import Settings

_FRESHNESS = """
    SELECT dataset, state, newest_period_date, expected_period_date, late_since_at, missing_period_count, measured_at
    FROM meta.freshness ORDER BY state DESC, late_since_at, dataset
"""
_FRESHNESS_NAMES = (
    "dataset", "state", "newest_period_date", "expected_period_date", "late_since_at", "missing_period_count",
    "measured_at",
)  # fmt: skip
_CELLS = """
    SELECT period, count(*) FILTER (state <> 'not_comparable'), count(*) FILTER (state = 'equal'),
        count(*) FILTER (state = 'explained'), count(*) FILTER (state = 'unexplained'),
        count(*) FILTER (state = 'not_comparable'), coalesce(sum(abs(unexplained_count)), 0)::BIGINT,
        (SELECT count(*) FROM marts.portal_statistics_check AS own WHERE own.period = cells.period AND NOT is_satisfied)
    FROM marts.portal_reconciliation AS cells
    WHERE period = (SELECT max(period) FROM marts.portal_reconciliation)
    GROUP BY period
"""
_CELLS_NAMES = (
    "period", "cells_compared", "cells_equal", "cells_explained", "cells_unexplained", "cells_not_comparable",
    "dossiers_unexplained", "portal_checks_failed",
)  # fmt: skip
# Why cells cannot be compared, what explains differences, and what is known of those that stay open.
_REASONS = """
    WITH found AS (
        SELECT reason_code, unit_code, 0 AS explained_count, 0 AS evidence_count
        FROM marts.portal_reconciliation WHERE period = ? AND state = 'not_comparable'
        UNION ALL
        SELECT reason_code, unit_code, explained_count, evidence_count
        FROM marts.portal_reconciliation_reason WHERE period = ?
    )

    SELECT kind_code, reason_code, reason_vi, reason_en, count(*) AS cells, count(DISTINCT unit_code) AS units,
        sum(explained_count)::BIGINT AS explained, max(evidence_count)::BIGINT AS evidence
    FROM found JOIN meta.reconciliation_reasons USING (reason_code)
    GROUP BY ALL ORDER BY kind_code DESC, cells DESC, reason_code
"""
_REASONS_NAMES = (
    "kind_code", "reason_code", "reason_vi", "reason_en", "cells", "units", "explained_count", "evidence_count",
)  # fmt: skip
_WORST_UNITS = """
    SELECT unit_code, any_value(unit_name_vi), sum(abs(unexplained_count))::BIGINT AS dossiers, count(*) AS cells
    FROM marts.portal_reconciliation LEFT JOIN (SELECT * FROM core.dim_unit WHERE is_latest) USING (unit_code)
    WHERE period = ? AND state = 'unexplained'
    GROUP BY unit_code ORDER BY dossiers DESC, unit_code LIMIT 5
"""
_WORST_UNITS_NAMES = ("unit_code", "unit_name_vi", "dossiers_unexplained", "cells_unexplained")

_DUE = """
    SELECT any_value(report_date), max(due_working_date) FILTER (bucket_code = 'due_in_1'),
        coalesce(sum(due_count) FILTER (bucket_code = 'due_in_1'), 0)::BIGINT,
        count(DISTINCT unit_code) FILTER (bucket_code = 'due_in_1' AND due_count > 0),
        coalesce(sum(due_count) FILTER (bucket_code LIKE 'late_%'), 0)::BIGINT,
        count(DISTINCT unit_code) FILTER (bucket_code LIKE 'late_%' AND due_count > 0)
    FROM marts.portal_due_forecast
"""
# A month's last word is its newest line.
_CLOSED = """
    WITH last_words AS (
        SELECT period, action FROM meta.month_closures
        QUALIFY row_number() OVER (PARTITION BY period ORDER BY closure_sequence DESC) = 1
    )
    SELECT period, (SELECT count(*) FROM marts.indicator_restatement AS restated WHERE restated.period = closed.period)
    FROM last_words AS closed WHERE action = 'close' ORDER BY period
"""
_HAS_CLOSINGS = "SELECT 1 FROM information_schema.tables WHERE table_name = 'month_closures'"
_CLOSED_NAMES = ("period", "figures_restated")
_HAS_FORECAST = "SELECT 1 FROM information_schema.tables WHERE table_name = 'portal_due_forecast'"
_DUE_NAMES = ("report_date", "due_next_date", "due_next_count", "due_next_units", "late_count", "late_units")


def read_freshness(settings: Settings) -> list[dict[str, Any]]:
    """One entry a dataset, the late ones first, those that are late longest at the top."""
    return [dict(zip(_FRESHNESS_NAMES, row, strict=True)) for row in query(settings, _FRESHNESS)]


def read_reconciliation(settings: Settings) -> dict[str, Any] | None:
    """The newest month of which the portal gave its table II.06a; None before the first."""
    found = query(settings, _CELLS)
    if not found:
        return None
    told = dict(zip(_CELLS_NAMES, found[0], strict=True))
    reasons = query(settings, _REASONS, [told["period"], told["period"]])
    worst = query(settings, _WORST_UNITS, [told["period"]])
    return {
        **told,
        "reasons": [dict(zip(_REASONS_NAMES, row, strict=True)) for row in reasons],
        "worst_units": [dict(zip(_WORST_UNITS_NAMES, row, strict=True)) for row in worst],
    }


def read_due_forecast(settings: Settings) -> dict[str, Any] | None:
    """What falls due on the next working day; None where nobody knows what is open, or an earlier release published."""
    if not query(settings, _HAS_FORECAST):
        return None
    told = dict(zip(_DUE_NAMES, query(settings, _DUE)[0], strict=True))
    return told if told["report_date"] else None


def read_closed_months(settings: Settings) -> list[dict[str, Any]]:
    """The months that are closed now, and how many of their figures today's data tells otherwise."""
    if not query(settings, _HAS_CLOSINGS):
        return []
    return [dict(zip(_CLOSED_NAMES, row, strict=True)) for row in query(settings, _CLOSED)]


def show_freshness(datasets: list[dict[str, Any]]) -> None:
    """Prints how far each dataset has come; nothing where nothing was ever asked for."""
    if not datasets:
        return
    headings = ("Bộ dữ liệu", "Đã có đến", "Phải có đến", "Trễ từ | Late", "Thiếu 30 ngày qua")
    rows = [
        [
            entry["dataset"],
            _day(entry["newest_period_date"]),
            _day(entry["expected_period_date"]),
            f"[yellow]{entry['late_since_at']:%d/%m/%Y %H:%M}[/]"
            if entry["state"] == "late"
            else "[green]đúng hạn | fresh[/]",
            entry["missing_period_count"],
        ]
        for entry in datasets
    ]
    table(f"Độ mới lúc {datasets[0]['measured_at']:%d/%m/%Y %H:%M} | Freshness", headings, rows, headings[-1:])


def show_reconciliation(told: dict[str, Any] | None) -> None:
    """Prints the comparison with the portal's own table, its reasons and the units that differ most."""
    if told is None:
        return
    period = f"{told['period'][4:]}/{told['period'][:4]}"
    screen.print(f"[bold]Đối chiếu II.06a tháng {period} với cổng | Reconciled with the portal's II.06a[/]")
    screen.print(
        f"  Ô so được | compared: {thousands(told['cells_compared'])}; "
        f"khớp | equal: {thousands(told['cells_equal'])}; "
        f"lệch có lý do | explained: {thousands(told['cells_explained'])}; "
        f"lệch chưa rõ | unexplained: {thousands(told['cells_unexplained'])}; "
        f"không so được | not comparable: {thousands(told['cells_not_comparable'])}",
        soft_wrap=True,
    )
    for reason in told["reasons"]:
        screen.print(f"  {_reason(reason)}", markup=False, soft_wrap=True)
    for unit in told["worst_units"]:
        screen.print(
            f"  [yellow]{unit['unit_name_vi']}[/] ({unit['unit_code']}): {thousands(unit['dossiers_unexplained'])} hồ sơ lệch"
            f" chưa rõ ở {unit['cells_unexplained']} ô | dossiers unexplained",
            soft_wrap=True,
        )
    if told["portal_checks_failed"]:
        screen.print(
            f"  [yellow]Biểu của cổng tự không khớp ở {thousands(told['portal_checks_failed'])} chỗ"
            " | the portal's table disagrees with itself[/]",
            soft_wrap=True,
        )
    screen.print()


def show_due_forecast(told: dict[str, Any] | None) -> None:
    """Prints in one line what the officers have to act on first."""
    if told is None:
        return
    when = f"ngày {told['due_next_date']:%d/%m/%Y}" if told["due_next_date"] else "ngày làm việc tới"
    screen.print(
        f"[bold]Sắp đến hạn | Falling due[/], tính đến hết {told['report_date']:%d/%m/%Y}: "
        f"{thousands(told['due_next_count'])} hồ sơ phải xong {when} ở {thousands(told['due_next_units'])} đơn vị | "
        f"due next; {thousands(told['late_count'])} đã quá hạn ở {thousands(told['late_units'])} đơn vị | late\n",
        soft_wrap=True,
    )


def show_closed_months(months: list[dict[str, Any]]) -> None:
    """Prints which months stand still; nothing where none was closed."""
    if not months:
        return
    told = ", ".join(
        f"{month['period'][4:]}/{month['period'][:4]}"
        + (f" ({thousands(month['figures_restated'])} số nay khác số đã chốt)" if month["figures_restated"] else "")
        for month in months
    )
    screen.print(f"[bold]Đã chốt | Closed[/]: {told}\n", soft_wrap=True)


def _reason(reason: dict[str, Any]) -> str:
    cells = f"{thousands(reason['cells'])} ô | cells"
    match reason["kind_code"]:
        case "explains":
            amount = f"{cells}, giải thích | explains {thousands(reason['explained_count'])}"
        case "circumstance":
            amount = (
                f"{cells}, chưa chứng minh | proves nothing, nhiều nhất | at most {thousands(reason['evidence_count'])}"
            )
        case _:
            amount = f"{cells}, không so được | not comparable"
    return f"- {reason['reason_vi']} | {reason['reason_en']}: {amount}"


def _day(day: date | None) -> str:
    return f"{day:%d/%m/%Y}" if day else "—"
