"""`khotinh explain`: from a published figure to its meaning, its past and the files behind it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from pipelines.cli.console import print_json, tells_errors
from pipelines.cli.explain_told import show_explanation
from pipelines.explain.explanation import explain as explain_figure
from pipelines.explain.question import AskedWronglyError
from pipelines.ingest import Workshop
from pipelines.settings import read_settings


@tells_errors
def explain(
    indicator: Annotated[str, typer.Argument(help="Mã chỉ tiêu, như portal_received, hoặc tên | Code or Vietnamese name of the indicator.", metavar="INDICATOR")],
    unit: Annotated[str, typer.Option("--unit", help="Mã hoặc tên đơn vị; H56 là toàn tỉnh | Code or name of the unit; H56 is the province.")] = "H56",
    period: Annotated[str, typer.Option("--period", help="Ngày YYYY-MM-DD hoặc tháng YYYY-MM | A day or a month.", show_default=False)] = ...,  # type: ignore[assignment]
    as_json: Annotated[bool, typer.Option("--json", help="In kết quả dạng JSON | Print JSON.")] = False,
) -> None:  # fmt: skip
    """Giải thích một số đã công bố: định nghĩa, tử số, mẫu số, các lần công bố, tệp đứng sau; chưa có số thì vì sao | Explain a published figure, or why there is none.

    Đọc tệp công bố nên không phải chờ ai | It reads the published file and waits for nobody.

    Mã thoát | Exit codes: 0 đã giải thích, kể cả khi chưa có số | explained, also where there is no figure; 2 gõ sai chỉ tiêu, đơn vị hoặc kỳ | no such indicator, unit or period; 1 chưa có bản công bố | nothing is published.

    Ví dụ | Examples: khotinh explain portal_received --period 2026-10; khotinh explain document_sent --unit "Sở Y tế" --period 2026-11-05 --json
    """
    settings = read_settings()
    try:
        explanation = explain_figure(settings, indicator, unit, period)
    except AskedWronglyError as error:
        raise typer.BadParameter(str(error)) from error
    if as_json:
        print_json(asdict(explanation))
        return
    show_explanation(Workshop(settings), explanation)
