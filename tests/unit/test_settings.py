"""Settings are read from options, then variables, then defaults, and refused in one message."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chat_gateway.limits.origins import Origins
from chatcluster.runtime.limit_settings import LimitSettings
from chatcluster.runtime.settings import (
    CommonSettings,
    GatewaySettings,
    HubSettings,
    SettingsError,
    load,
)
from chatcluster.runtime.worker_settings import WorkerSettings


@pytest.fixture(autouse=True)
def no_variables(monkeypatch):
    for name in [name for name in os.environ if name.startswith("CHAT_")]:
        monkeypatch.delenv(name)


def test_an_option_goes_before_its_variable(monkeypatch):
    monkeypatch.setenv("CHAT_PORT", "8001")
    assert load(GatewaySettings, port="8002").port == 8002


def test_a_variable_goes_before_the_default(monkeypatch):
    monkeypatch.setenv("CHAT_PORT", "8001")
    assert load(GatewaySettings, port=None).port == 8001


def test_every_wrong_setting_is_named_with_its_value(monkeypatch):
    monkeypatch.setenv("CHAT_PORT", "http")
    monkeypatch.setenv("CHAT_DRAIN_SECONDS", "-1")
    with pytest.raises(SettingsError) as caught:
        load(GatewaySettings, log_level="loud")
    message = str(caught.value)
    assert "CHAT_PORT='http'" in message
    assert "CHAT_DRAIN_SECONDS='-1'" in message
    assert "--log-level='loud'" in message
    assert "\n" not in message


def test_an_unknown_mode_is_refused_with_those_that_there_are():
    with pytest.raises(
        SettingsError, match=r"--mode='carrier-pigeon'.*adapter, hub, isolated, postgres, redis"
    ):
        load(GatewaySettings, mode="carrier-pigeon")


@pytest.mark.parametrize("mode", ["hub", "adapter", "redis"])
def test_gateways_that_share_messages_cannot_each_number_them_alone(mode):
    with pytest.raises(SettingsError, match="history"):
        load(GatewaySettings, mode=mode, history="memory")


def test_hubs_are_separated_by_commas(monkeypatch):
    monkeypatch.setenv("CHAT_HUB_URLS", "http://a:1, http://b:2,")
    assert load(GatewaySettings).hub_urls == ("http://a:1", "http://b:2")


def test_mode_hub_needs_a_hub():
    with pytest.raises(SettingsError, match="hub_urls"):
        load(GatewaySettings, mode="hub", history="off", hub_urls="")


def test_hubs_for_chosen_namespaces_are_json(monkeypatch):
    monkeypatch.setenv(
        "CHAT_HUB_ROUTES", '{"/room": ["http://a:1"], "/messages/*": ["http://b:2"]}'
    )
    for model in (GatewaySettings, HubSettings):
        read = load(model, hub_urls="http://c:3")
        assert read.hub_routes == {"/room": ("http://a:1",), "/messages/*": ("http://b:2",)}


@pytest.mark.parametrize(
    ("routes", "said"),
    [
        ("http://a:1", "not JSON"),
        ("[]", "valid dict"),
        ('{"room": ["http://a:1"]}', "pattern"),
        ('{"/a*b": ["http://a:1"]}', "pattern"),
        ('{"/room": []}', "at least 1"),
        ('{"/room": "http://a:1"}', "valid tuple"),
    ],
)
def test_hubs_for_namespaces_that_are_none_are_refused(routes, said):
    with pytest.raises(SettingsError, match=rf"--hub-routes: .*{said}"):
        load(GatewaySettings, hub_routes=routes)


def test_a_hub_for_chosen_namespaces_must_know_the_general_ones():
    with pytest.raises(SettingsError, match="hub_urls"):
        load(HubSettings, hub_routes='{"/room": ["http://a:1"]}')


def test_values_that_may_hold_a_password_are_not_repeated():
    with pytest.raises(SettingsError) as caught:
        load(
            HubSettings,
            hub_urls=["http://:secret@host", 7],
            hub_routes='{"/room": "http://:secret@host"}',
            broadcast_token=["secret"],
        )
    assert "secret" not in str(caught.value)
    with pytest.raises(SettingsError) as caught:
        load(GatewaySettings, redis_url=["redis://:secret@host"])
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("model", [CommonSettings, GatewaySettings, HubSettings, WorkerSettings])
def test_every_setting_is_described(model):
    assert [name for name, field in model.model_fields.items() if not field.description] == []


def test_every_limit_is_documented_with_its_variable():
    page = (Path(__file__).parents[2] / "docs" / "limits.md").read_text()
    names = {f"CHAT_{name.upper()}" for name in LimitSettings.model_fields}
    common = {f"CHAT_{name.upper()}" for name in CommonSettings.model_fields}
    assert [name for name in sorted(names - common) if name not in page] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("origins", "chat.example"),
        ("origins", "https://*"),
        ("origins", ""),
        ("trusted_proxies", "10.0.0.1/8"),
        ("trusted_proxies", "here"),
        ("forwarded_header", "x-real-ip"),
    ],
)
def test_a_limit_that_cannot_be_is_refused(name, value):
    with pytest.raises(SettingsError, match=f"--{name.replace('_', '-')}"):
        load(GatewaySettings, **{name: value})


def test_every_origin_that_settings_take_can_be_read():
    given = "*,same-host,null,https://chat.example:8443,https://*.chat.example,http://[::1]:80"
    Origins(load(GatewaySettings, origins=given).origins)
