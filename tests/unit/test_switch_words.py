"""What `chatcluster switch` says of what it sees."""

from __future__ import annotations

import json

import pytest
from rich.console import Console

from chat_local import switch
from chat_local.switch import Wish, last_sentence
from chat_local.switch_rows import Row, rows
from chat_local.switch_view import as_json, table, view
from chatcluster.control.pursuit import Ended
from chatcluster.control.switching import Turn
from chatcluster.core.switch import Next, Previous, Switch, Target
from chatcluster.core.switch_plan import Phase, Plan, Report

OLD, REDIS = Target("adapter"), Target("redis")
STEADY, COMMITTED = Switch(4, REDIS), Switch(4, REDIS, previous=Previous(3, OLD))


def turn(phase, *switches, reason="", ended=None, silent=None, start=None, refused=None):
    reports = {
        f"gateway-{number}": switch
        if isinstance(switch, Report)
        else Report(f"gateway-{number}.x", switch, waits=False)
        for number, switch in enumerate(switches, 1)
    }
    plan = Plan(phase, 4, start or Switch(3, OLD), reason=reason)
    return Turn(plan, reports, silent or {}, refused or {}, ended)


@pytest.mark.parametrize(
    ("phase", "seen", "said"),
    [
        (Phase.PREPARING, Switch(3, OLD), ("not told", "")),
        (Phase.PREPARING, Switch(3, OLD, next=Next(4, REDIS)), ("prepared", "redis to open")),
        (Phase.PREPARING, Switch(3, OLD, next=Next(4, REDIS, error="no")), ("failed", "no")),
        (Phase.PREPARING, Switch(3, OLD, next=Next(4, REDIS, ready=True)), ("ready", "the others")),
        (
            Phase.COMMITTING,
            Switch(3, OLD, next=Next(4, REDIS, ready=True, forward=True)),
            ("commits", ""),
        ),
        (Phase.FINISHING, COMMITTED, ("committed", "the others")),
        (Phase.FINISHING, STEADY, ("finished", "")),
        (Phase.STEADY, STEADY, ("in force", "")),
        (Phase.CALLED_OFF, Switch(3, OLD), ("in force", "")),
    ],
)
def test_each_gateway_has_a_phase_and_what_it_waits_for(phase, seen, said):
    [row] = rows(turn(phase, seen))
    assert (row.phase, row.waits) == said
    assert (row.target, row.epoch) == (seen.target.mode, seen.epoch)


def test_a_gateway_waits_for_the_last_envelopes_of_those_who_are_not_in_yet():
    waiting = Report("gateway-1.x", COMMITTED, markers=frozenset({"gateway-2.x"}))
    seen = turn(Phase.FINISHING, waiting, COMMITTED, COMMITTED)
    assert rows(seen)[0].waits == "the last of gateway-3"


def test_a_gateway_with_all_of_them_waits_for_the_others():
    waiting = Report("gateway-1.x", COMMITTED, markers=frozenset({"gateway-2.x"}))
    assert rows(turn(Phase.FINISHING, waiting, COMMITTED))[0].waits == "the others"


def test_a_gateway_without_an_answer_says_why_in_its_place():
    seen = turn(Phase.PREPARING, STEADY, silent={"gateway-0": "nobody listens there"})
    assert rows(seen)[0] == Row("gateway-0", "?", None, "no answer", "nobody listens there")


def test_an_order_that_was_refused_is_said():
    seen = turn(Phase.PREPARING, STEADY, refused={"gateway-1": "epoch 4 was called off"})
    assert rows(seen)[0].waits == "epoch 4 was called off"


def test_what_gateways_say_does_not_steer_the_terminal():
    console = Console(width=80)
    with console.capture() as capture:
        console.print(table([Row("a\x1b[2J", "redis", None, "failed", "no\x1b[31m")]))
    assert "\x1b" not in capture.get()


def test_a_line_for_each_phase_where_there_is_no_terminal(capsys):
    with view("redis", as_json=False) as shown:
        for phase in (Phase.PREPARING, Phase.PREPARING, Phase.COMMITTING, Phase.FINISHING):
            shown.show(turn(phase, STEADY))
        shown.show(turn(Phase.STEADY, STEADY, ended=Ended.IN_FORCE))
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(",")[0] for line in lines] == ["preparing", "committing", "finishing"]


def test_what_is_waited_for_is_said_once(capsys):
    with view("redis", as_json=False) as shown:
        for _ in range(3):
            shown.show(turn(Phase.FINISHING, STEADY, reason="gateway-2 does not answer"))
    assert capsys.readouterr().out.count("gateway-2 does not answer") == 1


def course(*turns, wanted=REDIS):
    made = switch._Course(Wish(wanted, 30), "2 gateways")
    for one in turns:
        made.goes_on(one)
    return made


PREPARING = turn(Phase.PREPARING, STEADY)
FORCE = turn(Phase.STEADY, STEADY, ended=Ended.IN_FORCE, start=STEADY)


@pytest.mark.parametrize(
    ("turns", "said"),
    [
        ([PREPARING, FORCE], "redis is in force on 2 gateways, epoch 4, in 0.0 s."),
        ([FORCE], "redis is in force on 2 gateways, epoch 4, already."),
        (
            [turn(Phase.CALLED_OFF, reason="gateway-2: no Redis", ended=Ended.CALLED_OFF)],
            "Called off, nothing has changed and adapter stays in force: gateway-2: no Redis.",
        ),
        (
            [PREPARING, turn(Phase.FINISHING, reason="late", ended=Ended.UNFINISHED)],
            "redis is not in force everywhere after 0 s: late. `chatcluster switch redis` goes on, "
            "`chatcluster switch adapter` goes back.",
        ),
        (
            [PREPARING],
            "Interrupted, nothing has changed yet. `chatcluster switch redis` goes on, "
            "`chatcluster switch adapter` goes back.",
        ),
        (
            [PREPARING, turn(Phase.FINISHING, start=COMMITTED)],
            "Interrupted, midway. `chatcluster switch redis` goes on, "
            "`chatcluster switch adapter` goes back.",
        ),
        (
            [turn(Phase.FINISHING, start=COMMITTED)],
            "Interrupted, midway. `chatcluster switch redis` goes on, "
            "`chatcluster switch adapter` goes back.",
        ),
        ([], "Interrupted before anything was known or changed."),
    ],
)
def test_it_ends_with_one_sentence(turns, said):
    assert last_sentence(course(*turns)) == said


def test_the_json_says_how_it_ended():
    called_off = turn(Phase.CALLED_OFF, Switch(3, OLD), reason="no Redis", ended=Ended.CALLED_OFF)
    said = json.loads(as_json(called_off, "redis", 0.12345))
    assert (said["outcome"], said["reason"], said["seconds"]) == ("called off", "no Redis", 0.123)
    assert said["gateways"][0]["target"] == "adapter"
