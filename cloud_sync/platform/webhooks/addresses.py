"""Where webhooks may go: public addresses over TLS, and what the settings allow beside them.

A subscriber names a URL that we then ask from inside our own network. So an address is judged when the
connection is made, after its name was resolved: a name that pointed elsewhere a moment ago changes nothing.
"""

import ipaddress
import socket
from collections.abc import Sequence
from typing import ClassVar
from urllib.parse import SplitResult, urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from edge.errors import Refusal

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
URL_LIMIT = 500
_INTO_IPV4: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "192.88.99.0/24")
)
"""Ways from IPv6 into IPv4 (RFC 6052, 8215, 3056, 4380, 7526): another address hides in these."""


class WebhookInvalid(Refusal):
    """A webhook that cannot be: `reason` says which part of it."""

    code: ClassVar[str] = "webhook_invalid"


class AddressNotAllowed(OSError):
    """The name leads to an address inside some network that is not ours to ask."""


def is_allowed(text: str, allowed: Sequence[Network]) -> bool:
    """Whether a webhook may connect to this address."""
    address = _plain(ipaddress.ip_address(text.partition("%")[0]))
    if any(address in network for network in allowed):
        return True
    hidden = address.is_multicast or any(address in network for network in _INTO_IPV4)
    return address.is_global and not hidden


def check_url(url: str, allowed: Sequence[Network]) -> SplitResult:
    """The parts of a URL that webhooks may go to, as far as it can be told without asking for its name.

    Raises WebhookInvalid.
    """
    if len(url) > URL_LIMIT or not url.isascii() or any(ord(letter) <= 32 for letter in url):
        raise WebhookInvalid(reason="url")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise WebhookInvalid(reason="url") from error
    if parts.scheme not in ("http", "https") or not host or parts.username or parts.fragment:
        raise WebhookInvalid(reason="url")
    literal = _literal(host)
    if literal is None and (":" in host or host.replace(".", "").isdigit()):
        # 127.1 or 2130706433: the client would take it for an address and ask no resolver.
        raise WebhookInvalid(reason="url")
    if parts.scheme == "http" and not (host == "localhost" or (literal and literal.is_loopback)):
        raise WebhookInvalid(reason="https_only")
    if literal is not None and not is_allowed(host, allowed):
        raise WebhookInvalid(reason="address_not_allowed")
    return parts


class GuardedResolver(AbstractResolver):
    """Resolves names and leaves out what may not be asked. Raises AddressNotAllowed where nothing is left."""

    def __init__(self, allowed: Sequence[Network]) -> None:
        self._allowed = allowed
        self._inner = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a name that a connection may be made to."""
        found = await self._inner.resolve(host, port, family)
        kept = [one for one in found if is_allowed(one["host"], self._allowed)]
        if not kept:
            raise AddressNotAllowed(f"{host} leads to no address that is allowed")
        return kept

    async def close(self) -> None:
        """Nothing is held."""
        await self._inner.close()


def _plain(address: Address) -> Address:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _literal(host: str) -> Address | None:
    """The address that a host is, None where it is a name."""
    try:
        return _plain(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        return None
