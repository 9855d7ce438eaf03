"""`python -m chat_local`: the same as `chatcluster`."""

from chat_local.cli import main

main()
