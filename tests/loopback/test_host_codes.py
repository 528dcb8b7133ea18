"""One-time codes and the lock, on both sides."""

import pytest
from tests.loopback.host_kit import HostKit, until

from farhand.client import ConnectFailed
from farhand.host.codes import CodesLocked
from farhand.host.events import CodeClosed, CodeEnd, Locked, Unlocked
from farhand.protocol.errors import FailureCode


def wrong(code: str) -> str:
    return code[:-1] + str((int(code[-1]) + 1) % 10)


async def fails(kit: HostKit, code: str) -> ConnectFailed:
    with pytest.raises(ConnectFailed) as caught:
        await kit.connect(code)
    return caught.value


async def test_a_wrong_code_is_refused_and_burnt() -> None:
    async with HostKit() as kit:
        code = kit.code()
        assert (await fails(kit, wrong(code))).failure is FailureCode.WRONG_CODE
        assert (await kit.hear(CodeClosed)).end is CodeEnd.BURNT
        assert (await fails(kit, code)).failure is FailureCode.UNKNOWN_ROUTE, "the right one is dead as well"
        assert (await kit.connect()).granted


async def test_a_used_code_is_dead() -> None:
    async with HostKit() as kit:
        code = kit.code()
        await kit.connect(code)
        assert (await fails(kit, code)).failure is FailureCode.UNKNOWN_ROUTE


async def test_an_expired_code_is_dead_and_the_owner_hears_of_it() -> None:
    async with HostKit(codes={"life_seconds": 60}) as kit:
        code = kit.code()
        await kit.clock.advance(61)
        assert kit.heard == [CodeClosed("4001", CodeEnd.EXPIRED)]
        assert (await fails(kit, code)).failure is FailureCode.UNKNOWN_ROUTE


async def test_a_withdrawn_code_is_dead_without_a_word() -> None:
    async with HostKit(codes={"life_seconds": 60}) as kit:
        code = kit.code()
        kit.agent.withdraw_code("4001")
        assert (await fails(kit, code)).failure is FailureCode.UNKNOWN_ROUTE
        await kit.clock.advance(61)
        assert kit.heard == []


async def test_three_burnt_codes_lock_and_both_sides_are_told() -> None:
    async with HostKit() as kit:
        waiting = kit.code()
        told = [await fails(kit, wrong(kit.code())) for _ in range(3)]
        assert [(each.failure, each.retry) for each in told] == [
            (FailureCode.WRONG_CODE, 0),
            (FailureCode.WRONG_CODE, 0),
            (FailureCode.WRONG_CODE, 300),
        ]
        assert await kit.hear(Locked) == Locked(300)
        assert CodeClosed("4001", CodeEnd.LOCKED) in kit.heard
        locked = await fails(kit, waiting)
        assert locked.failure is FailureCode.LOCKED
        assert 298 <= locked.retry <= 300
        assert str(locked.retry) in str(locked)
        with pytest.raises(CodesLocked):
            kit.code()
        assert kit.agent.locked() == locked.retry
        await kit.clock.advance(300.5)
        assert await kit.hear(Unlocked) == Unlocked()
        assert (await kit.connect()).granted


async def test_a_second_lock_lasts_twice_as_long() -> None:
    async with HostKit() as kit:
        for lock in (1, 2):
            for _ in range(3):
                await fails(kit, wrong(kit.code()))
            assert (await kit.hear(Locked, lock)).seconds == 300 * lock
            await kit.clock.advance(300 * lock + 1)


async def test_who_is_attached_or_was_cut_is_not_locked_out() -> None:
    async with HostKit() as kit:
        attached = await kit.connect()
        cut_line = kit.dial()
        cut = await kit.connect(to=cut_line)
        cut_line.cut()
        await cut.closed()
        for _ in range(3):
            await fails(kit, wrong(kit.code()))
        await kit.hear(Locked)
        kit.sessions.append(again := await cut.rejoin(kit.dial()))
        await kit.same_picture(again)
        await kit.same_picture(attached)


async def test_a_caller_who_hangs_up_after_taking_a_code_kills_it_and_locks_nothing() -> None:
    async with HostKit() as kit:
        for count in range(1, 5):
            code = kit.code()
            line = kit.dial(tap=lambda sender, data: b"" if sender == "viewer" and data[0] == 0x13 else data)
            attempt = kit.tasks.start(kit.connect(code, to=line), "attempt")
            await until(lambda: not kit.agent._codes._codes.open(0))
            line.cut()
            with pytest.raises(Exception, match="cut"):
                await attempt
            assert (await kit.hear(CodeClosed, 2 * count - 1)).end is CodeEnd.ABANDONED
            assert (await fails(kit, code)).failure is FailureCode.UNKNOWN_ROUTE
            assert (await kit.connect()).granted
            await kit.hear(CodeClosed, 2 * count)
