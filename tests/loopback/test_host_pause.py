"""What the person at the host does meanwhile: pause, one right back, more for a time; and what silence means."""

import asyncio

import pytest
from tests.loopback.host_kit import HostKit, until

from farhand.client import AccessRefused, SessionOver
from farhand.host.call import ASK_AGAIN_SECONDS
from farhand.host.events import CallerCut, RightsChanged
from farhand.host.platform.base import Answer, Rect
from farhand.protocol.capability import Capability
from farhand.protocol.errors import ByeCode
from farhand.protocol.events import Ended
from farhand.protocol.messages.control import NoticeCode

VIEW, CONTROL, CLIPBOARD = Capability.VIEW, Capability.CONTROL, Capability.CLIPBOARD


async def test_a_paused_session_shows_and_accepts_nothing_until_it_goes_on() -> None:
    async with HostKit() as kit:
        caller = await kit.connect()
        await kit.same_picture(caller)
        caller.key("KeyA", "a", down=True)
        await until(lambda: kit.platform.inputs[0].down)
        session = kit.agent.callers[0].session
        kit.platform.person.controls.pause(session, True)
        await caller.wait(lambda s: s.paused is not None)
        await until(lambda: kit.platform.inputs[0].closed)
        assert not kit.platform.inputs[0].down, "what was held is let go"
        assert kit.platform.person.shown[0].paused
        assert kit.agent.callers[0].paused
        kit.platform.desktop.draw(Rect(0, 0, 50, 50), 0x112233)
        caller.type("unheard")
        caller.copy("unheard")
        caller.refresh()
        caller.want(video=False)
        with pytest.raises(AccessRefused, match="paused"):
            await caller.ask_more([Capability.SHELL])
        assert not kit.is_same(caller)
        assert len(kit.platform.inputs) == len(kit.platform.clipboards) == 1
        kit.platform.person.controls.pause(session, False)
        await caller.wait(lambda s: s.paused is None)
        await kit.same_picture(caller)
        caller.type("heard")
        await until(lambda: kit.platform.inputs[1].events == [("text", "heard")])
        assert [entry["on"] for entry in kit.audit.of("paused")] == [True, False]


async def test_a_pause_outlives_a_cut() -> None:
    async with HostKit() as kit:
        line = kit.dial()
        caller = await kit.connect(to=line)
        await kit.agent.pause(kit.agent.callers[0].session, True)
        await caller.wait(lambda s: s.paused is not None)
        line.cut()
        await caller.closed()
        await kit.hear(CallerCut)
        again = await caller.rejoin(kit.dial())
        kit.sessions.append(again)
        await again.wait(lambda s: s.paused is not None)
        assert again.picture.layout is None
        await kit.agent.pause(kit.agent.callers[0].session, False)
        await kit.same_picture(again)


async def test_one_caller_is_paused_and_another_goes_on() -> None:
    async with HostKit() as kit:
        first, second = await kit.connect(), await kit.connect()
        await kit.agent.pause(kit.agent.callers[0].session, True)
        await first.wait(lambda s: s.paused is not None)
        kit.platform.desktop.draw(Rect(0, 0, 50, 50), 0x112233)
        await kit.same_picture(second)
        assert second.paused is None


async def test_one_right_is_taken_away_by_a_click() -> None:
    async with HostKit() as kit:
        caller = await kit.connect()
        session = kit.agent.callers[0].session
        kit.platform.person.controls.take_back(session, "control")
        await caller.wait(lambda s: s.granted == {VIEW, CLIPBOARD})
        assert (await kit.hear(RightsChanged)).caller.capabilities == (VIEW, CLIPBOARD)
        assert kit.audit.of("right-lost")[0]["why"] == "taken back at the computer"
        with pytest.raises(AccessRefused, match="taken that right back"):
            await caller.ask_more([CONTROL])
        kit.platform.person.controls.end(session)
        end = await caller.closed()
        assert isinstance(end, Ended)
        assert end.code is ByeCode.ENDED
        kit.platform.person.controls.end(session)
        kit.platform.person.controls.pause("no session", True)


async def test_more_for_a_time_is_for_the_person_to_give() -> None:
    async with HostKit(ask=True) as kit:
        kit.platform.person.answers = [Answer.YES, Answer.YES]
        caller = await kit.connect(capabilities=[VIEW])
        await caller.ask_more([CONTROL], seconds=300, reason="the\nprinter")
        question = kit.platform.person.questions[1]
        assert (question.capabilities, question.span, question.more) == (("control",), 300, True)
        assert question.reason == "the printer"
        assert caller.granted == {VIEW, CONTROL}
        await kit.clock.live(301)
        await caller.wait(lambda s: s.granted == {VIEW})
        kit.platform.person.answer = Answer.NO
        with pytest.raises(AccessRefused, match="said no"):
            await caller.ask_more([CONTROL])
        assert [entry["answer"] for entry in kit.audit.of("consent")] == ["yes", "yes", "no"]


async def test_whoever_was_told_no_cannot_nag() -> None:
    async with HostKit(ask=True) as kit:
        caller = await kit.connect(capabilities=[VIEW])
        kit.platform.person.answer = Answer.NO
        asked = 1
        for wait in (ASK_AGAIN_SECONDS, 2 * ASK_AGAIN_SECONDS):
            with pytest.raises(AccessRefused, match="said no"):
                await caller.ask_more([CONTROL])
            asked += 1
            await kit.clock.live(wait - 1)
            with pytest.raises(AccessRefused, match="short while ago"):
                await caller.ask_more([CONTROL])
            assert len(kit.platform.person.questions) == asked
            await kit.clock.live(2)


async def test_a_line_that_is_cut_takes_its_question_along() -> None:
    async with HostKit(ask=True) as kit:
        line = kit.dial()
        caller = await kit.connect(to=line, capabilities=[VIEW])
        kit.platform.person.answer = None
        asking = asyncio.ensure_future(caller.ask_more([CONTROL]))
        await until(lambda: len(kit.platform.person.questions) == 2)
        line.cut()
        with pytest.raises(SessionOver):
            await asking
        await kit.hear(CallerCut)
        kit.platform.person.answer = Answer.YES
        again = await caller.rejoin(kit.dial())
        kit.sessions.append(again)
        await again.ask_more([CONTROL])
        assert again.granted == {VIEW, CONTROL}


@pytest.mark.parametrize(("silence", "granted"), [("view", {VIEW}), ("yes", {VIEW, CONTROL})])
async def test_the_owner_says_what_silence_means(silence: str, granted: set[Capability]) -> None:
    async with HostKit(ask=True, silence=silence) as kit:
        kit.platform.person.answer = Answer.SILENCE
        caller = await kit.connect(capabilities=[VIEW, CONTROL])
        assert caller.granted == granted
        assert kit.audit.of("consent")[0]["answer"] == "silence"


async def test_rights_that_are_given_back_are_gone_and_may_be_asked_for() -> None:
    async with HostKit() as kit:
        caller = await kit.connect()
        await kit.same_picture(caller)
        caller.let_go([CONTROL])
        await caller.wait(lambda s: s.granted == {VIEW, CLIPBOARD})
        caller.type("x")
        await caller.wait(lambda s: NoticeCode.DENIED in [notice.code for notice in s.notices])
        assert kit.platform.inputs[0].closed
        await caller.ask_more([CONTROL])
        caller.type("y")
        await until(lambda: kit.platform.inputs[1].events == [("text", "y")])


async def test_a_key_that_is_held_when_the_line_falls_silent_goes_up_within_four_seconds() -> None:
    async with HostKit() as kit:
        line = kit.dial()
        caller = await kit.connect(to=line)
        await kit.same_picture(caller)
        caller.key("KeyA", "a", down=True)
        await until(lambda: kit.platform.inputs[0].down)
        line.hold()
        for _ in range(4):
            await kit.clock.advance(1.01)
        await until(lambda: not kit.platform.inputs[0].down)
        await kit.hear(CallerCut)
