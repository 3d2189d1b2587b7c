"""How `khotinh explain` tells a figure to a person: Vietnamese first, English beside, in 100 columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from pipelines.cli.console import screen, table
from pipelines.explain.absence import NEVER
from pipelines.explain.data_there import TO_LOAD, DatasetThere, Gap, GapState
from pipelines.explain.evidence import RecordsAre, SetApart
from pipelines.explain.explanation import Explanation, Restatement
from pipelines.explain.question import PROVINCE
from pipelines.ingest import Workshop
from pipelines.quarantine.mending import RULE, Mending
from pipelines.vietnamese import reason_vi, trouble_vi

_MOST_LOADS = 12
_VERDICTS = {"accepted": "nhận", "accepted_with_warnings": "nhận, có cảnh báo", "refused": "từ chối"}
_STATES = {
    GapState.LATE: "chậm | late",
    GapState.MISSING: "thiếu | missing",
    GapState.NEVER_ASKED: "chưa hỏi nguồn | never asked for",
    GapState.NOT_DUE: "chưa đến hạn | not due yet",
    GapState.NOT_BEGUN: "chưa đến ngày | not begun",
    GapState.DAY_OFF: "ngày nghỉ, chưa nạp tệp và không bắt buộc có | days off: no file is loaded, and none is owed",
}
_RECORDS = {
    RecordsAre.COUNTED: (
        "Bản ghi: đúng những bản ghi mà {part} đếm, theo tệp cho biết sau cùng"
        " | Records: those that the figure counts, by the file that told them last."
    ),
    RecordsAre.OF_PERIOD: (
        "Bản ghi: mọi bản ghi của đơn vị trong kỳ ở tệp này; con số có thể chỉ đếm một phần"
        " | Records: all of the unit's in the period; the figure may count some only."
    ),
}
_ACTIONS = {"close": "Đã chốt | Closed", "reopen": "Đã mở lại | Re-opened"}
_EVENTS = {"came": "đến sau khi chốt", "left": "hết hiệu lực"}
_WITHOUT_FILES = {
    "appeared": "Khi chốt chưa có chỉ tiêu hoặc số này | No such indicator or figure when the month was closed.",
    "vanished": "Không do tệp nào của tháng này; dữ liệu nay không còn số này | By no file of the month; today's data has none.",
    "changed": "Không do tệp nào của tháng này: quy tắc, danh mục, hoặc bản ghi chuyển tháng | By no file of the month: a rule, a register, or a record that moved to another month.",
}


def show_explanation(workshop: Workshop, told: Explanation) -> None:
    """Everything, in the order in which a person asks."""
    _show_definition(told)
    _show_figure(told)
    _show_history(told)
    _show_closing(told)
    _show_data(workshop, told)
    _show_loads(told)
    for apart in told.set_apart:
        _show_set_apart(workshop, apart)
    if not told.set_apart and told.is_data_complete:
        screen.print("[green]Không có dòng cách ly, không thiếu tệp | Nothing set apart, nothing missing.[/]")


def _show_definition(told: Explanation) -> None:
    define = told.definition.get
    screen.print(f"[bold]{define('name_vi')}[/] | {define('name_en')} [dim]({told.indicator_code})[/]", soft_wrap=True)
    unit = "Toàn tỉnh | Whole province" if told.unit_code == PROVINCE else told.unit_name_vi
    screen.print(f"{_period(told)} – {unit} ({told.unit_code})\n", markup=False, soft_wrap=True)
    for label, key in (("Công thức | Formula", "formula_vi"), ("Căn cứ | Source", "legal_source"), ("Tử số | Numerator", "numerator_en"), ("Mẫu số | Denominator", "denominator_en")):  # fmt: skip
        if define(key):
            screen.print(f"{label}: {define(key)}", markup=False, soft_wrap=True)


def _show_figure(told: Explanation) -> None:
    figure = told.figure
    if figure is None:
        screen.print("\n[bold yellow]Chưa có số liệu (không phải bằng 0)[/] | No figure, which is not zero:")
        for absent in told.absent:
            screen.print(f"  - {absent.vi} | {absent.en}", markup=False, soft_wrap=True)
        screen.print()
        return
    parts = f"{_number(figure.numerator)} / {_number(figure.denominator)} = " if figure.denominator is not None else ""
    version = f"[dim](bản công bố | version {told.version})[/]"
    screen.print(f"\n[bold green]{parts}{_value(told, figure.value)}[/] {version}")
    if figure.days_expected is not None and not figure.is_complete:
        days = f"{figure.days_covered}/{figure.days_expected}"
        screen.print(f"[yellow]Mới có {days} ngày số liệu | so many days of data are there[/]", soft_wrap=True)
    screen.print()


def _show_history(told: Explanation) -> None:
    rows = [
        (
            _value(told, item.value), _number(item.numerator), _number(item.denominator), _moment(item.known_from),
            "nay | now" if item.known_until is None else _moment(item.known_until), item.version_from,
        )
        for item in told.history
    ]  # fmt: skip
    if rows:
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
    if not restated.causes or restated.change_code == "appeared":
        screen.print(f"  {_WITHOUT_FILES[restated.change_code]}", soft_wrap=True)
    rows = [
        (f"{_moment(cause.happened_at)}\n{cause.file_sha256}", f"{cause.load_id}\n{cause.file_name}",
         _EVENTS[cause.event_code], cause.rows)
        for cause in restated.causes[:_MOST_LOADS]
    ]  # fmt: skip
    if rows:
        headings = ("Lúc, SHA-256", "Lần nạp, tệp", "Việc", "Dòng")
        table("Do | Because of (dòng của tháng | rows of the month)", headings, rows, ("Dòng",))


def _show_data(workshop: Workshop, told: Explanation) -> None:
    """How much of the period is there, and what of the rest is known; a dataset that is there whole needs no word."""
    is_never = any(absent.reason in NEVER for absent in told.absent)
    for one in told.datasets:
        if not one.gaps:
            continue
        unit = "tháng | months" if one.cadence == "monthly" else "ngày | days"
        screen.print(
            f"[yellow]Có | There: {one.loaded_count}/{one.period_count} {unit}[/] – {one.title_vi} ({one.dataset})",
            soft_wrap=True,
        )
        for gaps in _alike(one.gaps):
            _show_gaps(workshop, one, gaps)
        for command in [] if is_never else one.commands:
            screen.print(f"  Nạp | To load: [bold]{command}[/]", soft_wrap=True)
        screen.print()


def _alike(gaps: Iterable[Gap]) -> Iterable[list[Gap]]:
    """Those of one state together; what did not come although it is owed stands by what was said of it."""
    found: dict[tuple[GapState, str | None], list[Gap]] = {}
    for gap in gaps:
        message = gap.message if gap.state in (GapState.LATE, GapState.MISSING) else None
        found.setdefault((gap.state, message), []).append(gap)
    return found.values()


def _show_gaps(workshop: Workshop, one: DatasetThere, gaps: Sequence[Gap]) -> None:
    first = gaps[0]
    days = ", ".join(f"{gap.day:%m/%Y}" for gap in gaps) if one.cadence == "monthly" else _days(gap.day for gap in gaps)
    due = why = ""
    if first.due_at and first.state is GapState.NOT_DUE:
        due = f", hạn | due {_moment(first.due_at)}"
    elif first.due_at and first.state in TO_LOAD:
        due = f", lẽ ra có từ | due since {_moment(first.due_at)}"
    if first.message and first.state in (GapState.LATE, GapState.MISSING) and one.dataset in workshop.contracts:
        partition = f"{first.day:%Y-%m}" if one.cadence == "monthly" else f"{first.day}"
        why = f". {trouble_vi(workshop, one.dataset, partition, first.message)}"
    screen.print(f"  {days}: {_STATES[first.state]}{due}{why}", markup=False, soft_wrap=True)


def _days(days: Iterable[date]) -> str:
    """Days in order, those in a row as `02–05/11/2026`."""
    runs: list[list[date]] = []
    for day in days:
        if runs and day - runs[-1][-1] == timedelta(days=1) and day.month == runs[-1][-1].month:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ", ".join(f"{run[0]:%d}–{run[-1]:%d/%m/%Y}" if len(run) > 1 else f"{run[0]:%d/%m/%Y}" for run in runs)


def _show_loads(told: Explanation) -> None:
    rows = [
        (f"{_moment(load.arrived_at)}\n{load.file_sha256}", f"{load.load_id}\n{load.file_name}",
         _VERDICTS[load.verdict], "–" if load.rows is None else load.rows)
        for load in told.loads[:_MOST_LOADS]
    ]  # fmt: skip
    if not rows:
        screen.print("Không có tệp nào đứng sau | No file stands behind it.")
        return
    table(
        "Tệp đứng sau | Files behind", ("Đến lúc, SHA-256", "Lần nạp, tệp", "Phán quyết", "Bản ghi"), rows, ("Bản ghi",)
    )
    if len(told.loads) > _MOST_LOADS:
        screen.print(f"… và {len(told.loads) - _MOST_LOADS} tệp nữa: thêm --json | more: add --json.\n")
    if told.records_are:
        part = "mẫu số" if told.figure and told.figure.denominator is not None else "con số"
        screen.print(f"[dim]{_RECORDS[told.records_are].format(part=part)}[/]\n", soft_wrap=True)


def _show_set_apart(workshop: Workshop, apart: SetApart) -> None:
    whose = "" if apart.is_of_unit else " (không rõ đơn vị | unit not readable)"
    places = "; ".join(f"{place['file']}{_sheet(place['sheet'])} dòng {place['row']}" for place in apart.places)
    fault = _fault_vi(workshop, apart)
    screen.print(
        f"Cách ly | Set apart: {apart.rows} dòng{whose}, {apart.dataset}: {fault}",
        style="yellow", markup=False, soft_wrap=True,
    )  # fmt: skip
    screen.print(
        f"  {places}{' …' if apart.rows > len(apart.places) else ''}", style="dim", markup=False, soft_wrap=True
    )


def _fault_vi(workshop: Workshop, apart: SetApart) -> str:
    """What is wrong: a rule says what should be, so its fault is told by the workbook's sentence that mends it."""
    if apart.reason.startswith(f"{RULE}: ") and apart.dataset in workshop.contracts:
        return Mending(workshop).sentence_of(apart.dataset, apart.reason)
    return reason_vi(workshop, apart.dataset, apart.reason)


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
