"""Somebody with a computer who has read everything that is open, and solves for what is not.

The attacker knows how the figures hang together (units add up to the province, a part is no more than its whole, nothing is
negative, a unit that has a row has at least one dossier, which units handle which procedures) and every number that is open. For each cell
the least and the greatest value that all of this allows come from two linear programmes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

# It comes with Great Expectations.
from scipy.optimize import linprog  # type: ignore[import-untyped]

# A cell: a place ("unit", "H56.10"), ("procedure", "1.0"), or ("total", ""), and what is counted there.
Cell = tuple[str, str, str]


@dataclass
class Attacker:
    """What is known; a sum is a mapping of cells to their factors that equals a number."""

    cells: dict[Cell, int] = field(default_factory=dict)
    equal: list[tuple[dict[int, float], float]] = field(default_factory=list)
    at_most: list[tuple[dict[int, float], float]] = field(default_factory=list)

    def column(self, cell: Cell) -> int:
        """The unknown that stands for the cell."""
        return self.cells.setdefault(cell, len(self.cells))

    def knows(self, cell: Cell, number: float) -> None:
        """Reads a number that is open."""
        self.equal.append(({self.column(cell): 1.0}, number))

    def knows_sum(self, parts: Iterable[Cell], whole: Cell) -> None:
        """Parts add up to a whole."""
        self.equal.append(({**{self.column(part): 1.0 for part in parts}, self.column(whole): -1.0}, 0.0))

    def knows_who_handles(self, procedures: Iterable[Cell], units: Iterable[Cell]) -> None:
        """These procedures are handled by these units alone, and these units handle no others: both count the same."""
        factors = {self.column(unit): 1.0 for unit in units} | {self.column(one): -1.0 for one in procedures}
        self.equal.append((factors, 0.0))

    def knows_part(self, part: Cell, whole: Cell) -> None:
        """A part is no more than its whole."""
        self.at_most.append(({self.column(part): 1.0, self.column(whole): -1.0}, 0.0))

    def knows_there_is_one(self, cell: Cell) -> None:
        """There is at least one."""
        self.at_most.append(({self.column(cell): -1.0}, -1.0))

    def width(self, *terms: tuple[Cell, float]) -> float:
        """How far apart the least and the greatest possible value of a sum of cells lie."""
        goal = np.zeros(len(self.cells))
        for cell, factor in terms:
            goal[self.column(cell)] += factor
        left, right = self._solve(goal), self._solve(-goal)
        return float("inf") if left is None or right is None else -right - left

    def _solve(self, goal: np.typing.NDArray[np.float64]) -> float | None:
        """The least value of the goal; None if it has none."""
        equal, at_most = self._rows(self.equal), self._rows(self.at_most)
        done = linprog(
            goal, A_ub=at_most[0], b_ub=at_most[1], A_eq=equal[0], b_eq=equal[1], bounds=(0, None), method="highs"
        )
        unbounded = 3
        assert done.status in (0, unbounded), f"what is open contradicts itself: {done.message}"
        return float(done.fun) if done.status == 0 else None

    def _rows(
        self, known: list[tuple[dict[int, float], float]]
    ) -> tuple[np.typing.NDArray[np.float64] | None, list[float] | None]:
        if not known:
            return None, None
        matrix = np.zeros((len(known), len(self.cells)))
        for line, (factors, _) in enumerate(known):
            for column, factor in factors.items():
                matrix[line, column] += factor
        return matrix, [number for _, number in known]
