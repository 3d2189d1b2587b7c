"""`khotinh inspect`: what a file is, how it would be read and what would become of it, without loading anything."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from pipelines.calendar import Partition
from pipelines.cli import inspection_json, inspection_view
from pipelines.cli.console import ExitCode, errors, print_json, tells_errors
from pipelines.cli.draft import print_draft
from pipelines.errors import ContractError, PermanentError
from pipelines.ingest import Workshop
from pipelines.inspection import inspect_file
from pipelines.inspection.one_contract import workshop_of
from pipelines.settings import Settings

_STEPS = {
    "reading": "Đọc tệp | Reading the file",
    "judging": "Chấm theo bộ quy tắc | Judging by the suite of expectations",
}


@tells_errors
def inspect(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="Tệp cần xem | The file to look at.")],
    dataset: Annotated[str | None, typer.Option(help="Bộ dữ liệu; không nói thì tự đoán. Với --draft: tên bộ mới | Dataset; guessed if nothing is said. With --draft: the new one's name.")] = None,
    period: Annotated[str | None, typer.Option(metavar="D", help="Ngày hoặc tháng (2026-11-05, 2026-11); không nói thì theo tên tệp | Day or month; from the file's name if nothing is said.")] = None,
    contract: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, readable=True, help="Hợp đồng để thử, chưa cần nằm trong sources/ | A contract to try, not yet in sources/.")] = None,
    draft: Annotated[bool, typer.Option("--draft", help="Phác thảo hợp đồng cho tệp, dạng YAML | Draft the file's contract as YAML.")] = False,
    into: Annotated[Path | None, typer.Option(metavar="FOLDER", exists=True, file_okay=False, help="Với --draft: ghi hợp đồng vào thư mục này, bộ quy tắc vào expectations/; không ghi đè | With --draft: write the contract here and the suite into expectations/; never overwrites.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="In kết quả dạng JSON | Print JSON.")] = False,
) -> None:  # fmt: skip
    """Xem một tệp lạ: là gì, của bộ nào, đọc ra sao, có được nhận không | Look at a file without loading it.

    Cho biết định dạng thật (theo nội dung, không theo đuôi tệp), bảng nằm ở đâu, tiêu đề nào ứng với cột nào, cột nào thiếu, mỗi cột đọc được bao nhiêu ô, những dòng sẽ bị cách ly và lý do, và bộ quy tắc sẽ nhận hay từ chối.

    Tells the true format (by content, not by extension), where the table is, which heading is which column, what is missing, how many cells of each column can be read, which rows would be set apart and why, and the verdict.

    Tệp chưa có hợp đồng: --draft viết sẵn hợp đồng, chỉ còn sửa những chỗ TODO; --contract thử nó | A file without a contract: --draft writes one, of which the TODOs are left to settle; --contract tries it.

    Không ghi gì (trừ --into), không cần cấu hình hay khóa. Dữ liệu cá nhân không hiện, chỉ đếm | Nothing is written (but by --into), no setting or key is needed. Personal data is not shown, only counted.

    Mã thoát | Exit codes: 0 sẽ được nhận, hoặc đã phác thảo | would be accepted, or drafted; 3 sẽ bị từ chối, hoặc không phác thảo được | would be refused, or cannot be drafted; 2 gõ sai | usage; 1 hợp đồng hay bộ quy tắc hỏng | a contract or a suite is broken.

    Ví dụ | Examples: khotinh inspect so-van-ban-den-20261103.xlsx; khotinh inspect la.xlsx --draft --dataset portal_payments > moi.yaml; khotinh inspect la.xlsx --contract moi.yaml
    """
    if not file.is_file():
        raise typer.BadParameter(f"{file}: không phải tệp thường | is no regular file")
    if into is not None and not draft:
        raise typer.BadParameter("--into đi cùng --draft | --into goes with --draft")
    if draft and (contract is not None or period is not None):
        raise typer.BadParameter(
            "--draft không đi cùng --contract, --period | --draft goes without --contract and --period"
        )
    # Made without reading the environment: a wrong setting must not keep anybody from looking at a file.
    settings = Settings.model_construct()
    if draft:
        raise typer.Exit(print_draft(Workshop(settings), file, dataset, into, as_json=as_json))
    workshop = workshop_of(contract, settings) if contract else Workshop(settings)
    if dataset is None and contract is not None:
        dataset = next(iter(workshop.contracts))
    _look(workshop, file, dataset, period, as_json=as_json)


def _look(workshop: Workshop, file: Path, dataset: str | None, period: str | None, *, as_json: bool) -> None:
    if dataset is not None and dataset not in workshop.contracts:
        raise typer.BadParameter(f"{dataset}: không có | unknown. Có | There are: {', '.join(workshop.contracts)}")
    try:
        asked = Partition.parse(period) if period else None
        with errors.status(_STEPS["reading"]) if not as_json else nullcontext() as status:
            found = inspect_file(
                workshop, file, dataset, asked, lambda step: status.update(_STEPS[step]) if status else None
            )
    except ContractError:
        raise
    except PermanentError as error:
        raise typer.BadParameter(str(error)) from error
    code = ExitCode.REFUSED if found.is_refused else ExitCode.DONE
    if as_json:
        print_json({**inspection_json.document(workshop, found), "exit_code": int(code)})
    else:
        inspection_view.show(workshop, found)
    raise typer.Exit(code)
