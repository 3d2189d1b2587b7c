"""The folder of the site: which pages there are, and what lies beside them. What stands on a page is its chapter's business."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Final

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines.page import (
    conferences,
    documents,
    formats,
    indicators,
    portal,
    qd766,
    quality,
    targets,
    today,
)
from pipelines.page.figures import DAYS_SHOWN, Figures
from pipelines.page.published import Published, open_published
from pipelines.page.units import Units

_HERE = Path(__file__).parent
NAVIGATION: Final = (
    ("index.html", "Hôm nay", "Today"),
    ("muc-tieu.html", "Mục tiêu", "Targets"),
    ("dich-vu-cong.html", "Dịch vụ công", "Public services"),
    ("van-ban.html", "Văn bản", "Documents"),
    ("hoi-nghi.html", "Hội nghị truyền hình", "Videoconference"),
    ("qd766.html", "QĐ 766", "QĐ 766"),
    ("chat-luong.html", "Chất lượng số liệu", "Data quality"),
    ("chi-tieu.html", "Chỉ tiêu", "Indicators"),
)


def write_page(published: Path, folder: Path) -> None:
    """Writes the site of one published file. The same file gives the same bytes.

    Args:
        published: A finished published DuckDB file; it is opened read-only. What it lacks is told as absent.
        folder: Where the site goes; it must not exist yet.

    Raises:
        PermanentError: The file cannot be read, or does not say which version it is.
        OSError: The folder exists, or cannot be written.
    """
    with open_published(published) as file:
        figures = Figures(file)
        units = Units(file)
        chapters = _chapters(file, figures, units)
        one_by_one = indicators.pages(file, figures)
        data = _data_files(units, chapters)
        version, published_at = file.version()
        frame = {
            "version": version,
            "published_at": formats.moment(published_at),
            "navigation": NAVIGATION,
            "absent": sorted(set(file.absent)),
            "days_shown": DAYS_SHOWN,
            "known": frozenset(figures.indicators),
        }
    folder.mkdir(parents=True)
    environment = _environment()
    for name, chapter in chapters.items():
        _write(folder / name, environment.get_template(name).render(**frame, **chapter, here=name, root=""))
    (folder / "chi-tieu").mkdir()
    for code, chapter in one_by_one.items():
        text = environment.get_template("mot-chi-tieu.html").render(
            **frame, **chapter, here="chi-tieu.html", root="../"
        )
        _write(folder / "chi-tieu" / f"{code}.html", text)
    (folder / "data").mkdir()
    for name, value in data.items():
        _write(folder / "data" / f"{name}.js", f"khotinh.data[{orjson.dumps(name).decode()}] = {orjson.dumps(value).decode()};\n")  # fmt: skip
    shutil.copytree(_HERE / "assets", folder / "assets", copy_function=shutil.copyfile)


def _chapters(file: Published, figures: Figures, units: Units) -> dict[str, dict[str, Any]]:
    return {
        "index.html": today.chapter(file, figures),
        "muc-tieu.html": targets.chapter(file),
        "dich-vu-cong.html": portal.chapter(file, figures, units),
        "van-ban.html": documents.chapter(file, figures, units),
        "hoi-nghi.html": conferences.chapter(file, figures),
        "qd766.html": qd766.chapter(file, figures),
        "chat-luong.html": quality.chapter(file),
        "chi-tieu.html": indicators.chapter(figures),
    }


def _data_files(units: Units, chapters: dict[str, dict[str, Any]]) -> dict[str, object]:
    """JSON that scripts assign: a page opened from a folder may load scripts and nothing else."""
    found: dict[str, object] = {"units": units.known}
    for chapter in chapters.values():
        ranking = chapter.get("ranking")
        found |= ranking.files if ranking is not None else {}
    grid = chapters["hoi-nghi.html"]["grid"]
    return found if grid is None else found | {"hoi-nghi": grid}


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8", newline="\n")
