"""What a polling client fetches after the server closed its session."""

from __future__ import annotations

import asyncio
import time

from chat_gateway.sockets import farewells, packets
from chat_gateway.sockets.counts import Counts
from chat_gateway.sockets.farewells import Farewells
from chat_gateway.sockets.packets import SEPARATOR
from chat_gateway.sockets.polling import MOST_IN_BODY, PollingLink
from chatcluster.core.codes import DRAINING, SLOW

LIMIT = 1000


def closed_link(*texts: str, code=DRAINING) -> PollingLink:
    link = PollingLink(LIMIT, Counts())
    for text in texts:
        assert link.send((packets.message(text),))
    link.close(code)
    return link


async def test_what_was_not_fetched_comes_before_the_close_packet_and_once():
    kept = Farewells()
    texts = [str(number) for number in range(MOST_IN_BODY + 3)]
    kept.keep("sid", closed_link(*texts))
    first, second = kept.take("sid"), kept.take("sid")
    assert first is not None
    assert second is not None
    assert len(first.split(SEPARATOR)) == MOST_IN_BODY
    assert (first + SEPARATOR + second).split(SEPARATOR) == [*(f"4{text}" for text in texts), "1"]
    assert kept.take("sid") is None


async def test_a_slow_client_gets_the_close_packet_alone():
    kept = Farewells()
    kept.keep("sid", closed_link("x" * 2 * LIMIT, code=SLOW))
    assert kept.take("sid") == "1"
    assert kept.take("sid") is None


async def test_nothing_is_kept_for_a_client_that_fetched_all():
    kept = Farewells()
    link = closed_link()
    kept.keep("sid", link)
    assert link.take_body() == "1"  # by a GET that waited
    assert kept.take("sid") is None
    assert kept.take("another") is None


async def test_what_is_not_fetched_in_time_is_forgotten(monkeypatch):
    monkeypatch.setattr(farewells, "KEPT_SECONDS", 0.01)
    kept = Farewells()
    kept.keep("sid", closed_link())
    deadline = time.monotonic() + 5
    while kept._links:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
    assert kept.take("sid") is None
