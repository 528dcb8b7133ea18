"""One connection's HTTP/1.1: uvicorn's for pages, and the way out of it into a WebSocket leg.

uvicorn would give each WebSocket message to an ASGI application through a queue and two dictionaries; a leg takes the
connection over instead (docs/decisions/0003-websocket-server.md). uvicorn also lets a connection wait for ever for
its first request; here a visit's deadline holds at every moment.
"""

import asyncio
from typing import cast
from urllib.parse import unquote

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.server import ServerState
from websockets.http11 import Request
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from farhand.core.stream import Keepalive, WebSocketStream
from farhand.core.tasks import Tasks
from farhand.gateway.legs import Arrival, Legs
from farhand.gateway.visits import Visit
from farhand.protocol.envelope import SUBPROTOCOL

#: A page's answer may take so long to send, in seconds.
_RESPONSE_SECONDS = 120.0
#: Request line and headers together, in bytes.
HEADERS_MAX = 16 << 10


class HttpConnection(H11Protocol):
    """A connection that has not become a WebSocket."""

    def __init__(
        self, config: Config, state: ServerState, *, visit: Visit, legs: Legs, tasks: Tasks, keepalive: Keepalive
    ) -> None:
        super().__init__(config, state, {})
        self._visit = visit
        self._legs = legs
        self._leg_tasks = tasks
        self._keepalive = keepalive
        self._upgraded = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; the deadline has been running since the connection was accepted."""
        carrier = cast(asyncio.Transport, transport)
        if self._visit.ended:
            # Displaced on its way here. uvloop tells no connection_lost of one that is aborted within this call.
            self.loop.call_soon(carrier.abort)
            return
        self._visit.carried_by(carrier.abort)
        super().connection_made(carrier)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back."""
        self._visit.end()
        if self in self.connections:
            super().connection_lost(exc)

    def handle_events(self) -> None:
        """As uvicorn; an answer under way is settled, a request that is awaited is not."""
        super().handle_events()
        cycle = cast("RequestResponseCycle | None", self.cycle)
        if not self._upgraded and cycle is not None and not cycle.response_complete:
            self._visit.settle(_RESPONSE_SECONDS)

    def on_response_complete(self) -> None:
        """As uvicorn, with a deadline for the next request that trickled bytes do not move."""
        self._visit.renew()
        super().on_response_complete()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Hand the connection over to the leg of this path, or answer why not."""
        self.connections.discard(self)
        path = unquote(event.target.partition(b"?")[0].decode("ascii", "replace"))
        found = self._legs.find(path)
        sansio = ServerProtocol(
            subprotocols=[Subprotocol(SUBPROTOCOL)], max_size=found[0].message_max if found is not None else 0
        )
        # The sans-IO protocol reads a request before it reads frames: it gets this one again, as it was understood.
        lines = [event.method, b" ", event.target, b" HTTP/", event.http_version, b"\r\n"]
        for name, value in event.headers:
            lines += [name, b": ", value, b"\r\n"]
        sansio.receive_data(b"".join((*lines, b"\r\n")))
        request = next((e for e in sansio.events_received() if isinstance(e, Request)), None)
        if request is None:
            self.transport.close()
            return
        if found is None:
            response = sansio.reject(404, "There is nothing here.\n")
        elif "Origin" in request.headers and not found[0].from_browsers:
            response = sansio.reject(403, "This is not for pages.\n")
        else:
            response = sansio.accept(request)
        sansio.send_response(response)
        for data in sansio.data_to_send():
            if data:
                self.transport.write(data)
        if response.status_code != 101 or found is None:
            self.transport.close()
            return
        self._upgraded = True
        leg, rest = found
        keepalive = self._keepalive if leg.keepalive else None
        stream = WebSocketStream(sansio, peer=self._visit.address, keepalive=keepalive, on_gone=self._visit.end)
        self.transport.set_protocol(stream)
        stream.connection_made(self.transport)
        self._leg_tasks.start(leg.serve(Arrival(stream, self._visit, rest)), leg.name)
