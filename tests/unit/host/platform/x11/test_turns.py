"""Actions in order, some of which wait."""

import asyncio

import pytest

from farhand.host.platform.x11 import turns
from farhand.host.platform.x11.turns import Turns


class Work:
    """Actions that write down when they ran; ``waits`` is how often the next ones ask to wait."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.waits = 0
        self.turns = Turns(lambda: self.turns.go_on())

    def do(self, name: str) -> None:
        def action() -> float:
            if self.waits:
                self.waits -= 1
                return 0.001
            self.done.append(name)
            return 0.0

        self.turns.run(action)

    async def until(self, count: int) -> list[str]:
        async with asyncio.timeout(5):
            while len(self.done) < count:
                await asyncio.sleep(0)
        return self.done


async def test_at_once_when_nothing_waits() -> None:
    work = Work()
    work.do("a")
    assert work.done == ["a"]


async def test_who_waits_holds_up_those_behind() -> None:
    work = Work()
    work.waits = 3
    for name in "abc":
        work.do(name)
    assert work.done == []
    assert await work.until(3) == ["a", "b", "c"]
    work.do("d")
    assert work.done[-1] == "d"


async def test_what_waits_is_bounded_and_can_be_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "MOST", 3)
    work = Work()
    work.waits = 1
    for name in "abcdef":
        work.do(name)
    assert await work.until(3) == ["a", "b", "c"]
    work.waits = 1
    work.do("x")
    work.turns.clear()
    work.do("y")
    assert work.done[-1] == "y"


async def test_an_error_drops_what_waits() -> None:
    work = Work()
    work.waits = 1
    work.do("a")

    def broken() -> float:
        raise ConnectionError

    work.turns.run(broken)
    work.do("c")
    with pytest.raises(ConnectionError):
        work.turns.go_on()
    assert work.done == ["a"]
    work.do("d")
    assert work.done == ["a", "d"]


def test_without_a_loop_what_would_wait_is_dropped() -> None:
    work = Work()
    work.waits = 1
    work.do("a")
    work.do("b")
    assert work.done == ["b"]
