"""An ordered byte stream over a WebSocket: one class for both of its ends, on websockets' sans-IO protocol.

The gateway's legs and the transports of hosts and clients are the same thing seen from two sides, and neither may
import the other's package; so it stands here.
"""

import asyncio
import contextlib
import secrets
import struct
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import SERVER, State
from websockets.protocol import Protocol as SansIO

from farhand.core.errors import StreamClosed

try:
    from websockets.speedups import apply_mask
except ImportError:  # where websockets has no wheel for the platform
    from websockets.utils import apply_mask

#: Received bytes that wait to be fetched: reading stops above the first and goes on below the second.
_RECEIVE_HIGH, _RECEIVE_LOW = 256 << 10, 64 << 10
#: Bytes that the kernel has not taken: `send` waits above this, so that what is sent next is still to be decided.
_SEND_HIGH = 16 << 10
_CLOSE_SECONDS = 2.0
#: The first bytes of a whole binary message and of a pong.
_PONG = 0x8A
_COMMON = (0x82, _PONG)
#: An unmasked ping without a payload (RFC 6455, section 5.5.2).
_PING = b"\x89\x00"


@dataclass(frozen=True, slots=True)
class Keepalive:
    """How the loss of a silent connection is noticed, in seconds since the other end was last heard.

    As patient as sessions are: a browser's tab that stands still for some seconds reads nothing, pings included.
    """

    ping_after: float = 5.0
    lost_after: float = 15.0


class WebSocketStream(asyncio.Protocol):
    """The stream, once the opening handshake is done; made with the sans-IO protocol that did it.

    Give it to the transport with ``set_protocol`` and call ``connection_made``. ``on_gone`` runs once, when the
    connection is gone from this machine too.
    """

    def __init__(
        self,
        protocol: SansIO,
        *,
        peer: str,
        keepalive: Keepalive | None = None,
        on_gone: Callable[[], None] | None = None,
    ) -> None:
        self.bytes_received = 0
        self.bytes_sent = 0
        self._protocol = protocol
        self._peer = peer
        self._masked = protocol.side is not SERVER
        self._keepalive = keepalive
        self._on_gone = on_gone
        self._mark: tuple[int, Callable[[], None]] | None = None
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._messages: deque[bytes] = deque()
        self._fragments: list[bytes] = []
        self._cut: _Cut | None = None
        self._waiting = 0
        self._reading = True
        self._over = False
        self._receiver: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None
        self._heard = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._gone: asyncio.Future[None] = self._loop.create_future()

    @property
    def peer(self) -> str:
        """The other end's address."""
        return self._peer

    @property
    def transport(self) -> asyncio.Transport | None:
        """What carries it, for socket options; None before the connection is made and after it is lost."""
        return self._transport

    @property
    def silent_since(self) -> float:
        """When the other end was last heard, on the loop's clock."""
        return self._heard

    def ping(self) -> None:
        """Have the other end say something, at the cost of one system call; for a stream without a Keepalive."""
        transport = self._transport
        if transport is None or self._over or transport.is_closing():
            return
        if self._masked:
            self._protocol.send_ping(b"")
            self._flush()
        else:
            transport.write(_PING)

    def limit_messages(self, size: int) -> None:
        """Refuse messages above this many bytes from now on."""
        self._protocol.max_message_size = size

    def when_received(self, size: int, call: Callable[[], None]) -> None:
        """Have ``call`` run once, when so many bytes in all have been received: now, if they have."""
        if self.bytes_received >= size:
            call()
        else:
            self._mark = (size, call)

    async def send(self, data: bytes | bytearray) -> None:
        """Send one binary message; returns when there is room for more. Raises StreamClosed."""
        transport = self._transport
        if transport is None or self._over or transport.is_closing():
            raise StreamClosed(f"the connection to {self._peer} is closed")
        self.bytes_sent += len(data)
        # What the sans-IO protocol would write, without its copies of the data.
        if self._masked:
            mask = secrets.token_bytes(4)
            transport.writelines((_header(len(data), 0x80) + mask, apply_mask(data, mask)))
        else:
            transport.writelines((_header(len(data)), data))
        if self._room is not None:
            await asyncio.shield(self._room)
            if self._over:
                raise StreamClosed(f"the connection to {self._peer} was lost")

    async def receive(self) -> bytes:
        """The next message, never empty. Raises StreamClosed when there are no more. For one task at a time."""
        while not self._messages:
            if self._over:
                raise StreamClosed(f"the connection to {self._peer} is closed")
            self._receiver = self._loop.create_future()
            await self._receiver
        message = self._messages.popleft()
        self._waiting -= len(message)
        if not self._reading and self._waiting < _RECEIVE_LOW:
            self._read(True)
        return message

    def unread(self, data: bytes) -> None:
        """Put back bytes: the next ``receive`` returns them."""
        if data:
            self._messages.appendleft(data)
            self._waiting += len(data)

    async def close(self) -> None:
        """Send what is left and end the connection, without waiting for the other end; safe to call twice."""
        self.close_soon()

    def close_soon(self, code: int = CloseCode.NORMAL_CLOSURE) -> None:
        """The same, from outside of coroutines."""
        transport = self._transport
        if transport is None or self._over:
            return
        self._end()
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(code)
            self._flush()
        if not transport.is_closing():
            # What arrives now is dropped; closing at once would reset the connection and lose the last words.
            self._read(True)
            self._timer = self._loop.call_later(_CLOSE_SECONDS, transport.abort)

    def abort(self) -> None:
        """Drop the connection now."""
        if self._transport is not None:
            self._transport.abort()

    async def wait_closed(self) -> None:
        """Return when the connection is gone."""
        await asyncio.shield(self._gone)

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over the transport."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=_SEND_HIGH)
        self._heard = self._loop.time()
        if self._keepalive is not None:
            self._timer = self._loop.call_later(self._keepalive.ping_after, self._check, self._keepalive)
        self._handle_events()

    def connection_lost(self, error: Exception | None) -> None:
        """Wake whoever waits."""
        self._transport = None
        self._end()
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
        if self._timer is not None:
            self._timer.cancel()
        if not self._gone.done():
            self._gone.set_result(None)
            if self._on_gone is not None:
                self._on_gone()

    def data_received(self, data: bytes) -> None:
        """Cut bytes into messages."""
        self._heard = self._loop.time()
        # Between two frames of the sans-IO protocol, whole binary ones need none of what it does for all others.
        if self._cut is not None:
            data = self._take_more(self._cut, data)
        if data and not self._fragments and not self._protocol.reader.buffer:
            data = self._take_whole(data)
        if data:
            self._protocol.receive_data(data)
            self._handle_events()

    def eof_received(self) -> None:
        """The other end sends nothing more: the stream is over both ways."""
        if not self._protocol.eof_sent:
            self._protocol.receive_eof()
        self._handle_events()

    def pause_writing(self) -> None:
        """The transport's buffer is full."""
        self._room = self._loop.create_future()

    def resume_writing(self) -> None:
        """It has room again."""
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
        self._room = None

    def _handle_events(self) -> None:
        for event in self._protocol.events_received():
            match event:
                case Frame(opcode=Opcode.BINARY | Opcode.CONT):
                    self._take(event)
                case Frame(opcode=Opcode.TEXT):
                    self.close_soon(CloseCode.UNSUPPORTED_DATA)
                case Frame(opcode=Opcode.CLOSE):
                    self._end()
        self._flush()
        if self._protocol.parser_exc is not None or self._protocol.state is not State.OPEN:
            self._end()

    def _take_whole(self, data: bytes) -> bytes:
        """Take the unfragmented binary messages and empty pongs that ``data`` begins with, and return what is left.

        Nearly all of a session's messages arrive so, and all that an idle host says; reading one here costs 1 µs, in
        the sans-IO protocol 20 µs.
        """
        offset, end = 0, len(data)
        while end - offset >= 2 and data[offset] in _COMMON and not self._over:
            second = data[offset + 1]
            if data[offset] == _PONG:
                skip = offset + (2 if self._masked else 6)
                if second != (0 if self._masked else 0x80) or skip > end:
                    break
                offset = skip
                continue
            length, start = second & 0x7F, offset + 2
            if length >= 126:
                width = 2 if length == 126 else 8
                length, start = int.from_bytes(data[start : start + width], "big"), start + width
            masked = second >> 7
            begin = start + 4 * masked
            # What is too large or against the rules is for the sans-IO protocol to refuse.
            if begin > end or masked == self._masked or length > (self._protocol.max_message_size or 0):
                break
            if begin + length > end:
                self._cut = _Cut(data[start:begin], length, bytearray(data[begin:]))
                return b""
            payload = data[begin : begin + length]
            self._deliver(apply_mask(payload, data[start:begin]) if masked and payload else payload)
            offset = begin + length
        return data[offset:] if offset else data

    def _take_more(self, cut: "_Cut", data: bytes) -> bytes:
        """Take what a whole message lacks that was cut short, and return what is left."""
        lacks = cut.length - len(cut.data)
        cut.data += data if len(data) <= lacks else data[:lacks]
        if len(data) < lacks:
            return b""
        self._cut = None
        self._deliver(apply_mask(cut.data, cut.mask) if cut.mask else bytes(cut.data))
        return data[lacks:]

    def _take(self, frame: Frame) -> None:
        data = bytes(frame.data)
        if not frame.fin or self._fragments:
            self._fragments.append(data)
            if not frame.fin:
                return
            data = b"".join(self._fragments)
            self._fragments.clear()
        self._deliver(data)

    def _deliver(self, data: bytes) -> None:
        if self._over or not data:
            return
        self.bytes_received += len(data)
        if self._mark is not None and self.bytes_received >= self._mark[0]:
            (_, call), self._mark = self._mark, None
            call()
        self._messages.append(data)
        self._waiting += len(data)
        if self._waiting > _RECEIVE_HIGH:
            self._read(False)
        self._wake()

    def _flush(self) -> None:
        transport = self._transport
        if transport is None:
            return
        for data in self._protocol.data_to_send():
            if transport.is_closing():
                return  # uvloop raises on a write then
            if data:
                transport.write(data)
            else:
                transport.close()

    def _read(self, on: bool) -> None:
        if self._transport is None or on is self._reading:
            return
        self._reading = on
        # uvloop and asyncio differ in what they raise on a transport that is closing already.
        with contextlib.suppress(RuntimeError):
            if on:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()

    def _wake(self) -> None:
        if self._receiver is not None and not self._receiver.done():
            self._receiver.set_result(None)

    def _end(self) -> None:
        if self._over:
            return
        self._over = True
        if self._timer is not None:
            self._timer.cancel()
        self._wake()

    def _check(self, keepalive: Keepalive) -> None:
        if self._over or self._transport is None:
            return
        # A full buffer here says nothing about the other end.
        silent = self._loop.time() - self._heard if self._reading else 0.0
        if silent >= keepalive.lost_after:
            self._transport.abort()
            return
        wait = keepalive.ping_after - silent
        if wait <= 0 or not self._reading:
            self._protocol.send_ping(b"")
            self._flush()
            wait = keepalive.ping_after
        self._timer = self._loop.call_later(wait, self._check, keepalive)


class _Cut:
    """A whole binary message of which only the beginning has come; ``mask`` is empty for none."""

    __slots__ = ("data", "length", "mask")

    def __init__(self, mask: bytes, length: int, data: bytearray) -> None:
        self.mask = mask
        self.length = length
        self.data = data


def _header(length: int, masked: int = 0) -> bytes:
    """The header of a whole binary message (RFC 6455, section 5.2); a mask, for which ``masked`` is 0x80, follows."""
    if length < 126:
        return bytes((0x82, masked | length))
    if length < 1 << 16:
        return struct.pack("!BBH", 0x82, masked | 126, length)
    return struct.pack("!BBQ", 0x82, masked | 127, length)
