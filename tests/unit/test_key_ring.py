"""How keys are read anew, and kept while they cannot be."""

from __future__ import annotations

import asyncio

import pytest

from chat_gateway.access.fetching import FetchError
from chat_gateway.access.key_ring import KeyRing
from chat_gateway.access.keys import SigningKey, read_keys
from chat_gateway.access.tokens import Header
from chatcluster.core.errors import Refused
from tests.issuers import Issuer
from tests.unit.virtual_time import in_virtual_time, now


class Source:
    """What is published just now; None: nobody answers."""

    def __init__(self, *issuers: Issuer) -> None:
        self.issuers: tuple[Issuer, ...] | None = issuers
        self.reads: list[float] = []

    async def read(self) -> tuple[SigningKey, ...]:
        self.reads.append(now())
        await asyncio.sleep(0.1)
        if self.issuers is None:
            raise FetchError("no answer")
        return tuple(
            key for issuer in self.issuers for key in read_keys(issuer.keys(), shared=True)
        )


def make_ring(source: Source, *, every: float = 300.0, kept: float = 1000.0) -> KeyRing:
    return KeyRing(source.read, every=every, cooldown=5.0, kept=kept, clock=now)


def header(issuer: Issuer) -> Header:
    return Header(issuer.algorithm, issuer.kid)


async def found(ring: KeyRing, issuer: Issuer) -> list[str]:
    return [key.kid for key in await ring.find(header(issuer))]


@in_virtual_time
async def test_keys_that_are_known_are_not_read_again():
    issuer = Issuer()
    source = Source(issuer)
    ring = make_ring(source)
    await ring.look()
    for _ in range(3):
        assert await found(ring, issuer) == [issuer.kid]
    assert len(source.reads) == 1


@in_virtual_time
async def test_a_key_that_is_not_known_is_looked_for():
    old, new = Issuer(), Issuer()
    source = Source(old)
    ring = make_ring(source)
    await ring.look()
    source.issuers = (new,)
    assert await found(ring, new) == [new.kid]
    assert await found(ring, old) == [], "it was published once"


@in_virtual_time
async def test_looks_are_apart_however_many_ask():
    source = Source(Issuer())
    ring = make_ring(source)
    began = now()
    while now() - began < 20:
        results = await asyncio.gather(*(found(ring, Issuer()) for _ in range(10)))
        assert results == [[]] * 10
    gaps = [after - before for before, after in zip(source.reads, source.reads[1:], strict=False)]
    assert gaps
    assert all(gap >= 5.0 for gap in gaps)


@in_virtual_time
async def test_who_waits_for_a_look_and_leaves_takes_it_from_nobody():
    issuer = Issuer()
    source = Source()
    ring = make_ring(source)
    await ring.look()
    source.issuers = (issuer,)
    impatient = asyncio.create_task(found(ring, issuer))
    patient = asyncio.create_task(found(ring, issuer))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await patient == [issuer.kid]


@in_virtual_time
async def test_keys_are_kept_while_they_cannot_be_read_but_not_for_ever():
    issuer = Issuer()
    source = Source(issuer)
    ring = make_ring(source, kept=1000.0)
    keeping = asyncio.create_task(ring.keep())
    await ring.look()
    source.issuers = None
    await asyncio.sleep(990)
    assert await found(ring, issuer) == [issuer.kid]
    await asyncio.sleep(20)
    with pytest.raises(Refused) as refused:
        await ring.find(header(issuer))
    assert refused.value.code.name == "unavailable"
    source.issuers = (issuer,)
    assert await found(ring, issuer) == [issuer.kid]
    keeping.cancel()


@in_virtual_time
async def test_while_keys_cannot_be_read_nobody_is_told_that_a_token_is_wrong():
    source = Source(Issuer())
    ring = make_ring(source)
    await ring.look()
    source.issuers = None
    with pytest.raises(Refused) as refused:
        await ring.find(header(Issuer()))
    assert refused.value.code.name == "unavailable"


@in_virtual_time
async def test_changes_are_noticed_without_being_asked_for():
    """A key that is withdrawn is not used for longer than the time between two looks."""
    issuer = Issuer()
    source = Source(issuer)
    ring = make_ring(source, every=300.0)
    keeping = asyncio.create_task(ring.keep())
    await ring.look()
    source.issuers = (Issuer(),)
    await asyncio.sleep(301)
    assert len(source.reads) == 2
    assert await found(ring, issuer) == []
    keeping.cancel()


@in_virtual_time
async def test_a_ring_that_is_stopped_looks_no_more():
    source = Source(Issuer())
    ring = make_ring(source)
    await ring.look()
    waiting = asyncio.create_task(found(ring, Issuer()))
    await asyncio.sleep(1)
    await ring.stop()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert len(source.reads) == 1
