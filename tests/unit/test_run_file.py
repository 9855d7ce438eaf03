"""Runs are found by others, and what dead ones left is removed."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace

import pytest

from chat_local import run_file
from chat_local.plan import Program
from chat_local.run_file import Run
from chatcluster.runtime.lifecycle import StartError

GATEWAY = Program("gateway-1", "gateway", (), "http://127.0.0.1:1", admin="http://127.0.0.1:2")


@pytest.fixture(autouse=True)
def runtime_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path / f"chatcluster-{os.getuid()}"


@pytest.fixture
def ours(tmp_path):
    return Run(os.getpid(), "adapter", str(tmp_path / "run"), temporary=True)


@pytest.fixture
def dead(tmp_path):
    """A run whose process has ended."""
    process = subprocess.Popen(["true"])
    process.wait()
    folder = tmp_path / "dead"
    folder.mkdir()
    return Run(process.pid, "adapter", str(folder), temporary=True)


def test_a_run_is_found_with_its_programs(ours):
    run = ours.having(GATEWAY, 7)
    run_file.write(run)
    assert run_file.alive() == [run]


def test_a_program_that_was_started_again_is_there_once(ours):
    run = ours.having(GATEWAY, 7).having(GATEWAY, 8)
    assert [(one.name, one.pid) for one in run.programs] == [("gateway-1", 8)]


def test_a_run_that_was_removed_is_not_found(ours):
    run_file.write(ours)
    run_file.remove(ours)
    assert run_file.alive() == []


def test_a_dead_run_is_not_found(dead):
    run_file.write(dead)
    assert run_file.alive() == []


def test_what_a_dead_run_left_is_removed(dead, ours, runtime_folder, tmp_path):
    run_file.write(dead)
    run_file.write(ours)
    run_file.clear_stale()
    assert [path.name for path in runtime_folder.iterdir()] == [f"{os.getpid()}.json"]
    assert not (tmp_path / "dead").exists()


def test_a_folder_that_was_asked_for_is_never_removed(dead, tmp_path):
    run_file.write(replace(dead, temporary=False))
    run_file.clear_stale()
    assert (tmp_path / "dead").exists()


def test_a_file_that_is_none_of_ours_is_not_in_the_way(ours, runtime_folder):
    run_file.write(ours)
    (runtime_folder / "1.json").write_text("{")
    assert run_file.alive() == [ours]


def test_others_cannot_read_it(ours, runtime_folder):
    """There is a token in it."""
    run_file.write(replace(ours, token="secret"))
    [file] = runtime_folder.iterdir()
    for path in (runtime_folder, file):
        assert path.stat().st_mode & 0o077 == 0


def test_a_reader_never_finds_half_of_a_file(tmp_path):
    path = tmp_path / "fanout.json"
    run_file.replace_file(path, b"old")
    with path.open("rb") as reading:
        run_file.replace_file(path, b"new")
        assert reading.read() == b"old"
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_somebody_else_made_is_refused(runtime_folder, tmp_path):
    (tmp_path / "theirs").mkdir()
    runtime_folder.symlink_to(tmp_path / "theirs")
    with pytest.raises(StartError, match="another user"):
        run_file.alive()
