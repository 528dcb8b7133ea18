"""What a session needs of whatever carries its bytes."""

from typing import Protocol

from farhand.core.errors import FarhandError, StreamClosed

#: The connection is over; nothing more can be sent or received. The gateway raises the same by its other name.
TransportClosed = StreamClosed


Buffer = bytes | bytearray


class Unreachable(FarhandError):
    """No connection could be made; `status` is the HTTP status if the other end answered with one."""

    def __init__(self, cause: str, cure: str = "", status: int | None = None) -> None:
        super().__init__(cause, cure)
        self.status = status


class Transport(Protocol):
    """An ordered byte stream with back-pressure; chunk boundaries mean nothing."""

    @property
    def peer(self) -> str:
        """The other end's address, for people and limits; never a secret."""
        ...

    async def send(self, data: Buffer) -> None:
        """Hand over bytes, for good; returns when there is room for more. Raises TransportClosed."""
        ...

    async def receive(self) -> bytes | memoryview:
        """The next bytes, never empty and good until the next call. Raises TransportClosed at the end or a cut."""
        ...

    async def close(self) -> None:
        """End the connection; safe to call twice."""
        ...
