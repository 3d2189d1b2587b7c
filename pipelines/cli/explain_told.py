"""How `khotinh explain` tells a figure to a person: Vietnamese first, English beside."""

from __future__ import annotations

from datetime import datetime

from pipelines.cli.console import screen, table
from pipelines.cli.vietnamese import reason_vi, trouble_vi
from pipelines.explain.evidence import Missing, SetApart
from pipelines.explain.explanation import Explanation, Restatement
from pipelines.explain.question import PROVINCE
from pipelines.ingest import Workshop

_MOST_LOADS = 12
_VERDICTS = {"accepted": "nhận", "accepted_with_warnings": "nhận, có cảnh báo", "refused": "từ chối"}
_STATES = {"late": "chậm | late", "missing": "thiếu | missing", "never_asked": "chưa hỏi | never asked"}
_ACTIONS = {"close": "Đã chốt | Closed", "reopen": "Đã mở lại | Re-opened"}
_EVENTS = {"came": "đến sau khi chốt", "left": "hết hiệu lực"}


def show_explanation(workshop: Workshop, told: Explanation) -> None:
    """Everything, in the order in which a person asks."""
    _show_definition(told)
    _show_figure(told)
    _show_history(told)
    _show_closing(told)
    _show_loads(told)
    for apart in told.set_apart:
        _show_set_apart(workshop, apart)
    for missing in told.missing:
        _show_missing(workshop, missing)
    if not told.set_apart and not told.missing:
        screen.print("[green]Không có dòng cách ly, không thiếu tệp | Nothing set apart, nothing missing.[/]")


def _show_definition(told: Explanation) -> None:
    define = told.definition.get
    screen.print(f"[bold]{define('name_vi')}[/] | {define('name_en')} [dim]({told.indicator_code})[/]", soft_wrap=True)
    unit = "Toàn tỉnh | Whole province" if told.unit_code == PROVINCE else told.unit_name_vi
    screen.print(f"{_period(told)} – {unit} ({told.unit_code})\n", markup=False, soft_wrap=True)
    for label, key in (("Công thức", "formula_vi"), ("Căn cứ | Source", "legal_source"), ("Numerator", "numerator_en"), ("Denominator", "denominator_en")):  # fmt: skip
        if define(key):
            screen.print(f"{label}: {define(key)}", markup=False, soft_wrap=True)


def _show_figure(told: Explanation) -> None:
    figure = told.figure
    if figure is None:
        screen.print("\n[bold yellow]Không có số | No figure[/] (không có số khác với bằng 0 | which is not zero)")
        return
    parts = f"{_number(figure.numerator)} / {_number(figure.denominator)} = " if figure.denominator is not None else ""
    screen.print(f"\n[bold green]{parts}{_value(told, figure.value)}[/]  [dim]bản | version {told.version}[/]")
    if figure.days_expected is not None and not figure.is_complete:
        screen.print(
            f"[yellow]Mới có {figure.days_covered}/{figure.days_expected} ngày | so many days are covered[/]",
            soft_wrap=True,
        )


def _show_history(told: Explanation) -> None:
    rows = [
        (
            _value(told, item.value), _number(item.numerator), _number(item.denominator), _moment(item.known_from),
            "nay | now" if item.known_until is None else _moment(item.known_until), item.version_from,
        )
        for item in told.history
    ]  # fmt: skip
    if rows:
        screen.print()
        headings = ("Giá trị", "Tử số", "Mẫu số", "Công bố từ", "Đến", "Bản")
        table("Đã công bố | Published", headings, rows)


def _show_closing(told: Explanation) -> None:
    for closing in told.closings:
        note = f": {closing.note}" if closing.note else ""
        screen.print(f"{_ACTIONS[closing.action]} {_moment(closing.acted_at)}{note}", markup=False, soft_wrap=True)
    if told.is_closed and told.grain == "daily":
        screen.print("Số ngày vẫn theo dữ liệu; số tháng đứng yên | The day still moves, the month stands.")
    if told.restatement:
        _show_restatement(told, told.restatement)


def _show_restatement(told: Explanation, restated: Restatement) -> None:
    screen.print(
        f"[bold yellow]Theo dữ liệu nay | As today's data tells:[/] {_value(told, restated.restated_value)}"
        f" (khi chốt | at closing {_value(told, restated.closed_value)})",
        soft_wrap=True,
    )
    if not restated.causes:
        screen.print("  Không do tệp nào của tháng này: quy tắc, danh mục, hoặc bản ghi chuyển tháng | By no file of the month.")  # fmt: skip
    rows = [
        (cause.load_id, cause.file_name, cause.file_sha256, _EVENTS[cause.event_code], _moment(cause.happened_at),
         cause.rows)
        for cause in restated.causes[:_MOST_LOADS]
    ]  # fmt: skip
    if rows:
        headings = ("Lần nạp", "Tệp", "SHA-256", "Việc", "Lúc", "Dòng của tháng")
        table("Do | Because of", headings, rows, ("Dòng của tháng",))


def _show_loads(told: Explanation) -> None:
    rows = [
        (load.load_id, load.file_name, load.file_sha256, _moment(load.arrived_at), _VERDICTS[load.verdict],
         "–" if load.rows is None else load.rows)
        for load in told.loads[:_MOST_LOADS]
    ]  # fmt: skip
    if not rows:
        screen.print("Không có tệp nào đứng sau | No file stands behind it.")
        return
    headings = ("Lần nạp", "Tệp", "SHA-256", "Đến lúc", "Phán quyết", "Bản ghi")
    table("Tệp đứng sau | Files behind", headings, rows, ("Bản ghi",))
    if len(told.loads) > _MOST_LOADS:
        screen.print(f"… và {len(told.loads) - _MOST_LOADS} tệp nữa: thêm --json | more: add --json.\n")


def _show_set_apart(workshop: Workshop, apart: SetApart) -> None:
    whose = "" if apart.is_of_unit else " (không rõ đơn vị | unit not readable)"
    places = "; ".join(f"{place['file']}{_sheet(place['sheet'])} dòng {place['row']}" for place in apart.places)
    reason = reason_vi(workshop, apart.dataset, apart.reason)
    screen.print(f"[yellow]Cách ly | Set apart:[/] {apart.rows} dòng{whose}, {apart.dataset}: {reason}", soft_wrap=True)
    screen.print(
        f"  {places}{' …' if apart.rows > len(apart.places) else ''}", style="dim", markup=False, soft_wrap=True
    )


def _show_missing(workshop: Workshop, missing: Missing) -> None:
    why = trouble_vi(workshop, missing.dataset, f"{missing.day}", missing.message) if missing.message else ""
    screen.print(
        f"[yellow]{_STATES.get(missing.state, missing.state)}[/] {missing.dataset} {missing.day:%d/%m/%Y}: {why}",
        soft_wrap=True,
    )


def _period(told: Explanation) -> str:
    return f"Tháng {told.first_day:%m/%Y}" if told.grain == "monthly" else f"Ngày {told.first_day:%d/%m/%Y}"


def _value(told: Explanation, value: float | None) -> str:
    if value is None:
        return "không có | none"
    is_share = told.definition.get("measure") == "share" or (told.figure and told.figure.denominator is not None)
    return f"{value:.2%}".replace(".", ",") if is_share else _number(value)


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}".replace(",", ".") if value == int(value) else f"{value:,}".translate({44: ".", 46: ","})


def _moment(moment: datetime | None) -> str:
    return "–" if moment is None else f"{moment:%d/%m/%Y %H:%M}"


def _sheet(name: str) -> str:
    return f" [{name}]" if name else ""
