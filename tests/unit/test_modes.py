"""Modes are found by the entry points of installed packages."""

from __future__ import annotations

import os
from importlib.metadata import EntryPoint, EntryPoints, entry_points

import pytest
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from chatcluster.chat.fanouts import carrier, make_fanout
from chatcluster.fanout import modes
from chatcluster.fanout.isolated import IsolatedFanout
from chatcluster.runtime.settings import ClusterSettings, SettingsError, load

BUILT_IN = ["adapter", "hub", "isolated", "postgres", "redis"]


class PigeonSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="CHAT_PIGEON_")

    loft: str = Field("the roof", description="Where they live.")
    pigeons: int = Field(2, ge=1, description="How many there are.")


class Pigeon:
    settings = PigeonSettings
    crosses = "letters"
    shared = True
    durable = False

    def make(self, settings, origin):
        fanout = IsolatedFanout()
        fanout.mode = f"{settings.pigeons} pigeons of {origin}"
        return fanout

    def carrier(self, settings):
        return f"the loft on {settings.loft}"


PIGEON = Pigeon()


@pytest.fixture(autouse=True)
def no_variables(monkeypatch):
    for name in [name for name in os.environ if name.startswith("CHAT_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def install(monkeypatch):
    """Adds modes to the installed ones, for this test."""

    def install(**added):
        points = [*points_before, *(EntryPoint(*one, modes.GROUP) for one in added.items())]
        monkeypatch.setattr(f"{modes.__name__}.entry_points", lambda group: EntryPoints(points))
        modes._found.cache_clear()

    points_before = entry_points(group=modes.GROUP)
    yield install
    monkeypatch.undo()
    modes._found.cache_clear()


@pytest.fixture
def pigeon(install):
    install(pigeon=f"{__name__}:PIGEON")


def settings(**given):
    return load(ClusterSettings, **{"history": "off", **given})


def test_the_built_in_modes_are_installed_like_any_other():
    assert set(BUILT_IN) <= set(modes.installed())


@pytest.mark.parametrize("mode", BUILT_IN)
def test_a_mode_says_of_itself_what_its_fanout_says(mode):
    fanout = make_fanout(settings(mode=mode), "one")
    plugin = modes.named(mode)
    assert (fanout.mode, fanout.shared, fanout.durable) == (mode, plugin.shared, plugin.durable)


@pytest.mark.parametrize("mode", BUILT_IN)
def test_what_a_mode_depends_on_is_said_without_secrets(mode):
    given = settings(
        mode=mode,
        redis_url="redis://:secret@localhost",
        postgres_dsn="postgresql://me:secret@localhost/chat",
        hub_urls="http://me:secret@localhost",
    )
    assert "secret" not in carrier(given)


def test_a_mode_of_another_package_reads_variables_of_its_own(pigeon, monkeypatch):
    monkeypatch.setenv("CHAT_PIGEON_LOFT", "the barn")
    given = settings(mode="pigeon")
    assert make_fanout(given, "one").mode == "2 pigeons of one"
    assert carrier(given) == "the loft on the barn"


def test_what_is_wrong_in_them_is_named(pigeon, monkeypatch):
    monkeypatch.setenv("CHAT_PIGEON_PIGEONS", "none")
    with pytest.raises(SettingsError, match="CHAT_PIGEON_PIGEONS='none'"):
        make_fanout(settings(mode="pigeon"), "one")


def test_gateways_that_meet_by_it_cannot_each_number_messages_alone(pigeon):
    with pytest.raises(SettingsError, match="history"):
        settings(mode="pigeon", history="memory")


def test_an_unknown_mode_is_refused_with_those_that_are_installed(pigeon):
    with pytest.raises(SettingsError, match=r"--mode='crow': no such mode .*: adapter.*pigeon"):
        settings(mode="crow")


def test_a_package_that_cannot_be_imported_is_named(install):
    install(crow="no_such_package:MODE")
    with pytest.raises(SettingsError, match=r"--mode='crow': .*no_such_package"):
        settings(mode="crow")


def test_two_packages_with_one_name_are_refused(install):
    install(hub=f"{__name__}:PIGEON")
    with pytest.raises(SettingsError, match=r"--mode='hub': several packages.*chatcluster"):
        settings(mode="hub")
