"""The three ways a run can go wrong, as types: a rerun may clear it, a person must, or the data is refused.

Every error says what happened and what to do next, in English for the engineer. What an officer reads in Vietnamese of
a load is made where it is shown; an error that an officer's own command meets brings its Vietnamese with it. Nothing
here knows a dataset or a library.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from traceback import extract_tb
from types import TracebackType


class KhoTinhError(Exception):
    """Base of every error that this project raises on purpose.

    Attributes:
        check: Name of what did not hold, as in `ops.checks`; what an officer reads is found by it.

    Args:
        what: What happened, naming the dataset, file, row or setting.
        next_step: What the reader should do about it.
        vi: Both for an officer, in plain Vietnamese; empty where only an engineer meets it.
    """

    check: str = "nothing_is_wrong"

    def __init__(self, what: str, next_step: str, *, vi: str = "") -> None:
        super().__init__(f"{what} {next_step}".strip())
        self.what = what
        self.next_step = next_step
        self.vi = vi


class TransientError(KhoTinhError):
    """The outside did not answer as it usually does; the same call may go through later. The only one retried."""

    check = "source_answers"


class PermanentError(KhoTinhError):
    """No retry will help: somebody has to change something."""

    check = "source_may_be_read"


class NothingPublishedError(PermanentError):
    """There is no version yet that could be read.

    Args:
        folder: Where versions are published.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"Nothing is published in {folder} yet.",
            "Run khotinh run first.",
            vi=f"Kho chưa công bố bản nào ở {folder}; chạy khotinh run trước.",
        )


class SettingError(PermanentError):
    """A setting is missing or does not work.

    Args:
        setting: The environment variable's name.
        what: What is wrong with it.
        next_step: How to mend it.
    """

    check = "setting_works"

    def __init__(self, setting: str, what: str, next_step: str) -> None:
        super().__init__(f"{setting}: {what}", next_step)
        self.setting = setting


class ContractError(PermanentError):
    """A contract or a suite of expectations is malformed."""

    check = "rules_are_sound"


class NotThereError(PermanentError):
    """The source answered, and the export of that day is not there."""

    check = "export_is_there"


class DataRefusedError(KhoTinhError):
    """A file came and must not be loaded: a normal outcome, with an owner.

    Args:
        check: Name of the rule that refused it, as in `ops.checks`.
        what: What was expected and what came.
        next_step: What the data's owner should do.
    """

    def __init__(self, check: str, what: str, next_step: str) -> None:
        super().__init__(what, next_step)
        self.check = check


class UnforeseenError(KhoTinhError):
    """A fault of this program, or of a library under it, while a file was handled."""


class MessagesWithheld(AbstractContextManager[None]):
    """Lets our own errors through and withholds the message of every other one.

    A library's message may quote the cell that it stumbled over, and Dagster keeps messages in its history: what goes
    there instead names the error's type and the places in the code, which is what an engineer needs.

    Args:
        task: What was being done, naming dataset and partition.

    Raises:
        UnforeseenError: On leaving, in place of an error that is not a `KhoTinhError`.
    """

    def __init__(self, task: str) -> None:
        self._task = task

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Replaces a foreign error."""
        if kind is None or not issubclass(kind, Exception) or issubclass(kind, KhoTinhError):
            return
        places = " < ".join(f"{Path(place.filename).name}:{place.lineno}" for place in reversed(extract_tb(traceback)))
        raise UnforeseenError(
            f"{self._task}: {kind.__name__} at {places}. Its message is withheld, for it may quote a cell.",
            "This is a fault of the program: report it with these places.",
        ) from None
