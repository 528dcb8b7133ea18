"""Moves bytes between one sans-IO session and its transport until either ends; the same for both ends of a session.

- The writer takes from the session only when the transport has room, so that a keystroke that is queued now passes
  the pictures that are queued already.
- The reader hands each event on within the loop turn in which its bytes arrived.
- Timers: the session's own; and, once ``watch`` is called, a Ping after silence and a cut after long silence.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from farhand.core.tasks import Tasks
from farhand.protocol.errors import SessionEnded
from farhand.protocol.events import Ended, Event, Failed, MessageReceived
from farhand.protocol.messages import Channel
from farhand.protocol.messages.base import Message
from farhand.protocol.messages.control import Ping, Pong
from farhand.transports.base import Transport, TransportClosed

#: The most that one write takes from the session, in bytes, on a fast line and on a slow one.
WRITE_MAX = 256 << 10
WRITE_MIN = 16 << 10
#: On a line that pushes back, one write is about what it carries in this time, in seconds.
WRITE_SECONDS = 0.02
#: Seconds of work on one sender's messages before the rest of the process has a turn.
TURN_SECONDS = 0.005
#: A receive that took longer than this was a wait, in which the rest of the process had its turn.
WAITED_SECONDS = 0.0005
#: Seconds for the last bytes (a failure, a bye) and for the transport's own close.
CLOSE_SECONDS = 2.0
#: While a key or button is down: silence that is asked about, and that is a cut, so that it goes up again soon.
HELD_PING_AFTER = 1.5
HELD_CUT_AFTER = 4.0
#: A sender of bulk goes on when less than this waits, in bytes: what the line takes while the next is made.
ROOM = 1 << 20
#: Pongs wait no deeper than this, in bytes: whoever sends Pings and reads nothing gets no more answers.
CONTROL_MAX = 16 << 10


class Session(Protocol):
    """What the pump needs of HostSession and ViewerSession."""

    def receive_data(self, data: bytes | memoryview, now: float) -> None: ...  # noqa: D102 - protocol/session.py says what these do
    def data_to_send(self, limit: int, now: float) -> bytes | bytearray: ...  # noqa: D102
    def has_data_to_send(self) -> bool: ...  # noqa: D102
    def events(self) -> list[Event]: ...  # noqa: D102
    def send(self, channel: Channel, message: Message) -> None: ...  # noqa: D102
    def pending(self, channel: Channel) -> int: ...  # noqa: D102
    def withhold(self, channel: Channel, on: bool) -> None: ...  # noqa: D102
    def allow(self, channel: Channel, amount: int) -> None: ...  # noqa: D102
    def next_timer(self) -> float | None: ...  # noqa: D102
    def handle_timer(self, now: float) -> None: ...  # noqa: D102


class Pump:
    """One session over one transport. ``handle`` gets every event but the last one, Pings and Pongs."""

    def __init__(
        self,
        session: Session,
        transport: Transport,
        handle: Callable[[Event], Awaitable[None]],
        *,
        ping_after: float = 5.0,
        cut_after: float = 15.0,
    ) -> None:
        self._session = session
        self._transport = transport
        self._handle = handle
        self._relaxed = (ping_after, cut_after)
        self._ping_after, self._cut_after = self._relaxed
        self._loop = asyncio.get_running_loop()
        self._done: asyncio.Future[None] = self._loop.create_future()
        self._wake: asyncio.Future[None] | None = None
        self._rooms: dict[asyncio.Future[None], tuple[Channel, int]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._end: Ended | Failed | None = None
        self._write_limit = WRITE_MAX
        self._watching = False
        self._heard = self._loop.time()
        self._pinged = self._heard
        self._token = 0
        self._ping_sent: float | None = None
        self.rtt: float | None = None
        """The newest round trip in seconds, by Ping and Pong."""

    async def run(self) -> Ended | Failed | None:
        """Move bytes until the end; returns the session's last event, None for a line that was cut.

        Call ``close`` then. Raises what ``handle`` raised.
        """
        async with Tasks("pump", on_failure=self._failed) as tasks:
            try:
                self._heard = self._loop.time()
                self._arm()
                tasks.start(self._write(), "writer")
                tasks.start(self._read(), "reader")
                await self._done
            finally:
                if self._timer is not None:
                    self._timer.cancel()
                await tasks.close()
                for room in self._rooms:
                    if not room.done():
                        room.set_exception(TransportClosed())
        return self._end

    async def close(self) -> None:
        """Close the transport, after ``run``; what has to happen at once on a cut comes between the two."""
        with contextlib.suppress(TimeoutError, TransportClosed):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._transport.close()

    def flush(self) -> None:
        """Have the writer look at the session, after something was queued in it.

        It runs in the loop's next pass, so that what is queued in one go shares records.
        """
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    def send(self, channel: Channel, message: Message) -> None:
        """Queue a message and flush; does nothing once the session is over."""
        with contextlib.suppress(SessionEnded):
            self._session.send(channel, message)
            self.flush()

    def pending(self, channel: Channel) -> int:
        """Bytes of a channel that are queued and that the writer has not taken."""
        return self._session.pending(channel)

    async def room(self, channel: Channel, below: int = ROOM) -> None:
        """Return once less than ``below`` bytes of a channel wait to be sent. Raises TransportClosed at the end."""
        while self._session.pending(channel) >= below:
            if self._done.done():
                raise TransportClosed
            room: asyncio.Future[None] = self._loop.create_future()
            self._rooms[room] = (channel, below)
            try:
                await room
            finally:
                del self._rooms[room]

    def withhold(self, channel: Channel, on: bool) -> None:
        """Let the other end send no more on a channel than it has credit for, or go on."""
        self._session.withhold(channel, on)
        if not on:
            self.flush()

    def allow(self, channel: Channel, amount: int) -> None:
        """Let the other end send so many bytes more on a channel that is withheld."""
        self._session.allow(channel, amount)
        self.flush()

    def ended(self) -> None:
        """Take note that this side called ``bye`` or ``refuse``: the last bytes go out, then the line closes."""
        self._take_end(self._session.events())
        self.flush()

    def cut(self) -> None:
        """Drop the line without a word."""
        if not self._done.done():
            self._done.set_result(None)

    def watch(self) -> None:
        """From now on the other side must be heard of: silence is asked about, and long silence is a cut."""
        self._watching = True
        self._heard = self._pinged = self._loop.time()
        self._arm()

    def hold(self, on: bool) -> None:
        """While ``on``, silence is noticed sooner: the other side holds something down that must not stay down."""
        ping_after, cut_after = self._relaxed
        limits = (min(ping_after, HELD_PING_AFTER), min(cut_after, HELD_CUT_AFTER)) if on else self._relaxed
        if limits != (self._ping_after, self._cut_after):
            self._ping_after, self._cut_after = limits
            self._arm()

    def ping(self) -> None:
        """Measure a round trip; ``rtt`` has it later."""
        self._pinged = self._loop.time()
        if self._session.pending(Channel.CONTROL) < CONTROL_MAX:
            self._token = (self._token + 1) & 0xFFFFFFFF
            self._ping_sent = time.perf_counter()
            self.send(Channel.CONTROL, Ping(self._token))

    async def _read(self) -> None:
        turn = time.perf_counter()
        while True:
            before = time.perf_counter()
            try:
                data = await self._transport.receive()
            except TransportClosed:
                self.cut()
                return
            if time.perf_counter() - before > WAITED_SECONDS:
                turn = time.perf_counter()
            now = self._heard = self._loop.time()
            if self._end is not None:
                continue  # what still comes in is read and forgotten: unread bytes would make TCP drop our last ones
            self._session.receive_data(data, now)
            for event in self._take_end(self._session.events()):
                if self._answered(event):
                    continue
                await self._handle(event)
                if time.perf_counter() - turn > TURN_SECONDS:
                    await asyncio.sleep(0)
                    turn = time.perf_counter()
            self._arm()
            if self._session.has_data_to_send():
                self.flush()

    async def _write(self) -> None:
        while True:
            data = self._session.data_to_send(self._write_limit, self._loop.time())
            if data:
                self._tell_rooms()
                started = time.perf_counter()
                try:
                    await self._transport.send(data)
                except TransportClosed:
                    return  # the reader meets the same end, after the last bytes that did arrive
                self._pace(len(data), time.perf_counter() - started)
            elif self._end is not None:
                self.cut()
                return
            else:
                self._wake = self._loop.create_future()
                await self._wake

    def _tell_rooms(self) -> None:
        for room, (channel, below) in self._rooms.items():
            if self._session.pending(channel) < below and not room.done():
                room.set_result(None)

    def _pace(self, size: int, seconds: float) -> None:
        if seconds > WRITE_SECONDS / 4:
            self._write_limit = max(WRITE_MIN, min(WRITE_MAX, int(size / seconds * WRITE_SECONDS)))
        else:
            self._write_limit = min(WRITE_MAX, self._write_limit * 2)

    def _answered(self, event: Event) -> bool:
        if not isinstance(event, MessageReceived) or event.channel is not Channel.CONTROL:
            return False
        match event.message:
            case Ping(token):
                if self._session.pending(Channel.CONTROL) < CONTROL_MAX:
                    self.send(Channel.CONTROL, Pong(token))
                return True
            case Pong(token):
                if token == self._token and self._ping_sent is not None:
                    self.rtt = time.perf_counter() - self._ping_sent
                    self._ping_sent = None
                return True
        return False

    def _take_end(self, events: Iterable[Event]) -> list[Event]:
        """Keep the last event, if it is there, and return the others."""
        others: list[Event] = []
        for event in events:
            if not isinstance(event, Ended | Failed):
                others.append(event)
            elif self._end is None:
                self._end = event
                self._loop.call_later(CLOSE_SECONDS, self.cut)
                self.flush()
        return others

    def _arm(self) -> None:
        """Set the timer to the next thing that is due."""
        due = [] if self._end is not None else [when for when in (self._session.next_timer(),) if when is not None]
        if self._watching:
            due += [self._heard + self._cut_after, max(self._heard, self._pinged) + self._ping_after]
        if self._timer is not None:
            if due and self._timer.when() <= min(due):
                return  # it fires early, finds nothing due, and is set anew: cheaper than moving it at every byte
            self._timer.cancel()
        self._timer = self._loop.call_at(min(due), self._fire) if due else None

    def _fire(self) -> None:
        self._timer = None
        now = self._loop.time()
        timer = self._session.next_timer()
        if self._end is None and timer is not None and now >= timer:
            self._session.handle_timer(now)
            self._take_end(self._session.events())
            self.flush()
        if self._watching and self._end is None:
            if now - self._heard >= self._cut_after:
                self.cut()
                return
            if now - max(self._heard, self._pinged) >= self._ping_after:
                self.ping()
        if not self._done.done():
            self._arm()

    def _failed(self, _name: str, error: Exception) -> None:
        if not self._done.done():
            self._done.set_exception(error)
