"""How `khotinh quarantine` tells what it found: tables and sentences for a person, documents for a program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from pipelines.cli.console import screen, table
from pipelines.ingest import Workshop
from pipelines.parse.cells.units import candidates_of
from pipelines.quarantine.held import HeldRow, ReasonCount, RefusedFile
from pipelines.quarantine.mending import Mending
from pipelines.quarantine.workbook import ARROWS, NO_UNIT_NAME
from pipelines.replay import Replay, Replayed
from pipelines.vietnamese import reason_vi, trouble_vi

_MOST_ROWS_SHOWN = 50
_VERDICTS = {"accepted": "nhận", "accepted_with_warnings": "nhận, có cảnh báo", "refused": "từ chối"}


def show_replay(workshop: Workshop, done: Replay) -> None:
    """What became of each file that was judged again."""
    if not done.replayed:
        told = (
            f"{len(done.unchanged)} tệp có dòng cách ly đã được chấm theo đúng quy tắc hiện nay; chưa có gì được sửa"
            " | judged by today's rules already: nothing was mended."
            if done.unchanged
            else "Không có tệp nào bị cách ly | Nothing is in quarantine."
        )
        screen.print(told, soft_wrap=True)
        return
    rows = [
        (
            item.load_id or item.before.load_id, item.before.file_name, _verdicts(item), item.rows_now_pass,
            item.rows_stay, item.rows_newly_apart,
        )
        for item in done.replayed
    ]  # fmt: skip
    headings = ("Lần nạp", "Tệp", "Phán quyết", "Nay được nhận", "Vẫn cách ly", "Mới cách ly")
    table("Đã chấm lại | Judged again", headings, rows, headings[3:])
    for item in done.replayed:
        _show_trouble(workshop, item)
    if done.unchanged:
        screen.print(f"{len(done.unchanged)} tệp khác: quy tắc không đổi | other files: rules unchanged.", style="dim")


def _verdicts(item: Replayed) -> str:
    before, after = _VERDICTS[item.before.verdict], _VERDICTS.get(item.verdict or "", "không chấm được")
    return after if before == after else f"{before} → {after}"


def _show_trouble(workshop: Workshop, item: Replayed) -> None:
    before = item.before
    if item.failure:
        screen.print(f"[yellow]{before.dataset} {before.partition_key}[/]: {item.failure}", soft_wrap=True)
    elif item.verdict == "refused" and before.verdict != "refused":
        told = trouble_vi(workshop, before.dataset, before.partition_key, item.message)
        screen.print(
            f"[bold yellow]Theo quy tắc mới tệp bị từ chối; số liệu cũ {before.load_id} vẫn có hiệu lực | Refused by the mended"
            f" rules; the earlier load stays in force:[/] {told}",
            soft_wrap=True,
        )
        screen.print(f"  {item.message}", style="dim", markup=False, soft_wrap=True)


def show_counts(workshop: Workshop, mending: Mending, counts: Sequence[ReasonCount], *, reasons: bool) -> None:
    """Counts by dataset, unit and reason, or by reason alone."""
    rows = []
    for count in counts:
        told = (
            count.rows, f"{count.first_day:%d/%m}–{count.last_day:%d/%m/%Y}", count.this_week, count.week_before,
            f"{_percent(count.share_week_before)} → {_percent(count.share_this_week)} {ARROWS[count.trend]}",
        )  # fmt: skip
        unit = () if reasons else (_unit(mending, count.unit_code),)
        rows.append((count.dataset, *unit, reason_vi(workshop, count.dataset, count.reason), *told))
    unit_heading = () if reasons else ("Đơn vị",)
    headings = ("Bộ dữ liệu", *unit_heading, "Lý do", "Dòng", "Kỳ", "Tuần này", "Tuần trước", "Tỷ lệ trước → nay")
    table("Dòng bị cách ly | Rows in quarantine", headings, rows, ("Dòng", "Tuần này", "Tuần trước"))


def show_rows(workshop: Workshop, mending: Mending, held: Sequence[HeldRow]) -> None:
    """Single rows with what is wrong, how to mend it, and their masked texts."""
    for row in held[:_MOST_ROWS_SHOWN]:
        place = f"{row.file_name}{f' [{row.sheet_name}]' if row.sheet_name else ''}, dòng {row.row_number}"
        where = f"{row.dataset} {row.partition_key}, {place} ({row.file_sha256[:12]})"
        screen.print(f"{where} – {_unit(mending, row.unit_code)}", style="bold", markup=False, soft_wrap=True)
        for reason in row.reasons:
            said, sentence = reason_vi(workshop, row.dataset, reason), mending.sentence(row, reason)
            screen.print(f"  {said.rstrip('.')}. {sentence}", markup=False, soft_wrap=True)
        cells = "; ".join(f"{name}={text}" for name, text in row.cells.items() if text)
        screen.print(f"  {cells}", style="dim", markup=False, soft_wrap=True)
    if len(held) > _MOST_ROWS_SHOWN:
        screen.print(
            f"… và {len(held) - _MOST_ROWS_SHOWN} dòng nữa: thu hẹp, thêm --json, hoặc khotinh quarantine export"
            " | more: narrow it, add --json, or export."
        )


def show_refused(workshop: Workshop, refused: Sequence[RefusedFile]) -> None:
    """Files of which no row counts."""
    for file in refused:
        told = trouble_vi(workshop, file.dataset, file.partition_key, file.refusal_reason)
        screen.print(
            f"[yellow]Cả tệp bị từ chối | Refused:[/] {file.dataset} {file.partition_key} {file.file_name}: {told}",
            soft_wrap=True,
        )


def count_as_json(workshop: Workshop, mending: Mending, count: ReasonCount) -> dict[str, Any]:
    """A count as a document."""
    return {
        **asdict(count),
        "unit_name": mending.unit_name(count.unit_code) or None,
        "reason_vi": reason_vi(workshop, count.dataset, count.reason),
        "share_this_week": count.share_this_week,
        "share_week_before": count.share_week_before,
        "trend": count.trend.value,
    }


def row_as_json(workshop: Workshop, mending: Mending, row: HeldRow) -> dict[str, Any]:
    """A row as a document."""
    return {
        **asdict(row),
        "reasons_vi": [reason_vi(workshop, row.dataset, reason) for reason in row.reasons],
        "units_suggested": [
            {"column": reason.partition(": ")[0], **asdict(found)}
            for reason in row.reasons
            if (found := candidates_of(reason)) is not None
        ],
        "how_to_mend_vi": [mending.sentence(row, reason) for reason in row.reasons],
    }


def _unit(mending: Mending, unit_code: str | None) -> str:
    return f"{unit_code} {mending.unit_name(unit_code)}" if unit_code else NO_UNIT_NAME


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.2%}".replace(".", ",")
