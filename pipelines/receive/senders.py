"""Who may push: by the address from which it comes, by a secret part of the path, or both."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from pydantic import SecretStr

from pipelines.errors import SettingError

SENDERS, TOKEN, HOST = "KHOTINH_CDR_SENDERS", "KHOTINH_CDR_TOKEN", "KHOTINH_CDR_HOST"
_SHORTEST_TOKEN = 16


@dataclass(frozen=True)
class Senders:
    """What a sender must show. Without networks and token anybody who reaches the port may push.

    Attributes:
        networks: Addresses that may push; empty for all.
        token: What must stand in the path; None for nothing.
    """

    networks: Sequence[IPv4Network | IPv6Network] = ()
    token: SecretStr | None = None

    @classmethod
    def of_settings(cls, addresses: str, token: SecretStr | None, host: str) -> Senders:
        """Reads the list of addresses and holds it against the address that is listened on.

        Raises:
            SettingError: An address is malformed, the token is short or no part of a path, or the port would be open
                to a network without either.
        """
        try:
            networks = tuple(ip_network(part.strip()) for part in addresses.split(",") if part.strip())
        except ValueError as error:
            raise SettingError(
                SENDERS, f"{error}.", "Write addresses or networks, such as 10.1.2.3,10.1.4.0/24."
            ) from None
        secret = token.get_secret_value() if token else ""
        if secret and (len(secret) < _SHORTEST_TOKEN or not secret.isalnum() or not secret.isascii()):
            raise SettingError(
                TOKEN, f"must be at least {_SHORTEST_TOKEN} letters and digits.", "Make one: openssl rand -hex 24."
            )
        if not networks and not secret and not _is_loopback(host):
            raise SettingError(
                HOST,
                f"{host} can be reached from outside, and anybody could push.",
                f"Set {SENDERS} or {TOKEN}, or listen on 127.0.0.1.",
            )
        return cls(networks, token if secret else None)

    def may_push(self, address: str, token: str) -> bool:
        """Whether a sender at this address with this token may push."""
        if self.networks and not self._is_listed(address):
            return False
        # Compared without telling by the time it takes how much of it was right.
        return self.token is None or hmac.compare_digest(token.encode(), self.token.get_secret_value().encode())

    def _is_listed(self, address: str) -> bool:
        try:
            place = ip_address(address)
        except ValueError:
            return False
        mapped = getattr(place, "ipv4_mapped", None) or place
        return any(mapped in network for network in self.networks)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
