"""The DCAT record of the open data (DCAT-AP 3, JSON-LD): what a catalogue of open data harvests.

Addresses of the files are relative to the record, so the folder may lie on any server. Vocabulary addresses are names;
nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import orjson

from pipelines.described_tables import Words
from pipelines.open_data.package import PARQUET_MEDIA_TYPE, Package
from pipelines.open_data.tables import WrittenFile, WrittenTable

FILE_NAME = "dcat.jsonld"
_AUTHORITY = "http://publications.europa.eu/resource/authority"
_MEDIA_TYPES: Final = "http://www.iana.org/assignments/media-types"
_CONTEXT: Final = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_LANGUAGES: Final = [{"@id": f"{_AUTHORITY}/language/{code}"} for code in ("VIE", "ENG")]


@dataclass(frozen=True)
class Coverage:
    """What the figures speak of; `first` and `last` are days, None while no month is whole."""

    place: str
    first: date | None
    last: date | None


@dataclass(frozen=True)
class OpenDataset:
    """A table with its files."""

    title: Words
    description: Words
    written: WrittenTable


def write_dcat(folder: Path, package: Package, datasets: Sequence[OpenDataset], coverage: Coverage) -> None:
    """Writes `dcat.jsonld`: a catalogue with a dataset for each table, each with a distribution for each file."""
    told = {
        "@context": _CONTEXT,
        "@id": "./",
        "@type": "dcat:Catalog",
        "dct:title": _texts(package.title),
        "dct:description": _texts(package.description),
        "dct:publisher": _publisher(package),
        "dct:license": _licence(package),
        "dct:modified": _moment(package),
        "dct:language": _LANGUAGES,
        "dcat:dataset": [_dataset(package, dataset, coverage) for dataset in datasets],
    }
    (folder / FILE_NAME).write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2))


def _dataset(package: Package, dataset: OpenDataset, coverage: Coverage) -> dict[str, object]:
    files = [
        (dataset.written.csv, "text/csv", "CSV"),
        (dataset.written.parquet, PARQUET_MEDIA_TYPE, "PARQUET"),
    ]
    told: dict[str, object] = {
        "@id": f"#{dataset.written.name}",
        "@type": "dcat:Dataset",
        "dct:title": _texts(dataset.title),
        "dct:description": _texts(dataset.description),
        "dct:identifier": f"{package.name}/{dataset.written.name}",
        "dct:publisher": _publisher(package),
        "dct:issued": _moment(package),
        "dct:modified": _moment(package),
        "dcat:version": package.version.name,
        "dct:language": _LANGUAGES,
        "dct:accrualPeriodicity": {"@id": f"{_AUTHORITY}/frequency/MONTHLY"},
        "dct:accessRights": {"@id": f"{_AUTHORITY}/access-right/PUBLIC"},
        "dcat:theme": {"@id": f"{_AUTHORITY}/data-theme/GOVE"},
        "dct:spatial": {"@type": "dct:Location", "skos:prefLabel": {"@language": "vi", "@value": coverage.place}},
        "dcat:distribution": [_distribution(package, *file) for file in files],
    }
    if coverage.first and coverage.last:
        told["dct:temporal"] = {
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": _typed("date", coverage.first.isoformat()),
            "dcat:endDate": _typed("date", coverage.last.isoformat()),
        }
    return told


def _distribution(package: Package, file: WrittenFile, media_type: str, file_type: str) -> dict[str, object]:
    return {
        "@id": f"#{file.name}",
        "@type": "dcat:Distribution",
        "dct:title": file.name,
        "dcat:accessURL": {"@id": "./"},
        "dcat:downloadURL": {"@id": file.name},
        "dcat:mediaType": {"@id": f"{_MEDIA_TYPES}/{media_type}"},
        "dct:format": {"@id": f"{_AUTHORITY}/file-type/{file_type}"},
        "dcat:byteSize": _typed("nonNegativeInteger", str(file.bytes)),
        "dct:license": _licence(package),
        "dct:issued": _moment(package),
        "spdx:checksum": {
            "@type": "spdx:Checksum",
            "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
            "spdx:checksumValue": _typed("hexBinary", file.sha256),
        },
    }


def _publisher(package: Package) -> dict[str, object]:
    return {"@id": "#publisher", "@type": "foaf:Agent", "foaf:name": {"@language": "vi", "@value": package.publisher}}


def _licence(package: Package) -> dict[str, str]:
    return {"@id": package.licence.address}


def _moment(package: Package) -> dict[str, str]:
    return _typed("dateTime", f"{package.version.published_at.isoformat()}+07:00")


def _texts(words: Words) -> list[dict[str, str]]:
    both = (("vi", words.vi), ("en", words.en))
    return [{"@language": language, "@value": text} for language, text in both if text]


def _typed(kind: str, value: str) -> dict[str, str]:
    return {"@type": f"xsd:{kind}", "@value": value}
