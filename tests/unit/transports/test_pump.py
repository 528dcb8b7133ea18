"""The pump between a session and a line: order, back-pressure, silence, the end. The session is a script."""

import asyncio

import pytest
from tests.loopback.host_kit import Clock, until

from farhand.protocol.errors import ByeCode, SessionEnded
from farhand.protocol.events import Ended, Event, Failed, MessageReceived
from farhand.protocol.messages import Channel
from farhand.protocol.messages.base import Message
from farhand.protocol.messages.clipboard import ClipText
from farhand.protocol.messages.control import Ping, Pong
from farhand.transports import memory
from farhand.transports.base import TransportClosed
from farhand.transports.pump import HELD_CUT_AFTER, HELD_PING_AFTER, WRITE_MAX, WRITE_MIN, Pump

BYE = Ended(True, ByeCode.ENDED, "")


class Script:
    """A session whose bytes are its script: each byte that arrives is the next of ``incoming``; what is queued goes
    out as bytes, control before clipboard."""

    def __init__(self) -> None:
        self.incoming: dict[int, Event] = {}
        self.queued: dict[Channel, list[bytes]] = {Channel.CONTROL: [], Channel.CLIPBOARD: []}
        self.sent: list[Message] = []
        self.limits: list[int] = []
        self.timer: float | None = None
        self.timers_fired: list[float] = []
        self.over = False
        self.withheld: list[tuple[Channel, int]] = []
        self._events: list[Event] = []

    def receive_data(self, data: bytes, now: float) -> None:
        self._events += [self.incoming[byte] for byte in data]

    def events(self) -> list[Event]:
        events, self._events = self._events, []
        return events

    def has_data_to_send(self) -> bool:
        return any(self.queued.values())

    def data_to_send(self, limit: int, now: float) -> bytes:
        self.limits.append(limit)
        data = b""
        for queue in self.queued.values():
            while queue and len(data) < limit:
                data += queue.pop(0)
        return data

    def send(self, channel: Channel, message: Message) -> None:
        if self.over:
            raise SessionEnded("over")
        self.sent.append(message)
        text = message.text if isinstance(message, ClipText) else type(message).__name__
        self.queued[channel].append(text.encode())

    def pending(self, channel: Channel) -> int:
        return sum(map(len, self.queued[channel]))

    def withhold(self, channel: Channel, on: bool) -> None:
        self.withheld.append((channel, on))

    def allow(self, channel: Channel, amount: int) -> None:
        self.withheld.append((channel, amount))

    def next_timer(self) -> float | None:
        return self.timer

    def handle_timer(self, now: float) -> None:
        self.timers_fired.append(now)
        self.timer = None

    def finish(self) -> None:
        self.over = True
        self._events.append(Ended(False, ByeCode.ENDED, ""))


class Rig:
    """A running pump, its script, the far end of its line, and what it handed on."""

    def __init__(self, **line: int) -> None:
        self.clock = Clock(asyncio.get_running_loop())
        self.script = Script()
        self.far, self.near = memory.pair(**line)
        self.handled: list[Event] = []
        self.pump = Pump(self.script, self.near, self.handle)
        self.task = asyncio.ensure_future(self.run())

    async def handle(self, event: Event) -> None:
        self.handled.append(event)

    async def run(self) -> Ended | Failed | None:
        try:
            return await self.pump.run()
        finally:
            await self.pump.close()


async def test_events_are_handed_on_in_order_and_the_last_one_is_returned() -> None:
    rig = Rig()
    first, second = MessageReceived(Channel.CLIPBOARD, ClipText("a")), MessageReceived(Channel.CLIPBOARD, ClipText("b"))
    rig.script.incoming = {1: first, 2: second, 3: BYE}
    await rig.far.send(b"\1\2\3\2")
    assert await rig.task == BYE
    assert rig.handled[:2] == [first, second]
    with pytest.raises(TransportClosed):
        await rig.far.receive()


async def test_an_event_is_handed_on_in_the_turn_in_which_its_bytes_are_received() -> None:
    rig = Rig()
    rig.script.incoming = {1: MessageReceived(Channel.CLIPBOARD, ClipText("a"))}
    await asyncio.sleep(0)
    await rig.far.send(b"\1")
    turns = 0
    while not rig.handled:
        turns += 1
        await asyncio.sleep(0)
    assert turns <= 2, "one to wake the reader, none between reader and handler"
    rig.far.cut()
    assert await rig.task is None


async def test_a_cut_line_returns_none() -> None:
    rig = Rig()
    rig.far.cut()
    assert await rig.task is None


async def test_what_is_urgent_passes_what_waits_when_the_line_is_full() -> None:
    rig = Rig(capacity=4, piece=4)
    await asyncio.sleep(0)
    rig.pump.send(Channel.CLIPBOARD, ClipText("x" * 20))
    await until(lambda: rig.far.buffered == 4)
    rig.pump.send(Channel.CLIPBOARD, ClipText("slow"))
    rig.pump.send(Channel.CONTROL, Ping(1))
    said = b""
    while len(said) < 28:
        said += await rig.far.receive()
    assert said == b"x" * 20 + b"Ping" + b"slow"
    rig.far.cut()
    await rig.task


async def test_what_is_sent_in_one_go_is_written_in_one_go() -> None:
    rig = Rig()
    await asyncio.sleep(0)
    for text in ("a", "b", "c"):
        rig.pump.send(Channel.CLIPBOARD, ClipText(text))
    assert await rig.far.receive() == b"abc"
    rig.far.cut()
    await rig.task


async def test_a_line_that_pushes_back_is_given_less_at_a_time_and_more_again_later() -> None:
    rig = Rig()
    rig.pump._pace(100_000, 1.0)
    assert rig.pump._write_limit == WRITE_MIN
    for _ in range(10):
        rig.pump._pace(100_000, 0.0001)
    assert rig.pump._write_limit == WRITE_MAX
    rig.far.cut()
    await rig.task


async def test_pings_are_answered_and_round_trips_measured() -> None:
    rig = Rig()
    rig.script.incoming = {1: MessageReceived(Channel.CONTROL, Ping(77)), 2: MessageReceived(Channel.CONTROL, Pong(1))}
    await asyncio.sleep(0)
    await rig.far.send(b"\1")
    assert await rig.far.receive() == b"Pong"
    assert rig.script.sent == [Pong(77)]
    rig.pump.ping()
    assert rig.pump.rtt is None
    await rig.far.send(b"\2")
    await until(lambda: rig.pump.rtt is not None)
    assert rig.handled == []
    rig.far.cut()
    await rig.task


async def test_while_something_is_held_silence_is_noticed_sooner() -> None:
    rig = Rig()
    await asyncio.sleep(0)
    rig.pump.watch()
    await rig.clock.advance(3.0)
    assert rig.script.sent == []
    rig.pump.hold(True)
    await rig.clock.advance(0.1)
    assert [type(message) for message in rig.script.sent] == [Ping], "what is overdue by now is made up for"
    rig.pump.hold(False)
    await rig.clock.advance(4.0)
    assert not rig.task.done(), "it was let go in time"
    rig.script.incoming = {1: MessageReceived(Channel.CLIPBOARD, ClipText("a"))}
    await rig.far.send(b"\1")
    await asyncio.sleep(0)
    rig.pump.hold(True)
    await rig.clock.advance(HELD_PING_AFTER + 0.1)
    assert len(rig.script.sent) >= 2
    await rig.clock.advance(HELD_CUT_AFTER - HELD_PING_AFTER)
    assert await rig.task is None


async def test_holding_never_makes_a_patient_line_of_an_impatient_one() -> None:
    rig = Rig()
    rig.pump._relaxed = (0.5, 1.0)
    rig.pump.hold(False)
    rig.pump.watch()
    rig.pump.hold(True)
    await rig.clock.advance(1.1)
    assert await rig.task is None


async def test_silence_is_asked_about_and_then_cut_once_it_is_watched() -> None:
    rig = Rig()
    await asyncio.sleep(0)
    await rig.clock.advance(100)
    assert rig.script.sent == [], "nobody watches yet"
    rig.pump.watch()
    await rig.clock.advance(5.1)
    await rig.clock.advance(5.1)
    assert [type(message) for message in rig.script.sent] == [Ping, Ping]
    assert not rig.task.done()
    await rig.clock.advance(5.1)
    assert await rig.task is None


async def test_whoever_is_heard_is_not_cut() -> None:
    rig = Rig()
    rig.script.incoming = {1: MessageReceived(Channel.CONTROL, Pong(0))}
    await asyncio.sleep(0)
    rig.pump.watch()
    for _ in range(10):
        await rig.clock.advance(4)
        await rig.far.send(b"\1")
        await until(lambda: rig.near.buffered == 0)
        await asyncio.sleep(0)
    assert not rig.task.done()
    assert rig.script.sent == []
    rig.far.cut()
    await rig.task


async def test_the_sessions_timer_is_kept() -> None:
    rig = Rig()
    loop = asyncio.get_running_loop()
    rig.script.timer = due = loop.time() + 30
    await rig.clock.advance(29)
    assert rig.script.timers_fired == []
    await rig.clock.advance(1.5)
    assert rig.script.timers_fired
    assert rig.script.timers_fired[0] >= due
    rig.far.cut()
    await rig.task


async def test_the_last_word_is_written_before_the_line_closes() -> None:
    rig = Rig()
    await asyncio.sleep(0)
    rig.script.queued[Channel.CONTROL].append(b"bye")
    rig.script.finish()
    rig.pump.ended()
    assert await rig.far.receive() == b"bye"
    with pytest.raises(TransportClosed):
        await rig.far.receive()
    assert await rig.task == Ended(False, ByeCode.ENDED, "")
    rig.pump.send(Channel.CONTROL, Ping(1))  # nobody hears it, nobody minds


async def test_whoever_reads_nothing_does_not_hold_up_the_end() -> None:
    rig = Rig(capacity=4)
    await asyncio.sleep(0)
    rig.pump.send(Channel.CLIPBOARD, ClipText("x" * 100))
    rig.script.finish()
    rig.pump.ended()
    await asyncio.sleep(0)
    assert not rig.task.done()
    await rig.clock.advance(2.1)
    assert await rig.task == Ended(False, ByeCode.ENDED, "")


async def test_what_the_handler_raises_ends_the_pump_and_is_raised() -> None:
    rig = Rig()
    rig.script.incoming = {1: MessageReceived(Channel.CLIPBOARD, ClipText("a"))}

    async def handle(_: Event) -> None:
        raise ValueError("a bug")

    rig.pump._handle = handle
    await rig.far.send(b"\1")
    with pytest.raises(ValueError, match="a bug"):
        await rig.task


async def full(rig: Rig) -> asyncio.Task[None]:
    """Have a line be full, a message wait behind it, and somebody wait for it to be gone."""
    await asyncio.sleep(0)
    rig.pump.send(Channel.CLIPBOARD, ClipText("x" * 20))
    await until(lambda: rig.far.buffered == 4)
    rig.pump.send(Channel.CLIPBOARD, ClipText("slow"))
    await rig.pump.room(Channel.CLIPBOARD, 5)
    waiting = asyncio.ensure_future(rig.pump.room(Channel.CLIPBOARD, 4))
    await asyncio.sleep(0)
    assert not waiting.done()
    return waiting


async def test_bulk_waits_for_room() -> None:
    rig = Rig(capacity=4, piece=4)
    waiting = await full(rig)
    said = b""
    while len(said) < 24:
        said += await rig.far.receive()
    await waiting
    rig.far.cut()
    await rig.task


async def test_whoever_waits_for_room_hears_of_the_end() -> None:
    rig = Rig(capacity=4, piece=4)
    waiting = await full(rig)
    rig.far.cut()
    await rig.task
    with pytest.raises(TransportClosed):
        await waiting
    with pytest.raises(TransportClosed):
        await rig.pump.room(Channel.CLIPBOARD, 1)


async def test_credit_is_withheld_by_the_session() -> None:
    rig = Rig()
    rig.pump.withhold(Channel.FILES, True)
    rig.pump.allow(Channel.FILES, 5)
    rig.pump.withhold(Channel.FILES, False)
    assert rig.script.withheld == [(Channel.FILES, True), (Channel.FILES, 5), (Channel.FILES, False)]
    rig.far.cut()
    await rig.task
