"""When things run: the day's job at 05:30, the month's at 04:30 from the 2nd on, and what looks after broken runs.

The month is asked for every day, so that a late or corrected form is found. All times are Asia/Ho_Chi_Minh. A schedule's tick runs the period before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from dagster import (
    AssetsDefinition,
    AssetSelection,
    DefaultScheduleStatus,
    DefaultSensorStatus,
    JobDefinition,
    RunFailureSensorContext,
    RunRequest,
    ScheduleDefinition,
    ScheduleEvaluationContext,
    SensorDefinition,
    SensorEvaluationContext,
    SkipReason,
    build_schedule_from_partitioned_job,
    define_asset_job,
    in_process_executor,
    run_failure_sensor,
    schedule,
    sensor,
)
from dagster._core.definitions.partitions.partitioned_schedule import UnresolvedPartitionedAssetScheduleDefinition
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from pipelines.assets.datasets import DAILY, MONTHLY
from pipelines.calendar import TIME_ZONE_NAME
from pipelines.killed_runs import TYPED_RUN, bury_typed_runs
from pipelines.settings import Settings

# Nobody should have to remember to switch the morning on.
RUNNING = DefaultScheduleStatus.RUNNING
DAILY_JOB, MONTHLY_JOB, PUBLISH_JOB = "daily_run", "monthly_run", "build_and_publish"


@dataclass(frozen=True)
class Automation:
    """Jobs and schedules of the code location."""

    jobs: Sequence[JobDefinition | UnresolvedAssetJobDefinition]
    sensors: Sequence[SensorDefinition]
    schedules: Sequence[ScheduleDefinition | UnresolvedPartitionedAssetScheduleDefinition]


def automation(
    daily: Sequence[AssetsDefinition], monthly: Sequence[AssetsDefinition], after: Sequence[AssetsDefinition],
    settings: Settings,
) -> Automation:  # fmt: skip
    """The jobs, their schedules, and what looks after a run that died or broke.

    Args:
        daily: Datasets of a day.
        monthly: Datasets of a month.
        after: What is built and published from them.
        settings: Where the locks of living runs are.

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

    @schedule(cron_schedule="30 4 2-31 * *", job=monthly_job, execution_timezone=TIME_ZONE_NAME, default_status=RUNNING)
    def monthly_schedule(context: ScheduleEvaluationContext) -> RunRequest:
        moment = context.scheduled_execution_time
        month = f"{moment.replace(day=1) - timedelta(days=1):%Y-%m}"
        return RunRequest(run_key=f"{month}:{moment:%Y-%m-%d}", partition_key=month)

    publish_job = define_asset_job(
        PUBLISH_JOB,
        selection=AssetSelection.assets(*after),
        executor_def=in_process_executor,
        description="Dựng và công bố lại | Builds and publishes what is there.",
    )

    @sensor(minimum_interval_seconds=60, default_status=DefaultSensorStatus.RUNNING)
    def killed_typed_runs(context: SensorEvaluationContext) -> SkipReason:
        """Ends typed runs that were killed, so that the morning's run need not wait for them."""
        return SkipReason(f"{bury_typed_runs(settings, context.instance)} killed runs were ended.")

    @run_failure_sensor(
        monitored_jobs=[daily_job, monthly_job],
        request_job=publish_job,
        default_status=DefaultSensorStatus.RUNNING,
    )
    def publish_the_rest(context: RunFailureSensorContext) -> RunRequest | SkipReason:
        """One dataset that breaks in a way that nobody foresaw does not keep the others from being published."""
        failed = [event.step_key or "" for event in context.get_step_failure_events()]
        if context.dagster_run.tags.keys() & TYPED_RUN.keys() or not all(step.startswith("raw__") for step in failed):
            return SkipReason("The build itself failed, or the run was typed and publishes by itself.")
        return RunRequest(run_key=context.dagster_run.run_id)

    return Automation(
        jobs=[daily_job, monthly_job, publish_job],
        sensors=[killed_typed_runs, publish_the_rest],
        schedules=[
            build_schedule_from_partitioned_job(daily_job, hour_of_day=5, minute_of_hour=30, default_status=RUNNING),
            monthly_schedule,
        ],
    )
