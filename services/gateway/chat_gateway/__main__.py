"""`python -m chat_gateway`: a gateway by variables alone."""

import sys

from chat_gateway.main import serve
from chatcluster.runtime.lifecycle import run
from chatcluster.runtime.settings import GatewaySettings, load


async def _main() -> None:
    await serve(load(GatewaySettings))


if __name__ == "__main__":
    sys.exit(run(_main()))
