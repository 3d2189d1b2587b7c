"""Years of a province's records, written straight into `raw` and `ops` by SQL: what the loads of so many days would leave.

Every number is a function of the day and of the record's own number, so a history of one month and one of three years
differ in length only, and the day after is the same day for both.
"""

from __future__ import annotations

from datetime import date, timedelta

import duckdb

# A fair share of the year's 1.7 million dossiers and 6.7 million deliveries falls on every day.
DOSSIERS_A_DAY = 4_562
DELIVERIES_A_DAY = 18_250
REGISTRATIONS_A_DAY = 2_000
ACCOUNTS = 20_000
_LONGEST_DAYS = 261
_CHUNK_DAYS = 30

_PREPARE = """
CREATE OR REPLACE TEMPORARY TABLE eras AS
SELECT valid_from AS first_day, lead(valid_from) OVER (ORDER BY valid_from) AS next_day,
    row_number() OVER (ORDER BY valid_from) AS era
FROM (SELECT DISTINCT valid_from FROM units);
CREATE OR REPLACE TEMPORARY TABLE places AS
SELECT era, unit_code, unit_type, row_number() OVER (PARTITION BY era ORDER BY unit_code) - 1 AS place
FROM eras JOIN units ON units.valid_from <= eras.first_day
    AND (units.valid_to IS NULL OR units.valid_to >= eras.first_day);
CREATE OR REPLACE TEMPORARY TABLE era_days AS
SELECT day::DATE AS day, era, (SELECT count(*) FROM places WHERE places.era = eras.era) AS place_count
FROM range(DATE '2020-01-01', DATE '2028-01-01', INTERVAL 1 DAY) AS days(day)
JOIN eras ON day >= first_day AND (next_day IS NULL OR day < next_day);
CREATE OR REPLACE TEMPORARY TABLE codes AS
SELECT procedure_code, row_number() OVER (ORDER BY procedure_code) - 1 AS place FROM procedures LIMIT 20;
"""

# A dossier is received, three in fifty wait for a supplement, most are done in two weeks; amount wait much longer and
# change their state when they are long late, which changes the past.
_DOSSIERS = """
CREATE OR REPLACE TEMPORARY TABLE told AS
WITH numbers AS (
    SELECT day, day_number, day_number * {a_day} + number AS id
    FROM range({from_day}, {until_day}) AS days(day_number), range({a_day}) AS numbers(number), era_days
    WHERE day = DATE '2020-01-01' + day_number::INTEGER
), made AS (
    SELECT id, day, hash(id, 6) % place_count AS place, era_days.era,
        hash(id, 1) % 100 AS luck, hash(id, 2) % 100 AS chance, hash(id, 3) % 16 AS usual_days,
        day + to_seconds((27000 + hash(id, 4) % 32000)::INTEGER) AS received_at,
        CASE WHEN hash(id, 5) % 10 > 0 THEN day + to_days((3 + hash(id, 5) % 12)::INTEGER) + INTERVAL 17 HOUR END AS due_at
    FROM numbers JOIN era_days USING (day)
), planned AS (
    SELECT *, CASE WHEN luck < 2 THEN 60 + hash(id, 7) % 200 ELSE usual_days END::INTEGER AS done_after,
        CASE WHEN luck < 2 THEN 40 ELSE 2 END AS asked_after
    FROM made
), versions AS (
    SELECT *, 0 AS version, '2' AS status_code, 0 AS after FROM planned
    UNION ALL SELECT *, 1, '5', asked_after FROM planned WHERE (luck < 1 OR chance < 6) AND done_after > asked_after + 2
    UNION ALL SELECT *, 2, '4', asked_after + 2 FROM planned WHERE (luck < 1 OR chance < 6) AND done_after > asked_after + 2
    UNION ALL SELECT *, 3, CASE WHEN chance = 99 THEN '7' WHEN chance % 2 = 0 THEN '9' ELSE '10' END, done_after FROM planned
), due AS (
    SELECT *, day + to_days(after) + to_seconds((60000 + version)::INTEGER) AS changed_at FROM versions
    WHERE day + to_days(after) >= DATE '2020-01-01' + {told_from} AND day + to_days(after) < DATE '2020-01-01' + {until_day}
)
SELECT md5('dossier' || id) AS dossier_key, codes.procedure_code, places.unit_code,
    CASE hash(id, 8) % 20 WHEN 0 THEN NULL WHEN 1 THEN '3' WHEN 2 THEN '1' WHEN 3 THEN '1' ELSE '2' END AS channel_code,
    CASE WHEN hash(id, 9) % 3 = 0 THEN '3' ELSE '4' END AS service_level_code, '1' AS applicant_type_code, status_code,
    received_at AS submitted_at, received_at, due_at,
    CASE WHEN status_code IN ('9', '10') THEN changed_at END AS finished_at,
    CASE WHEN status_code = '7' THEN changed_at END AS withdrawn_at,
    (version IN (1, 2) OR (version = 3 AND chance < 6))::BIGINT AS supplement_request_count,
    CASE WHEN version >= 1 AND chance < 6 THEN day + to_days(asked_after) + INTERVAL 9 HOUR END AS supplement_requested_at,
    CASE WHEN version >= 2 AND chance < 6 THEN day + to_days(asked_after + 2) + INTERVAL 9 HOUR END AS supplement_received_at,
    CASE WHEN status_code IN ('9', '10') THEN '2' END AS result_form_code,
    (hash(id, 10) % 5 * 10000)::DECIMAL(18,2) AS fee_amount, 0::DECIMAL(18,2) AS charge_amount,
    CASE WHEN hash(id, 11) % 2 = 0 THEN '1' END AS online_payment_code,
    hash(id, 12) % 4 > 0 AS is_vneid_authenticated, hash(id, 13) % 3 > 0 AS is_component_digitised,
    hash(id, 14) % 3 = 0 AS is_component_reused, CASE WHEN version = 3 THEN hash(id, 15) % 4 > 0 END AS has_electronic_result,
    true AS is_synchronised, changed_at AS updated_at, (day + after)::DATE AS told_on, id AS row_number
FROM due JOIN places USING (era, place) JOIN codes ON codes.place = hash(id, 16) % 20;
"""

_DELIVERIES = """
WITH numbers AS (
    SELECT day, day_number * {a_day} + number AS id
    FROM range({from_day} - 8, {until_day}) AS days(day_number), range({a_day}) AS numbers(number), era_days
    WHERE day = DATE '2020-01-01' + day_number::INTEGER
), made AS (
    SELECT id, day, id // 4 AS document_number, senders.unit_code AS sender_unit_code,
        recipients.unit_code AS recipient_unit_code,
        day + to_seconds((27000 + hash(id // 4, 21) % 30000)::INTEGER) AS sent_at
    FROM numbers JOIN era_days USING (day)
    JOIN places AS senders ON senders.era = era_days.era AND senders.place = hash(id // 4, 22) % place_count
    JOIN places AS recipients ON recipients.era = era_days.era
        AND recipients.place = (hash(id // 4, 23) % place_count + id % 4) % place_count
), statuses AS (
    SELECT *, 'SENT' AS status_code, sent_at AS status_at FROM made
    UNION ALL SELECT *, '03', sent_at + INTERVAL 2 MINUTE FROM made WHERE hash(id, 24) % 50 > 0
    UNION ALL SELECT *, '05', sent_at + INTERVAL 2 MINUTE FROM made WHERE hash(id, 24) % 50 > 0
    UNION ALL SELECT *, '06', sent_at + to_hours((1 + hash(id, 25) % 150)::INTEGER) FROM made WHERE hash(id, 24) % 50 > 19
)
INSERT INTO raw.document_exchanges BY NAME
SELECT 'p' || id AS packet_id, sender_unit_code || ',' || strftime(day, '%Y/%m/%d') || ',' || document_number || '/UBND-VP' AS document_id,
    document_number || '/UBND-VP' AS document_symbol, 'Công văn' AS document_type_name_vi, 'new' AS business_type_code,
    sender_unit_code, recipient_unit_code, status_code, status_at, 'Thường' AS urgency_name_vi,
    'document_exchanges/' || strftime(status_at, '%Y-%m-%d') || '/r1' AS load_id, id AS row_number
FROM statuses
WHERE status_at >= DATE '2020-01-01' + {from_day} AND status_at < DATE '2020-01-01' + {until_day}
ORDER BY status_at::DATE
"""

_BY_DAY = """
INSERT INTO raw.document_registers BY NAME
WITH numbers AS MATERIALIZED (
    SELECT day, era, number, hash(day, number) % place_count AS place
    FROM era_days, range({registrations}) AS numbers(number) WHERE {days}
)
SELECT day AS arrived_date, number + 1 AS register_number, unit_code AS author_unit_code,
    number || '/UBND-VP' AS document_symbol, day AS document_date, 3 AS recipient_count,
    'Công văn' AS document_type_name_vi, 'Thường' AS urgency_name_vi, 'H56.01' AS main_handler_unit_code,
    'document_registers/' || day || '/r1' AS load_id, number + 1 AS row_number
FROM numbers JOIN places USING (era, place) ORDER BY day;
INSERT INTO raw.videoconference_endpoint_status BY NAME
SELECT endpoint_code, CASE WHEN hash(day, endpoint_code) % 20 > 0 THEN 'answered' ELSE 'no_answer' END AS outcome_code,
    hash(day, endpoint_code) % 20 > 1 AS is_registered, false AS is_in_call, 3600 AS uptime_seconds,
    0.5::DECIMAL(18,4) AS packet_loss_rate, 'videoconference_endpoint_status/' || day || '/r1' AS load_id,
    row_number() OVER (PARTITION BY day) AS row_number
FROM era_days, endpoints WHERE {days} AND day BETWEEN valid_from AND coalesce(valid_to, day) ORDER BY day;
CREATE OR REPLACE TEMPORARY TABLE legs AS
SELECT day, 'call-' || day AS call_id, 'leg-' || day || endpoint_code AS leg_id, endpoint_code,
    row_number() OVER (PARTITION BY day ORDER BY endpoint_code) AS number
FROM era_days, endpoints
WHERE {days} AND isodow(day) <= 5 AND day BETWEEN valid_from AND coalesce(valid_to, day) AND hash(day, endpoint_code) % 5 > 0;
INSERT INTO raw.videoconference_calls BY NAME
SELECT 'session-1' AS session_id, date_diff('day', DATE '2020-01-01', day) * 2000 + number AS correlator_index,
    record_type, day + INTERVAL 8 HOUR + to_seconds(seconds) AS recorded_at, call_id, leg_id, endpoint_code,
    CASE WHEN record_type IN ('callLegEnd', 'callEnd') THEN 3600 END AS duration_seconds,
    CASE WHEN record_type = 'callLegEnd' THEN 3600 END AS activated_seconds,
    CASE WHEN record_type = 'callLegEnd' THEN 0.2 END AS packet_loss_rate,
    'videoconference_calls/' || day || '/r1' AS load_id, number AS row_number
FROM (
    SELECT DISTINCT day, 0 AS number, 'callStart' AS record_type, 0 AS seconds, call_id, NULL AS leg_id, NULL AS endpoint_code FROM legs
    UNION ALL SELECT day, number, 'callLegStart', 10, NULL, leg_id, endpoint_code FROM legs
    UNION ALL SELECT day, number + 400, 'callLegUpdate', 11, call_id, leg_id, NULL FROM legs
    UNION ALL SELECT day, number + 800, 'callLegEnd', 3610, NULL, leg_id, NULL FROM legs
    UNION ALL SELECT DISTINCT day, 1201, 'callEnd', 3620, call_id, NULL, NULL FROM legs
) ORDER BY day;
"""

_BY_MONTH = """
INSERT INTO raw.platform_accounts BY NAME
SELECT md5('account' || number) AS account_key, unit_code, 'document' AS platform_code, DATE '2020-01-01' AS issued_date,
    month + to_hours((hash(month, number) % 1000)::INTEGER) AS last_login_at, hash(month, number) % 20 = 0 AS is_locked,
    'platform_accounts/' || strftime(month, '%Y-%m') || '/r1' AS load_id, number + 1 AS row_number
FROM months, range({accounts}) AS numbers(number) JOIN era_days ON era_days.day = month
JOIN places ON places.era = era_days.era AND place = number % place_count ORDER BY month;
INSERT INTO raw.document_signing BY NAME
SELECT unit_code, 20 AS issued_count, hash(month, unit_code) % 20 AS signed_by_person_count,
    hash(month, unit_code) % 19 AS signed_by_organisation_count,
    'document_signing/' || strftime(month, '%Y-%m') || '/r1' AS load_id, place + 1 AS row_number
FROM months JOIN era_days ON era_days.day = month JOIN places ON places.era = era_days.era;
INSERT INTO raw.portal_statistics BY NAME
SELECT unit_code, 3 * amount AS received_count, amount AS received_online_count, amount AS received_direct_count,
    amount AS carried_over_count, 2 * amount AS settled_count, amount AS settled_early_count, amount AS settled_on_time_count,
    0 AS settled_late_count, amount AS open_count, amount AS open_in_time_count, 0 AS open_late_count,
    'portal_statistics/' || strftime(month, '%Y-%m') || '/r1' AS load_id, place + 1 AS row_number
FROM months JOIN era_days ON era_days.day = month JOIN places ON places.era = era_days.era,
    LATERAL (SELECT hash(month, unit_code) % 80 AS amount) WHERE unit_type <> 'sub_unit';
"""

# Every file came once, on the next morning, and was accepted.
_LEDGER = """
CREATE OR REPLACE TEMPORARY TABLE came AS
SELECT dataset, partition_key, load_id, rows_accepted,
    coalesce(try_cast(partition_key AS DATE) + 1, try_cast(replace(partition_key, 'baseline-', '') AS DATE),
        (partition_key || '-01')::DATE + INTERVAL 40 DAY) + INTERVAL 340 MINUTE AS came_at
FROM (
    SELECT split_part(load_id, '/', 1) AS dataset, split_part(load_id, '/', 2) AS partition_key, load_id,
        count(*) AS rows_accepted
    FROM ({raw_loads}) GROUP BY ALL
) WHERE load_id NOT IN (SELECT load_id FROM ops.loads);
INSERT INTO ops.arrivals
SELECT md5(load_id), dataset, partition_key, md5(load_id), partition_key || '.csv', 1000, 'file:///benchmark', NULL, came_at FROM came;
INSERT INTO ops.loads BY NAME
SELECT load_id, (SELECT coalesce(max(load_sequence), 0) FROM ops.loads) + row_number() OVER (ORDER BY came_at, load_id) AS load_sequence,
    md5(load_id) AS arrival_id, dataset, partition_key, 'accepted' AS verdict, rows_accepted AS rows_read, rows_accepted,
    0 AS rows_quarantined, 0 AS rows_duplicate, 1 AS contract_version, 'benchmark' AS code_version, came_at AS started_at,
    came_at AS finished_at, 'benchmark' AS rules_sha256, 'accepted' AS content_verdict
FROM came;
INSERT INTO ops.attempts SELECT dataset, partition_key, 'loaded', '', came_at FROM came;
"""
_DATASETS = (
    "portal_dossiers", "document_exchanges", "document_registers", "videoconference_calls",
    "videoconference_endpoint_status", "platform_accounts", "document_signing", "portal_statistics",
)  # fmt: skip


def write_days(connection: duckdb.DuckDBPyConnection, first: date, last: date, scale: float, *, begins: bool) -> None:
    """Writes the rows of these days and of the months that ended in them, with their ledger rows.

    Args:
        connection: A prepared warehouse, with the tables `units`, `procedures` and `endpoints` of the registers at hand.
        first: First day.
        last: Last day.
        scale: Share of a whole province's rows.
        begins: Whether the history begins here, with what was open before.
    """
    connection.execute(_PREPARE)
    day = first
    while day <= last:
        until = min(last + timedelta(days=1), day + timedelta(days=_CHUNK_DAYS))
        _write_chunk(connection, day, until, scale, begins=begins and day == first)
        day = until
    months = f"CREATE OR REPLACE TEMPORARY TABLE months AS SELECT month::DATE AS month FROM range(DATE '{first:%Y-%m}-01', DATE '{last}' + 1, INTERVAL 1 MONTH) AS months(month) WHERE month + INTERVAL 1 MONTH - INTERVAL 1 DAY BETWEEN DATE '{first}' AND DATE '{last}'"
    connection.execute(months)
    connection.execute(_BY_MONTH.format(accounts=round(ACCOUNTS * scale)))
    raw_loads = " UNION ALL ".join(f"SELECT load_id FROM raw.{dataset}" for dataset in _DATASETS)
    connection.execute(_LEDGER.format(raw_loads=raw_loads))


def _write_chunk(
    connection: duckdb.DuckDBPyConnection, first: date, until: date, scale: float, *, begins: bool
) -> None:
    from_day, until_day = (first - date(2020, 1, 1)).days, (until - date(2020, 1, 1)).days
    connection.execute(
        _DOSSIERS.format(
            from_day=from_day - _LONGEST_DAYS, until_day=until_day, a_day=round(DOSSIERS_A_DAY * scale),
            told_from=from_day - (_LONGEST_DAYS if begins else 0),
        )
    )  # fmt: skip
    if begins:
        connection.execute(
            f"""
            INSERT INTO raw.portal_dossiers BY NAME
            SELECT * EXCLUDE (told_on), 'portal_dossiers/baseline-{first}/r1' AS load_id FROM told WHERE told_on < DATE '{first}'
            QUALIFY row_number() OVER (PARTITION BY dossier_key ORDER BY updated_at DESC) = 1 AND status_code NOT IN ('7', '9', '10')
            """
        )
    connection.execute(
        f"""
        INSERT INTO raw.portal_dossiers BY NAME
        SELECT * EXCLUDE (told_on), 'portal_dossiers/' || told_on || '/r1' AS load_id FROM told
        WHERE told_on >= DATE '{first}' AND told_on < DATE '{until}' ORDER BY told_on
        """
    )
    connection.execute(
        _DELIVERIES.format(from_day=from_day, until_day=until_day, a_day=round(DELIVERIES_A_DAY * scale))
    )
    days = f"day >= DATE '{first}' AND day < DATE '{until}'"
    connection.execute(_BY_DAY.format(days=days, registrations=round(REGISTRATIONS_A_DAY * scale)))
