"""A client as other gateways are told of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import orjson

from chat_gateway.manager.socket import Socket
from chat_gateway.sockets.headers import unfold
from chatcluster.core.errors import MalformedError

# As JavaScript's `Date.prototype.toString` writes it.
TIME = "%a %b %d %Y %H:%M:%S GMT+0000 (Coordinated Universal Time)"


@dataclass(frozen=True, slots=True)
class RemoteSocket:
    """A client of any gateway, as it was when it was asked for.

    `rooms` has the client's own room, its `id`, too. `data` is the session that handlers stored.
    `handshake` is what Node calls so: headers, time, address, xdomain, secure, issued (in
    milliseconds), url, query, auth.
    """

    id: str
    rooms: frozenset[str]
    data: Any
    handshake: Mapping[str, Any]

    @classmethod
    def read(cls, value: Any) -> RemoteSocket:
        """From a description. Raises MalformedError."""
        try:
            return cls(
                str(value["id"]),
                frozenset(value["rooms"]),
                value.get("data"),
                value.get("handshake") or {},
            )
        except (TypeError, LookupError, AttributeError) as error:
            raise MalformedError(f"not the description of a client: {error!r}") from error


def describe(socket: Socket, environ: Mapping[str, Any]) -> dict[str, Any]:
    """*environ* is of the request that opened the client's connection."""
    return {
        "id": socket.sid,
        "rooms": list(shown(socket.rooms)),
        "data": socket.session.user.get(socket.namespace, {}),
        "handshake": _handshake(socket, environ),
    }


def shown(rooms: Iterable[str]) -> Iterable[str]:
    """Those that are not for this gateway's own use: no application can name these."""
    return (room for room in rooms if room and not room.startswith("\x00"))


def _handshake(socket: Socket, environ: Mapping[str, Any]) -> dict[str, Any]:
    headers = unfold(environ.get("chat_gateway.headers", ""))
    opened = socket.session.connected_at
    query = environ.get("QUERY_STRING", "")
    return {
        "headers": headers,
        "time": datetime.fromtimestamp(opened, UTC).strftime(TIME),
        "address": environ.get("REMOTE_ADDR", ""),
        "xdomain": "origin" in headers,
        "secure": environ.get("wsgi.url_scheme") == "https",
        "issued": int(opened * 1000),
        "url": f"{environ.get('PATH_INFO', '')}?{query}",
        "query": {
            name: values[0] if len(values) == 1 else values
            for name, values in parse_qs(query, keep_blank_values=True).items()
        },
        "auth": orjson.loads(socket.auth) if socket.auth else {},
    }
