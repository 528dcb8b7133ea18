"""The host's outward leg: it registers at a gateway, keeps the connection, and fetches the calls that come there.

Nothing listens at the host: both its control connection and the leg of each call go outwards
(spec/protocol.md, section 5).
"""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from farhand.core.errors import FarhandError, StreamClosed
from farhand.core.logging import get_logger
from farhand.core.stream import Keepalive, WebSocketStream
from farhand.core.tasks import Tasks
from farhand.protocol.envelope import (
    LEG_MESSAGE_FIRST,
    VERSION,
    AuditWanted,
    Challenge,
    CloseRoute,
    Denied,
    FromGateway,
    Incoming,
    LegMessage,
    OpenRoute,
    Register,
    Registered,
    Removed,
    Revoke,
    RouteOpened,
    Status,
    decode_from_gateway,
    encode_leg,
    register_text,
)
from farhand.protocol.errors import FailureCode, MessageError
from farhand.protocol.identity import Keys
from farhand.transports.backoff import Backoff
from farhand.transports.base import Transport, Unreachable
from farhand.transports.reports import AuditFeed, Reports
from farhand.transports.websocket import connect, leg_url

_REGISTER_SECONDS = 10.0
#: Legs being fetched at once: a gateway that names more makes them up.
_FETCHING_MAX = 64

_log = get_logger(__name__)


class RegistrationDenied(FarhandError):
    """The gateway knows who asks and says no: trying again changes nothing."""


class HostRemoved(RegistrationDenied):
    """The gateway's administrator took this host off the list."""


class GatewayLink:
    """One host at one gateway. ``run`` it; ``open_route`` and ``close_route`` while it runs.

    ``call`` serves one viewer: ``(transport, address)``; ``fingerprint`` is as in websocket.connect.
    ``on_online`` and ``on_offline`` hear of the connection, ``on_route_lost`` of a route that the gateway gave away
    while it could not be reached, ``on_revoke`` of a device (its identity key) that is to be shut out, ``on_removed``
    that this host was taken off the list, before ``run`` ends.
    ``status`` tells how this computer is, for the gateway's list; ``audit`` sends it copies of the record.
    ``patient``: an enrolled host asks again, seldom, where a gateway says no: it may have been restored from a backup,
    and nobody is there to start the host anew. Only Removed ends it.
    """

    def __init__(
        self,
        address: str,
        keys: Keys,
        name: str,
        *,
        call: Callable[[Transport, str], Awaitable[None]],
        token: str = "",
        fingerprint: bytes | None = None,
        keepalive: Keepalive | None = None,
        on_online: Callable[[], None] = lambda: None,
        on_offline: Callable[[str, float], None] = lambda _why, _wait: None,
        on_route_lost: Callable[[str], None] = lambda _: None,
        on_revoke: Callable[[bytes], Coroutine[Any, Any, None]] | None = None,
        on_removed: Callable[[], Awaitable[None]] | None = None,
        status: Callable[[], Status] | None = None,
        audit: AuditFeed | None = None,
        patient: bool = False,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._control_url = leg_url(address, "/v1/host")
        self._call_url = leg_url(address, "/v1/call/")
        self._keys = keys
        self._name = name[:64]
        self._call = call
        self._token = token
        self._fingerprint = fingerprint
        self._keepalive = keepalive or Keepalive()
        self._on_online = on_online
        self._on_offline = on_offline
        self._on_route_lost = on_route_lost
        self._on_revoke = on_revoke
        self._on_removed = on_removed
        self._reports = Reports(status, audit)
        self._patient = patient
        self._backoff = Backoff(chance)
        self._control: WebSocketStream | None = None
        self._online = asyncio.Event()
        self._asked: deque[asyncio.Future[str]] = deque()
        self._routes: set[str] = set()
        self._fetching = 0

    async def run(self) -> None:
        """Stay registered until cancelled; calls end with it. Raises RegistrationDenied."""
        loop = asyncio.get_running_loop()
        async with Tasks("gateway link") as tasks:
            while True:
                began = loop.time()
                registered, why, refused = await self._attend(tasks)
                if refused:
                    pause = self._backoff.refused()
                elif registered:
                    pause = self._backoff.lost(loop.time() - began)
                else:
                    pause = self._backoff.failed()
                self._on_offline(why, pause)
                await asyncio.sleep(pause)

    def status_changed(self) -> None:
        """Have the gateway told soon how this computer is."""
        self._reports.look()

    async def open_route(self) -> str:
        """Return the route part for a new code, once the gateway can be reached. Raises FarhandError if it says no."""
        while True:
            await self._online.wait()
            answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            try:
                if self._control is None:
                    raise StreamClosed("the connection to the gateway was lost")
                self._asked.append(answer)
                await self._control.send(encode_leg(OpenRoute()))
                return await answer
            except StreamClosed:
                # Until it is registered again, also where ``run`` has not noticed the loss yet.
                self._online.clear()

    async def close_route(self, route: str) -> None:
        """Give a route back; while the gateway cannot be reached, it forgets it by itself."""
        if route in self._routes:
            self._routes.discard(route)
            if self._control is not None and self._online.is_set():
                try:
                    await self._control.send(encode_leg(CloseRoute(route)))
                except StreamClosed:
                    return

    async def _attend(self, tasks: Tasks) -> tuple[bool, str, bool]:
        """One control connection, from its making to its loss.

        Whether it was registered, why it is over, and whether that was a no. Raises RegistrationDenied.
        """
        registered = False
        try:
            control = await connect(
                self._control_url,
                fingerprint=self._fingerprint,
                keepalive=self._keepalive,
                message_max=LEG_MESSAGE_FIRST,
            )
            self._control = control
            try:
                async with asyncio.timeout(_REGISTER_SECONDS):
                    await self._register(control)
                registered = True
                self._online.set()
                self._on_online()
                async with Tasks("reports") as reporting:
                    self._reports.begin(control, reporting)
                    while True:
                        self._heard(decode_from_gateway(await control.receive()), tasks, control, reporting)
            finally:
                self._lost()
                await control.close()
        except Unreachable as error:
            return registered, error.cause, False
        except StreamClosed:
            return registered, "the connection to the gateway was lost", False
        except TimeoutError:
            return registered, "the gateway did not answer in time", False
        except MessageError as error:
            return registered, f"the gateway broke the protocol ({error})", False
        except RegistrationDenied as error:
            if isinstance(error, HostRemoved) and self._on_removed is not None:
                await self._on_removed()  # calls end with ``run``: here they still have their lines
            if isinstance(error, HostRemoved) or not self._patient:
                raise
            return registered, error.cause, True

    async def _register(self, control: WebSocketStream) -> None:
        challenge = decode_from_gateway(await control.receive())
        if not isinstance(challenge, Challenge):
            raise MessageError("something else than a challenge came first")
        signature = self._keys.identity.sign(register_text(challenge.challenge))
        await _say(control, Register(VERSION, self._keys.identity_public, signature, self._name, self._token))
        kept: set[str] = set()
        while True:
            match decode_from_gateway(await control.receive()):
                case RouteOpened(route):
                    kept.add(route)
                case Registered():
                    break
                case Removed():
                    raise _removed()
                case Denied(code, retry):
                    raise _denied(code) if not retry else StreamClosed("the gateway is busy")
                case _:
                    raise MessageError("an answer that fits no registration")
        for route in self._routes - kept:
            self._routes.discard(route)
            self._on_route_lost(route)
        for route in kept - self._routes:
            await _say(control, CloseRoute(route))

    def _heard(self, message: FromGateway, tasks: Tasks, control: WebSocketStream, reporting: Tasks) -> None:
        match message:
            case Incoming(ticket, address):
                if self._fetching < _FETCHING_MAX:
                    self._fetching += 1
                    tasks.start(self._fetch(ticket, address), "call")
            case RouteOpened(route):
                self._routes.add(route)
                self._answer().set_result(route)
            case Revoke(viewer):
                if self._on_revoke is not None:
                    tasks.start(self._on_revoke(viewer), "revoke")
            case AuditWanted(have):
                self._reports.audit_wanted(control, reporting, have)
            case Removed():
                raise _removed()
            case Denied():
                self._answer().set_exception(FarhandError("the gateway gives no more routes", "close a code first"))
            case _:
                raise MessageError("a message out of turn")

    def _answer(self) -> "asyncio.Future[str]":
        if not self._asked:
            raise MessageError("an answer to nothing")
        answer = self._asked.popleft()
        # Whoever asked may have been cancelled meanwhile: then nobody reads this one.
        return asyncio.get_running_loop().create_future() if answer.done() else answer

    async def _fetch(self, ticket: str, address: str) -> None:
        try:
            leg = await connect(self._call_url + ticket, fingerprint=self._fingerprint, keepalive=self._keepalive)
        except Unreachable as error:
            _log.warning("a call could not be fetched", reason=error.cause)
            return
        finally:
            self._fetching -= 1
        await self._call(leg, address)

    def _lost(self) -> None:
        self._control = None
        self._online.clear()
        while self._asked:
            answer = self._asked.popleft()
            if not answer.done():
                answer.set_exception(StreamClosed("the connection to the gateway was lost"))


def _removed() -> HostRemoved:
    return HostRemoved(
        "this host was removed from the gateway's list",
        "an administrator makes a new enrolment token: farhand host --gateway URL --enrol TOKEN",
    )


def _denied(code: FailureCode) -> RegistrationDenied:
    if code is FailureCode.VERSION:
        return RegistrationDenied("the gateway speaks another version of the protocol", "update the older of the two")
    return RegistrationDenied(
        "the gateway refused this host", "give the token that `farhand gateway` shows, by --token-file"
    )


async def _say(control: WebSocketStream, message: LegMessage) -> None:
    await control.send(encode_leg(message))
