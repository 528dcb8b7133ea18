"""The whole host on a real X server: what it shows, and what happens when the server dies."""

import asyncio
import os
import signal

import psutil
from tests.integration.x11_server import program, run, window_named, x_server
from tests.loopback.host_kit import HostKit, until

from farhand.host.events import CallerEnded
from farhand.host.household import _presence
from farhand.host.platform.x11 import panel
from farhand.host.platform.x11.indicator import HEIGHT
from farhand.host.platform.x11.platform import X11Platform
from farhand.protocol.capability import Capability
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


async def test_the_person_before_the_screen_takes_a_right_away_and_pauses() -> None:
    """By the mouse, on the windows as they are drawn; the caller is in control and cannot do the same."""
    width, height = 800, 600
    with x_server(width, height) as display:
        async with HostKit(platform=X11Platform(display)) as kit:
            caller = await kit.connect()

            def place(what: tuple[str, str]) -> tuple[int, int]:
                present = _presence(next(iter(kit.agent.register)))
                layout = panel.lay_out(present, 1)
                rect = next(button.rect for button in layout.buttons if button.what == what)
                left, top = width - panel.WIDTH - panel.MARGIN, height - HEIGHT - panel.MARGIN - layout.height
                return left + rect.x + rect.width // 2, top + rect.y + rect.height // 2

            def click(x: int, y: int) -> None:
                run(display, "xdotool", "mousemove", str(x), str(y), "click", "1")

            await caller.wait(lambda s: s.picture.exact)
            await asyncio.to_thread(click, 100, height - 10)
            await asyncio.to_thread(window_named, display, panel.NAME)
            seq = caller.click(*place(("take", "clipboard")))
            attached = next(iter(kit.agent._calls))._attached
            assert attached is not None
            await until(lambda: attached.input_seq >= seq)
            await asyncio.to_thread(click, *place(("take", "control")))
            await caller.wait(lambda s: s.granted == {Capability.VIEW, Capability.CLIPBOARD})
            await asyncio.to_thread(click, *place(("pause", "")))
            await caller.wait(lambda s: s.paused is not None)
            await asyncio.to_thread(click, *place(("go", "")))
            await caller.wait(lambda s: s.paused is None)
            await asyncio.to_thread(click, *place(("end", "")))
            end = await caller.closed()
            assert isinstance(end, Ended)
            assert (end.by_peer, end.code) == (True, ByeCode.ENDED)
