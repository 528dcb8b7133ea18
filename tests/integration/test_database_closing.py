"""A database that is closed while it is used: what is under way ends first, and no connection is left open."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text

from farhand.gateway.database import Database, database_url


async def test_a_transaction_that_is_under_way_ends_before_the_database_does(tmp_path: Path) -> None:
    database = Database(database_url("", tmp_path))
    await database.open()
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def use() -> int:
        async with database.read() as session:
            inside.set()
            await go_on.wait()
            return int((await session.execute(text("select 42"))).scalar_one())

    using = asyncio.ensure_future(use())
    await inside.wait()
    closing = asyncio.ensure_future(database.close())
    await asyncio.sleep(0)
    assert not closing.done()
    with pytest.raises(RuntimeError, match="not open"):
        async with database.read():
            pass
    go_on.set()
    assert await using == 42
    await closing
