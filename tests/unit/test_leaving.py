"""A program that does not leave by itself ends all the same, and says what kept it."""

from __future__ import annotations

import json
import re
import signal
import textwrap

from tests.unit.small_program import ready, running

SOON = """
from chatcluster.runtime import lifecycle, logs
lifecycle.LEAVE_SECONDS = 0.3
logs.configure("info", "json")
"""


def test_what_does_not_leave_in_time_says_what_it_waits_for_and_ends() -> None:
    main = """
        async def stubborn():
            while True:
                try:
                    await asyncio.sleep(60)
                except asyncio.CancelledError:
                    pass

        async def main():
            keeper = asyncio.create_task(stubborn(), name="keeper")
            with stop_signal(0.2) as stop:
                say("ready")
                await stop.wait()
            keeper.cancel()
            await keeper
    """
    with running(SOON + textwrap.dedent(main)) as process:
        ready(process)
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=15)
    assert errors == ""
    line = json.loads(output)
    assert (line["level"], line["event"], line["seconds"]) == ("critical", "not_left", 0.5)
    [keeper] = [waiting for waiting in line["waiting"] if waiting.startswith("keeper: ")]
    assert re.fullmatch(r"keeper: stubborn \(<string>:\d+\) > sleep \(tasks.py:\d+\)", keeper)
    assert process.returncode == 1


def test_what_does_not_leave_since_its_event_loop_stands_still_says_where_and_ends() -> None:
    main = """
        def stands_still():
            time.sleep(60)

        async def main():
            with stop_signal(0) as stop:
                say("ready")
                await stop.wait()
                stands_still()
    """
    with running(SOON + textwrap.dedent(main)) as process:
        ready(process)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=15)
    assert "in stands_still" in errors
    assert process.returncode == 1
