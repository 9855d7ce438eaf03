"""What a hub answers other services that ask by Socket.IO."""

from __future__ import annotations

from typing import Any

import pytest

from chat_hub.server import HubServer
from chatcluster.testing.harness import Gateway
from tests.contract.broadcasting_hub import LIMIT, ask, entered
from tests.gateways import TOKEN


@pytest.mark.parametrize("auth", [None, {}, {"token": "wrong"}, {"token": 7}, ["x"]], ids=str)
async def test_who_does_not_show_the_token_does_not_enter(auth: Any, hub: HubServer) -> None:
    with pytest.raises(PermissionError, match="'code': 'unauthorized'"):
        async with entered(hub, auth):
            pass


async def test_a_service_cannot_pass_for_a_gateway(hub: HubServer, listener: Gateway) -> None:
    """The relay's events mean nothing in its namespace."""
    async with entered(hub, {"token": TOKEN}) as client:
        for event in ("want", "publish", "sing"):
            answer = await ask(client, event, b"\x90")
            assert answer["error"] == {
                "code": "invalid",
                "message": f"{event}: there is no such event",
            }
    assert hub.stats()["gateways"] == 1


@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_what_a_client_asks_wrongly_is_its_acknowledgement(
    transport: str, hub: HubServer, listener: Gateway
) -> None:
    async with entered(hub, {"token": TOKEN}, transport=transport) as client:
        for event, args, sentence in (
            ("broadcast", [], "one argument"),
            ("broadcast", [{"event": "e"}, 2], "one argument"),
            ("broadcast", ["e"], "an object"),
            ("broadcast", [{"event": "e", "args": [2**80]}], "args: "),
            ("broadcast", [{"event": "e", "args": ["x" * LIMIT]}], f"{LIMIT} bytes"),
            ("sockets_join", [{"rooms": ["a"]}], "into: "),
            ("sockets_leave", [{"into": "a"}], "into: "),
            ("disconnect_sockets", [{"close": "yes"}], "close: "),
        ):
            answer = await ask(client, event, *args)
            assert sentence in answer["error"]["message"]
        answer = await ask(client, "broadcast", {"event": "last", "rooms": ["a"], "args": [b"\0"]})
    [envelope] = await listener.got(1)
    assert (envelope.event, envelope.args) == ("last", (b"\0",))
    assert answer["gateways"] == 1


async def test_what_a_client_emits_in_a_row_arrives_in_a_row(
    hub: HubServer, listener: Gateway
) -> None:
    async with entered(hub, {"token": TOKEN}) as client:
        for number in range(300):
            order = {"event": "e", "rooms": ["a"], "args": [number]}
            await client.emit("broadcast", order, namespace="/services")
        await listener.got(300)
    assert listener.args == list(range(300))
