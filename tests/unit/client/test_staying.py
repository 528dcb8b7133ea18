"""A line that is taken up again, on a clock of its own."""

from typing import Any

import pytest

from farhand.client.errors import ConnectFailed, SessionOver
from farhand.client.staying import PAUSES, LineLost, StayingLine
from farhand.protocol.errors import ByeCode, FailureCode
from farhand.protocol.events import Ended
from farhand.transports.base import Unreachable


class Fake:
    """Stands for a session: its files, and how it ended."""

    def __init__(self, end: Any = None) -> None:
        self.files = object()
        self.end = end


class Ways:
    """Answers to attempts, in order: an error, or a session."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.now = 0.0
        self.tried: list[str] = []

    def clock(self) -> float:
        return self.now

    async def pause(self, seconds: float) -> None:
        self.now += seconds

    async def rejoin(self, _session: Any) -> Any:
        return self._answer("rejoin")

    async def anew(self) -> Any:
        return self._answer("anew")

    def _answer(self, how: str) -> Any:
        self.tried.append(how)
        answer = self.answers.pop(0) if self.answers else Unreachable("no way")
        if isinstance(answer, Exception):
            raise answer
        return answer


def line(session: Fake, ways: Ways, *, anew: bool = True, seconds: float = 60) -> StayingLine:
    made: Any = StayingLine(
        session,  # type: ignore[arg-type]  # as far as a line looks at one
        ways.rejoin,
        ways.anew if anew else None,
        seconds=seconds,
        clock=ways.clock,
        pause=ways.pause,
    )
    return made


CUT = SessionOver(None)
REFUSED = ConnectFailed(FailureCode.REJOIN_REFUSED)


async def test_a_cut_line_is_tried_again_until_it_is_found() -> None:
    old, new = Fake(), Fake()
    ways = Ways(Unreachable("down"), ConnectFailed(FailureCode.HOST_GONE), new)
    found = line(old, ways)
    await found.again(old.files, CUT)
    assert found.files is new.files
    assert (ways.tried, found.cuts, ways.now) == (["rejoin"] * 3, 1, PAUSES[0] + PAUSES[1])


async def test_a_host_that_was_started_anew_gets_a_new_session() -> None:
    old, new = Fake(), Fake()
    ways = Ways(Unreachable("down"), REFUSED, new)
    found = line(old, ways)
    await found.again(old.files, CUT)
    assert (found.files, ways.tried) == (new.files, ["rejoin", "rejoin", "anew"])


async def test_a_host_that_says_it_shuts_down_is_waited_for() -> None:
    old, new = Fake(Ended(True, ByeCode.SHUTDOWN, "")), Fake()
    ways = Ways(Unreachable("down"), new)
    await line(old, ways).again(old.files, SessionOver(old.end))
    assert ways.tried == ["anew", "anew"]


async def test_a_code_lets_in_once() -> None:
    old = Fake()
    with pytest.raises(ConnectFailed):
        await line(old, Ways(REFUSED), anew=False).again(old.files, CUT)


@pytest.mark.parametrize("code", [ByeCode.ENDED, ByeCode.RIGHTS, ByeCode.REVOKED, ByeCode.EXPIRED, ByeCode.PROTOCOL])
async def test_an_end_that_was_meant_is_one(code: ByeCode) -> None:
    old, ways = Fake(Ended(True, code, "")), Ways()
    with pytest.raises(SessionOver):
        await line(old, ways).again(old.files, SessionOver(old.end))
    assert ways.tried == []


async def test_it_is_given_up_in_time_with_what_to_do() -> None:
    old, ways = Fake(), Ways()
    with pytest.raises(LineLost, match=r"within 10 s \(no way\).*copy again"):
        await line(old, ways, seconds=10).again(old.files, CUT)
    assert ways.now <= 10
    with pytest.raises(SessionOver):
        await line(old, Ways(Fake()), seconds=0).again(old.files, CUT)


async def test_whoever_comes_late_finds_it_done() -> None:
    old, new = Fake(), Fake()
    ways = Ways(new)
    found = line(old, ways)
    await found.again(old.files, CUT)
    await found.again(old.files, CUT)
    assert ways.tried == ["rejoin"]
