"""What `chatcluster run` starts."""

from __future__ import annotations

import os

import pytest

from chat_local.plan import Program, Shared, browsable, needs_postgres, ports, programs, stages
from chat_local.run_settings import RunSettings
from chatcluster.fanout import modes
from chatcluster.runtime.settings import GatewaySettings, HubSettings, SettingsError, load
from chatcluster.runtime.worker_settings import WorkerSettings

VALKEY = Program("valkey", "valkey", ("valkey-server",), "redis://127.0.0.1:4000/0")
POSTGRES = Program("postgres", "postgres", ("postgres",), "postgresql://postgres@127.0.0.1:4001/")
SHARED = Shared(VALKEY.address, POSTGRES.address, "/run/fanout.json", "a token")
READS = {"gateway": GatewaySettings, "hub": HubSettings, "worker": WorkerSettings}


@pytest.fixture(autouse=True)
def no_variables(monkeypatch):
    for name in [name for name in os.environ if name.startswith("CHAT_")]:
        monkeypatch.delenv(name)


def plan(**options):
    return programs(load(RunSettings, **options), [VALKEY], SHARED)


def settings_of(program, monkeypatch):
    """What the program itself reads from the environment that it gets."""
    for name, value in program.environment.items():
        monkeypatch.setenv(name, value)
    return READS[program.kind]()


@pytest.mark.parametrize("mode", modes.installed())
def test_valkey_and_a_hub_are_there_in_every_mode(mode):
    """So that the mode can be changed while they run."""
    assert [one.name for one in plan(mode=mode)] == ["valkey", "hub", "gateway-1", "gateway-2"]


@pytest.mark.parametrize("mode", modes.installed())
def test_gateways_share_one_log_in_every_mode(mode, monkeypatch):
    gateway = settings_of(plan(mode=mode)[-1], monkeypatch)
    assert gateway.mode == mode
    assert gateway.history == "redis"
    assert gateway.redis_url == VALKEY.address


@pytest.mark.parametrize("mode", modes.installed())
def test_every_mode_says_what_crosses_between_gateways(mode):
    assert modes.named(mode).crosses


@pytest.mark.parametrize("options", [{"mode": "postgres"}, {"history": "postgres"}])
def test_postgres_is_started_where_something_is_kept_in_it(options, monkeypatch):
    settings = load(RunSettings, **options)
    assert needs_postgres(settings)
    assert not needs_postgres(load(RunSettings))
    started = programs(settings, [VALKEY, POSTGRES], SHARED)
    assert [one.name for one in stages(started)[0]] == ["valkey", "postgres"]


@pytest.mark.parametrize("mode", modes.installed())
def test_gateways_know_where_a_postgres_will_be_and_which_fan_out_is_in_force(mode, monkeypatch):
    gateway = settings_of(plan(mode=mode)[-1], monkeypatch)
    assert gateway.postgres_dsn == POSTGRES.address
    assert gateway.fanout_file == "/run/fanout.json"
    assert gateway.admin_token.get_secret_value() == "a token"


def test_workers_take_part_and_gateways_have_jobs_for_them(monkeypatch):
    *_, gateway, first, second = plan(port=9000, workers=2)
    assert settings_of(gateway, monkeypatch).job_events == ("chat message",)
    read = settings_of(second, monkeypatch)
    assert isinstance(read, WorkerSettings)
    assert (read.name, read.mode, read.admin_port) == ("worker-2", "adapter", 10201)
    assert read.fanout_file == "/run/fanout.json"
    assert first.admin == "http://127.0.0.1:10200"


def test_without_workers_nothing_is_a_job(monkeypatch):
    assert settings_of(plan()[-1], monkeypatch).job_events == ()


def test_jobs_that_are_asked_for_are_kept(monkeypatch):
    gateway = plan(job_events="typing", workers=1)[-2]
    assert settings_of(gateway, monkeypatch).job_events == ("typing",)


def test_the_second_gateway_is_one_port_further(monkeypatch):
    second = plan(port=9000)[-1]
    read = settings_of(second, monkeypatch)
    assert (read.name, read.port, read.admin_port) == ("gateway-2", 9001, 10001)
    assert second.address == "http://127.0.0.1:9001"
    assert second.admin == "http://127.0.0.1:10001"


def test_gateways_know_the_hub(monkeypatch):
    _, hub, gateway, _ = plan(port=9000)
    assert settings_of(gateway, monkeypatch).hub_urls == (hub.address,)
    read = settings_of(hub, monkeypatch)
    assert (read.port, read.admin_port) == (9100, 10100)


def test_everybody_knows_all_hubs(monkeypatch):
    _, *hubs, first, second = plan(port=9000, hubs=3)
    assert [hub.name for hub in hubs] == ["hub-1", "hub-2", "hub-3"]
    urls = tuple(hub.address for hub in hubs)
    assert urls == ("http://127.0.0.1:9100", "http://127.0.0.1:9101", "http://127.0.0.1:9102")
    for program in (*hubs, first, second):
        assert settings_of(program, monkeypatch).hub_urls == urls
    assert settings_of(hubs[2], monkeypatch).admin_port == 10102


def test_hubs_for_chosen_namespaces_are_no_others(monkeypatch):
    routes = '{"/room": ["http://127.0.0.1:8101/"]}'
    _, *hubs, gateway, _ = plan(hubs=3, hub_routes=routes)
    for program in (*hubs, gateway):
        read = settings_of(program, monkeypatch)
        assert read.hub_urls == ("http://127.0.0.1:8100", "http://127.0.0.1:8102")
        assert read.hub_routes == {"/room": ("http://127.0.0.1:8101/",)}


def test_a_hub_that_is_alone_is_also_a_general_one(monkeypatch):
    hub = plan(hub_routes='{"/room": ["http://127.0.0.1:8100"]}')[1]
    assert settings_of(hub, monkeypatch).hub_urls == ("http://127.0.0.1:8100",)


def test_only_gateways_are_open_to_other_machines(monkeypatch):
    _, hub, gateway, _ = plan(host="0.0.0.0")
    assert settings_of(gateway, monkeypatch).host == "0.0.0.0"
    assert settings_of(gateway, monkeypatch).admin_host == "127.0.0.1"
    assert settings_of(hub, monkeypatch).host == "127.0.0.1"


def test_a_laptop_does_not_wait_for_load_balancers(monkeypatch):
    gateway = settings_of(plan()[-1], monkeypatch)
    assert gateway.settle_seconds == 0
    assert gateway.drain_seconds < 1


def test_a_program_may_take_the_time_that_its_drain_needs():
    assert plan(drain_seconds=20)[-1].grace > 20


def test_every_port_that_is_needed_is_checked():
    settings = load(RunSettings, gateways=2, workers=1, port=9000)
    checked = {port.number for port in ports(settings)}
    assert checked == {9000, 9001, 9100, 10000, 10001, 10100, 10200}


def test_no_two_programs_want_one_port():
    most = load(RunSettings, gateways=50, hubs=20, workers=20, port=64_000)
    wanted = [port.number for port in ports(most)]
    assert len(wanted) == len(set(wanted))
    assert max(wanted) < 65_536


@pytest.mark.parametrize(
    "options",
    [
        {"gateways": 51},
        {"gateways": 0},
        {"hubs": 0},
        {"hubs": 21},
        {"port": 64_001},
        {"workers": 21},
        {"workers": 1, "mode": "isolated"},
        {"workers": 1, "history": "off"},
    ],
)
def test_what_does_not_fit_is_refused(options):
    with pytest.raises(SettingsError):
        load(RunSettings, **options)


def test_all_addresses_are_opened_by_the_loopback_one():
    assert browsable(load(RunSettings, host="0.0.0.0", gateways=1)) == ["http://127.0.0.1:8000"]
    assert browsable(load(RunSettings, host="::1", gateways=1)) == ["http://[::1]:8000"]


def test_gateways_start_last_and_together():
    assert [[one.name for one in stage] for stage in stages(plan()[::-1])] == [
        ["valkey"],
        ["hub"],
        ["gateway-2", "gateway-1"],
    ]
