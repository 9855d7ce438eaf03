"""Another epoch for every room whose log is in Redis."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Callable

from chatcluster.core.ids import epoch_id
from chatcluster.history.lane import Lane
from chatcluster.history.script import Script

RENEW = Script.load("renew")
ROOMS = 64  # that are renewed in one round trip
SCANNED = 1000  # keys that the server looks at in one go: others wait as long

_GLOB = re.compile(rb"[\\*?\[\]]")


async def renew_all(lane: Lane, prefix: bytes, random_bytes: Callable[[int], bytes]) -> int:
    """How many there are. Each room is renewed in one step; *prefix* is that of its keys."""
    rooms, keys = await _found(lane, prefix + b":{")
    renewed = 0
    for start in range(0, len(rooms), ROOMS):
        runs = [
            lane.run(RENEW, _of(room, keys[room]), (epoch_id(random_bytes),))
            for room in rooms[start : start + ROOMS]
        ]
        renewed += sum(await asyncio.gather(*runs))
    return renewed


async def _found(lane: Lane, beginning: bytes) -> tuple[list[bytes], dict[bytes, set[bytes]]]:
    """What the keys of each room begin with (up to the brace), and its idempotency keys."""
    rooms: set[bytes] = set()
    keys: defaultdict[bytes, set[bytes]] = defaultdict(set)
    pattern = _GLOB.sub(rb"\\\g<0>", beginning) + b"*"
    cursor: bytes | int = 0
    while True:
        cursor, names = await lane.command("SCAN", cursor, "MATCH", pattern, "COUNT", SCANNED)
        for name in names:
            room, _, what = name.removeprefix(beginning).partition(b"}:")  # no room's name has one
            if what == b"meta":
                rooms.add(beginning + room)
            elif what.startswith(b"key:"):
                keys[beginning + room].add(name)
        if int(cursor) == 0:
            return sorted(rooms), keys


def _of(room: bytes, keys: set[bytes]) -> list[bytes]:
    return [*(room + b"}:" + what for what in (b"meta", b"stream", b"redacted")), *sorted(keys)]
