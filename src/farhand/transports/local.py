"""An ordered byte stream between programs of one user on one computer: a Unix socket that nobody else can open.

What crosses it is the same session as on any line, end to end encrypted; the socket only saves TLS, HTTP and a
gateway. Both ends look at who is at the other end: a folder's mode is the first lock, the peer's user id the second.
"""

import asyncio
import contextlib
import os
import socket
import struct
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

from farhand.core.tasks import Tasks
from farhand.transports.base import Buffer, TransportClosed, Unreachable

#: What is received at once, in bytes, and what of it waits before reading stops.
_BUFFER, _HIGH = 256 << 10, 192 << 10
#: Bytes that the kernel has not taken: ``send`` waits above this.
_SEND_HIGH = 64 << 10
_BACKLOG = 16
_UCRED = struct.Struct("3i")


class LocalStream(asyncio.BufferedProtocol):
    """One end of the stream: a Transport once the connection is made.

    The kernel writes into one buffer while what is in another one is looked at.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._filling, self._lent = memoryview(bytearray(_BUFFER)), memoryview(bytearray(_BUFFER))
        self._filled = 0
        self._reading = True
        self._over = False
        self._receiver: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None

    @property
    def peer(self) -> str:
        """The other end's address, for people."""
        return "this computer"

    async def send(self, data: Buffer) -> None:
        """Hand over bytes; returns when there is room for more. Raises TransportClosed."""
        if self._over or self._transport is None or self._transport.is_closing():
            raise TransportClosed("the connection on this computer is closed")
        self._transport.write(data)
        if self._room is not None:
            await asyncio.shield(self._room)
            if self._over:
                raise TransportClosed("the connection on this computer was lost")

    async def receive(self) -> memoryview:
        """All that came, never empty and good until the next call. Raises TransportClosed at the end.

        For one task at a time.
        """
        while not self._filled:
            if self._over:
                raise TransportClosed("the connection on this computer is closed")
            self._receiver = self._loop.create_future()
            await self._receiver
        self._filling, self._lent = self._lent, self._filling
        size, self._filled = self._filled, 0
        if not self._reading and self._transport is not None:
            self._reading = True
            with contextlib.suppress(RuntimeError):  # it is closing
                self._transport.resume_reading()
        return self._lent[:size]

    async def close(self) -> None:
        """Send what is left and end the connection; safe to call twice."""
        if self._transport is not None:
            self._transport.close()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over the transport."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=_SEND_HIGH)

    def connection_lost(self, error: Exception | None) -> None:
        """Wake whoever waits."""
        self._transport, self._over = None, True
        for waiter in (self._receiver, self._room):
            if waiter is not None and not waiter.done():
                waiter.set_result(None)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next bytes are to go."""
        return self._filling[self._filled :]

    def buffer_updated(self, nbytes: int) -> None:
        """So many are there."""
        self._filled += nbytes
        if self._filled > _HIGH and self._reading and self._transport is not None:
            self._reading = False
            self._transport.pause_reading()
        if self._receiver is not None and not self._receiver.done():
            self._receiver.set_result(None)

    def pause_writing(self) -> None:
        """The transport's buffer is full."""
        self._room = self._loop.create_future()

    def resume_writing(self) -> None:
        """It has room again."""
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
        self._room = None


def has_local_sockets() -> bool:
    """Whether this platform has sockets that tell who is at the other end."""
    return sys.platform == "linux"


def _user_of(sock: socket.socket) -> int:
    """The user id of whoever made the other end (unix(7), SO_PEERCRED)."""
    raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    return int(_UCRED.unpack(raw)[1])


async def connect_local(path: Path) -> LocalStream:
    """Open a socket of this user. Raises Unreachable."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(sock, str(path))
        if _user_of(sock) != os.geteuid():
            raise Unreachable(f"{path} belongs to another user", "remove it, and start the host again")
        _, stream = await loop.create_unix_connection(LocalStream, sock=sock)
    except OSError as error:
        sock.close()
        reason = error.strerror or str(error)
        raise Unreachable(f"the host on this computer does not answer ({reason})", "start it: farhand up") from error
    except BaseException:
        sock.close()
        raise
    return stream


class LocalDoor:
    """A listening socket of this user; each connection is a task of ``serve(stream, address)``."""

    def __init__(self, path: Path, serve: Callable[[LocalStream, str], Awaitable[None]]) -> None:
        self.path = path
        self._serve = serve
        self._server: asyncio.AbstractServer | None = None
        self._file = 0
        self._calls = Tasks("local calls")

    @property
    def is_open(self) -> bool:
        """Whether it listens."""
        return self._server is not None

    async def open(self) -> None:
        """Listen, for this user alone; a socket that was left behind is replaced. Raises OSError."""
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            # The mode holds from the first moment: it is the socket's before the name is there (unix(7)).
            os.fchmod(sock.fileno(), 0o600)
            sock.bind(str(self.path))
            sock.listen(_BACKLOG)
            sock.setblocking(False)
            self._file = self.path.lstat().st_ino
            self._server = await asyncio.get_running_loop().create_unix_server(lambda: _Caller(self), sock=sock)
        except BaseException:
            sock.close()
            raise

    def enter(self, stream: "LocalStream", sock: socket.socket) -> bool:
        """Serve a caller, if it is this user's."""
        if _user_of(sock) != os.geteuid():
            return False
        self._calls.start(self._call(stream), "call")
        return True

    async def _call(self, stream: LocalStream) -> None:
        await self._serve(stream, stream.peer)

    async def close(self) -> None:
        """Listen no more, end what is open, and remove the socket. Safe to call twice."""
        if self._server is not None:
            self._server.close()
            self._server = None
            with contextlib.suppress(OSError):
                if self.path.lstat().st_ino == self._file:  # another host of this user may have taken its place
                    self.path.unlink()
        await self._calls.close()


class _Caller(LocalStream):
    """The host's end: serves once it is known whose the other one is."""

    def __init__(self, door: LocalDoor) -> None:
        super().__init__()
        self._door = door

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if not self._door.enter(self, transport.get_extra_info("socket")):
            cast(asyncio.Transport, transport).abort()
