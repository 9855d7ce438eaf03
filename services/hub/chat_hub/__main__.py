"""`python -m chat_hub`: a hub by variables alone."""

import sys

from chat_hub.main import serve
from chatcluster.runtime.lifecycle import run
from chatcluster.runtime.settings import HubSettings, load


async def _main() -> None:
    await serve(load(HubSettings))


if __name__ == "__main__":
    sys.exit(run(_main()))
