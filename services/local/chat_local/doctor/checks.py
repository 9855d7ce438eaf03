"""From facts about a cluster to findings, without asking anybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from chat_local.doctor.facts import Cluster
from chat_local.doctor.findings import Finding, Severity, advice, differences, listed, problem
from chat_local.doctor.kubernetes_checks import KUBERNETES
from chat_local.doctor.server_checks import SERVERS

SKEW_SECONDS = 0.5  # messages show the time of the gateway that took them
SLOW_SECONDS = 0.25  # there and back between two gateways

Check = Callable[[Cluster], Iterator[Finding]]


def all_findings(cluster: Cluster) -> list[Finding]:
    """Problems first."""
    found = [finding for check in CHECKS for finding in check(cluster)]
    return sorted(found, key=lambda finding: finding.severity is not Severity.PROBLEM)


def gateways_answer(cluster: Cluster) -> Iterator[Finding]:
    for gateway in cluster.gateways:
        if gateway.examined is None:
            yield problem(
                f"{gateway.name} does not answer: {gateway.error}.",
                "Look at its log; if it is gone for good, start another one.",
            )


def gateways_are_ready(cluster: Cluster) -> Iterator[Finding]:
    for one in cluster.examined:
        if not one.ready:
            yield problem(
                f"{one.name} takes no clients: {'; '.join(one.reasons)}.",
                "Make what it names reachable; it is ready again by itself then.",
            )


def versions_agree(cluster: Cluster) -> Iterator[Finding]:
    if said := differences([(one.name, one.version) for one in cluster.examined]):
        yield advice(
            f"Gateways have several versions: {said}.",
            "Finish the upgrade; two versions are meant to meet during one, and not for good.",
        )


def fanouts_agree(cluster: Cluster) -> Iterator[Finding]:
    examined = cluster.examined
    changing = [one for one in examined if one.fanout.changing]
    if changing:
        yield problem(
            "A change of the fan-out is under way: "
            + "; ".join(f"{one.name} {one.fanout.phase}" for one in changing)
            + ".",
            "If no controller is at it, `chatcluster switch MODE` goes on with it, or back.",
        )
        return
    said = differences(
        [(one.name, f"{one.fanout.target}, epoch {one.fanout.epoch}") for one in examined]
    )
    if said:
        yield problem(
            f"Gateways do not have the same fan-out in force: {said}. Their users do not hear "
            "each other.",
            "`chatcluster switch MODE` with all gateways named brings one in force everywhere.",
        )


def nobody_is_alone(cluster: Cluster) -> Iterator[Finding]:
    examined = cluster.examined
    alone = [one.name for one in examined if not one.fanout.shared]
    if alone and len(cluster.gateways) > 1:
        yield problem(
            f"{listed(alone)}: mode {examined[0].fanout.mode}, with {len(cluster.gateways)} "
            "gateways. Users see only those of their own gateway.",
            "`chatcluster switch adapter` (or hub, redis, postgres) joins them.",
        )
    if len(cluster.gateways) == 1:
        yield advice(
            "There is one gateway: while it restarts, nobody is connected.",
            "Run two or more, with a mode that carries messages between them.",
        )


def clocks_agree(cluster: Cluster) -> Iterator[Finding]:
    known = [gateway for gateway in cluster.gateways if gateway.examined]
    if len(known) < 2:
        return
    first = min(known, key=lambda gateway: gateway.skew)
    last = max(known, key=lambda gateway: gateway.skew)
    apart = last.skew - first.skew
    if apart - first.doubt - last.doubt > SKEW_SECONDS:
        yield problem(
            f"The clock of {last.name} is {apart:.1f} s ahead of that of {first.name}. Messages "
            "show wrong times, and delays between gateways are measured wrong; their order and "
            "completeness do not depend on clocks.",
            "Synchronise the machines' clocks (NTP, chrony).",
        )


def everybody_hears_everybody(cluster: Cluster) -> Iterator[Finding]:
    examined = [one for one in cluster.examined if one.fanout.shared]
    origins = {one.origin: one.name for one in examined}
    for one in examined:
        if one.error:
            yield problem(
                f"{one.name} cannot ask the others through the fan-out: {one.error}.",
                "Make the carrier reachable from there.",
            )
            continue
        deaf = origins.keys() - {one.origin} - {other.origin for other in one.others}
        if deaf:
            names = listed(sorted(origins[origin] for origin in deaf))
            yield problem(
                f"{one.name} asked through the fan-out, and {names} did not answer.",
                "Compare their settings (`redis_url`, `key`, `hub_urls`, …): they may be on "
                "different carriers. Else look at their logs.",
            )
        yield from _strangers(one.name, one.missing - len(deaf))


def _strangers(name: str, missing: int) -> Iterator[Finding]:
    if missing > 0:
        yield advice(
            f"{missing} others did not answer {name} through the fan-out: Node's servers (which "
            "do not know the question), gateways that are not named here, or dead ones.",
            "Name all gateways. Nothing is to be done about Node's servers.",
        )


def round_trips_are_short(cluster: Cluster) -> Iterator[Finding]:
    for one in cluster.examined:
        for other in one.others:
            if other.seconds > SLOW_SECONDS:
                yield advice(
                    f"From {one.name} to {other.name} and back takes {other.seconds:.2f} s.",
                    "Look at the load of both, and of the carrier.",
                )


def nothing_waits(cluster: Cluster) -> Iterator[Finding]:
    for one in cluster.examined:
        if waiting := one.fanout.outbox.get("waiting", 0):
            yield problem(
                f"{waiting} envelopes wait on {one.name} for a carrier that does not take them.",
                "Make the carrier reachable, or `chatcluster switch` to another mode: what waits "
                "goes out on that.",
            )


def history_is_kept(cluster: Cluster) -> Iterator[Finding]:
    examined = cluster.examined
    if said := differences([(one.name, one.history.kind) for one in examined]):
        yield problem(
            f"Gateways keep messages in different places: {said}.",
            "Give all the same `history`.",
        )
    elif examined and examined[0].history.kind == "off":
        yield advice(
            "No history is kept: a client that was away misses what was said meanwhile.",
            "Set `history` to redis or postgres.",
        )
    for one in examined:
        if not one.history.ok:
            yield problem(
                f"{one.name} cannot store messages (history {one.history.kind}): its clients are "
                "refused with `unavailable`.",
                "Make the store reachable from there, with room for more.",
            )


def admin_servers_are_guarded(cluster: Cluster) -> Iterator[Finding]:
    if names := [one.name for one in cluster.examined if not one.guarded]:
        yield advice(
            f"{listed(names)}: whoever reaches the admin port bans users, drains the gateway and "
            "changes the fan-out.",
            "Set CHAT_ADMIN_TOKEN, the same for all gateways and workers.",
        )


CHECKS: tuple[Check, ...] = (
    gateways_answer,
    gateways_are_ready,
    versions_agree,
    fanouts_agree,
    nobody_is_alone,
    clocks_agree,
    everybody_hears_everybody,
    round_trips_are_short,
    nothing_waits,
    history_is_kept,
    admin_servers_are_guarded,
    *SERVERS,
    *KUBERNETES,
)
