"""A session's operations on files: each a generator whose steps run in a thread, and its messages on the event loop.

A step yields messages to send, or None to be given what came meanwhile; what it returns are the last messages. Steps of
one operation never overlap, and between two of them it can be paused or given up: the generator is closed then, and
keeps what is worth keeping. The next step runs while the messages of the one before wait for the line.
"""

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from farhand.core.logging import get_logger
from farhand.files.errors import FilesError
from farhand.host.audit import Value
from farhand.host.files.book import Book
from farhand.protocol import limits
from farhand.protocol.capability import Capability
from farhand.protocol.messages import Channel
from farhand.protocol.messages.base import Message
from farhand.protocol.messages.files import Failed, FileFault, Step, Working
from farhand.transports.base import TransportClosed

T = TypeVar("T")

_log = get_logger(__name__)

#: Operations of one kind at once.
MOST = 64
#: What waits to be worked on, in bytes, before the caller gets no more credit; and when it gets some again.
QUEUE_HIGH = 1 << 20
QUEUE_LOW = 512 << 10
#: Content of one step's messages, in bytes: of few operations, and of all together.
BATCH = 512 << 10
_BATCHES = 2 << 20
_BATCH_LEAST = 64 << 10
#: A piece of content waits so long, in seconds, for others to share a step with it; a message of fewer bytes does not.
_SOON = 0.002
_BULK = 16 << 10
#: A line that carries so many bytes a second is not the bottleneck that packing is for.
_FAST = 40e6
#: Seconds between two words about a step that takes long.
TELL_SECONDS = 0.5
#: While somebody sees the screen: how long files rest for each second of processor time that was taken, the longest
#: rest, and from how much on, in seconds. A picture or a key is felt at some milliseconds, a copy is not.
REST, _REST_MOST, _REST_LEAST = 3.0, 0.1, 0.002
#: Content of one step meanwhile, and what the caller may send for each, in bytes: as much as the largest message, so
#: that one more is whole whenever that much has come.
PORTION = limits.MESSAGE_MAX[Channel.FILES]
#: How much one step's time counts against those before it.
_SMOOTH = 0.2

Work = Generator[Sequence[Message] | None, list[Message], Sequence[Message]]


class Port(Protocol):
    """What operations need of the session (services/base.py says what these do)."""

    @property
    def granted(self) -> frozenset[Capability]: ...  # noqa: D102

    def watched(self) -> bool: ...  # noqa: D102
    def send(self, channel: Channel, message: Message) -> None: ...  # noqa: D102
    async def room(self, channel: Channel) -> None: ...  # noqa: D102
    def withhold(self, channel: Channel, on: bool) -> None: ...  # noqa: D102
    def allow(self, channel: Channel, amount: int) -> None: ...  # noqa: D102
    def work(self, call: Callable[[], T]) -> asyncio.Future[T]: ...  # noqa: D102
    def record(self, kind: str, /, **fields: Value) -> None: ...  # noqa: D102
    def start(self, coroutine: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]: ...  # noqa: D102


class Pace:
    """What an operation's steps know of the line, and how they tell of themselves meanwhile. Safe in any thread."""

    def __init__(self, say: Callable[[Message], None]) -> None:
        self.budget = BATCH
        """Bytes of content that the next step should make."""
        self.pack = False
        """Whether the line is so slow that packing gains time."""
        self.stopped = False
        """Whether the operation was given up while its step runs."""
        self.drop = False
        """Whether what was received is not worth keeping any more."""
        self.notes: deque[Callable[[Book], None]] = deque()
        """What stands in the audit before the next messages are sent."""
        self._say = say
        self._rate = 0.0
        self._told = 0.0

    def progress(self, id: int, step: Step, total: int) -> Callable[[int], None]:
        """What tells the caller how far a long step is; it ends the step, FilesError STOPPED, if that is not wanted."""

        def done(size: int) -> None:
            if self.stopped:
                raise FilesError(FileFault.STOPPED)
            if (now := time.monotonic()) - self._told >= TELL_SECONDS:
                self._told = now
                self._say(Working(id, step, min(size, total), total))

        self._told = time.monotonic()
        return done

    def waited(self, size: int, waited: float, seconds: float) -> None:
        """So many bytes had to wait for the line, in so many seconds since those before."""
        rate = size / seconds if seconds > 0 else _FAST
        self._rate += (rate - self._rate) * (_SMOOTH if self._rate else 1.0)
        self.pack = waited > 0 and self._rate < _FAST


class _End:
    """A step that was the last one."""

    def __init__(self, messages: Sequence[Message]) -> None:
        self.messages = messages


@dataclass(eq=False)
class _Operation:
    id: int
    work: Work
    pace: Pace
    going: asyncio.Event = field(default_factory=asyncio.Event)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    inbox: list[Message] = field(default_factory=list)
    waiting: int = 0
    """Bytes in ``inbox``."""
    held: int = 0
    """Bytes of what began it."""
    given: int = 0
    """Bytes that came for it, in all."""
    task: asyncio.Task[None] | None = None
    soon: asyncio.TimerHandle | None = None
    """What lets the next step begin, though little has come."""
    running: bool = False
    stopped: FilesError | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _shut: bool = False
    _begun: bool = False

    def forget_timer(self) -> None:
        if self.soon is not None:
            self.soon.cancel()
            self.soon = None

    # In a thread.

    def step(self, given: list[Message]) -> Sequence[Message] | _End | None:
        with self._lock:
            if self._shut:
                return _End(())
            try:
                if self._begun:
                    return self.work.send(given)
                self._begun = True
                return next(self.work)
            except StopIteration as end:
                self._shut = True
                return _End(end.value)
            except OSError as error:
                raise FilesError.from_oserror(error) from error

    def shut(self) -> None:
        with self._lock:
            self._shut = True
            self.work.close()


class Operations:
    """The operations of one service. Everything but the steps happens on the event loop."""

    def __init__(self, session: Port) -> None:
        self._session = session
        self._book = Book(session.record)
        self._loop = asyncio.get_running_loop()
        self._all: dict[int, _Operation] = {}
        self._sending = asyncio.Lock()
        self._resting = asyncio.Lock()
        self._worked = time.process_time()
        self._queued = 0
        self._full = False
        self._gentle = False
        self._withheld = False
        self._closed = False

    def __len__(self) -> int:
        return len(self._all)

    def begin(self, id: int, work: Callable[[Pace], Work], size: int = 0) -> None:
        """Begin an operation that holds ``size`` bytes of the caller's.

        One under a number that is taken ends both, and one too many comes to nothing.
        """
        if (taken := self._all.get(id)) is not None:
            self._stop(taken, FilesError(FileFault.PROTOCOL, "two operations have the same number", ""))
            return
        if len(self._all) >= MOST:
            cause = f"more than {MOST} operations at once"
            self._say([failed(id, FilesError(FileFault.PROTOCOL, cause, "wait until one has ended"))])
            return
        pace = Pace(self._tell)
        operation = self._all[id] = _Operation(id, work(pace), pace, held=size)
        self._count(size)
        operation.going.set()
        self._share()
        operation.task = self._session.start(self._run(operation), f"operation {id}")

    def give(self, id: int, message: Message, size: int, *, most: int | None = None) -> None:
        """Hand an operation what came for it, ``size`` bytes; one that is over needs nothing any more.

        With ``most``, what came for all of them is kept as long as they last, and is not to be more than that.
        """
        operation = self._all.get(id)
        if operation is None or operation.stopped is not None:
            return
        operation.given += size
        if most is not None and sum(each.given for each in self._all.values()) > most:
            self._stop(operation, FilesError(FileFault.TOO_LARGE, "more than this host keeps in mind", "send less"))
            return
        operation.inbox.append(message)
        operation.waiting += size
        if size < _BULK or operation.waiting >= BATCH:
            operation.arrived.set()
        elif operation.soon is None:
            operation.soon = self._loop.call_later(_SOON, operation.arrived.set)
        self._count(size)

    def hold(self, id: int, on: bool) -> None:
        """Pause an operation, or go on."""
        if (operation := self._all.get(id)) is not None:
            (operation.going.clear if on else operation.going.set)()

    def stop(self, id: int, *, drop: bool = False) -> None:
        """Give an operation up, and with ``drop`` what it has received."""
        if (operation := self._all.get(id)) is not None:
            operation.pace.drop |= drop
            self._stop(operation, FilesError(FileFault.STOPPED, "given up by the caller", ""))

    def end_all(self, error: FilesError) -> None:
        """Say that each of them failed, and give all of them up."""
        self._closed = True
        for operation in list(self._all.values()):
            self._say([failed(operation.id, error)])
            self._stop(operation, error)

    async def close(self) -> None:
        """Give all of them up and return when nothing of them is open any more."""
        self._closed = True
        tasks = [operation.task for operation in self._all.values() if operation.task is not None]
        for operation in self._all.values():
            operation.pace.stopped = True
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        if self._withheld:
            self._session.withhold(Channel.FILES, False)

    def _stop(self, operation: _Operation, error: FilesError) -> None:
        if operation.stopped is None and operation.task is not None:
            operation.stopped = error
            operation.pace.stopped = True
            if operation.running:  # a task that never ran would not even say that it failed
                operation.task.cancel()

    async def _run(self, operation: _Operation) -> None:
        last: Sequence[Message] = ()
        operation.running = True
        try:
            if operation.stopped is not None:
                raise operation.stopped
            last = await self._drive(operation)
        except asyncio.CancelledError:
            if operation.stopped is None:
                raise
            last = [failed(operation.id, operation.stopped)]
        except FilesError as error:
            last = [failed(operation.id, error)]
        except TransportClosed:
            pass  # nobody is there to be told
        except Exception as error:
            _log.error("an operation on files failed", exc_info=error)
            told = FilesError(FileFault.SYSTEM, "an error in the host; its log has more", "")
            last = [failed(operation.id, told)]
        finally:
            operation.forget_timer()
            # In a thread: its last step may still run there. Shielded: what is open is closed, whatever happens here.
            await asyncio.shield(self._session.work(operation.shut))
            self._note(operation)
            self._all.pop(operation.id, None)
            self._count(-operation.waiting - operation.held)
            self._share()
            self._be_gentle(self._gentle and bool(self._all))
        if not self._closed:
            self._say(last)

    async def _drive(self, operation: _Operation) -> Sequence[Message]:
        pace, since = operation.pace, self._loop.time()
        step = self._step(operation, [], 0)
        while True:
            made = await step
            self._note(operation)
            if isinstance(made, _End):
                return made.messages
            if made is None:
                await operation.arrived.wait()
                await self._give_way()
                step = self._take(operation)
                continue
            await operation.going.wait()
            await self._give_way()
            step = self._step(operation, [], 0)
            if not made:
                continue
            try:
                async with self._sending:
                    before = self._loop.time()
                    await self._session.room(Channel.FILES)
                    now = self._loop.time()
                    self._say(made)
            except BaseException:
                step.cancel()
                raise
            pace.waited(pace.budget, now - before, now - since)
            since = now

    async def _give_way(self) -> None:
        """Rest, in turn, if somebody sees the screen: all that this process did since the last rest began counts."""
        async with self._resting:
            now = time.process_time()
            took = now - self._worked
            if took >= _REST_LEAST:
                self._worked = now
                if self._session.watched():
                    await asyncio.sleep(min(_REST_MOST, took * REST))
        self._be_gentle(self._session.watched())

    def _be_gentle(self, on: bool) -> None:
        """Make and take little at once, so that what else this process does never waits long, or go on as usual."""
        if on != self._gentle:
            self._gentle = on
            self._share()
            self._regulate()
        if on:
            self._session.allow(Channel.FILES, PORTION)

    def _take(self, operation: _Operation) -> "asyncio.Future[Sequence[Message] | _End | None]":
        given, size = operation.inbox, operation.waiting
        operation.inbox, operation.waiting = [], 0
        operation.arrived.clear()
        operation.forget_timer()
        return self._step(operation, given, size)

    def _step(
        self, operation: _Operation, given: list[Message], size: int
    ) -> "asyncio.Future[Sequence[Message] | _End | None]":
        step = self._session.work(lambda: operation.step(given))
        if size:
            step.add_done_callback(lambda _: self._count(-size))
        return step

    def _count(self, size: int) -> None:
        """So many bytes more, or fewer, wait to be worked on."""
        self._queued += size
        if self._queued > QUEUE_HIGH:
            self._full = True
        elif self._queued <= QUEUE_LOW:
            self._full = False
        self._regulate()

    def _regulate(self) -> None:
        withheld = self._full or self._gentle
        if withheld != self._withheld and not self._closed:
            self._withheld = withheld
            self._session.withhold(Channel.FILES, withheld)

    def _note(self, operation: _Operation) -> None:
        while operation.pace.notes:
            operation.pace.notes.popleft()(self._book)

    def _tell(self, message: Message) -> None:
        """Send something from a thread."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: the program ends
            self._loop.call_soon_threadsafe(self._session.send, Channel.FILES, message)

    def _share(self) -> None:
        for operation in self._all.values():
            most = PORTION if self._gentle else BATCH
            operation.pace.budget = max(_BATCH_LEAST, min(most, _BATCHES // len(self._all)))

    def _say(self, messages: Sequence[Message]) -> None:
        for message in messages:
            self._session.send(Channel.FILES, message)


def taken_away(session: Port, right: Capability) -> FilesError:
    """Why a service ends while the session goes on."""
    if right in session.granted:
        return FilesError(FileFault.STOPPED, "the session is paused", "try again when it goes on: nothing is lost")
    return FilesError(FileFault.PERMISSION, f"the right to {right} is gone", "ask for it again: nothing is lost")


def failed(id: int, error: FilesError) -> Failed:
    """Say that an operation came to nothing, and why."""
    return Failed(id, error.fault, error.said)
