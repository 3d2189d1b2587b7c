"""One asset a dataset, partitioned by day or month: its run brings the partition in, its checks say what was judged."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    BackfillPolicy,
    DailyPartitionsDefinition,
    MaterializeResult,
    MonthlyPartitionsDefinition,
    RetryRequested,
    asset,
)

from pipelines.calendar import TIME_ZONE_NAME, Partition, today
from pipelines.contracts import Contract
from pipelines.errors import PermanentError, SettingError, TransientError
from pipelines.ingest import Workshop, ingest, record_failure, waiting
from pipelines.load.ledger import Attempt, Outcome

WAREHOUSE_POOL = "duckdb"
FIRST_DAY, FIRST_MONTH = "2020-01-01", "2020-01"
DAILY = DailyPartitionsDefinition(start_date=FIRST_DAY, timezone=TIME_ZONE_NAME)
MONTHLY = MonthlyPartitionsDefinition(start_date=FIRST_MONTH, timezone=TIME_ZONE_NAME, fmt="%Y-%m")
ARRIVED, ACCEPTED, ROWS_FIT = "export_arrived", "load_accepted", "every_row_fits"


def dataset_key(dataset: str) -> AssetKey:
    """Asset key of a dataset; dbt's source tables carry the same."""
    return AssetKey(["raw", dataset])


def dataset_asset(contract: Contract) -> AssetsDefinition:
    """The asset of one dataset.

    A transient failure is run again by Dagster, `rerun_attempts` times; after that the day is recorded as missing and
    the other datasets go on, because a blank page at 08:00 helps nobody. The checks tell.
    """
    key = dataset_key(contract.dataset)

    @asset(
        key=key,
        partitions_def=DAILY if contract.cadence == "daily" else MONTHLY,
        backfill_policy=BackfillPolicy.single_run(),
        group_name=contract.platform,
        description=f"{contract.title.vi} | {contract.title.en}. {contract.description.en}",
        owners=None,
        metadata={"owner": contract.owner, "contract_version": contract.version, "mode": contract.mode},
        check_specs=[
            AssetCheckSpec(ARRIVED, asset=key, description="The export of each period was there."),
            AssetCheckSpec(ACCEPTED, asset=key, description="No load was refused by its contract or its expectations."),
            AssetCheckSpec(ROWS_FIT, asset=key, description="No row was set apart and no rule of the suite warns."),
        ],
        pool=WAREHOUSE_POOL,
        required_resource_keys={"workshop"},
        kinds={"polars", "duckdb", "greatexpectations"},
    )
    def dataset(context: AssetExecutionContext) -> Iterator[MaterializeResult[Any]]:
        workshop: Workshop = context.resources.workshop
        partitions = [Partition.parse(key) for key in context.partition_keys]
        attempts = _bring_in_all(context, workshop, contract.dataset, partitions)
        if context.partition_keys[-1] == newest_over(contract).key:
            attempts += _bring_in_dropped(context, workshop, contract.dataset, context.partition_keys)
        yield MaterializeResult(asset_key=key, metadata=_summary(attempts), check_results=_checks(key, attempts))

    return dataset


def newest_over(contract: Contract) -> Partition:
    """The newest period of a dataset that is over: its run also takes what was dropped late for earlier ones."""
    yesterday = today() - timedelta(days=1)
    if contract.cadence == "daily":
        return Partition.of_day(yesterday)
    return Partition.of_month(today().replace(day=1) - timedelta(days=1))


def _bring_in_dropped(
    context: AssetExecutionContext, workshop: Workshop, dataset: str, brought_in: Sequence[str]
) -> list[Attempt]:
    try:
        periods = waiting(workshop, dataset)
    except (TransientError, PermanentError) as error:
        # The pull of the newest period has just said so itself, and its attempt is recorded.
        context.log.warning("%s: its drop folder: %s", dataset, error)
        return []
    others = [period for period in periods if period.key not in brought_in]
    return _bring_in_all(context, workshop, dataset, others)


def _bring_in_all(
    context: AssetExecutionContext, workshop: Workshop, dataset: str, partitions: Sequence[Partition]
) -> list[Attempt]:
    """Each partition, until a setting does not work: then the rest is not asked for, and recorded as failed by it.

    A system that is knocked at with a wrong password for each day of a month locks the account.
    """
    attempts: list[Attempt] = []
    fault: SettingError | None = None
    for partition in partitions:
        brought, fault = _bring_in(context, workshop, dataset, partition, fault)
        attempts += brought
    return attempts


def _bring_in(
    context: AssetExecutionContext, workshop: Workshop, dataset: str, partition: Partition, fault: SettingError | None
) -> tuple[list[Attempt], SettingError | None]:
    """What became of one partition, and the setting's fault that keeps it and the others out."""
    try:
        if fault is not None:
            raise fault
        attempts = ingest(workshop, dataset, partition)
    except SettingError as error:
        attempts, fault = [record_failure(workshop, dataset, partition, error)], error
    except TransientError as error:
        if context.retry_number < workshop.settings.rerun_attempts:
            raise RetryRequested(
                max_retries=workshop.settings.rerun_attempts, seconds_to_wait=workshop.settings.rerun_wait_seconds
            ) from error
        attempts = [record_failure(workshop, dataset, partition, error)]
    except PermanentError as error:
        attempts = [record_failure(workshop, dataset, partition, error)]
    for attempt in attempts:
        context.log.info("%s %s: %s %s", attempt.dataset, attempt.partition_key, attempt.outcome, attempt.message)
        workshop.report(attempt)
    return attempts, fault


def _summary(attempts: list[Attempt]) -> Mapping[str, int]:
    return {
        "rows_read": sum(attempt.rows_read for attempt in attempts),
        "rows_accepted": sum(attempt.rows_accepted for attempt in attempts),
        "rows_quarantined": sum(attempt.rows_quarantined for attempt in attempts),
        "rows_duplicate": sum(attempt.rows_duplicate for attempt in attempts),
        "loads_refused": sum(attempt.outcome is Outcome.REFUSED for attempt in attempts),
    }


def _checks(key: AssetKey, attempts: list[Attempt]) -> list[AssetCheckResult]:
    absent = [attempt for attempt in attempts if attempt.outcome in (Outcome.NOT_THERE, Outcome.FAILED)]
    refused = [attempt for attempt in attempts if attempt.verdict == "refused"]
    doubtful = [
        attempt for attempt in attempts if attempt.verdict == "accepted_with_warnings" or attempt.rows_quarantined
    ]
    return [
        _check(key, ARRIVED, absent, AssetCheckSeverity.ERROR),
        _check(key, ACCEPTED, refused, AssetCheckSeverity.ERROR),
        _check(key, ROWS_FIT, doubtful, AssetCheckSeverity.WARN),
    ]


def _check(key: AssetKey, name: str, failing: list[Attempt], severity: AssetCheckSeverity) -> AssetCheckResult:
    told = {attempt.partition_key: attempt.message or attempt.verdict or attempt.outcome.value for attempt in failing}
    return AssetCheckResult(asset_key=key, check_name=name, passed=not failing, severity=severity, metadata=told)
