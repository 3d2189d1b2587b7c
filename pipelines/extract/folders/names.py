"""What an address, a path or a name at a place outside may be: plain, legible, finished, below the connection's root."""

from __future__ import annotations

import unicodedata
from urllib.parse import SplitResult, urlsplit

from pipelines.connections import FileConnection
from pipelines.errors import PermanentError, SettingError

UNFINISHED_SUFFIXES = (".part", ".partial", ".tmp", ".filepart", ".crdownload", ".download")
"""Names that senders give to a file until it is whole. Such files are passed over, and those that begin with a dot."""

_PASSED_PREFIXES = (".", "~$")  # `~$` is how Office marks a file that somebody has open.
_PASSED_NAMES = {"thumbs.db", "desktop.ini"}
_INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # Controls, marks that turn the direction of writing, half characters.


def is_legible(name: str) -> bool:
    """Whether a name is what it looks like: no controls, and no marks that turn the direction of writing."""
    return not any(unicodedata.category(letter) in _INVISIBLE for letter in name)


def inside(path: str) -> str:
    """The path itself, if it stays below the root and has a `*` in its last part at most.

    Raises:
        PermanentError: It does not.
    """
    *parents, last = path.split("/")
    if not all(map(is_plain, [*parents, last])) or not is_legible(path):
        raise PermanentError(
            f"{path!r} is no path below a connection's root.", "Write it without .., empty parts or a leading /."
        )
    if any("*" in parent for parent in parents):
        raise PermanentError(f"{path!r} has a * in a folder's name.", "Keep the * to the file's name.")
    return path


def is_passed_over(name: str) -> bool:
    """Whether a file is not finished, or nobody's export."""
    folded = name.casefold()
    return folded.startswith(_PASSED_PREFIXES) or folded.endswith(UNFINISHED_SUFFIXES) or folded in _PASSED_NAMES


def is_plain(name: str) -> bool:
    """Whether a name is one name: nothing that leads to another folder."""
    return name not in {"", ".", ".."} and not any(letter in name for letter in "/\\\0")


def account_address(connection: FileConnection) -> SplitResult:
    """The address of a server that is entered by an account: it names the user, and never the password.

    Raises:
        SettingError: It does not.
    """
    address = urlsplit(connection.url)
    try:
        has_port = address.port is None or address.port > 0
    except ValueError:
        has_port = False
    if not has_port or not address.hostname or not address.username or address.password is not None:
        raise SettingError(
            connection.setting,
            f"is not of the form {address.scheme}://user@host:port/folder, without a password.",
            f"Correct it; a password belongs into {connection.beside('password')}.",
        )
    return address
