"""Whose address a request came from, where proxies are in between.

Source: RFC 7239 (`Forwarded`); `X-Forwarded-For` as proxies write it: the client, then each proxy's
peer, the last one at the right.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from typing import Literal

Header = Literal["x-forwarded-for", "forwarded"]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# An element's parts are `name=value`, with values that may be quoted (section 4).
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_ELEMENT = re.compile(rf"((?:[^,\"]|{_QUOTED})*)(?:,|$)")
_FOR = re.compile(rf"(?:^|;)\s*for\s*=\s*({_QUOTED}|[^;,\s\"]+)\s*(?=;|$)", re.IGNORECASE)
_WITH_PORT = re.compile(r"\[([^\]]*)\](?::\d+)?|([\d.]+):\d+")


class Proxies:
    """Those whose word is taken: *trusted* are networks in CIDR form, *header* is the one that they
    write. What a client writes into it is never believed: the walk begins at our own peer and goes
    on only from trusted address to trusted address.
    """

    def __init__(self, trusted: Sequence[str] = (), header: Header = "x-forwarded-for") -> None:
        self._networks = tuple(ipaddress.ip_network(network) for network in trusted)
        self.header = header
        self._hops = _hops if header == "x-forwarded-for" else _elements

    @property
    def any(self) -> bool:
        return bool(self._networks)

    def client(self, peer: str, told: Iterable[str]) -> str:
        """The address of the last one who is not a trusted proxy, given our *peer* and the values
        of the header; as far as it is known, in its usual form.
        """
        if not self._networks:
            return peer
        address = parse(peer)
        if address is None:
            return peer
        for hop in reversed(self._hops(",".join(told))):
            if not self._trusts(address):
                break
            before = parse(_without_port(hop))
            if before is None:  # "unknown", a name, or nonsense: nobody knows more
                break
            address = before
        return str(address)

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._networks)


def parse(text: str) -> Address | None:
    """An address in its usual form: one of IPv4 that is written as one of IPv6 is the former."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def neighbourhood(address: str) -> str:
    """What is limited together: an address of IPv4, and the /64 of IPv6 that a subscriber has to
    choose from (RFC 6177).
    """
    parsed = parse(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((int(parsed) >> 64 << 64, 64)))
    return address if parsed is None else str(parsed)


def _hops(value: str) -> list[str]:
    return [hop.strip() for hop in value.split(",")] if value else []


def _elements(value: str) -> list[str]:
    """The `for` of each element; an empty one where it is missing or malformed."""
    hops: list[str] = []
    at = 0
    while at < len(value):
        element = _ELEMENT.match(value, at)
        if element is None:  # a quote without its end: whatever follows tells nothing
            return [*hops, ""]
        told = _FOR.search(element[1])
        hops.append(_unquoted(told[1]) if told else "")
        at = element.end()
    return hops


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value


def _without_port(hop: str) -> str:
    hop = hop.strip('"')
    found = _WITH_PORT.fullmatch(hop)
    return hop if found is None else found[1] or found[2] or ""
