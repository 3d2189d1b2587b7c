"""A home with two small datasets, brought in without a source: archived, judged and loaded as a run does."""

# ruff: noqa: DTZ001  (the warehouse keeps naive local times)

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import yaml
from pydantic import SecretStr

from pipelines import archive
from pipelines.calendar import Partition
from pipelines.extract import Delivery
from pipelines.ingest import Workshop, examine
from pipelines.load.ledger import Attempt
from pipelines.load.load import load
from pipelines.load.warehouse import open_warehouse, prepare
from pipelines.settings import DBT_PROJECT, Settings

SNAPSHOT, CHANGES = "letters", "letter_changes"
HEADER = "ma;don_vi;loai;gio;nguoi_gui;ghi_chu"
UNITS = """\
unit_code,unit_name_vi,unit_type,parent_unit_code,commune_code,valid_from,valid_to,source
H56,UBND tỉnh,province,,,2020-01-01,,thử
H56.12,Sở Y tế,department,H56,,2020-01-01,,thử
H56.12.03,Văn phòng,part,H56.12,,2020-01-01,,thử
H56.13,Sở Xây dựng,department,H56,,2020-01-01,,thử
"""
ALIASES = "alias_vi,unit_code,parent_unit_code,applies_to,valid_from,valid_to,added_by,note\n"
CODES = "list_name,code,label_vi,note\nkind,1,Công văn,\nkind,2,Quyết định,\n"


def line(
    number: int, unit: str = "H56.12", kind: str = "1", at: str = "04/11/2026 08:00:00", sender: str = "Nguyễn Văn A",
    note: str = "",
) -> str:  # fmt: skip
    """One line of a file."""
    return f"{number};{unit};{kind};{at};{sender};{note}"


def settings_in(folder: Path) -> Settings:
    """Settings of a home below `folder`, whatever the environment says."""
    return Settings(_env_file=None, home=folder / "data", pseudonym_key=SecretStr("a key of the tests, no secret"))  # type: ignore[call-arg]


@dataclass
class Home:
    """A home with its rules.

    Attributes:
        folder: Where the rules lie; `mend_codes` and `mend_contract` change them.
        workshop: The rules as they are now; read anew after each mending.
    """

    folder: Path
    workshop: Workshop = field(init=False)

    def __post_init__(self) -> None:
        (self.folder / "sources" / "document").mkdir(parents=True)
        for name in ("seeds", "expectations"):
            (self.folder / name).mkdir()
        (self.folder / "seeds" / "units.csv").write_text(UNITS)
        (self.folder / "seeds" / "holidays.csv").write_text("holiday_date,name_vi,is_working_day,source\n")
        (self.folder / "seeds" / "code_lists.csv").write_text(CODES)
        (self.folder / "seeds" / "unit_aliases.csv").write_text(ALIASES)
        (self.folder / "seeds" / "communes_legacy_to_2025.csv").write_text("old_code,new_code\n")
        (self.folder / "seeds" / "commune_changes.csv").write_text("commune_code,successor_code\n")
        for dataset in (SNAPSHOT, CHANGES):
            self._write_contract(dataset)
            suite = {
                "dataset": dataset,
                "rules": [{
                    "name": "record_is_unique", "type": "expect_column_values_to_be_unique",
                    "kwargs": {"column": "letter_id"}, "on_failure": "quarantine",
                    "says": {"vi": "Không có hai dòng cùng letter_id.", "en": "letter_id is unique."},
                }],
            }  # fmt: skip
            (self.folder / "expectations" / f"{dataset}.yaml").write_text(yaml.safe_dump(suite, allow_unicode=True))
        self._read_rules()
        with open_warehouse(self.workshop.settings) as connection:
            prepare(connection, self.workshop.contracts.values())
            connection.execute("CREATE SCHEMA staging")
            connection.execute(f"CREATE VIEW staging.stg_loads_in_force AS {_gate()}")

    @property
    def settings(self) -> Settings:
        """The home's settings."""
        return self.workshop.settings

    def mend_codes(self, *more: str) -> None:
        """Puts codes into the list of kinds."""
        rows = "".join(f"kind,{code},Thêm,\n" for code in more)
        (self.folder / "seeds" / "code_lists.csv").write_text(CODES + rows)
        self._read_rules()

    def mend_aliases(self, *lines: str) -> None:
        """Puts other spellings of units' names into their register."""
        (self.folder / "seeds" / "unit_aliases.csv").write_text(ALIASES + "".join(f"{line}\n" for line in lines))
        self._read_rules()

    def mend_contract(self, dataset: str, **changes: Any) -> None:
        """Changes keys of a contract."""
        self._write_contract(dataset, **changes)
        self._read_rules()

    def bring(
        self, lines: list[str], key: str = "2026-11-04", dataset: str = SNAPSHOT,
        came: datetime = datetime(2026, 11, 5, 5, 30), modified: datetime | None = None, declared: int | None = None,
    ) -> Attempt:  # fmt: skip
        """A file comes, is archived, judged by the rules of the moment, and loaded."""
        incoming = self.folder / "incoming.csv"
        incoming.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8-sig")
        delivery = Delivery(
            file=incoming, file_name=f"{dataset}-{key}.csv", source_uri="sftp://host/letters",
            source_modified_at=modified, declared_rows=declared,
        )  # fmt: skip
        contract, settings = self.workshop.contracts[dataset], self.settings
        arrival = archive.store(delivery, dataset, key, settings.archive_folder, came)
        judged = examine(self.workshop, contract, Partition.parse(key), arrival)
        rules, basis = self.workshop.rules_sha256(dataset), self.workshop.volume_basis
        with open_warehouse(settings) as connection:
            return load(connection, contract, arrival, judged, came, came, rules, basis)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """What the warehouse answers."""
        with duckdb.connect(str(self.settings.warehouse_file), read_only=True) as connection:
            return connection.execute(query).fetchall()

    def in_force(self, dataset: str = SNAPSHOT) -> list[str]:
        """The loads that count."""
        query = f"SELECT load_id FROM staging.stg_loads_in_force WHERE dataset = '{dataset}' ORDER BY 1"
        return [load_id for (load_id,) in self.ask(query)]

    def counted(self, dataset: str = SNAPSHOT) -> list[str]:
        """Ids of the letters that the loads in force hold, each as often as they hold it."""
        query = f"SELECT letter_id FROM raw.{dataset} JOIN staging.stg_loads_in_force USING (load_id) ORDER BY 1"
        return [letter for (letter,) in self.ask(query)]

    def is_conserved(self) -> bool:
        """Rows read = accepted + quarantined + duplicates, and as many rows stand in the tables."""
        broken = self.ask(
            """
            SELECT load_id FROM ops.loads
            WHERE rows_read <> rows_accepted + rows_quarantined + rows_duplicate
                OR rows_quarantined <> (SELECT count(*) FROM ops.quarantine WHERE quarantine.load_id = loads.load_id)
            """
        )
        return not broken

    def _read_rules(self) -> None:
        fresh = Workshop(
            settings_in(self.folder), self.folder / "sources", self.folder / "expectations", self.folder / "seeds"
        )
        self.workshop = replace(fresh)

    def mend_column(self, dataset: str, name: str, **changes: Any) -> None:
        """Changes keys of one column."""
        self.mend_contract(dataset, columns=[one | changes if one["name"] == name else one for one in _columns()])

    def _write_contract(self, dataset: str, **changes: Any) -> None:
        columns = _columns()
        contract = {
            "dataset": dataset, "version": 1, "platform": "document", "title": {"vi": "Thư thử", "en": "Letters"},
            "description": {"vi": "Thử.", "en": "Test."}, "owner": "Phòng thử", "cadence": "daily",
            "due": {"days_after": 1, "time": "05:30"}, "mode": "snapshot" if dataset == SNAPSHOT else "changes",
            "newest_by": None if dataset == SNAPSHOT else "sent_at",
            "source": {"kind": "files", "connection": "documents", "path": "x.csv"},
            "format": {"kind": "csv", "delimiter": ";", "encoding": "utf-8-sig"}, "keys": ["letter_id"],
            "volume": {"empty_on_working_day": "refuse"}, "max_quarantine_share": 0.5,
            "drift": {"added": "report", "missing": "refuse"}, "columns": columns, **changes,
        }  # fmt: skip
        file = self.folder / "sources" / "document" / f"{dataset}.yaml"
        file.write_text(yaml.safe_dump(contract, allow_unicode=True))


def _column(name: str, heading: str, vi: str, kind: str = "text", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "headings": [heading], "required": True, "vi": vi, "en": name, **more}


def _gate() -> str:
    """The gate as dbt has it, with the names of the tables put in."""
    sql = (DBT_PROJECT / "models" / "staging" / "stg_loads_in_force.sql").read_text()
    return re.sub(r"\{\{ ops_source\('(\w+)'\) \}\}", r"ops.\1", sql)


def _columns() -> list[dict[str, Any]]:
    return [
        _column("letter_id", "ma", "Số văn bản", nullable=False, pattern="[0-9]+"),
        _column("unit_code", "don_vi", "Mã đơn vị", kind="agency_code", registry="units", nullable=False),
        _column("kind_code", "loai", "Loại (1 công văn, 2 quyết định)", kind="code", code_list="kind"),
        _column("sent_at", "gio", "Giờ gửi", kind="timestamp", format="%d/%m/%Y %H:%M:%S", nullable=False),
        _column("sender_name", "nguoi_gui", "Người gửi", personal="name"),
        _column("note", "ghi_chu", "Ghi chú", pattern="(?s).*"),
    ]
