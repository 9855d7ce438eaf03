"""What `chatcluster switch` is told, and how it is said back."""

from __future__ import annotations

import os

import pytest

from chat_local.switch_target import command, described, read_target
from chatcluster.core.switch import Target
from chatcluster.runtime.lifecycle import StartError


@pytest.fixture(autouse=True)
def no_variables(monkeypatch):
    for name in [name for name in os.environ if name.startswith("CHAT_")]:
        monkeypatch.delenv(name)


SHARDED = Target("adapter", {"adapter_protocol": "sharded"})


@pytest.mark.parametrize(
    ("mode", "options", "target"),
    [
        ("redis", [], Target("redis")),
        ("adapter:sharded", [], SHARDED),
        ("adapter", ["adapter_protocol=sharded"], SHARDED),
        ("adapter", ["adapter-protocol=sharded"], SHARDED),
        ("adapter", ["adapter_max_len=200"], Target("adapter", {"adapter_max_len": 200})),
        ("redis", ["redis_events=a, b"], Target("redis", {"redis_events": ["a", "b"]})),
        ("redis", ["redis_prefix=a=b"], Target("redis", {"redis_prefix": "a=b"})),
    ],
)
def test_a_target_has_the_types_of_its_settings(mode, options, target):
    assert read_target(mode, options) == target


@pytest.mark.parametrize(
    ("mode", "options", "named"),
    [
        ("pigeon", [], "'pigeon': no such mode"),
        ("", [], "no such mode"),
        ("hub:sharded", [], "only mode adapter has protocols"),
        ("adapter:", [], "adapter_protocol: Input should be"),
        ("adapter:stream", [], "adapter_protocol: Input should be"),
        ("redis", ["redis_prefix"], "--option='redis_prefix'"),
        ("redis", ["=x"], "--option='=x'"),
        ("redis", ["port=1"], "port is not a setting of a fan-out"),
        ("redis", ["colour=red"], "colour is not a setting of a fan-out"),
        ("adapter", ["adapter_max_len=many"], "adapter_max_len: Input should be a valid integer"),
        ("hub", ["hub_urls="], "hub_urls: mode 'hub' needs at least one hub"),
        ("hub", ["hub_token=x"], "a secret is no option"),
    ],
)
def test_what_is_wrong_is_named(mode, options, named):
    with pytest.raises(StartError) as raised:
        read_target(mode, options)
    assert named in str(raised.value)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (Target("redis"), "redis"),
        (SHARDED, "adapter:sharded"),
        (Target("hub", {"hub_urls": ["http://a", "http://b"]}), "hub (hub_urls=http://a,http://b)"),
        (Target("redis", {"redis_url": "redis://:secret@r"}), "redis (redis_url=redis://***@r)"),
    ],
)
def test_a_target_is_said_without_passwords(target, words):
    assert described(target) == words


@pytest.mark.parametrize("target", [Target("redis"), SHARDED, Target("redis", {"key": "a b"})])
def test_the_command_that_is_named_means_the_same(target):
    words = command(target, [])
    assert words.startswith("chatcluster switch ")
    mode, *options = words.removeprefix("chatcluster switch ").split(" --option ")
    assert read_target(mode, [option.strip("'") for option in options]) == target


def test_the_command_names_the_same_gateways():
    assert (
        command(Target("hub"), ["a:1", "b:2"]) == "chatcluster switch hub --admin a:1 --admin b:2"
    )
