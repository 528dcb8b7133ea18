"""Callers who break the rules: the fault stays in their own call."""

import asyncio

import numpy as np
import pytest
from tests.loopback.host_kit import HostKit, until

from farhand.client import ConnectFailed, SessionOver, prepare
from farhand.host.events import CallerCut, CallerEnded, CodeClosed, CodeEnd
from farhand.host.platform.base import Rect
from farhand.protocol.envelope import Failure, FrameType, Hello, Mode, frame
from farhand.protocol.errors import FailureCode
from farhand.protocol.messages import Channel
from farhand.protocol.messages.control import Ping, Watch
from farhand.protocol.messages.screen import Shown
from farhand.transports.base import TransportClosed
from farhand.transports.memory import MemoryTransport


async def answer(line: MemoryTransport) -> bytes:
    """Everything that the host says until it closes the line."""
    said = b""
    try:
        while True:
            said += await line.receive()
    except TransportClosed:
        return said


def hello(route: str = "4001", mode: Mode = Mode.ATTENDED) -> bytes:
    return frame(FrameType.HELLO, Hello(mode, route, bytes(32)).encode())


def failure(said: bytes) -> FailureCode:
    assert said[-19:-16] == bytes((FrameType.FAILURE, 0, 16))
    return Failure.decode(said[-16:]).code


GARBAGE = {
    "http": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "zeros": bytes(5000),
    "ones": b"\xff" * 5000,
    "a record first": frame(FrameType.RECORD, bytes(100)),
    "a handshake first": frame(FrameType.HANDSHAKE_1, bytes(1264)),
    "a long hello": b"\x01\xff\xff",
    "a hello of zeros": frame(FrameType.HELLO, bytes(96)),
    "two hellos": hello() + hello(),
    "a hello and garbage": hello() + frame(FrameType.HANDSHAKE_1, bytes(1264)),
}


@pytest.mark.parametrize("name", GARBAGE)
async def test_garbage_gets_a_failure_and_nobody_else_notices(name: str) -> None:
    async with HostKit() as kit:
        good = await kit.connect()
        line = kit.dial()
        await line.send(GARBAGE[name])
        assert failure(await answer(line)) in (FailureCode.PROTOCOL, FailureCode.UNKNOWN_ROUTE)
        kit.platform.desktop.draw(Rect(3, 3, 30, 30), 0x998877)
        await kit.same_picture(good)


async def test_a_stranger_who_says_nothing_is_sent_away_in_time() -> None:
    async with HostKit() as kit:
        line = kit.dial()
        await line.send(hello()[:50])
        await until(lambda: kit.agent._calls)
        await kit.clock.advance(9)
        assert not line._incoming.ended
        await kit.clock.advance(1.5)
        assert failure(await answer(line)) is FailureCode.TIMEOUT


async def test_a_mode_that_is_not_offered_is_refused() -> None:
    async with HostKit() as kit:
        line = kit.dial()
        await line.send(frame(FrameType.HELLO, Hello(Mode.UNATTENDED, kit.agent.host_id, bytes(32)).encode()))
        assert failure(await answer(line)) is FailureCode.POLICY


async def test_half_open_strangers_make_room_for_a_good_caller() -> None:
    async with HostKit(max_handshakes=20) as kit:
        lines = [kit.dial() for _ in range(200)]
        await until(lambda: len(kit.agent._strangers) <= 20)
        caller = await kit.connect()
        await kit.same_picture(caller)
        assert failure(await answer(lines[0])) is FailureCode.BUSY
        await kit.clock.advance(10.5)
        await until(lambda: len(kit.agent._calls) == 1)


async def test_callers_beyond_the_limit_are_told_and_burn_no_code() -> None:
    async with HostKit(max_calls=2) as kit:
        first, _ = await kit.connect(), await kit.connect()
        code = kit.code()
        with pytest.raises(ConnectFailed) as caught:
            await kit.connect(code)
        assert caught.value.failure is FailureCode.BUSY
        await first.close()
        await kit.hear(CallerEnded)
        assert (await kit.connect(code)).granted


@pytest.mark.parametrize("how", ["flipped", "repeated", "dropped", "truncated"])
async def test_a_record_that_was_tampered_with_ends_that_session_only(how: str) -> None:
    tamper = False
    kept = b""

    def tap(sender: str, data: bytes) -> bytes:
        nonlocal tamper, kept
        if not tamper or sender != "viewer" or data[0] != FrameType.RECORD:
            return data
        match how:
            case "flipped":
                return data[:-1] + bytes((data[-1] ^ 1,))
            case "repeated":
                return data + data
            case "dropped":
                tamper = False
                return b""
            case _:
                return data[:-5]
        return data

    async with HostKit() as kit:
        victim, other = await kit.connect(to=kit.dial(tap=tap)), await kit.connect()
        await kit.same_picture(victim)
        tamper = True
        victim.key("KeyA", "a", down=True)
        for _ in range(3):
            victim.type("x")
            await until(lambda: victim._session.has_data_to_send() is False or victim.over)
            if victim.over:
                break
        await kit.hear(CallerEnded)
        await victim.closed()
        assert kit.platform.inputs[0].closed
        kit.platform.desktop.draw(Rect(3, 3, 30, 30), 0x998877)
        await kit.same_picture(other)
        other.type("fine")
        await until(lambda: ("text", "fine") in kit.platform.inputs[1].events)


async def test_a_flood_of_input_starves_nobody() -> None:
    async with HostKit() as kit:
        flooder, other = await kit.connect(), await kit.connect()
        await kit.same_picture(other)
        for _ in range(20_000):
            flooder.move(1, 1)
        other.type("still heard")
        await until(lambda: ("text", "still heard") in kit.platform.inputs[1].events)
        assert len(kit.platform.inputs[0].events) < 20_000, "it did not wait for the flood to end"
        await until(lambda: len(kit.platform.inputs[0].events) == 20_000)


async def test_pings_without_end_from_a_caller_who_reads_nothing_are_not_hoarded() -> None:
    async with HostKit() as kit:
        line = kit.dial(capacity=4096)
        caller = await kit.connect(to=line, view=False)
        call = next(iter(kit.agent._calls))
        line._incoming.held = True
        for token in range(30_000):
            caller.send(Channel.CONTROL, Ping(token))
        await until(lambda: not caller._session.has_data_to_send())
        assert call.session.pending(Channel.CONTROL) < 64 << 10
        line.cut()
        await caller.closed()


async def test_refreshes_without_end_cost_one_picture_a_second() -> None:
    async with HostKit() as kit:
        caller = await kit.connect()
        await kit.same_picture(caller)
        for _ in range(500):
            caller.refresh()
        caller.type("x")
        await until(lambda: kit.platform.inputs[0].events)
        assert caller.picture.layout is not None
        before = caller.picture.layout.generation
        await kit.clock.advance(1.0)
        await caller.wait(lambda s: s.picture.layout.generation > before)
        await kit.same_picture(caller)
        assert caller.picture.layout.generation <= 3


async def test_a_caller_who_acknowledges_and_reads_nothing_is_cut() -> None:
    async with HostKit(1024, 768) as kit:
        line = kit.dial(capacity=4096)
        caller = await kit.connect(to=line, view=False)
        await until(lambda: caller.granted)
        caller.want(video=False)
        line._incoming.held = True
        random = np.random.default_rng(3)
        screen = (768, 1024)
        for seq in range(1, 2000):
            if caller.over:
                break
            kit.platform.desktop.draw(Rect(0, 0, 1024, 768), random.integers(0, 2**32, screen, np.uint32))
            caller.send(Channel.SCREEN, Shown(seq, 1, 0))
            await asyncio.sleep(0)
        await kit.hear(CallerCut)


async def test_watch_switched_on_and_off_without_end_leaves_one_timer() -> None:
    async with HostKit() as kit:
        caller = await kit.connect()
        await kit.same_picture(caller)
        for _ in range(500):
            caller.send(Channel.CONTROL, Watch(True))
            caller.send(Channel.CONTROL, Watch(False))
        caller.send(Channel.CONTROL, Watch(True))
        await caller.wait(lambda s: s.stats is not None)
        caller.type("x")
        await until(lambda: kit.platform.inputs[0].events)
        seen = caller.stats
        await kit.clock.advance(1.0)
        await caller.wait(lambda s: s.stats is not seen)
        assert caller.stats is not None
        assert caller.stats.uptime_ms >= 1000


async def test_a_caller_who_floods_before_the_decision_is_sent_away() -> None:
    async with HostKit(ask=True) as kit:
        kit.platform.person.answer = None
        caller, opening = await kit.asking()
        for _ in range(200):
            caller.type("x")
        with pytest.raises(SessionOver):
            await opening
        assert kit.platform.inputs == []
        assert [event.end for event in kit.heard if isinstance(event, CodeClosed)] == [CodeEnd.USED]


async def test_many_wrong_callers_at_once_lock_and_the_host_goes_on() -> None:
    async with HostKit() as kit:
        good = await kit.connect()
        codes = [kit.code() for _ in range(10)]
        sessions = [prepare(kit.dial(), code[:-1] + str((int(code[-1]) + 1) % 10)) for code in codes]
        seen = set()
        for session in sessions:
            with pytest.raises(ConnectFailed) as caught:
                await session.open()
            seen.add(caught.value.failure)
        assert seen == {FailureCode.WRONG_CODE, FailureCode.LOCKED}
        await kit.same_picture(good)


async def test_nothing_is_left_of_a_thousand_bad_connections() -> None:
    async with HostKit() as kit:
        for _ in range(1000):
            line = kit.dial()
            await line.send(GARBAGE["ones"])
            await answer(line)
        await until(lambda: not kit.agent._calls)
        await until(lambda: not len(kit.tasks))
        assert (len(kit.agent._strangers), len(kit.agent._codes._taken)) == (0, 0)
        assert (await kit.connect()).granted
