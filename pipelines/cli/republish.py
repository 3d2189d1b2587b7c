"""After a command changed what the marts are made of: builds and publishes, and says whether readers have the outcome."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.cli.console import screen
from pipelines.ingest import Workshop
from pipelines.publish.publish import current_version


@dataclass(frozen=True)
class Republished:
    """How it ended.

    Attributes:
        version: The version that readers have now; None if it was not published.
        failure: What stopped it.
    """

    version: str | None = None
    failure: str | None = None


def republish(workshop: Workshop) -> Republished:
    """Builds and publishes what the warehouse holds."""
    from pipelines.orchestration import build_and_publish  # noqa: PLC0415  (Dagster takes seconds to import)

    result = build_and_publish(workshop)
    if not result.is_built:
        return Republished(failure=result.failure or "the build failed")
    return Republished(version=current_version(workshop.settings.published_folder))


def show_publishing(done: Republished) -> None:
    """Whether readers have the outcome; nothing if it was not to be published."""
    if done.failure:
        screen.print("[bold red]Chưa công bố bản mới; người đọc vẫn dùng bản cũ | Not published:[/]", soft_wrap=True)
        screen.print(f"  {done.failure}", markup=False, soft_wrap=True)
    elif done.version:
        screen.print(f"[green]Đã công bố bản | Published version[/] {done.version}")
