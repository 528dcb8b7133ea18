"""A change here is an occasion, and so is the time."""

import asyncio

from farhand.client.sync.watch import occasions


async def test_a_change_here_is_an_occasion(tmp_path):
    waiting = occasions([tmp_path], None)
    pending = asyncio.ensure_future(anext(waiting))
    number = 0
    async with asyncio.timeout(20):
        while not pending.done():
            # Again and again: nobody says when the watch has begun.
            number += 1
            (tmp_path / "file").write_bytes(b"%d" % number)
            await asyncio.wait([pending], timeout=0.5)
    await pending
    await waiting.aclose()


async def test_the_time_is_one_where_a_host_takes_part(tmp_path):
    waiting = occasions([tmp_path], 0.1)
    await asyncio.wait_for(anext(waiting), 20)
    await waiting.aclose()


async def test_without_a_side_here_only_the_time_is():
    waiting = occasions([], 0.01)
    await asyncio.wait_for(anext(waiting), 20)
    await waiting.aclose()
