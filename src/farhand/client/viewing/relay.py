"""The page's WebSocket: taken over from uvicorn once the guard has let it in, and passed on to the gateway unread."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

from websockets.http11 import Request
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from farhand.client.viewing.guard import Guard, Refusal
from farhand.core.errors import FarhandError, StreamClosed
from farhand.core.logging import get_logger
from farhand.core.stream import WebSocketStream
from farhand.core.tasks import Tasks
from farhand.protocol.envelope import SUBPROTOCOL
from farhand.transports.base import Transport

PATH = "/v1/viewer"
_MESSAGE_MAX = 1 << 20

_log = get_logger(__name__)


class Sockets:
    """Opens them; `dial` makes the line to the gateway. `open` is how many there are, `active` hears of each."""

    def __init__(self, guard: Guard, dial: Callable[[], Awaitable[Transport]], active: Callable[[], None]) -> None:
        self.guard = guard
        self.dial = dial
        self.tasks = Tasks("local viewer")
        self.open = 0
        self.ever = False
        self._active = active

    def make(self, **_of_uvicorn: Any) -> asyncio.Protocol:
        """What uvicorn calls for a request to upgrade."""
        return _Upgrade(self)

    def count(self, change: int) -> None:
        """One more, or one less."""
        self.open += change
        self.ever = True
        self._active()

    async def close(self) -> None:
        """End all of them."""
        await self.tasks.close()


class _Upgrade(asyncio.Protocol):
    """One request to upgrade, until the stream takes its place."""

    def __init__(self, sockets: Sockets) -> None:
        self._sockets = sockets
        self._transport: asyncio.Transport | None = None
        self._sansio = ServerProtocol(subprotocols=[Subprotocol(SUBPROTOCOL)], max_size=_MESSAGE_MAX)
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """uvicorn's connection."""
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        """The page went before the line was there."""
        if self._task is not None:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        """The request, as uvicorn understood it; a page sends nothing more before it is answered."""
        if self._task is not None or self._transport is None:
            return
        self._sansio.receive_data(data)
        request = next((one for one in self._sansio.events_received() if isinstance(one, Request)), None)
        if request is None:
            self._transport.close()
            return
        path = request.path.partition("?")[0]
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in request.headers.raw_items()]
        refusal = self._sockets.guard.check("GET", path, headers, upgrade=True)
        if refusal is None and path != PATH:
            refusal = Refusal(404, "not-found", "There is nothing here.")
        if refusal is not None:
            self._answer(self._sansio.reject(refusal.status, refusal.text + "\n"))
            return
        self._task = self._sockets.tasks.start(self._serve(request), "socket")

    def _answer(self, response: Any) -> None:
        self._sansio.send_response(response)
        assert self._transport is not None  # noqa: S101  set before anything is received
        for data in self._sansio.data_to_send():
            if data:
                self._transport.write(data)
        if response.status_code != 101:
            self._transport.close()

    async def _serve(self, request: Request) -> None:
        transport = self._transport
        if transport is None:
            return
        self._sockets.count(1)
        try:
            await self._connect(request, transport)
        finally:
            self._sockets.count(-1)

    async def _connect(self, request: Request, transport: asyncio.Transport) -> None:
        try:
            far = await self._sockets.dial()
        except FarhandError as error:
            _log.warning("the gateway cannot be reached", reason=error.cause)
            self._answer(self._sansio.reject(502, "The gateway cannot be reached.\n"))
            return
        try:
            self._answer(self._sansio.accept(request))
            near = WebSocketStream(self._sansio, peer="the page")
            transport.set_protocol(near)
            near.connection_made(transport)
            await _relay(near, far)
        finally:
            await far.close()


async def _relay(near: Transport, far: Transport) -> None:
    """Pass bytes both ways until either side has ended."""
    async with Tasks("local relay") as tasks:
        ways = [tasks.start(_pass(near, far), "out"), tasks.start(_pass(far, near), "in")]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    await near.close()


async def _pass(source: Transport, sink: Transport) -> None:
    try:
        while True:
            await sink.send(bytes(await source.receive()))
    except StreamClosed:
        return
