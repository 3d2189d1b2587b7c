"""The command `khotinh`."""

from __future__ import annotations

import typer

from pipelines.cli.close import close
from pipelines.cli.demo import demo
from pipelines.cli.diff import diff
from pipelines.cli.doctor import doctor
from pipelines.cli.explain import explain
from pipelines.cli.form import form
from pipelines.cli.inspect import inspect
from pipelines.cli.poll import poll_meetings
from pipelines.cli.publish import publish
from pipelines.cli.quarantine import quarantine
from pipelines.cli.receive import receive_cdr
from pipelines.cli.rollback import rollback
from pipelines.cli.run import run
from pipelines.cli.status import status
from pipelines.cli.ui import ui
from pipelines.cli.versions import versions

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="""Kho Tỉnh: kho số liệu các nền tảng dùng chung của tỉnh | the province's warehouse of shared-platform statistics.

    Một ngày bình thường: [bold]khotinh run[/] lúc 05:30, rồi [bold]khotinh status[/]. Lần đầu: [bold]khotinh demo run[/].

    Settings come from the environment or .env (KHOTINH_…); KHOTINH_HOME (default ./data) holds everything that a run
    writes. run, status, inspect, quarantine, close, explain, doctor, versions, publish, diff, rollback, form and demo run have --json. Exit codes: 0 done, 1 failed, 2 usage, 3 some data was refused or is missing (the
    rest is published).""",
)
app.command()(run)
app.command()(status)
app.command()(inspect)
app.command()(doctor)
app.command()(versions)
app.command()(publish)
app.command()(diff)
app.command()(rollback)
app.command()(close)
app.command()(explain)
app.command()(form)
app.command()(ui)
app.command("receive-cdr")(receive_cdr)
app.command("poll-meetings")(poll_meetings)
app.add_typer(quarantine, name="quarantine")
app.add_typer(demo, name="demo")


def main() -> None:
    """Entry point of the installed command."""
    app()
