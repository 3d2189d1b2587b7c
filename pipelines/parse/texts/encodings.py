"""From a declared encoding to UTF-8 in Unicode's composed form (NFC), a block at a time.

The encoding is the contract's and never guessed: a text that is not sound in it is refused, with the line. The tables
of TCVN3 and VNI stand in `font_codes`.

TCVN3 (TCVN 5712, the ABC fonts) has no capital letters with a tone: a `.VnTimeH` font draws `Thanh hãa` as
`THANH HÓA`, and which font it was no text file says. So such words come out with small toned letters among capitals
(`THANH HóA`); names are compared without regard to capitals (`reference.name_key`).
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

from pipelines.contracts import Encoding
from pipelines.errors import DataRefusedError
from pipelines.parse.text_table import broken
from pipelines.parse.texts.damage import refuse_damaged_text
from pipelines.parse.texts.font_codes import TCVN3, VNI
from pipelines.parse.texts.syllables import LETTERS, reads_as_vietnamese

BLOCK = 512 * 1024
_BOMS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ASCII_SHARE = 0.3
# A mark that found no letter, or one that made a letter of no Vietnamese word, such as ṽ or ć.
_STRAY_MARK = re.compile(f"[\u0300-\u036f]|(?![{LETTERS}ŒœŠšŽžŸƒ])[\u0100-\u024f\u1e00-\u1eff]")
_OTHER_LETTER = re.compile(f"(?![{LETTERS}])[\u0300-\u036f\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff]")
# In TCVN 5712:1, the other table of that standard, these codes are toned capitals: `PHÒNG` would come out as `PH’NG`.
_CAPITAL_LOST = re.compile("[A-ZĂÂÊÔƠƯĐ][‚„…‘’“”•—][A-ZĂÂÊÔƠƯĐ]")


def to_utf8(source: Path, encoding: Encoding, target: Path) -> None:
    """Writes `source` again as UTF-8 in NFC, without a byte order mark; line ends stay as they are.

    Raises:
        DataRefusedError: It is not sound text in that encoding; the message names the line.
    """
    with target.open("wb") as written:
        for text in sound_text(source, encoding):
            written.write(text.encode())


def sound_text(source: Path, encoding: Encoding) -> Iterator[str]:
    """The text in NFC, in blocks that end with a line where there are lines, and never cut a letter from its marks.

    Raises:
        DataRefusedError: It is not sound text in that encoding.
    """
    held, line = "", 1
    for decoded, is_last in _decoded(source, encoding):
        held += decoded
        cut = len(held) if is_last else _cut(held)
        if not cut:
            if len(held) > BLOCK:
                raise broken(f"it is not {encoding}: line {line} goes on and on without a letter of ASCII")
            continue
        text = unicodedata.normalize("NFC", held[:cut])
        _refuse_unsound(text, encoding, line)
        yield text
        line += _lines(text)
        held = held[cut:]


def _cut(text: str) -> int:
    """After the last line end; where there is none, before the last ASCII character, which no mark can join to."""
    if end := text.rfind("\n") + 1:
        return end
    end = len(text)
    while end and not text[end - 1].isascii():
        end -= 1
    return max(end - 1, 0)


def _decoded(source: Path, encoding: Encoding) -> Iterator[tuple[str, bool]]:
    """The blocks as they decode, each with whether it is the last."""
    with source.open("rb") as stream:
        decode, read, line = _decoder(encoding, stream.peek(4)[:4]), 0, 1
        while True:
            block = stream.read(BLOCK)
            read += len(block)
            try:
                text = decode(block, not block)
            except UnicodeDecodeError as error:
                before = bytes(error.object[: error.start])
                line += _lines(before.decode(encoding if encoding.startswith("utf-16") else "latin-1", "ignore"))
                byte = read - len(error.object) + error.start + 1
                code = f"0x{error.object[error.start]:02X}"
                raise broken(f"it is not {encoding}: line {line}, byte {byte} of the file ({code})") from None
            yield text, not block
            line += _lines(text)
            if not block:
                return


def _decoder(encoding: Encoding, head: bytes) -> Callable[[bytes, bool], str]:
    marked = next((name for bom, name in _BOMS if head.startswith(bom)), None)
    match encoding:
        case "utf-8" | "utf-8-sig":
            if marked in ("utf-16-le", "utf-16-be"):
                raise broken(f"it is utf-16, not {encoding}")
            return codecs.getincrementaldecoder("utf-8-sig")().decode
        case "utf-16" | "utf-16-le" | "utf-16-be":
            if marked is None and encoding == "utf-16":
                raise broken("it is not utf-16: it has no byte order mark; if it is, declare utf-16-le or utf-16-be")
            if marked is not None and not marked.startswith(encoding):
                raise broken(f"it is {marked}, not {encoding}")
            return _without_mark(codecs.getincrementaldecoder(marked or encoding)().decode)
    if marked is not None:
        raise broken(f"it is {marked}, not {encoding}")
    if encoding == "windows-1258":
        return codecs.getincrementaldecoder("cp1258")().decode
    table = TCVN3 if encoding == "tcvn3" else VNI
    # A code may stand for two marks, which the type of the table does not know.
    return lambda block, _: codecs.charmap_decode(block, "strict", table)[0]  # type: ignore[arg-type]


def _without_mark(decode: Callable[[bytes, bool], str]) -> Callable[[bytes, bool], str]:
    is_first = True

    def decoded(block: bytes, is_last: bool) -> str:  # noqa: FBT001 (as codecs has it)
        nonlocal is_first
        text = decode(block, is_last)
        if is_first and text:
            is_first = False
            return text.removeprefix("\ufeff")
        return text

    return decoded


def _refuse_unsound(text: str, encoding: Encoding, line: int) -> None:
    refuse_damaged_text(text)
    if text.isascii():
        return
    if encoding in ("utf-16-le", "utf-16-be") and sum(map(str.isascii, text)) < len(text) * _ASCII_SHARE:
        raise _other(encoding, line)
    if encoding not in ("windows-1258", "tcvn3", "vni"):
        return
    stray = _STRAY_MARK if encoding == "windows-1258" else _OTHER_LETTER
    found = stray.search(text) or (None if encoding == "windows-1258" else _CAPITAL_LOST.search(text))
    if found:
        raise _other(encoding, line + _lines(text[: found.start()]))
    if not reads_as_vietnamese(text):
        raise _other(encoding, line)


def _other(encoding: Encoding, line: int) -> DataRefusedError:
    return broken(f"it is not {encoding}: read so, what stands at line {line} is no Vietnamese")


def _lines(text: str) -> int:
    return max(text.count("\n"), text.count("\r"))
