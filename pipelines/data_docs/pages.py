"""One page of Data Docs: Great Expectations' own tables, rendered from stored results, in a frame that needs no network.

The frame that Great Expectations puts around them loads scripts and styles from eleven addresses outside. Its results
are put together again from the ledger, which has counts and no samples, so a page cannot show what was in a cell.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

os.environ["GX_ANALYTICS_ENABLED"] = "false"

from great_expectations.core import ExpectationSuiteValidationResult, ExpectationValidationResult
from great_expectations.exceptions import GreatExpectationsError
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
from great_expectations.render.view import DefaultJinjaPageView
from jinja2 import TemplateError

from pipelines.data_docs.ledger import StoredCheck
from pipelines.errors import PermanentError
from pipelines.validate.suites import Rule

TEMPLATES = Path(__file__).parent / "templates"
_HEADINGS = ["Kết quả", "Quy tắc", "Thấy"]
_CONSEQUENCES = {"quarantine": "cách ly dòng", "refuse": "từ chối", "flag": "cảnh báo"}


@dataclass(frozen=True)
class Judgement:
    """What one suite said: of a load, or of a mart.

    Attributes:
        title: Heading above its tables; empty where the page has no other.
        checks: As stored.
        rules: The suite's rules as they are now; a check that is none of them any more is listed by its name.
        rows: Rows that were judged, None if that is not stored.
    """

    title: str
    checks: Sequence[StoredCheck]
    rules: Sequence[Rule]
    rows: int | None = None


def render_page(
    title: str, verdict: str, facts: Mapping[str, str], judgements: Sequence[Judgement], at: datetime
) -> str:
    """The page's HTML.

    Args:
        title: What was judged.
        verdict: `accepted`, `accepted_with_warnings` or `refused`; colours the heading.
        facts: Label and text of what stands above the tables.
        judgements: One a suite.
        at: When it was judged, local time.

    Raises:
        PermanentError: A result cannot be rendered; the page is missed, nothing else.
    """
    try:
        view = DefaultJinjaPageView(custom_views_directory=str(TEMPLATES))
        groups = [
            {"title": judgement.title, "sections": _sections(judgement, at), "others": _others(judgement)}
            for judgement in judgements
        ]
        template = view.env.get_template("page.html")
        return str(template.render(title=title, verdict=verdict, facts=facts, groups=groups))
    except (GreatExpectationsError, TemplateError, ValueError, TypeError, LookupError) as error:
        raise PermanentError(
            f"The Data Docs page of {title} cannot be rendered: {error}", "Nothing but the page is missing."
        ) from error


def _sections(judgement: Judgement, at: datetime) -> list[dict[str, Any]]:
    """Great Expectations' tables, one a column; its overview is left out, because the frame has a better one."""
    checks = {check.check_name: check for check in judgement.checks}
    results = [_result(rule, checks[rule.name], judgement.rows) for rule in judgement.rules if rule.name in checks]
    if not results:
        return []
    failed = sum(not result.success for result in results)
    outcome = ExpectationSuiteValidationResult(
        success=not failed,
        results=results,
        suite_name=judgement.title or "suite",
        statistics={
            "evaluated_expectations": len(results),
            "successful_expectations": len(results) - failed,
            "unsuccessful_expectations": failed,
            "success_percent": 100 * (len(results) - failed) / len(results),
        },
        meta={"run_id": {"run_name": judgement.title, "run_time": at.isoformat()}},
    )
    document = ValidationResultsPageRenderer().render(outcome).to_json_dict()
    return [_in_vietnamese(section) for section in document["sections"][1:]]


def _result(rule: Rule, check: StoredCheck, rows: int | None) -> ExpectationValidationResult:
    count = check.unexpected_count
    result: dict[str, Any] = {"observed_value": escape(check.observed) if count is None else f"{count} dòng | rows"}
    if count is not None and rows:
        result |= {"element_count": rows, "unexpected_count": count, "unexpected_percent": 100 * count / rows}
    return ExpectationValidationResult(
        success=check.is_success,
        expectation_config=ExpectationConfiguration(
            type=rule.type, kwargs=rule.kwargs, severity=rule.severity, description=_description(rule)
        ),
        result=result,
        exception_info={"raised_exception": False, "exception_message": None, "exception_traceback": None},
    )


def _description(rule: Rule) -> str:
    """What stands in the table for the rule; Great Expectations takes it as HTML."""
    says, name = escape(rule.says.vi), escape(rule.name)
    badge = f'<span class="badge badge-{rule.on_failure}">{_CONSEQUENCES[rule.on_failure]}</span>'
    return f"{says} {badge}<br><small>{escape(rule.says.en)} <code>{name}</code></small>"


def _in_vietnamese(section: dict[str, Any]) -> dict[str, Any]:
    header, table = section["content_blocks"]
    string = header["header"]["string_template"]
    if string["template"] == "Table-Level Expectations":
        string["template"] = "Cả bảng | The whole table"
    table["header_row"] = _HEADINGS
    table["header_row_options"] = {}
    return section


def _others(judgement: Judgement) -> list[StoredCheck]:
    names = {rule.name for rule in judgement.rules}
    return [check for check in judgement.checks if check.check_name not in names]
