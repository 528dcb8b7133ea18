"""A display that vanishes, an encoder that fails, a sink that breaks: the caller is told, and nothing hangs."""

import pytest
from tests.loopback.host_kit import HostKit, until

from farhand.host.events import CallerEnded
from farhand.host.platform.base import DisplayGone, PlatformError, Rect
from farhand.host.platform.fake import FakePlatform
from farhand.protocol.errors import ByeCode
from farhand.protocol.events import Ended
from farhand.protocol.messages.control import NoticeCode


def codes(session) -> list[NoticeCode]:
    return [notice.code for notice in session.notices]


async def test_a_display_that_vanishes_and_comes_back() -> None:
    async with HostKit() as kit:
        caller = await kit.connect()
        await kit.same_picture(caller)
        caller.key("KeyA", "a", down=True)
        await until(lambda: kit.platform.inputs[0].down)
        kit.platform.desktop.vanish()
        await caller.wait(lambda s: NoticeCode.DISPLAY_GONE in codes(s))
        for _ in range(5):  # a second at a time, in which pings are answered: a key is down, silence would be a cut
            await kit.clock.advance(1)
            await caller_or_turns(caller)
        kit.platform.desktop.come_back()
        kit.platform.desktop.draw(Rect(5, 5, 50, 50), 0x224466)
        for _ in range(5):
            await kit.clock.advance(1)
            await caller_or_turns(caller)
        await caller.wait(lambda s: NoticeCode.DISPLAY_BACK in codes(s))
        await kit.same_picture(caller)
        await until(lambda: kit.platform.inputs[0].closed)
        caller.type("still here")
        await until(lambda: kit.platform.inputs[1].events == [("text", "still here")])
        assert codes(caller) == [NoticeCode.DISPLAY_GONE, NoticeCode.DISPLAY_BACK]


async def test_a_display_that_stays_away_ends_the_session_in_order() -> None:
    async with HostKit(display_seconds=20) as kit:
        caller = await kit.connect()
        await kit.same_picture(caller)
        kit.platform.desktop.vanish()
        await caller.wait(lambda s: NoticeCode.DISPLAY_GONE in codes(s))
        for _ in range(40):
            await kit.clock.advance(1)
            await caller_or_turns(caller)
        end = await caller.closed()
        assert isinstance(end, Ended)
        assert end.code is ByeCode.INTERNAL
        assert "display" in end.text
        await kit.hear(CallerEnded)


async def caller_or_turns(caller) -> None:
    """Give the picture's thread the time to meet the missing display again, without a clock: it answers in a loop."""
    import asyncio

    for _ in range(200):
        if caller.over:
            return
        await asyncio.sleep(0)


async def test_a_display_that_was_gone_before_the_caller_came() -> None:
    async with HostKit() as kit:
        kit.platform.desktop.vanish()
        caller = await kit.connect()
        await caller.wait(lambda s: NoticeCode.DISPLAY_GONE in codes(s))
        kit.platform.desktop.come_back()
        await kit.clock.advance(3)
        await kit.same_picture(caller)
        caller.type("x")
        await until(lambda: kit.platform.inputs and kit.platform.inputs[-1].events == [("text", "x")])


async def test_a_sink_that_breaks_is_opened_again_and_the_keys_of_the_old_one_go_up() -> None:
    async with HostKit() as kit:
        caller = await kit.connect()
        await kit.same_picture(caller)
        caller.key("KeyA", "a", down=True)
        await until(lambda: kit.platform.inputs[0].down)
        kit.platform.inputs[0].fail = PlatformError("the server refuses")
        caller.type("lost")
        await caller.wait(lambda s: codes(s) == [NoticeCode.INPUT_BLOCKED])
        await until(lambda: kit.platform.inputs[0].closed)
        await kit.clock.advance(1)
        await until(lambda: len(kit.platform.inputs) == 2)
        caller.type("arrives")
        await until(lambda: kit.platform.inputs[1].events == [("text", "arrives")])
        await kit.same_picture(caller)


async def test_a_sink_that_never_opens_leaves_the_picture() -> None:
    class Blocked(FakePlatform):
        def open_input(self):
            raise PlatformError("XTEST is missing: use another X server")

    async with HostKit(platform=Blocked(320, 240), display_seconds=10) as kit:
        caller = await kit.connect()
        await caller.wait(lambda s: NoticeCode.INPUT_BLOCKED in codes(s))
        for _ in range(20):
            await kit.clock.advance(1)
        kit.platform.desktop.draw(Rect(5, 5, 50, 50), 0x224466)
        await kit.same_picture(caller)
        caller.type("into the void")
        await kit.same_picture(caller)


async def test_a_picture_that_keeps_failing_ends_the_session_in_order() -> None:
    class Broken(FakePlatform):
        def open_screen(self):
            raise RuntimeError("a bug")

    async with HostKit(platform=Broken(320, 240), display_seconds=3) as kit:
        caller = await kit.connect()
        await caller.wait(lambda s: NoticeCode.ENCODER_FAILED in codes(s))
        for _ in range(20):
            await kit.clock.advance(0.5)
            await caller_or_turns(caller)
        end = await caller.closed()
        assert isinstance(end, Ended)
        assert end.code is ByeCode.INTERNAL


async def test_one_callers_fault_is_not_anothers() -> None:
    async with HostKit() as kit:
        one, other = await kit.connect(), await kit.connect()
        await kit.same_picture(one)
        await kit.same_picture(other)
        kit.platform.inputs[0].fail = DisplayGone("only this connection")
        one.type("x")
        await one.wait(lambda s: NoticeCode.DISPLAY_GONE in codes(s))
        other.type("fine")
        await until(lambda: kit.platform.inputs[1].events == [("text", "fine")])
        assert codes(other) == []


async def test_a_persons_side_that_fails_counts_as_silence_and_never_takes_a_session_down() -> None:
    class Headless(FakePlatform):
        def open_person(self, end_all):
            raise PlatformError("no window and no terminal: use --no-ask")

    from farhand.client import AccessRefused

    async with HostKit(platform=Headless(320, 240)) as kit:
        caller = await kit.connect()
        await kit.same_picture(caller)
    async with HostKit(platform=Headless(320, 240), ask=True) as kit:
        with pytest.raises(AccessRefused, match="Nobody"):
            await kit.connect()


async def test_a_person_who_never_answers_at_all_is_not_waited_for() -> None:
    async with HostKit(ask=True) as kit:
        import asyncio

        from farhand.client import AccessRefused

        async def ask(question):
            await asyncio.Event().wait()

        kit.platform.person.ask = ask
        _, opening = await kit.asking()
        await kit.clock.advance(33)
        with pytest.raises(AccessRefused, match="Nobody"):
            await opening


async def test_a_listener_that_fails_harms_nobody() -> None:
    async with HostKit() as kit:

        def listen(event):
            raise ValueError("a bug in the command line")

        kit.agent._on_event = listen
        caller = await kit.connect()
        await kit.same_picture(caller)
