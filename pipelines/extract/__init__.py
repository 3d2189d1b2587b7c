"""From a place outside to bytes on this machine: one pull asks one dataset's source for one partition.

What a source answers is written down as it came, in a folder that the caller gives and owns. Where it is kept, what
is in it and whether it may be loaded belong to `archive`, `parse` and `validate`. Nothing here reads a column.

Public names: `pull` asks, `pull_all` for all that a partition has, `Delivery` is what came, `Known` what came last, `check` says before a run
which settings do not work; `poll_meetings` asks a BigBlueButton server what it knows now; `dropped` and `strays` look into the folders that people drop files into.
"""

from pipelines.extract.delivery import Delivery, Known
from pipelines.extract.folders.drops import Stray, dropped, strays
from pipelines.extract.meetings import Poll, poll_meetings
from pipelines.extract.pull import pull, pull_all
from pipelines.extract.reach import check

__all__ = ["Delivery", "Known", "Poll", "Stray", "check", "dropped", "poll_meetings", "pull", "pull_all", "strays"]
