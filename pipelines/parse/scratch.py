"""A folder for what is too large for memory while a file is read: unpacked members, texts in our encoding, typed rows."""

from __future__ import annotations

import shutil
import weakref
from pathlib import Path
from tempfile import mkdtemp

FOLDER_PREFIX = "rows-"


class ScratchFolder:
    """A folder for one owner, gone with this object.

    Args:
        parent: Where it is made; the system's temporary folder if None.
    """

    def __init__(self, parent: Path | None) -> None:
        self.path = Path(mkdtemp(dir=parent, prefix=FOLDER_PREFIX))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)
