"""`python -m chat_operator`: the operator by variables alone."""

import sys

from chatcluster.early import leave_when_asked


def main() -> int:
    """Returns the exit code."""
    leave_when_asked()
    from chat_operator.program import serve
    from chat_operator.settings import OperatorSettings
    from chatcluster.runtime.lifecycle import run
    from chatcluster.runtime.settings import load

    async def serving() -> None:
        await serve(load(OperatorSettings))

    return run(serving())


if __name__ == "__main__":
    sys.exit(main())
