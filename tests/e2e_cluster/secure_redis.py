"""A Valkey outside of the release that is reached by TLS alone, with an authority of its own.

TLS ends just before it, in the same pod: so it needs no image that was built with TLS.
"""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path
from shutil import which
from typing import Any

import yaml

from tests.chart.chart import one, render
from tests.e2e_cluster.kubectl import Namespace
from tests.e2e_cluster.release import images
from tests.servers import missing

NAME, PORT, PASSWORD = "secure-redis", 6380, "of-the-test"
URL = f"rediss://:{PASSWORD}@{NAME}:{PORT}/0?ssl_ca_certs=/etc/chatcluster/redis/ca.crt"

VALUES: dict[str, Any] = {
    "valkey": {"enabled": False},
    "redis": {"existingSecret": "redis-url", "tls": {"caSecret": "redis-tls"}, "ports": [PORT]},
}

# Connections come in by TLS and go on in clear, inside the pod.
TERMINATE = f"""
import asyncio, ssl

context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain("/tls/tls.crt", "/tls/tls.key")

async def forward(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
    except ConnectionError:
        pass
    writer.close()

async def accept(reader, writer):
    inner, outer = await asyncio.open_connection("127.0.0.1", 6379)
    await asyncio.gather(forward(reader, outer), forward(inner, writer))

async def main():
    async with await asyncio.start_server(accept, "0.0.0.0", {PORT}, ssl=context) as server:
        await server.serve_forever()

asyncio.run(main())
"""


def create(namespace: Namespace, folder: Path) -> None:
    """Return when it takes connections. *folder* is for its certificate."""
    certificate, key = _certify(folder)
    objects = [
        _secret("redis-url", {"url": URL.encode()}),
        _secret(
            "redis-tls",
            # It is signed by itself, so it is its own authority.
            {"tls.crt": certificate, "tls.key": key, "ca.crt": certificate},
        ),
        _pod(),
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": NAME},
            "spec": {"selector": {"app": NAME}, "ports": [{"port": PORT}]},
        },
    ]
    namespace.kubectl("apply", "--filename=-", stdin=yaml.safe_dump_all(objects))
    namespace.kubectl("wait", "--for=condition=Ready", f"pod/{NAME}", "--timeout=60s")


def _certify(folder: Path) -> tuple[bytes, bytes]:
    if which("openssl") is None:
        missing("openssl")
    made = f"-out {folder}/tls.crt -keyout {folder}/tls.key -nodes -days 1 -newkey ec"
    name = f"-subj /CN={NAME} -addext subjectAltName=DNS:{NAME}"
    command = f"openssl req -x509 -pkeyopt ec_paramgen_curve:P-256 {made} {name}"
    subprocess.run(command.split(), check=True, capture_output=True)
    return (folder / "tls.crt").read_bytes(), (folder / "tls.key").read_bytes()


def _secret(name: str, data: dict[str, bytes]) -> dict[str, Any]:
    encoded = {key: base64.b64encode(value).decode() for key, value in data.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": encoded}


def _pod() -> dict[str, Any]:
    """With the images and the security of the chart's pods."""
    manifests = render(images())
    gateway = one(manifests, "Deployment", "gateway")["spec"]["template"]["spec"]
    valkey = one(manifests, "StatefulSet", "valkey")["spec"]["template"]["spec"]
    security = gateway["containers"][0]["securityContext"]
    ready = {"tcpSocket": {"port": PORT}, "periodSeconds": 1}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": NAME, "labels": {"app": NAME}},
        "spec": {
            "automountServiceAccountToken": False,
            "securityContext": gateway["securityContext"],
            "containers": [
                {
                    "name": "valkey",
                    "image": valkey["containers"][0]["image"],
                    "command": ["valkey-server", "--bind", "127.0.0.1", "--save", ""],
                    "args": ["--requirepass", PASSWORD],
                    "workingDir": "/tmp",
                    "securityContext": security,
                    "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
                },
                {
                    "name": "tls",
                    "image": gateway["containers"][0]["image"],
                    "command": ["python", "-c", TERMINATE],
                    "readinessProbe": ready,
                    "securityContext": security,
                    "volumeMounts": [{"name": "tls", "mountPath": "/tls"}],
                },
            ],
            "volumes": [
                {"name": "tmp", "emptyDir": {}},
                {"name": "tls", "secret": {"secretName": "redis-tls"}},
            ],
        },
    }
