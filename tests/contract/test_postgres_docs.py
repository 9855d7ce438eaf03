"""What `docs/postgres.md` shows is what happens."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.contract.postgres_gateways import place, quiet
from tests.postgres_server import Postgres

PAGE = Path(__file__).parents[2] / "docs" / "postgres.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)


async def test_the_page_says_what_happens(own_postgres: Postgres) -> None:
    async with place(own_postgres) as here:
        gateway = await here.enter("", "tea", "coffee", "customer-7", prefix="chatcluster")
        shop = await here.enter("", namespace="/shop", prefix="chatcluster")
        for block in blocks("sql"):
            own_postgres.psql(block)
        espresso = ("espresso", {"eur": 2.4})
        changes = [json.loads(line) for line in blocks("json")[0].splitlines()]
        assert [(e.event, e.args) for e in await quiet(gateway)] == [
            ("news", ("We are open",)),
            ("price", espresso),
            ("price", espresso),
            *(("order", (change,)) for change in changes),
        ]
        assert gateway.received[1].exclude == ("muted",)
        assert [e.args for e in await quiet(shop)] == [("to another namespace",)]

        own_postgres.psql("INSERT INTO chatcluster_envelopes (event) VALUES ('hi')", user="shop")
        limited = own_postgres.url("gateway")
        assert limited != own_postgres.url()
        gateway = await here.enter("", prefix="chatcluster", listen_dsn=limited)
        await gateway.fanout.check()
