"""One connection to the host, from the caller's hello to its end: whatever a caller does, the fault stays in here."""

import asyncio
import contextlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from farhand.core.logging import get_logger
from farhand.core.tasks import Tasks
from farhand.host.consent import Ask, Capabilities, Consent, Grant, Policy, Refuse, in_order
from farhand.host.platform.base import Answer, Platform, Question
from farhand.host.services.base import ServiceFactory
from farhand.host.session import Attached
from farhand.host.settings import HostSettings
from farhand.protocol.capability import Capability
from farhand.protocol.envelope import Hello, Mode
from farhand.protocol.errors import ByeCode, FailureCode, Refused, SessionEnded
from farhand.protocol.events import Authenticated, Ended, Event, Failed, HelloReceived, MessageReceived
from farhand.protocol.identity import Keys
from farhand.protocol.messages import Channel
from farhand.protocol.messages.base import Message
from farhand.protocol.messages.control import Asking, Decision, Request
from farhand.protocol.messages.screen import Want
from farhand.protocol.session import HostSession
from farhand.transports.base import Transport
from farhand.transports.pump import Pump

_log = get_logger(__name__)

#: Version of the advisory feed that this host has read; there is none yet.
FEED = 0
#: Messages that a caller without a decision may send in vain before the connection ends.
EARLY_MESSAGES = 100


def tame(text: str, otherwise: str) -> str:
    """Return a stranger's text as one printable line: no control, format or direction characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split()) or otherwise


@dataclass(eq=False)
class Caller:
    """Someone with rights, for as long as they hold: it outlives connections that are cut."""

    session: bytes
    static: bytes = field(repr=False)
    name: str
    address: str
    consent: Consent
    want: Want | None = None
    call: "Call | None" = None
    """The connection; None while it is cut."""
    grace: asyncio.TimerHandle | None = None


class Desk(Protocol):
    """What a call needs of the agent: everything that outlives one connection."""

    platform: Platform
    keys: Keys
    settings: HostSettings
    services: Mapping[Capability, ServiceFactory]
    host_name: str
    system: str

    def admit(self, call: "Call", hello: Hello) -> None:
        """Let a stranger begin; raises Refused."""
        ...

    def take_code(self, call: "Call", route: str) -> str | None:
        """Consume a code; raises Refused."""
        ...

    def find_rejoin(self, session: bytes) -> bytes | None:
        """The Noise key of a caller who may come back."""
        ...

    def known(self, call: "Call") -> bool:
        """The call is authenticated; false if there is no place for it."""
        ...

    async def ask(self, call: "Call", question: Question) -> Answer:
        """Put a question to the person."""
        ...

    def questions(self) -> int:
        """How many questions are waiting for the person."""
        ...

    def claim(self, call: "Call", session: bytes) -> Caller | None:
        """Take over a caller who came back."""
        ...

    def arrived(self, caller: Caller, *, again: bool) -> None:
        """A caller is attached."""
        ...

    def refused(self, call: "Call", name: str, reason: str) -> None:
        """A caller was granted nothing."""
        ...

    def left(self, call: "Call", end: Ended | Failed | None) -> None:
        """The connection is over; None: it was cut."""
        ...


class Call:
    """One connection. Run it once."""

    def __init__(self, desk: Desk, transport: Transport, address: str) -> None:
        self.address = address
        self.caller: Caller | None = None
        self._desk = desk
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._tasks = Tasks("call", on_failure=self._task_failed)
        self._attached: Attached | None = None
        self.authenticated = False
        self._over = False
        self._early = 0
        self.session = HostSession(
            keys=desk.keys,
            take_code=lambda route: desk.take_code(self, route),
            find_rejoin=desk.find_rejoin,
            feed=FEED,
            entropy=secrets.token_bytes,
            now=self._loop.time(),
        )
        self._pump = Pump(
            self.session,
            transport,
            self._handle,
            ping_after=desk.settings.ping_after,
            cut_after=desk.settings.cut_after,
        )

    async def run(self) -> None:
        """Serve the connection until it is over; raises nothing but cancellation."""
        end: Ended | Failed | None = None
        try:
            end = await self._pump.run()
        finally:
            self._over = True
            try:
                await self._tasks.close()
                await self._detach()
            finally:
                self._desk.left(self, end)
                await self._pump.close()

    def end(self, code: ByeCode, text: str = "") -> None:
        """End the session with a word to the caller; before authentication, refuse."""
        with contextlib.suppress(SessionEnded):
            if self.authenticated:
                self.session.bye(code, text)
            else:
                self.session.refuse(FailureCode.HOST_GONE if code is ByeCode.SHUTDOWN else FailureCode.POLICY)
            self._pump.ended()

    def refuse(self, code: FailureCode, retry: int = 0) -> None:
        """Turn a stranger away."""
        with contextlib.suppress(SessionEnded):
            self.session.refuse(code, retry)
            self._pump.ended()

    async def replace(self) -> None:
        """Make way for the same caller's new connection: rights and keys are let go before this returns."""
        self.caller = None
        self.end(ByeCode.REPLACED, "taken over by a newer connection")
        await self._detach()

    async def set_rights(self, granted: Capabilities, reason: str) -> None:
        """Change what the caller may do."""
        if self._attached is not None:
            await self._attached.set_rights(granted, reason)

    async def _handle(self, event: Event) -> None:
        try:
            match event:
                case MessageReceived(message=message):
                    if self._attached is not None:
                        await self._attached.handle(message)
                    else:
                        self._too_early(message)
                case HelloReceived(hello):
                    self._desk.admit(self, hello)
                case Authenticated():
                    await self._know(event)
        except Refused as refused:
            self.refuse(refused.code, refused.retry)
        except Exception as error:
            _log.error("call failed", address=self.address, exc_info=error)
            self.end(ByeCode.INTERNAL, "an error in the host; its log has more")

    async def _know(self, event: Authenticated) -> None:
        self.authenticated = True
        if not self._desk.known(self):
            self._refuse(tame(event.request.name, "someone"), "This computer serves as many callers as it may.")
        elif event.mode is Mode.REJOIN:
            await self._rejoin(event.request)
        else:
            self._tasks.start(self._decide(event), "consent")

    async def _decide(self, event: Authenticated) -> None:
        settings = self._desk.settings
        name = tame(event.request.name, "someone")
        consent = Consent(Policy(settings.allow, settings.ask))
        effect = consent.ask(frozenset(event.request.capabilities))
        if isinstance(effect, Ask):
            seconds = settings.consent_seconds
            # One question at a time: the caller is told the longest that it can take.
            self._pump.send(Channel.CONTROL, Asking(min(0xFFFF, seconds * (1 + self._desk.questions()))))
            asked = tuple(str(capability) for capability in in_order(effect.capabilities))
            effect = consent.answer(await self._desk.ask(self, Question(name, self.address, asked, seconds)))
        match effect:
            case Grant():
                session = secrets.token_bytes(16)
                caller = Caller(session, event.peer_static, name, self.address, consent, call=self)
                self._attach(caller, again=False)
            case Refuse(reason):
                self._refuse(name, reason)

    async def _rejoin(self, request: Request) -> None:
        caller = self._desk.claim(self, request.rejoin or b"")
        if caller is None:
            self._refuse(tame(request.name, "someone"), "The session that was cut is over.")
            return
        old, caller.call = caller.call, self
        if old is not None:
            await old.replace()
        if caller.call is self and not self._over:
            caller.address = self.address
            self._attach(caller, again=True)

    def _attach(self, caller: Caller, *, again: bool) -> None:
        desk = self._desk
        self.caller = caller
        granted = caller.consent.granted
        self._pump.send(
            Channel.CONTROL,
            Decision(
                granted=list(in_order(granted)),
                session=caller.session,
                host_name=desk.host_name,
                system=desk.system,
                grace_seconds=desk.settings.grace_seconds,
            ),
        )
        self._attached = Attached(
            platform=desk.platform,
            services=desk.services,
            granted=granted,
            pump=self._pump,
            end=self.end,
            display_seconds=desk.settings.display_seconds,
            want=caller.want,
        )
        self._attached.start()
        self._pump.watch()
        desk.arrived(caller, again=again)

    def _refuse(self, name: str, reason: str) -> None:
        decision = Decision([], bytes(16), self._desk.host_name, self._desk.system, 0, reason)
        self._pump.send(Channel.CONTROL, decision)
        self._desk.refused(self, name, reason)
        self.end(ByeCode.ENDED)

    def _too_early(self, message: Message) -> None:
        self._early += 1
        if self._early == 1:
            _log.warning("message before the decision", message=type(message).__name__, address=self.address)
        if self._early > EARLY_MESSAGES:
            self.end(ByeCode.PROTOCOL, "wait for the decision")

    async def _detach(self) -> None:
        attached, self._attached = self._attached, None
        if attached is not None:
            if self.caller is not None:
                self.caller.want = attached.want
            await attached.close()

    def _task_failed(self, _name: str, _error: Exception) -> None:
        self.end(ByeCode.INTERNAL, "an error in the host; its log has more")
