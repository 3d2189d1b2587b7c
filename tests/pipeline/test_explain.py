"""Every figure of the usual week can be explained: what it means, what it counts, which files, what is missing."""

from __future__ import annotations

import json

import polars as pl
import pytest

from demo.truth import ledger
from demo.truth_loads import ledger_of_loads
from pipelines.explain.absence import AbsenceReason
from pipelines.explain.data_there import GapState
from pipelines.explain.evidence import RecordsAre
from pipelines.explain.explanation import Explanation, explain
from pipelines.explain.question import AskedWronglyError
from pipelines.settings import Settings
from tests.pipeline.conftest import Ran

# What their figures count is no record of a file: documents of several deliveries, procedures of several dossiers, sums
# that a file tells, conferences.
NOT_RECORDS = (
    "portal_fee_procedures",
    "document_documents_sent", "document_signed_by_organisation", "document_signed_by_person", "officer_",
    "videoconference_participation", "videoconference_failed_joins", "videoconference_conferences",
    "videoconference_endpoint_seconds",
)  # fmt: skip


def _explain(ran: Ran, indicator: str, unit: str, period: str) -> Explanation:
    return explain(Settings(_env_file=None, home=ran.home.folder), indicator, unit, period)  # type: ignore[call-arg]


def _reasons(ran: Ran, indicator: str, unit: str, period: str) -> set[AbsenceReason]:
    return {absent.reason for absent in _explain(ran, indicator, unit, period).absent}


def test_every_figure_is_the_ledgers_and_its_loads_account_for_it(usual_week: Ran) -> None:
    truth = ledger(usual_week.home.made)
    asked = truth.filter((pl.col("unit_code") == "H56") & pl.col("period").is_in(["202610", "202611", "2026-11-04"]))
    units = truth.filter(pl.col("unit_code").str.starts_with("H56."))
    busiest = units.sort("numerator", "period", "unit_code").unique("indicator_code", keep="last", maintain_order=True)
    assert asked["indicator_code"].n_unique() > 30
    for row in pl.concat([asked, busiest]).iter_rows(named=True):
        told = _explain(usual_week, row["indicator_code"], row["unit_code"], row["period"])
        assert told.figure is not None
        assert (told.figure.numerator, told.figure.denominator) == (row["numerator"], row["denominator"])
        assert told.definition["legal_source"]
        assert told.loads, row
        assert told.history[-1].value == told.figure.value
        assert told.history[-1].known_until is None
        assert told.absent == []
        counts_records = not row["indicator_code"].startswith(NOT_RECORDS)
        assert (told.records_are is RecordsAre.COUNTED) == counts_records, row
        if counts_records:
            counted = row["numerator"] if row["denominator"] is None else row["denominator"]
            assert sum(load.rows or 0 for load in told.loads) == counted, row


def test_a_figure_that_is_not_there_says_why(usual_week: Ran) -> None:
    told = _explain(usual_week, "document_registered", "H56", "2026-11-05")
    assert told.figure is None
    assert told.loads == []
    assert [absent.reason for absent in told.absent] == [AbsenceReason.DATA_NOT_LOADED]
    [register] = told.datasets
    [refused] = register.gaps
    assert (register.dataset, str(refused.day), refused.state) == ("document_registers", "2026-11-05", GapState.MISSING)
    assert "'Số đến'" in str(refused.message)
    assert register.commands == ["khotinh run --date 2026-11-05 --dataset document_registers"]
    assert _explain(usual_week, "document_registered", "H56", "2026-11-04").is_data_complete
    [month] = _explain(usual_week, "document_registered", "H56", "202611").datasets
    assert (month.loaded_count, month.period_count) == (6, 30)
    assert month.gaps[1] == refused
    # Before the first day that was ever asked for, and long after the newest attempt.
    [october] = _explain(usual_week, "portal_received", "H56.12", "2026-10").absent
    assert (october.reason, october.dataset) == (AbsenceReason.DATA_NOT_LOADED, "portal_dossiers")
    assert AbsenceReason.PERIOD_NOT_BEGUN in _reasons(usual_week, "portal_received", "H56", "2027-10")
    assert AbsenceReason.UNIT_ENDED in _reasons(usual_week, "portal_received", "H56.34", "2026-11")
    assert _reasons(usual_week, "officer_satisfaction", "H56.10", "2026-10") == {AbsenceReason.NO_FIGURES_BY_UNIT}


def test_a_system_that_the_province_does_not_have_is_no_hole(usual_week: Ran) -> None:
    told = _explain(usual_week, "videoconference_participation", "H56", "2026-11-03")
    assert [one.dataset for one in told.datasets] == ["videoconference_calls"]
    assert told.is_data_complete


def test_the_rows_that_were_set_apart_are_those_that_the_province_served(usual_week: Ran) -> None:
    served = ledger_of_loads(usual_week.home.made).filter(
        (pl.col("dataset") == "document_exchanges") & (pl.col("outcome") == "accepted")
    )
    told = _explain(usual_week, "document_sent", "H56", "2026-11")
    assert sum(apart.rows for apart in told.set_apart) == served["rows_quarantined"].sum() > 10
    files = {place["file"] for apart in told.set_apart for place in apart.places}
    assert files <= {f"exchange-202611{day:02}.csv" for day in range(2, 9)}
    # A unit is told its own rows, and beside them those of which no unit could be read.
    unit = usual_week.home.query(
        """
        SELECT unit_code FROM meta.quarantined_rows
        WHERE load_id LIKE 'document_exchanges%' AND unit_code IS NOT NULL ORDER BY ALL LIMIT 1
        """
    ).item()
    own, unread = usual_week.home.query(
        f"""
        SELECT count(*) FILTER (unit_code = '{unit}'), count(*) FILTER (unit_code IS NULL)
        FROM meta.quarantined_rows WHERE load_id LIKE 'document_exchanges%'
        """
    ).row(0)
    apart = _explain(usual_week, "document_sent", unit, "2026-11").set_apart
    assert sum(one.rows for one in apart if one.is_of_unit) == own > 0
    assert sum(one.rows for one in apart if not one.is_of_unit) == unread


def test_a_unit_is_found_by_its_name_however_it_is_written(usual_week: Ran) -> None:
    code, name = usual_week.home.query(
        """
        SELECT min(unit_code), unit_name_vi FROM core.dim_unit GROUP BY unit_name_vi
        HAVING count(DISTINCT unit_code) = 1 ORDER BY unit_name_vi DESC LIMIT 1
        """
    ).row(0)
    assert _explain(usual_week, "portal_received", f" {name.upper()} ", "202611").unit_code == code
    with pytest.raises(AskedWronglyError, match="there is no such unit"):
        _explain(usual_week, "portal_received", "Sở Không Có", "202611")
    with pytest.raises(AskedWronglyError, match="Did you mean portal_received"):
        _explain(usual_week, "portal_recieved", "H56", "202611")
    with pytest.raises(AskedWronglyError, match="counted by the month"):
        _explain(usual_week, "accounts_active", "H56", "2026-11-04")


def test_the_command_tells_it_to_a_person_and_to_a_program(usual_week: Ran) -> None:
    home = usual_week.home
    said = home.khotinh("explain", "document_registered", "--unit", "H56", "--period", "2026-11-05")
    assert said.returncode == 0, said.stderr
    assert "Chưa có số liệu" in said.stdout
    assert "«Số đến»" in said.stdout
    answer = json.loads(home.khotinh("explain", "portal_received", "--period", "202611", "--json").stdout)
    assert answer["unit_code"] == "H56"
    [numerator] = ledger(home.made).filter(
        (pl.col("indicator_code") == "portal_received")
        & (pl.col("unit_code") == "H56")
        & (pl.col("period") == "202611")
    )["numerator"]
    assert answer["figure"]["value"] == sum(load["rows"] for load in answer["loads"]) == numerator
    assert answer["figure"]["days_covered"] == 7
    assert home.khotinh("explain", "portal_received", "--period", "soon").returncode == 2
