"""Each fault of the demo province, run for real: what happens, what the officer reads, whether the day has figures."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta

import pytest

from demo.fault_matrix import DAY, DOC_FILE, MATRIX, Ending, Line, as_markdown
from demo.faults import BY_NAME
from demo.truth_loads import ledger_of_loads
from pipelines.load.ledger import Attempt, Outcome, accepted_partitions
from pipelines.load.warehouse import open_warehouse
from pipelines.vietnamese import check_vi, reason_vi, trouble_vi
from tests.faults.conftest import MakePlace, Place

OUTCOMES = {
    Ending.LOADED: {Outcome.LOADED},
    Ending.QUARANTINED: {Outcome.LOADED},
    Ending.RETRIED: {Outcome.LOADED},
    Ending.REFUSED: {Outcome.REFUSED},
    Ending.MISSING: {Outcome.NOT_THERE, Outcome.FAILED},
}
TRUTH = {
    Outcome.LOADED: "accepted",
    Outcome.REFUSED: "refused",
    Outcome.NOT_THERE: "missing",
    Outcome.FAILED: "missing",
}

NAMED_CHECK = re.compile(r"(?:^|; )([a-z_]+): ")


def test_every_fault_has_a_line_and_every_line_a_fault() -> None:
    assert {line.fault for line in MATRIX} == set(BY_NAME)
    assert len(BY_NAME) >= 25


def test_the_page_is_written_from_the_matrix() -> None:
    assert DOC_FILE.read_text(encoding="utf-8") == as_markdown(), "run make generate-demo"


@pytest.mark.parametrize("line", MATRIX, ids=lambda line: f"{line.fault}-{line.dataset}")
def test_what_happens_and_what_the_officer_reads(line: Line, place: MakePlace) -> None:
    there = place([line.asked_for], scale=line.scale, first_day=DAY + timedelta(days=min(-1, *line.readings)))
    attempts = [there.bring_in(line.dataset, _partition(line, days)) for days in line.readings]
    last = attempts[-1]
    assert last.outcome in OUTCOMES[line.ending], last
    assert told(there, last) == " ".join(line.reads)
    if line.first_reads:
        assert told(there, attempts[0]) == " ".join(line.first_reads)
    assert has_figures(there, line) == line.has_figures
    assert counted(last) == due(there, line)
    if line.has_figures:
        assert (last.rows_quarantined, last.rows_duplicate) == (line.quarantined, line.duplicate)
        assert has_asked_again(there) == (line.ending is Ending.RETRIED)
    else:
        assert ", ".join(NAMED_CHECK.findall(last.message)) == line.by


def _partition(line: Line, days: int) -> str:
    return line.partition if len(line.partition) == len("YYYY-MM") else str(DAY + timedelta(days=days))


def told(there: Place, attempt: Attempt) -> str:
    """What the officer reads of an attempt, as `khotinh run` prints it."""
    workshop, dataset = there.workshop, attempt.dataset
    warnings = there.query(
        """
        SELECT check_name FROM ops.checks
        WHERE load_id = ? AND NOT is_success AND severity = 'warning' AND check_name <> 'no_row_is_set_apart'
        """,
        attempt.load_id,
    )
    reasons = there.query(
        """
        SELECT DISTINCT split_part(reason, '; ', 1) AS reason
        FROM (SELECT unnest(reasons) AS reason FROM ops.quarantine WHERE load_id = ?) ORDER BY reason
        """,
        attempt.load_id,
    )
    if attempt.outcome is Outcome.LOADED:
        sentences = [check_vi(workshop, dataset, str(name), attempt.partition_key) or "?" for (name,) in warnings]
    else:
        sentences = [trouble_vi(workshop, dataset, attempt.partition_key, attempt.message)]
    sentences += [reason_vi(workshop, dataset, str(reason)) for (reason,) in reasons]
    sentences += [f"Trùng: {attempt.rows_duplicate}"] if attempt.rows_duplicate else []
    return " ".join(sentences)


def has_figures(there: Place, line: Line) -> bool:
    """Whether an accepted load stands for the day, which is what every figure is built from."""
    with open_warehouse(there.workshop.settings) as connection:
        return (line.dataset, line.partition) in accepted_partitions(connection)


def counted(attempt: Attempt) -> tuple[object, ...]:
    """The attempt as the ledger of truth writes loads down."""
    if attempt.outcome is not Outcome.LOADED:
        return (TRUTH[attempt.outcome], None, None, None, None)
    rows = (attempt.rows_read, attempt.rows_accepted, attempt.rows_quarantined, attempt.rows_duplicate)
    return (TRUTH[attempt.outcome], *rows)


def due(there: Place, line: Line) -> tuple[object, ...]:
    """What the ledger of truth says of the load; the file that took another's place was read where it was read twice."""
    key = f"{line.partition}-01" if len(line.partition) == len("YYYY-MM") else line.partition
    loads = ledger_of_loads(there.made, corrected=line.readings == (0, 0))
    return loads.filter(dataset=line.dataset, partition_key=key).drop("dataset", "partition_key").row(0)


def has_asked_again(there: Place) -> bool:
    """Whether the portal was asked one question more often than it takes: pages are read twice, an only page once."""
    asked = Counter(query for query, _ in there.portal_log("/api/v1/dossiers"))
    return max(asked.values(), default=0) > (2 if any("page=2" in query for query in asked) else 1)
