"""The screen's thread: waits for damage, composes, and sends at the viewer's pace.

One thread a session, with a display connection of its own, because grabbing and encoding would hold up the event
loop, and both release the interpreter's lock. Everything that comes in from the session is put in a queue and wakes
the thread.
"""

import contextlib
import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from farhand.host.platform.base import OutOfDate, ScreenSource
from farhand.host.screen.composer import Composer
from farhand.host.screen.pace import Pacer
from farhand.host.screen.video import EncoderFailed
from farhand.protocol.messages import Channel
from farhand.protocol.messages.base import Message
from farhand.protocol.messages.control import Notice, NoticeCode
from farhand.protocol.messages.cursor import Hidden, Shape
from farhand.protocol.messages.screen import Layout, Operation, Quality, Refresh, Shown, Tiles, Update, VideoFrame, Want

#: A source that cannot tell of changes is looked at this often (seconds).
POLL_SECONDS = 1 / 30
#: An update's operations are divided among messages of about this many bytes.
MESSAGE_BYTES = 4 << 20

Outgoing = Sequence[tuple[Channel, Message]]


class Counters:
    """What the picture has cost so far; read from another thread, so only ever replaced whole."""

    __slots__ = ("encode", "frames", "grab", "in_flight", "queue", "round_trip", "video_kbit")

    def __init__(self) -> None:
        self.frames = 0
        self.grab = self.encode = self.queue = self.round_trip = 0.0
        self.in_flight = self.video_kbit = 0


class ScreenPump:
    """Pictures of one source for one viewer.

    ``emit`` and ``fail`` are called from the pump's thread; ``fail`` once, after which the pump has ended by itself.
    ``input_seq`` gives the newest injected input's number.
    """

    def __init__(
        self,
        open_source: Callable[[], ScreenSource],
        emit: Callable[[Outgoing], None],
        fail: Callable[[Exception], None],
        input_seq: Callable[[], int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_source, self._emit, self._fail = open_source, emit, fail
        self._input_seq, self._clock = input_seq, clock
        self._inbox: deque[tuple[float, Shown | Want | Refresh | None]] = deque()
        self._blocked = False
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self._thread = threading.Thread(target=self._guarded, name="screen", daemon=True)
        self._want = Want(Quality.AUTOMATIC, [], False, 60)
        self._generation = 0
        self._seq = 0
        self._counters = Counters()

    def start(self) -> None:
        """Begin; nothing is sent before the first Want that says visible."""
        self._thread.start()

    def shown(self, shown: Shown) -> None:
        """The viewer has shown an update."""
        self._inbox.append((self._clock(), shown))
        if self._blocked:  # otherwise the next damage is early enough, and waking a thread is not cheap
            self._wake()

    def want(self, want: Want) -> None:
        """The viewer's wishes changed."""
        self._put(want)

    def refresh(self) -> None:
        """Send everything anew."""
        self._put(Refresh())

    def stop(self) -> None:
        """End the thread and wait for it; safe to call twice."""
        self._put(None)
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()

    @property
    def counters(self) -> Counters:
        """What it has cost."""
        return self._counters

    def _put(self, item: Shown | Want | Refresh | None) -> None:
        self._inbox.append((self._clock(), item))
        self._wake()

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # a full pipe wakes as well; a closed one belongs to an ended thread
            os.write(self._wake_write, b"!")

    def _guarded(self) -> None:
        source: ScreenSource | None = None
        failure: Exception | None = None
        try:
            source = self._open_source()
            self._run(source)
        except Exception as error:
            failure = error
        finally:
            if source is not None:
                source.close()
            read, write = self._wake_read, self._wake_write
            self._wake_write = -1
            os.close(read)
            os.close(write)
        if failure is not None:
            self._fail(failure)

    def _run(self, source: ScreenSource) -> None:
        now = self._clock()
        pacer = Pacer(60, now)
        composer = self._lay_out(source)
        waiter = select.poll()
        waiter.register(self._wake_read, select.POLLIN)
        if source.fileno() >= 0:
            waiter.register(source.fileno(), select.POLLIN)
        timeout: float | None = 0.0
        while True:
            waiter.poll(None if timeout is None else max(0, int(timeout * 1000 + 0.999)))
            self._blocked = False
            again = self._read_inbox(pacer, composer)
            if again is None:
                return
            if source.poll():
                composer.add(source.damage())
            if again or source.resized():
                composer = self._lay_out(source)
                pacer.forget()
            if shape := source.cursor():
                self._emit([(Channel.CURSOR, Shape(*shape) if shape.rgba else Hidden())])
            timeout = self._step(source, composer, pacer)
            if source.fileno() < 0:
                timeout = POLL_SECONDS if timeout is None else min(timeout, POLL_SECONDS)

    def _lay_out(self, source: ScreenSource) -> Composer:
        self._generation += 1
        layout = Layout(self._generation, source.width, source.height, list(source.monitors))
        self._emit([(Channel.SCREEN, layout)])
        return Composer(source.width, source.height, self._video_wanted())

    def _video_wanted(self) -> bool:
        return self._want.quality is not Quality.SHARP and any(c.startswith("avc1.") for c in self._want.codecs)

    def _read_inbox(self, pacer: Pacer, composer: Composer) -> bool | None:
        """Whether everything must be sent anew; None: stop."""
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake_read, 4096)
        again = False
        while self._inbox:
            at, item = self._inbox.popleft()
            match item:
                case None:
                    return None
                case Shown(seq=seq, took_us=took):
                    pacer.shown(seq, took / 1e6, at)
                case Want() as want:
                    self._want = want
                    pacer.refresh(want.refresh_hz)
                    if composer.video_allowed and not self._video_wanted():
                        self._send(composer.without_video(), composer, pacer, False)
                    composer.video_allowed = self._video_wanted()
                case Refresh():
                    again = True
        return again

    def _step(self, source: ScreenSource, composer: Composer, pacer: Pacer) -> float | None:
        """Send one update if one is due; seconds until the next look, None: until something happens."""
        now = self._clock()
        if not self._want.visible:
            return None
        rest = composer.next_timer()
        due = rest is not None and rest <= now
        if not composer.waiting and not due:
            return None if rest is None else rest - now
        wait = pacer.ready_in(now)
        if wait is None:
            self._blocked = True
            return 0.0 if self._inbox else None  # what came before the flag was set woke nobody
        if wait > 0:
            return wait
        input_seq = self._input_seq()
        try:
            composition = composer.compose(source, now, pacer.video_kbit, pacer.line_kbit())
        except EncoderFailed as error:
            self._send(composer.without_video(), composer, pacer, False)
            self._emit([(Channel.CONTROL, Notice(NoticeCode.ENCODER_FAILED, str(error)))])
            return 0.0
        except OutOfDate:
            return 0.0
        if source.poll():  # what came while replies were awaited wakes no selector
            composer.add(source.damage())
        if composition.operations:
            took = (self._clock() - now, composer.grabbing)
            self._send(composition.operations, composer, pacer, composition.exact, input_seq, took)
        return 0.0 if composer.waiting else self._until(composer)

    def _until(self, composer: Composer) -> float | None:
        rest = composer.next_timer()
        return None if rest is None else max(0.0, rest - self._clock())

    def _send(
        self,
        operations: list[Operation],
        composer: Composer,
        pacer: Pacer,
        exact: bool,
        input_seq: int = 0,
        took: tuple[float, float] | None = None,
    ) -> None:
        """Emit one picture; it is in the counters before anybody can have seen it."""
        groups = list(_messages(operations))
        outgoing: list[tuple[Channel, Message]] = []
        now = self._clock()
        for index, (group, size) in enumerate(groups):
            self._seq += 1
            last = index == len(groups) - 1
            update = Update(self._seq, self._generation, input_seq if last else 0, exact and last, group)
            outgoing.append((Channel.SCREEN, update))
            pacer.sent(self._seq, size, now)
        if took is not None:
            self._count(pacer, *took)
        if outgoing:
            self._emit(outgoing)

    def _count(self, pacer: Pacer, took: float, grabbing: float) -> None:
        counters = Counters()
        counters.frames = self._counters.frames + 1
        counters.grab = 0.9 * self._counters.grab + 0.1 * grabbing
        counters.encode = 0.9 * self._counters.encode + 0.1 * (took - grabbing)
        counters.queue, counters.round_trip = pacer.queue_seconds, pacer.round_trip
        counters.in_flight, counters.video_kbit = pacer.in_flight, pacer.video_kbit
        self._counters = counters


def _messages(operations: list[Operation]) -> list[tuple[list[Operation], int]]:
    """Operations in order, in groups of about MESSAGE_BYTES, with each group's size."""
    groups: list[tuple[list[Operation], int]] = []
    group: list[Operation] = []
    size = 0
    for operation in operations:
        cost = 64 + (len(operation.data) if isinstance(operation, Tiles | VideoFrame) else 0)
        if group and size + cost > MESSAGE_BYTES:
            groups.append((group, size))
            group, size = [], 0
        group.append(operation)
        size += cost
    if group:
        groups.append((group, size))
    return groups
