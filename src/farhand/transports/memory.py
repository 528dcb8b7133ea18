"""Two ends in one process: what the tests of everything above a transport run over.

Bytes only, as on a real line: chunks may be split down to single bytes, buffers are bounded, and the line can be cut.
"""

import asyncio
from collections.abc import Callable

from farhand.transports.base import TransportClosed

#: Sees or alters what travels: given the sender's name and a chunk, returns what arrives (``b""``: it is lost).
Tap = Callable[[str, bytes], bytes]


class _Pipe:
    """One direction: a bounded buffer with an end."""

    def __init__(self, capacity: int) -> None:
        self.buffer = bytearray()
        self.ended = False
        self.held = False
        self._capacity = capacity
        self._changed = asyncio.Event()

    async def put(self, data: bytes) -> None:
        rest = memoryview(data)
        while True:
            if self.ended:
                raise TransportClosed("the line is closed")
            room = self._capacity - len(self.buffer)
            if room > 0:
                self.buffer += rest[:room]
                rest = rest[room:]
                self.tell()
            if not rest:
                return
            await self._change()

    async def take(self, limit: int) -> bytes:
        while self.held or not self.buffer:
            if self.ended and not self.buffer:
                raise TransportClosed("the line is closed")
            await self._change()
        data = bytes(self.buffer[:limit])
        del self.buffer[:limit]
        self.tell()
        return data

    def end(self, *, lose: bool) -> None:
        self.ended = True
        self.held = False
        if lose:
            self.buffer.clear()
        self.tell()

    def tell(self) -> None:
        # A new event each time: whoever waits wakes once, whoever comes later waits for the next change.
        self._changed.set()
        self._changed = asyncio.Event()

    async def _change(self) -> None:
        await self._changed.wait()


class MemoryTransport:
    """One end of a line made by ``pair``."""

    def __init__(self, name: str, peer: str, outgoing: _Pipe, incoming: _Pipe, piece: int, tap: Tap | None) -> None:
        self._name = name
        self._peer = peer
        self._outgoing = outgoing
        self._incoming = incoming
        self._piece = piece
        self._tap = tap

    @property
    def peer(self) -> str:
        """The other end's name."""
        return self._peer

    @property
    def buffered(self) -> int:
        """Bytes that were sent to this end and not yet received."""
        return len(self._incoming.buffer)

    async def send(self, data: bytes) -> None:
        """Hand over bytes; waits while the other end's buffer is full. Raises TransportClosed."""
        await self._outgoing.put(self._tap(self._name, data) if self._tap is not None else data)

    async def receive(self) -> bytes:
        """The next bytes, at most a piece. Raises TransportClosed after the last of a close, at once after a cut."""
        return await self._incoming.take(self._piece)

    async def close(self) -> None:
        """End the connection in order: the other end still receives what was sent before."""
        self._outgoing.end(lose=False)
        self._incoming.end(lose=True)

    def cut(self) -> None:
        """Lose the connection: what is under way is gone, both ends find the line closed."""
        self._outgoing.end(lose=True)
        self._incoming.end(lose=True)

    def hold(self) -> None:
        """Stop delivering, both ways, without a close: a line that has gone quiet."""
        self._outgoing.held = self._incoming.held = True

    def resume(self) -> None:
        """Deliver again what ``hold`` kept back."""
        for pipe in (self._outgoing, self._incoming):
            pipe.held = False
            pipe.tell()


def pair(
    *,
    capacity: int = 256 << 10,
    piece: int = 64 << 10,
    tap: Tap | None = None,
    names: tuple[str, str] = ("viewer", "host"),
) -> tuple[MemoryTransport, MemoryTransport]:
    """Return the two ends of a line, named as given.

    ``capacity`` bounds the bytes that wait each way; ``piece`` is the most that one receive returns (1: a byte at a
    time); ``tap`` sees, and may alter or drop, every chunk that is sent.
    """
    forth, back = _Pipe(capacity), _Pipe(capacity)
    first, second = names
    return (
        MemoryTransport(first, second, forth, back, piece, tap),
        MemoryTransport(second, first, back, forth, piece, tap),
    )
