"""Operations: steps in order, a pause, an end at any point, and never more under way than was meant."""

import asyncio
import itertools
import threading

import pytest
from tests.unit.host.files.port import FakePort

from farhand.files.errors import FilesError
from farhand.host.files import operations
from farhand.host.files.book import Action
from farhand.host.files.operations import MOST, PORTION, QUEUE_HIGH, Operations, Pace
from farhand.protocol.messages.files import Data, Done, Failed, FileFault, Free, Step, Working


def data(number: int, id: int = 1) -> Data:
    return Data(id, False, b"%d" % number)


def counting(count: int, seen: list[str] | None = None):
    """An operation of so many steps; ``seen`` gets how it ended."""

    def work(_: Pace):
        try:
            for number in range(count):
                yield [data(number)]
        except GeneratorExit:
            if seen is not None:
                seen.append("closed")
            raise
        if seen is not None:
            seen.append("whole")
        return [Done(1, b"")]

    return work


def echo(_: Pace):
    """Answers each message of two with what came, then ends."""
    got: list = []
    while len(got) < 2:
        got += yield None
    return [*got, Done(1, b"")]


async def test_steps_are_sent_in_order_and_the_last_messages_last() -> None:
    async with FakePort() as port:
        operations = Operations(port)
        operations.begin(1, counting(50))
        await port.until(lambda: Done(1, b"") in port.sent)
        assert port.sent == [*(data(number) for number in range(50)), Done(1, b"")]
        assert len(operations) == 0, "the number is free before the last message is out"


async def test_one_step_is_made_ahead_and_no_more_while_the_line_is_full() -> None:
    made: list[int] = []
    ahead = threading.Event()

    def work(_: Pace):
        for number in range(10):
            made.append(number)
            if number == 1:
                ahead.set()
            yield [data(number)]
        return ()

    async with FakePort() as port:
        port.open.clear()
        operations = Operations(port)
        operations.begin(1, work)
        await asyncio.get_running_loop().run_in_executor(None, ahead.wait, 10)
        assert made == [0, 1]
        assert port.sent == []
        port.open.set()
        await port.until(lambda: len(port.sent) == 10)


async def test_what_comes_is_handed_to_the_step_that_waits_for_it() -> None:
    async with FakePort() as port:
        operations = Operations(port)
        operations.begin(1, echo)
        operations.give(1, data(1), 1)
        operations.give(1, data(2), 1)
        await port.until(lambda: Done(1, b"") in port.sent)
        assert port.sent == [data(1), data(2), Done(1, b"")]
        operations.give(1, data(3), 1)
        assert port.withheld == []


async def test_a_caller_gets_no_credit_while_much_waits_to_be_worked_on() -> None:
    go = threading.Event()

    def slow(_: Pace):
        got: list = []
        while len(got) < 4:
            got += yield None
            go.wait(10)
        return [Done(1, b"")]

    async with FakePort() as port:
        operations = Operations(port)
        operations.begin(1, slow)
        for number in range(4):
            operations.give(1, data(number), QUEUE_HIGH // 3)
        assert port.withheld == [True]
        go.set()
        await port.until(lambda: Done(1, b"") in port.sent)
        assert port.withheld == [True, False]


async def test_an_operation_that_is_given_up_fails_and_is_closed() -> None:
    seen: list[str] = []
    async with FakePort() as port:
        port.open.clear()
        operations = Operations(port)
        operations.begin(1, counting(10, seen))
        await port.until(lambda: port.waiting)
        operations.stop(1)
        await port.until(lambda: port.sent)
        (answer,) = port.sent
        assert isinstance(answer, Failed)
        assert answer.fault == FileFault.STOPPED
        assert seen == ["closed"]
        operations.stop(1)
        port.open.set()
        operations.begin(1, counting(1))
        await port.until(lambda: Done(1, b"") in port.sent)


async def test_a_long_step_ends_by_its_progress_when_it_is_given_up_and_tells_of_itself(monkeypatch) -> None:
    monkeypatch.setattr("farhand.host.files.operations.TELL_SECONDS", 0.0)

    def work(pace: Pace):
        done = pace.progress(1, Step.READING, 100)
        yield ()
        while True:
            done(7)

    async with FakePort() as port:
        operations = Operations(port)
        operations.begin(1, work)
        await port.until(lambda: port.sent)
        assert port.sent[0] == Working(1, Step.READING, 7, 100)
        operations.stop(1)
        await port.until(lambda: isinstance(port.sent[-1], Failed))
        assert len(operations) == 0


async def test_a_pause_holds_what_is_sent_until_it_goes_on() -> None:
    async with FakePort() as port:
        port.open.clear()
        operations = Operations(port)
        operations.begin(1, counting(10))
        await port.until(lambda: port.waiting)
        operations.hold(1, True)
        port.open.set()
        await port.until(lambda: port.sent)
        operations.begin(2, lambda _: one())
        await port.until(lambda: Free(2, 1, 1) in port.sent)
        assert [message for message in port.sent if isinstance(message, Data)] == [data(0)]
        operations.hold(1, False)
        await port.until(lambda: Done(1, b"") in port.sent)
        operations.hold(1, True)


def one():
    yield ()
    return [Free(2, 1, 1)]


async def test_a_number_that_is_taken_ends_both_and_one_too_many_fails() -> None:
    async with FakePort() as port:
        operations = Operations(port)
        for number in range(MOST):
            operations.begin(number, echo)
        operations.begin(MOST, echo)
        assert [(message.id, message.fault) for message in port.sent] == [(MOST, FileFault.PROTOCOL)]
        operations.begin(3, echo)
        await port.until(lambda: len(port.sent) == 2)
        assert (port.sent[1].id, port.sent[1].fault) == (3, FileFault.PROTOCOL)
        assert len(operations) == MOST - 1
        await operations.close()


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (FilesError(FileFault.EXISTS), FileFault.EXISTS),
        (FileNotFoundError(2, "no such file"), FileFault.NOT_FOUND),
        (ValueError("a bug"), FileFault.SYSTEM),
    ],
)
async def test_a_fault_in_one_operation_touches_no_other(error, fault) -> None:
    def bad(_: Pace):
        yield ()
        raise error

    async with FakePort() as port:
        operations = Operations(port)
        operations.begin(1, echo)
        operations.begin(2, bad)
        await port.until(lambda: port.sent)
        assert [(message.id, message.fault) for message in port.sent] == [(2, fault)]
        assert "a bug" not in port.sent[0].text
        operations.give(1, data(1), 1)
        operations.give(1, data(2), 1)
        await port.until(lambda: Done(1, b"") in port.sent)


async def test_at_the_end_everything_is_closed_and_nothing_said() -> None:
    seen: list[str] = []
    async with FakePort() as port:
        port.open.clear()
        operations = Operations(port)
        operations.begin(1, counting(10, seen))
        operations.begin(2, echo)
        await port.until(lambda: port.waiting)
        await operations.close()
        assert seen == ["closed"]
        assert port.sent == []
        assert len(operations) == 0


async def test_the_last_words_are_one_failure_each() -> None:
    seen: list[str] = []
    async with FakePort() as port:
        port.open.clear()
        operations = Operations(port)
        operations.begin(1, counting(10, seen))
        operations.begin(2, echo)
        await port.until(lambda: port.waiting)
        operations.end_all(FilesError(FileFault.PERMISSION, "taken back"))
        assert [(message.id, message.fault) for message in port.sent] == [
            (1, FileFault.PERMISSION),
            (2, FileFault.PERMISSION),
        ]
        await operations.close()
        assert len(port.sent) == 2
        assert seen == ["closed"]


async def test_the_audit_has_it_before_the_caller_does() -> None:
    def work(pace: Pace):
        pace.notes.append(lambda book: book.note(Action.MADE, b"/a\n"))
        yield ()
        return [Done(1, b"")]

    async with FakePort() as port:
        operations = Operations(port)
        operations.begin(1, work)
        await port.until(lambda: port.sent)
        assert port.entries == [{"action": "make", "path": "/a\\n"}]


async def test_many_operations_share_what_may_be_under_way() -> None:
    async with FakePort() as port:
        operations = Operations(port)
        paces: list[Pace] = []

        def work(pace: Pace):
            paces.append(pace)
            return echo(pace)

        for number in range(MOST):
            operations.begin(number, work)
        assert sum(pace.budget for pace in paces) <= 4 << 20
        for number in range(1, MOST):
            operations.stop(number)
        await port.until(lambda: len(port.sent) == MOST - 1)
        assert paces[0].budget == 512 << 10
        await operations.close()


def test_packing_is_for_lines_that_are_slow_and_full() -> None:
    pace = Pace(lambda _: None)
    pace.waited(512 << 10, 0.0, 1.0)
    assert not pace.pack, "it did not wait"
    pace.waited(512 << 10, 0.5, 0.5)
    assert pace.pack
    for _ in range(50):
        pace.waited(512 << 10, 0.002, 0.004)
    assert not pace.pack, "130 MB/s: the line is not what is slow"


@pytest.mark.parametrize("seen", [True, False])
async def test_files_give_way_to_a_screen_that_is_seen(seen: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A played clock: each look at it is 4 ms of processor time later."""
    rests: list[float] = []
    looks = itertools.count()
    monkeypatch.setattr(operations.time, "process_time", lambda: next(looks) * 0.004)

    class Sleeping:
        def __getattr__(self, name: str) -> object:
            return getattr(asyncio, name)

        async def sleep(self, seconds: float) -> None:
            rests.append(seconds)

    monkeypatch.setattr(operations, "asyncio", Sleeping())
    async with FakePort() as port:
        port.seen = seen
        running = Operations(port)
        running.begin(1, counting(5))
        await port.until(lambda: Done(1, b"") in port.sent)
    assert rests == ([pytest.approx(0.004 * operations.REST)] * len(rests) if seen else [])
    assert bool(rests) is seen


async def test_a_caller_sends_little_at_once_while_the_screen_is_seen() -> None:
    async with FakePort() as port:
        port.seen = True
        operations, paces = Operations(port), []

        def work(pace: Pace):
            paces.append(pace)
            return echo(pace)

        operations.begin(1, work)
        await port.until(lambda: paces)
        assert port.allowed == [], "it has its first credit"
        operations.give(1, data(0), PORTION)
        await port.until(lambda: port.allowed)
        assert (port.allowed, port.withheld) == ([PORTION], [True])
        assert paces[0].budget == PORTION
        operations.give(1, data(1), PORTION)
        await port.until(lambda: Done(1, b"") in port.sent)
        await port.until(lambda: len(operations) == 0)
        assert (port.allowed, port.withheld) == ([PORTION, PORTION], [True, False]), "the next one has all of it"
