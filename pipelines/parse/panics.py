"""Libraries written in Rust panic where others raise: of a hostile file that must be a refusal, not the run's end."""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import TracebackType

from pipelines.parse.text_table import unreadable

_RUST = "pyo3_runtime"


class PanicsRefused(AbstractContextManager[None]):
    """Refuses a file over which a reader written in Rust panicked.

    Each such library has a `PanicException` of its own, a BaseException that most of them do not export: it is known
    by the name of its module. Its message may quote a cell and goes no further.

    Raises:
        DataRefusedError: On leaving, in place of a panic.
    """

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Replaces a panic."""
        if kind is not None and kind.__module__ == _RUST:
            raise unreadable("its reader broke over it: it is damaged in an unusual way") from None
