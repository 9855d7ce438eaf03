"""`python -m chat_hub`: a hub by variables alone."""

import sys

from chatcluster.early import leave_when_asked


def main() -> int:
    """Returns the exit code."""
    leave_when_asked()
    from chat_hub.main import serve
    from chatcluster.runtime.lifecycle import run
    from chatcluster.runtime.settings import HubSettings, load

    async def serving() -> None:
        await serve(load(HubSettings))

    return run(serving())


if __name__ == "__main__":
    sys.exit(main())
