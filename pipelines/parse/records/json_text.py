"""JSON of any length, value by value, in bounded memory: documents that follow each other, and a path to the list of rows.

The standard library's scanner reads each value, for it alone hands over numbers as the text in which they came; what
lies between the rows is walked here. No more than a window of text is held. What a row means is not known here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from pipelines.errors import DataRefusedError
from pipelines.parse.text_table import unreadable

MOST_KEYS = 2_000
_CHARS_AT_ONCE = 1024 * 1024
_MOST_VALUE_CHARS = 16 * 1024 * 1024
_NO_BLANK = re.compile(r"[^ \t\n\r]")
# A fault so close to the window's end may only be that the value goes on: `-Infinity`, `\ud83d\ude00`.
_LONGEST_TOKEN = 16
_UNTERMINATED = "Unterminated string"


class _DoubledKeyError(Exception):
    """An object has one key twice: nobody can say which value is meant."""


class _NoNumberError(Exception):
    """NaN or Infinity, which JSON does not have."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise _DoubledKeyError
    return made


def _no_number(_text: str) -> str:
    raise _NoNumberError


class JsonText:
    """One JSON text, read from the front.

    Args:
        stream: The text, its line ends as they are.
        decimal: How a number's point is spelt, so that `1.234` is no thousand where a point parts thousands in texts.
    """

    def __init__(self, stream: TextIO, decimal: str = ".") -> None:
        self._stream = stream
        self._text = ""
        self._at = 0
        self._is_whole = False
        self._lines, self._column = 1, 1
        self._decoder = json.JSONDecoder(
            parse_float=lambda text: text.replace(".", decimal),
            parse_int=str,
            parse_constant=_no_number,
            object_pairs_hook=_object,
        )

    def rows(self, path: list[str]) -> Iterator[Any]:
        """The rows of every document: what the lists hold to which the path leads.

        Without a path, each document is a row, or a list of them.

        Raises:
            DataRefusedError: It is no JSON, the list is not there, or one value is larger than any row.
        """
        while self._sign():
            yield from self._rows(path, path)

    def _rows(self, path: list[str], whole: list[str]) -> Iterator[Any]:
        sign = self._sign()
        if sign == "{" and path:
            yield from self._rows_of_object(path, whole)
        elif sign == "[" and not path:
            yield from self._elements()
        elif sign == "{" and not whole:
            yield self._value()
        else:
            self._value()
            raise self._no_rows(whole)

    def _rows_of_object(self, path: list[str], whole: list[str]) -> Iterator[Any]:
        seen: set[str] = set()
        self._take("{")
        if self._sign() == "}":
            raise self._no_rows(whole)
        while True:
            if self._sign() != '"':
                raise self._malformed()
            key = self._value()
            if key in seen:
                raise self._doubled()
            seen.add(key)
            if len(seen) > MOST_KEYS:
                raise unreadable(f"an object of it has more than {MOST_KEYS} keys")
            self._take(":")
            if key == path[0]:
                yield from self._rows(path[1:], whole)
            else:
                self._value()
            if self._sign() != ",":
                break
            self._take(",")
        self._take("}")
        if path[0] not in seen:
            raise self._no_rows(whole)

    def _elements(self) -> Iterator[Any]:
        self._take("[")
        if self._sign() == "]":
            self._take("]")
            return
        while True:
            yield self._value()
            if self._sign() != ",":
                break
            self._take(",")
        self._take("]")

    def _value(self) -> Any:  # noqa: ANN401 -- any JSON value
        self._sign()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                is_cut = error.msg.startswith(_UNTERMINATED) or error.pos > len(self._text) - _LONGEST_TOKEN
                fault = self._malformed(error.pos)
                if not is_cut or not self._more():
                    raise fault from None
            except RecursionError:
                raise unreadable(f"the JSON is nested deeper than any record at {self._place(self._at)}") from None
            except _DoubledKeyError:
                raise self._doubled() from None
            except _NoNumberError:
                raise unreadable(f"it holds NaN or Infinity, which JSON has not, in {self._place(self._at)}") from None
            else:
                # A number that reaches the window's end may go on behind it.
                if end < len(self._text) or not self._more():
                    self._at = end
                    return value

    def _sign(self) -> str:
        """The sign that comes next, blanks left out; none at the end."""
        while True:
            if sign := _NO_BLANK.search(self._text, self._at):
                self._at = sign.start()
                return sign[0]
            self._at = len(self._text)
            if not self._more():
                return ""

    def _take(self, sign: str) -> None:
        if self._sign() != sign:
            raise self._malformed()
        self._at += 1

    def _more(self) -> bool:
        """Drops what was read and reads on, the more the longer the value is; whether there was anything."""
        held = len(self._text) - self._at
        if self._is_whole:
            return False
        if held > _MOST_VALUE_CHARS:
            raise unreadable(f"a value that begins at {self._place(self._at)} is larger than any record")
        self._lines, self._column = self._counted(self._at)
        try:
            block = self._stream.read(max(_CHARS_AT_ONCE, held))
        except UnicodeDecodeError as error:
            raise unreadable(f"it is not utf-8: {error.reason}") from None
        self._text, self._at = self._text[self._at :] + block, 0
        self._is_whole = not block
        return bool(block)

    def _counted(self, position: int) -> tuple[int, int]:
        breaks = self._text.count("\n", 0, position)
        if not breaks:
            return self._lines, self._column + position
        return self._lines + breaks, position - self._text.rindex("\n", 0, position)

    def _place(self, position: int) -> str:
        line, column = self._counted(position)
        return f"line {line}, character {column}"

    def _malformed(self, position: int | None = None) -> DataRefusedError:
        place = self._place(self._at if position is None else position)
        return unreadable(f"the JSON breaks off or is malformed at {place}")

    def _doubled(self) -> DataRefusedError:
        return unreadable(f"a key stands twice in the JSON object at {self._place(self._at)}")

    def _no_rows(self, path: list[str]) -> DataRefusedError:
        return unreadable(f"there is no list of records under {'.'.join(path)!r}")


def json_rows(file: Path, path: str, decimal: str = ".") -> Iterator[Any]:
    """The rows of a UTF-8 file, with or without a byte order mark.

    Raises:
        DataRefusedError: As `JsonText.rows`.
    """
    with file.open(encoding="utf-8-sig", newline="") as stream:
        yield from JsonText(stream, decimal).rows([step for step in path.split(".") if step])
