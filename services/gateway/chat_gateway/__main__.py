"""`python -m chat_gateway`: a gateway by variables alone."""

import sys

from chatcluster.early import leave_when_asked


def main() -> int:
    """Returns the exit code."""
    leave_when_asked()
    from chat_gateway.main import serve
    from chatcluster.runtime.lifecycle import run
    from chatcluster.runtime.settings import GatewaySettings, load

    async def serving() -> None:
        await serve(load(GatewaySettings))

    return run(serving())


if __name__ == "__main__":
    sys.exit(main())
