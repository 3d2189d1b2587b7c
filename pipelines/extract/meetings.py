"""One question to a BigBlueButton server: which meetings it knows at this moment. It keeps no history of its own.

The answer becomes a poll: as it came, inside one element that says when it came. What a meeting's values mean is the
contract's business (`videoconference_bbb_meetings`), and where a poll is kept is `receive`'s.

Source of the rules: BigBlueButton API reference, "API Security Model" (the checksum) and "getMeetings".
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

import httpx
from lxml import etree

from pipelines.calendar import TIME_ZONE, now
from pipelines.contracts import HttpDownload
from pipelines.contracts.login import NoLogin
from pipelines.errors import PermanentError, SettingError
from pipelines.extract.web.calls import Question
from pipelines.extract.web.http import HttpSystem, open_system
from pipelines.settings import Settings

URL, SECRET, CHECKSUM = "KHOTINH_BBB_URL", "KHOTINH_BBB_SECRET", "KHOTINH_BBB_CHECKSUM"
LARGEST_ANSWER_BYTES = 16 * 1024 * 1024
"""Far above any server's meetings with all who attend them."""

_CALL = "getMeetings"
_SOURCE = HttpDownload(kind="http_download", connection="bbb", login=NoLogin(kind="none"), path=f"/api/{_CALL}")
_DECLARATION = re.compile(r"\s*<\?xml\s[^>]{0,200}\?>")
_MESSAGE_KEY = re.compile(r"[A-Za-z]{1,60}")


@dataclass(frozen=True)
class Poll:
    """One answer.

    Attributes:
        at: When it came, naive in Asia/Ho_Chi_Minh.
        meeting_count: Meetings in it; 0 is an answer like any other.
        body: `<poll at="…">` around the answer as it came, UTF-8, without an XML declaration.
    """

    at: datetime
    meeting_count: int
    body: bytes


def poll_meetings(settings: Settings) -> Poll:
    """Asks once, and again after a transient failure.

    Raises:
        SettingError: Address, secret or kind of checksum is missing or does not work.
        PermanentError: The server refuses for another reason, or its answer is none that can be kept.
        TransientError: No good answer came, however often it was asked.
    """
    checksum = hashlib.new(settings.bbb_checksum, f"{_CALL}{settings.meeting_secret()}".encode()).hexdigest()
    with open_system(_SOURCE, settings, _SOURCE.connection) as system:
        question = system.question(_SOURCE.path, {"checksum": checksum})
        try:
            return system.ask(question, lambda response: _poll(system, question, response))
        except SettingError:
            raise
        except _AnswerError as refused:
            raise PermanentError(refused.what, refused.next_step) from None
        except PermanentError as error:
            # A status other than 200: nothing of the kind stands at this address.
            raise SettingError(
                URL, error.what, "Give the address that `bbb-conf --secret` shows, without /api."
            ) from None


class _AnswerError(PermanentError):
    """The server answered 200, and the answer is a refusal or none that can be kept."""


def _poll(system: HttpSystem, question: Question, response: httpx.Response) -> Poll:
    body = bytearray()
    for piece in system.pieces(question, response):
        body += piece
        if len(body) > LARGEST_ANSWER_BYTES:
            raise _AnswerError(
                f"{system.address(_SOURCE.path)} answers with more than {LARGEST_ANSWER_BYTES} bytes.",
                f"Check that {URL} is a BigBlueButton server.",
            )
    at = now()
    try:
        root = etree.fromstring(bytes(body), _parser())
        text = body.decode("utf-8-sig")
    except (etree.XMLSyntaxError, UnicodeDecodeError):
        raise system.broken(question, "gave an answer that is no whole XML in UTF-8") from None
    document = root.getroottree().docinfo
    if document.internalDTD is not None or (document.encoding or "UTF-8").upper() not in {"UTF-8", "US-ASCII", "ASCII"}:
        raise _AnswerError(
            f"{system.address(_SOURCE.path)} declares a document type or an encoding other than UTF-8.",
            "No BigBlueButton server does: check what stands between it and this machine.",
        )
    _check_success(root, system.address(_SOURCE.path))
    told_at = at.replace(tzinfo=TIME_ZONE).isoformat(timespec="milliseconds")
    kept = f'<poll at="{told_at}">{_DECLARATION.sub("", text, count=1)}</poll>\n'
    return Poll(at, len(root.findall("meetings/meeting")), kept.encode())


def _check_success(root: etree._Element, address: str) -> None:
    """The server's own verdict; its message is never quoted, only its key.

    Raises:
        SettingError: It does not accept the checksum.
        _AnswerError: It refuses for another reason, or this is no answer of BigBlueButton.
    """
    verdict = (root.findtext("returncode") or "").strip() if root.tag == "response" else ""
    key = (root.findtext("messageKey") or "").strip()
    if verdict == "SUCCESS":
        return
    if verdict != "FAILED":
        raise _AnswerError(
            f"{address} gives XML that is no answer of BigBlueButton.", f"Check that {URL} is a BigBlueButton server."
        )
    if key == "checksumError":
        raise SettingError(
            SECRET,
            f"{address} does not accept the checksum made with it.",
            f"Set it to what `bbb-conf --secret` shows; a server that knows only sha1 needs {CHECKSUM}=sha1.",
        )
    reason = key if _MESSAGE_KEY.fullmatch(key) else "no reason that may be shown"
    raise _AnswerError(f"{address} refuses ({reason}).", "Ask the server's administrator.")


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
