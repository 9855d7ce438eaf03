"""The settings that keep clients of a gateway from harming it, and each other."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import NoDecode

from chatcluster.runtime.common_settings import CommonSettings, Parts, parts

_LABEL = r"[A-Za-z0-9_-]+"
_HOST = rf"({_LABEL}(\.{_LABEL})*|\[[0-9A-Fa-f:.]+\])"
_ORIGIN = rf"^(\*|same-host|null|[A-Za-z][A-Za-z0-9+.-]*://(\*\.)?{_HOST}(:\d{{1,5}})?)$"

Origins = Annotated[
    tuple[Annotated[str, Field(pattern=_ORIGIN)], ...],
    Field(min_length=1),
    NoDecode,
    BeforeValidator(parts),
]


def _networks(parts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(str(ipaddress.ip_network(part)) for part in parts)


class LimitSettings(CommonSettings):
    """What a gateway has; 0 is no limit, wherever it may be given."""

    origins: Origins = Field(
        ("same-host",),
        description="Web pages that may connect, separated by commas: `same-host` (those of the "
        "host that they connect to, at any port), `https://chat.example`, "
        "`https://*.chat.example`, `null` (files), `*` (all). Programs that are no browsers may.",
    )
    trusted_proxies: Annotated[Parts, AfterValidator(_networks)] = Field(
        (),
        description="Networks of the proxies in front, such as `10.0.0.0/8`, separated by commas: "
        "what they say about a client's address is believed. Empty: nobody's word is.",
    )
    forwarded_header: Literal["x-forwarded-for", "forwarded"] = Field(
        "x-forwarded-for",
        description="The header by which they say it. It has to be one that they write themselves: "
        "the other one may come from the client.",
    )
    connections_limit: int = Field(
        0,
        ge=0,
        description="Clients that a gateway has at most; 0: as many as it may open files, less "
        "some for itself.",
    )
    connections_per_address: int = Field(
        0,
        ge=0,
        description="Of them, those from one address (of IPv6: one /64); 0: any number. Behind "
        "proxies, `trusted_proxies` has to name them first.",
    )
    connections_per_user: int = Field(
        0, ge=0, description="Of them, those of one authenticated user; 0: any number."
    )
    admitted_per_second: float = Field(
        0.0,
        ge=0,
        description="New connections that are let in per second, the others a little later; "
        "0: all at once.",
    )
    handshakes_per_address: float = Field(
        0.0,
        ge=0,
        description="New connections per second from one address, of which ten seconds' worth may "
        "come at once; 0: any number.",
    )
    events_per_second: float = Field(
        100.0, ge=0, description="Events per second of one connection; 0: any number."
    )
    events_burst: int = Field(
        1000,
        ge=1,
        description="Those that it may send at once, as it does after it was offline, or its user.",
    )
    events_per_user: float = Field(
        0.0,
        ge=0,
        description="Events per second of one authenticated user's connections to a gateway "
        "together; 0: any number.",
    )
    namespaces_per_client: int = Field(
        200, ge=1, description="Namespaces that one connection may be in."
    )
    packets_per_body: int = Field(
        1000, ge=1, description="Packets in one polling body of a client."
    )
