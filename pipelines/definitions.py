"""The code location: one function puts the whole graph together from the settings it is given.

`workspace.yaml` points at `pipelines.definitions`, whose `defs` is made when it is first asked for.
"""

from __future__ import annotations

from dagster import Definitions, ResourceDefinition, definitions

from pipelines.assets.datasets import dataset_asset
from pipelines.assets.postgres import postgres_marts
from pipelines.assets.warehouse import dbt_models, dbt_resource, published_warehouse
from pipelines.automation import automation
from pipelines.build import manifest_file
from pipelines.ingest import Workshop
from pipelines.postgres.export import is_switched_on
from pipelines.settings import read_settings


def build_definitions(workshop: Workshop) -> Definitions:
    """Assembles assets, checks, jobs and schedules.

    Args:
        workshop: Settings, contracts and suites; tests and the command line give their own.

    Raises:
        ContractError: A contract or a suite is malformed.
        PermanentError: The dbt project does not parse.
    """
    manifest = manifest_file(workshop.settings)
    datasets = {dataset: dataset_asset(contract) for dataset, contract in workshop.contracts.items()}
    daily = [datasets[name] for name, contract in workshop.asked().items() if contract.cadence == "daily"]
    monthly = [datasets[name] for name, contract in workshop.asked().items() if contract.cadence == "monthly"]
    models = dbt_models(manifest, [asset.key for asset in datasets.values()])
    published = published_warehouse(manifest, models)
    copies = [postgres_marts(published)] if is_switched_on(workshop.settings) else []
    automated = automation(daily, monthly, [models, published, *copies], workshop.settings)
    return Definitions(
        assets=[*datasets.values(), models, published, *copies],
        jobs=automated.jobs,
        schedules=automated.schedules,
        sensors=automated.sensors,
        resources={
            "workshop": ResourceDefinition.hardcoded_resource(workshop),
            "dbt": dbt_resource(workshop.settings),
        },
    )


@definitions
def defs() -> Definitions:
    """The graph with the settings of the environment, as Dagster's processes load it."""
    return build_definitions(Workshop(read_settings()))
