"""`/v1/viewer`: a viewer's side of a meeting."""

import time
from collections.abc import Callable

from farhand.core.errors import StreamClosed
from farhand.core.logging import get_logger
from farhand.core.stream import WebSocketStream
from farhand.gateway.legs import Arrival
from farhand.gateway.limits import Conduct, whole_seconds
from farhand.gateway.rendezvous.models import HostGone, HostLink
from farhand.gateway.rendezvous.service import Rendezvous
from farhand.protocol import limits
from farhand.protocol.envelope import TICKET_SECONDS, Failure, FrameType, Hello, frame
from farhand.protocol.errors import FailureCode, MalformedFrame, ProtocolError

#: The largest message of a viewer before it got through the handshake, in bytes: the largest handshake message fits.
YOUNG_MESSAGE_MAX = 16 << 10
#: The largest message of a session's leg.
MESSAGE_MAX = 1 << 20
#: What a viewer has sent once it is through: three frames of known size. Counted, not read.
_HANDSHAKE = 3 * limits.FRAME_HEADER + limits.HELLO + limits.HANDSHAKE_1 + limits.HANDSHAKE_3
_HELLO_HEADER = frame(FrameType.HELLO, bytes(limits.HELLO))[: limits.FRAME_HEADER]
_HELLO_SIZE = limits.FRAME_HEADER + limits.HELLO

_log = get_logger(__name__)


async def read_hello(stream: WebSocketStream) -> Hello:
    """Read the one frame that a gateway reads, and put it back. Raises ProtocolError, StreamClosed."""
    data = b""
    while len(data) < _HELLO_SIZE:
        data += await stream.receive()
        if not _HELLO_HEADER.startswith(data[: len(_HELLO_HEADER)]):
            raise MalformedFrame("something else than a hello came first")
    stream.unread(data)
    return Hello.decode(data[limits.FRAME_HEADER : _HELLO_SIZE])


class ViewerLeg:
    """Finds the host that a viewer asks for, and hands the viewer over."""

    def __init__(self, rendezvous: Rendezvous, conduct: Conduct, clock: Callable[[], float] = time.monotonic) -> None:
        self._rendezvous = rendezvous
        self._conduct = conduct
        self._clock = clock

    async def serve(self, arrival: Arrival) -> None:
        """One call, from its hello to its end."""
        stream, visit = arrival.stream, arrival.visit
        try:
            try:
                hello = await read_hello(stream)
            except ProtocolError as error:
                await _fail(stream, error.failure)
                return
            link, failure, retry = self._look_up(hello.route, visit.address)
            if link is None:
                await _fail(stream, failure, retry)
                return
            # The host may take its time to come, and the viewer to answer it.
            visit.renew(TICKET_SECONDS + limits.HANDSHAKE_SECONDS)
            stream.when_received(_HANDSHAKE, lambda: _through(arrival))
            try:
                await link.offer(stream, visit.address, hello.route if isinstance(hello.route, str) else "")
            except HostGone:
                await _fail(stream, FailureCode.HOST_GONE)
        except StreamClosed:
            pass
        finally:
            await stream.close()

    def _look_up(self, route: str | bytes, address: str) -> tuple[HostLink | None, FailureCode, int]:
        now = self._clock()
        if (link := self._rendezvous.find(route)) is not None:
            wait = self._conduct.call(address, now)
            return (None, FailureCode.BUSY, whole_seconds(wait)) if wait else (link, FailureCode.BUSY, 0)
        if isinstance(route, bytes) or self._rendezvous.knows(route):
            # A host id has 128 bits: nobody guesses one, so not to find it is no offence.
            return None, FailureCode.HOST_GONE, 0
        wait = self._conduct.miss(address, now)
        if wait:
            _log.warning("address locked after too many unknown codes", address=address, seconds=whole_seconds(wait))
            return None, FailureCode.BUSY, whole_seconds(wait)
        return None, FailureCode.UNKNOWN_ROUTE, 0


def _through(arrival: Arrival) -> None:
    if arrival.visit.settle():
        arrival.stream.limit_messages(MESSAGE_MAX)
    else:
        arrival.visit.drop()


async def _fail(stream: WebSocketStream, code: FailureCode, retry: int = 0) -> None:
    await stream.send(frame(FrameType.FAILURE, Failure(code, retry).encode()))
