"""Values become variables that the programs themselves accept."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic_settings import BaseSettings

from charts.generate.settings_groups import BY_ENVIRONMENT, DECIDED, group
from chatcluster.core.switch import Switch, Target
from chatcluster.core.switch_json import read_switch
from chatcluster.runtime.settings import GatewaySettings, HubSettings
from chatcluster.runtime.worker_settings import WorkerSettings
from tests.chart.cases import BY_HELM, MODES, every_case, everything, everything_by_helm
from tests.chart.chart import Manifest, Values, component, merged, one, render, templates

MODELS: dict[str, type[BaseSettings]] = {
    "gateway": GatewaySettings,
    "hub": HubSettings,
    "worker": WorkerSettings,
}
SECRET = "of-a-Secret"
IN_SECRETS = {"url": "rediss://example.org/0", "dsn": "postgresql://example.org/chat"}


def environment(pod: Manifest) -> dict[str, str]:
    """The variables of its program, as the kubelet gives them."""
    (container,) = pod["spec"]["containers"]
    known: dict[str, str] = {}
    for variable in container["env"]:
        if "valueFrom" in variable:
            key = variable["valueFrom"]["secretKeyRef"]["key"]
            known[variable["name"]] = IN_SECRETS.get(key, SECRET)
        else:
            known[variable["name"]] = re.sub(
                r"\$\((\w+)\)", lambda match: known[match[1]], variable["value"]
            )
    return known


def settings(values: Values, part: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The settings of the program *part* in a pod with these values."""
    (pod,) = (pod for pod in templates(render(values)).values() if component(pod) == part)
    for name, value in environment(pod).items():
        monkeypatch.setenv(name, value)
    return MODELS[part]()


@every_case
def test_programs_accept_their_variables(values: Values, monkeypatch: pytest.MonkeyPatch):
    for pod in templates(render(values)).values():
        if component(pod) not in MODELS:
            continue
        with monkeypatch.context() as patch:
            given = environment(pod)
            for name, value in given.items():
                patch.setenv(name, value)
            taken = MODELS[component(pod)]()
        fields = {f"CHAT_{name.upper()}" for name in type(taken).model_fields}
        unknown = {name for name in given if name.startswith("CHAT_")} - fields
        assert unknown <= {"CHAT_FANOUT_FILE", *OF_OTHERS}


# Hubs get what all programs get, such as the key of the room logs.
OF_OTHERS = {"CHAT_KEY", "CHAT_JOBS_LENGTH"}


@pytest.mark.parametrize("mode", MODES)
def test_the_mode_in_force_is_told_twice_and_alike(mode, monkeypatch):
    values = everything_by_helm(mode)
    assert settings(values, "gateway", monkeypatch).mode == mode
    fanout = one(render(values), "ConfigMap", "fanout")["data"]["fanout.json"]
    assert read_switch(fanout) == Switch(0, Target(mode))
    for pod in templates(render(values)).values():
        if component(pod) in ("gateway", "worker"):
            path = environment(pod)["CHAT_FANOUT_FILE"]
            (mount,) = (
                mount
                for mount in pod["spec"]["containers"][0]["volumeMounts"]
                if mount["name"] == "fanout"
            )
            assert path == f"{mount['mountPath']}/fanout.json"
            assert "subPath" not in mount  # or the file would never change


def test_values_arrive_as_they_were_meant(monkeypatch):
    gateway = settings(everything_by_helm("adapter"), "gateway", monkeypatch)
    assert gateway.redis_url == (
        f"rediss://:{SECRET}@talk-chatcluster-valkey:6379/0"
        "?ssl_ca_certs=/etc/chatcluster/redis/ca.crt"
    )
    assert gateway.adapter_protocol == "streams"
    assert gateway.adapter_max_len == 1_000_000
    assert gateway.redis_events == ("chat message", "typing")
    assert gateway.postgres_keep_seconds == 3600
    assert gateway.job_events == ("chat message",)
    assert (gateway.key, gateway.log_level, gateway.text_limit) == ("talk", "debug", 4096)
    assert (gateway.settle_seconds, gateway.drain_seconds) == (5, 30)
    assert (gateway.host, gateway.port, gateway.admin_port) == ("0.0.0.0", 8000, 9000)


def test_hubs_know_all_hubs_and_both_tokens(monkeypatch):
    hub = settings(everything("hub"), "hub", monkeypatch)
    assert len(hub.hub_urls) == 2
    assert hub.hub_routes == {"/room": ("http://rooms:8100",)}
    assert hub.hub_token.get_secret_value() == hub.broadcast_token.get_secret_value() == SECRET
    assert hub.broadcast_limit == 4096


def test_servers_outside_are_reached_by_what_their_secrets_say(monkeypatch):
    values = {
        "valkey": {"enabled": False},
        "redis": {"existingSecret": "mine"},
        "postgres": {"existingSecret": "mine", "listenKey": "dsn"},
    }
    gateway = settings(values, "gateway", monkeypatch)
    assert gateway.redis_url == IN_SECRETS["url"]
    assert gateway.postgres_dsn == gateway.postgres_listen_dsn == IN_SECRETS["dsn"]


BLOCKS: dict[str, tuple[str, str, Any]] = {
    "settings": ("common", "", lambda block: {"settings": block}),
    "cluster.fanout.adapter": (
        "cluster",
        "adapter_",
        lambda block: {"cluster": {"fanout": {"adapter": block}}},
    ),
    "cluster.fanout.redis": (
        "cluster",
        "redis_",
        lambda block: {"cluster": {"fanout": {"redis": block}}},
    ),
    "cluster.fanout.postgres": (
        "cluster",
        "postgres_",
        lambda block: {"cluster": {"fanout": {"postgres": block}}},
    ),
    "cluster.fanout.hub": (
        "cluster",
        "hub_",
        lambda block: {"cluster": {"fanout": {"hub": block}}},
    ),
    "gateway.settings": ("gateway", "", lambda block: {"gateway": {"settings": block}}),
    "hub.settings": ("hub", "", lambda block: {"hub": {"settings": block}}),
    "worker.settings": ("worker", "", lambda block: {"worker": {"settings": block}}),
}


@pytest.mark.parametrize("part", MODELS)
def test_every_setting_is_a_value_or_is_decided_by_the_chart(part):
    reached = {
        setting.field for model, prefix, _ in BLOCKS.values() for setting in group(model, prefix)
    }
    assert MODELS[part].model_fields.keys() <= reached | DECIDED | BY_ENVIRONMENT


def test_every_setting_comes_through_with_its_own_default(monkeypatch):
    """So its name in values is made back into its variable, and its value into its text."""
    blocks = [
        values({setting.key: setting.schema["default"] for setting in group(model, prefix)})
        for model, prefix, values in BLOCKS.values()
    ]
    hub = {"worker": {"enabled": True}, "cluster": {"fanout": {"mode": "hub"}}}
    values = merged(*blocks, BY_HELM, hub)
    given = {
        component(pod): environment(pod)
        for pod in templates(render(values)).values()
        if component(pod) in MODELS
    }
    for model, prefix, _ in BLOCKS.values():
        (part,) = {"common": ["gateway"], "cluster": ["gateway"]}.get(model, [model])
        for setting in group(model, prefix):
            assert setting.variable in given[part]
    for part, variables in given.items():
        with monkeypatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            assert MODELS[part]()
