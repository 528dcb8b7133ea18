"""`/v1/host`: a host's side of a meeting. It registers, says how it is, hands its audit over, and hears of callers."""

import asyncio
import base64
import hmac
import time
from collections.abc import Callable
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from farhand.core.errors import StreamClosed
from farhand.core.logging import get_logger
from farhand.core.stream import WebSocketStream
from farhand.gateway.hosts.presence import Presence
from farhand.gateway.legs import Arrival
from farhand.gateway.limits import Bucket, Conduct, whole_seconds
from farhand.gateway.relay.models import Tickets
from farhand.gateway.relay.service import splice
from farhand.gateway.rendezvous.models import HostGone, Stream
from farhand.gateway.rendezvous.service import Rendezvous, TooManyRoutes
from farhand.protocol.envelope import (
    LEG_MESSAGE_MAX,
    TICKET_SECONDS,
    VERSION,
    AuditCheckpoint,
    AuditEntries,
    AuditWanted,
    Challenge,
    CloseRoute,
    Denied,
    FromHost,
    Incoming,
    LegMessage,
    OpenRoute,
    Register,
    Registered,
    Removed,
    Revoke,
    RouteOpened,
    Status,
    decode_from_host,
    encode_leg,
    host_id,
    register_text,
)
from farhand.protocol.errors import FailureCode, MessageError

#: Messages that a host may send at once, and each second: beyond, it is read more slowly.
_MESSAGES_BURST, _MESSAGES_PER_SECOND = 100, 20.0

_log = get_logger(__name__)


class Copies(Protocol):
    """Where hosts' audits go (gateway/audit/copies.py)."""

    def begin(self, host_id: bytes) -> None:
        """A host's connection begins or is gone."""
        ...

    async def entries(self, host_id: bytes, message: AuditEntries) -> float:
        """Entries arrived from a host; returns the seconds to wait before it is read on."""
        ...

    async def checkpoint(self, host_id: bytes, data: bytes) -> float:
        """A checkpoint arrived from a host; the same."""
        ...


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
    """Registers hosts and serves what they ask for.

    An enrolled host is known by its identity key; any other needs ``token`` (empty: none is needed; None: none is
    let in) and can be reached by one-time codes alone.
    """

    def __init__(
        self,
        rendezvous: Rendezvous,
        tickets: Tickets,
        conduct: Conduct,
        presence: Presence,
        *,
        token: str | None,
        grace_seconds: float,
        entropy: Callable[[int], bytes],
        copies: Copies | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rendezvous = rendezvous
        self._tickets = tickets
        self._conduct = conduct
        self._presence = presence
        self._token = token
        self._grace_seconds = grace_seconds
        self._entropy = entropy
        self.copies = copies
        """Set once there is a database; None: hosts' records are not copied."""
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
            known = self._presence.known.get(host_id(register.identity))
            if denied := self._check(register, challenge, visit.address, enrolled=known is not None):
                await _say(stream, denied)
            elif known is not None and known.removed:
                await _say(stream, Removed())
            elif not visit.settle(vouched=known is not None):
                await _say(stream, Denied(FailureCode.BUSY, 60))
            else:
                await self._registered(stream, register)
        except MessageError as error:
            _log.warning("a host's connection broke the protocol", address=visit.address, reason=str(error))
            await _say(stream, Denied(FailureCode.PROTOCOL))
        except StreamClosed:
            pass
        finally:
            await stream.close()

    def _check(self, register: Register, challenge: bytes, address: str, *, enrolled: bool) -> Denied | None:
        if register.version != VERSION:
            return Denied(FailureCode.VERSION)
        if not enrolled:
            # Hundreds of enrolled hosts may stand behind one address and all come back at once.
            if wait := self._conduct.call(address, self._clock()):
                return Denied(FailureCode.BUSY, whole_seconds(wait))
            # An open gateway's token is empty; a host that brings one all the same is let in.
            if self._token is None or not _admits(self._token, register.token):
                _log.warning("a host without the registration token was refused", address=address)
                return Denied(FailureCode.POLICY)
        try:
            Ed25519PublicKey.from_public_bytes(register.identity).verify(register.signature, register_text(challenge))
        except (InvalidSignature, ValueError):
            wait = self._conduct.miss(address, self._clock())
            return Denied(FailureCode.BUSY, whole_seconds(wait)) if wait else Denied(FailureCode.POLICY)
        return None

    async def _registered(self, stream: WebSocketStream, register: Register) -> None:
        link = RemoteHost(register.identity, stream, self._tickets, self._entropy)
        stream.limit_messages(LEG_MESSAGE_MAX)
        known = self._presence.known.get(link.host_id)
        revoked = self._presence.arrived(link.host_id, stream)
        replaced = self._rendezvous.attach(link)
        if isinstance(replaced, RemoteHost):
            await replaced.control.close()
        _log.info("host registered", host_id=link.host_id.hex(), name=register.name, address=stream.peer)
        try:
            for route in self._rendezvous.routes_of(link.host_id):
                await _say(stream, RouteOpened(route))
            await _say(stream, Registered())
            for viewer in revoked:
                await _say(stream, Revoke(viewer))
            if known is not None and self.copies is not None:
                self.copies.begin(link.host_id)
                await _say(stream, AuditWanted(known.audit_size))
            del register, revoked  # what a connection keeps is kept for as long as it lasts
            await self._attend(stream, link.host_id, enrolled=known is not None)
        finally:
            self._presence.left(link.host_id, stream)
            if self._rendezvous.detach(link):
                _log.info("host gone", host_id=link.host_id.hex())
                asyncio.get_running_loop().call_later(self._grace_seconds, self._forget, link.host_id)
                if self.copies is not None:
                    self.copies.begin(link.host_id)

    async def _attend(self, stream: WebSocketStream, host: bytes, *, enrolled: bool) -> None:
        pace = Bucket(_MESSAGES_BURST, _MESSAGES_PER_SECOND, self._clock())
        while True:
            message = decode_from_host(await stream.receive(), LEG_MESSAGE_MAX)
            if not pace.take(self._clock()):
                await asyncio.sleep(pace.wait)
            await self._answer(stream, host, message, enrolled=enrolled)

    async def _answer(self, stream: WebSocketStream, host: bytes, message: FromHost, *, enrolled: bool) -> None:
        match message:
            case OpenRoute():
                try:
                    await _say(stream, RouteOpened(self._rendezvous.open_route(host)))
                except TooManyRoutes:
                    await _say(stream, Denied(FailureCode.BUSY))
            case CloseRoute(route):
                self._rendezvous.close_route(host, route)
            case Status():
                self._presence.said(host, message)
            case AuditEntries() if enrolled and self.copies is not None:
                await asyncio.sleep(await self.copies.entries(host, message))
            case AuditCheckpoint(data) if enrolled and self.copies is not None:
                await asyncio.sleep(await self.copies.checkpoint(host, data))
            case AuditEntries() | AuditCheckpoint():
                pass  # nobody vouches for this host: its record is its own
            case Register():
                raise MessageError("a second registration on one connection")

    def _forget(self, host: bytes) -> None:
        # A host that came and went again meanwhile gets a little less than its grace; one that is here keeps all.
        if self._rendezvous.find(host) is None:
            self._rendezvous.forget(host)


def _admits(token: str, given: str) -> bool:
    return not token or hmac.compare_digest(given.encode(), token.encode())


async def _say(stream: WebSocketStream, message: LegMessage) -> None:
    await stream.send(encode_leg(message))
