"""What a service and its session owe each other; one service an open capability, none knows of another."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol, TypeVar

from farhand.host.audit import Value
from farhand.host.files.opened import OpenedFolders
from farhand.host.platform.base import Platform
from farhand.protocol.capability import Capability
from farhand.protocol.messages import Channel
from farhand.protocol.messages.base import Message
from farhand.protocol.messages.control import NoticeCode

T = TypeVar("T")


class SessionPort(Protocol):
    """What a service sees of the session that it serves. Everything here is used on the event loop."""

    input_seq: int
    """The newest input injected; the input service writes it, the screen pump's thread reads it."""

    @property
    def platform(self) -> Platform:
        """The computer that is reached."""
        ...

    @property
    def files(self) -> OpenedFolders:
        """The folders that the owner of the computer has opened."""
        ...

    @property
    def caller(self) -> bytes:
        """What tells this caller's things from another's, also when it comes back; not a secret."""
        ...

    @property
    def about(self) -> Mapping[str, str]:
        """Who the caller is, as the audit has it."""
        ...

    def watched(self) -> bool:
        """Whether somebody sees the screen of this computer now: then bulk work gives way to it."""
        ...

    @property
    def granted(self) -> frozenset[Capability]:
        """The capabilities that hold now."""
        ...

    def send(self, channel: Channel, message: Message) -> None:
        """Queue a message and wake the writer: what is sent in one go shares records. Never raises, never waits."""
        ...

    async def room(self, channel: Channel) -> None:
        """Return once there is room to queue more of a channel's bulk. Raises TransportClosed at the session's end."""
        ...

    def withhold(self, channel: Channel, on: bool) -> None:
        """Take no more of a channel from the caller than it has credit for, or go on: at the latest in ``close``."""
        ...

    def allow(self, channel: Channel, amount: int) -> None:
        """Take so many bytes more of a channel that is withheld."""
        ...

    def flush(self) -> None:
        """Write what is queued as soon as the transport has room (``send`` sees to it by itself)."""
        ...

    def notice(self, code: NoticeCode, text: str = "") -> None:
        """Tell the caller of trouble; at most one of a code a second goes out."""
        ...

    def alive(self) -> None:
        """Say that the service works: every service does, once it has what it needs; ends what a fault began."""
        ...

    def fail(self, error: Exception) -> None:
        """Report a fault that arose outside ``handle``; the session closes this service and tries to start another."""
        ...

    def work(self, call: Callable[[], T]) -> asyncio.Future[T]:
        """Do what may wait for a disk in one of the session's threads; it runs to its end, also after ``close``."""
        ...

    def record(self, kind: str, /, **fields: Value) -> None:
        """Write down what this caller did, as AuditSink says; who it is stands there by itself."""
        ...

    def last_words(self, say: Callable[[], None]) -> None:
        """Have ``say`` called once, when the service is about to end and ``send`` still has an effect."""
        ...

    def on_rights(self, changed: Callable[[], None]) -> None:
        """Have ``changed`` called whenever the capabilities that hold have changed and the service goes on."""
        ...

    def start(self, coroutine: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Run something beside ``handle``; it ends with the session at the latest, its failure goes to ``fail``."""
        ...


class Service(Protocol):
    """One capability's work for one caller.

    Made by calling its class with the SessionPort when the capability is granted; that call may raise PlatformError.
    """

    async def handle(self, message: Any) -> None:
        """Act on a message whose right was checked; must not wait for the caller. A fault may raise anything."""
        ...

    async def close(self) -> None:
        """Give everything back: keys up, windows down, threads ended. Never raises for a display that is gone."""
        ...


ServiceFactory = Callable[[SessionPort], Service]
