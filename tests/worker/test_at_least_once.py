"""Every job is done, whatever happens to workers and to Valkey, and answered once."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.gateways import Program
from tests.servers import Valkey
from tests.worker.conftest import Start
from tests.workers import Streams, until


async def done(streams: Streams) -> bool:
    return await streams.left() == 0


async def ended(*programs: Program) -> bool:
    return all(one.process is not None and one.process.poll() is not None for one in programs)


async def ready(program: Program) -> bool:
    return program.ready()


async def spoken(streams: Streams, count: int) -> bool:
    return len(await streams.said()) >= count


async def test_jobs_from_before_the_first_worker_are_done(start: Start, streams: Streams) -> None:
    await streams.ask("early")
    start()
    await until(lambda: done(streams))
    assert await streams.said() == ["early"]


async def test_a_job_that_fails_is_tried_again_and_answers_once(
    start: Start, streams: Streams
) -> None:
    program = start()
    await streams.ask("once hello")
    await until(lambda: done(streams))
    assert await streams.said() == ["hello"]
    assert await streams.dead() == []
    stats = program.stats()
    assert (stats["done"], stats["failed"], stats["late"]) == (1, 1, 1)


async def test_another_worker_takes_over_from_one_that_was_killed(
    start: Start, streams: Streams
) -> None:
    """In the middle of a job, which has answered already: there is one answer."""
    first = start("worker-1", waits=60, job_timeout=0.5)
    await streams.ask("wait hello")
    await until(lambda: spoken(streams, 1))
    first.kill()
    second = start("worker-2", job_timeout=0.5)
    await until(lambda: done(streams))
    assert await streams.said() == ["hello"]
    assert second.stats()["done"] == 1


async def test_a_poison_job_goes_to_the_dead_letters_and_the_others_go_on(
    start: Start, streams: Streams
) -> None:
    start(job_attempts=3)
    await streams.ask("fail poison")
    for number in range(5):
        await streams.ask(f"good {number}")
    await until(lambda: done(streams))
    (letter,) = await streams.dead()
    assert (letter["reason"], letter["attempts"]) == ("ValueError: poison", "3")
    assert '"fail poison"' in letter["job"]
    assert sorted(await streams.said()) == ["0", "1", "2", "3", "4", "poison"]


async def test_a_job_that_kills_its_workers_goes_to_the_dead_letters_too(
    start: Start, streams: Streams
) -> None:
    settings = {"job_attempts": 2, "job_timeout": 0.5}
    first, second = start("worker-1", **settings), start("worker-2", **settings)
    await streams.ask("kill me")
    await until(lambda: ended(first, second))
    third = start("worker-3", **settings)
    await until(lambda: done(streams))
    assert [letter["reason"] for letter in await streams.dead()] == ["its workers ended"]
    assert third.stats()["dead"] == 1


@pytest.mark.parametrize("job", ["nothing", "[]", '{"event": 1}', '{"args": []}'])
async def test_what_is_no_job_goes_to_the_dead_letters_at_once(
    job: str, start: Start, streams: Streams
) -> None:
    start()
    await streams.store(job)
    await until(lambda: done(streams))
    (letter,) = await streams.dead()
    assert (letter["job"], letter["attempts"]) == (job, "1")
    assert letter["reason"].startswith("malformed")


async def test_a_job_takes_no_longer_than_it_may(start: Start, streams: Streams) -> None:
    start(waits=60, job_timeout=0.2, job_attempts=2)
    await streams.ask("wait for ever")
    await until(lambda: done(streams))
    (letter,) = await streams.dead()
    assert letter["reason"].startswith("TimeoutError")


async def test_an_event_that_no_job_wants_is_taken_away(start: Start, streams: Streams) -> None:
    program = start()
    await streams.ask("hello", event="something else")
    await until(lambda: done(streams))
    assert await streams.said() == []
    assert program.stats()["done"] == 1


async def test_a_job_that_was_stored_twice_is_answered_once(start: Start, streams: Streams) -> None:
    start("worker-1")
    start("worker-2")
    for _ in range(4):
        await streams.ask("hello", id="k3x9-42")
    await until(lambda: done(streams))
    assert await streams.said() == ["hello"]


async def test_several_workers_share_the_load(start: Start, streams: Streams) -> None:
    programs = [start(f"worker-{number}", concurrency=2) for number in (1, 2, 3)]
    for number in range(60):
        await streams.ask(f"who {number}")
    await until(lambda: done(streams))
    shares = [program.stats()["done"] for program in programs]
    assert sum(shares) == 60
    assert min(shares) >= 10
    assert len(await streams.said()) == 120


async def test_nothing_is_lost_when_valkey_is_killed(
    start: Start, streams: Streams, own_valkey: Valkey
) -> None:
    """And starts again with its append-only file: what it acknowledged is done, and once."""
    program = start()
    stored: list[str] = []
    for number in range(200):
        await streams.ask(f"job {number}")
        stored.append(str(number))
        if number in (70, 140):
            own_valkey.kill()
            await asyncio.sleep(0.3)
            own_valkey.start()
    await until(lambda: done(streams), seconds=15)
    assert sorted(await streams.said(), key=int) == stored
    assert await streams.dead() == []
    await until(lambda: ready(program))


async def test_a_valkey_that_was_emptied_is_worked_with_again(
    start: Start, streams: Streams
) -> None:
    """Whatever the worker was just about to ask it."""
    program = start(concurrency=1)
    for number in range(8):
        await streams.empty()
        await streams.ask(f"job {number}")
        await until(lambda: done(streams))
        assert await streams.said() == [str(number)]
        await asyncio.sleep(number / 10)
    await until(lambda: ready(program))


async def test_sigterm_finishes_the_job_at_hand(start: Start, streams: Streams) -> None:
    program = start(waits=1.0, drain_seconds=30)
    await streams.ask("wait one")
    await until(lambda: spoken(streams, 1))
    began = time.monotonic()
    assert await asyncio.to_thread(program.stop) == 0
    assert 0.5 < time.monotonic() - began < 20
    assert await done(streams)
    assert await streams.dead() == []


async def test_a_job_that_does_not_end_in_time_is_left_to_others(
    start: Start, streams: Streams
) -> None:
    program = start(waits=60, drain_seconds=0.2, job_timeout=0.5)
    await streams.ask("wait hello")
    await until(lambda: spoken(streams, 1))
    assert await asyncio.to_thread(program.stop) == 0
    assert await streams.left() == 1
    start("worker-2", job_timeout=0.5)
    await until(lambda: done(streams))
    assert await streams.said() == ["hello"]


async def test_one_that_is_full_leaves_in_time(start: Start, streams: Streams) -> None:
    program = start(waits=60, concurrency=1, drain_seconds=0.2)
    await streams.ask("wait hello")
    await until(lambda: spoken(streams, 1))
    began = time.monotonic()
    assert await asyncio.to_thread(program.stop) == 0
    assert time.monotonic() - began < 8  # a job may take a minute


async def test_one_whose_valkey_is_silent_leaves_in_time(
    start: Start, streams: Streams, own_valkey: Valkey
) -> None:
    program = start(drain_seconds=0.2)
    own_valkey.pause()
    assert await asyncio.to_thread(program.stop) == 0
    assert "not_left" not in program.output()
