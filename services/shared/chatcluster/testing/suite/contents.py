"""What every fan-out mode carries unchanged: fields, arguments and names."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from chatcluster.core.envelope import Action
from chatcluster.core.position import Position
from chatcluster.testing.fixtures import Enter
from chatcluster.testing.harness import Harness
from chatcluster.testing.promises import promise

FIELDS = {
    "emit": {"args": ("x", 1)},
    "emit with exclusions": {"exclude": ("sid-1", "b"), "rooms": ("a", "c")},
    "emit with flags": {"flags": {"volatile": True, "compress": False}},
    "emit at a position": {"position": Position("e1", 7), "epoch": 3},
    "emit to all": {"rooms": (), "epoch": 2},
    "join": {"action": Action.JOIN, "into": ("x", "y"), "exclude": ("sid-1",)},
    "leave": {"action": Action.LEAVE, "into": ("x",), "rooms": ("a", "b")},
    "disconnect": {"action": Action.DISCONNECT, "exclude": ("sid-2",)},
    "disconnect and close": {"action": Action.DISCONNECT, "close": True, "epoch": 1},
    "close room": {"action": Action.CLOSE_ROOM, "epoch": 4},
    "close rooms": {"action": Action.CLOSE_ROOM, "rooms": ("a", "b")},
    "signal": {"action": Action.SIGNAL, "event": "marker", "args": (b"\x00", {"n": 1})},
    "signal to all": {"action": Action.SIGNAL, "event": "marker", "rooms": (), "epoch": 5},
}


@promise("Emits, joins, leaves, disconnects, room closes and signals arrive with all their fields")
@pytest.mark.parametrize("fields", FIELDS.values(), ids=FIELDS)
async def test_an_envelope_keeps_all_its_fields(
    fields: dict[str, Any], carrier: Harness, enter: Enter
) -> None:
    publisher, gateway = await enter("publisher"), await enter("gateway", "a", "")
    sent = replace(publisher.envelope(), **{"event": "", **fields})
    if sent.action is Action.EMIT:
        sent = replace(sent, event="e")
    await publisher.fanout.publish([sent])
    assert await gateway.got(1) == [sent]


VALUES: dict[str, Any] = {
    "text": "Zürich, 東京, 🎉, a\u0000b\u2028",
    "nothing": None,
    "numbers": [0, -1, 127, 128, 2**31, -(2**31) - 1, 2**53 - 1, -(2**53) + 1, 0.1, -1e300],
    "binary": b"\x00\xff" * 100,
    "date": datetime(2026, 7, 14, 12, 30, 15, 123000, UTC),
    "date before 1970": datetime(1969, 1, 1, tzinfo=UTC),
    "nested": {"a": [{"b": {"c": [None, True, [], {}]}}], "ü": {"bytes": b"x"}},
    "large text": "x" * 2**20,
    "large binary": b"\x80" * 2**20,
}


@promise("Arguments arrive as they were: any script, binary, dates, 1 MiB and more")
@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
async def test_arguments_arrive_as_they_were(value: Any, carrier: Harness, enter: Enter) -> None:
    publisher, gateway = await enter("publisher"), await enter("gateway", "a")
    await publisher.say(value, value)
    (envelope,) = await gateway.got(1)
    assert envelope.args == (value, value)


@promise("Any text may name a room")
@pytest.mark.parametrize("room", ["42", "1.5", "a#b#", "Zürich 🎉", "with space", "*", "x" * 1000])
async def test_any_text_may_name_a_room(room: str, carrier: Harness, enter: Enter) -> None:
    publisher, gateway = await enter("publisher"), await enter("gateway", room)
    sent = [
        await publisher.say(1, rooms=(room,)),
        await publisher.say(2, rooms=("other", room)),
        await publisher.say(rooms=(room,), action=Action.SIGNAL),
        await publisher.say(rooms=(room,), action=Action.JOIN, into=(room,)),
    ]
    assert await gateway.got(4) == sent
