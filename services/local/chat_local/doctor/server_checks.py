"""What settings of a Redis or a Postgres lose what is kept there.

Sources: Redis documentation, "Persistence", "Key eviction", "Client handling" (output buffers);
Postgres documentation, sections 19.5.1 (fsync, synchronous_commit, full_page_writes) and 19.11.1.
"""

from __future__ import annotations

from collections.abc import Iterator

from chat_local.doctor.facts import Cluster, ServerFacts
from chat_local.doctor.findings import Finding, advice, differences, listed, problem

LOG, CARRIER, JOBS = "room log", "fan-out", "jobs"
PUBSUB_BYTES = 8 * 2**20  # of a gateway's unread messages, below which Redis should not cut it off
FULL = 0.9  # of `maxmemory`

Found = Iterator[Finding]


def servers_answer(cluster: Cluster) -> Found:
    for one in cluster.examined:
        for server in one.servers:
            if server.error:
                yield problem(
                    f"{one.name} gets no answer from its {_name(server)}: {server.error}.",
                    "Make it reachable from there, with the credentials of the settings.",
                )


def all_use_the_same_store(cluster: Cluster) -> Found:
    """Two servers under one name (a DNS entry, localhost in each pod) show in nothing else."""
    logs = [
        (one.name, f"{server.at} ({identity[:12]})")
        for one in cluster.examined
        for server in one.servers
        if LOG in server.uses and (identity := _identity(server))
    ]
    if said := differences(logs):
        yield problem(
            f"Gateways store messages in different servers: {said}. Each numbers messages for "
            "itself, so clients that change gateways miss some.",
            "Give all gateways one `redis_url` or `postgres_dsn` that is the same server from "
            "everywhere.",
        )


def redis_keeps_what_it_has(cluster: Cluster) -> Found:
    for server in _unique(cluster, "redis"):
        if not {LOG, JOBS} & set(server.uses):
            continue
        yield from _persistence(server)
        yield from _eviction(server)


def _persistence(server: ServerFacts) -> Found:
    facts = server.facts
    if "appendonly" not in facts:
        yield advice(
            f"The {_name(server)} does not let its settings be read.",
            "See in its provider's console that it persists every write and evicts nothing.",
        )
    elif facts["appendonly"] == "no":
        some = "since its last snapshot " if facts.get("save") else ""
        yield problem(
            f"The {_name(server)} writes nothing to an append-only file (`appendonly no`): a "
            f"restart forgets messages {some}that were acknowledged.",
            "Set `appendonly yes` and `appendfsync always`, or keep history in Postgres.",
        )
    elif facts.get("appendfsync") != "always":
        yield advice(
            f"The {_name(server)} has `appendfsync {facts.get('appendfsync')}`: a crash of the "
            "machine forgets up to a second of acknowledged messages, or more.",
            "Set `appendfsync always` if acknowledged has to mean written to disk.",
        )


def _eviction(server: ServerFacts) -> Found:
    facts = server.facts
    limit = _number(facts.get("maxmemory"))
    policy = facts.get("maxmemory-policy", "noeviction")
    if policy != "noeviction":
        yield problem(
            f"The {_name(server)} evicts keys when it is full (`maxmemory-policy {policy}`): "
            "whole room logs vanish.",
            "Set `maxmemory-policy noeviction`: a full server then refuses messages instead.",
        )
    if limit and _number(facts.get("used_memory")) > FULL * limit:
        yield problem(
            f"The {_name(server)} uses over {FULL:.0%} of its `maxmemory` ({limit / 2**20:.0f} "
            "MiB): soon it refuses messages.",
            "Give it more, or lower `history_length` or `history_age`.",
        )


def redis_is_no_replica(cluster: Cluster) -> Found:
    for server in _unique(cluster, "redis"):
        if server.facts.get("role") == "slave":
            yield problem(
                f"The {_name(server)} is a replica, and takes no messages.",
                "Let the settings name its primary, or sentinels.",
            )


def redis_waits_for_slow_readers(cluster: Cluster) -> Found:
    for server in _unique(cluster, "redis"):
        if CARRIER not in server.uses:
            continue
        hard, soft, seconds = _pubsub_limit(server.facts.get("client-output-buffer-limit", ""))
        if 0 < hard < PUBSUB_BYTES or (0 < soft < PUBSUB_BYTES and seconds < 10):
            yield advice(
                f"The {_name(server)} cuts off gateways that have little unread "
                f"(`client-output-buffer-limit pubsub {hard} {soft} {seconds}`): at a burst they "
                "miss what was published, and read it from the room log.",
                "Set it to `pubsub 32mb 8mb 60`, which is the default, or more.",
            )


def postgres_keeps_what_it_has(cluster: Cluster) -> Found:
    for server in _unique(cluster, "postgres"):
        facts = server.facts
        if facts.get("fsync") == "off" or facts.get("full_page_writes") == "off":
            yield problem(
                f"The {_name(server)} has `fsync` or `full_page_writes` off: a crash of the "
                "machine destroys the database.",
                "Set both to on.",
            )
        if facts.get("synchronous_commit") == "off":
            yield problem(
                f"The {_name(server)} has `synchronous_commit off`: a crash forgets messages that "
                "were acknowledged.",
                "Set it to on, for the role that the gateways use at least.",
            )
        if facts.get("standby") == "true" or facts.get("default_transaction_read_only") == "on":
            yield problem(
                f"The {_name(server)} is a standby or read-only, and takes no messages.",
                "Let `postgres_dsn` name the primary.",
            )


SERVERS = (
    servers_answer,
    all_use_the_same_store,
    redis_keeps_what_it_has,
    redis_is_no_replica,
    redis_waits_for_slow_readers,
    postgres_keeps_what_it_has,
)


def _unique(cluster: Cluster, kind: str) -> Iterator[ServerFacts]:
    """Each server once that answered, whoever uses it."""
    seen: set[tuple[str, str, tuple[str, ...]]] = set()
    for one in cluster.examined:
        for server in one.servers:
            key = (server.at, _identity(server), server.uses)
            if server.kind == kind and server.facts and key not in seen:
                seen.add(key)
                yield server


def _identity(server: ServerFacts) -> str:
    """The same for whoever looks at the same life of the same server."""
    return server.facts.get("run_id") or server.facts.get("started", "")


def _name(server: ServerFacts) -> str:
    kind = {"redis": "Redis", "postgres": "Postgres"}.get(server.kind, server.kind)
    return f"{kind} at {server.at} ({listed(server.uses)})"


def _number(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0


def _pubsub_limit(text: str) -> tuple[int, int, int]:
    """Hard and soft limit in bytes and the soft one's seconds; zeros where there are none."""
    words = text.split()
    if "pubsub" not in words:
        return 0, 0, 0
    after = words[words.index("pubsub") + 1 :][:3]
    hard, soft, seconds = (*map(_number, after), 0, 0, 0)[:3]
    return hard, soft, seconds
