"""`khotinh close`: closes a month, opens it again, and tells who did what."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from pipelines.calendar import Partition
from pipelines.cli.console import ExitCode, print_json, screen, table, tells_errors
from pipelines.cli.republish import Republished, republish, show_publishing
from pipelines.closing import Closure, close_month, period_of, read_closures, reopen_month
from pipelines.errors import PermanentError
from pipelines.ingest import Workshop
from pipelines.notation import thousands
from pipelines.settings import Settings, read_settings

_ACTIONS = {"close": "chốt", "reopen": "mở lại"}


@tells_errors
def close(
    month: Annotated[str | None, typer.Argument(help="Tháng YYYY-MM | The month.", metavar="[YYYY-MM]", show_default=False)] = None,
    note: Annotated[str | None, typer.Option(help="Ghi chú, người đọc thấy | A note, readers see it.")] = None,
    reopen: Annotated[bool, typer.Option("--reopen", help="Mở lại tháng đã chốt, phải có --note | Open a closed month again; needs --note.")] = False,
    show: Annotated[bool, typer.Option("--list", help="Các lần chốt và mở lại | What was closed and re-opened.")] = False,
    accept_incomplete: Annotated[bool, typer.Option("--accept-incomplete", help="Chốt dù tháng chưa hết hoặc còn thiếu số liệu | Close it though it is not over, or not all there.")] = False,
    publish: Annotated[bool, typer.Option("--publish/--no-publish", help="Dựng và công bố sau đó | Build and publish afterwards.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="In kết quả dạng JSON | Print JSON.")] = False,
) -> None:  # fmt: skip
    """Chốt số liệu một tháng: số đã công bố đứng yên, điều chỉnh về sau được ghi bên cạnh | Close a month.

    Số lấy từ bản đang công bố. Điều chỉnh về sau nằm ở bảng marts.indicator_restatement, kèm tệp gây ra | The figures are
    those published now; later corrections are in marts.indicator_restatement, with the files behind them.

    Chốt sau khi tệp của tháng đã về đủ và trước khi gửi báo cáo; tháng chưa hết hoặc còn thiếu thì không chốt, trừ khi
    thêm --accept-incomplete | After the month's files have come and before its report goes out; what is not complete is
    refused unless --accept-incomplete. Mã thoát | Exit codes: 0 đã chốt | closed, 1 không chốt được hoặc không công bố
    được | not closed or not published, 2 gõ sai | usage.

    Ví dụ | Examples: khotinh close 2026-10 --note "họp giao ban"; khotinh close --reopen 2026-10 --note "Sở Y tế gửi lại
    sổ"; khotinh close --list
    """
    settings = read_settings()
    if show:
        if month is not None or reopen:
            raise typer.BadParameter("chỉ đứng một mình | stands alone", param_hint="--list")
        _show_closures(read_closures(settings), as_json=as_json)
        return
    # A malformed contract shows before anything is written.
    chosen, workshop = _month(month), Workshop(settings)
    closure = _act(settings, chosen, note, reopen=reopen, accept_incomplete=accept_incomplete)
    if not as_json:
        _show_closure(closure, chosen)
    published = republish(workshop) if publish else Republished()
    code = ExitCode.FAILED if published.failure else ExitCode.DONE
    if as_json:
        print_json(
            {
                "exit_code": int(code),
                "closure": asdict(closure),
                "published_version": published.version,
                "publish_failure": published.failure,
            }
        )
    else:
        show_publishing(published)
        if not publish:
            screen.print("Chưa công bố: chạy khotinh run | Not published yet: run khotinh run.")
    raise typer.Exit(code)


def _act(
    settings: Settings, month: Partition, note: str | None, *, reopen: bool, accept_incomplete: bool
) -> Closure:  # fmt: skip
    if not reopen:
        return close_month(settings, month, note, accept_incomplete=accept_incomplete)
    if not note:
        raise typer.BadParameter("mở lại thì phải nói vì sao | re-opening needs a reason", param_hint="--note")
    return reopen_month(settings, month, note)


def _month(text: str | None) -> Partition:
    """The month as it was typed, 2026-10 or 202610; else a usage error."""
    if text is None:
        raise typer.BadParameter("chọn tháng YYYY-MM, hoặc --list | name a month, or --list", param_hint="MONTH")
    try:
        month = Partition.as_typed(text)
        period_of(month)
    except PermanentError as error:
        raise typer.BadParameter(str(error), param_hint="MONTH") from error
    return month


def _show_closure(closure: Closure, month: Partition) -> None:
    if closure.action == "close":
        screen.print(
            f"[green]Đã chốt tháng {month.first_day:%m/%Y}[/]: {thousands(closure.figures)} giá trị của bản {closure.version} | closed.",
            soft_wrap=True,
        )
    else:
        screen.print(
            f"[yellow]Đã mở lại tháng {month.first_day:%m/%Y}[/]: số liệu lại theo dữ liệu đang có hiệu lực; số đã chốt"
            " vẫn được giữ | re-opened; what was closed is kept.",
            soft_wrap=True,
        )


def _show_closures(closures: list[Closure], *, as_json: bool) -> None:
    if as_json:
        print_json([asdict(closure) for closure in closures])
        return
    if not closures:
        screen.print("Chưa chốt tháng nào | No month was closed yet.")
        return
    rows = [
        (
            f"{closure.period[4:]}/{closure.period[:4]}", _ACTIONS[closure.action], f"{closure.acted_at:%d/%m/%Y %H:%M}",
            closure.acted_by, closure.version, closure.figures, closure.note or "",
        )
        for closure in closures
    ]  # fmt: skip
    headings = ("Tháng", "Việc", "Lúc", "Tài khoản", "Bản", "Số giá trị", "Ghi chú")
    table("Chốt tháng | Closed months", headings, rows, ("Số giá trị",))
