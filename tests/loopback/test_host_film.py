"""Film in the middle of a desktop: video while it plays, the host's picture bit for bit once it rests."""

import asyncio

import numpy as np
from tests.loopback.host_kit import PATIENCE, HostKit

from farhand.host.platform.base import Rect


async def test_film_becomes_video_and_is_exact_when_it_stops() -> None:
    async with HostKit(640, 480) as kit:
        caller = await kit.connect()
        await kit.same_picture(caller)
        random = np.random.default_rng(7)
        where = Rect(100, 100, 320, 240)
        async with asyncio.timeout(3 * PATIENCE):
            while not caller.picture.video_layers:
                seen = caller.picture.updates
                kit.platform.desktop.draw(where, random.integers(0, 2**24, (where.height, where.width), np.uint32))
                await caller.wait(lambda s, seen=seen: s.picture.updates > seen)
        await kit.same_picture(caller)
        await caller.wait(lambda s: s.picture.video_layers == 0)
        assert np.array_equal(caller.picture.composed(), caller.picture.pixels)


async def test_a_caller_without_codecs_gets_the_film_in_tiles() -> None:
    async with HostKit(640, 480) as kit:
        caller = await kit.connect(view=False)
        caller.want(video=False)
        await kit.same_picture(caller)
        random = np.random.default_rng(7)
        for _ in range(20):
            seen = caller.picture.updates
            kit.platform.desktop.draw(Rect(100, 100, 320, 240), random.integers(0, 2**24, (240, 320), np.uint32))
            await caller.wait(lambda s, seen=seen: s.picture.updates > seen)
            assert caller.picture.video_layers == 0
        await kit.same_picture(caller)
