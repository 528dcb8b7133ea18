"""A line is cut and taken up again."""

import pytest
from tests.loopback.host_kit import HostKit, until

from farhand.client import ConnectFailed, SessionOver
from farhand.host.events import CallerConnected, CallerCut, CallerEnded
from farhand.host.platform.base import Answer, Rect
from farhand.protocol.capability import Capability
from farhand.protocol.errors import ByeCode, FailureCode
from farhand.protocol.events import Ended


async def test_a_cut_releases_every_key_at_once() -> None:
    async with HostKit() as kit:
        line = kit.dial()
        caller = await kit.connect(to=line)
        caller.key("ControlLeft", "Control", down=True)
        caller.move(1, 1, buttons=1)
        await until(lambda: kit.platform.inputs and kit.platform.inputs[0].buttons)
        sink = kit.platform.inputs[0]
        assert sink.down == {"ControlLeft"}
        line.cut()
        await until(lambda: sink.closed)
        assert (sink.down, sink.buttons) == (set(), 0)
        assert await caller.closed() is None
        assert (await kit.hear(CallerCut)).seconds == 120
        assert [(who.address, who.cut) for who in kit.platform.person.shown] == [("192.0.2.7", True)]


async def test_it_comes_back_without_code_or_question_and_the_picture_is_whole() -> None:
    async with HostKit(ask=True) as kit:
        kit.platform.person.answers = [Answer.VIEW_ONLY]
        kit.platform.person.answer = Answer.NO
        line = kit.dial()
        caller = await kit.connect(to=line)
        await kit.same_picture(caller)
        line.cut()
        await caller.closed()
        await kit.hear(CallerCut)
        kit.platform.desktop.draw(Rect(30, 30, 100, 100), 0x00FF77)
        await kit.clock.advance(119)
        kit.sessions.append(again := await caller.rejoin(kit.dial()))
        assert again.granted == {Capability.VIEW}
        assert again.decision is not None
        assert caller.decision is not None
        assert again.decision.session == caller.decision.session
        assert len(kit.platform.person.questions) == 1
        await kit.same_picture(again)
        assert (await kit.hear(CallerConnected, 2)).again
        await kit.clock.advance(10)
        assert kit.agent.callers, "the grace period ended with the rejoin"


async def test_what_the_viewer_wanted_is_remembered() -> None:
    async with HostKit() as kit:
        line = kit.dial()
        caller = await kit.connect(to=line)
        await kit.same_picture(caller)
        line.cut()
        await caller.closed()
        kit.sessions.append(again := await caller.rejoin(kit.dial(), view=False))
        await kit.same_picture(again)


async def test_it_is_refused_when_the_grace_period_is_over() -> None:
    async with HostKit(grace_seconds=60) as kit:
        line = kit.dial()
        caller = await kit.connect(to=line)
        line.cut()
        await caller.closed()
        await kit.hear(CallerCut)
        await kit.clock.advance(61)
        assert (await kit.hear(CallerEnded)).why == "did not come back in time"
        assert kit.platform.person.shown == []
        with pytest.raises(ConnectFailed) as caught:
            await caller.rejoin(kit.dial())
        assert caught.value.failure is FailureCode.REJOIN_REFUSED


async def test_without_a_grace_period_a_cut_is_the_end() -> None:
    async with HostKit(grace_seconds=0) as kit:
        line = kit.dial()
        caller = await kit.connect(to=line)
        line.cut()
        assert (await kit.hear(CallerEnded)).why == "line cut"
        with pytest.raises(ConnectFailed):
            await caller.rejoin(kit.dial())


async def test_a_session_that_was_ended_is_not_taken_up() -> None:
    async with HostKit() as kit:
        caller = await kit.connect()
        await caller.close()
        await kit.hear(CallerEnded)
        with pytest.raises(ConnectFailed) as caught:
            await caller.rejoin(kit.dial())
        assert caught.value.failure is FailureCode.REJOIN_REFUSED


async def test_a_person_ends_a_session_that_is_cut() -> None:
    async with HostKit() as kit:
        line = kit.dial()
        caller = await kit.connect(to=line)
        line.cut()
        await caller.closed()
        await kit.hear(CallerCut)
        kit.platform.person.controls.end_all()
        await kit.hear(CallerEnded)
        with pytest.raises(ConnectFailed):
            await caller.rejoin(kit.dial())


async def test_rights_taken_back_during_a_cut_do_not_come_back() -> None:
    async with HostKit() as kit:
        line = kit.dial()
        caller = await kit.connect(to=line)
        line.cut()
        await caller.closed()
        session = (await kit.hear(CallerCut)).caller.session
        await kit.agent.take_back(session, frozenset({Capability.CONTROL}))
        kit.sessions.append(again := await caller.rejoin(kit.dial()))
        assert again.granted == {Capability.VIEW, Capability.CLIPBOARD}


async def test_another_key_cannot_take_the_session_up() -> None:
    async with HostKit() as kit:
        line = kit.dial()
        victim = await kit.connect(to=line)
        thief = await kit.connect()
        thief.decision = victim.decision  # the session's id is known to the thief, its key is not
        line.cut()
        await victim.closed()
        with pytest.raises(ConnectFailed) as caught:
            await thief.rejoin(kit.dial())
        assert caught.value.failure is FailureCode.REJOIN_REFUSED
        assert (await victim.rejoin(kit.dial())).granted


async def test_a_rejoin_replaces_a_connection_that_is_only_half_dead() -> None:
    async with HostKit() as kit:
        old = await kit.connect()
        old.key("KeyA", "a", down=True)
        await until(lambda: kit.platform.inputs and kit.platform.inputs[0].down)
        kit.sessions.append(new := await old.rejoin(kit.dial()))
        assert kit.platform.inputs[0].closed
        end = await old.closed()
        assert isinstance(end, Ended)
        assert (end.by_peer, end.code) == (True, ByeCode.REPLACED)
        await kit.same_picture(new)
        assert len(kit.agent.callers) == 1
        new.type("x")
        await until(lambda: len(kit.platform.inputs) == 2 and kit.platform.inputs[1].events == [("text", "x")])


async def test_a_silent_line_is_asked_and_then_cut() -> None:
    async with HostKit() as kit:
        line = kit.dial()
        caller = await kit.connect(to=line)
        await kit.same_picture(caller)
        line.hold()
        await kit.clock.advance(14)
        assert kit.agent.callers
        assert not [event for event in kit.heard if isinstance(event, CallerCut)]
        await kit.clock.advance(1.5)
        await kit.hear(CallerCut)
        assert await caller.closed() is None
        with pytest.raises(SessionOver):
            caller.type("nothing can be sent any more")
        kit.sessions.append(again := await caller.rejoin(kit.dial()))
        await kit.same_picture(again)


async def test_a_quiet_line_that_answers_pings_lives() -> None:
    async with HostKit() as kit:
        caller = await kit.connect()
        await kit.same_picture(caller)
        for _ in range(10):
            await kit.clock.advance(5.1)
        assert not caller.over
        assert not [event for event in kit.heard if isinstance(event, CallerCut)]


async def test_the_line_is_cut_and_taken_up_many_times() -> None:
    async with HostKit() as kit:
        line = kit.dial()
        caller = await kit.connect(to=line)
        for turn in range(10):
            kit.platform.desktop.draw(Rect(turn, turn, 40, 40), 0x10101 * turn)
            line.cut()
            await caller.closed()
            line = kit.dial()
            caller = await caller.rejoin(line)
            await kit.same_picture(caller)
        kit.sessions.append(caller)
        assert len(kit.agent.callers) == 1
        assert all(sink.closed for sink in kit.platform.inputs[:-1])
