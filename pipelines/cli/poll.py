"""`khotinh poll-meetings`: asks a BigBlueButton server what it knows now, and keeps the answer where the contract pulls from."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote, urlsplit

import orjson
import typer

from pipelines.calendar import now
from pipelines.cli.console import fail, screen, tells_errors
from pipelines.cli.receive import existing_folder
from pipelines.contracts import Contract, read_contracts
from pipelines.errors import KhoTinhError, SettingError
from pipelines.extract import poll_meetings as poll_once
from pipelines.receive import Inbox
from pipelines.settings import SOURCES, Settings, read_settings

Tell = Callable[[Mapping[str, object]], None]

_DATASET = "videoconference_bbb_meetings"
_HELP = """Hỏi BigBlueButton đang có cuộc họp nào, lưu câu trả lời | Ask BigBlueButton which meetings it knows now.

    A BigBlueButton server tells only what it knows at the moment (getMeetings) and keeps no records: a meeting that
    begins and ends between two polls is never seen. Poll every few minutes, all day, by a systemd timer or with
    [bold]--every 5[/]. Each answer is kept as it came, with its time around it; an answer without meetings too,
    because polled and empty is not the same as not polled.

    [bold]Settings:[/] KHOTINH_BBB_URL (https://bbb.tinh.example/bigbluebutton, as `bbb-conf --secret` shows it),
    KHOTINH_BBB_SECRET, KHOTINH_BBB_CHECKSUM (sha256; sha1, sha384 or sha512 if the server wants that), KHOTINH_BBB_CA_FILE
    for the province's own certificate authority. Secret and checksum are never shown.

    [bold]Where it writes:[/] the folder of KHOTINH_BBB_POLLS_URL (file:///…); in it the path of the contract,
    bbb/<day>/<time>-<hash>.xml. The daily run pulls from there. Old days may be deleted once they are loaded: the raw
    archive keeps them. The files name who attended; only the data-centre team may read them (mode 0600).

    Exit code 1: no answer was kept. With --every it goes on after a server that does not answer or refuses and after a full
    disk, and ends only for a setting that must be corrected."""


@tells_errors
def poll_meetings(
    every: Annotated[float | None, typer.Option(min=0.5, metavar="MINUTES", help="Hỏi lại sau mỗi số phút này; không có: hỏi một lần | Ask again after so many minutes; without it, once.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Mỗi lần hỏi một dòng JSON | One JSON line a poll.")] = False,
) -> None:  # fmt: skip
    """Asks once, or until the process is told to end."""
    settings = read_settings()
    contract = read_contracts(SOURCES)[_DATASET]
    inbox = Inbox.of_contract(contract, _folder(settings, contract))
    # What a killed poll left of yesterday; in today's folder another poll may be writing just now.
    inbox.sweep(now().date() - timedelta(days=1))
    tell = _json_line if as_json else _line
    if every is not None:
        keep_polling(lambda: _poll(settings, inbox), every * 60, tell)
        return
    told = _poll(settings, inbox)
    tell(told)
    if told["outcome"] != "kept":
        fail(str(told["reason"]))


# A paragraph is one line: the help is wrapped where it is shown.
poll_meetings.__doc__ = "\n\n".join(" ".join(paragraph.split()) for paragraph in _HELP.split("\n\n"))


def keep_polling(
    poll: Callable[[], Mapping[str, object]], seconds: float, tell: Tell, wait: Callable[[float], object] = time.sleep
) -> None:
    """Polls at a steady pace until the process is told to end; one that took too long is followed by the next.

    Args:
        poll: Asks once and says what became of it.
        seconds: From the beginning of one poll to the beginning of the next.
        tell: Is told of each poll.
        wait: How time is let pass.
    """
    while True:
        began = time.monotonic()
        tell(poll())
        wait(max(0.0, seconds - (time.monotonic() - began)))


def _poll(settings: Settings, inbox: Inbox) -> Mapping[str, object]:
    """Asks once and keeps the answer; what may be better the next time is told, not raised.

    Raises:
        SettingError: It will be no better until somebody corrects a setting.
    """
    try:
        poll = poll_once(settings)
        receipt = inbox.keep(poll.body, poll.at)
    except SettingError:
        raise
    except KhoTinhError as error:
        return _failed(str(error))
    except OSError as error:
        return _failed(f"{inbox.root}: {error.strerror or type(error).__name__}")
    return {
        "at": poll.at.isoformat(), "outcome": "kept", "meetings": poll.meeting_count,
        "bytes": len(poll.body), "sha256": receipt.sha256, "file": receipt.file,
    }  # fmt: skip


def _failed(reason: str) -> Mapping[str, object]:
    return {"at": now().isoformat(), "outcome": "failed", "reason": reason}


def _folder(settings: Settings, contract: Contract) -> Path:
    """The folder that polls are written into.

    Raises:
        SettingError: None is set, it is not of this machine, or it is not there.
    """
    place = settings.connections.files(contract.source.connection)
    address = urlsplit(place.url)
    if address.scheme != "file":
        raise SettingError(place.setting, "is no folder of this machine.", "Give file:///… of the machine that polls.")
    return existing_folder(Path(unquote(address.path)), place.setting)


def _json_line(told: Mapping[str, object]) -> None:
    sys.stdout.buffer.write(orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()


def _line(told: Mapping[str, object]) -> None:
    if told["outcome"] == "kept":
        text = f"{told['at']} đã lưu, {told['meetings']} cuộc họp | kept, meetings: {told['meetings']}, {told['file']}"
    else:
        text = f"{told['at']} KHÔNG lưu được | failed: {told['reason']}"
    screen.print(text, soft_wrap=True, markup=False)
