"""Accepts connections: counted by address before TLS costs anything, each with a deadline from its first moment."""

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable

from farhand.core.logging import get_logger
from farhand.core.tasks import Tasks
from farhand.gateway.limits import Connections
from farhand.gateway.visits import Visit

#: Connections taken in one turn of the loop, so that a flood of them leaves turns for those that are here.
_ACCEPT_AT_ONCE = 64
_NO_FILES_PAUSE = 0.1
_NO_FILES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

_log = get_logger(__name__)


class Listener:
    """Turns accepted sockets into connections with the protocol that ``make`` gives.

    asyncio's own server would do the TLS handshake before anyone could count, and leave it 60 s.
    """

    def __init__(
        self,
        sock: socket.socket,
        tls: ssl.SSLContext | None,
        connections: Connections,
        seconds: float,
        make: Callable[[Visit], asyncio.Protocol],
    ) -> None:
        self._sock = sock
        self._tls = tls
        self._connections = connections
        self._seconds = seconds
        self._make = make
        self._loop = asyncio.get_running_loop()
        self._tasks = Tasks("listener")
        self._paused: asyncio.TimerHandle | None = None
        self._loop.add_reader(sock, self._accept)

    async def close(self) -> None:
        """Stop listening; connections that were made go on."""
        if self._paused is not None:
            self._paused.cancel()
        self._loop.remove_reader(self._sock)
        self._sock.close()
        await self._tasks.close()

    def _accept(self) -> None:
        for _ in range(_ACCEPT_AT_ONCE):
            try:
                sock, address = self._sock.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                if error.errno in _NO_FILES:
                    # The socket stays readable: without a pause this would spin.
                    _log.error("no connection can be accepted", reason=error.strerror)
                    self._loop.remove_reader(self._sock)
                    self._paused = self._loop.call_later(_NO_FILES_PAUSE, self._resume)
                    return
                continue  # that one connection was gone before it was accepted
            self._begin(sock, str(address[0]))

    def _resume(self) -> None:
        self._loop.add_reader(self._sock, self._accept)

    def _begin(self, sock: socket.socket, address: str) -> None:
        sock.setblocking(False)
        visit = Visit(self._connections, address, self._seconds)
        task = self._tasks.start(self._connect(sock, visit), "connection")
        visit.carried_by(task.cancel)
        task.add_done_callback(lambda _task: _ended(sock, visit))

    async def _connect(self, sock: socket.socket, visit: Visit) -> None:
        visit.begun = True
        try:
            await self._loop.connect_accepted_socket(
                lambda: self._make(visit),
                sock,
                ssl=self._tls,
                ssl_handshake_timeout=self._seconds if self._tls is not None else None,
            )
        except OSError:  # TLS that fails is one too: the visitor's affair
            visit.end()


def _ended(sock: socket.socket, visit: Visit) -> None:
    if not visit.begun:
        # Cancelled before it ran: nobody else knows of this socket yet.
        visit.end()
        sock.close()
