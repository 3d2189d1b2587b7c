"""dbt's models as assets, and the published file that comes after all of them."""

import os
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from dagster import AssetExecutionContext, AssetKey, AssetsDefinition, AssetSpec, MaterializeResult, asset
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, DbtProject, dbt_assets
from packaging.version import Version

from pipelines.assets.datasets import WAREHOUSE_POOL
from pipelines.build import begin_build, dbt_environment, dbt_executable, finish_build, require_whole_build
from pipelines.data_docs import bring_up_to_date
from pipelines.ingest import Workshop
from pipelines.load.warehouse import open_warehouse, prepare, wait_until_free, writer_turn
from pipelines.publish.mart_checks import require_sound_marts
from pipelines.publish.products import products_of
from pipelines.publish.publish import publish
from pipelines.publish.versions import Version as PublishedVersion
from pipelines.reason_words import write_reason_words
from pipelines.settings import DBT_PROJECT, Settings

PUBLISHED = AssetKey("published_warehouse")
GATE = "stg_loads_in_force"
# Unit tests judge the models, not the day's data: they run in `make test`.
BUILD = ["build", "--exclude-resource-type", "unit_test"]


class _InstalledDbt(DbtCliResource):
    """dbt of this environment; its version is read from the package, not by starting dbt (2 s a process).

    Nor is an adapter of dbt's loaded into this process (4 s): it would only count rows for Dagster's pages, over a
    second connection to the warehouse while dbt writes it.
    """

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> None:  # type: ignore[override]  # noqa: ARG002
        return None

    @property
    def _cli_version(self) -> Version:
        return Version(version("dbt-core"))


class _Translator(DagsterDbtTranslator):
    """Names the group of a model after its layer, and lets the gate come after every dataset.

    The gate reads the ledger, which every dataset writes. Without this a dataset whose rows no model reads yet could be
    pulled after the build that should have told of it.
    """

    def __init__(self, datasets: Sequence[AssetKey]) -> None:
        super().__init__()
        self._datasets = datasets

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> AssetSpec:
        """The model's asset; the gate's with every dataset above it."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        if unique_id.rpartition(".")[2] != GATE:
            return spec
        above = {dep.asset_key for dep in spec.deps}
        return spec.merge_attributes(deps=[key for key in self._datasets if key not in above])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The layer: reference, staging, core, marts or ops."""
        return str(dbt_resource_props.get("schema") or "reference")


def dbt_resource(settings: Settings) -> DbtCliResource:
    """dbt, pointed at the warehouse of these settings."""
    os.environ.update(dbt_environment(settings))
    return _InstalledDbt(
        project_dir=str(DBT_PROJECT), profiles_dir=str(DBT_PROJECT), dbt_executable=str(dbt_executable())
    )


def dbt_models(manifest: Path, datasets: Sequence[AssetKey]) -> AssetsDefinition:
    """Every model, seed and test of the project.

    Args:
        manifest: Dbt's own description of the project.
        datasets: What is pulled before anything is built, read by a model or not.
    """

    @dbt_assets(
        manifest=manifest,
        dagster_dbt_translator=_Translator(datasets),
        pool=WAREHOUSE_POOL,
        required_resource_keys={"workshop", "dbt"},
    )
    def models(context: AssetExecutionContext) -> Iterator[Any]:
        workshop: Workshop = context.resources.workshop
        dbt: DbtCliResource = context.resources.dbt
        _write_data_docs(context, workshop)
        with open_warehouse(workshop.settings) as connection:
            # A home of an earlier release may lack a table that a model reads.
            prepare(connection, workshop.contracts.values())
        with writer_turn(workshop.settings):
            wait_until_free(workshop.settings)
            target = workshop.settings.dbt_target_folder.resolve()
            built_from = begin_build(workshop.settings)
            yield from dbt.cli(BUILD, context=context, target_path=target).stream()
        if not context.is_subset:
            finish_build(workshop.settings, built_from)

    return models


def _write_data_docs(context: AssetExecutionContext, workshop: Workshop) -> None:
    trouble = bring_up_to_date(workshop.settings, workshop.contracts, workshop.suites, workshop.mart_suites)
    if trouble:
        context.log.warning(trouble)


def published_warehouse(manifest: Path, models: AssetsDefinition) -> AssetsDefinition:
    """The published file; it waits for every model and moves the pointer last."""

    @asset(
        key=PUBLISHED,
        deps=[models],
        group_name="published",
        pool=WAREHOUSE_POOL,
        required_resource_keys={"workshop"},
        description="Tệp công bố, chỉ đọc | The published file: immutable, versioned, read by everyone.",
    )
    def published(context: AssetExecutionContext) -> MaterializeResult[Any]:
        workshop: Workshop = context.resources.workshop
        try:
            done = publish_built(workshop, manifest)
        finally:
            _write_data_docs(context, workshop)
        return MaterializeResult(metadata={"version": done.version, **done.table_rows})

    return published


def publish_built(workshop: Workshop, manifest: Path, accepted_because: str | None = None) -> PublishedVersion:
    """Judges the marts as they are built and publishes them.

    Raises:
        PermanentError: The warehouse is not built to its end, or the marts do not hold.
        OutOfProportionError: Too much would change of what readers have, and nobody accepted it.
    """
    pseudonyms = {
        column.name
        for contract in workshop.contracts.values()
        for column in contract.stored_columns
        if column.pseudonym
    }
    built_from = require_whole_build(workshop.settings)
    require_sound_marts(workshop.settings, workshop.mart_suites)
    write_reason_words(workshop)
    return publish(
        workshop.settings, manifest, pseudonyms, built_from, products_of(manifest), accepted_because=accepted_because
    )
