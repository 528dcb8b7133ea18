"""`/v1/viewer` and `/v1/host`: the two sides of a meeting."""

import asyncio
import base64
import hmac
import time
from collections.abc import Callable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from farhand.core.logging import get_logger
from farhand.core.stream import StreamClosed, WebSocketStream
from farhand.gateway.legs import Arrival
from farhand.gateway.limits import Conduct
from farhand.gateway.relay.models import Tickets
from farhand.gateway.relay.service import splice
from farhand.gateway.rendezvous.models import HostGone, HostLink, Stream
from farhand.gateway.rendezvous.service import Rendezvous, TooManyRoutes
from farhand.protocol import limits
from farhand.protocol.envelope import (
    TICKET_SECONDS,
    VERSION,
    Challenge,
    CloseRoute,
    Denied,
    Failure,
    FrameType,
    FromHost,
    Hello,
    Incoming,
    LegMessage,
    OpenRoute,
    Register,
    Registered,
    RouteOpened,
    decode_from_host,
    encode_leg,
    frame,
    host_id,
    register_text,
)
from farhand.protocol.errors import FailureCode, MalformedFrame, MessageError, ProtocolError

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
            return (None, FailureCode.BUSY, _seconds(wait)) if wait else (link, FailureCode.BUSY, 0)
        if isinstance(route, bytes) or self._rendezvous.knows(route):
            # A host id has 128 bits: nobody guesses one, so not to find it is no offence.
            return None, FailureCode.HOST_GONE, 0
        wait = self._conduct.miss(address, now)
        if wait:
            _log.warning("address locked after too many unknown codes", address=address, seconds=_seconds(wait))
            return None, FailureCode.BUSY, _seconds(wait)
        return None, FailureCode.UNKNOWN_ROUTE, 0


class RemoteHost:
    """A host that registered over its control connection."""

    def __init__(
        self, identity: bytes, control: WebSocketStream, tickets: Tickets, entropy: Callable[[int], bytes]
    ) -> None:
        self._host_id = host_id(identity)
        self._control = control
        self._tickets = tickets
        self._entropy = entropy

    @property
    def host_id(self) -> bytes:
        """The id of the key that it proved to have."""
        return self._host_id

    @property
    def control(self) -> WebSocketStream:
        """Its control connection."""
        return self._control

    async def offer(self, stream: Stream, address: str, route: str) -> None:
        """Tell the host of the call, wait for its leg, and pass bytes until the call is over. Raises HostGone."""
        ticket = base64.urlsafe_b64encode(self._entropy(24)).decode()
        waiting = self._tickets.issue(ticket)
        try:
            await self._control.send(encode_leg(Incoming(ticket, address[:64], route)))
            async with asyncio.timeout(TICKET_SECONDS):
                leg = await waiting.leg
        except (TimeoutError, StreamClosed):
            raise HostGone from None
        finally:
            self._tickets.withdraw(ticket)
        began = time.monotonic()
        count = await splice(stream, leg)
        _log.info(
            "relayed a call",
            host_id=self._host_id.hex(),
            address=address,
            seconds=round(time.monotonic() - began, 1),
            to_host=count.to_host,
            to_viewer=count.to_viewer,
        )


class HostLeg:
    """Registers hosts and serves what they ask for."""

    def __init__(
        self,
        rendezvous: Rendezvous,
        tickets: Tickets,
        conduct: Conduct,
        *,
        token: str,
        grace_seconds: float,
        entropy: Callable[[int], bytes],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rendezvous = rendezvous
        self._tickets = tickets
        self._conduct = conduct
        self._token = token
        self._grace_seconds = grace_seconds
        self._entropy = entropy
        self._clock = clock

    async def serve(self, arrival: Arrival) -> None:
        """One host's control connection, from challenge to loss."""
        stream, visit = arrival.stream, arrival.visit
        try:
            challenge = self._entropy(32)
            await _say(stream, Challenge(challenge))
            register = decode_from_host(await stream.receive())
            if not isinstance(register, Register):
                raise MessageError("something else than a registration came first")
            if (denied := self._check(register, challenge, visit.address)) or not visit.settle():
                await _say(stream, denied or Denied(FailureCode.BUSY, 60))
                return
            await self._registered(stream, register)
        except MessageError as error:
            _log.warning("a host's connection broke the protocol", address=visit.address, reason=str(error))
            await _say(stream, Denied(FailureCode.PROTOCOL))
        except StreamClosed:
            pass
        finally:
            await stream.close()

    def _check(self, register: Register, challenge: bytes, address: str) -> Denied | None:
        if register.version != VERSION:
            return Denied(FailureCode.VERSION)
        if wait := self._conduct.call(address, self._clock()):
            return Denied(FailureCode.BUSY, _seconds(wait))
        # An open gateway's token is empty; a host that brings one all the same is let in.
        if self._token and not hmac.compare_digest(register.token.encode(), self._token.encode()):
            _log.warning("a host without the registration token was refused", address=address)
            return Denied(FailureCode.POLICY)
        try:
            Ed25519PublicKey.from_public_bytes(register.identity).verify(register.signature, register_text(challenge))
        except (InvalidSignature, ValueError):
            return Denied(FailureCode.POLICY)
        return None

    async def _registered(self, stream: WebSocketStream, register: Register) -> None:
        link = RemoteHost(register.identity, stream, self._tickets, self._entropy)
        replaced = self._rendezvous.attach(link)
        if isinstance(replaced, RemoteHost):
            await replaced.control.close()
        _log.info("host registered", host_id=link.host_id.hex(), name=register.name, address=stream.peer)
        try:
            for route in self._rendezvous.routes_of(link.host_id):
                await _say(stream, RouteOpened(route))
            await _say(stream, Registered())
            while True:
                await self._answer(stream, link.host_id, decode_from_host(await stream.receive()))
        finally:
            if self._rendezvous.detach(link):
                _log.info("host gone", host_id=link.host_id.hex())
                asyncio.get_running_loop().call_later(self._grace_seconds, self._forget, link.host_id)

    async def _answer(self, stream: WebSocketStream, host: bytes, message: FromHost) -> None:
        match message:
            case OpenRoute():
                try:
                    await _say(stream, RouteOpened(self._rendezvous.open_route(host)))
                except TooManyRoutes:
                    await _say(stream, Denied(FailureCode.BUSY))
            case CloseRoute(route):
                self._rendezvous.close_route(host, route)
            case _:
                raise MessageError("a second registration on one connection")

    def _forget(self, host: bytes) -> None:
        # A host that came and went again meanwhile gets a little less than its grace; one that is here keeps all.
        if self._rendezvous.find(host) is None:
            self._rendezvous.forget(host)


def _through(arrival: Arrival) -> None:
    if arrival.visit.settle():
        arrival.stream.limit_messages(MESSAGE_MAX)
    else:
        arrival.visit.drop()


async def _say(stream: WebSocketStream, message: LegMessage) -> None:
    await stream.send(encode_leg(message))


async def _fail(stream: WebSocketStream, code: FailureCode, retry: int = 0) -> None:
    await stream.send(frame(FrameType.FAILURE, Failure(code, retry).encode()))


def _seconds(wait: float) -> int:
    return min(0xFFFF, int(wait) + 1)
