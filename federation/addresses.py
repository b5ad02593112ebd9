"""Which network addresses this server may talk to (R-30, HTTP-5).

Only globally routable unicast addresses, unless the configuration opens a network. An IPv6 address that carries an
IPv4 address inside (mapped, compatible, NAT64, 6to4, Teredo) is judged by both. The rules are asked again for the very
address a connection goes to, so a name that changes its answer gains nothing.
"""

import ipaddress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from msgspec import Struct

from federation.vocabulary import BadUrl, CheckedUrl, checked_url, host_matches

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Written out beside `is_global`, whose answer differs between Python versions (IANA special-purpose registries).
_REFUSED_V4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_GLOBAL_V6 = IPv6Network("2000::/3")
_REFUSED_V6 = tuple(
    IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)
_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_COMPATIBLE = IPv6Network("::/96")
_TEREDO = IPv6Network("2001::/32")
_SIX_TO_FOUR = IPv6Network("2002::/16")


class AddressRules(Struct, frozen=True):
    """What may be reached: by default https on port 443 at globally routable addresses.

    `insecure_hosts` are patterns (`*.localhost`, `name:8001`) of hosts that may be reached by plain http and on any
    port; `allowed_networks` are opened although they are not global; `ports` are the ones allowed everywhere.
    """

    insecure_hosts: tuple[str, ...] = ()
    allowed_networks: tuple[Network, ...] = ()
    ports: frozenset[int] = frozenset({443})

    def permits(self, address: Address | str) -> bool:
        """Whether a connection to this address may be opened; text that is no plain address never may."""
        if isinstance(address, str):
            try:
                address = ipaddress.ip_address(address)
            except ValueError:
                return False
        if isinstance(address, IPv6Address) and address.scope_id is not None:
            return False
        inner = _embedded(address)
        if inner is not None and not self._opens(inner):
            return False
        mapped = isinstance(address, IPv6Address) and address.ipv4_mapped is not None
        return mapped or self._opens(address)

    def _opens(self, address: Address) -> bool:
        return _is_global(address) or any(address in network for network in self.allowed_networks)

    def permits_url(self, url: str | CheckedUrl) -> bool:
        """Whether scheme, host and port may be asked at all; a name's addresses are judged when it is resolved."""
        try:
            checked = checked_url(str(url), insecure=self.insecure_hosts)
        except BadUrl:
            return False
        _, host, port = checked.origin
        if port not in self.ports and not host_matches(host, port, self.insecure_hosts):
            return False
        try:
            return self.permits(ipaddress.ip_address(host))
        except ValueError:
            return not _is_local_name(host) or host_matches(host, port, self.insecure_hosts)

    def resolves_to_loopback(self, host: str, port: int) -> bool:
        """Whether the name is this machine without asking anybody: `localhost` names (RFC 6761) that are permitted."""
        return is_localhost(host) and host_matches(host, port, self.insecure_hosts)


def is_localhost(host: str) -> bool:
    """Whether the name is `localhost` or below it (RFC 6761 §6.3)."""
    return host == "localhost" or host.endswith(".localhost")


def _is_local_name(host: str) -> bool:
    return is_localhost(host) or host.endswith((".local", ".internal", ".home.arpa", ".onion")) or "." not in host


def _is_global(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in network for network in _REFUSED_V4)
    return (
        address in _GLOBAL_V6
        and address.is_global
        and not any(address in network for network in _REFUSED_V6)
        and not address.is_multicast
    )


def _embedded(address: Address) -> IPv4Address | None:
    """The IPv4 address that a transition mechanism would reach through this IPv6 address."""
    if isinstance(address, IPv4Address):
        return None
    number = int(address)
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _SIX_TO_FOUR:
        return IPv4Address(number >> 80 & 0xFFFFFFFF)
    if address in _TEREDO:
        return IPv4Address(~number & 0xFFFFFFFF)
    if (address in _COMPATIBLE and number > 1) or any(address in network for network in _NAT64):
        return IPv4Address(number & 0xFFFFFFFF)
    return None
