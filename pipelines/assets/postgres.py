"""The copy of the published marts on a PostgreSQL server, where one is set. It comes after the file, which waits for nobody."""

from typing import Any

from dagster import AssetExecutionContext, AssetKey, AssetsDefinition, MaterializeResult, asset

from pipelines.ingest import Workshop
from pipelines.postgres.export import export_marts
from pipelines.publish.roles import LEADERS

POSTGRES = AssetKey("postgres_marts")


def postgres_marts(published: AssetsDefinition) -> AssetsDefinition:
    """The copy; when it fails, its readers keep the version before and the published file stands all the same."""

    @asset(
        key=POSTGRES,
        deps=[published],
        group_name="published",
        required_resource_keys={"workshop"},
        description="Bản sao trên PostgreSQL | The marts on a PostgreSQL server, all tables in one transaction.",
    )
    def copied(context: AssetExecutionContext) -> MaterializeResult[Any]:
        workshop: Workshop = context.resources.workshop
        done = export_marts(workshop.settings.published_folder / LEADERS.pointer, workshop.settings)
        return MaterializeResult(metadata={"version": done.version, **done.table_rows} if done else {})

    return copied
