"""When things run: the day's job at 05:30, the month's at 04:30 on the days when monthly exports fall due.

All times are Asia/Ho_Chi_Minh. A schedule's tick runs the period before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from dagster import (
    AssetsDefinition,
    AssetSelection,
    DefaultScheduleStatus,
    JobDefinition,
    RunRequest,
    ScheduleDefinition,
    ScheduleEvaluationContext,
    build_schedule_from_partitioned_job,
    define_asset_job,
    in_process_executor,
    schedule,
)
from dagster._core.definitions.partitions.partitioned_schedule import UnresolvedPartitionedAssetScheduleDefinition
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from pipelines.assets.datasets import DAILY, MONTHLY
from pipelines.calendar import TIME_ZONE_NAME

# Nobody should have to remember to switch the morning on.
RUNNING = DefaultScheduleStatus.RUNNING
DAILY_JOB, MONTHLY_JOB = "daily_run", "monthly_run"


@dataclass(frozen=True)
class Automation:
    """Jobs and schedules of the code location."""

    jobs: Sequence[JobDefinition | UnresolvedAssetJobDefinition]
    schedules: Sequence[ScheduleDefinition | UnresolvedPartitionedAssetScheduleDefinition]


def automation(
    daily: Sequence[AssetsDefinition], monthly: Sequence[AssetsDefinition], after: Sequence[AssetsDefinition]
) -> Automation:
    """The two jobs and their schedules.

    Args:
        daily: Datasets of a day.
        monthly: Datasets of a month.
        after: What is built and published from them.

    The jobs run in one process: starting a process a step costs 12 to 22 s a run, and DuckDB has one writer anyway.
    """
    daily_job = define_asset_job(
        DAILY_JOB,
        selection=AssetSelection.assets(*daily, *after),
        partitions_def=DAILY,
        executor_def=in_process_executor,
        description="Kéo dữ liệu ngày hôm qua, dựng và công bố | Pulls yesterday's exports, builds and publishes.",
    )
    monthly_job = define_asset_job(
        MONTHLY_JOB,
        selection=AssetSelection.assets(*monthly, *after),
        partitions_def=MONTHLY,
        executor_def=in_process_executor,
        description="Kéo số liệu tháng trước | Pulls last month's exports, builds and publishes.",
    )

    @schedule(cron_schedule="30 4 2-10 * *", job=monthly_job, execution_timezone=TIME_ZONE_NAME, default_status=RUNNING)
    def monthly_schedule(context: ScheduleEvaluationContext) -> RunRequest:
        moment = context.scheduled_execution_time
        month = f"{moment.replace(day=1) - timedelta(days=1):%Y-%m}"
        return RunRequest(run_key=f"{month}:{moment:%Y-%m-%d}", partition_key=month)

    return Automation(
        jobs=[daily_job, monthly_job],
        schedules=[
            build_schedule_from_partitioned_job(daily_job, hour_of_day=5, minute_of_hour=30, default_status=RUNNING),
            monthly_schedule,
        ],
    )
