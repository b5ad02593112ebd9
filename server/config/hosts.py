"""Which hosts and networks a configuration names: patterns for development, networks of proxies."""

import ipaddress
from collections.abc import Iterable

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_LOOPBACK = ipaddress.ip_network("127.0.0.0/8")


def networks(names: Iterable[str]) -> tuple[Network, ...]:
    """`names` as networks; a single address is a network of one.

    Raises:
        ValueError: one of them is neither.
    """
    return tuple(ipaddress.ip_network(name, strict=False) for name in names)


def is_insecure_host(host: str, patterns: Iterable[str]) -> bool:
    """Whether one of `patterns` names `host`, given with or without a port.

    `*.localhost` means localhost and every name below it, `127.*` the addresses of this machine: those only, because
    127.0.0.1.evil.example is a name like any other.
    """
    name = host_name(host)
    return any(_matches(name, pattern.lower()) for pattern in patterns)


def pattern_problem(pattern: str) -> str | None:
    """Why `pattern` would open more than it seems to; `None` when it is fine."""
    if pattern in {"*.localhost", "127.*"}:
        return None
    if "*" in pattern:
        return "A pattern may only be *.localhost or 127.*."
    if not pattern or host_name(pattern) != pattern.lower().strip("[]"):
        return "This is no host name."
    return None


def network_problem(name: str) -> str | None:
    """Why `name` cannot be a network that we may open although it is private; `None` when it can."""
    try:
        network = ipaddress.ip_network(name, strict=False)
    except ValueError:
        return "This is no network."
    if network.is_loopback or (network.is_private and network.prefixlen >= (8 if network.version == 4 else 16)):
        return None
    return "This is no private network."


def host_name(host: str) -> str:
    """`host` without port, brackets and final dot, in lower case."""
    name = host.lower()
    if name.startswith("["):
        name = name[1:].partition("]")[0]
    elif name.count(":") == 1:
        name = name.partition(":")[0]
    return name.rstrip(".")


def _matches(name: str, pattern: str) -> bool:
    if pattern == "*.localhost":
        return name == "localhost" or name.endswith(".localhost")
    if pattern == "127.*":
        try:
            return ipaddress.IPv4Address(name) in _LOOPBACK
        except ValueError:
            return False
    return name == host_name(pattern)
