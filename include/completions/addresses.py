"""May this URL be called from inside the operator's network?

A callback's URL comes from whoever submits a batch, and the request leaves from a machine that may reach databases,
the cloud's metadata service and Airflow itself. So the URL must fit a strict grammar, its name is resolved once, every
answer must be a public unicast address, and the caller connects to the address that was checked, not to the name.

The operator's allow-list opens chosen internal receivers. An entry is one of

    host            that name or address, wherever the name leads, on every port
    host:port       on that port only; IPv6 in brackets: [fd00::7]:9000
    network         addresses in that network (10.1.0.0/16), on the usual ports
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from completions.errors import Refused

ALLOW_LIST: Final = "COMPLETIONS_CALLBACK_ALLOW"
MAX_LENGTH: Final = 2047
PORTS: Final = (80, 443, 8080, 8443)
"""Where HTTP is usually served; any other port (SSH, databases, caches) must be named in the allow-list."""

Resolver = Callable[[str, int], Iterable[str]]
"""Host name and port to IP addresses, best first; raises OSError where there are none."""

# Printable ASCII without backslash and "#", and no user name: nothing that two parsers could read in two ways.
_URL = re.compile(
    r"(?P<scheme>https?)://(?:\[(?P<v6>[0-9a-f.]*:[0-9a-f:.]*)\]|(?P<name>[a-z0-9._-]+))(?::(?P<port>[0-9]{1,5}))?"
    r"(?:[/?](?:(?![#\\])[!-~])*)?",
    re.IGNORECASE | re.ASCII,
)
# The last label starts with a letter: spellings of IPv4 that only C libraries know (127.1, 0xa9fea9fe) are no names.
_NAME = re.compile(r"(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z](?:[a-z0-9_-]{0,61}[a-z0-9])?")
_INTERNAL_NAME = re.compile(r"[^.]+|.*\.(?:internal|local|localhost)")
_ORIGIN = re.compile(r"(?P<scheme>(?:[a-z][a-z0-9+.-]*:)?(?://)?)(?P<authority>[^/?#\\]*)", re.IGNORECASE)

_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NOT_PUBLIC = tuple(  # what `ipaddress.is_global` lets through, in some releases of Python at least
    ip_network(network)
    for network in (
        "100.64.0.0/10",  # carrier-grade NAT; Alibaba's metadata service
        "168.63.129.16/32",  # Azure's wire server
        "192.0.0.0/24",  # protocol assignments; Oracle's metadata service
        "192.88.99.0/24",  # 6to4 relays
        "198.18.0.0/15",  # benchmarks
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
        "2001::/23",  # Teredo and other protocol assignments
        "2002::/16",  # 6to4, an IPv4 address in disguise
        "3fff::/20",  # documentation
    )
)


class Unresolved(Refused):
    """The host's name leads nowhere for now: worth another try, unlike every other refusal."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A URL that may be called by connecting to `address`, which is None where the name was not resolved."""

    url: str
    host: str
    port: int
    address: str | None


def system_resolver(host: str, port: int) -> list[str]:
    """The addresses this machine finds for a name, in the order it would try them."""
    return [str(answer[4][0]) for answer in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def check(url: str, *, allow: Sequence[str] = (), resolve: Resolver | None = system_resolver) -> Checked:
    """Parse `url`, resolve its host once and check every address; raises `Refused`, or `Unresolved`.

    With `resolve=None` nothing leaves the machine: IP literals are checked in full, names by their look alone.
    """
    host, port = _parsed(url)
    named = _named(host, port, allow)
    networks = [_network(entry) for entry in allow if "/" in entry]
    instead = f"or have the operator add {_joined(host, port)} to {ALLOW_LIST}"
    if port not in PORTS and not named:
        raise _refused(url, f"port {port} is not among {', '.join(map(str, PORTS))}; use one of these, {instead}")
    if _literal(host) is None and _INTERNAL_NAME.fullmatch(host) and not named:
        raise _refused(url, f"the name belongs to an internal network; give a public receiver, {instead}")
    addresses = _addresses(url, host, port, resolve)
    if not named and not all(_public(address) or any(address in net for net in networks) for address in addresses):
        raise _refused(url, f"the address is not a public one; give a public receiver, {instead}")
    return Checked(url, host, port, str(addresses[0]) if addresses else None)


def origin(url: str) -> str:
    """Scheme and host of any string meant as a URL: what messages show, for the rest may hold secrets."""
    found = _ORIGIN.match(url)
    return found["scheme"] + found["authority"].rpartition("@")[2] if found else ""


def _parsed(url: str) -> tuple[str, int]:
    """Host in its canonical spelling, and port."""
    if len(url) > MAX_LENGTH:
        raise _refused(url, f"the URL has {len(url)} characters; shorten it to at most {MAX_LENGTH}")
    parts = _URL.fullmatch(url)
    if not parts:
        raise _refused(
            url,
            "write it as https://host/path in plain ASCII, with anything unusual percent-encoded "
            "and with no user name, no #fragment and no other scheme than http or https",
        )
    host = (parts["v6"] or parts["name"]).lower()
    literal = _literal(host)
    if literal is None and not _NAME.fullmatch(host):
        raise _refused(
            url, "the host is neither a domain name nor an IP address in its usual spelling; write one of these"
        )
    return str(literal or host), int(parts["port"] or (443 if parts["scheme"].lower() == "https" else 80))


def _addresses(url: str, host: str, port: int, resolve: Resolver | None) -> list[IPv4Address | IPv6Address]:
    if literal := _literal(host):
        return [literal]
    if resolve is None:
        return []
    try:
        addresses = [ip_address(answer) for answer in resolve(host, port)]
    except OSError:
        addresses = []
    if not addresses:
        raise Unresolved("callback", origin(url), "the host's name does not resolve; check it, or try again later")
    return addresses


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _public(address: IPv4Address | IPv6Address) -> bool:
    in_use = address.version == 4 or address in _GLOBAL_UNICAST
    return in_use and address.is_global and not any(address in network for network in _NOT_PUBLIC)


def _named(host: str, port: int, allow: Sequence[str]) -> bool:
    """Whether the allow-list opens this very host, by itself or with its port."""
    return not {host, _joined(host, port)}.isdisjoint(entry.lower() for entry in allow)


def _network(entry: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(entry)
    except ValueError as error:
        raise Refused(ALLOW_LIST, entry, "give a host, host:port or a network like 10.1.0.0/16") from error


def _joined(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _refused(url: str, way_out: str) -> Refused:
    return Refused("callback", origin(url), way_out)
