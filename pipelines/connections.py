"""How the systems outside are reached: what is set of each connection, by its name.

Contracts name the connections; a new system needs no code here. A setting may be missing until it is asked for. What is
the same whatever is connected stands in `settings`; where a dataset lies inside a place is its contract's business.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from pydantic import SecretStr

from pipelines.errors import SettingError

PREFIX = "KHOTINH_"
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
        return variable(f"{self.name}_{field}")

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


@dataclass(frozen=True)
class Connections:
    """What is set of every connection.

    Attributes:
        told: Settings without the prefix, such as `documents_url`.
    """

    told: Mapping[str, SecretStr]

    def is_set(self, name: str) -> bool:
        """Whether an address is set for the connection; whether it works is another question."""
        return bool(self._text(f"{name}_url"))

    def http(self, name: str, credentials: Sequence[str] = ()) -> HttpConnection:
        """How to reach an HTTP system.

        Args:
            name: The connection's name.
            credentials: Which settings its login needs.

        Raises:
            SettingError: One of its settings is missing, is no HTTP address or no file.
        """
        url = self._http_address(f"{name}_url")
        has_own_login = bool(self._text(f"{name}_login_url"))
        return HttpConnection(
            url=url,
            login_url=self._http_address(f"{name}_login_url") if has_own_login else url,
            credentials={field: SecretStr(self._needed(f"{name}_{field}")) for field in credentials},
            ca_file=self._file_of(f"{name}_ca_file"),
            name=name,
        )

    def files(self, name: str) -> FileConnection:
        """How to reach a folder.

        Raises:
            SettingError: Its address is missing or of an unknown kind, what its kind needs beside it is missing, or a
                file that it is to be trusted by is not there.
        """
        url = self._needed(f"{name}_url")
        address = _split(url)
        scheme = address.scheme if address else ""
        if scheme not in _FOLDER_SCHEMES:
            known = ", ".join(f"{kind}://" for kind in _FOLDER_SCHEMES)
            raise malformed(f"{name}_url", f"begins with none of {known}.")
        for field in _FOLDER_SCHEMES[scheme]:
            self._needed(f"{name}_{field}")
        endpoint = self.told.get(f"{name}_endpoint_url")
        return FileConnection(
            url=url.rstrip("/"),
            password=self.told.get(f"{name}_password"),
            # Whether it is there is seen where it is used: not every kind of place needs it.
            key_file=_path(self.told.get(f"{name}_key_file")),
            known_hosts=self._file_of(f"{name}_known_hosts") if scheme == "sftp" else None,
            ca_file=self._file_of(f"{name}_ca_file"),
            endpoint_url=endpoint.get_secret_value().rstrip("/") if endpoint else None,
            access_key=self.told.get(f"{name}_access_key"),
            secret_key=self.told.get(f"{name}_secret_key"),
            setting=variable(f"{name}_url"),
        )

    def _http_address(self, field: str) -> str:
        url = self._needed(field)
        address = _split(url)
        if address is None or address.scheme not in {"http", "https"} or not address.hostname:
            raise malformed(field, "is not an http or https address.")
        return url.rstrip("/")

    def _file_of(self, field: str) -> Path | None:
        file = _path(self.told.get(field))
        if file is not None and not file.is_file():
            raise malformed(field, f"{file} is not a file.")
        return file

    def _needed(self, field: str) -> str:
        if text := self._text(field):
            return text
        raise missing(field)

    def _text(self, field: str) -> str:
        """A setting's text; empty if it is not set."""
        told = self.told.get(field)
        return told.get_secret_value() if told else ""


def address_setting(connection: str) -> str:
    """Name of the setting that holds a connection's address."""
    return variable("endpoint_url" if connection == "endpoints" else f"{connection}_url")


def variable(field: str) -> str:
    """The environment variable of a setting: `documents_url` is KHOTINH_DOCUMENTS_URL."""
    return f"{PREFIX}{field.upper()}"


def missing(field: str) -> SettingError:
    """The error of a setting that is needed and not set."""
    return SettingError(variable(field), "is not set.", "Set it in the environment or in .env.")


def malformed(field: str, what: str) -> SettingError:
    """The error of a setting that cannot be used as it is; `what` never shows a secret."""
    return SettingError(variable(field), what, "Correct it in the environment or in .env.")


def _path(text: SecretStr | None) -> Path | None:
    return Path(text.get_secret_value()).expanduser() if text and text.get_secret_value() else None


def _split(url: str) -> SplitResult | None:
    """The address's parts, None for one that cannot be taken apart."""
    try:
        return urlsplit(url)
    except ValueError:
        return None
