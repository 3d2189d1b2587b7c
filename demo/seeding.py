"""Random numbers that depend only on what they are for, never on the order in which they are asked for.

Every subject (dossiers, documents, endpoint status …) and day gets a generator of its own, so a day looks the same
whether it is asked for alone or inside a month. Which figures are drawn does not belong here.
"""

from __future__ import annotations

import zlib
from datetime import date

import numpy as np


def generator(seed: int, subject: str, day: date | None = None) -> np.random.Generator:
    """The generator of one subject, and of one day when the subject is told by days.

    Args:
        seed: The province's seed.
        subject: What the numbers are for; two subjects never share a sequence.
        day: The day in Asia/Ho_Chi_Minh, or None for what does not change with days.
    """
    number = 0 if day is None else day.toordinal()
    return np.random.Generator(np.random.SFC64([seed, zlib.crc32(subject.encode()), number]))
