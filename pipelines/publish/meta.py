"""Where the figures come from, as readers may see it: a query on the build file for each table of the schema `meta`, or a model.

None shows a cell of a source, nor who did something.
"""

from __future__ import annotations

from typing import Final

META_SCHEMA: Final = "meta"
# Models as they are: they grow with the history, and their builds tell what they changed.
META_MODELS: Final = {("ops", "completeness"): "completeness"}
META: Final = {
    "loads": """
        SELECT loads.*, arrivals.file_name, arrivals.file_sha256, arrivals.file_bytes, arrivals.source_modified_at,
            arrivals.arrived_at, loads.load_id IN (SELECT load_id FROM warehouse.staging.stg_loads_in_force) AS is_in_force
        FROM warehouse.ops.loads JOIN warehouse.ops.arrivals USING (arrival_id)""",
    "checks": "SELECT * FROM warehouse.ops.checks",
    # How this version was judged; what earlier ones were judged by is in them.
    "mart_checks": """
        SELECT * FROM warehouse.ops.mart_checks
        WHERE checked_at = (SELECT max(checked_at) FROM warehouse.ops.mart_checks)""",
    "volumes": "SELECT * FROM warehouse.ops.volumes",
    "attempts": "SELECT * FROM warehouse.ops.attempts",
    # Without the units that a reason suggests: another misspelling is the same fault.
    "quarantine_reasons": """
        SELECT load_id, unit_code, split_part(reason, '; ', 1) AS reason, count(*) AS rows_count
        FROM (SELECT load_id, unit_code, unnest(reasons) AS reason FROM warehouse.ops.quarantine)
        GROUP BY ALL""",
    # What reasons and refusals say in Vietnamese.
    "reason_words": "SELECT * FROM warehouse.ops.reason_words",
    # Which rows they are, never what stands in them.
    "quarantined_rows": """
        SELECT load_id, sheet_name, row_number, unit_code,
            list_transform(reasons, lambda reason: split_part(reason, '; ', 1)) AS reasons
        FROM warehouse.ops.quarantine""",
    # Without the account that did it.
    "month_closures": """
        SELECT closure_sequence, period, action, acted_at, note, version FROM warehouse.ops.month_closures""",
    # Form II.06a of the months that are closed now, as it was when they were closed.
    "closed_form_rows": """
        SELECT rows_of_form.* EXCLUDE (closure_sequence), last_words.acted_at AS closed_at,
            last_words.version AS closed_version
        FROM warehouse.ops.closed_form_rows AS rows_of_form
        JOIN (
            FROM warehouse.ops.month_closures
            QUALIFY row_number() OVER (PARTITION BY period ORDER BY closure_sequence DESC) = 1
        ) AS last_words USING (closure_sequence)
        WHERE last_words.action = 'close'""",
    "indicator_datasets": "SELECT * FROM warehouse.staging.indicator_datasets",
    "expected_periods": "SELECT * FROM warehouse.staging.expected_periods",
    "freshness": "SELECT * FROM warehouse.ops.freshness",
    "indicators": "SELECT * FROM warehouse.reference.indicators",
    "qd766_parts": "SELECT * FROM warehouse.reference.qd766_parts",
    "saving_assumptions": "SELECT * FROM warehouse.reference.saving_assumptions",
    "datasets": "SELECT * FROM warehouse.ops.datasets",
    "reconciliation_reasons": "SELECT * FROM warehouse.reference.reconciliation_reasons",
}
