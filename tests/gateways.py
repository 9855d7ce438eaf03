"""Real gateways and hubs as processes, which can be killed, restarted and paused."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.launching import Process, launch
from tests.servers import free_port

TOKEN = "for broadcasts"  # of every hub
START_SECONDS = 45.0  # a machine may be busy with other tests
STOP_SECONDS = 10.0  # beyond those of the settings; what is in the way of leaving is logged sooner


class Program:
    """One of our programs, configured by variables; it keeps its ports over restarts."""

    def __init__(self, module: str, log: Path, **variables: object) -> None:
        self.port = free_port()
        self.admin_port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.admin = f"http://127.0.0.1:{self.admin_port}"
        self.log = log
        self._module = module
        self._variables: dict[str, object] = {
            "CHAT_PORT": self.port,
            "CHAT_ADMIN_PORT": self.admin_port,
            "CHAT_SETTLE_SECONDS": 0,
            "CHAT_DRAIN_SECONDS": 0.3,
            "CHAT_LOG_FORMAT": "text",
        }
        self.set(**variables)
        self.process: Process | None = None

    def set(self, **variables: object) -> None:
        """For the next start."""
        self._variables |= {f"CHAT_{name.upper()}": value for name, value in variables.items()}

    def start(self, *, wait: bool = True) -> None:
        with self.log.open("ab") as log:
            self.process = launch(self._module, self._variables, log)
        if wait:
            self.wait_ready()

    def wait_ready(self) -> None:
        assert self.process is not None
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"{self._module} ended:\n{self.output()}")
            if self.ready():
                return
            time.sleep(0.05)
        raise AssertionError(f"{self._module} is not ready:\n{self.output()}")

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.admin}/readyz", timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def stats(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.admin}/stats", timeout=5) as response:
            stats: dict[str, Any] = json.load(response)
            return stats

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def kill(self) -> None:
        """End it without a chance to say goodbye."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def pause(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def stop(self) -> int | None:
        """Ask it to leave; its exit code. One that does not leave fails the test, and says where it
        was."""
        if self.process is None:
            return None
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        try:
            return self.process.wait(self._leaving_seconds + STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(2)
            raise AssertionError(f"{self._module} does not leave:\n{self.output()}") from None
        finally:
            self.kill()

    @property
    def variables(self) -> dict[str, str]:
        return {name: str(value) for name, value in self._variables.items()}

    @property
    def _leaving_seconds(self) -> float:
        names = ("CHAT_SETTLE_SECONDS", "CHAT_DRAIN_SECONDS")
        return sum(float(str(self._variables[name])) for name in names)


class Cluster:
    """Gateways of one mode, with the hubs that mode `hub` needs, on one Valkey."""

    def __init__(
        self,
        folder: Path,
        redis_url: str,
        mode: str,
        gateways: int = 2,
        *,
        hubs: int = 1,
        **variables: object,
    ) -> None:
        # Clusters of one test run share a Valkey; channels and rooms of their own keep them apart.
        settings = {
            "mode": mode,
            "redis_url": redis_url,
            "history": "redis",
            "key": folder.name,
            "redis_prefix": folder.name,
            **variables,
        }
        self.hubs = [
            Program("chat_hub", folder / f"{name}.log", name=name, broadcast_token=TOKEN)
            for name in (f"hub-{number}" for number in range(1, hubs + 1) if mode == "hub")
        ]
        if self.hubs:
            settings["hub_urls"] = ",".join(hub.url for hub in self.hubs)
        for hub in self.hubs:
            hub.set(hub_urls=settings["hub_urls"], hub_routes=settings.get("hub_routes", "{}"))
        self.gateways = [
            Program("chat_gateway", folder / f"{name}.log", name=name, **settings)
            for name in (f"gateway-{number}" for number in range(1, gateways + 1))
        ]

    @property
    def programs(self) -> list[Program]:
        return [*self.hubs, *self.gateways]

    @contextlib.contextmanager
    def running(self) -> Iterator[Cluster]:
        try:
            for program in self.programs:
                # A gateway that finds no hub does not start.
                program.start(wait=program in self.hubs)
            for program in self.programs:
                program.wait_ready()
            yield self
        finally:
            for program in reversed(self.programs):
                program.stop()
