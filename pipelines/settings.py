"""Every setting, from the environment or `.env`, under the prefix KHOTINH_. Secrets stay SecretStr and are never printed.

Contracts name the connections; how one is reached is set by KHOTINH_<CONNECTION>_URL and what stands beside it, so a
new system needs no code here. A connection's setting may be missing until it is pulled. Where a dataset lies inside a
place is its contract's business, not a setting.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from pipelines.errors import SettingError

PREFIX = "KHOTINH_"
PROJECT = Path(__file__).resolve().parent.parent
SOURCES = PROJECT / "sources"
EXPECTATIONS = PROJECT / "expectations"
DBT_PROJECT = PROJECT / "dbt_project"
SEEDS = DBT_PROJECT / "seeds"
ENDPOINTS_FILE = SOURCES / "videoconference" / "endpoints.csv"
SHORTEST_KEY, LONGEST_KEY = 16, 64
PLACE_SETTINGS = (
    "url", "login_url", "client_id", "client_secret", "user", "password", "token", "ca_file", "key_file", "known_hosts",
    "endpoint_url", "access_key", "secret_key",
)  # fmt: skip
"""What may be set of a connection: KHOTINH_DOCUMENTS_URL, KHOTINH_DOCUMENTS_PASSWORD and so on."""
_FOLDER_SCHEMES: Mapping[str, tuple[str, ...]] = {
    "file": (),
    "sftp": ("known_hosts",),
    "ftps": ("password",),
    "smb": ("password",),
    "s3": ("access_key", "secret_key"),
}
"""Kinds of folders by their addresses' schemes, each with what must be set beside the address."""


@dataclass(frozen=True)
class HttpConnection:
    """An HTTP system.

    Attributes:
        url: Its address.
        login_url: Address that logins go to; the same one, unless a server of its own hands tokens out.
        credentials: What proves who we are, by the names of `PLACE_SETTINGS`.
        ca_file: Certificate authorities that are trusted for it besides the machine's own.
        name: The connection's name.
    """

    url: str
    login_url: str
    credentials: Mapping[str, SecretStr]
    ca_file: Path | None
    name: str

    @property
    def setting(self) -> str:
        """Name of the setting that holds the address."""
        return self.variable("url")

    @property
    def login_setting(self) -> str:
        """Name of the setting that holds the address of logins."""
        return self.variable("url" if self.login_url == self.url else "login_url")

    def variable(self, field: str) -> str:
        """The environment variable of one of its settings."""
        return _variable(f"{self.name}_{field}")

    def secret(self, field: str) -> str:
        """One of its credentials, in the clear."""
        return self.credentials[field].get_secret_value()


@dataclass(frozen=True)
class FileConnection:
    """A folder outside.

    Its address is `file:///path`, `sftp://user@host:port/path`, `ftps://user@host:port/path`,
    `smb://user@host/share/path` or `s3://bucket/prefix`.

    Attributes:
        key_file: Private key for an SFTP server, in place of the password.
        known_hosts: File that holds the SFTP server's key; without it no SFTP server is trusted.
        ca_file: Certificate authorities that an FTPS server or a bucket's endpoint is trusted by, in place of the
            public ones.
        endpoint_url: Where the S3 service answers, if it is not Amazon's.
        access_key, secret_key: Of the S3 account.
        setting: Name of the setting that holds the address.
    """

    url: str
    password: SecretStr | None
    key_file: Path | None
    known_hosts: Path | None
    ca_file: Path | None
    endpoint_url: str | None
    access_key: SecretStr | None
    secret_key: SecretStr | None
    setting: str

    def beside(self, name: str) -> str:
        """The setting beside the address: of KHOTINH_DOCUMENTS_URL, `password` is KHOTINH_DOCUMENTS_PASSWORD."""
        return f"{self.setting.removesuffix('URL')}{name.upper()}"


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
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True)

    home: Path = Path("data")
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

    def is_connected(self, connection: str) -> bool:
        """Whether an address is set for the connection; whether it works is another question."""
        if connection == "endpoints":
            return bool(self._told("endpoint_url"))
        url = self.places.get(f"{connection}_url")
        return bool(url and url.get_secret_value())

    def http(self, connection: str, credentials: Sequence[str] = ()) -> HttpConnection:
        """How to reach an HTTP system.

        Args:
            connection: Its name.
            credentials: Which settings its login needs.

        Raises:
            SettingError: One of its settings is missing, is no HTTP address or no file.
        """
        url = self._http_address(f"{connection}_url")
        has_own_login = bool(self._told(f"{connection}_login_url"))
        return HttpConnection(
            url=url,
            login_url=self._http_address(f"{connection}_login_url") if has_own_login else url,
            credentials={name: SecretStr(self._needed(f"{connection}_{name}")) for name in credentials},
            ca_file=self._file_of(f"{connection}_ca_file"),
            name=connection,
        )

    def files(self, connection: str) -> FileConnection:
        """How to reach a folder.

        Raises:
            SettingError: Its address is missing or of an unknown kind, what its kind needs beside it is missing, or a
                file that it is to be trusted by is not there.
        """
        url = self._needed(f"{connection}_url")
        address = _split(url)
        scheme = address.scheme if address else ""
        if scheme not in _FOLDER_SCHEMES:
            known = ", ".join(f"{name}://" for name in _FOLDER_SCHEMES)
            raise _malformed(f"{connection}_url", f"begins with none of {known}.")
        for name in _FOLDER_SCHEMES[scheme]:
            self._needed(f"{connection}_{name}")
        endpoint = self.places.get(f"{connection}_endpoint_url")
        return FileConnection(
            url=url.rstrip("/"),
            password=self.places.get(f"{connection}_password"),
            # Whether it is there is seen where it is used: not every kind of place needs it.
            key_file=_path(self.places.get(f"{connection}_key_file")),
            known_hosts=self._file_of(f"{connection}_known_hosts") if scheme == "sftp" else None,
            ca_file=self._file_of(f"{connection}_ca_file"),
            endpoint_url=endpoint.get_secret_value().rstrip("/") if endpoint else None,
            access_key=self.places.get(f"{connection}_access_key"),
            secret_key=self.places.get(f"{connection}_secret_key"),
            setting=_variable(f"{connection}_url"),
        )

    def endpoint_template(self) -> str:
        """Address template of one endpoint's status answer.

        Raises:
            SettingError: It is missing or names no endpoint.
        """
        template = self._needed("endpoint_url")
        if "{address}" not in template and "{endpoint_code}" not in template:
            raise _malformed("endpoint_url", "holds neither {address} nor {endpoint_code}.")
        return template

    def hash_key(self) -> bytes:
        """Key for pseudonyms, at most 64 bytes.

        Raises:
            SettingError: It is missing, or shorter than 16 characters, or longer than 64.
        """
        key = self._needed("pseudonym_key").encode()
        if not SHORTEST_KEY <= len(key) <= LONGEST_KEY:
            raise _malformed("pseudonym_key", f"must have {SHORTEST_KEY} to {LONGEST_KEY} characters.")
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
            raise _malformed("home", f"{self.home} cannot be made or written: {place} is no folder that you may write.")

    def _http_address(self, field: str) -> str:
        url = self._needed(field)
        address = _split(url)
        if address is None or address.scheme not in {"http", "https"} or not address.hostname:
            raise _malformed(field, "is not an http or https address.")
        return url.rstrip("/")

    def _file_of(self, field: str) -> Path | None:
        file = _path(self.places.get(field))
        if file is not None and not file.is_file():
            raise _malformed(field, f"{file} is not a file.")
        return file

    def _needed(self, field: str) -> str:
        if text := self._told(field):
            return text
        raise SettingError(_variable(field), "is not set.", "Set it in the environment or in .env.")

    def _told(self, field: str) -> str:
        """A setting's text; empty if it is not set."""
        value = self.places[field] if field in self.places else getattr(self, field, None)
        return value.get_secret_value() if isinstance(value, SecretStr) else str(value or "")


def read_settings() -> Settings:
    """Reads the settings.

    Raises:
        SettingError: A value is malformed; the message names the setting and never shows a secret.
    """
    try:
        return Settings()
    except ValidationError as error:
        fault = error.errors(include_input=False)[0]
        raise _malformed(str(fault["loc"][0]), f"{fault['msg']}.") from None


def address_setting(connection: str) -> str:
    """Name of the setting that holds a connection's address."""
    return _variable("endpoint_url" if connection == "endpoints" else f"{connection}_url")


def _path(text: SecretStr | None) -> Path | None:
    return Path(text.get_secret_value()).expanduser() if text and text.get_secret_value() else None


def _split(url: str) -> SplitResult | None:
    """The address's parts, None for one that cannot be taken apart."""
    try:
        return urlsplit(url)
    except ValueError:
        return None


def _variable(field: str) -> str:
    return f"{PREFIX}{field.upper()}"


def _malformed(field: str, what: str) -> SettingError:
    return SettingError(_variable(field), what, "Correct it in the environment or in .env.")
