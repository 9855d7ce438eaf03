"""A gateway for tests that knock at its doors, and people who chat on it meanwhile."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.raw_clients import Chatter
from tests.gateways import Program


@contextmanager
def lone_gateway(folder: Path, **settings: object) -> Iterator[Program]:
    """A gateway without others, configured by *settings*."""
    program = Program(
        "chat_gateway",
        folder / "gateway.log",
        **{"name": "lone", "mode": "isolated", "history": "memory", **settings},
    )
    try:
        program.start()
        yield program
    finally:
        program.stop()


class Witness:
    """Two clients who chat while something else goes on."""

    def __init__(self, port: int) -> None:
        self._clients = [Chatter(port, "/"), Chatter(port, "/")]
        self._numbers = itertools.count(1)

    def chats(self) -> None:
        """What the one says, both hear."""
        text = f"witness {id(self)} {next(self._numbers)}"
        reply = self._clients[0].ask("chat message", {"message": text, "nickname": "witness"})
        assert "id" in reply, reply
        for client in self._clients:
            while (heard := client.event("chat message"))["nick"] != "witness":
                pass
            assert heard["message"] == text

    def close(self) -> None:
        for client in self._clients:
            client.close()


@contextmanager
def unharmed(gateway: Program) -> Iterator[Witness]:
    """Two others chat on it before and after the body, over the same connections; the gateway
    neither ends nor has an error that it did not expect.
    """
    witness = Witness(gateway.port)
    try:
        witness.chats()
        yield witness
        witness.chats()
    finally:
        witness.close()
    assert gateway.process is not None
    assert gateway.process.poll() is None
    assert "Traceback" not in gateway.output()
