"""Lays out what `khotinh inspect` found for people. Nothing personal reaches it: an Inspection holds none."""

from __future__ import annotations

from collections.abc import Sequence

from rich.markup import escape

from pipelines.cli import inspection_words as words
from pipelines.cli.console import screen, table
from pipelines.contracts import Text
from pipelines.ingest import Workshop
from pipelines.inspection import Draft, Inspection
from pipelines.inspection.columns import ColumnFound, Mapping
from pipelines.inspection.guess import Candidate
from pipelines.inspection.inspection import Judgement, Place
from pipelines.notation import thousands
from pipelines.parse.told_names import told_name
from pipelines.validate.verdict import Verdict
from pipelines.vietnamese import check_vi, reason_vi

MEMBERS_SHOWN = 10
_REASONS_SHOWN, _LETTERS_SHOWN = 20, 60
_VERDICTS = {
    Verdict.ACCEPTED: ("green", Text(vi="Sẽ được nhận", en="Would be accepted")),
    Verdict.ACCEPTED_WITH_WARNINGS: (
        "yellow",
        Text(vi="Sẽ được nhận, có cảnh báo", en="Would be accepted with warnings"),
    ),
    Verdict.REFUSED: ("red", Text(vi="Sẽ bị từ chối", en="Would be refused")),
}


def show(workshop: Workshop, found: Inspection) -> None:
    """Prints everything that was found, the verdict last."""
    _say(found.file_name, f"{thousands(found.file_bytes)} byte")
    _both("Định dạng | Format", words.kind(found.signature))
    if contents := found.signature.contents if found.signature.inside else None:
        more = " …" if contents.count > MEMBERS_SHOWN else ""
        _say("Trong tệp nén | Members", ", ".join(told_members(contents.names)) + more)
    if note := words.misnamed(found):
        screen.print(f"[yellow]{note.vi} | {note.en}[/]", soft_wrap=True)
    _show_dataset(found)
    if found.place:
        _show_place(found.place)
    screen.print()
    if found.mapping:
        _show_columns(found.mapping)
    if found.draft:
        _show_draft(found.draft)
    if found.judgement and found.contract:
        _show_rejects(workshop, found.contract.dataset, found.judgement)
    _show_verdict(workshop, found)


def told_members(names: Sequence[str]) -> list[str]:
    """The first members of a zip, as they may be told."""
    return [told_name(name, place) for place, name in enumerate(names[:MEMBERS_SHOWN], 1)]


def _show_dataset(found: Inspection) -> None:
    sure = words.CONFIDENCE[found.confidence]
    name = f"{found.contract.dataset} ({found.contract.title.vi} | {found.contract.title.en})" if found.contract else ""
    _say("Bộ dữ liệu | Dataset", f"{name} – {sure.vi} | {sure.en}" if name else f"{sure.vi} | {sure.en}")
    for candidate in found.candidates[:3]:
        screen.print(f"  {_shares(candidate)}", style="dim", markup=False)
    if found.period:
        said = words.SAID_BY[found.period.said_by]
        _say("Kỳ | Period", f"{found.period.partition.key} ({said.vi} | {said.en})")


def _shares(candidate: Candidate) -> str:
    cells = "–" if candidate.cells_share is None else f"{candidate.cells_share:.0%}"
    return f"{candidate.dataset}: tiêu đề khớp | headings {candidate.headings_share:.0%}, ô đọc được | cells {cells}"


def _show_place(place: Place) -> None:
    parts = [f"“{place.sheet_name}”"] if place.sheet_name else []
    if place.heading_rows:
        first, last = place.heading_rows
        parts.append(f"tiêu đề dòng | heading rows {first}" + (f"–{last}" if last > first else ""))
    if place.first_row is not None:
        parts.append(f"dữ liệu từ dòng | data from row {place.first_row}")
    parts.append(f"{thousands(place.row_count)} dòng | rows")
    _say("Bảng | Table", ", ".join(parts))


def _show_columns(mapping: Mapping) -> None:
    headings = ("Cột", "Tiêu đề trong tệp", "Kiểu", "Có", "Trống", "Không đọc được", "Nhỏ nhất", "Lớn nhất")
    rows = [_column_row(column) for column in mapping.columns]
    table("Các cột | Columns", headings, rows, ("Có", "Trống", "Không đọc được"))
    if mapping.is_hidden:
        screen.print(
            f"[yellow]Không tiêu đề nào trong {mapping.unknown_count} tiêu đề là quen: có lẽ thiếu dòng tiêu đề, nên "
            f"không hiện | None of the {mapping.unknown_count} headings is known; they may be a record's cells and are "
            "not shown.[/]\n", soft_wrap=True,
        )  # fmt: skip
    for unknown in mapping.unknown:
        like = f" – gần giống | nearest: {unknown.nearest!r}" if unknown.nearest else ""
        screen.print(f"Tiêu đề lạ | Unknown heading: {unknown.heading!r}{like}", markup=False, soft_wrap=True)
    if mapping.unknown:
        screen.print()


def _column_row(found: ColumnFound) -> tuple[object, ...]:
    column = found.column
    kind = f"cá nhân | personal: {column.personal}" if column.personal else column.type
    if not found.headings:
        missing = "THIẾU | MISSING" if column.required else "không có | absent"
        near = f"; gần nhất | nearest: {found.nearest!r}" if found.nearest else ""
        return (escape(column.name), escape(f"{missing}: {column.headings[0]!r}{near}"), escape(kind), *[""] * 5)
    unread = "" if found.read is None else found.unread
    return (
        escape(column.name), _plain(", ".join(found.headings)), escape(kind), found.filled, found.empty, unread,
        found.minimum or "", found.maximum or "",
    )  # fmt: skip


def _show_draft(draft: Draft) -> None:
    """How a file that no contract fits would be read; `--draft` writes it down."""
    layout, own = draft.layout, draft.contract.format
    parts = [f"{key}: {value}" for key, value in own.model_dump(exclude_defaults=True).items()]
    _say("Cách đọc | Layout", ", ".join(parts))
    if layout.table.heading_row is not None:
        last = layout.table.heading_row
        levels = f"{last - own.header_rows + 1}–{last}" if own.header_rows > 1 else str(last)
        _say("Tiêu đề ở dòng | Heading in row", levels)
    if len(layout.sheets) > 1:
        sheets = ", ".join(
            f"{told_name(one.name, place)}: {one.row_count}" for place, one in enumerate(layout.sheets, 1)
        )
        _say("Trang, số dòng | Sheets, rows", sheets)
    _say("Số dòng | Rows", thousands(draft.row_count))
    rows = [
        (
            _plain(next(iter(one.column.headings), "")), escape(one.column.name),
            escape(f"cá nhân | personal: {one.column.personal}" if one.column.personal else one.column.type),
            one.filled, one.empty, one.distinct,
        )
        for one in draft.columns
    ]  # fmt: skip
    headings = ("Tiêu đề | Heading", "Cột", "Kiểu", "Có", "Trống", "Khác nhau")
    table("Các cột, nếu phác thảo hợp đồng | The columns, if a contract were drafted", headings, rows, headings[3:])


def _show_rejects(workshop: Workshop, dataset: str, judgement: Judgement) -> None:
    if not judgement.reason_counts:
        return
    counts = [
        (escape(reason_vi(workshop, dataset, reason)), escape(reason), rows)
        for reason, rows in list(judgement.reason_counts.items())[:_REASONS_SHOWN]
    ]
    table("Lý do cách ly | Rows set apart, by reason", ("Lý do", "Reason", "Số dòng"), counts, ("Số dòng",))
    rows = []
    for reject in judgement.rejects:
        place = f"{reject.row_number} ({reject.sheet_name})" if reject.sheet_name else str(reject.row_number)
        told = "\n".join(escape(reason_vi(workshop, dataset, reason)) for reason in reject.reasons)
        cells = "\n".join(_plain(f"{name}: {(text or '')[:_LETTERS_SHOWN]}") for name, text in reject.cells.items())
        rows.append((_plain(place), told, cells))
    table("Những dòng đầu | The first of them", ("Dòng", "Lý do", "Ô sai"), rows)


def _show_verdict(workshop: Workshop, found: Inspection) -> None:
    judgement = found.judgement
    style, verdict = _VERDICTS[judgement.verdict if judgement else Verdict.REFUSED]
    screen.print(f"[bold {style}]{verdict.vi} | {verdict.en}[/]")
    if why := words.refusal(workshop, found):
        screen.print(f"  {_plain(why.vi)}", soft_wrap=True)
        screen.print(f"  {_plain(why.en)}", style="dim", soft_wrap=True)
    if judgement is None or found.contract is None:
        return
    told_already = (judgement.refusal or "").partition(": ")[0]
    for check in judgement.failed:
        if check.check_name != told_already:
            told = check_vi(workshop, found.contract.dataset, check.check_name)
            count = f" ({check.unexpected_count})" if check.unexpected_count else ""
            screen.print(f"  {check.severity}: {check.check_name}{count} – {told}", markup=False, soft_wrap=True)
            if check.observed:
                screen.print(f"    {_plain(check.observed)}", style="dim", soft_wrap=True)
    if found.period and found.period.said_by == "default" and judgement.failed:
        screen.print(f"  {words.judged_as(found.period.partition.key)}", style="yellow", markup=False, soft_wrap=True)
    if judgement.rows_read:
        counts = (
            f"Đọc | read {judgement.rows_read}, nhận | accepted {judgement.rows_accepted}, cách ly | set apart "
            f"{judgement.rows_quarantined}, trùng | duplicates {judgement.rows_duplicate}"
        )
        screen.print(f"  {counts}", markup=False, soft_wrap=True)
        screen.print(
            "  Chưa so với tổng số mà nguồn công bố và với bản đang dùng | Not compared here: the total that the source "
            "declares, the load in force.", style="dim", soft_wrap=True,
        )  # fmt: skip


def _say(label: str, text: str) -> None:
    screen.print(f"[bold]{_plain(label)}:[/] {_plain(text)}", soft_wrap=True)


def _plain(text: str) -> str:
    """Text out of a file: without the marks that would steer a terminal, or this one's layout."""
    return escape("".join(letter if letter.isprintable() else "·" for letter in text))


def _both(label: str, text: Text) -> None:
    _say(label, text.vi if text.vi == text.en else f"{text.vi} | {text.en}")
