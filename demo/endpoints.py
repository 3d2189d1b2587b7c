"""The videoconference endpoints: the registry, and what each one answers about a day.

Which of them took part in a conference belongs to `demo.conferences`; how the question travels belongs to
`demo.servers.endpoints`. Uptime is in seconds, jitter in milliseconds, packet loss a share.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import numpy as np
import orjson
import polars as pl
from numpy.typing import NDArray

from demo.calendar import Numbers
from demo.registry import ENDPOINTS_FILE
from demo.seeding import generator
from demo.units import Units

IN_CALL_SHARE = 0.04
SOFTWARE_VERSIONS = ("CE9.15.3", "CE9.15.8", "CE11.5.2", "RoomOS 11.14")


@dataclass
class Endpoints:
    """The endpoint registry with the habits of one seed."""

    seed: int
    units: Units
    register: pl.DataFrame = field(default_factory=lambda: pl.read_csv(ENDPOINTS_FILE, infer_schema=False))

    @cached_property
    def frame(self) -> pl.DataFrame:
        """The endpoints of today in registry order; each answers at one address for good, wherever it stood."""
        return self.register.filter(pl.col("valid_to").is_null())

    @cached_property
    def codes(self) -> list[str]:
        """The endpoint codes in registry order."""
        return self.frame["endpoint_code"].to_list()

    def unit_numbers(self, day: date) -> Numbers:
        """The number of the unit that each endpoint stands with on the day."""
        stands = pl.col("valid_from").str.to_date() <= day, pl.col("valid_to").str.to_date().fill_null(day) >= day
        unit_by_endpoint = dict(self.register.filter(*stands).select("endpoint_code", "unit_code").iter_rows())
        return np.array([self.units.number_by_code[unit_by_endpoint[code]] for code in self.codes], dtype=np.int64)

    @cached_property
    def reliability(self) -> NDArray[np.float64]:
        """How often each endpoint is registered when asked."""
        return 1.0 - generator(self.seed, "endpoint-reliability").beta(1.2, 45.0, len(self.frame))

    def is_registered(self, day: date) -> NDArray[np.bool_]:
        """Whether each endpoint, asked about the day, says that it was registered."""
        return generator(self.seed, "endpoint-status", day).random(len(self.frame)) < self.reliability

    def answers(self, day: date) -> dict[str, bytes]:
        """What each endpoint answers about the day, as JSON, by endpoint code."""
        random = generator(self.seed, "endpoint-answer", day)
        count = len(self.frame)
        registered = self.is_registered(day).tolist()
        in_call = (random.random(count) < IN_CALL_SHARE).tolist()
        version = (generator(self.seed, "endpoint-software").integers(0, len(SOFTWARE_VERSIONS), count)).tolist()
        uptime = random.integers(600, 40 * 86_400, count).tolist()
        loss = np.round(random.exponential(0.003, count).clip(0, 1), 4).tolist()
        jitter = np.round(random.gamma(2.0, 2.0, count), 1).tolist()
        return {
            code: orjson.dumps({
                "registered": registered[row],
                "in_call": in_call[row] and registered[row],
                "software_version": SOFTWARE_VERSIONS[version[row]],
                "uptime_seconds": uptime[row],
                "packet_loss_rate": loss[row],
                "jitter_ms": jitter[row],
            })
            for row, code in enumerate(self.codes)
        }  # fmt: skip

    def sample(self, subject: str, count: int) -> frozenset[str]:
        """A fixed choice of endpoints, for a fault to befall."""
        random = generator(self.seed, subject)
        rows = random.permutation(len(self.codes))[: min(count, len(self.codes))]
        return frozenset(self.codes[row] for row in rows)
