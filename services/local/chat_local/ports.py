"""Whether ports are free, and free ones."""

from __future__ import annotations

import os
import socket
from collections.abc import Collection, Iterable

from chat_local.plan import LOOPBACK, Port
from chatcluster.runtime.lifecycle import StartError, listening


def check_free(ports: Iterable[Port]) -> None:
    """Raise StartError, naming the first port that cannot be listened on and what changes it."""
    for port in ports:
        try:
            with listening(port.host, port.number, setting=port.setting):
                _bind(port)
        except StartError as error:
            raise StartError(f"{port.purpose} {error}") from error


def free_port(avoid: Collection[int] = ()) -> int:
    """A port of the loopback address that nobody listens on just now, and none of *avoid*."""
    while True:
        with socket.socket() as probe:
            probe.bind((LOOPBACK, 0))
            port: int = probe.getsockname()[1]
        if port not in avoid:
            return port


def _bind(port: Port) -> None:
    family, kind, protocol, _, address = socket.getaddrinfo(
        port.host or None, port.number, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with socket.socket(family, kind, protocol) as probe:
        if os.name == "posix":  # as servers do: a port that was left a moment ago is free
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
