"""What runs on a session's files channel: a number for each operation, and the host's answers to the one they are for.

A host that sends answers to nothing, or more than was asked for, changes nothing: they are dropped.
"""

import asyncio
from collections import deque
from collections.abc import Collection
from typing import Protocol

from farhand.client.errors import SessionOver
from farhand.client.files_errors import refused
from farhand.files.names import display
from farhand.protocol.capability import Capability
from farhand.protocol.messages.base import Message
from farhand.protocol.messages.files import Bundle, Data, Failed, StopReading, StopWriting

#: Content that waits for this end's disk: above the first the host gets no more credit, below the second it does.
QUEUE_HIGH, QUEUE_LOW = 1 << 20, 512 << 10
#: Content that is worth a worker thread's turn, in bytes, and how long a piece waits for others, in seconds.
_BATCH, _SOON = 512 << 10, 0.002
#: A message of less content waits for no others.
_BULK = 16 << 10


class Port(Protocol):
    """What files need of a session."""

    @property
    def granted(self) -> Collection[Capability]: ...  # noqa: D102
    @property
    def host_id(self) -> bytes: ...  # noqa: D102 - always the same for one host
    def send(self, message: Message) -> None: ...  # noqa: D102 - raises SessionOver
    async def room(self) -> None: ...  # noqa: D102 - returns once little waits to be sent
    def withhold(self, on: bool) -> None: ...  # noqa: D102 - no more credit for what the host sends


class Operation:
    """One of them; use it as a context manager, which gives the number back."""

    def __init__(self, owner: "Operations", number: int, path: bytes = b"") -> None:
        self.id = number
        self._path = path
        self._owner = owner
        self._answers: deque[Message] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._held = 0
        self._ripe = False
        self._soon: asyncio.TimerHandle | None = None
        self._ended = False

    @property
    def name(self) -> str:
        """The file that it is about, for people."""
        return self._owner.called(self._path)

    def __enter__(self) -> "Operation":
        return self

    def __exit__(self, *_: object) -> None:
        self._forget_timer()
        self._owner.close(self, self._held)

    def send(self, message: Message) -> None:
        """Raises SessionOver."""
        self._owner.port.send(message)

    async def room(self) -> None:
        """Return once more may be queued. Raises SessionOver."""
        await self._owner.port.room()
        self._owner.check()

    def stop(self, message: StopReading | StopWriting) -> None:
        """Give it up, unless its last answer has come, or the session is over."""
        if not self._ended and self._owner.over is None:
            self._owner.port.send(message)

    def has_answers(self) -> bool:
        """Whether ``next`` would return, or raise, at once."""
        return bool(self._answers) or self._owner.over is not None

    async def next(self) -> Message:
        """The next answer. Raises FilesError if it is Failed, SessionOver."""
        while not self._answers:
            await self._wait()
        message = self._answers.popleft()
        if isinstance(message, Failed):
            self._ended = True
            raise refused(message.fault, message.text, self.name)
        return message

    async def batch(self) -> list[Message]:
        """All answers that have come, at least one; a Failed is raised by itself. Say ``taken`` afterwards.

        Content waits a moment for what comes right behind it: each turn of a worker thread has its price.
        """
        while not self._ripe:
            await self._wait()
        found = [await self.next()]
        while self._answers and not isinstance(self._answers[0], Failed):
            found.append(self._answers.popleft())
        self._ripe = bool(self._answers)
        self._forget_timer()
        return found

    def taken(self, messages: list[Message]) -> None:
        """What these hold has left memory."""
        size = sum(map(weight, messages))
        self._held -= size
        self._owner.release(size)

    def last(self) -> None:
        """Its last answer has come: nothing is left to stop."""
        self._ended = True

    def take(self, message: Message) -> None:
        """An answer arrives."""
        self._answers.append(message)
        if size := weight(message):
            self._held += size
            self._owner.hold(size)
        if size < _BULK or self._held >= _BATCH:
            self._ripen()
        elif self._soon is None:
            self._soon = asyncio.get_running_loop().call_later(_SOON, self._ripen)
        self.wake()

    def _ripen(self) -> None:
        self._ripe = True
        self.wake()

    async def _wait(self) -> None:
        self._owner.check()
        self._waiter = asyncio.get_running_loop().create_future()
        await self._waiter

    def _forget_timer(self) -> None:
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None

    def wake(self) -> None:
        """Have whoever waits look again."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Operations:
    """All that run on one session."""

    def __init__(self, port: Port) -> None:
        self.port = port
        self.over: SessionOver | None = None
        self.label = ""
        """What the host is called by whoever asked for it; empty: paths alone say which file is meant."""
        self._number = 0
        self._running: dict[int, Operation] = {}
        self._queued = 0
        self._withheld = False

    def called(self, path: bytes) -> str:
        """What a file of the host is called, for people."""
        return f"{self.label}:{display(path)}" if self.label else display(path)

    def open(self, path: bytes = b"") -> Operation:
        """A new operation, about the file of this name. Raises SessionOver."""
        self.check()
        self._number = self._number % 0xFFFFFFFF + 1
        operation = self._running[self._number] = Operation(self, self._number, path)
        return operation

    def take(self, message: Message) -> None:
        """A message of the host on the channel."""
        number: int = getattr(message, "id", 0)
        operation = self._running.get(number)
        if operation is not None:
            operation.take(message)

    def end(self, error: SessionOver) -> None:
        """The session is over."""
        self.over = error
        for operation in self._running.values():
            operation.wake()

    def check(self) -> None:
        """Raises SessionOver."""
        if self.over is not None:
            raise SessionOver(self.over.end)

    def close(self, operation: Operation, held: int) -> None:
        """Its number is free, and what waited for it is dropped."""
        self._running.pop(operation.id, None)
        self.release(held)

    def hold(self, size: int) -> None:
        """So much more content waits."""
        self._queued += size
        if self._queued > QUEUE_HIGH and not self._withheld:
            self._withheld = True
            self.port.withhold(True)

    def release(self, size: int) -> None:
        """So much less waits."""
        self._queued -= size
        if self._withheld and self._queued < QUEUE_LOW:
            self._withheld = False
            self.port.withhold(False)


def weight(message: Message) -> int:
    """Bytes of content in a message."""
    match message:
        case Data(data=data):
            return len(data)
        case Bundle(files=files):
            return sum(len(one.data) for one in files)
    return 0
