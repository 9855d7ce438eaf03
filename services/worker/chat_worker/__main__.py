"""`python -m chat_worker`: a worker by variables alone."""

import sys

from chat_worker.main import serve
from chatcluster.runtime.lifecycle import run
from chatcluster.runtime.settings import load
from chatcluster.runtime.worker_settings import WorkerSettings


async def _main() -> None:
    await serve(load(WorkerSettings))


if __name__ == "__main__":
    sys.exit(run(_main()))
