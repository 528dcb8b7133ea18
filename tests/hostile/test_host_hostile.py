"""A host that attacks its caller: the session ends with an error, and nothing else happens."""

import asyncio
import secrets
import time

import pytest

from farhand.client import Session, prepare
from farhand.core.tasks import Tasks
from farhand.protocol.capability import Capability
from farhand.protocol.errors import ByeCode
from farhand.protocol.events import Authenticated, Ended, Event, Failed
from farhand.protocol.identity import Keys, Kind
from farhand.protocol.messages import Channel
from farhand.protocol.messages.base import Message
from farhand.protocol.messages.control import Decision, Watch
from farhand.protocol.messages.input import TypedText
from farhand.protocol.messages.screen import Fill, Layout, Refresh, TileCodec, Tiles, Update, VideoFrame, VideoOpen
from farhand.protocol.session import HostSession
from farhand.transports import memory
from farhand.transports.pump import Pump

KEYS = Keys.generate(Kind.HOST, "mallory", time.time(), secrets.token_bytes)
LAYOUT = (Channel.SCREEN, Layout(1, 64, 64))


def update(*operations) -> tuple[Channel, Message]:
    return Channel.SCREEN, Update(1, 1, 0, True, list(operations))


ATTACKS: dict[str, list[tuple[Channel, Message]]] = {
    "an update before its layout": [update()],
    "outside the picture": [LAYOUT, update(Fill(63, 63, 2, 2, 0))],
    "a bomb": [LAYOUT, update(Tiles([0, 0, 64, 64], TileCodec.ZSTD, b"(\xb5/\xfd\xa4\0\0\0\x7f" + bytes(9)))],
    "broken video": [LAYOUT, update(VideoOpen(1, 0, 0, 16, 16, "avc1.42c02a"), VideoFrame(1, False, bytes(99)))],
    "a viewer's message": [(Channel.SCREEN, Refresh())],
    "another one": [(Channel.CONTROL, Watch(True))],
    "keys": [(Channel.INPUT, TypedText("x", 1))],
}


async def attacked(attack: list[tuple[Channel, Message]]) -> tuple[Session, Ended | Failed | None]:
    """A session with a host that does this, and what ended the host's end."""
    near, far = memory.pair()
    loop = asyncio.get_running_loop()
    session = HostSession(
        keys=KEYS,
        take_code=lambda _: "123456789",
        find_rejoin=lambda _: None,
        feed=0,
        entropy=secrets.token_bytes,
        now=loop.time(),
    )

    async def handle(event: Event) -> None:
        if isinstance(event, Authenticated):
            pump.send(Channel.CONTROL, Decision([Capability.VIEW], bytes(16), "host", "system", 0))
            for channel, message in attack:
                pump.send(channel, message)

    pump = Pump(session, far, handle)
    async with Tasks("mallory") as tasks:
        end = tasks.start(pump.run(), "host")
        caller = prepare(near, "4000-123 456 789", view=False)
        await caller.open()
        return caller, await end


@pytest.mark.parametrize("name", ATTACKS)
async def test_what_no_honest_host_sends_ends_the_session(name: str) -> None:
    caller, host_end = await attacked(ATTACKS[name])
    assert isinstance(host_end, Ended)
    assert (host_end.by_peer, host_end.code) == (True, ByeCode.PROTOCOL)
    await caller.closed()
    assert caller.over
