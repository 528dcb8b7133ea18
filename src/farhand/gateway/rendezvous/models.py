"""What the rendezvous is about: hosts that can be reached, and the streams that reach them."""

from typing import Protocol


class Stream(Protocol):
    """An ordered byte stream with back-pressure, as in farhand.transports.base: raises StreamClosed at its end."""

    @property
    def peer(self) -> str:
        """The other end's address."""
        ...

    async def send(self, data: bytes | bytearray) -> None:
        """Hand over bytes; returns when there is room for more."""
        ...

    async def receive(self) -> bytes:
        """The next bytes, never empty."""
        ...

    async def close(self) -> None:
        """End the connection; safe to call twice."""
        ...


class HostLink(Protocol):
    """A way to one host: in this process, or over its control connection."""

    @property
    def host_id(self) -> bytes:
        """The 16 bytes that name the host (spec/protocol.md, section 1)."""
        ...

    async def offer(self, stream: Stream, address: str, route: str) -> None:
        """Hand a viewer over and return when the call is over; the stream still begins with the viewer's hello.

        ``route`` is what was dialled, empty for the host's id. Raises HostGone before a byte was read.
        """
        ...


class HostGone(Exception):
    """The host did not come for the caller."""
