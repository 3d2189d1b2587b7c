"""What lies in a file: its plain files, those of one kind told from the others, their texts brought to UTF-8.

A text's encoding is found by trying: the parser refuses a wrong one strictly. What is found is a proposal, for a
contract declares the encoding and nothing is guessed when a file is loaded.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import get_args

from pipelines.contracts import Encoding, Format, Text
from pipelines.errors import DataRefusedError
from pipelines.inspection.vietnamese_names import words
from pipelines.parse.containers.signature import Signature, holds_rows, read_signature
from pipelines.parse.text_table import unreadable
from pipelines.parse.texts.encodings import sound_text, to_utf8

TODO = "TODO(người điền)"
_UTF8: tuple[Encoding, ...] = ("utf-8", "utf-8-sig")
_OLD: tuple[Encoding, ...] = ("windows-1258", "tcvn3", "vni")
_WITHOUT_MARK: tuple[Encoding, ...] = ("utf-16-le", "utf-16-be")
_MARKS_OF_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# What a program calls the members of a zip; any other word may be somebody's name and is not told.
_WORDS_OF_PROGRAMS = frozenset({
    "call", "calls", "cdr", "conf", "conference", "conferences", "csv", "data", "detail", "details", "dossier", "dossiers",
    "export", "file", "json", "list", "log", "meeting", "meetings", "record", "records", "report", "reports", "session",
    "sessions", "sheet", "summary", "table", "txt", "xls", "xlsx", "xml", "cuoc", "goi", "hoi", "nghi", "ho", "so",
})  # fmt: skip
_ENDINGS = frozenset({"csv", "txt", "json", "jsonl", "xml", "xls", "xlsx", "htm", "html", "gz"})
_PIECE = re.compile(r"[^\W\d_]+|[-_. ]|.", re.DOTALL)


@dataclass(frozen=True)
class Seen:
    """One plain file as it can be looked at.

    Attributes:
        file: Where it lies; a text in UTF-8.
        name: Its name in the container; empty for the file itself.
        signature: What it is.
        encoding: How its text was written; None of a workbook.
        fitting: The other encodings that its text would be sound in.
        letters: Letters beyond ASCII in a text that is not UTF-8.
    """

    file: Path
    name: str
    signature: Signature
    encoding: Encoding | None = None
    fitting: tuple[Encoding, ...] = ()
    letters: int = 0


def seen(file: Path, name: str, folder: Path) -> Seen:
    """Looks at one plain file.

    Raises:
        DataRefusedError: Its text is sound in no known encoding.
    """
    signature = read_signature(file)
    if signature.encoding is None:
        return Seen(file, name, signature)
    encodings = _sound_encodings(file, signature)
    encoding = encodings[0]
    if encoding in _UTF8:
        return Seen(file, name, signature, encoding)
    target = Path(mkdtemp(dir=folder)) / "text"
    to_utf8(file, encoding, target)
    letters = sum(not sign.isascii() for text in sound_text(target, "utf-8") for sign in text)
    return Seen(target, name, read_signature(target), encoding, encodings[1:], letters)


def _sound_encodings(file: Path, signature: Signature) -> tuple[Encoding, ...]:
    tried = _OLD
    if signature.encoding == "utf-16":
        with file.open("rb") as stream:
            tried = ("utf-16",) if stream.read(2) in _MARKS_OF_UTF16 else _WITHOUT_MARK
    elif signature.encoding != "not utf-8":
        own: Encoding = "utf-8-sig" if signature.encoding == "utf-8-sig" else "utf-8"
        if not signature.is_ascii or _is_sound(file, own):
            return (own,)
    fitting = tuple(encoding for encoding in tried if _is_sound(file, encoding))
    if not fitting:
        raise unreadable(f"its text is sound in none of {', '.join(get_args(Encoding))}; have it exported as UTF-8")
    return fitting


def _is_sound(file: Path, encoding: Encoding) -> bool:
    try:
        for _ in sound_text(file, encoding):
            pass
    except DataRefusedError:
        return False
    return True


def told_encoding(one: Seen) -> Text | None:
    """What must be said of a text's encoding; None of UTF-8."""
    if one.encoding is None or one.encoding in _UTF8:
        return None
    if one.encoding == "utf-16":
        return Text(vi="văn bản UTF-16, theo dấu thứ tự byte", en="the text is UTF-16, as its byte order mark says")
    if one.fitting:
        others = ", ".join(one.fitting)
        return Text(
            vi=f"{TODO}: văn bản đọc được cả theo {one.encoding} lẫn {others}: hãy hỏi nơi gửi là bảng mã nào",
            en=f"the text is sound as {one.encoding} and as {others} too: ask the owner which it is",
        )
    tried = _WITHOUT_MARK if one.encoding in _WITHOUT_MARK else _OLD
    others = ", ".join(encoding for encoding in tried if encoding != one.encoding)
    return Text(
        vi=f"{TODO}: không phải UTF-8; {one.letters} chữ có dấu đọc đúng theo {one.encoding}, không đúng theo {others}; "
        "hãy xem lại vài dòng",
        en=f"it is not UTF-8; its {one.letters} letters beyond ASCII are sound as {one.encoding}, and not as {others}; look "
        "at some rows",
    )


def members_pattern(own: Sequence[str], others: Sequence[str], trade_words: Collection[str]) -> str:
    """A pattern of the members' names that fits all of `own` and none of the others; no word that may be a name is in it.

    Raises:
        DataRefusedError: There is none.
    """
    spelled = {_spelled(name.rpartition("/")[2], trade_words) for name in own}
    endings = {f"*.{ending}" for name in own if (ending := name.rpartition(".")[2].lower()) in _ENDINGS}
    shared: set[str] = set.intersection(*({f"*{word}*" for word in _told(name, trade_words)} for name in own))
    patterns: list[str] = [*(spelled if len(spelled) == 1 else ()), *sorted(shared, key=len, reverse=True), *endings]
    for pattern in patterns:
        expected = Format.model_validate({"kind": "json", "members": pattern})
        if all(holds_rows(name, expected) for name in own) and not any(holds_rows(name, expected) for name in others):
            return pattern
    raise unreadable(
        "it holds files of several kinds, and no pattern of their names tells them apart; draft a contract of each, unpacked"
    )


def _told(name: str, trade_words: Collection[str]) -> list[str]:
    pieces = _PIECE.findall(name.rpartition("/")[2])
    return [piece for piece in pieces if _may_be_told(piece, trade_words)]


def _spelled(name: str, trade_words: Collection[str]) -> str:
    """The name with what changes or may be a person's as `*`."""
    kept = [piece if piece in "-_. " or _may_be_told(piece, trade_words) else "*" for piece in _PIECE.findall(name)]
    spelled: str = re.sub(r"\*(?:[-_. ]?\*)+", "*", "".join(kept))
    return spelled


def _may_be_told(piece: str, trade_words: Collection[str]) -> bool:
    folded = words(piece)
    return bool(folded) and all(word in _WORDS_OF_PROGRAMS or word in trade_words for word in folded)
