"""`khotinh receive-cdr`: takes what a system pushes, keeps it where the contract pulls from, and answers 200 only then."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote, urlsplit

import orjson
import typer

from pipelines.cli.console import screen, tells_errors
from pipelines.connections import address_setting
from pipelines.contracts import Contract, read_contracts
from pipelines.errors import SettingError
from pipelines.receive import Inbox, Limits, Senders, serve
from pipelines.settings import SOURCES, Settings, read_settings

_FOLDER = "KHOTINH_CDR_FOLDER"
_HELP = """Nhận bản ghi mà hệ thống hội nghị tự gửi tới (Cisco Meeting Server) | Receive call records that are pushed.

    A Cisco Meeting Server sends its call detail records by HTTP and nowhere keeps them: what nobody receives is lost.
    Enter this receiver's address there as CDR receiver: [bold]http://<this machine>:8484/cdr[/], or with a token
    [bold]/cdr/<token>[/]. Each body is written into a folder of the local day, brought to the disk, renamed, and only
    then answered with 200. Any other answer means that nothing was kept and the server must send again, as it does by
    itself. Nothing is read or changed: a malformed body is kept as well, and is judged when the day is pulled.

    [bold]Where it writes:[/] KHOTINH_CDR_FOLDER, or the folder of KHOTINH_VIDEOCONFERENCE_URL if that is file:///…;
    in it the path of the contract, cdr/<day>/<time>-<hash>.xml. The daily run pulls from there; a body that was sent
    again is the same file. Old days may be deleted once they are loaded: the raw archive keeps them.

    [bold]Who may send:[/] KHOTINH_CDR_SENDERS (10.1.2.3,10.1.4.0/24), KHOTINH_CDR_TOKEN (letters and digits, at least
    16), or both. It listens on KHOTINH_CDR_HOST, by default 127.0.0.1; on any other address one of the two is needed.
    It speaks plain HTTP: across networks put a TLS proxy before it, and then use the token, because every sender has
    the proxy's address.

    [bold]Bounds:[/] KHOTINH_CDR_BODY_BYTES (16 MB), KHOTINH_CDR_SECONDS (30), KHOTINH_CDR_CONCURRENCY (64). Answers: 413
    too large, 408 too slow, 400 empty or broken off, 404 not allowed, 503 not written (disk full) or too many at once.

    [bold]Monitoring:[/] GET /health is 200 while a body could be written, with counts and the time of the last one. With
    --json each body is a line on the standard output: at, sender, status, outcome (kept, repeated, turned_away, failed),
    bytes, sha256, file. It runs until it is told to end (SIGTERM); a kill at any moment loses nothing that was answered
    with 200. As a systemd unit: docs/operating.md."""


@tells_errors
def receive_cdr(
    dataset: Annotated[str, typer.Option(help="Bộ dữ liệu | Dataset whose folder takes the bodies.")] = "videoconference_calls",
    host: Annotated[str | None, typer.Option(help="Thay KHOTINH_CDR_HOST | Instead of KHOTINH_CDR_HOST.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Thay KHOTINH_CDR_PORT; 0: cổng trống bất kỳ | Instead of KHOTINH_CDR_PORT; 0 for any free one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Mỗi bản tin một dòng JSON | One JSON line a body.")] = False,
) -> None:  # fmt: skip
    """Takes what is pushed until the process is told to end."""
    settings = read_settings()
    contracts = read_contracts(SOURCES)
    if dataset not in contracts:
        raise typer.BadParameter(f"{dataset}: không có bộ dữ liệu này | there is no such dataset")
    address = host or settings.cdr_host
    inbox = Inbox.of_contract(contracts[dataset], _folder(settings, contracts[dataset]))
    senders = Senders.of_settings(settings.cdr_senders, settings.cdr_token, address)
    limits = Limits(settings.cdr_body_bytes, settings.cdr_seconds, settings.cdr_concurrency)

    def on_start(url: str) -> None:
        if as_json:
            _json_line({"outcome": "listening", "address": url, "folder": str(inbox.root)})
        else:
            screen.print(f"Đang nhận ở {url}, ghi vào {inbox.root} | Receiving there, writing here.", soft_wrap=True)

    serve(
        inbox, senders, limits, host=address, port=settings.cdr_port if port is None else port,
        tell=_json_line if as_json else _line, on_start=on_start,
    )  # fmt: skip


# A paragraph is one line: the help is wrapped where it is shown.
receive_cdr.__doc__ = "\n\n".join(" ".join(paragraph.split()) for paragraph in _HELP.split("\n\n"))


def _folder(settings: Settings, contract: Contract) -> Path:
    """The folder that the receiver writes into: one that is there, so that no lost mount is written over.

    Raises:
        SettingError: None is set, or it is not there.
    """
    if settings.cdr_folder is not None:
        return existing_folder(settings.cdr_folder.expanduser().absolute(), _FOLDER)
    connection = contract.source.connection
    url, setting = settings.connections.told.get(f"{connection}_url"), address_setting(connection)
    # What another kind of place needs beside its address is no business of a receiver.
    if url is not None and url.get_secret_value() and not url.get_secret_value().startswith("file:"):
        raise SettingError(_FOLDER, "is not set.", f"Set it: {setting} is no folder of this machine.")
    return existing_folder(Path(unquote(urlsplit(settings.connections.files(connection).url).path)), setting)


def existing_folder(folder: Path, setting: str) -> Path:
    """The folder that a setting names.

    Raises:
        SettingError: It is not there.
    """
    if not folder.is_dir():
        raise SettingError(setting, f"{folder} is not a folder.", "Make it, for the receiver's user alone (mode 0700).")
    return folder


def _json_line(told: Mapping[str, object]) -> None:
    sys.stdout.buffer.write(orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()


def _line(told: Mapping[str, object]) -> None:
    words = {"kept": "đã lưu", "repeated": "gửi lại, đã có", "turned_away": "từ chối", "failed": "KHÔNG lưu được"}
    outcome = str(told["outcome"])
    detail = told.get("file") or told.get("reason") or ""
    screen.print(
        f"{told['at']} {told['sender']} {told['status']} {words[outcome]} | {outcome}: {detail}",
        soft_wrap=True, markup=False,
    )  # fmt: skip
