"""Every setting, from the environment or `.env`, under the prefix KHOTINH_. Secrets stay SecretStr and are never printed.

What is set of the systems outside is only gathered here; `connections` knows what it means.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from pipelines.connections import PLACE_SETTINGS, PREFIX, Connections, malformed, missing

PROJECT = Path(__file__).resolve().parent.parent
SOURCES = PROJECT / "sources"
EXPECTATIONS = PROJECT / "expectations"
DBT_PROJECT = PROJECT / "dbt_project"
SEEDS = DBT_PROJECT / "seeds"
ENDPOINTS_FILE = SOURCES / "videoconference" / "endpoints.csv"
SHORTEST_KEY, LONGEST_KEY = 16, 64


class _PlacesSource(PydanticBaseSettingsSource):
    """The settings of every connection, whatever its name: the other sources only look for names that they know."""

    def __init__(self, settings_cls: type[BaseSettings], *sources: EnvSettingsSource) -> None:
        super().__init__(settings_cls)
        self._sources = sources

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for source in self._sources:
            for name, value in source.env_vars.items():
                field = name.lower().removeprefix(PREFIX.lower())
                if name.upper().startswith(PREFIX) and value is not None and _is_of_a_place(field):
                    found[field] = value
        return found


def _is_of_a_place(field: str) -> bool:
    return field not in Settings.model_fields and field.endswith(tuple(f"_{name}" for name in PLACE_SETTINGS))


class Settings(BaseSettings):
    """The settings of one run.

    Attributes:
        home: Folder that holds everything a run writes.
        systems: Names of the connections that this home has, separated by commas; empty for all that the contracts name.
            Whatever else is set, no other is asked: the demo province must never be joined to a real system.
        places: What is set of each connection, such as `documents_url`; given by these names, gathered here.
        endpoint_url: Address of one endpoint's status answer, with {address} or {endpoint_code} in it;
            it may hold a password.
        pseudonym_key: Key of the hash that stands for dossier codes and login names; kept outside the warehouse.
        http_connections: Most connections to one HTTP system at once.
        endpoint_concurrency: Most endpoints asked at once. With 64, up to 64 dead ones cost one timeout in all, and
            no answer waits so long for our own processor that it would count as silence.
        retry_attempts, retry_seconds: How often and how long a transient failure is tried again inside a pull.
        cdr_folder: Where `khotinh receive-cdr` writes; without it the folder of the dataset's connection.
        cdr_senders: Addresses and networks that may push, separated by commas; empty for all.
        cdr_token: Secret part of the path that a sender must know.
        cdr_body_bytes, cdr_seconds, cdr_concurrency: Bounds of one body, its time, and of connections at once.
        bbb_secret: Shared secret of the BigBlueButton server that `khotinh poll-meetings` asks; its address is
            KHOTINH_BBB_URL.
        bbb_checksum: Hash that this server wants of call and secret.
        postgres_url: PostgreSQL server that each published version's marts are brought to; without it to none.
        postgres_reader: Role there that may read them.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True)

    home: Path = Path("data")
    systems: str = ""
    places: Mapping[str, SecretStr] = Field(default_factory=dict)
    endpoint_url: SecretStr | None = None
    pseudonym_key: SecretStr | None = None
    http_timeout_seconds: float = Field(default=30, gt=0)
    http_connections: int = Field(default=4, ge=1, le=64)
    endpoint_timeout_seconds: float = Field(default=3, gt=0)
    endpoint_concurrency: int = Field(default=64, ge=1, le=348)
    retry_attempts: int = Field(default=6, ge=1)
    retry_seconds: float = Field(default=120, ge=0)
    rerun_attempts: int = Field(default=2, ge=0)
    rerun_wait_seconds: float = Field(default=60, ge=0)
    lock_seconds: float = Field(default=900, ge=0)
    cdr_folder: Path | None = None
    cdr_host: str = "127.0.0.1"
    cdr_port: int = Field(default=8484, ge=0, le=65535)
    cdr_senders: str = ""
    cdr_token: SecretStr | None = None
    cdr_body_bytes: int = Field(default=16 * 1024 * 1024, ge=1024, le=64 * 1024 * 1024)
    cdr_seconds: float = Field(default=30, gt=0)
    cdr_concurrency: int = Field(default=64, ge=1)
    bbb_secret: SecretStr | None = None
    bbb_checksum: Literal["sha1", "sha256", "sha384", "sha512"] = "sha256"
    postgres_url: SecretStr | None = None
    postgres_reader: str = ""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The usual sources, and one for the connections' settings."""
        named = [source for source in (dotenv_settings, env_settings) if isinstance(source, EnvSettingsSource)]
        return init_settings, env_settings, dotenv_settings, _PlacesSource(settings_cls, *named)

    @model_validator(mode="before")
    @classmethod
    def _gather_the_places(cls, values: dict[str, Any]) -> dict[str, Any]:
        of_places = {name: value for name, value in values.items() if value is not None and _is_of_a_place(name)}
        others = {name: value for name, value in values.items() if name not in of_places}
        secret = {n: v if isinstance(v, SecretStr) else SecretStr(str(v)) for n, v in of_places.items()}
        return {**others, "places": {**values.get("places", {}), **secret}}

    @field_validator("cdr_folder", mode="before")
    @classmethod
    def _empty_is_not_the_working_folder(cls, folder: object) -> object:
        return folder or None

    @field_validator("home")
    @classmethod
    def _one_home_wherever_it_is_read(cls, home: Path) -> Path:
        return home.expanduser().absolute()

    @property
    def warehouse_file(self) -> Path:
        """The build file that only the pipeline opens."""
        return self.home / "warehouse.duckdb"

    @property
    def archive_folder(self) -> Path:
        """Raw files under their hash, access-restricted."""
        return self.home / "archive"

    @property
    def published_folder(self) -> Path:
        """What people read; `warehouse.duckdb` in it is the pointer."""
        return self.home / "published"

    @property
    def dagster_folder(self) -> Path:
        """Dagster's history and schedules."""
        return self.home / "dagster"

    @property
    def data_docs_folder(self) -> Path:
        """Pages of what was judged, for the data-centre team."""
        return self.home / "data_docs"

    @property
    def dbt_target_folder(self) -> Path:
        """What dbt compiles and its logs."""
        return self.home / "dbt"

    @property
    def connections(self) -> Connections:
        """How the systems outside are reached."""
        return Connections(self.places)

    def has_system(self, connection: str) -> bool:
        """Whether this home has the connection at all."""
        return not self.system_names or connection in self.system_names

    @property
    def system_names(self) -> frozenset[str]:
        """The connections that `systems` names."""
        return frozenset(filter(None, map(str.strip, self.systems.split(","))))

    def is_connected(self, connection: str) -> bool:
        """Whether the home has the connection and an address is set for it; whether it works is another question."""
        if not self.has_system(connection):
            return False
        if connection == "endpoints":
            return bool(self.endpoint_url and self.endpoint_url.get_secret_value())
        return self.connections.is_set(connection)

    def endpoint_template(self) -> str:
        """Address template of one endpoint's status answer.

        Raises:
            SettingError: It is missing or names no endpoint.
        """
        template = self._needed("endpoint_url")
        if "{address}" not in template and "{endpoint_code}" not in template:
            raise malformed("endpoint_url", "holds neither {address} nor {endpoint_code}.")
        return template

    def hash_key(self) -> bytes:
        """Key for pseudonyms, at most 64 bytes.

        Raises:
            SettingError: It is missing, or shorter than 16 characters, or longer than 64.
        """
        key = self._needed("pseudonym_key").encode()
        if not SHORTEST_KEY <= len(key) <= LONGEST_KEY:
            raise malformed("pseudonym_key", f"must have {SHORTEST_KEY} to {LONGEST_KEY} characters.")
        return key

    def meeting_secret(self) -> str:
        """The shared secret of the BigBlueButton server, in the clear.

        Raises:
            SettingError: It is missing.
        """
        return self._needed("bbb_secret")

    def check_home(self) -> None:
        """Makes sure that the home can be written, without writing.

        Raises:
            SettingError: It lies below a file, or in a folder that may not be written.
        """
        place = next(folder for folder in (self.home, *self.home.parents) if folder.exists())
        if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
            raise malformed("home", f"{self.home} cannot be made or written: {place} is no folder that you may write.")

    def _needed(self, field: str) -> str:
        value: SecretStr | None = getattr(self, field)
        if value is not None and value.get_secret_value():
            return value.get_secret_value()
        raise missing(field)


def read_settings() -> Settings:
    """Reads the settings.

    Raises:
        SettingError: A value is malformed; the message names the setting and never shows a secret.
    """
    try:
        return Settings()
    except ValidationError as error:
        fault = error.errors(include_input=False)[0]
        raise malformed(str(fault["loc"][0]), f"{fault['msg']}.") from None
