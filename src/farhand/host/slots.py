"""One capability's place in a session: a service that runs, or the next attempt at one."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol, TypeVar

from farhand.core.logging import get_logger
from farhand.core.tasks import Tasks
from farhand.host.audit import Value
from farhand.host.files.opened import OpenedFolders
from farhand.host.platform.base import Platform
from farhand.host.recovery import Recovery
from farhand.host.services.base import Service, ServiceFactory
from farhand.protocol.capability import Capabilities, Capability
from farhand.protocol.messages import Channel
from farhand.protocol.messages.base import Message
from farhand.protocol.messages.control import NoticeCode
from farhand.protocol.messages.screen import Want

T = TypeVar("T")

_log = get_logger(__name__)

#: Seconds that a service may take to give everything back.
CLOSE_SECONDS = 5.0
#: Seconds beyond which a message's work is worth a line in the log.
_SLOW_SECONDS = 0.1


class Holder(Protocol):
    """What slots need of the session that holds them."""

    platform: Platform
    files: OpenedFolders
    caller: bytes
    about: Mapping[str, str]
    watched: Callable[[], bool]
    granted: Capabilities
    want: Want | None
    input_seq: int

    def send(self, channel: Channel, message: Message) -> None:
        """Queue a message for the caller."""
        ...

    async def room(self, channel: Channel) -> None:
        """Wait for room to queue more of a channel's bulk."""
        ...

    def withhold(self, channel: Channel, on: bool) -> None:
        """Take no more of a channel, or go on."""
        ...

    def allow(self, channel: Channel, amount: int) -> None:
        """Take so many bytes more of a channel that is withheld."""
        ...

    def work(self, call: Callable[[], T]) -> asyncio.Future[T]:
        """Do it in one of the session's threads."""
        ...

    def record(self, kind: str, /, **fields: Value) -> None:
        """Write down what the caller did."""
        ...

    def flush(self) -> None:
        """Wake the writer."""
        ...

    def notice(self, code: NoticeCode, text: str = "") -> None:
        """Tell the caller of trouble."""
        ...

    def fault(self, capability: Capability, error: Exception, delay: float | None) -> None:
        """Hear of a service's fault, and when it is tried again (None: never)."""
        ...

    def works(self, capability: Capability) -> None:
        """Hear that a service works."""
        ...

    def waits(self, capability: Capability) -> bool:
        """Whether this service is not to be started now."""
        ...


class Port:
    """What one service sees of the session (SessionPort); of no effect once another has taken its place."""

    def __init__(self, holder: Holder, slot: "Slot") -> None:
        self._holder = holder
        self._slot = slot
        self.service: Service | None = None
        self._say: Callable[[], None] = lambda: None
        self._rights: Callable[[], None] = lambda: None
        self.tasks = Tasks(f"service {slot.capability}", on_failure=lambda _, error: self.fail(error))

    @property
    def platform(self) -> Platform:
        """The computer that is reached."""
        return self._holder.platform

    @property
    def files(self) -> OpenedFolders:
        """The folders that the owner has opened."""
        return self._holder.files

    @property
    def caller(self) -> bytes:
        """What tells this caller's things from another's."""
        return self._holder.caller

    @property
    def about(self) -> Mapping[str, str]:
        """Who the caller is."""
        return self._holder.about

    def watched(self) -> bool:
        """Whether somebody sees the screen now."""
        return self._holder.watched()

    @property
    def granted(self) -> Capabilities:
        """The capabilities that hold now."""
        return self._holder.granted

    @property
    def input_seq(self) -> int:
        """The newest input injected."""
        return self._holder.input_seq

    @input_seq.setter
    def input_seq(self, seq: int) -> None:
        self._holder.input_seq = seq

    def send(self, channel: Channel, message: Message) -> None:
        """Queue a message and wake the writer."""
        if self._slot.port is self:
            self._holder.send(channel, message)

    async def room(self, channel: Channel) -> None:
        """Wait for room to queue more of a channel's bulk. Raises TransportClosed at the end."""
        await self._holder.room(channel)

    def withhold(self, channel: Channel, on: bool) -> None:
        """Take no more of a channel, or go on."""
        self._holder.withhold(channel, on)

    def allow(self, channel: Channel, amount: int) -> None:
        """Take so many bytes more of a channel that is withheld."""
        self._holder.allow(channel, amount)

    def work(self, call: Callable[[], T]) -> asyncio.Future[T]:
        """Do it in one of the session's threads."""
        return self._holder.work(call)

    def record(self, kind: str, /, **fields: Value) -> None:
        """Write down what the caller did."""
        self._holder.record(kind, **fields)

    def last_words(self, say: Callable[[], None]) -> None:
        """Have this called when the service is about to end."""
        self._say = say

    def on_rights(self, changed: Callable[[], None]) -> None:
        """Have this called when the rights have changed."""
        self._rights = changed

    def rights(self) -> None:
        """The rights have changed."""
        try:
            self._rights()
        except Exception as error:
            self.fail(error)

    def leave(self) -> None:
        """The service is about to be put away."""
        say, self._say = self._say, lambda: None
        try:
            say()
        except Exception as error:
            _log.warning("service without last words", service=self._slot.capability.value, why=repr(error))

    def flush(self) -> None:
        """Write what is queued."""
        self._holder.flush()

    def notice(self, code: NoticeCode, text: str = "") -> None:
        """Tell the caller of trouble."""
        if self._slot.port is self:
            self._holder.notice(code, text)

    def alive(self) -> None:
        """Say that the service works."""
        if self._slot.port is self:
            self._slot.alive()

    def fail(self, error: Exception) -> None:
        """Report a fault."""
        if self._slot.port is self:
            self._slot.fault(error)

    def start(self, coroutine: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Run something beside ``handle``."""
        return self.tasks.start(coroutine, name)

    async def close(self) -> None:
        """End the service and what it started; whatever it raises is logged and goes no further."""
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                if self.service is not None:
                    await self.service.close()
        except Exception as error:
            _log.warning("service did not close in order", service=self._slot.capability.value, why=repr(error))
        finally:
            await self.tasks.close()


class Slot:
    """One capability's place: a service that runs, or the next attempt at one."""

    def __init__(
        self, holder: Holder, capability: Capability, factory: ServiceFactory, recovery: Recovery, closings: Tasks
    ) -> None:
        self.capability = capability
        self.port: Port | None = None
        self._holder = holder
        self._factory = factory
        self._recovery = recovery
        self._closings = closings
        self._loop = asyncio.get_running_loop()
        self._retry: asyncio.TimerHandle | None = None

    @property
    def service(self) -> Service | None:
        """The service that runs, if one does."""
        return None if self.port is None else self.port.service

    def open(self) -> None:
        """Start a service, unless it has to wait for the display."""
        self._retry = None
        if self._holder.waits(self.capability):
            return
        port = self.port = Port(self._holder, self)
        try:
            port.service = self._factory(port)
        except Exception as error:
            self.fault(error)
            return
        if self.capability is Capability.VIEW:
            port.start(self._repeat_want(), "want")

    async def handle(self, message: Message) -> None:
        """Have the service act on a message."""
        port = self.port
        if port is None or port.service is None:
            return  # it failed and is tried again; what was meant for it is lost
        turn = time.perf_counter()
        try:
            await port.service.handle(message)
        except Exception as error:
            port.fail(error)
        if (took := time.perf_counter() - turn) > _SLOW_SECONDS:
            _log.warning("slow message", message=type(message).__name__, seconds=round(took, 3))

    def rights(self) -> None:
        """Tell the service that the rights have changed."""
        if self.port is not None:
            self.port.rights()

    def alive(self) -> None:
        """Note that the service works."""
        self._recovery.alive(self._loop.time())
        self._holder.works(self.capability)

    def fault(self, error: Exception) -> None:
        """Put the service away, and try another one later."""
        port = self._leave()
        if port is not None:
            self._closings.start(port.close(), "close")
        delay = self._recovery.failed(self._loop.time())
        if delay is not None:
            self._retry = self._loop.call_later(delay, self.open)
        self._holder.fault(self.capability, error, delay)

    def renew(self) -> None:
        """Put the service away, and start another one."""
        if (port := self.retire()) is not None:
            self._closings.start(port.close(), "close")
        self.open()

    async def _repeat_want(self) -> None:
        if self._holder.want is not None:
            await self.handle(self._holder.want)

    def retire(self) -> Port | None:
        """From now on the service is of no effect, and none is started; returns what is left to close."""
        if self._retry is not None:
            self._retry.cancel()
        return self._leave()

    def _leave(self) -> Port | None:
        if self.port is not None:
            self.port.leave()
        port, self.port = self.port, None
        return port
