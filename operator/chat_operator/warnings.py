"""What is allowed, and unwise."""

from __future__ import annotations

from chat_operator.notes import Hold, Notes
from chat_operator.view import View

FEWEST = 2  # gateways, of which one leaves: then its clients are the largest share of all


def warnings(view: View, notes: Notes) -> list[Hold]:
    """Each with a reason and a sentence, the gravest first."""
    found = [
        _split_users(view, notes),
        _limit(notes),
        _foreign_cost(view),
        _hasty_drain(view),
    ]
    return [one for one in found if one is not None]


def _split_users(view: View, notes: Notes) -> Hold | None:
    fanout, wanted = view.spec.fanout, notes.wanted
    if fanout.mode != "isolated" or fanout.accept_split_users:
        return None
    if wanted is None or wanted.replicas < 2:
        return None
    message = f"mode isolated with {wanted.replicas} gateways: their users do not see each other"
    return Hold("UsersAreSplit", message)


def _limit(notes: Notes) -> Hold | None:
    if notes.wanted is None or not notes.wanted.limited:
        return None
    return Hold("AtMaximum", notes.wanted.limited)


def _foreign_cost(view: View) -> Hold | None:
    """Whoever writes it may make Kubernetes remove another gateway than the one that is empty."""
    pods = [pod.name for pod in view.pods if pod.foreign_cost]
    if not pods:
        return None
    return Hold("ForeignDeletionCost", f"somebody else set a deletion cost: {', '.join(pods)}")


def _hasty_drain(view: View) -> Hold | None:
    drain = view.spec.drain
    seconds = 100 / FEWEST / drain.max_moving_percent * drain.reconnect_seconds
    if seconds <= drain.timeout_seconds:
        return None
    message = f"drain: one of {FEWEST} gateways needs {seconds:.0f} s at this pace"
    return Hold("HastyDrain", f"{message}, and timeoutSeconds is {drain.timeout_seconds}")
