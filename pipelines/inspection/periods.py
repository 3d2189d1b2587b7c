"""Of which period an unknown file is: what its name says, what its title says, and how the two go together."""

from __future__ import annotations

import re

from pipelines.calendar import Partition
from pipelines.contracts import Text
from pipelines.errors import PermanentError
from pipelines.inspection.insides import TODO
from pipelines.inspection.layouts import Layout

DAY_IN_NAME = re.compile(r"(?<!\d)(20\d\d)([-_.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)")
MONTH_IN_NAME = re.compile(r"(?<!\d)(20\d\d)([-_.]?)(0[1-9]|1[0-2])(?!\d)")


def named_period(file_name: str) -> Partition | None:
    """The day or month in the file's name."""
    if found := DAY_IN_NAME.search(file_name):
        return _partition(f"{found[1]}-{found[3]}-{found[4]}")
    if found := MONTH_IN_NAME.search(file_name):
        return _partition(f"{found[1]}-{found[3]}")
    return None


def _partition(text: str) -> Partition | None:
    try:
        return Partition.parse(text)
    except PermanentError:  # 31 June
        return None


def period_of_title(layout: Layout) -> Partition | None:
    """The day or month that the title names, or the last day of what it names."""
    if not layout.periods:
        return None
    period = layout.periods[0]
    month = Partition.of_month(period.first_day)
    return month if period.is_of(month) else Partition.of_day(period.last_day)


def title_demand(layout: Layout, named: Partition | None) -> tuple[dict[str, str], tuple[Text, ...]]:
    """What the contract must demand of the title's period so that it stands beside the one in the file's name."""
    if named is None or not layout.periods or any(period.is_of(named) for period in layout.periods):
        return {}, ()
    told = ", ".join(map(str, layout.periods))
    if any(period.holds(named) for period in layout.periods):
        why = Text(
            vi=f"{TODO}: tiêu đề ghi kỳ {told}, dài hơn kỳ trong tên tệp: số liệu là của kỳ nào",
            en=f"its title names {told}, longer than the period in the file's name: of which are the figures",
        )
        return {"title_period": "contains"}, (why,)
    why = Text(
        vi=f"{TODO}: tiêu đề ghi kỳ {told}, không phải kỳ trong tên tệp: tệp sẽ bị từ chối cho đến khi rõ kỳ nào đúng",
        en=f"its title names {told}, which is not the period in the file's name: it is refused until that is settled",
    )
    return {}, (why,)
