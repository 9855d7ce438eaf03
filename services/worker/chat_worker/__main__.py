"""`python -m chat_worker`: a worker by variables alone."""

import sys

from chatcluster.early import leave_when_asked


def main() -> int:
    """Returns the exit code."""
    leave_when_asked()
    from chat_worker.main import serve
    from chatcluster.runtime.lifecycle import run
    from chatcluster.runtime.settings import load
    from chatcluster.runtime.worker_settings import WorkerSettings

    async def serving() -> None:
        await serve(load(WorkerSettings))

    return run(serving())


if __name__ == "__main__":
    sys.exit(main())
