"""The whole host on a real X server: what it shows, and what happens when the server dies."""

import os
import signal

import psutil
from tests.integration.x11_server import program, x_server
from tests.loopback.host_kit import HostKit

from farhand.host.events import CallerEnded
from farhand.host.platform.x11.platform import X11Platform
from farhand.protocol.errors import ByeCode
from farhand.protocol.events import Ended
from farhand.protocol.messages.control import NoticeCode


def server_process() -> int:
    """The Xvfb that this test started."""
    (server,) = (child.pid for child in psutil.Process().children() if child.name() == "Xvfb")
    return server


async def test_a_caller_sees_the_desktop_and_is_told_when_its_server_dies() -> None:
    with x_server(400, 300) as display:
        async with HostKit(platform=X11Platform(display), display_seconds=5, allow=["view", "control"]) as kit:
            caller = await kit.connect()
            with program(display, "xterm"):
                await caller.wait(lambda s: s.picture.exact and len(set(s.picture.pixels[0:300:7, 0:400:7].flat)) > 1)
                caller.key("ShiftLeft", "Shift", down=True)
                seq = caller.type("x")
                await caller.wait(lambda s: s.picture.input_seq >= seq)
                os.kill(server_process(), signal.SIGKILL)
                await caller.wait(lambda s: any(n.code is NoticeCode.DISPLAY_GONE for n in s.notices))
            while not caller.over:
                await kit.clock.advance(1.0)
            end = await caller.closed()
            assert isinstance(end, Ended)
            assert end.code is ByeCode.INTERNAL
            await kit.hear(CallerEnded)
