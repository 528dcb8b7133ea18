"""What a session needs of whatever carries its bytes."""

from typing import Protocol

from farhand.core.stream import StreamClosed

#: The connection is over; nothing more can be sent or received. The gateway raises the same by its other name.
TransportClosed = StreamClosed


class Transport(Protocol):
    """An ordered byte stream with back-pressure; chunk boundaries mean nothing."""

    @property
    def peer(self) -> str:
        """The other end's address, for people and limits; never a secret."""
        ...

    async def send(self, data: bytes) -> None:
        """Hand over bytes; returns when there is room for more. Raises TransportClosed."""
        ...

    async def receive(self) -> bytes:
        """The next bytes, never empty. Raises TransportClosed at the end or a cut."""
        ...

    async def close(self) -> None:
        """End the connection; safe to call twice."""
        ...
