"""What a run tells at its end: what was loaded, refused and set apart, the headline figures, how to query them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pipelines.cli.console import ExitCode, screen, table
from pipelines.cli.reader import query
from pipelines.ingest import Workshop
from pipelines.load.ledger import Attempt, Outcome
from pipelines.publish.publish import POINTER
from pipelines.settings import Settings
from pipelines.vietnamese import check_vi, reason_vi, trouble_vi

if TYPE_CHECKING:
    from pipelines.orchestration import RunResult

_HEADLINES = """
    SELECT indicators.name_vi, monthly.period, numerator, denominator, value, measure, days_covered, days_expected
    FROM marts.indicator_monthly AS monthly JOIN meta.indicators AS indicators USING (indicator_code)
    WHERE unit_code = 'H56'
    QUALIFY monthly.period = max(monthly.period) OVER (PARTITION BY indicator_code)
    ORDER BY platform DESC, indicator_code
"""
_REASONS = """
    SELECT dataset, reason, sum(rows_count)::BIGINT, min(load_id)
    FROM meta.quarantine_reasons JOIN meta.loads USING (load_id)
    WHERE load_id IN (SELECT unnest(?::VARCHAR[]))
    GROUP BY ALL ORDER BY dataset, 3 DESC, reason
"""

# What was taken over all the same; rows set apart have a table of their own.
_WARNINGS = """
    SELECT dataset, partition_key, check_name, observed
    FROM meta.checks JOIN meta.loads USING (load_id)
    WHERE load_id IN (SELECT unnest(?::VARCHAR[]))
        AND NOT is_success AND severity = 'warning' AND check_name <> 'no_row_is_set_apart'
    ORDER BY ALL
"""


def exit_code(result: RunResult) -> ExitCode:
    """0 all is in, 1 something could not be had or built, 3 some data was refused and the rest is published."""
    outcomes = {attempt.outcome for attempt in result.attempts}
    if not result.is_built or result.failure or Outcome.FAILED in outcomes:
        return ExitCode.FAILED
    refused = any(attempt.verdict == "refused" for attempt in result.attempts)
    return ExitCode.REFUSED if refused or Outcome.NOT_THERE in outcomes else ExitCode.DONE


def as_json(result: RunResult) -> dict[str, Any]:
    """The result as a document."""
    return {
        "exit_code": int(exit_code(result)),
        "is_published": result.is_built,
        "failure": result.failure,
        "dagster_run_ids": result.run_ids,
        "attempts": [vars(attempt) for attempt in result.attempts],
    }


def show(result: RunResult, workshop: Workshop, seconds: float) -> None:
    """Prints the whole story of a run."""
    settings = workshop.settings
    _show_loads(result.attempts)
    _show_troubles(workshop, result.attempts)
    if not result.is_built:
        screen.print(f"[bold red]Chưa công bố bản mới; người đọc vẫn dùng bản trước.[/] {result.failure or ''}\n")
        return
    if result.failure:
        screen.print(
            "[bold red]Lỗi ngoài dự liệu, phần còn lại vẫn được công bố | Unforeseen; the rest is published:[/]"
        )
        screen.print(f"  {result.failure}\n", markup=False, soft_wrap=True)
    _show_warnings(workshop, result.attempts)
    _show_reasons(workshop, result.attempts)
    _show_headlines(settings)
    pointer = settings.published_folder / POINTER
    screen.print(f"[bold green]Đã công bố[/] {pointer.resolve()}  ({seconds:.0f} giây)")
    screen.print("Hỏi số liệu | Query it:", style="bold")
    screen.print(
        f'  .venv/bin/python -c "import duckdb; print(duckdb.connect({str(pointer)!r}, read_only=True)'
        ".sql('FROM marts.indicator_daily LIMIT 10'))\"",
        markup=False, soft_wrap=True,
    )  # fmt: skip
    screen.print("  .venv/bin/khotinh status        .venv/bin/khotinh versions        make ui")


def _show_loads(attempts: Sequence[Attempt]) -> None:
    rows = []
    for dataset in dict.fromkeys(attempt.dataset for attempt in attempts):
        own = [attempt for attempt in attempts if attempt.dataset == dataset]
        outcomes = Counter(attempt.outcome for attempt in own)
        rows.append(
            (
                dataset, outcomes[Outcome.LOADED], outcomes[Outcome.REFUSED], outcomes[Outcome.SAME_BYTES],
                outcomes[Outcome.NOT_THERE] + outcomes[Outcome.FAILED], sum(attempt.rows_read for attempt in own),
                sum(attempt.rows_accepted for attempt in own if attempt.outcome is Outcome.LOADED),
                sum(attempt.rows_quarantined for attempt in own), sum(attempt.rows_duplicate for attempt in own),
            )
        )  # fmt: skip
    headings = ("Bộ dữ liệu", "Nạp", "Từ chối", "Không đổi", "Thiếu", "Dòng đọc", "Dòng nhận", "Cách ly", "Trùng")
    table("Dữ liệu đã về | What came", headings, rows, numeric=headings[1:])


def _show_troubles(workshop: Workshop, attempts: Sequence[Attempt]) -> None:
    troubles = [
        attempt
        for attempt in attempts
        if attempt.message and attempt.outcome not in (Outcome.SAME_BYTES, Outcome.NOT_DUE)
    ]
    if not troubles:
        return
    names = {
        Outcome.REFUSED: "Từ chối | Refused",
        Outcome.NOT_THERE: "Chưa có | Not there",
        Outcome.FAILED: "Lỗi | Failed",
    }
    for attempt in troubles:
        title = names.get(attempt.outcome, attempt.outcome.value)
        told = trouble_vi(workshop, attempt.dataset, attempt.partition_key, attempt.message)
        screen.print(f"[bold yellow]{title}[/] {attempt.dataset} {attempt.partition_key}: {told}", soft_wrap=True)
        screen.print(f"  {attempt.message}", style="dim", markup=False, soft_wrap=True)
    screen.print("Số liệu của các ngày đó không được tính là 0 | Those days are absent, not zero.\n", style="dim")


def _show_warnings(workshop: Workshop, attempts: Sequence[Attempt]) -> None:
    loads = [
        attempt.load_id
        for attempt in attempts
        if attempt.outcome is Outcome.LOADED and attempt.verdict == "accepted_with_warnings"
    ]
    found = query(workshop.settings, _WARNINGS, [loads]) if loads else []
    for dataset, partition, check, observed in found:
        told = check_vi(workshop, dataset, check, partition) or check
        screen.print(f"[yellow]Lưu ý | Note[/] {dataset} {partition}: {told}", soft_wrap=True)
        screen.print(f"  {check}: {observed}", style="dim", markup=False, soft_wrap=True)
    if found:
        screen.print()


def _show_reasons(workshop: Workshop, attempts: Sequence[Attempt]) -> None:
    loads = [attempt.load_id for attempt in attempts if attempt.rows_quarantined and attempt.load_id]
    found = query(workshop.settings, _REASONS, [loads]) if loads else []
    reasons = [(dataset, reason_vi(workshop, dataset, reason), *rest) for dataset, reason, *rest in found]
    if reasons:
        table(
            "Dòng bị cách ly | Rows set apart, by reason",
            ("Bộ dữ liệu", "Lý do", "Số dòng", "Lần nạp đầu"),
            reasons,
            ("Số dòng",),
        )


def _show_headlines(settings: Settings) -> None:
    rows = []
    for name, period, numerator, denominator, value, measure, covered, expected in query(settings, _HEADLINES):
        shown = f"{value:.2%}".replace(".", ",") if measure == "share" and value is not None else ""
        days = f"{covered}/{expected} ngày" if covered is not None and expected is not None else ""
        rows.append((name, period, _figure(numerator), _figure(denominator), shown, days))
    headings = ("Chỉ tiêu toàn tỉnh", "Kỳ", "Tử số", "Mẫu số", "Giá trị", "Có số liệu")
    table("Chỉ tiêu chính | Headline indicators, province", headings, rows, ("Tử số", "Mẫu số", "Giá trị"))


def _figure(value: Decimal | None) -> str:
    if value is None:
        return ""
    text = f"{value:,.2f}" if value % 1 else f"{int(value):,}"
    return text.replace(",", " ").replace(".", ",").replace(" ", ".")
